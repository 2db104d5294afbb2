#ifndef INKAN_TEST_OCSP_HTTP_H
#define INKAN_TEST_OCSP_HTTP_H

/* A raw HTTP client: octets out, octets in. Included after rig.h. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct http {
	char head[4096]; /* with the status line */
	unsigned char body[65536];
	size_t body_len;
	int status;
};

static inline int
http_connect(const struct rig *r)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)server_port(r->server, 0)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	return fd;
}

static inline int
http_write(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = send(fd, p, len, MSG_NOSIGNAL)) <= 0)
			return 0;
	return 1;
}

/* Value of a header, or NULL; in a static buffer. */
static inline const char *
http_header(const struct http *h, const char *name)
{
	static char value[512];
	char want[64];
	const char *p;

	snprintf(want, sizeof(want), "\r\n%s: ", name);
	if ((p = strcasestr(h->head, want)) == NULL)
		return NULL;
	p += strlen(want);
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(p, "\r"), p);
	return value;
}

/* Is there such a header, with that value? Without a static buffer. */
static inline int
http_header_is(const struct http *h, const char *name, const char *value)
{
	char want[128];

	snprintf(want, sizeof(want), "\r\n%s: %s\r\n", name, value);
	return strcasestr(h->head, want) != NULL;
}

/* Read one response; ${is_head}: it has no body. 1, or 0: closed before. */
static inline int
http_read(int fd, struct http *h, int is_head)
{
	size_t n = 0, want = 0;
	const char *length;

	memset(h, 0, sizeof(*h));
	while (n < sizeof(h->head) - 1 && strstr(h->head, "\r\n\r\n") == NULL) {
		if (recv(fd, h->head + n, 1, 0) != 1)
			return 0;
		n++;
	}
	h->status = atoi(h->head + strlen("HTTP/1.1 "));
	length = strcasestr(h->head, "\r\nContent-Length: ");
	if (length != NULL && !is_head)
		want = (size_t)atol(length + strlen("\r\nContent-Length: "));
	assert_true(want <= sizeof(h->body));
	while (h->body_len < want) {
		ssize_t got =
		    recv(fd, h->body + h->body_len, want - h->body_len, 0);

		if (got <= 0)
			return 0;
		h->body_len += (size_t)got;
	}
	return 1;
}

/* Is the connection closed by the server? */
static inline int
http_closed(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) <= 0;
}

/* One request on a connection of its own. */
static inline void
http_ask(const struct rig *r, struct http *h, const char *head,
    const void *body, size_t len)
{
	int fd = http_connect(r);

	assert_true(http_write(fd, head, strlen(head)));
	http_write(fd, body, len);
	assert_true(http_read(fd, h, strncmp(head, "HEAD", 4) == 0));
	close(fd);
}

static inline void
http_get(const struct rig *r, struct http *h, const char *method,
    const char *path, const char *more)
{
	char head[16384];

	snprintf(head, sizeof(head),
	    "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", method,
	    path, more);
	http_ask(r, h, head, "", 0);
}

static inline void
http_post(const struct rig *r, struct http *h, const char *path,
    const void *body, size_t len)
{
	char head[512];

	snprintf(head, sizeof(head),
	    "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: "
	    "application/ocsp-request\r\nContent-Length: %zu\r\n\r\n",
	    path, len);
	http_ask(r, h, head, body, len);
}

/* The OCSP answer's status: 0 successful, ... */
static inline int
http_ocsp(const struct http *h)
{
	const unsigned char *p = h->body;
	OCSP_RESPONSE *response;
	int status;

	assert_int_equal(h->status, 200);
	assert_string_equal(
	    http_header(h, "Content-Type"), "application/ocsp-response");
	response = d2i_OCSP_RESPONSE(NULL, &p, (long)h->body_len);
	assert_non_null(response);
	status = OCSP_response_status(response);
	OCSP_RESPONSE_free(response);
	return status;
}

#endif
