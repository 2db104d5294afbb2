#ifndef INKAN_CA_ENGINE_SERVER_QUEUE_H
#define INKAN_CA_ENGINE_SERVER_QUEUE_H

#include <pthread.h>
#include <stddef.h>
#include "ca/wire/message.h"

/*
 * Between the readers and the workers of server.c: two queues of requests, that
 * of ours (operator, services) and that of devices. There are workers for both,
 * which prefer ours, and such as take ours alone.
 */

struct server_task {
	struct connection *conn;	/* not looked at here */
	WIRE_REQUEST *req;
	struct server_task *next;
};

struct server_queue {
	pthread_mutex_t lock;
	pthread_cond_t own_work, work;	/* own_work: for those of ours alone */
	struct server_list {
		struct server_task *head, **tail;
		size_t n;
	} ours, devices;
	int stopping;
};

void server_queue_init(struct server_queue *q);
/* Nobody waits any more, and nothing is left. */
void server_queue_clear(struct server_queue *q);

/* Append; the task is the queue's from then on. 0, with nothing raised, when
   SERVER_QUEUE_MAX of its kind wait already, when the server stops, or when out
   of memory: then connection and request stay the caller's. */
int server_queue_put(struct server_queue *q, struct connection *conn,
    WIRE_REQUEST *req, int ours);

/* Wait for the next one, with ${all} of either kind, else of ours. Returned to
   be freed with OPENSSL_free(). NULL when the server stops and nothing is left
   of what was asked for. */
struct server_task *server_queue_take(struct server_queue *q, int all);

/* Take in nothing more; what is there is handed out still. */
void server_queue_stop(struct server_queue *q);

#endif
