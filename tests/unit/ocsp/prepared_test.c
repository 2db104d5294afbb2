#include "tests/unit/ocsp/ahead.h"

/* What is asked of answers that were signed ahead, and what becomes of them
   when something changes. */

static int
make(void **state)
{
	struct ahead *a = calloc(1, sizeof(*a));

	ahead_make(a);
	assert_true(follow_step(a->rig->follow));
	ahead_run(a, a->rig->now);
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

static unsigned long
count(struct ahead *a, enum counter which)
{
	return counters_get(&a->rig->counters, which);
}

/* All statuses, both hashes, no signature when they are asked for. */
static void
test_all(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	int reason;

	assert_int_equal(ahead_signed(a), 4);
	assert_int_equal(
	    status_of(r, ask(r, rig_good), NULL), V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(status_of(r, ask(r, rig_revoked), &reason),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, 1);
	assert_int_equal(
	    status_of(r, ask(r, rig_held), &reason), V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, 6);
	assert_int_equal(
	    status_of(r,
		ask_nonce(r, r->pki.ca, rig_plain, 2, EVP_sha256(), 0),
		&reason),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, OCSP_REVOKED_STATUS_NOSTATUS);
	assert_int_equal(count(a, COUNT_PREPARED), 4);
	assert_int_equal(count(a, COUNT_SIGNED), 0);
}

/* Each of the two singles is found by the CertID that was asked for. */
static void
test_certids(void **state)
{
	const EVP_MD *mds[] = {EVP_sha256(), EVP_sha1()};
	struct rig *r = ((struct ahead *)*state)->rig;
	struct reply *reply = ask(r, rig_good);
	OCSP_BASICRESP *basic =
	    pki_verify(reply->data, reply->len, r->pki.ca, r->pki.root);
	OCSP_CERTID *id;
	int i;

	for (i = 0; i < 2; i++) {
		id = pki_certid(r->pki.ca, rig_good, 2, mds[i]);
		assert_int_equal(OCSP_resp_find(basic, id, -1), i);
		OCSP_CERTID_free(id);
	}
	OCSP_BASICRESP_free(basic);
	reply_free(reply);
}

/* What is not prepared is signed: another hash, a nonce, a serial that was
   never issued, another issuer's. */
static void
test_others(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;

	status_of(
	    r, ask_nonce(r, r->pki.ca, rig_good, 2, EVP_sha384(), 0), NULL);
	status_of(
	    r, ask_nonce(r, r->pki.ca, rig_good, 2, EVP_sha1(), 16), NULL);
	assert_int_equal(
	    status_of(r, ask(r, rig_never), NULL), V_OCSP_CERTSTATUS_UNKNOWN);
	assert_int_equal(count(a, COUNT_SIGNED), 3);
	assert_int_equal(count(a, COUNT_PREPARED), 0);
	expect_error(
	    ask_nonce(r, r->pki.ocsp, rig_good, 2, EVP_sha1(), 0),
	    UNAUTHORIZED);
}

/* A nonce that is ignored does not keep from it. */
static void
test_nonce_ignored(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;

	r->set.delegates[0].policy.nonce = POLICY_NONCE_IGNORE;
	status_of(
	    r, ask_nonce(r, r->pki.ca, rig_good, 2, EVP_sha1(), 16), NULL);
	assert_int_equal(count(a, COUNT_PREPARED), 1);
	assert_int_equal(count(a, COUNT_SIGNED), 0);
}

/* Beyond the budget a nonce is not echoed: what is prepared does. */
static void
test_over_budget(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	int i;

	r->set.delegates[0].policy.sign_budget = 2;
	for (i = 0; i < 5; i++)
		assert_int_equal(
		    status_of(r,
			ask_nonce(r, r->pki.ca, rig_held, 2, EVP_sha1(), 16),
			NULL),
		    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(count(a, COUNT_SIGNED), 2);
	assert_int_equal(count(a, COUNT_PREPARED), 3);
}

/* Where size does not allow for both hashes, SHA-1 is signed on demand. */
static void
test_one_hash(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;

	r->set.delegates[0].policy.both_hashes = 300;
	rig_put(r, RIG_CA, rig_good, 2, STATUS_HELD, -1);
	assert_true(follow_step(r->follow));
	ahead_run(a, r->now);
	assert_int_equal(
	    status_of(r,
		ask_nonce(r, r->pki.ca, rig_good, 2, EVP_sha256(), 0), NULL),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(count(a, COUNT_SIGNED), 0);
	status_of(r, ask(r, rig_good), NULL);
	assert_int_equal(count(a, COUNT_SIGNED), 1);
}

/* What is asked for again is kept whole. */
static void
test_kept(void **state)
{
	struct ahead *a = *state;
	struct reply *first, *second, *third;

	first = ask(a->rig, rig_good);
	assert_true(first->once);
	assert_int_equal(cache_count(a->rig->cache), 0);
	second = ask(a->rig, rig_good);
	assert_false(second->once);
	assert_int_equal(cache_count(a->rig->cache), 1);
	third = ask(a->rig, rig_good);
	assert_ptr_equal(second, third);
	assert_string_equal(first->etag, third->etag);
	assert_int_equal(count(a, COUNT_CACHED), 1);
	reply_free(first);
	reply_free(second);
	reply_free(third);
}

/* A revocation is visible at once, also where the answer was kept, and is
   signed ahead again. So is a certificate that is new. */
static void
test_change(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	int reason;

	reply_free(ask(r, rig_good));
	reply_free(ask(r, rig_good));
	rig_put(r, RIG_CA, rig_good, 2, STATUS_REVOKED, 1);
	rig_put(r, RIG_CA, rig_never, 2, STATUS_GOOD, -1);
	assert_true(follow_step(r->follow));
	assert_int_equal(status_of(r, ask(r, rig_good), &reason),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, 1);
	assert_int_equal(count(a, COUNT_SIGNED), 1);
	assert_int_equal(ahead_run(a, r->now), 2);
	assert_int_equal(ahead_signed(a), 6);
	cache_flush(r->cache);
	assert_int_equal(
	    status_of(r, ask(r, rig_good), NULL), V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(
	    status_of(r, ask(r, rig_never), NULL), V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(count(a, COUNT_SIGNED), 1);
}

/* Another generation of status.db: nothing holds, all is read again. */
static void
test_reset(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	struct shard_stats sum;

	assert_true(status_reset(r->writer));
	assert_true(follow_step(r->follow));
	prepared_count(a->prepared, &sum);
	assert_int_equal(sum.certs, 0);
	expect_error(ask(r, rig_good), TRYLATER);
	r->change = 0;
	rig_fill(r);
	assert_true(follow_step(r->follow));
	ahead_run(a, r->now);
	prepared_count(a->prepared, &sum);
	assert_int_equal(sum.certs, 4);
	assert_int_equal(sum.signed_, 4);
	assert_int_equal(
	    status_of(r, ask(r, rig_good), NULL), V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(count(a, COUNT_SIGNED), 0);
}

static void *
reset(void *arg)
{
	prepared_reset(((struct ahead *)arg)->prepared);
	return NULL;
}

/* Nobody begins to read before the last shard is ready to take it. */
static void
test_reset_as_a_whole(void **state)
{
	const struct timespec nap = {0, 1000000};
	struct ahead *a = *state;
	struct prepared_shard *shards = prepared_issuer(a->prepared, 0)->shards;
	struct prepared_shard *last = &shards[PREPARED_SHARDS - 1];
	unsigned begun, i;
	pthread_t t;

	assert_int_equal(prepared_wants(a->prepared), 0);
	pthread_mutex_lock(&last->shard.lock);
	assert_int_equal(pthread_create(&t, NULL, reset, a), 0);
	for (i = 0; i < 60000 && !atomic_load(&shards[0].cleared); i++)
		nanosleep(&nap, NULL);
	begun = prepared_wants(a->prepared);
	pthread_mutex_unlock(&last->shard.lock);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_true(i < 60000);
	assert_int_equal(begun, 0);
	assert_int_not_equal(prepared_wants(a->prepared), 0);
}

/* Nothing new may be said: what is signed goes on to its end, and no octet
   longer. */
static void
test_stopped(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	time_t begin = r->now;

	assert_true(status_set_stopped(r->writer, "clock"));
	assert_true(follow_step(r->follow));
	r->now = begin + 3599;
	assert_int_equal(
	    status_of(r, ask(r, rig_revoked), NULL), V_OCSP_CERTSTATUS_REVOKED);
	r->now = begin + 3600;
	expect_error(ask(r, rig_revoked), TRYLATER);
	r->now = begin;
}

/* When signing ahead is behind, a newer one is signed on demand; before that
   the prepared one does. */
static void
test_late(void **state)
{
	struct ahead *a = *state;
	struct rig *r = a->rig;
	time_t begin = r->now;

	/* Past any refresh in the first round, which ends by 2700. */
	r->now = begin + 3200;
	assert_int_equal(
	    status_of(r, ask(r, rig_good), NULL), V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(
	    count(a, COUNT_SIGNED) + count(a, COUNT_PREPARED), 1);
	r->now = begin + 3599;
	status_of(r, ask(r, rig_held), NULL);
	assert_true(count(a, COUNT_SIGNED) >= 1);
	r->now = begin;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_all, make, drop),
	    cmocka_unit_test_setup_teardown(test_certids, make, drop),
	    cmocka_unit_test_setup_teardown(test_others, make, drop),
	    cmocka_unit_test_setup_teardown(test_nonce_ignored, make, drop),
	    cmocka_unit_test_setup_teardown(test_over_budget, make, drop),
	    cmocka_unit_test_setup_teardown(test_one_hash, make, drop),
	    cmocka_unit_test_setup_teardown(test_kept, make, drop),
	    cmocka_unit_test_setup_teardown(test_change, make, drop),
	    cmocka_unit_test_setup_teardown(test_reset, make, drop),
	    cmocka_unit_test_setup_teardown(test_reset_as_a_whole, make, drop),
	    cmocka_unit_test_setup_teardown(test_stopped, make, drop),
	    cmocka_unit_test_setup_teardown(test_late, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
