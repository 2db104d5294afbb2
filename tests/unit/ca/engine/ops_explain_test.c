#include "ca/engine/attest_evidence.h"
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

/* What is built is judged, too, as before each signature. */
static void
by_a_judge(void **state)
{
	struct world *w = *state;
	struct asked q;
	WIRE_ANSWER *a;

	asked_make(&q, "dice-1");
	world_done(world_admin(w, "device.add", "tttt", "fleet", "devices",
	    "name", "dice-1", "set", "svn=7", "set", "ueid=01020304050607"));
	a = world_admin(w, "explain", "tbt", "profile", "dice-alias", "csr",
	    q.csr, q.len, "device", "dice-1");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "verdict", ""), "issue");
	WIRE_ANSWER_free(a);
	/* Well-formed, but by TCG it has 7 octets or more. */
	world_done(world_admin(w, "device.set", "ttt", "fleet", "devices",
	    "name", "dice-1", "set", "ueid=0102030405"));
	a = world_admin(w, "explain", "tbt", "profile", "dice-alias", "csr",
	    q.csr, q.len, "device", "dice-1");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "verdict", ""), "refuse");
	assert_string_equal(
	    field_text(stage(a, "conform"), "rule", ""), "lint.dice.ueid");
	WIRE_ANSWER_free(a);
	asked_free(&q);
}

/* The address in the certificate is that of the shard's CRL. */
static void
by_a_shard(void **state)
{
	struct world *w = *state;
	struct asked q;
	WIRE_ANSWER *a;

	asked_make(&q, "sharded");
	a = world_admin(
	    w, "explain", "tb", "profile", "tight", "csr", q.csr, q.len);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "verdict", ""), "refuse");
	assert_string_equal(
	    field_text(stage(a, "build"), "rule", ""), "size.budget");
	WIRE_ANSWER_free(a);
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

/* A request with evidence, which says nothing here. */
static void
asked_with_evidence(struct asked *q, const char *cn)
{
	static const unsigned char none[] = {0x30, 0x00};
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();

	q->key = world_key();
	q->csr = NULL;
	assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0));
	assert_true(X509_REQ_set_subject_name(req, name));
	assert_true(X509_REQ_set_pubkey(req, q->key));
	assert_true(X509_REQ_add1_attr_by_txt(
	    req, EVIDENCE_OID, V_ASN1_SEQUENCE, none, sizeof(none)));
	assert_true(X509_REQ_sign(req, q->key, EVP_sha256()) > 0);
	q->len = i2d_X509_REQ(req, &q->csr);
	assert_true(q->len > 0);
	X509_NAME_free(name);
	X509_REQ_free(req);
}

static WIRE_ANSWER *
explain(struct world *w, const char *fleet, const struct asked *q)
{
	WIRE_ANSWER *a = world_admin(
	    w, "explain", "tb", "fleet", fleet, "csr", q->csr, q->len);

	world_is(a, WIRE_OK);
	assert_string_equal(verdict(a, "attest"), "pass");
	return a;
}

/* What only evidence tells is neither there nor a reason to refuse. */
static void
by_evidence(void **state)
{
	struct world *w = *state;
	struct asked q;
	WIRE_ANSWER *a;

	asked_with_evidence(&q, "tpm-1");
	a = explain(w, "ak", &q);
	assert_string_equal(field_text(a->values, "verdict", ""), "unknown");
	assert_string_equal(verdict(a, "build"), "unknown");
	assert_string_equal(
	    field_text(stage(a, "build"), "rule", ""), "san.permanent-id");
	WIRE_ANSWER_free(a);
	/* A profile that takes no facts can be judged as a whole. */
	a = explain(w, "lak", &q);
	assert_string_equal(field_text(a->values, "verdict", ""), "issue");
	WIRE_ANSWER_free(a);
	asked_free(&q);
}

#define EVIDENCE(name, profile)                                                \
	"name = \"" name "\"; label = \"" name "\"; profile = \"" profile      \
	"\"; authenticate: { basic = true; }; registration = "                 \
	"\"just-in-time\"; names = [ \"*\" ]; re_enrol = \"allow\"; "          \
	"attest: { formats = [ \"tpm\" ]; own_keys = [ \"tpm-lak\" ]; "        \
	"facts = [ \"tpm.ek.certificate\" ]; };\n"

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_prepare(w);
	world_write(w, "fleets/ak.conf", EVIDENCE("ak", "tpm-ak"));
	world_write(w, "fleets/lak.conf", EVIDENCE("lak", "device-ldevid"));
	/* Room for the address of a CA's one CRL, and for that of no shard. */
	world_sh("cd %s && sed -i 's/{ name = \"devices\";/& crl_shards = 2;/' "
	    "ceremony.conf && sed 's/^name = .*/name = \"tight\"; "
	    "max_crl_url_bytes = 40;/' profiles/device-ldevid.conf "
	    ">profiles/tight.conf", w->dir);
	if (!world_ceremony(w))
		report_fatal("ceremony");
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	*state = w;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_profile),
	    cmocka_unit_test(by_fleet),
	    cmocka_unit_test(by_a_judge),
	    cmocka_unit_test(by_a_shard),
	    cmocka_unit_test(by_evidence),
	    cmocka_unit_test(by_a_disabled_ca),
	    cmocka_unit_test(a_bad_csr),
	    cmocka_unit_test(wrong_questions),
	    cmocka_unit_test(a_renewal),
	    cmocka_unit_test(by_label),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
