#include "tests/unit/ocsp/asking.h"

static void
test_statuses(void **state)
{
	struct rig *r = *state;
	struct reply *reply;
	int reason;

	reply = ask(r, rig_good);
	assert_int_equal(reply->store, 1);
	assert_int_equal(reply->modified, r->now - 5);
	assert_int_equal(reply->expires, r->now + 3600);
	assert_int_equal(reply->refresh_at, r->now + 2700);
	assert_int_equal(status_of(r, reply, NULL), V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(status_of(r, ask(r, rig_revoked), &reason),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, 1);
	assert_int_equal(
	    status_of(r, ask(r, rig_held), &reason), V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, 6);
	assert_int_equal(status_of(r, ask(r, rig_plain), &reason),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, OCSP_REVOKED_STATUS_NOSTATUS);
}

static void
test_hashes(void **state)
{
	const EVP_MD *mds[] = {
	    EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
	struct rig *r = *state;
	size_t i;

	for (i = 0; i < 4; i++)
		assert_int_equal(
		    status_of(r,
			ask_nonce(r, r->pki.ca, rig_good, 2, mds[i], 0), NULL),
		    V_OCSP_CERTSTATUS_GOOD);
	expect_error(ask_nonce(r, r->pki.ca, rig_good, 2, EVP_sha224(), 0),
	    UNAUTHORIZED);
}

/* Never issued: signed, short, not kept. */
static void
test_unknown(void **state)
{
	struct rig *r = *state;
	struct reply *reply = ask(r, rig_never);
	ASN1_GENERALIZEDTIME *next;
	OCSP_BASICRESP *basic;

	assert_int_equal(reply->store, 0);
	basic = pki_verify(reply->data, reply->len, r->pki.ca, r->pki.root);
	assert_int_equal(OCSP_single_get0_status(
			     OCSP_resp_get0(basic, 0), NULL, NULL, NULL, &next),
	    V_OCSP_CERTSTATUS_UNKNOWN);
	assert_int_equal(ASN1_TIME_cmp_time_t(next, r->now + 300), 0);
	OCSP_BASICRESP_free(basic);
	reply_free(reply);
	assert_int_equal(cache_count(r->cache), 0);
	/* As soon as it is issued it is good. */
	rig_put(r, RIG_CA, rig_never, 2, STATUS_GOOD, -1);
	assert_int_equal(
	    status_of(r, ask(r, rig_never), NULL), V_OCSP_CERTSTATUS_GOOD);
}

/* status.db is emptied, and filled again: between the two nobody is unknown,
   neither by the head that was read before nor by the new one. */
static void
test_refilled(void **state)
{
	struct rig *r = *state;

	assert_true(status_reset(r->writer));
	expect_error(ask(r, rig_plain), TRYLATER);
	assert_true(follow_step(r->follow));
	expect_error(ask(r, rig_plain), TRYLATER);
	expect_error(ask(r, rig_never), TRYLATER);
	r->change = 0;
	rig_fill(r);
	/* Also with the head of before the beat. */
	expect_error(ask(r, rig_never), TRYLATER);
	assert_true(follow_step(r->follow));
	assert_int_equal(
	    status_of(r, ask(r, rig_never), NULL), V_OCSP_CERTSTATUS_UNKNOWN);
	assert_int_equal(
	    status_of(r, ask(r, rig_plain), NULL), V_OCSP_CERTSTATUS_REVOKED);
}

/* No issuer yet, and never a heartbeat: who is ours is not known. */
static void
test_not_filled_yet(void **state)
{
	struct rig *r = *state;
	struct state *former = r->responder.state;
	struct follow *f;

	assert_true(status_reset(r->writer));
	r->responder.state = state_new();
	f = follow_new(r->db, r->readers, r->responder.state, r->cache);
	assert_true(follow_step(f));
	expect_error(ask(r, rig_good), TRYLATER);
	assert_true(status_heartbeat(r->writer, r->now));
	assert_true(follow_step(f));
	expect_error(ask(r, rig_good), UNAUTHORIZED);
	follow_free(f);
	state_free(r->responder.state);
	r->responder.state = former;
}

static void
test_refused(void **state)
{
	struct rig *r = *state;
	struct pki other;

	pki_make(&other);
	expect_error(
	    ask_nonce(r, other.ca, rig_good, 2, EVP_sha1(), 0), UNAUTHORIZED);
	pki_clear(&other);
	expect_error(responder_answer(&r->responder,
			 (const unsigned char *)"xyz", 3, r->now),
	    MALFORMED);
	expect_error(responder_answer(
			 &r->responder, (const unsigned char *)"", 0, r->now),
	    MALFORMED);
	expect_error(
	    ask_nonce(r, r->pki.ca, rig_good, 2, EVP_sha1(), 129), MALFORMED);
	assert_int_equal(counters_get(&r->counters, COUNT_MALFORMED), 3);
	assert_int_equal(counters_get(&r->counters, COUNT_UNAUTHORIZED), 1);
}

static void
test_nonce(void **state)
{
	static const int sizes[] = {1, 15, 16, 23, 32, 128};
	struct rig *r = *state;
	OCSP_BASICRESP *basic;
	OCSP_REQUEST *req;
	struct reply *reply;
	unsigned char *der;
	const unsigned char *p;
	size_t i;
	int n;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		n = pki_request(
		    r->pki.ca, rig_good, 2, EVP_sha1(), sizes[i], &der);
		p = der;
		req = d2i_OCSP_REQUEST(NULL, &p, n);
		reply = responder_answer(&r->responder, der, (size_t)n, r->now);
		basic =
		    pki_verify(reply->data, reply->len, r->pki.ca, r->pki.root);
		assert_int_equal(OCSP_check_nonce(req, basic), 1);
		/* Authoritative, and of use once. */
		assert_true(reply->store && reply->once);
		OCSP_BASICRESP_free(basic);
		OCSP_REQUEST_free(req);
		OPENSSL_free(der);
		reply_free(reply);
	}
	assert_int_equal(cache_count(r->cache), 0);
	r->set.delegates[0].policy.nonce = POLICY_NONCE_IGNORE;
	reply = ask_nonce(r, r->pki.ca, rig_good, 2, EVP_sha1(), 16);
	basic = pki_verify(reply->data, reply->len, r->pki.ca, r->pki.root);
	assert_int_equal(
	    OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1),
	    -1);
	assert_int_equal(reply->store, 1);
	OCSP_BASICRESP_free(basic);
	reply_free(reply);
}

static void
test_several(void **state)
{
	struct rig *r = *state;
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	OCSP_BASICRESP *basic;
	struct reply *reply;
	int n;

	OCSP_request_add0_id(
	    req, pki_certid(r->pki.ca, rig_good, 2, EVP_sha1()));
	OCSP_request_add0_id(
	    req, pki_certid(r->pki.ca, rig_revoked, 2, EVP_sha256()));
	n = i2d_OCSP_REQUEST(req, &der);
	reply = responder_answer(&r->responder, der, (size_t)n, r->now);
	basic = pki_verify(reply->data, reply->len, r->pki.ca, r->pki.root);
	assert_int_equal(OCSP_resp_count(basic), 2);
	assert_int_equal(pki_status(basic, 0, NULL), V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(pki_status(basic, 1, NULL), V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reply->store, 1);
	reply_free(reply);
	OCSP_BASICRESP_free(basic);
	OPENSSL_free(der);
	/* One that was never issued makes the whole short-lived. */
	OCSP_request_add0_id(
	    req, pki_certid(r->pki.ca, rig_never, 2, EVP_sha1()));
	der = NULL;
	n = i2d_OCSP_REQUEST(req, &der);
	reply = responder_answer(&r->responder, der, (size_t)n, r->now);
	assert_int_equal(reply->store, 0);
	reply_free(reply);
	OPENSSL_free(der);
	/* Of two issuers: nobody can sign for both. */
	OCSP_request_add0_id(
	    req, pki_certid(r->pki.root, pki_ca_serial, 3, EVP_sha1()));
	der = NULL;
	n = i2d_OCSP_REQUEST(req, &der);
	expect_error(responder_answer(&r->responder, der, (size_t)n, r->now),
	    UNAUTHORIZED);
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
}

static void
test_cached(void **state)
{
	struct rig *r = *state;
	struct reply *first = ask(r, rig_good), *second = ask(r, rig_good);

	assert_ptr_equal(first, second);
	assert_int_equal(counters_get(&r->counters, COUNT_SIGNED), 1);
	assert_int_equal(counters_get(&r->counters, COUNT_CACHED), 1);
	reply_free(second);
	/* Past its refresh a new one is signed. */
	r->now += 2700;
	assert_true(status_heartbeat(r->writer, r->now));
	assert_true(follow_step(r->follow));
	second = ask(r, rig_good);
	assert_ptr_not_equal(first, second);
	assert_int_equal(second->expires, r->now + 3600);
	reply_free(first);
	reply_free(second);
}

static void
test_revoked_at_once(void **state)
{
	struct rig *r = *state;

	assert_int_equal(
	    status_of(r, ask(r, rig_good), NULL), V_OCSP_CERTSTATUS_GOOD);
	rig_put(r, RIG_CA, rig_good, 2, STATUS_REVOKED, 4);
	assert_true(follow_step(r->follow));
	assert_int_equal(
	    status_of(r, ask(r, rig_good), NULL), V_OCSP_CERTSTATUS_REVOKED);
}

/* thisUpdate is the heartbeat; past max_stale nothing new, and what is in
   memory until its nextUpdate. */
static void
test_stale(void **state)
{
	struct rig *r = *state;
	struct reply *reply;

	r->set.max_stale = 7200;
	reply_free(ask(r, rig_good));
	r->now += 7190;
	reply = ask(r, rig_revoked);
	assert_int_equal(reply->modified, r->now - 7195);
	assert_int_equal(reply->expires, r->now + 3600);
	reply_free(reply);
	r->now += 10;
	expect_error(ask(r, rig_good), TRYLATER);
	expect_error(ask(r, rig_never), TRYLATER);
	/* In memory, fresh; then past its refresh; then over. */
	reply_free(ask(r, rig_revoked));
	r->now += 3000;
	assert_int_equal(
	    status_of(r, ask(r, rig_revoked), NULL), V_OCSP_CERTSTATUS_REVOKED);
	r->now += 600;
	expect_error(ask(r, rig_revoked), TRYLATER);
	/* The heart beats again. */
	assert_true(status_heartbeat(r->writer, r->now - 1));
	assert_true(follow_step(r->follow));
	reply = ask(r, rig_plain);
	assert_int_equal(reply->modified, r->now - 1);
	reply_free(reply);
}

static void
test_stopped(void **state)
{
	struct rig *r = *state;

	reply_free(ask(r, rig_good));
	assert_true(status_set_stopped(r->writer, "the clock stepped"));
	assert_true(follow_step(r->follow));
	expect_error(ask(r, rig_revoked), TRYLATER);
	assert_int_equal(
	    status_of(r, ask(r, rig_good), NULL), V_OCSP_CERTSTATUS_GOOD);
	assert_true(status_set_stopped(r->writer, ""));
	assert_true(follow_step(r->follow));
	assert_int_equal(
	    status_of(r, ask(r, rig_revoked), NULL), V_OCSP_CERTSTATUS_REVOKED);
}

static void
test_clock(void **state)
{
	struct rig *r = *state;
	struct reply *reply;

	/* A heartbeat a little ahead: thisUpdate is not in the future. */
	assert_true(status_heartbeat(r->writer, r->now + 200));
	assert_true(follow_step(r->follow));
	reply = ask(r, rig_good);
	assert_int_equal(reply->modified, r->now);
	reply_free(reply);
	assert_true(status_heartbeat(r->writer, r->now + 301));
	assert_true(follow_step(r->follow));
	expect_error(ask(r, rig_revoked), TRYLATER);
	assert_true(status_heartbeat(r->writer, 0));
	assert_true(follow_step(r->follow));
	expect_error(ask(r, rig_revoked), TRYLATER);
}

static void
test_delegate_ends(void **state)
{
	struct rig *r = *state;
	struct view *view = state_view(r->state);
	struct reply *reply;

	/* It ends before the answer would. */
	r->now += 86400 - 600;
	assert_true(status_heartbeat(r->writer, r->now));
	assert_true(follow_step(r->follow));
	reply = ask(r, rig_good);
	assert_true(reply->expires <= r->now + 601);
	assert_true(reply->refresh_at > r->now);
	assert_true(reply->refresh_at < reply->expires);
	reply_free(reply);
	r->now += 602;
	expect_error(ask(r, rig_good), TRYLATER);
	r->now -= 602;
	delegates_set(r->delegates, view_find_ident(view, "devices-g1"), NULL);
	expect_error(ask(r, rig_revoked), TRYLATER);
	reply_free(ask(r, rig_good));
	view_free(view);
}

/* No key: what is in memory, else tryLater. */
static void
test_token_gone(void **state)
{
	struct rig *r = *state;
	struct view *view = state_view(r->state);
	unsigned char *spki = NULL;
	const unsigned char *p;
	int n = i2d_PUBKEY(r->pki.ocsp_key, &spki);

	reply_free(ask(r, rig_good));
	p = spki;
	delegates_set(r->delegates, view_find_ident(view, "devices-g1"),
	    signer_new(d2i_PUBKEY(NULL, &p, n), r->pki.ocsp, r->pki.ca));
	expect_error(ask(r, rig_revoked), TRYLATER);
	r->now += 3000;
	assert_true(status_heartbeat(r->writer, r->now));
	assert_true(follow_step(r->follow));
	assert_int_equal(
	    status_of(r, ask(r, rig_good), NULL), V_OCSP_CERTSTATUS_GOOD);
	r->now += 600;
	expect_error(ask(r, rig_good), TRYLATER);
	OPENSSL_free(spki);
	view_free(view);
}

/* Before status.db was ever seen. */
static void
test_no_status(void **state)
{
	struct rig *r = *state;
	struct state *empty = state_new();

	r->responder.state = empty;
	expect_error(ask(r, rig_good), TRYLATER);
	state_free(empty);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_statuses),
	    T(test_hashes),
	    T(test_unknown),
	    T(test_refilled),
	    T(test_not_filled_yet),
	    T(test_refused),
	    T(test_nonce),
	    T(test_several),
	    T(test_cached),
	    T(test_revoked_at_once),
	    T(test_stale),
	    T(test_stopped),
	    T(test_clock),
	    T(test_delegate_ends),
	    T(test_token_gone),
	    T(test_no_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
