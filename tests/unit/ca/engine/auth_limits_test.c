#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/unit/ca/engine/admit_change.h"

static int
allowed(struct auth_limits *l, const char *address, time_t now)
{
	int64_t retry = -1;
	int ok = auth_limits_allow(l, address, now, &retry);

	assert_true(ok ? retry == 0 : retry > 0 && retry <= 60);
	return ok;
}

static void
ten_a_minute(void **state)
{
	struct auth_limits *l = auth_limits_new();
	int i;

	(void)state;
	for (i = 0; i < LIMITS_PER_MINUTE; i++) {
		assert_true(allowed(l, "192.0.2.7", NOW + i));
		auth_limits_fail(l, "192.0.2.7", NOW + i);
	}
	assert_false(allowed(l, "192.0.2.7", NOW + 10));
	assert_true(allowed(l, "192.0.2.8", NOW + 10));
	assert_false(allowed(l, "192.0.2.7", NOW + 59));
	assert_true(allowed(l, "192.0.2.7", NOW + 60));
	auth_limits_fail(l, "192.0.2.7", NOW + 60); /* a new minute */
	assert_true(allowed(l, "192.0.2.7", NOW + 61));
	assert_true(allowed(l, "192.0.2.7", NOW - 5)); /* clock set back */
	auth_limits_free(l);
	auth_limits_free(NULL);
}

static void
fill(struct auth_limits *l, const char *address)
{
	int i;

	for (i = 0; i < LIMITS_PER_MINUTE; i++)
		auth_limits_fail(l, address, NOW);
}

/* One IPv6 host has a whole /64 of addresses. */
static void
ipv6_by_network(void **state)
{
	struct auth_limits *l = auth_limits_new();

	(void)state;
	fill(l, "2001:db8:0:1::1");
	assert_false(allowed(l, "2001:db8:0:1:ffff::2", NOW));
	assert_true(allowed(l, "2001:db8:0:2::1", NOW));
	fill(l, "::ffff:192.0.2.1");
	assert_true(allowed(l, "::ffff:192.0.2.2", NOW));
	auth_limits_free(l);
}

static int64_t
user_wait(struct auth_limits *l, const char *user, time_t now)
{
	int64_t retry = -1;
	int ok = auth_limits_user_allow(l, user, "192.0.2.1", now, &retry);

	assert_true(ok ? retry == 0 : retry > 0);
	return retry;
}

static void
doubles_by_user(void **state)
{
	struct auth_limits *l = auth_limits_new();
	time_t now = NOW;
	int64_t want = 1;
	int i;

	(void)state;
	for (i = 0; i < LIMITS_USER_FREE; i++) {
		assert_int_equal(user_wait(l, "u", now), 0);
		auth_limits_user_fail(l, "u", "192.0.2.9", now);
	}
	for (i = 0; i < 12; i++) {
		assert_int_equal(user_wait(l, "u", now), want);
		assert_int_equal(user_wait(l, "v", now), 0);
		now += want;
		assert_int_equal(user_wait(l, "u", now), 0);
		auth_limits_user_fail(l, "u", "192.0.2.9", now);
		want = want < LIMITS_USER_WAIT ? 2 * want : want;
	}
	assert_int_equal(want, LIMITS_USER_WAIT);
	assert_int_equal(user_wait(l, "u", now - 5), 0); /* clock set back */
	now += LIMITS_USER_FORGET;
	auth_limits_user_fail(l, "u", "192.0.2.9", now);
	assert_int_equal(user_wait(l, "u", now), 0);
	assert_int_equal(user_wait(NULL, "u", now), 0);
	auth_limits_free(l);
}

/* Who guesses waits longer than the device whose name it is. */
static void
room_for_others(void **state)
{
	struct auth_limits *l = auth_limits_new();
	int64_t retry;
	time_t now = NOW;
	int i, device = 0;

	(void)state;
	for (i = 0; i < LIMITS_USER_FREE + 4; i++)
		auth_limits_user_fail(l, "u", "2001:db8:0:1::1", now);
	/* It tries each second for an hour; the device every minute. */
	for (i = 1; i <= 3600; i++) {
		if (i % 60 == 0)
			device += auth_limits_user_allow(
			    l, "u", "192.0.2.1", now + i, &retry);
		if (auth_limits_user_allow(
			l, "u", "2001:db8:0:1::7", now + i, &retry))
			auth_limits_user_fail(
			    l, "u", "2001:db8:0:1::7", now + i);
	}
	assert_true(device >= 20);
	auth_limits_free(l);
}

/* Names that nobody has cost no memory, and push out the oldest. */
static void
names_are_bounded(void **state)
{
	struct auth_limits *l = auth_limits_new();
	char name[32];
	int i, k, slow = 0;

	(void)state;
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		for (k = 0; k < LIMITS_USER_FREE; k++)
			auth_limits_user_fail(l, name, "192.0.2.9", NOW + i);
	}
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		slow += user_wait(l, name, NOW + i) > 0;
	}
	assert_true(slow > 3000 && slow <= 4096);
	assert_int_equal(user_wait(l, name, NOW + i - 1), 1);
	auth_limits_free(l);
}

/* Requests by fleet and address; what is refused does not count on. */
static void
requests_a_minute(void **state)
{
	struct auth_limits *l = auth_limits_new();
	int64_t retry;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(
		    auth_limits_rate(l, "f", "192.0.2.1", 3, NOW, &retry));
	for (i = 0; i < 3; i++)
		assert_false(auth_limits_rate(
		    l, "f", "192.0.2.1", 3, NOW + 20, &retry));
	assert_int_equal(retry, 40);
	assert_true(auth_limits_rate(l, "g", "192.0.2.1", 3, NOW, &retry));
	assert_true(auth_limits_rate(l, "f", "192.0.2.2", 3, NOW, &retry));
	assert_true(auth_limits_rate(l, "f", "192.0.2.1", 4, NOW, &retry));
	assert_true(auth_limits_rate(l, "f", "192.0.2.1", 0, NOW, &retry));
	assert_true(auth_limits_rate(l, "f", NULL, 1, NOW, &retry));
	assert_true(auth_limits_rate(NULL, "f", "192.0.2.1", 1, NOW, &retry));
	assert_true(
	    auth_limits_rate(l, "f", "192.0.2.1", 3, NOW + 60, &retry));
	/* Failures of secrets are another matter. */
	assert_true(allowed(l, "192.0.2.1", NOW));
	auth_limits_free(l);
}

/* A flood of addresses only pushes out others. */
static void
memory_is_bounded(void **state)
{
	struct auth_limits *l = auth_limits_new();
	char address[64];
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		snprintf(address, sizeof(address), "10.%d.%d.%d", i >> 16,
		    i >> 8 & 255, i & 255);
		auth_limits_fail(l, address, NOW);
	}
	fill(l, "192.0.2.9");
	assert_false(allowed(l, "192.0.2.9", NOW));
	auth_limits_free(l);
}

static void
without_limits(void **state)
{
	(void)state;
	assert_true(allowed(NULL, "192.0.2.1", NOW));
	auth_limits_fail(NULL, "192.0.2.1", NOW);
	assert_int_equal(auth_limits_enter(NULL, LIMITS_SCRYPT), 1);
	auth_limits_leave(NULL, LIMITS_SCRYPT);
}

struct gate {
	struct auth_limits *l;
	atomic_int inside, most, entered, refused, open;
};

static void *
through(void *arg)
{
	struct gate *g = arg;
	int now, most;

	if (!auth_limits_enter(g->l, LIMITS_SCRYPT)) {
		atomic_fetch_add(&g->refused, 1);
		return NULL;
	}
	now = atomic_fetch_add(&g->inside, 1) + 1;
	most = atomic_load(&g->most);
	while (
	    now > most && !atomic_compare_exchange_weak(&g->most, &most, now))
		;
	while (!atomic_load(&g->open))
		usleep(1000);
	atomic_fetch_sub(&g->inside, 1);
	atomic_fetch_add(&g->entered, 1);
	auth_limits_leave(g->l, LIMITS_SCRYPT);
	return NULL;
}

static void
gate(void **state)
{
	enum { N = LIMITS_GATE_RUN + LIMITS_GATE_WAIT + 6 };
	struct gate g = {.l = auth_limits_new()};
	pthread_t t[N];
	int i;

	(void)state;
	for (i = 0; i < N; i++)
		assert_int_equal(pthread_create(&t[i], NULL, through, &g), 0);
	for (i = 0; i < 5000 && atomic_load(&g.refused) < 6; i++)
		usleep(1000);
	assert_int_equal(atomic_load(&g.refused), 6);
	assert_int_equal(atomic_load(&g.inside), LIMITS_GATE_RUN);
	atomic_store(&g.open, 1);
	for (i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_load(&g.most), LIMITS_GATE_RUN);
	assert_int_equal(atomic_load(&g.entered), N - 6);
	assert_int_equal(auth_limits_enter(g.l, LIMITS_SCRYPT), 1);
	auth_limits_leave(g.l, LIMITS_SCRYPT);
	auth_limits_free(g.l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ten_a_minute),
	    cmocka_unit_test(doubles_by_user),
	    cmocka_unit_test(names_are_bounded),
	    cmocka_unit_test(room_for_others),
	    cmocka_unit_test(ipv6_by_network),
	    cmocka_unit_test(requests_a_minute),
	    cmocka_unit_test(memory_is_bounded),
	    cmocka_unit_test(without_limits), cmocka_unit_test(gate)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
