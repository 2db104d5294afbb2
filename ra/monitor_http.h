#ifndef INKAN_RA_MONITOR_HTTP_H
#define INKAN_RA_MONITOR_HTTP_H

#include <stddef.h>

/*
 * Just enough of HTTP for a listener that gives three pages to the operator's
 * own programs and closes after each: the request line is looked at, fields are
 * skipped, a body is not read. Not for the world: EST has evhttp. Pure.
 */

#define MONITOR_HEAD_MAX 8192 /* octets */

enum monitor_page {
	MONITOR_UNFINISHED, /* the head's end is not there yet */
	MONITOR_METRICS,    /* GET /metrics */
	MONITOR_READY,	    /* GET /healthz */
	MONITOR_LIVE,	    /* GET /healthz?live */
	MONITOR_UNKNOWN,    /* 404 */
	MONITOR_METHOD,	    /* 405 */
	MONITOR_BAD,	    /* 400 */
	MONITOR_LARGE	    /* 431 */
};

struct monitor_request {
	enum monitor_page page;
	int head_only; /* HEAD: no body in the answer */
};

/* What the ${len} octets at ${p} ask for. */
void monitor_parse(const char *p, size_t len, struct monitor_request *out);

/* Status line and fields of an answer with a body of ${body_len} octets, into
   ${out}; 512 octets always do. Its length. */
size_t monitor_head(char *out, size_t size, int http, const char *media,
    size_t body_len);

#endif
