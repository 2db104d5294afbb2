#include "tests/unit/ca/engine/world.h"

/* explain: the same code, and nothing is issued or used up. */

struct asked {
	EVP_PKEY *key;
	unsigned char *csr;
	int len;
};

static void
asked_make(struct asked *q, const char *cn)
{
	q->key = world_key();
	q->len = world_csr(q->key, cn, &q->csr);
}

static void
asked_free(struct asked *q)
{
	EVP_PKEY_free(q->key);
	OPENSSL_free(q->csr);
}

static const WIRE_FIELDS *
stage(WIRE_ANSWER *a, const char *name)
{
	size_t i;

	for (i = 0; i < message_n_rows(a); i++)
		if (strcmp(field_text(message_row(a, i), "stage", ""), name) ==
		    0)
			return message_row(a, i);
	fail_msg("no stage %s", name);
	return NULL;
}

static const char *
verdict(WIRE_ANSWER *a, const char *name)
{
	return field_text(stage(a, name), "verdict", "");
}

static int64_t
certs(struct world *w)
{
	WIRE_ANSWER *a = world_admin(w, "cert.list", "i", "limit", 1000);
	int64_t n = (int64_t)message_n_rows(a);

	WIRE_ANSWER_free(a);
	return n;
}

static void
by_profile(void **state)
{
	struct world *w = *state;
	struct asked q;
	WIRE_ANSWER *a;
	int64_t before = certs(w);

	asked_make(&q, "explained");
	a = world_admin(w, "explain", "tb", "profile", "device-ldevid", "csr",
	    q.csr, q.len);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "verdict", ""), "issue");
	assert_string_equal(
	    field_text(a->values, "subject", ""), "CN=explained");
	assert_string_equal(field_text(a->values, "issuer", ""), "devices-g1");
	assert_in_range(field_time(a->values, "not_after", 0),
	    w->now + 89 * 86400, w->now + 90 * 86400);
	assert_string_equal(verdict(a, "build"), "pass");
	assert_string_equal(verdict(a, "possess"), "pass");
	WIRE_ANSWER_free(a);
	a = world_admin(w, "explain", "tb", "profile", "ocsp-responder", "csr",
	    q.csr, q.len);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "verdict", ""), "refuse");
	WIRE_ANSWER_free(a);
	assert_int_equal(certs(w), before);
	asked_free(&q);
}

static void
by_fleet(void **state)
{
	struct world *w = *state;
	struct asked q;
	WIRE_ANSWER *a;
	int64_t before = certs(w);
	size_t refusals = world_log(w, "refusal", "");

	asked_make(&q, "fleet-1");
	a = world_admin(
	    w, "explain", "tb", "fleet", "devices", "csr", q.csr, q.len);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "verdict", ""), "issue");
	assert_string_equal(field_text(a->values, "subject", ""), "CN=fleet-1");
	WIRE_ANSWER_free(a);
	world_done(world_admin(
	    w, "device.add", "tt", "fleet", "devices", "name", "fleet-1"));
	world_done(world_admin(w, "device.disable", "t", "name", "fleet-1"));
	a = world_admin(
	    w, "explain", "tb", "fleet", "devices", "csr", q.csr, q.len);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "verdict", ""), "refuse");
	assert_string_equal(verdict(a, "authorize"), "refuse");
	assert_string_equal(
	    field_text(stage(a, "authorize"), "rule", ""), "device.disabled");
	assert_string_equal(verdict(a, "possess"), "pass");
	WIRE_ANSWER_free(a);
	assert_int_equal(certs(w), before);
	assert_int_equal(world_log(w, "refusal", ""), refusals);
	asked_free(&q);
}

/* As the issuing itself would refuse it. */
static void
by_a_disabled_ca(void **state)
{
	struct world *w = *state;
	struct asked q;
	WIRE_ANSWER *a;

	asked_make(&q, "explained");
	world_done(world_admin(w, "ca.disable", "t", "name", "devices"));
	a = world_admin(w, "explain", "tb", "profile", "device-ldevid", "csr",
	    q.csr, q.len);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "verdict", ""), "refuse");
	assert_string_equal(
	    field_text(stage(a, "build"), "rule", ""), "issuer.disabled");
	WIRE_ANSWER_free(a);
	world_done(world_admin(w, "ca.enable", "t", "name", "devices"));
	asked_free(&q);
}

static void
a_bad_csr(void **state)
{
	struct world *w = *state;
	struct asked q;
	WIRE_ANSWER *a;

	asked_make(&q, "bad");
	q.csr[q.len - 1] ^= 1;
	a = world_admin(w, "explain", "tb", "profile", "device-ldevid", "csr",
	    q.csr, q.len);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "verdict", ""), "refuse");
	assert_string_equal(verdict(a, "possess"), "refuse");
	assert_string_equal(
	    field_text(stage(a, "possess"), "rule", ""), "csr.signature");
	WIRE_ANSWER_free(a);
	asked_free(&q);
}

static void
wrong_questions(void **state)
{
	struct world *w = *state;
	struct asked q;

	asked_make(&q, "q");
	world_refused(world_admin(w, "explain", "b", "csr", q.csr, q.len),
	    WIRE_BADREQUEST, "one of them");
	world_refused(world_admin(w, "explain", "ttb", "fleet", "devices",
			  "profile", "device-ldevid", "csr", q.csr, q.len),
	    WIRE_BADREQUEST, "one of them");
	world_refused(world_admin(w, "explain", "tb", "fleet", "none", "csr",
			  q.csr, q.len),
	    WIRE_NOTFOUND, "no fleet");
	world_refused(
	    world_admin(w, "explain", "t", "profile", "device-ldevid"),
	    WIRE_BADREQUEST, "missing");
	asked_free(&q);
}

/* The device has a live certificate: the answer a renewal would get. */
static void
a_renewal(void **state)
{
	struct world *w = *state;
	struct asked q, next;
	const unsigned char *der;
	WIRE_ANSWER *a, *b;
	size_t len;

	asked_make(&q, "again");
	world_done(world_admin(
	    w, "device.add", "tt", "fleet", "devices", "name", "again"));
	a = world_admin(w, "issue", "tbtt", "profile", "device-ldevid", "csr",
	    q.csr, q.len, "fleet", "devices", "device", "again");
	world_is(a, WIRE_OK);
	der = field_bytes(a->values, "cert", &len);
	asked_make(&next, "other");
	b = world_admin(w, "explain", "tbbf", "fleet", "devices", "csr",
	    next.csr, next.len, "chain", der, (int)len, "renew", 1);
	world_is(b, WIRE_OK);
	assert_string_equal(field_text(b->values, "verdict", ""), "refuse");
	WIRE_ANSWER_free(b);
	asked_free(&next);
	asked_make(&next, "again");
	b = world_admin(w, "explain", "tbbf", "fleet", "devices", "csr",
	    next.csr, next.len, "chain", der, (int)len, "renew", 1);
	world_is(b, WIRE_OK);
	assert_string_equal(field_text(b->values, "verdict", ""), "issue");
	WIRE_ANSWER_free(b);
	/* And it is still to be had. */
	world_done(world_ask(w, OPS_RA, "enroll", "tfbb", "label", "devices",
	    "renew", 1, "csr", next.csr, next.len, "chain", der, (int)len));
	asked_free(&next);
	WIRE_ANSWER_free(a);
	asked_free(&q);
}

/* As a captured request names it: by its label, and as serverkeygen. */
static void
by_label(void **state)
{
	struct world *w = *state;
	struct asked q;
	WIRE_ANSWER *a;

	asked_make(&q, "by-label");
	a = world_admin(w, "explain", "tb", "label", "", "csr", q.csr, q.len);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "verdict", ""), "issue");
	WIRE_ANSWER_free(a);
	a = world_admin(w, "explain", "tbf", "label", "", "csr", q.csr, q.len,
	    "keygen", 1);
	world_is(a, WIRE_OK);
	assert_string_equal(verdict(a, "possess"), "refuse");
	assert_string_equal(
	    field_text(stage(a, "possess"), "rule", ""), "keygen.off");
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "explain", "tb", "label", "nowhere",
	    "csr", q.csr, q.len), WIRE_NOTFOUND, "label");
	world_refused(world_admin(w, "explain", "ttb", "label", "", "fleet",
	    "devices", "csr", q.csr, q.len), WIRE_BADREQUEST, "one of them");
	asked_free(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_profile),
	    cmocka_unit_test(by_fleet),
	    cmocka_unit_test(by_a_disabled_ca),
	    cmocka_unit_test(a_bad_csr),
	    cmocka_unit_test(wrong_questions),
	    cmocka_unit_test(a_renewal),
	    cmocka_unit_test(by_label),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
