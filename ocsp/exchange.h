#ifndef INKAN_OCSP_EXCHANGE_H
#define INKAN_OCSP_EXCHANGE_H

#include <stddef.h>
#include <microhttpd.h>
#include "ocsp/conns.h"
#include "ocsp/files.h"
#include "ocsp/responder.h"
#include "ocsp/send.h"

/*
 * One HTTP request from its first line to its answer: collects a body within
 * bounds, routes, answers. The callbacks are libmicrohttpd's.
 *
 * Of a body above max_request nothing is kept; it is read up to
 * EXCHANGE_DRAIN_MAX octets so that the client comes to read its 413, beyond
 * that the connection ends.
 */

#define EXCHANGE_DRAIN_MAX (4UL << 20)

struct exchange_ctx { /* all borrowed */
	const struct settings *set;
	struct responder *responder;
	struct files *files;
	struct counters *counters;
	struct conns *conns;
	struct send *send;
};

/* MHD_OPTION_URI_LOG_CALLBACK: the request line is in. */
void *exchange_begin(void *ctx, const char *uri, struct MHD_Connection *con);

/* MHD_AccessHandlerCallback. */
enum MHD_Result exchange_handle(void *ctx, struct MHD_Connection *con,
    const char *url, const char *method, const char *version,
    const char *upload_data, size_t *upload_size, void **exchange);

/* MHD_OPTION_NOTIFY_COMPLETED. */
void exchange_end(void *ctx, struct MHD_Connection *con, void **exchange,
    enum MHD_RequestTerminationCode why);

#endif
