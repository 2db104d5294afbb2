#include "tests/unit/ocsp/asking.h"

/* What policy makes of an answer. */

static struct policy *
policy(struct rig *r)
{
	return &r->set.delegates[0].policy;
}

static OCSP_BASICRESP *
signed_one(struct rig *r, struct reply *reply)
{
	OCSP_BASICRESP *basic =
	    pki_verify(reply->data, reply->len, r->pki.ca, r->pki.root);

	reply_free(reply);
	return basic;
}

static struct reply *
ask_md(struct rig *r, const unsigned char *serial, const EVP_MD *md, int nonce)
{
	return ask_nonce(r, r->pki.ca, serial, 2, md, nonce);
}

static int
has_extended_revoke(OCSP_BASICRESP *basic)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.5.5.7.48.1.9", 1);
	int at = OCSP_BASICRESP_get_ext_by_OBJ(basic, oid, -1);
	X509_EXTENSION *ext;

	ASN1_OBJECT_free(oid);
	if (at < 0)
		return 0;
	ext = OCSP_BASICRESP_get_ext(basic, at);
	assert_int_equal(X509_EXTENSION_get_critical(ext), 0);
	assert_int_equal(ASN1_STRING_length(X509_EXTENSION_get_data(ext)), 2);
	assert_memory_equal(
	    ASN1_STRING_get0_data(X509_EXTENSION_get_data(ext)), "\5\0", 2);
	return 1;
}

static void
never_issued_unauthorized(void **state)
{
	struct rig *r = *state;

	policy(r)->not_issued = POLICY_UNAUTHORIZED;
	expect_error(ask(r, rig_never), UNAUTHORIZED);
	/* Others go on. */
	assert_int_equal(status_of(r, ask(r, rig_good), NULL),
	    V_OCSP_CERTSTATUS_GOOD);
}

static void
never_issued_revoked(void **state)
{
	struct rig *r = *state;
	ASN1_GENERALIZEDTIME *at;
	OCSP_BASICRESP *basic;
	struct reply *reply;
	int reason;

	policy(r)->not_issued = POLICY_REVOKED;
	reply = ask(r, rig_never);
	assert_int_equal(reply->store, 0);
	basic = signed_one(r, reply);
	assert_int_equal(pki_status(basic, 0, &reason),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, 6);
	OCSP_single_get0_status(
	    OCSP_resp_get0(basic, 0), NULL, &at, NULL, NULL);
	assert_int_equal(ASN1_STRING_length(at), 15);
	assert_memory_equal(
	    ASN1_STRING_get0_data(at), "19700101000000Z", 15);
	assert_true(has_extended_revoke(basic));
	OCSP_BASICRESP_free(basic);
	/* Made each time: never kept. */
	assert_int_equal(cache_count(r->cache), 0);
}

static void
unknown_has_no_extended_revoke(void **state)
{
	struct rig *r = *state;
	OCSP_BASICRESP *basic = signed_one(r, ask(r, rig_never));

	assert_int_equal(
	    pki_status(basic, 0, NULL), V_OCSP_CERTSTATUS_UNKNOWN);
	assert_false(has_extended_revoke(basic));
	OCSP_BASICRESP_free(basic);
}

/* ---- archiveCutoff ---- */

static time_t
cutoff_of(OCSP_BASICRESP *basic)
{
	ASN1_GENERALIZEDTIME *t;
	struct tm tm;
	int critical;

	t = OCSP_SINGLERESP_get1_ext_d2i(OCSP_resp_get0(basic, 0),
	    NID_id_pkix_OCSP_archiveCutoff, &critical, NULL);
	if (t == NULL)
		return 0;
	assert_int_equal(critical, 0);
	assert_int_equal(ASN1_TIME_to_tm(t, &tm), 1);
	ASN1_GENERALIZEDTIME_free(t);
	return timegm(&tm);
}

static void
archive_cutoff(void **state)
{
	static const unsigned char ended[] = {0x4a, 0x20},
				   older[] = {0x4a, 0x21};
	struct rig *r = *state;
	OCSP_BASICRESP *basic;
	time_t now = r->now;

	r->now -= 864000 + 100; /* rig_put: notAfter in 864000 s */
	rig_put(r, RIG_CA, ended, 2, STATUS_REVOKED, 4);
	r->now -= 3500;
	rig_put(r, RIG_CA, older, 2, STATUS_REVOKED, 4);
	r->now = now;
	rig_put(r, RIG_CA, rig_never, 2, STATUS_GOOD, -1); /* heartbeat */
	assert_true(follow_step(r->follow));

	/* Without the policy all are answered, and nothing is promised. */
	basic = signed_one(r, ask(r, older));
	assert_int_equal(cutoff_of(basic), 0);
	OCSP_BASICRESP_free(basic);

	cache_flush(r->cache);
	policy(r)->archive = 1000;
	basic = signed_one(r, ask(r, ended));
	assert_int_equal(pki_status(basic, 0, NULL),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(cutoff_of(basic), now - 1000);
	OCSP_BASICRESP_free(basic);
	expect_error(ask(r, older), UNAUTHORIZED);

	/* Never before the issuer's own notBefore. */
	cache_flush(r->cache);
	policy(r)->archive = 36500 * 86400L;
	basic = signed_one(r, ask(r, older));
	assert_in_range(cutoff_of(basic), now - 3610, now - 3590);
	OCSP_BASICRESP_free(basic);
}

/* ---- both hashes ---- */

static void
both_hashes(void **state)
{
	struct rig *r = *state;
	struct reply *one, *other;
	OCSP_BASICRESP *basic;

	policy(r)->both_hashes = 1400;
	one = ask_md(r, rig_revoked, EVP_sha256(), 0);
	other = ask_md(r, rig_revoked, EVP_sha1(), 0);
	assert_ptr_equal(one, other);
	assert_int_equal(counters_get(&r->counters, COUNT_SIGNED), 1);
	reply_free(other);
	basic = signed_one(r, one);
	assert_int_equal(OCSP_resp_count(basic), 2);
	assert_int_equal(pki_status(basic, 0, NULL),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(pki_status(basic, 1, NULL),
	    V_OCSP_CERTSTATUS_REVOKED);
	OCSP_BASICRESP_free(basic);

	/* A change drops it for both. */
	rig_put(r, RIG_CA, rig_revoked, 2, STATUS_GOOD, -1);
	assert_true(follow_step(r->follow));
	assert_int_equal(
	    status_of(r, ask_md(r, rig_revoked, EVP_sha1(), 0), NULL),
	    V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(
	    status_of(r, ask_md(r, rig_revoked, EVP_sha256(), 0), NULL),
	    V_OCSP_CERTSTATUS_GOOD);
}

static void
one_hash_where_size_forbids(void **state)
{
	struct rig *r = *state;
	OCSP_BASICRESP *basic;

	policy(r)->both_hashes = 400; /* the delegate alone takes more */
	basic = signed_one(r, ask(r, rig_good));
	assert_int_equal(OCSP_resp_count(basic), 1);
	OCSP_BASICRESP_free(basic);
	policy(r)->both_hashes = 1400;
	basic = signed_one(r, ask_md(r, rig_good, EVP_sha384(), 0));
	assert_int_equal(OCSP_resp_count(basic), 1);
	OCSP_BASICRESP_free(basic);
	basic = signed_one(r, ask_md(r, rig_held, EVP_sha1(), 32));
	assert_int_equal(OCSP_resp_count(basic), 1);
	OCSP_BASICRESP_free(basic);
}

/* ---- nonces and the budget ---- */

static int
has_nonce(struct rig *r, struct reply *reply)
{
	OCSP_BASICRESP *basic = signed_one(r, reply);
	int at = OCSP_BASICRESP_get_ext_by_NID(
	    basic, NID_id_pkix_OCSP_Nonce, -1);

	OCSP_BASICRESP_free(basic);
	return at >= 0;
}

static void
nonce_required(void **state)
{
	struct rig *r = *state;

	policy(r)->nonce = POLICY_NONCE_REQUIRE;
	policy(r)->sign_budget = 1;
	expect_error(ask(r, rig_good), MALFORMED);
	assert_true(has_nonce(r, ask_md(r, rig_good, EVP_sha1(), 16)));
	/* Without it is no answer here, so that one must wait. */
	expect_error(ask_md(r, rig_good, EVP_sha1(), 16), TRYLATER);
	r->now++;
	assert_true(has_nonce(r, ask_md(r, rig_good, EVP_sha1(), 128)));
}

static void
nonce_beyond_budget(void **state)
{
	struct rig *r = *state;
	int i;

	policy(r)->sign_budget = 2;
	for (i = 0; i < 2; i++)
		assert_true(has_nonce(r, ask_md(r, rig_good, EVP_sha1(), 32)));
	/* The prepared answer: signed once, then from memory. */
	for (i = 0; i < 3; i++)
		assert_false(has_nonce(r, ask_md(r, rig_good, EVP_sha1(), 32)));
	assert_int_equal(counters_get(&r->counters, COUNT_SIGNED), 3);
	assert_int_equal(counters_get(&r->counters, COUNT_OVER_BUDGET), 3);
	r->now++;
	assert_true(has_nonce(r, ask_md(r, rig_good, EVP_sha1(), 32)));
}

static void
unknown_beyond_budget(void **state)
{
	struct rig *r = *state;

	policy(r)->sign_budget = 1;
	assert_int_equal(status_of(r, ask(r, rig_never), NULL),
	    V_OCSP_CERTSTATUS_UNKNOWN);
	expect_error(ask(r, rig_never), TRYLATER);
	expect_error(ask_md(r, rig_never, EVP_sha1(), 32), TRYLATER);
	/* What exists is not held up. */
	assert_int_equal(status_of(r, ask(r, rig_good), NULL),
	    V_OCSP_CERTSTATUS_GOOD);
	r->now++;
	assert_int_equal(status_of(r, ask(r, rig_never), NULL),
	    V_OCSP_CERTSTATUS_UNKNOWN);
}

static struct reply *
ask_parameters(struct rig *r, int type, const char *text)
{
	OCSP_CERTID *id = pki_with_parameters(
	    pki_certid(r->pki.ca, rig_good, 2, EVP_sha1()), type, text);
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	struct reply *reply;
	int len;

	assert_non_null(OCSP_request_add0_id(req, id));
	len = i2d_OCSP_REQUEST(req, &der);
	reply = responder_answer(&r->responder, der, (size_t)len, r->now);
	assert_non_null(reply);
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
	return reply;
}

/* One certificate has no other CertIDs than clients have for it: each is a
   signature that no budget counts, and is kept. */
static void
parameters_of_ones_choice(void **state)
{
	struct rig *r = *state;

	policy(r)->sign_budget = 1;
	expect_error(ask_parameters(r, V_ASN1_OCTET_STRING, "a"), UNAUTHORIZED);
	expect_error(ask_parameters(r, V_ASN1_OCTET_STRING, "b"), UNAUTHORIZED);
	assert_int_equal(cache_count(r->cache), 0);
	assert_int_equal(counters_get(&r->counters, COUNT_SIGNED), 0);
	assert_int_equal(
	    status_of(r, ask_parameters(r, V_ASN1_NULL, NULL), NULL),
	    V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(
	    status_of(r, ask_parameters(r, V_ASN1_UNDEF, NULL), NULL),
	    V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(cache_count(r->cache), 2);
}

/* ---- many at once ---- */

static struct reply *
ask_many(struct rig *r, int n)
{
	static const unsigned char *const serials[] = {
	    rig_good, rig_revoked, rig_held};
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	struct reply *reply;
	int i, len;

	for (i = 0; i < n; i++)
		assert_non_null(OCSP_request_add0_id(req,
		    pki_certid(r->pki.ca, serials[i % 3], 2, EVP_sha256())));
	len = i2d_OCSP_REQUEST(req, &der);
	reply = responder_answer(&r->responder, der, (size_t)len, r->now);
	assert_non_null(reply);
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
	return reply;
}

static void
hundred_certids(void **state)
{
	static const int want[] = {V_OCSP_CERTSTATUS_GOOD,
	    V_OCSP_CERTSTATUS_REVOKED, V_OCSP_CERTSTATUS_REVOKED};
	struct rig *r = *state;
	OCSP_BASICRESP *basic;
	int i;

	policy(r)->sign_budget = 1;
	basic = signed_one(r, ask_many(r, 100));
	assert_int_equal(OCSP_resp_count(basic), 100);
	for (i = 0; i < 100; i++)
		assert_int_equal(pki_status(basic, i, NULL), want[i % 3]);
	OCSP_BASICRESP_free(basic);
	expect_error(ask_many(r, 101), MALFORMED);
	/* Each combination is a signature of its own: the budget's. */
	expect_error(ask_many(r, 99), TRYLATER);
	r->now++;
	r->set.max_certids = 5;
	expect_error(ask_many(r, 6), MALFORMED);
	basic = signed_one(r, ask_many(r, 5));
	assert_int_equal(OCSP_resp_count(basic), 5);
	OCSP_BASICRESP_free(basic);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		never_issued_unauthorized, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		never_issued_revoked, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		unknown_has_no_extended_revoke, setup, teardown),
	    cmocka_unit_test_setup_teardown(archive_cutoff, setup, teardown),
	    cmocka_unit_test_setup_teardown(both_hashes, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		one_hash_where_size_forbids, setup, teardown),
	    cmocka_unit_test_setup_teardown(nonce_required, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		nonce_beyond_budget, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		unknown_beyond_budget, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		parameters_of_ones_choice, setup, teardown),
	    cmocka_unit_test_setup_teardown(hundred_certids, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
