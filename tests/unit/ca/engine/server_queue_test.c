#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <openssl/crypto.h>

#include "ca/engine/server.h"
#include "ca/engine/server_queue.h"

/* Requests between readers and workers, with real threads. */

static void
put(struct server_queue *q, int64_t id, int ours)
{
	WIRE_REQUEST *req = message_request("ping", id);

	assert_non_null(req);
	assert_true(server_queue_put(q, NULL, req, ours));
}

/* The id of the next request; -1: the server stops. */
static int64_t
take(struct server_queue *q, int all)
{
	struct server_task *t = server_queue_take(q, all);
	int64_t id;

	if (t == NULL)
		return -1;
	id = message_request_id(t->req);
	WIRE_REQUEST_free(t->req);
	OPENSSL_free(t);
	return id;
}

static void
ours_first(void **state)
{
	struct server_queue q;

	(void)state;
	server_queue_init(&q);
	put(&q, 1, 0);
	put(&q, 2, 0);
	put(&q, 3, 1);
	put(&q, 4, 1);
	assert_int_equal(take(&q, 1), 3);
	assert_int_equal(take(&q, 0), 4);
	assert_int_equal(take(&q, 1), 1);
	put(&q, 5, 0);
	assert_int_equal(take(&q, 1), 2);
	assert_int_equal(take(&q, 1), 5);
	put(&q, 6, 0);	/* once empty, it goes on */
	assert_int_equal(take(&q, 1), 6);
	server_queue_stop(&q);
	assert_int_equal(take(&q, 1), -1);
	server_queue_clear(&q);
}

/* As many devices as may wait do not keep the operator out. */
static void
each_has_its_limit(void **state)
{
	WIRE_REQUEST *req = message_request("ping", 7);
	struct server_queue q;
	int i;

	(void)state;
	server_queue_init(&q);
	for (i = 0; i < SERVER_QUEUE_MAX; i++)
		put(&q, i, 0);
	assert_false(server_queue_put(&q, NULL, req, 0));
	put(&q, 9999, 1);
	assert_int_equal(take(&q, 1), 9999);
	assert_int_equal(take(&q, 1), 0);
	assert_true(server_queue_put(&q, NULL, req, 0));
	for (i = 1; i < SERVER_QUEUE_MAX; i++)
		assert_int_equal(take(&q, 1), i);
	assert_int_equal(take(&q, 1), 7);
	server_queue_clear(&q);
}

/* What was asked before the stop is handed out; nothing else comes in. */
static void
stopped(void **state)
{
	WIRE_REQUEST *req = message_request("ping", 7);
	struct server_queue q;

	(void)state;
	server_queue_init(&q);
	put(&q, 1, 0);
	put(&q, 2, 1);
	server_queue_stop(&q);
	assert_false(server_queue_put(&q, NULL, req, 0));
	assert_false(server_queue_put(&q, NULL, req, 1));
	assert_int_equal(take(&q, 0), 2);
	assert_int_equal(take(&q, 0), -1);	/* the device's is not for it */
	assert_int_equal(take(&q, 1), 1);
	assert_int_equal(take(&q, 1), -1);
	server_queue_clear(&q);
	WIRE_REQUEST_free(req);
}

#define PUTS 2000

struct worker {
	struct server_queue *q;
	pthread_t thread;
	int all;
	unsigned char seen[2 * PUTS];
};

static void *
work(void *arg)
{
	struct worker *w = arg;
	int64_t id;

	while ((id = take(w->q, w->all)) != -1)
		w->seen[id]++;
	return NULL;
}

/* A full queue is tried again: a reader would answer "busy". */
static void *
read_all(void *arg)
{
	struct server_queue *q = arg;
	WIRE_REQUEST *req;
	int i;

	for (i = 0; i < 2 * PUTS; i++) {
		req = message_request("ping", i);
		while (!server_queue_put(q, NULL, req, i % 2))
			sched_yield();
	}
	return NULL;
}

/* Each request reaches one worker, and those of ours alone get nothing else. */
static void
many_threads(void **state)
{
	static struct worker w[5];
	struct server_queue q;
	pthread_t reader;
	int i, k, n;

	(void)state;
	server_queue_init(&q);
	for (k = 0; k < 5; k++) {
		w[k].q = &q;
		w[k].all = k > 0;
		assert_int_equal(
		    pthread_create(&w[k].thread, NULL, work, &w[k]), 0);
	}
	assert_int_equal(pthread_create(&reader, NULL, read_all, &q), 0);
	assert_int_equal(pthread_join(reader, NULL), 0);
	server_queue_stop(&q);
	for (k = 0; k < 5; k++)
		assert_int_equal(pthread_join(w[k].thread, NULL), 0);
	for (i = 0; i < 2 * PUTS; i++) {
		for (n = 0, k = 0; k < 5; k++)
			n += w[k].seen[i];
		assert_int_equal(n, 1);
		if (i % 2 == 0)
			assert_int_equal(w[0].seen[i], 0);
	}
	server_queue_clear(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ours_first),
	    cmocka_unit_test(each_has_its_limit),
	    cmocka_unit_test(stopped),
	    cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
