#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include "tests/unit/ocsp/rig.h"

static struct rig *rig;

static int
setup(void **state)
{
	(void)state;
	rig = rig_make();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig);
	return 0;
}

static void
test_find(void **state)
{
	struct status_cert cert;
	struct status_head head;

	(void)state;
	assert_int_equal(
	    readers_find(rig->readers, RIG_CA, rig_good, 2, &cert), 1);
	assert_int_equal(cert.state, STATUS_GOOD);
	assert_int_equal(
	    readers_find(rig->readers, RIG_CA, rig_never, 2, &cert), 0);
	assert_int_equal(
	    readers_find(rig->readers, RIG_ROOT, rig_good, 2, &cert), 0);
	assert_true(readers_head(rig->readers, &head));
	assert_int_equal(head.heartbeat, rig->now - 5);
	/* What was written is seen, also by a reader that was there before. */
	rig_put(rig, RIG_CA, rig_never, 2, STATUS_HELD, 6);
	assert_int_equal(
	    readers_find(rig->readers, RIG_CA, rig_never, 2, &cert), 1);
	readers_renew(rig->readers);
	assert_int_equal(
	    readers_find(rig->readers, RIG_CA, rig_good, 2, &cert), 1);
}

static void
test_refused(void **state)
{
	struct readers *none = readers_new("/nonexistent/status.db");
	struct status_cert cert;
	struct status_head head;

	(void)state;
	assert_int_equal(readers_find(none, 1, rig_good, 2, &cert), -1);
	assert_int_not_equal(pki_reason(), 0);
	assert_false(readers_head(none, &head));
	ERR_clear_error();
	readers_free(none);
	readers_free(NULL);
}

static void *
hammer(void *arg)
{
	struct status_cert cert;
	int i;

	for (i = 0; i < 300; i++) {
		if (readers_find(arg, RIG_CA, rig_good, 2, &cert) != 1)
			return arg;
		if (i % 50 == 0)
			readers_renew(arg);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t t[4];
	void *failed;
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, hammer, rig->readers);
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], &failed);
		assert_null(failed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
