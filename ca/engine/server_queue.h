#ifndef INKAN_CA_ENGINE_SERVER_QUEUE_H
#define INKAN_CA_ENGINE_SERVER_QUEUE_H

#include <pthread.h>
#include <stddef.h>
#include "ca/engine/ops.h"

/*
 * Between the readers and the workers of server.c: a queue of requests for each
 * socket. A worker takes from those that it is for, the operator's first.
 */

#define SERVER_SOCKETS 3

struct server_task {
	struct connection *conn;	/* not looked at here */
	WIRE_REQUEST *req;
	struct server_task *next;
};

struct server_queue {
	pthread_mutex_t lock;
	pthread_cond_t one[SERVER_SOCKETS];	/* who is for one socket alone */
	pthread_cond_t more;			/* who is for several */
	struct server_list {
		struct server_task *head, **tail;
		size_t n;
	} lists[SERVER_SOCKETS];
	int stopping;
};

/* A role's socket, below SERVER_SOCKETS: the later, the sooner it is served. */
size_t server_socket(enum ops_role role);

void server_queue_init(struct server_queue *q);
/* Nobody waits any more, and nothing is left. */
void server_queue_clear(struct server_queue *q);

/* Append; the task is the queue's from then on. 0, with nothing raised, when
   SERVER_QUEUE_MAX of its socket wait already, when the server stops, or when out
   of memory: then connection and request stay the caller's. */
int server_queue_put(struct server_queue *q, struct connection *conn,
    WIRE_REQUEST *req, enum ops_role role);

/* Wait for the next one of ${roles}, a set of enum ops_role. Returned to be
   freed with OPENSSL_free(). NULL when the server stops and nothing is left of
   what was asked for. */
struct server_task *server_queue_take(struct server_queue *q, unsigned roles);

/* Take in nothing more; what is there is handed out still. */
void server_queue_stop(struct server_queue *q);

#endif
