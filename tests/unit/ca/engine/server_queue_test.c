#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <openssl/crypto.h>

#include "ca/engine/server.h"
#include "ca/engine/server_queue.h"

/* Requests between readers and workers, with real threads. */

#define POOL (OPS_ADMIN | OPS_RA)

static void
put(struct server_queue *q, int64_t id, enum ops_role role)
{
	WIRE_REQUEST *req = message_request("ping", id);

	assert_non_null(req);
	assert_true(server_queue_put(q, NULL, req, role));
}

/* The id of the next request; -1: the server stops. */
static int64_t
take(struct server_queue *q, unsigned roles)
{
	struct server_task *t = server_queue_take(q, roles);
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
	put(&q, 1, OPS_RA);
	put(&q, 2, OPS_RA);
	put(&q, 3, OPS_ADMIN);
	put(&q, 4, OPS_ADMIN);
	assert_int_equal(take(&q, POOL), 3);
	assert_int_equal(take(&q, OPS_ADMIN), 4);
	assert_int_equal(take(&q, POOL), 1);
	put(&q, 5, OPS_RA);
	assert_int_equal(take(&q, POOL), 2);
	assert_int_equal(take(&q, POOL), 5);
	put(&q, 6, OPS_RA);	/* once empty, it goes on */
	assert_int_equal(take(&q, POOL), 6);
	server_queue_stop(&q);
	assert_int_equal(take(&q, POOL), -1);
	server_queue_clear(&q);
}

/* What services ask is done by those who are for them alone. */
static void
services_apart(void **state)
{
	struct server_queue q;

	(void)state;
	server_queue_init(&q);
	put(&q, 1, OPS_SVC);
	put(&q, 2, OPS_RA);
	put(&q, 3, OPS_ADMIN);
	assert_int_equal(take(&q, POOL), 3);
	assert_int_equal(take(&q, POOL), 2);
	server_queue_stop(&q);
	assert_int_equal(take(&q, POOL), -1);
	assert_int_equal(take(&q, OPS_ADMIN), -1);
	assert_int_equal(take(&q, OPS_SVC), 1);
	assert_int_equal(take(&q, OPS_SVC), -1);
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
		put(&q, i, OPS_RA);
	assert_false(server_queue_put(&q, NULL, req, OPS_RA));
	put(&q, 9999, OPS_ADMIN);
	assert_int_equal(take(&q, POOL), 9999);
	assert_int_equal(take(&q, POOL), 0);
	assert_true(server_queue_put(&q, NULL, req, OPS_RA));
	for (i = 1; i < SERVER_QUEUE_MAX; i++)
		assert_int_equal(take(&q, POOL), i);
	assert_int_equal(take(&q, POOL), 7);
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
	put(&q, 1, OPS_RA);
	put(&q, 2, OPS_ADMIN);
	server_queue_stop(&q);
	assert_false(server_queue_put(&q, NULL, req, OPS_RA));
	assert_false(server_queue_put(&q, NULL, req, OPS_ADMIN));
	assert_int_equal(take(&q, OPS_ADMIN), 2);
	assert_int_equal(take(&q, OPS_ADMIN), -1);	/* the device's is not for it */
	assert_int_equal(take(&q, POOL), 1);
	assert_int_equal(take(&q, POOL), -1);
	server_queue_clear(&q);
	WIRE_REQUEST_free(req);
}

#define PUTS 2000

struct worker {
	struct server_queue *q;
	pthread_t thread;
	unsigned roles;
	unsigned char seen[2 * PUTS];
};

static void *
work(void *arg)
{
	struct worker *w = arg;
	int64_t id;

	while ((id = take(w->q, w->roles)) != -1)
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
		while (!server_queue_put(q, NULL, req, i % 2 ? OPS_ADMIN :
		    OPS_RA))
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
		w[k].roles = k > 0 ? POOL : OPS_ADMIN;
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
	    cmocka_unit_test(services_apart),
	    cmocka_unit_test(each_has_its_limit),
	    cmocka_unit_test(stopped),
	    cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
