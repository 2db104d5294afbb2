#include "tests/unit/ra/attest/soft_tpm.h"

/* Statements of a TPM, step by step: each test spoils one thing, so that just
   that step must refuse. */

struct rig {
	struct maker maker;
	struct soft_key ak, key;
	X509 *ak_cert;
	struct attest_policy policy;
	struct attest_input in;
	enum attest_kind kind;
	TPMS_ATTEST a;
	TPM2_ALG_ID hash;	       /* of the signature */
	int spoil_signature, no_public;
	struct attest_octets creation;
};

static const unsigned char nonce[32] = "a nonce of 32 octets, as it is..";

static struct rig *
rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct ext usage = eku("2.23.133.8.3");

	r->maker = new_maker("Maker of AKs");
	r->ak = soft_key(AK_ATTRIBUTES, 1);
	r->key = soft_key(KEY_ATTRIBUTES, 0);
	r->ak_cert = leaf(&r->maker, "AK", r->ak.pkey, &usage, 1);
	r->policy.formats = 1U << ATTEST_TPM;
	r->policy.tpm.ak.anchors = r->maker.anchors;
	r->policy.tpm.classes = ATTEST_TPM_VIRTUAL;
	r->in.certs = sk_X509_new_null();
	sk_X509_push(r->in.certs, r->ak_cert);
	r->in.nonce = octets_of(nonce, sizeof(nonce));
	r->in.spki = spki_of(r->key.pkey);
	r->in.now = NOW;
	r->in.policy = &r->policy;
	r->kind = ATTEST_KIND_TPM_CERTIFY;
	r->a = soft_certify(&r->key, r->in.nonce);
	r->hash = TPM2_ALG_SHA256;
	return r;
}

static void
rig_free(struct rig *r)
{
	sk_X509_pop_free(r->in.certs, X509_free);
	free_maker(&r->maker);
	EVP_PKEY_free(r->ak.pkey);
	EVP_PKEY_free(r->key.pkey);
	free(r);
}

/* The AK of an activation, no certificate. */
static void
activate(struct rig *r)
{
	X509_free(sk_X509_pop(r->in.certs));
	r->in.ak_name = octets_of(r->ak.name, r->ak.name_len);
	r->in.ak_public = octets_of(r->ak.pub, r->ak.pub_len);
}

static int
appraise(struct rig *r, struct attest_facts *facts)
{
	unsigned char attest[1024], sig[256];
	struct attest_octets m, s;
	struct attest_statement st;
	struct der_out stmt;
	size_t n = 0;

	assert_int_equal(Tss2_MU_TPMS_ATTEST_Marshal(
			     &r->a, attest, sizeof(attest), &n), 0);
	m = octets_of(attest, n);
	s = soft_sign(r->ak.pkey, m, r->hash, sig);
	sig[20] ^= r->spoil_signature ? 1 : 0;
	stmt = soft_stmt(m, s, r->no_public ? octets_of(NULL, 0)
					    : octets_of(r->key.pub, r->key.pub_len),
	    r->creation);
	st.kind = r->kind;
	st.stmt = octets_of(stmt.p, stmt.len);
	return attest_appraise(&st, &r->in, facts);
}

static void
refused(struct rig *r, const char *rule)
{
	struct attest_facts *facts = attest_facts_new();

	assert_int_equal(appraise(r, facts), 0);
	assert_rule(rule);
	attest_facts_free(facts);
	rig_free(r);
}

static void
accepted(struct rig *r)
{
	struct attest_facts *facts = attest_facts_new();
	struct attest_octets key;

	if (!appraise(r, facts))
		assert_rule("nothing");
	key = attest_facts_key(facts);
	assert_true(octets_equal(key, r->in.spki.p, r->in.spki.len));
	assert_string_equal(attest_facts_get(facts, "tpm.statement"), "certify");
	attest_facts_free(facts);
	rig_free(r);
}

static void
good(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	accepted(r);
	r = rig_new();
	activate(r);
	accepted(r);
}

static void
formats(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->policy.formats = 0;
	refused(r, "attest.type");
	r = rig_new();
	r->kind = ATTEST_KIND_UNKNOWN;
	refused(r, "attest.type");
}

static void
shape(void **state)
{
	static const unsigned char data[] = "not creation data";
	struct rig *r = rig_new();

	(void)state;
	r->no_public = 1;
	refused(r, "attest.tpm.stmt");
	r = rig_new();
	r->creation = octets_of(data, sizeof(data));
	refused(r, "attest.tpm.stmt");
	r = rig_new();
	r->a.clockInfo.safe = 2;
	refused(r, "attest.tpm.stmt");
}

/* ---- Whose word it is ---- */

static void
stranger(void **state)
{
	struct rig *r = rig_new();
	struct maker other = new_maker("Somebody else");

	(void)state;
	r->policy.tpm.ak.anchors = other.anchors;
	refused(r, "attest.tpm.ak-path");
	r = rig_new();
	r->policy.tpm.ak.anchors = NULL;
	refused(r, "attest.tpm.ak-path");
	free_maker(&other);
}

static void
expired(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->in.now = NOW + 7200;
	refused(r, "attest.tpm.ak-path");
	r = rig_new();
	r->in.now = NOW + 7200;
	r->policy.tpm.ak.ignore_expiry = 1;
	accepted(r);
}

static void
denied_key(void **state)
{
	struct rig *r = rig_new();
	unsigned char md[1][32];

	(void)state;
	assert_true(attest_key_sha256(r->ak.pkey, md[0]));
	r->policy.tpm.ak.denied = (const unsigned char(*)[32])md;
	r->policy.tpm.ak.n_denied = 1;
	refused(r, "attest.tpm.ak-path");
	r = rig_new();
	assert_true(attest_key_sha256(r->maker.key, md[0]));
	r->policy.tpm.ak.denied = (const unsigned char(*)[32])md;
	r->policy.tpm.ak.n_denied = 1;
	refused(r, "attest.tpm.ak-path");
}

/* A certificate for any purpose is no AK's. */
static void
no_ak_cert(void **state)
{
	struct rig *r = rig_new();
	struct ext usage = eku("1.3.6.1.5.5.7.3.2");

	(void)state;
	X509_free(sk_X509_pop(r->in.certs));
	refused(r, "attest.tpm.ak");
	r = rig_new();
	X509_free(sk_X509_pop(r->in.certs));
	sk_X509_push(
	    r->in.certs, leaf(&r->maker, "AK", r->ak.pkey, &usage, 1));
	refused(r, "attest.tpm.ak");
}

static void
ak_cert_of_a_ca(void **state)
{
	struct rig *r = rig_new();
	struct ext usage = eku("2.23.133.8.3");
	struct want w = { .cn = "AK", .key = r->ak.pkey, .ca = 1, .ext = &usage,
		.n_ext = 1, .issuer = r->maker.root, .issuer_key = r->maker.key };

	(void)state;
	X509_free(sk_X509_pop(r->in.certs));
	sk_X509_push(r->in.certs, new_cert(&w));
	refused(r, "attest.tpm.ak");
}

static void
unfit_ak(void **state)
{
	static const uint32_t changed[] = { TPMA_OBJECT_RESTRICTED,
		TPMA_OBJECT_FIXEDTPM, TPMA_OBJECT_FIXEDPARENT,
		TPMA_OBJECT_DECRYPT, TPMA_OBJECT_SIGN_ENCRYPT,
		TPMA_OBJECT_SENSITIVEDATAORIGIN };
	struct rig *r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		r = rig_new();
		r->ak.t.objectAttributes ^= changed[i];
		soft_settle(&r->ak);
		activate(r);
		refused(r, "attest.tpm.ak-attributes");
	}
}

/* Evidence of one AK in the dialogue of another. */
static void
other_ak(void **state)
{
	struct rig *r = rig_new();
	struct soft_key other = soft_key(AK_ATTRIBUTES, 1);

	(void)state;
	activate(r);
	r->in.ak_name = octets_of(other.name, other.name_len);
	refused(r, "attest.tpm.ak-public");
	r = rig_new();
	activate(r);
	r->in.ak_name = octets_of(other.name, other.name_len);
	r->in.ak_public = octets_of(other.pub, other.pub_len);
	refused(r, "attest.tpm.signature");
	EVP_PKEY_free(other.pkey);
}

/* A certificate of an AK comes along, and it is not the one activated. */
static void
mixed_up(void **state)
{
	struct rig *r = rig_new();
	struct soft_key other = soft_key(AK_ATTRIBUTES, 1);
	struct ext usage = eku("2.23.133.8.3");

	(void)state;
	activate(r);
	sk_X509_push(
	    r->in.certs, leaf(&r->maker, "AK", other.pkey, &usage, 1));
	refused(r, "attest.tpm.ak-key");
	EVP_PKEY_free(other.pkey);
}

/* ---- A TPM said it, to us, now ---- */

static void
not_a_tpm(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->a.magic = 0xff544348;
	refused(r, "attest.tpm.magic");
}

static void
other_type(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->a.type = TPM2_ST_ATTEST_CREATION;
	refused(r, "attest.tpm.type");
	r = rig_new();
	r->kind = ATTEST_KIND_TPM_QUOTE;
	r->no_public = 1;
	refused(r, "attest.tpm.type");
}

static void
signature(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->spoil_signature = 1;
	refused(r, "attest.tpm.signature");
	r = rig_new();
	r->hash = TPM2_ALG_SHA1;
	refused(r, "attest.tpm.signature");
	/* The AK's scheme is fixed to another hash. */
	r = rig_new();
	r->ak.t.parameters.eccDetail.scheme.details.ecdsa.hashAlg =
	    TPM2_ALG_SHA384;
	soft_settle(&r->ak);
	activate(r);
	refused(r, "attest.tpm.signature");
}

static void
other_nonce(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->a.extraData.buffer[31] ^= 1;
	refused(r, "attest.tpm.nonce");
	r = rig_new();
	r->a.extraData.size = 31;
	refused(r, "attest.tpm.nonce");
	r = rig_new();
	r->in.nonce.len = 4;
	r->a.extraData.size = 4;
	refused(r, "attest.tpm.nonce");
}

/* ---- What it says ---- */

static void
name(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->key.t.objectAttributes |= TPMA_OBJECT_NODA;
	soft_settle(&r->key);
	refused(r, "attest.tpm.name");
	r = rig_new();
	soft_name(&r->a.attested.certify.qualifiedName, &r->key);
	refused(r, "attest.tpm.name");
}

static void
attributes(void **state)
{
	static const uint32_t changed[] = { TPMA_OBJECT_FIXEDTPM,
		TPMA_OBJECT_FIXEDPARENT, TPMA_OBJECT_SENSITIVEDATAORIGIN,
		TPMA_OBJECT_SIGN_ENCRYPT, TPMA_OBJECT_ENCRYPTEDDUPLICATION,
		TPMA_OBJECT_STCLEAR, TPMA_OBJECT_DECRYPT /* by policy */ };
	struct rig *r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		r = rig_new();
		r->policy.tpm.key_clear = TPMA_OBJECT_DECRYPT;
		r->key.t.objectAttributes ^= changed[i];
		soft_settle(&r->key);
		r->a = soft_certify(&r->key, r->in.nonce);
		refused(r, "attest.tpm.attributes");
	}
}

static void
reserved_bits(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->key.t.objectAttributes |= 0x100;
	soft_settle(&r->key);
	r->a = soft_certify(&r->key, r->in.nonce);
	refused(r, "attest.tpm.key");
	r = rig_new();
	r->policy.quirks = ATTEST_QUIRK_TPM_ATTRIBUTES;
	r->key.t.objectAttributes |= 0x100;
	soft_settle(&r->key);
	r->a = soft_certify(&r->key, r->in.nonce);
	accepted(r);
}

static void
off_the_curve(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->key.t.unique.ecc.y.buffer[31] ^= 1;
	soft_settle(&r->key);
	r->a = soft_certify(&r->key, r->in.nonce);
	refused(r, "attest.tpm.key");
}

/* The classic one: true evidence of a key in a TPM, a request for another. */
static void
other_key(void **state)
{
	struct rig *r = rig_new();
	EVP_PKEY *software = new_key("P-256");

	(void)state;
	r->in.spki = spki_of(software);
	refused(r, "attest.tpm.csr-key");
	EVP_PKEY_free(software);
}

/* A key in software, with evidence that a genuine AK gave some time ago. */
static void
old_evidence(void **state)
{
	struct rig *r = rig_new();
	EVP_PKEY *software = new_key("P-256");

	(void)state;
	r->in.spki = spki_of(software);
	r->a.extraData.buffer[0] ^= 1;
	refused(r, "attest.tpm.nonce");
	EVP_PKEY_free(software);
}

static void
state_of_tpm(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->policy.tpm.need_safe_clock = 1;
	r->a.clockInfo.safe = 0;
	refused(r, "attest.tpm.clock");
	r = rig_new();
	r->policy.tpm.firmware_min = 0x101;
	refused(r, "attest.tpm.firmware");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(formats),
		cmocka_unit_test(shape), cmocka_unit_test(stranger),
		cmocka_unit_test(expired), cmocka_unit_test(denied_key),
		cmocka_unit_test(no_ak_cert), cmocka_unit_test(ak_cert_of_a_ca),
		cmocka_unit_test(unfit_ak), cmocka_unit_test(other_ak),
		cmocka_unit_test(mixed_up), cmocka_unit_test(not_a_tpm),
		cmocka_unit_test(other_type), cmocka_unit_test(signature),
		cmocka_unit_test(other_nonce), cmocka_unit_test(name),
		cmocka_unit_test(attributes), cmocka_unit_test(reserved_bits),
		cmocka_unit_test(off_the_curve), cmocka_unit_test(other_key),
		cmocka_unit_test(old_evidence), cmocka_unit_test(state_of_tpm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
