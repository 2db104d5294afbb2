#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "hsm/private.h"

/* Places, and who waits for one; without a token. */

#define SECOND 1000000000LL

static struct hsm hsm;

static int
setup(void **state)
{
	(void)state;
	memset(&hsm, 0, sizeof(hsm));
	hsm.limit = 60 * SECOND;
	return hsm_health_init(&hsm) && hsm_pool_init(&hsm.pool, 2) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_pool_destroy(&hsm.pool);
	hsm_health_destroy(&hsm);
	return 0;
}

struct waiter {
	pthread_t thread;
	int got;
	size_t place;
};

static void *
take(void *arg)
{
	struct waiter *w = arg;

	w->got = hsm_pool_take(&hsm, 60 * SECOND, &w->place);
	return NULL;
}

static void
begin(struct waiter *w)
{
	assert_int_equal(pthread_create(&w->thread, NULL, take, w), 0);
}

static void
end(struct waiter *w, int got)
{
	assert_int_equal(pthread_join(w->thread, NULL), 0);
	assert_int_equal(w->got, got);
}

static void
the_warm_one(void **state)
{
	size_t a, b, c;

	(void)state;
	assert_int_equal(hsm_pool_take(&hsm, SECOND, &a), 1);
	assert_int_equal(hsm_pool_take(&hsm, SECOND, &b), 1);
	assert_true(a != b);
	hsm_pool_give(&hsm.pool, b);
	hsm_pool_give(&hsm.pool, a);
	assert_int_equal(hsm_pool_take(&hsm, SECOND, &c), 1);
	assert_int_equal(c, a);
}

static void
waits_for_one(void **state)
{
	struct waiter w = {.got = -1};
	size_t a, b;

	(void)state;
	assert_int_equal(hsm_pool_take(&hsm, 60 * SECOND, &a), 1);
	assert_int_equal(hsm_pool_take(&hsm, 60 * SECOND, &b), 1);
	begin(&w);
	usleep(50000);
	hsm_pool_give(&hsm.pool, b);
	end(&w, 1);
	assert_int_equal(w.place, b);
}

/* All should be back, and none is. */
static void
does_not_wait_for_ever(void **state)
{
	size_t a, b, c;

	(void)state;
	assert_int_equal(hsm_pool_take(&hsm, 1, &a), 1);
	assert_int_equal(hsm_pool_take(&hsm, SECOND / 10, &b), 1);
	assert_int_equal(hsm_pool_take(&hsm, SECOND, &c), 0);
	hsm_pool_give(&hsm.pool, a);
	assert_int_equal(hsm_pool_take(&hsm, SECOND, &c), 1);
}

/* One is late; the other goes, for the token grants no more: who waits sees. */
static void
sees_that_one_goes(void **state)
{
	struct waiter w = {.got = -1};
	size_t a, b;

	(void)state;
	assert_int_equal(hsm_pool_take(&hsm, 60 * SECOND, &a), 1);
	assert_int_equal(hsm_pool_take(&hsm, 60 * SECOND, &b), 1);
	hsm.health.n_late = 1;
	begin(&w);
	usleep(50000);
	assert_int_equal(hsm_pool_retire(&hsm.pool, b), 1);
	end(&w, 0);
	/* The last one stays. */
	assert_int_equal(hsm_pool_retire(&hsm.pool, a), 0);
}

/* Not at once, and then one at a time. */
static void
comes_back(void **state)
{
	size_t a, b, c;

	(void)state;
	assert_int_equal(hsm_pool_take(&hsm, 1, &a), 1);
	assert_int_equal(hsm_pool_take(&hsm, 1, &b), 1);
	assert_int_equal(hsm_pool_retire(&hsm.pool, a), 1);
	hsm_pool_give(&hsm.pool, b);
	assert_int_equal(hsm_pool_take(&hsm, 1, &c), 1);
	assert_int_equal(c, b);
	assert_int_equal(hsm_pool_take(&hsm, 1, &c), 0);
	hsm.pool.grow_at = 0;
	hsm_pool_give(&hsm.pool, b);
	assert_int_equal(hsm.pool.size, 2);
	assert_true(hsm.pool.grow_at > hsm_monotonic_ns());
	assert_int_equal(hsm_pool_take(&hsm, 1, &c), 1);
	assert_int_equal(c, a);
	assert_int_equal(hsm_pool_take(&hsm, 1, &c), 1);
	assert_int_equal(c, b);
	assert_int_equal(hsm_pool_take(&hsm, 1, &c), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_warm_one),
	    TEST(waits_for_one),
	    TEST(does_not_wait_for_ever),
	    TEST(sees_that_one_goes),
	    TEST(comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
