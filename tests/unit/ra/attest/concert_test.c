#include "tests/unit/ra/attest/eat_rig.h"
#include "tests/unit/ra/attest/soft_tpm.h"
#include "ra/attest/bundle.h"

/* Several statements in one bundle: they must speak of one key and of one TPM.
   Those of TPMs are by swtpm (tests/golden/attest). */

#define ARC "1.2.3"
#define OID_CERTIFY "\x06\x05\x67\x81\x05\x14\x01"
#define OID_QUOTE "\x06\x03\x2a\x03\x04" /* ARC.4 */
#define OID_CWT "\x06\x03\x2a\x03\x07"   /* ARC.7 */

static struct attest_octets
line(const char *ak, const char *what)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", ak, what);
	return golden("tpm.txt", name);
}

static void
add(struct der_out *list, const char *oid, size_t oid_len,
    const struct der_out *stmt)
{
	struct der_out one = { { 0 }, 0 };

	memcpy(one.p, oid, oid_len);
	memcpy(one.p + oid_len, stmt->p, stmt->len);
	one.len = oid_len + stmt->len;
	append(list, 0x30, octets_of(one.p, one.len));
}

static void
add_certify(struct der_out *list, const char *ak, const char *key)
{
	char pub[32], att[32], sig[32];
	struct der_out stmt;

	snprintf(pub, sizeof(pub), "%s.pub", key);
	snprintf(att, sizeof(att), "%s.certify", key);
	snprintf(sig, sizeof(sig), "%s.certify-sig", key);
	stmt = soft_stmt(line(ak, att), line(ak, sig), line(ak, pub),
	    octets_of(NULL, 0));
	add(list, OID_CERTIFY, sizeof(OID_CERTIFY) - 1, &stmt);
}

static void
add_quote(struct der_out *list, const char *ak)
{
	struct der_out stmt = soft_stmt(line(ak, "quote"), line(ak, "quote-sig"),
	    octets_of(NULL, 0), octets_of(NULL, 0));

	add(list, OID_QUOTE, sizeof(OID_QUOTE) - 1, &stmt);
}

static void
add_ak_cert(struct der_out *list, const struct maker *m, const char *ak)
{
	struct ext usage = eku("2.23.133.8.3");
	struct tpm_public pub;
	unsigned char *der = NULL;
	X509 *cert;
	int len;

	assert_true(tpm_public_read("t", "ak", line(ak, "pub"), 0, &pub));
	cert = leaf(m, ak, pub.key, &usage, 1);
	len = i2d_X509(cert, &der);
	assert_true(len > 0 && list->len + (size_t)len < sizeof(list->p));
	memcpy(list->p + list->len, der, (size_t)len);
	list->len += (size_t)len;
	OPENSSL_free(der);
	X509_free(cert);
	tpm_public_clear(&pub);
}

/* The state that the quotes are of. */
static void
good_state(struct attest_pcr pcr[3])
{
	static const unsigned index[] = { 0, 7, 16 };
	char name[32];
	size_t i;

	for (i = 0; i < 3; i++) {
		pcr[i].state = "s";
		pcr[i].bank = NID_sha256;
		pcr[i].index = index[i];
		snprintf(name, sizeof(name), "pcr.%u", index[i]);
		memcpy(pcr[i].digest, golden("tpm.txt", name).p, 32);
	}
}

/* ${m} NULL: ${ak} was activated; else it has certified that one and ak-p256.
   ${key} is the request's. */
static int
concert_by(const struct maker *m, const struct der_out *list, const char *ak,
    const char *key)
{
	struct attest_pcr pcr[3] = { { 0 } };
	struct attest_policy policy = { .formats = 1U << ATTEST_TPM,
		.arc = ARC, .tpm = { .pcrs = pcr, .n_pcrs = 3 } };
	struct attest_input in = { .policy = &policy, .now = NOW };
	struct attest_facts *facts = attest_facts_new();
	struct tpm_public a, k;
	struct der_out der = tlv(0x30, octets_of(list->p, list->len));
	struct der_out certs = { { 0 }, 0 };
	struct bundle *b;
	char name[32];
	int ok;

	if (m) {
		policy.tpm.ak.anchors = m->anchors;
		add_ak_cert(&certs, m, ak);
		add_ak_cert(&certs, m, "ak-p256");
		append(&der, 0x30, octets_of(certs.p, certs.len));
	}
	der = tlv(0x30, octets_of(der.p, der.len));
	good_state(pcr);
	in.nonce = golden("tpm.txt", "nonce");
	in.ak_public = line(ak, "pub");
	assert_true(tpm_public_read("t", "ak", in.ak_public, 0, &a));
	in.ak_name = octets_of(a.name, a.name_len);
	if (m)
		in.ak_public = in.ak_name = octets_of(NULL, 0);
	snprintf(name, sizeof(name), "%s.pub", key);
	assert_true(tpm_public_read("t", "key", line(ak, name), 0, &k));
	in.spki = spki_of(k.key);
	b = bundle_parse(der.p, der.len, 0);
	assert_non_null(b);
	ok = bundle_appraise(b, &in, facts);
	if (ok) {
		assert_string_equal(attest_facts_get(facts, "tpm.pcrs"), "s");
		assert_true(m || octets_equal(attest_facts_ak_name(facts),
		    a.name, a.name_len));
	}
	bundle_free(b);
	attest_facts_free(facts);
	tpm_public_clear(&a);
	tpm_public_clear(&k);
	return ok;
}

static int
concert(const struct der_out *list, const char *ak, const char *key)
{
	return concert_by(NULL, list, ak, key);
}

static void
key_and_state(void **state)
{
	struct der_out list = { { 0 }, 0 };

	(void)state;
	add_certify(&list, "ak-rsa", "p256");
	add_quote(&list, "ak-rsa");
	if (!concert(&list, "ak-rsa", "p256"))
		assert_rule("nothing");
}

/* The key is in this TPM, the good boot state is another's. */
static void
state_of_another(void **state)
{
	struct der_out list = { { 0 }, 0 };

	(void)state;
	add_certify(&list, "ak-rsa", "p256");
	add_quote(&list, "ak-p256");
	assert_false(concert(&list, "ak-rsa", "p256"));
	assert_rule("attest.tpm.signature");
}

/* The same, where both attestation keys have a certificate. */
static void
state_of_another_certified(void **state)
{
	struct der_out good = { { 0 }, 0 }, bad = { { 0 }, 0 };
	struct maker m = new_maker("Maker of AKs");

	(void)state;
	add_certify(&good, "ak-rsa", "p256");
	add_quote(&good, "ak-rsa");
	if (!concert_by(&m, &good, "ak-rsa", "p256"))
		assert_rule("nothing");
	add_certify(&bad, "ak-rsa", "p256");
	add_quote(&bad, "ak-p256");
	assert_false(concert_by(&m, &bad, "ak-rsa", "p256"));
	assert_rule("attest.facts.ak-name");
	free_maker(&m);
}

/* The request's key is one that a token speaks of. */
static int
judge_token(struct rig *r, const struct der_out *list)
{
	struct attest_facts *facts = attest_facts_new();
	struct der_out der = tlv(0x30, octets_of(list->p, list->len));
	struct bundle *b;
	int ok;

	der = tlv(0x30, octets_of(der.p, der.len));
	b = bundle_parse(der.p, der.len, 0);
	assert_non_null(b);
	ok = bundle_appraise(b, &r->in, facts);
	bundle_free(b);
	attest_facts_free(facts);
	return ok;
}

/* Nothing says that the token's key and the quote are of one device: not that
   either of them is genuine, nor that the AK was activated. */
static void
state_beside_a_token(void **state)
{
	struct der_out list = { { 0 }, 0 }, token;
	struct attest_pcr pcr[3] = { { 0 } };
	struct rig *r = rig_new(CWT);
	enum attest_kind kind;
	struct tpm_public ak;

	(void)state;
	good_state(pcr);
	r->policy.formats |= 1U << ATTEST_TPM;
	r->policy.arc = ARC;
	r->policy.tpm.pcrs = pcr;
	r->policy.tpm.n_pcrs = 3;
	r->in.nonce = golden("tpm.txt", "nonce");
	memcpy(r->nonce, r->in.nonce.p, sizeof(r->nonce));
	token = eat_stmt(r, &kind);
	add(&list, OID_CWT, sizeof(OID_CWT) - 1, &token);
	if (!judge_token(r, &list))
		assert_rule("nothing");
	r->in.ak_public = line("ak-rsa", "pub");
	assert_true(tpm_public_read("t", "ak", r->in.ak_public, 0, &ak));
	r->in.ak_name = octets_of(ak.name, ak.name_len);
	assert_false(judge_token(r, &list));
	assert_rule("attest.facts.ak-name");
	add_quote(&list, "ak-rsa");
	assert_false(judge_token(r, &list));
	assert_rule("attest.facts.ak-name");
	tpm_public_clear(&ak);
	rig_free(r);
}

static void
two_keys(void **state)
{
	struct der_out list = { { 0 }, 0 };

	(void)state;
	add_certify(&list, "ak-rsa", "p256");
	add_certify(&list, "ak-rsa", "rsa");
	assert_false(concert(&list, "ak-rsa", "p256"));
	assert_rule("attest.tpm.csr-key");
}

/* A quote alone says nothing of the request's key. */
static void
state_alone(void **state)
{
	struct der_out list = { { 0 }, 0 };

	(void)state;
	add_quote(&list, "ak-rsa");
	assert_false(concert(&list, "ak-rsa", "p256"));
	assert_rule("attest.bundle.key");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_and_state),
		cmocka_unit_test(state_of_another),
		cmocka_unit_test(state_of_another_certified),
		cmocka_unit_test(state_beside_a_token),
		cmocka_unit_test(two_keys), cmocka_unit_test(state_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
