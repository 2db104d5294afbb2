#ifndef INKAN_OCSP_SEND_H
#define INKAN_OCSP_SEND_H

#include <time.h>
#include <microhttpd.h>
#include "ocsp/counters.h"
#include "ocsp/reply.h"

/*
 * Replies as HTTP responses, with the headers of RFC 9919 7.2; conditional
 * GETs end in 304, those for a part of a file in 206 or 416. libmicrohttpd adds Date, Content-Length and Connection.
 *
 * Responses to what is asked for often are kept ready for the second in which
 * they were made (max-age counts seconds).
 */

struct send;

struct send *send_new(struct counters *counters); /* borrowed */
void send_free(struct send *s);			  /* NULL is fine */

/* From now on a response is the last one on its connection. */
void send_last(struct send *s);

/* What the method and the thing asked for allow. */
enum send_how {
	SEND_WHOLE,	  /* POST */
	SEND_CONDITIONAL, /* GET and HEAD: 304 */
	SEND_RANGES	  /* GET of a file: also 206 and 416 */
};

enum MHD_Result send_reply(struct send *s, struct MHD_Connection *con,
    struct reply *reply, enum send_how how, time_t now);

/* One text/plain line, no-store. ${allow}: value of Allow, or NULL. */
enum MHD_Result send_text(struct send *s, struct MHD_Connection *con,
    unsigned status, const char *text, const char *allow);

#endif
