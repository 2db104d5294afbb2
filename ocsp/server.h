#ifndef INKAN_OCSP_SERVER_H
#define INKAN_OCSP_SERVER_H

#include "ocsp/files.h"
#include "ocsp/responder.h"

/*
 * The HTTP server: listening sockets, libmicrohttpd's epoll threads
 * (set->threads for each address) and the sweeper that keeps deadlines.
 */

struct server;

/* Its sockets listen, and nobody accepts yet. All borrowed. Returned to be freed
   with server_stop(), or NULL raised. */
struct server *server_new(const struct settings *set,
    struct responder *responder, struct files *files,
    struct counters *counters);
/* From now on it answers. 1, or 0 raised. */
int server_start(struct server *server);

/* The port of the ${i}th address: what "0" became. */
unsigned server_port(const struct server *server, size_t i);

/* Open connections of all addresses. */
size_t server_open(const struct server *server);

/* Accept no more than who is connected by now, let what is under way end for
   at most ${grace} seconds, each answer being the last on its connection, then
   close. NULL is fine. */
void server_stop(struct server *server, unsigned grace);

#endif
