#include <stdio.h>
#include <string.h>

#include "ra/answer.h"
#include "ra/monitor_http.h"

static int
is_whole(const char *p, size_t len)
{
	return memmem(p, len, "\r\n\r\n", 4) != NULL ||
	    memmem(p, len, "\n\n", 2) != NULL;
}

static const struct {
	const char *target;
	enum monitor_page page;
} pages[] = {
    {"/metrics", MONITOR_METRICS},
    {"/healthz", MONITOR_READY},
    {"/healthz?live", MONITOR_LIVE},
};

/* A query is ignored but for the one that we know. */
static enum monitor_page
page_of(const char *target)
{
	size_t i, len = strcspn(target, "?");

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strcmp(target, pages[i].target) == 0)
			return pages[i].page;
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strlen(pages[i].target) == len &&
		    strncmp(target, pages[i].target, len) == 0)
			return pages[i].page;
	return MONITOR_UNKNOWN;
}

void
monitor_parse(const char *p, size_t len, struct monitor_request *out)
{
	char line[256], method[16], target[192], version[16];
	const char *end = memchr(p, '\n', len);
	size_t n = end == NULL ? 0 : (size_t)(end - p);

	memset(out, 0, sizeof(*out));
	if (!is_whole(p, len)) {
		out->page = len >= MONITOR_HEAD_MAX ? MONITOR_LARGE
						    : MONITOR_UNFINISHED;
		return;
	}
	out->page = MONITOR_BAD;
	if (n >= sizeof(line) || memchr(p, '\0', n) != NULL)
		return;
	memcpy(line, p, n);
	line[n] = '\0';
	if (sscanf(line, "%15s %191s %15s", method, target, version) != 3 ||
	    strncmp(version, "HTTP/1.", 7) != 0)
		return;
	out->head_only = strcmp(method, "HEAD") == 0;
	out->page = page_of(target);
	if (out->page != MONITOR_UNKNOWN && !out->head_only &&
	    strcmp(method, "GET") != 0)
		out->page = MONITOR_METHOD;
}

size_t
monitor_head(
    char *out, size_t size, int http, const char *media, size_t body_len)
{
	int n = snprintf(out, size,
	    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	    "%sCache-Control: no-store\r\nConnection: close\r\n\r\n",
	    http, answer_reason(http), media, body_len,
	    http == 405 ? "Allow: GET, HEAD\r\n" : "");

	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}
