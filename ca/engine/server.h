#ifndef INKAN_CA_ENGINE_SERVER_H
#define INKAN_CA_ENGINE_SERVER_H

#include "ca/engine/ca.h"

/*
 * Serving the three sockets: one reader thread per connection, one pool of
 * workers, each of which carries a request from check to reply (the store groups
 * their commits). A reader stops reading while SERVER_IN_FLIGHT requests of its
 * connection are unanswered; answers wait for a slow peer SERVER_WRITE_S
 * seconds, then the connection is closed. Each socket has connections, a queue
 * and, but for devices, workers of its own: who is let in at one of them keeps
 * nobody out at another.
 */

#define SERVER_IN_FLIGHT 128
#define SERVER_QUEUE_MAX 1024
#define SERVER_CONNECTIONS_MAX 200	/* on each socket */
#define SERVER_SERVICE_WORKERS 2	/* one may wait for a token */
#define SERVER_WRITE_S 10

struct server;

/* Listen and start threads. NULL raised. */
struct server *server_start(struct ca *ca);
/* Accept until ${signal_fd} (daemon_signals) says stop. 1, or 0 raised. */
int server_run(struct server *s, int signal_fd);
/* Stop listening; requests in flight are answered, then all threads end. */
void server_stop(struct server *s);

#endif
