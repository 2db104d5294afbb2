#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/bundle.h"

/* The attestation attribute, read strictly. */

#define OID_CERTIFY "\x06\x05\x67\x81\x05\x14\x01"
#define STMT OID_CERTIFY "\x30\x03\x02\x01\x05"
#define OID_ATTR "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x3b"

static struct attest_octets
lit(const char *p, size_t len)
{
	return octets_of(p, len);
}
#define LIT(s) lit(s, sizeof(s) - 1)

static struct attest_octets
all(const struct der_out *o)
{
	return octets_of(o->p, o->len);
}

/* SEQUENCE { SEQUENCE OF statements, certs }: both given as their contents. */
static struct der_out
bundle(struct attest_octets statements, struct attest_octets certs)
{
	struct der_out body = tlv(0x30, statements);

	if (certs.p)
		append(&body, 0x30, certs);
	return tlv(0x30, all(&body));
}

static struct der_out
attribute(struct attest_octets values)
{
	struct der_out body = { { 0 }, 0 };

	memcpy(body.p, OID_ATTR, sizeof(OID_ATTR) - 1);
	body.len = sizeof(OID_ATTR) - 1;
	append(&body, 0x31, values);
	return tlv(0x30, all(&body));
}

static void
refused(struct attest_octets der, const char *rule)
{
	assert_null(bundle_parse(der.p, der.len, 0));
	assert_rule(rule);
}

static struct der_out
a_cert(void)
{
	struct maker m = new_maker("A");
	struct der_out out = { { 0 }, 0 };
	unsigned char *p = out.p;

	out.len = (size_t)i2d_X509(m.root, &p);
	free_maker(&m);
	return out;
}

static void
good(void **state)
{
	struct der_out one = tlv(0x30, LIT(STMT)), cert = a_cert(), b, a;
	struct attest_statement s;
	struct bundle *got;

	(void)state;
	b = bundle(all(&one), all(&cert));
	a = attribute(all(&b));
	got = bundle_parse(a.p, a.len, 0);
	assert_non_null(got);
	assert_int_equal(bundle_count(got), 1);
	assert_string_equal(bundle_type(got, 0), ATTEST_OID_TPM_CERTIFY);
	bundle_statement(got, 0, NULL, &s);
	assert_int_equal(s.kind, ATTEST_KIND_TPM_CERTIFY);
	assert_true(octets_equal(s.stmt,
	    (const unsigned char *)"\x30\x03\x02\x01\x05", 5));
	assert_int_equal(sk_X509_num(bundle_certs(got)), 1);
	bundle_free(got);
	got = bundle_parse(b.p, b.len, 0); /* the bundle alone */
	assert_non_null(got);
	bundle_free(got);
	b = bundle(all(&one), octets_of(NULL, 0));
	got = bundle_parse(b.p, b.len, 0);
	assert_int_equal(sk_X509_num(bundle_certs(got)), 0);
	bundle_free(got);
}

static void
trailing(void **state)
{
	struct der_out one = tlv(0x30, LIT(STMT)), b, a;
	size_t i;

	(void)state;
	b = bundle(all(&one), octets_of(NULL, 0));
	a = attribute(all(&b));
	a.p[a.len] = 0;
	for (i = 0; i <= a.len + 1; i++)
		if (i != a.len)
			refused(octets_of(a.p, i), "attest.bundle.der");
	refused(octets_of(a.p, BUNDLE_MAX + 1), "attest.bundle.der");
}

static void
once(void **state)
{
	struct der_out one = tlv(0x30, LIT(STMT)), b, two, a;

	(void)state;
	b = bundle(all(&one), octets_of(NULL, 0));
	two = b;
	memcpy(two.p + b.len, b.p, b.len);
	two.len *= 2;
	a = attribute(all(&two));
	refused(all(&a), "attest.bundle.once");
	a = attribute(octets_of(NULL, 0));
	refused(all(&a), "attest.bundle.once");
}

static void
statements(void **state)
{
	struct der_out one = tlv(0x30, LIT(STMT)), many = { { 0 }, 0 }, b;
	struct bundle *got;
	int i;

	(void)state;
	b = bundle(octets_of(NULL, 0), octets_of(NULL, 0));
	refused(all(&b), "attest.bundle.statements");
	for (i = 0; i <= BUNDLE_STATEMENTS_MAX; i++) {
		memcpy(many.p + many.len, one.p, one.len);
		many.len += one.len;
	}
	b = bundle(all(&many), octets_of(NULL, 0));
	refused(all(&b), "attest.bundle.statements");
	one = tlv(0x30, LIT(OID_CERTIFY)); /* no content */
	b = bundle(all(&one), octets_of(NULL, 0));
	refused(all(&b), "attest.bundle.der");
	/* Three elements, as in old drafts. */
	one = tlv(0x30, LIT(STMT "\x16\x01h"));
	b = bundle(all(&one), octets_of(NULL, 0));
	refused(all(&b), "attest.bundle.statement");
	got = bundle_parse(b.p, b.len, ATTEST_QUIRK_STMT_HINT);
	assert_non_null(got);
	bundle_free(got);
}

static void
certs(void **state)
{
	static const char *const tags[] = { "\xa0\x03\x02\x01\x05",
		"\xa1\x03\x02\x01\x05", "\xa2\x03\x02\x01\x05",
		"\x30\x03\x02\x01\x05", "\x02\x01\x05" };
	struct der_out one = tlv(0x30, LIT(STMT)), b;
	struct bundle *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		b = bundle(all(&one), text_of(tags[i]));
		refused(all(&b), "attest.bundle.certs");
	}
	b = bundle(all(&one), LIT("")); /* there, and empty */
	refused(all(&b), "attest.bundle.certs");
	b = bundle(all(&one), LIT("\xa3\x07\x06\x02\x2a\x03\x02\x01\x05"));
	got = bundle_parse(b.p, b.len, 0);
	assert_non_null(got);
	assert_int_equal(sk_X509_num(bundle_certs(got)), 0);
	bundle_free(got);
}

/* A length that DER writes in one octet, written in two. */
static void
not_der(void **state)
{
	static const char ber[] = "\x30\x81\x10\x30\x81\x0d\x30\x0c" STMT;

	(void)state;
	refused(lit(ber, sizeof(ber) - 1), "attest.bundle.der");
}

/* ---- In a request ---- */

static struct der_out
request(const struct der_out *attribute_der, int n)
{
	EVP_PKEY *key = new_key("P-256");
	X509_REQ *req = X509_REQ_new();
	struct der_out out = { { 0 }, 0 };
	unsigned char *p = out.p;
	int i;

	X509_REQ_set_pubkey(req, key);
	X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword,
	    MBSTRING_UTF8, (const unsigned char *)"x", 1);
	for (i = 0; i < n; i++) {
		const unsigned char *q = attribute_der->p;
		X509_ATTRIBUTE *a = d2i_X509_ATTRIBUTE(
		    NULL, &q, (long)attribute_der->len);

		assert_true(X509_REQ_add1_attr(req, a) || i > 0);
		X509_ATTRIBUTE_free(a);
	}
	assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
	out.len = (size_t)i2d_X509_REQ(req, &p);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return out;
}

static void
find(void **state)
{
	struct der_out one = tlv(0x30, LIT(STMT)), b, a, csr;
	struct attest_octets got;

	(void)state;
	b = bundle(all(&one), octets_of(NULL, 0));
	a = attribute(all(&b));
	csr = request(&a, 0);
	assert_int_equal(bundle_find(csr.p, csr.len, &got), 0);
	csr = request(&a, 1);
	assert_int_equal(bundle_find(csr.p, csr.len, &got), 1);
	assert_true(octets_equal(got, a.p, a.len));
	assert_int_equal(bundle_find(csr.p, csr.len - 1, &got), -1);
	assert_rule("attest.bundle.request");
}

/* Two attributes: OpenSSL will not write them, so they are written by hand. */
static void
twice(void **state)
{
	struct der_out one = tlv(0x30, LIT(STMT)), b, a, info = { { 0 }, 0 }, csr;
	struct attest_octets got;

	(void)state;
	b = bundle(all(&one), octets_of(NULL, 0));
	a = attribute(all(&b));
	memcpy(a.p + a.len, a.p, a.len);
	append(&info, 0x02, LIT("\0"));
	append(&info, 0x30, octets_of(NULL, 0));
	append(&info, 0x30, octets_of(NULL, 0));
	append(&info, 0xa0, octets_of(a.p, 2 * a.len));
	csr = tlv(0x30, all(&info));
	csr = tlv(0x30, all(&csr));
	assert_int_equal(bundle_find(csr.p, csr.len, &got), -1);
	assert_rule("attest.bundle.once");
}

/* What no statement says of the key does not pass. */
static void
no_key(void **state)
{
	struct attest_policy policy = { .formats = ~0U };
	struct attest_input in = { .policy = &policy };
	struct attest_facts *facts = attest_facts_new();
	struct der_out one = tlv(0x30, LIT("\x06\x02\x2a\x03\x05\x00")), b;
	struct bundle *got;

	(void)state;
	b = bundle(all(&one), octets_of(NULL, 0));
	got = bundle_parse(b.p, b.len, 0);
	assert_false(bundle_appraise(got, &in, facts));
	assert_rule("attest.type");
	bundle_free(got);
	attest_facts_free(facts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(trailing),
		cmocka_unit_test(once), cmocka_unit_test(statements),
		cmocka_unit_test(certs), cmocka_unit_test(not_der),
		cmocka_unit_test(find), cmocka_unit_test(twice),
		cmocka_unit_test(no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
