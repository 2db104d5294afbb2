#include <openssl/crypto.h>

#include "ca/engine/server.h"
#include "ca/engine/server_queue.h"

void
server_queue_init(struct server_queue *q)
{
	*q = (struct server_queue){.stopping = 0};
	q->ours.tail = &q->ours.head;
	q->devices.tail = &q->devices.head;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->own_work, NULL);
	pthread_cond_init(&q->work, NULL);
}

void
server_queue_clear(struct server_queue *q)
{
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->own_work);
	pthread_cond_destroy(&q->work);
}

int
server_queue_put(struct server_queue *q, struct connection *conn,
    WIRE_REQUEST *req, int ours)
{
	struct server_list *l = ours ? &q->ours : &q->devices;
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
		/* One, not all: dozens would wake to find nothing. What is ours
		   may be done by either kind, and one kind may be busy. */
		pthread_cond_signal(&q->work);
		if (ours)
			pthread_cond_signal(&q->own_work);
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

struct server_task *
server_queue_take(struct server_queue *q, int all)
{
	struct server_task *t;

	pthread_mutex_lock(&q->lock);
	for (;;) {
		t = first(&q->ours);
		if (t == NULL && all)
			t = first(&q->devices);
		if (t != NULL || q->stopping)
			break;
		pthread_cond_wait(all ? &q->work : &q->own_work, &q->lock);
	}
	pthread_mutex_unlock(&q->lock);
	return t;
}

void
server_queue_stop(struct server_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->stopping = 1;
	pthread_cond_broadcast(&q->work);
	pthread_cond_broadcast(&q->own_work);
	pthread_mutex_unlock(&q->lock);
}
