#include <openssl/crypto.h>

#include "ca/engine/server.h"
#include "ca/engine/server_queue.h"

size_t
server_socket(enum ops_role role)
{
	return role == OPS_ADMIN ? 2 : role == OPS_SVC ? 1 : 0;
}

void
server_queue_init(struct server_queue *q)
{
	size_t i;

	*q = (struct server_queue){.stopping = 0};
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->more, NULL);
	for (i = 0; i < SERVER_SOCKETS; i++) {
		q->lists[i].tail = &q->lists[i].head;
		pthread_cond_init(&q->one[i], NULL);
	}
}

void
server_queue_clear(struct server_queue *q)
{
	size_t i;

	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->more);
	for (i = 0; i < SERVER_SOCKETS; i++)
		pthread_cond_destroy(&q->one[i]);
}

int
server_queue_put(struct server_queue *q, struct connection *conn,
    WIRE_REQUEST *req, enum ops_role role)
{
	size_t i = server_socket(role);
	struct server_list *l = &q->lists[i];
	struct server_task *t = OPENSSL_zalloc(sizeof(*t));
	int full;

	pthread_mutex_lock(&q->lock);
	full = t == NULL || q->stopping || l->n >= SERVER_QUEUE_MAX;
	if (!full) {
		t->conn = conn;
		t->req = req;
		*l->tail = t;
		l->tail = &t->next;
		l->n++;
		/* One of a kind, not all: dozens would wake to find nothing.
		   Either kind may do it, and one of them may be busy. */
		pthread_cond_signal(&q->more);
		pthread_cond_signal(&q->one[i]);
	}
	pthread_mutex_unlock(&q->lock);
	if (full)
		OPENSSL_free(t);
	return !full;
}

static struct server_task *
first(struct server_list *l)
{
	struct server_task *t = l->head;

	if (t == NULL)
		return NULL;
	l->head = t->next;
	if (l->head == NULL)
		l->tail = &l->head;
	l->n--;
	return t;
}

static struct server_task *
first_of(struct server_queue *q, unsigned roles)
{
	static const enum ops_role order[] = {OPS_ADMIN, OPS_SVC, OPS_RA};
	struct server_task *t = NULL;
	size_t i;

	for (i = 0; t == NULL && i < SERVER_SOCKETS; i++)
		if (roles & order[i])
			t = first(&q->lists[server_socket(order[i])]);
	return t;
}

static pthread_cond_t *
work_for(struct server_queue *q, unsigned roles)
{
	int one = roles == OPS_ADMIN || roles == OPS_SVC || roles == OPS_RA;

	return one ? &q->one[server_socket((enum ops_role)roles)] : &q->more;
}

struct server_task *
server_queue_take(struct server_queue *q, unsigned roles)
{
	struct server_task *t;

	pthread_mutex_lock(&q->lock);
	while ((t = first_of(q, roles)) == NULL && !q->stopping)
		pthread_cond_wait(work_for(q, roles), &q->lock);
	pthread_mutex_unlock(&q->lock);
	return t;
}

void
server_queue_stop(struct server_queue *q)
{
	size_t i;

	pthread_mutex_lock(&q->lock);
	q->stopping = 1;
	pthread_cond_broadcast(&q->more);
	for (i = 0; i < SERVER_SOCKETS; i++)
		pthread_cond_broadcast(&q->one[i]);
	pthread_mutex_unlock(&q->lock);
}
