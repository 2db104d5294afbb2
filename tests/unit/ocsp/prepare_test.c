#include "tests/unit/ocsp/ahead.h"

/* When signing ahead happens, how its turns are spread, and what it does when
   it cannot. */

static int
make(void **state)
{
	struct ahead *a = calloc(1, sizeof(*a));

	ahead_make(a);
	*state = a;
	return 0;
}

static int
drop(void **state)
{
	ahead_free(*state);
	free(*state);
	return 0;
}

static struct prepared_shard *
shards(struct ahead *a)
{
	return prepared_issuer(a->prepared, 0)->shards;
}

/* Other issuers' certificates are not ours to sign, nor is anything when no
   delegate says so. */
static void
test_only_wanted(void **state)
{
	struct ahead *a = *state;
	struct shard_stats sum;

	a->rig->set.delegates[0].prepare = 0;
	assert_true(follow_step(a->rig->follow));
	ahead_run(a, a->rig->now);
	prepared_count(a->prepared, &sum);
	assert_int_equal(sum.certs, 0);
	assert_int_equal(prepared_n_issuers(a->prepared), 0);
	assert_int_equal(ahead_signed(a), 0);
}

/* The first round gives the shards their places: no twentieth of the period
   has more than its share of turns, and in the next rounds that stays so. */
static void
spread(struct ahead *a, time_t from, time_t to)
{
	unsigned buckets[20] = {0};
	size_t i, at;

	for (i = 0; i < PREPARED_SHARDS; i++) {
		assert_in_range(shards(a)[i].due, from, to);
		at = (size_t)((shards(a)[i].due - from) * 20 / (to - from));
		buckets[at < 20 ? at : 19]++;
	}
	for (i = 0; i < 20; i++)
		assert_true(buckets[i] < 2 * PREPARED_SHARDS / 20);
}

static void
test_spread(void **state)
{
	struct ahead *a = *state;
	time_t now = a->rig->now, t;
	unsigned most = 0, n;

	ahead_fill(a, 3000, now + 864000);
	assert_true(follow_step(a->rig->follow));
	ahead_run(a, now);
	spread(a, now + 100, now + 2700);
	/* A round later: minute by minute only what is due. */
	for (t = now; t < now + 2 * 2700; t += 60) {
		n = ahead_run(a, t);
		most = n > most ? n : most;
	}
	assert_true(most < 2 * PREPARED_SHARDS / 8);
	assert_true(ahead_signed(a) > 2 * 3000);
	assert_true(ahead_signed(a) < 5 * 3000);
}

/* Each answer is replaced before its max-age ends. */
static void
test_in_time(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	time_t begin = r->now, t;
	struct reply *reply;

	assert_true(follow_step(r->follow));
	for (t = begin; t < begin + 3 * 2700; t += 20) {
		ahead_run(a, t);
		r->now = t;
		reply = ask(r, rig_good);
		assert_true(t < reply->refresh_at);
		assert_true(reply->refresh_at < reply->expires);
		reply_free(reply);
	}
	r->now = begin;
	assert_int_equal(counters_get(&r->counters, COUNT_SIGNED), 0);
}

/* Certificates that have ended are left out when their shard's turn comes. */
static void
test_ended(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	struct shard_stats sum;
	time_t t;

	ahead_fill(a, 300, r->now + 200);
	assert_true(follow_step(r->follow));
	ahead_run(a, r->now);
	prepared_count(a->prepared, &sum);
	assert_int_equal(sum.certs, 304);
	for (t = r->now; t < r->now + 2700; t += 50)
		ahead_run(a, t);
	prepared_count(a->prepared, &sum);
	assert_int_equal(sum.certs, 4);
	assert_int_equal(
	    status_of(r, ask(r, rig_good), NULL), V_OCSP_CERTSTATUS_GOOD);
}

/* Close to the delegate's end: answers end with it, and signing does not run
   in circles. */
static void
test_delegate_ends(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	struct reply *reply;
	time_t end, t, begin = r->now;

	assert_true(follow_step(r->follow));
	end = r->now + 86400;
	r->set.max_stale = 8640000;
	for (t = end - 3000; t <= end + 5; t++)
		ahead_run(a, t);
	assert_true(ahead_signed(a) < 4 * 40);
	r->now = end - 20;
	reply = ask(r, rig_good);
	assert_in_range(reply->expires, end - 2, end + 2);
	reply_free(reply);
	r->now = begin;
}

/* No word of status.db, inkan-ca that stopped, a heartbeat too old: nothing
   is signed, and it goes on by itself. */
static void
test_may_not(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;

	assert_int_equal(ahead_run(a, r->now), 0);
	assert_true(status_set_stopped(r->writer, "clock"));
	assert_true(follow_step(r->follow));
	ahead_run(a, r->now);
	assert_int_equal(ahead_signed(a), 0);
	assert_true(status_set_stopped(r->writer, ""));
	assert_true(follow_step(r->follow));
	ahead_run(a, r->now + 86400 + 10); /* max_stale */
	assert_int_equal(ahead_signed(a), 0);
	ahead_run(a, r->now + 86400 + 10);
	ahead_run(a, r->now + 20);
	assert_int_equal(ahead_signed(a), 4);
}

/* What changes is no exception, also when the batch for it is there already. */
static void
test_change_may_not(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;

	assert_true(follow_step(r->follow));
	ahead_run(a, r->now);
	rig_put(r, RIG_CA, rig_good, 2, STATUS_HELD, -1);
	assert_true(follow_step(r->follow));
	ahead_run(a, r->now);
	assert_int_equal(ahead_signed(a), 5);
	rig_put(r, RIG_CA, rig_good, 2, STATUS_GOOD, -1);
	assert_true(status_set_stopped(r->writer, "clock"));
	assert_true(follow_step(r->follow));
	ahead_run(a, r->now);
	assert_int_equal(ahead_signed(a), 5);
	assert_true(status_set_stopped(r->writer, ""));
	assert_true(follow_step(r->follow));
	ahead_run(a, r->now + 3); /* a failure rests */
	assert_int_equal(ahead_signed(a), 6);
}

/* The same when the delegate has ended. */
static void
test_no_delegate(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;

	assert_true(follow_step(r->follow));
	r->set.max_stale = 8640000;
	ahead_run(a, r->now + 86400 + 1);
	assert_int_equal(ahead_signed(a), 0);
}

/* In its own thread, beside workers and a follower. */
static void
test_thread(void **state)
{
	const struct timespec nap = {0, 2000000};
	struct ahead *a = *state;
	struct rig *r = a->rig;
	unsigned long want = 2004;
	int i;

	ahead_fill(a, 2000, r->now + 864000);
	r->set.prepare_share = 50;
	assert_true(follow_step(r->follow));
	assert_true(prepare_start(a->prepare));
	for (i = 0; i < 10000 && ahead_signed(a) < want; i++) {
		status_of(r, ask(r, rig_good), NULL);
		if (i % 100 == 10) {
			rig_put(r, RIG_CA, rig_good, 2,
			    i % 200 == 10 ? STATUS_HELD : STATUS_GOOD, -1);
			assert_true(follow_step(r->follow));
		}
		nanosleep(&nap, NULL);
	}
	assert_true(ahead_signed(a) >= want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_only_wanted, make, drop),
	    cmocka_unit_test_setup_teardown(test_spread, make, drop),
	    cmocka_unit_test_setup_teardown(test_in_time, make, drop),
	    cmocka_unit_test_setup_teardown(test_ended, make, drop),
	    cmocka_unit_test_setup_teardown(test_delegate_ends, make, drop),
	    cmocka_unit_test_setup_teardown(test_may_not, make, drop),
	    cmocka_unit_test_setup_teardown(test_change_may_not, make, drop),
	    cmocka_unit_test_setup_teardown(test_no_delegate, make, drop),
	    cmocka_unit_test_setup_teardown(test_thread, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
