#ifndef INKAN_OCSP_SEND_H
#define INKAN_OCSP_SEND_H

#include <time.h>
#include <microhttpd.h>
#include "ocsp/counters.h"
#include "ocsp/reply.h"

/*
 * Replies as HTTP responses, with the headers of RFC 9919 7.2; conditional
 * GETs end in 304. libmicrohttpd adds Date, Content-Length and Connection.
 *
 * Responses to what is asked for often are kept ready for the second in which
 * they were made (max-age counts seconds).
 */

struct send;

struct send *send_new(struct counters *counters); /* borrowed */
void send_free(struct send *s);			  /* NULL is fine */

/* ${conditional}: the method knows 304 (GET and HEAD). */
enum MHD_Result send_reply(struct send *s, struct MHD_Connection *con,
    struct reply *reply, int conditional, time_t now);

/* One text/plain line, no-store. ${allow}: value of Allow, or NULL. */
enum MHD_Result send_text(struct send *s, struct MHD_Connection *con,
    unsigned status, const char *text, const char *allow);

#endif
