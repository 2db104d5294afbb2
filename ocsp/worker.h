#ifndef INKAN_OCSP_WORKER_H
#define INKAN_OCSP_WORKER_H

#include <microhttpd.h>

/*
 * One thread of the HTTP server. It takes connections from a listening socket,
 * which it may share with others, and runs a libmicrohttpd daemon that serves
 * them. The daemon has no listening socket and no thread of its own
 * (MHD_USE_NO_LISTEN_SOCKET, MHD_USE_EPOLL): that libmicrohttpd closes its
 * queue while it serves what is there, MHD_quiesce_daemon(), is a race in
 * 0.9.75 that ends in abort().
 */

struct worker;

/* Flags and an option that ${daemon} must have been started with. SIGPIPE is
   blocked in the thread. */
#define WORKER_FLAGS (MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET)
#define WORKER_OPTION MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1

/* From now on it accepts from ${fd} (non-blocking, borrowed) and serves. Takes
   ${daemon} over, in any case. To be freed with worker_stop(); NULL raised. */
struct worker *worker_start(int fd, struct MHD_Daemon *daemon);

/* Without a descriptor or memory for one more connection, none is accepted for
   this long; then it is tried again. Who connects meanwhile waits. */
#define WORKER_REST 100 /* milliseconds */

/* Take what waits in the queue and no more after that; what is open is served
   on. Does not wait; once for each worker. */
void worker_close(struct worker *worker);
/* Wait until it has, after worker_close(): from now on ${fd} is not used. */
void worker_closed(struct worker *worker);

/* Close all connections and end. NULL is fine. */
void worker_stop(struct worker *worker);

#endif
