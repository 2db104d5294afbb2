#include <stdio.h>
#include <string.h>

#include "ra/answer.h"
#include "ca/shape/base64.h"

static const struct {
	enum wire_status status;
	int http;
} statuses[] = {
    {WIRE_OK, 200},
    {WIRE_BADREQUEST, 400},
    {WIRE_UNAUTHENTICATED, 401},
    {WIRE_DENIED, 403},
    {WIRE_NOTFOUND, 404},
    {WIRE_PENDING, 202},
    {WIRE_LIMITED, 429},
    {WIRE_UNAVAILABLE, 503},
    {WIRE_INTERNAL, 500},
};

static const struct {
	int http;
	const char *reason;
	long retry; /* 0: no Retry-After */
} reasons[] = {
    {200, "OK", 0},
    {202, "Accepted", ANSWER_RETRY_PENDING},
    {400, "Bad Request", 0},
    {401, "Unauthorized", 0},
    {403, "Forbidden", 0},
    {404, "Not Found", 0},
    {405, "Method Not Allowed", 0},
    {413, "Content Too Large", 0},
    {415, "Unsupported Media Type", 0},
    {429, "Too Many Requests", ANSWER_RETRY_DEFAULT},
    {431, "Request Header Fields Too Large", 0},
    {500, "Internal Server Error", 0},
    {501, "Not Implemented", 0},
    {503, "Service Unavailable", ANSWER_RETRY_DEFAULT},
};

#define N_STATUSES (sizeof(statuses) / sizeof(statuses[0]))
#define N_REASONS (sizeof(reasons) / sizeof(reasons[0]))

int
answer_http(enum wire_status status)
{
	size_t i;

	for (i = 0; i < N_STATUSES; i++)
		if (statuses[i].status == status)
			return statuses[i].http;
	return 500;
}

const char *
answer_reason(int http)
{
	size_t i;

	for (i = 0; i < N_REASONS; i++)
		if (reasons[i].http == http)
			return reasons[i].reason;
	return "Status";
}

long
answer_retry(int http, int64_t asked)
{
	size_t i;

	for (i = 0; i < N_REASONS; i++)
		if (reasons[i].http == http && reasons[i].retry != 0)
			break;
	if (i == N_REASONS)
		return 0;
	if (asked <= 0)
		return reasons[i].retry;
	return asked > ANSWER_RETRY_MAX ? ANSWER_RETRY_MAX : (long)asked;
}

enum answer_wrap
answer_wrap_parse(const char *text)
{
	if (text != NULL && strcmp(text, "one-line") == 0)
		return ANSWER_ONE_LINE;
	if (text != NULL && strcmp(text, "64") == 0)
		return ANSWER_WRAP_64;
	return ANSWER_AUTO;
}

size_t
answer_columns(enum answer_wrap wrap, size_t len, int bare_client)
{
	if (wrap == ANSWER_ONE_LINE)
		return 0;
	if (wrap == ANSWER_WRAP_64)
		return 64;
	if (base64_encoded_len(len, 0) - 1 <= ANSWER_ONE_LINE_MAX)
		return 0;
	return bare_client ? 0 : 64;
}

void
answer_line(char *buf, size_t size, const char *stage, const char *rule,
    const char *text)
{
	char *p;
	int n;

	n = snprintf(buf, size - 1, "%s%s%s%s%s", stage,
	    stage[0] != '\0' ? ": " : "", rule, rule[0] != '\0' ? ": " : "",
	    text);
	if (n < 0)
		buf[0] = '\0';
	for (p = buf; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = *p == '\n' || *p == '\r' || *p == '\t' ? ' ' : '?';
	strcpy(p, "\n"); /* one octet was kept back above */
}

void
answer_refusal(char *buf, size_t size, const WIRE_ANSWER *a)
{
	const char *stage = message_refusal(a, "stage");
	const char *rule = message_refusal(a, "rule");
	const char *field = message_refusal(a, "field");
	const char *text = message_refusal(a, "text");
	char whole[ANSWER_TEXT_MAX];

	switch (message_answer_status(a)) {
	case WIRE_UNAVAILABLE:
		text = "not available now, try again later";
		break;
	case WIRE_INTERNAL:
		text = "internal error";
		break;
	case WIRE_PENDING:
		if (text[0] == '\0')
			text = "waiting for a decision, ask again";
		break;
	default:
		if (text[0] == '\0')
			text = message_status_name(message_answer_status(a));
		if (field[0] != '\0' && strstr(text, field) == NULL) {
			snprintf(whole, sizeof(whole), "%s [%s]", text, field);
			text = whole;
		}
		break;
	}
	answer_line(buf, size, stage, rule, text);
}
