#include "tests/unit/ra/attest/eat_rig.h"

/* Tokens of both forms, step by step: each test spoils one thing. */

static void
good(void **state)
{
	enum wrap w;
	struct rig *r;

	(void)state;
	for (w = CWT; w <= DICE_CMW; w++)
		accepted(rig_new(w));
	r = rig_new(CMW_CBOR);
	r->ind = 4;
	r->media = "Application/EAT+cwt; eat_profile=\"" PROFILE "\"";
	accepted(r);
	r = rig_new(CWT);
	r->no_tag = 1;
	accepted(r);
}

static void
envelope(void **state)
{
	struct rig *r = rig_new(CWT);

	(void)state;
	r->spoil = 1;
	refused(r, "attest.eat.signature");
	r = rig_new(JWT);
	r->spoil = 1;
	refused(r, "attest.eat.signature");
	r = rig_new(CWT);
	r->alg_unprotected = 1;
	refused(r, "attest.eat.alg");
	r = rig_new(CWT);
	r->alg = -257; /* RS256 */
	refused(r, "attest.eat.alg");
	r = rig_new(JWT);
	r->alg = 0; /* none */
	refused(r, "attest.eat.alg");
	r = rig_new(CWT);
	r->alg = -35; /* ES384 with a key of P-256 */
	refused(r, "attest.eat.signature");
	r = rig_new(CWT);
	r->crit = 1;
	refused(r, "attest.eat.cose");
	r = rig_new(JWT);
	r->crit = 1;
	refused(r, "attest.eat.jws");
	r = rig_new(CWT);
	r->trailing = 1;
	refused(r, "attest.eat.cose");
	r = rig_new(JWT);
	r->trailing = 1;
	refused(r, "attest.eat.jws");
}

static void
claims(void **state)
{
	struct rig *r = rig_new(CWT);

	(void)state;
	r->twice = 1;
	refused(r, "attest.eat.claims");
	r = rig_new(CWT);
	r->deep = 1;
	refused(r, "attest.eat.claims");
	r = rig_new(JWT);
	r->deep = 1;
	refused(r, "attest.eat.claims");
}

static void
signer(void **state)
{
	struct rig *r = rig_new(CWT);
	struct maker other = new_maker("An issuing CA of ours");

	(void)state;
	r->policy.eat.trust.anchors = other.anchors;
	refused(r, "attest.eat.path");
	r = rig_new(CWT);
	X509_free(r->cert);
	r->cert = leaf(&other, "Attester", r->signer, NULL, 0);
	refused(r, "attest.eat.path");
	r = rig_new(CWT);
	EVP_PKEY_free(r->signer);
	r->signer = r->maker.key; /* the maker's CA itself signs */
	EVP_PKEY_up_ref(r->signer);
	X509_free(r->cert);
	r->cert = r->maker.root;
	X509_up_ref(r->cert);
	refused(r, "attest.eat.path");
	free_maker(&other);
}

static void
registered(void **state)
{
	struct attest_key key = { { (const unsigned char *)"k1", 2 }, { 0 } };
	struct rig *r = rig_new(CWT);

	(void)state;
	X509_free(r->cert);
	r->cert = NULL;
	refused(r, "attest.eat.key");
	r = rig_new(JWT);
	X509_free(r->cert);
	r->cert = NULL;
	r->kid = "k1";
	key.spki = spki_of(r->signer);
	r->policy.eat.keys = &key;
	r->policy.eat.n_keys = 1;
	accepted(r);
	r = rig_new(CWT);
	X509_free(r->cert);
	r->cert = NULL;
	key.id = octets_of(r->ueid, sizeof(r->ueid));
	key.spki = spki_of(r->signer);
	r->policy.eat.keys = &key;
	r->policy.eat.n_keys = 1;
	accepted(r);
	r = rig_new(CWT);
	X509_free(r->cert);
	r->cert = NULL;
	key.id = octets_of(r->ueid, sizeof(r->ueid));
	key.spki = spki_of(r->key); /* another key under this id */
	r->policy.eat.keys = &key;
	r->policy.eat.n_keys = 1;
	refused(r, "attest.eat.signature");
	r = rig_new(JWT);
	X509_free(r->cert);
	r->cert = NULL;
	r->kid = "k2"; /* nobody has told us of this one */
	key.id = octets_of("k1", 2);
	key.spki = spki_of(r->signer);
	r->policy.eat.keys = &key;
	r->policy.eat.n_keys = 1;
	refused(r, "attest.eat.key");
}

/* That is the operator's to mend, and no verdict about the device. */
static void
registered_badly(void **state)
{
	struct attest_key key = { { (const unsigned char *)"k1", 2 }, { 0 } };
	unsigned char longer[200];
	struct rig *r = rig_new(JWT);

	(void)state;
	X509_free(r->cert);
	r->cert = NULL;
	r->kid = "k1";
	key.spki = spki_of(r->signer);
	memcpy(longer, key.spki.p, key.spki.len);
	longer[key.spki.len] = 0;
	key.spki = octets_of(longer, key.spki.len + 1);
	r->policy.eat.keys = &key;
	r->policy.eat.n_keys = 1;
	refused(r, "attest.eat.key");
}

static void
profile(void **state)
{
	struct rig *r = rig_new(CWT);

	(void)state;
	r->profile = NULL;
	refused(r, "attest.eat.profile");
	r = rig_new(JWT);
	r->profile = NULL;
	refused(r, "attest.eat.profile");
	r = rig_new(CWT);
	r->profile = PROFILE "s";
	refused(r, "attest.eat.profile");
	r = rig_new(CMW_CBOR);
	r->media = "application/eat+cwt;eat_profile=tag:other";
	refused(r, "attest.eat.profile");
}

static void
nonces(void **state)
{
	struct rig *r = rig_new(CWT);

	(void)state;
	r->nonce[3] ^= 1;
	refused(r, "attest.eat.nonce");
	r = rig_new(JWT);
	r->nonce_len = 31;
	refused(r, "attest.eat.nonce");
	r = rig_new(CWT);
	r->two_nonces = 1;
	accepted(r);
	r = rig_new(CWT);
	r->two_nonces = 2; /* twice ours */
	refused(r, "attest.eat.nonce");
}

static void
times(void **state)
{
	struct rig *r = rig_new(CWT);

	(void)state;
	r->exp = NOW - 1;
	refused(r, "attest.eat.time");
	r = rig_new(CWT);
	r->nbf = NOW + 3600;
	refused(r, "attest.eat.time");
	r = rig_new(CWT);
	r->nbf = NOW - 3600;
	accepted(r);
	r = rig_new(CWT);
	r->policy.eat.max_age = 60;
	refused(r, "attest.eat.time"); /* no iat */
	r = rig_new(JWT);
	r->policy.eat.max_age = 60;
	r->iat = NOW - 61;
	refused(r, "attest.eat.time");
	r = rig_new(CWT);
	r->policy.eat.max_age = 60;
	r->iat = NOW - 30;
	r->exp = NOW + 30;
	accepted(r);
}

static void
identity(void **state)
{
	static const struct attest_octets oem = { (const unsigned char *)"x", 1 };
	struct rig *r = rig_new(CWT);

	(void)state;
	r->ueid[0] = 9;
	refused(r, "attest.eat.ueid");
	r = rig_new(CWT);
	r->policy.eat.oemids = &oem;
	r->policy.eat.n_oemids = 1;
	refused(r, "attest.eat.oemid");
	r = rig_new(JWT);
	r->policy.eat.hwmodels = &oem;
	r->policy.eat.n_hwmodels = 1;
	refused(r, "attest.eat.hwmodel");
	r = rig_new(CWT);
	r->policy.eat.oemids = r->policy.eat.hwmodels = &oem;
	r->policy.eat.n_oemids = r->policy.eat.n_hwmodels = 1;
	r->oemid = octets_of("xyz", 3);
	r->hwmodel = oem;
	refused(r, "attest.eat.oemid");
}

/* An OEM's random identifier has 16 octets. */
static void
made_by_one_of_them(void **state)
{
	static const struct attest_octets oem = {
		(const unsigned char *)"0123456789abcdef", 16 };
	static const struct attest_octets model = {
		(const unsigned char *)"M1", 2 };
	struct rig *r = rig_new(CWT);

	(void)state;
	r->policy.eat.oemids = &oem;
	r->policy.eat.hwmodels = &model;
	r->policy.eat.n_oemids = r->policy.eat.n_hwmodels = 1;
	r->oemid = oem;
	r->hwmodel = model;
	accepted(r);
}

static void
debug(void **state)
{
	struct rig *r = rig_new(CWT);

	(void)state;
	r->dbgstat = 1;
	refused(r, "attest.eat.debug");
	r = rig_new(JWT);
	r->dbgstat = -1;
	refused(r, "attest.eat.debug");
	r = rig_new(CWT);
	r->submods = 1;
	refused(r, "attest.eat.submods");
}

static void
measured(void **state)
{
	unsigned char md[32];
	struct attest_digest ref = { NID_sha256, { md, 32 } };
	struct attest_octets m = { (const unsigned char *)"firmware 1.4", 12 };
	enum wrap w;
	struct rig *r;

	(void)state;
	assert_true(EVP_Q_digest(NULL, "SHA256", NULL, m.p, m.len, md, NULL));
	for (w = CWT; w <= JWT; w++) {
		r = rig_new(w);
		r->policy.eat.measurements = &ref;
		r->policy.eat.n_measurements = 1;
		refused(r, "attest.eat.measurements"); /* none there */
		r = rig_new(w);
		r->policy.eat.measurements = &ref;
		r->policy.eat.n_measurements = 1;
		r->measurement = m;
		accepted(r);
		r = rig_new(w);
		r->policy.eat.measurements = &ref;
		r->policy.eat.n_measurements = 1;
		r->measurement = octets_of("firmware 1.3", 12);
		refused(r, "attest.eat.measurements");
	}
}

static struct rig *
psa(void)
{
	static const struct attest_psa_component c = { { (const unsigned char *)
		"signer", 6 }, NULL, { (const unsigned char *)"value", 5 } };
	struct rig *r = rig_new(CWT);

	r->profile = PSA;
	r->lifecycle = 0x3001;
	r->dbgstat = -1;
	r->signer_id = text_of("signer");
	r->value = text_of("value");
	r->policy.eat.components = &c;
	r->policy.eat.n_components = 1;
	return r;
}

static void
psa_token(void **state)
{
	struct rig *r = psa();

	(void)state;
	accepted(r);
	r = psa();
	r->lifecycle = 0x4001;
	refused(r, "attest.eat.lifecycle");
	r = psa();
	r->dbgstat = 0; /* secured, and open to be debugged? */
	refused(r, "attest.eat.debug");
	r = psa();
	r->dbgstat = 3;
	accepted(r);
	r = psa();
	r->value = text_of("other");
	refused(r, "attest.eat.components");
	r = psa();
	r->signer_id = text_of("someone");
	refused(r, "attest.eat.components");
	r = psa();
	r->profile = PROFILE;
	r->lifecycle = 0;
	r->dbgstat = 3;
	refused(r, "attest.eat.components"); /* none there */
}

static void
binding(void **state)
{
	struct rig *r = rig_new(CWT);
	EVP_PKEY *software = new_key("P-256");

	(void)state;
	r->in.spki = spki_of(software);
	refused(r, "attest.eat.cnf");
	r = rig_new(JWT);
	r->no_cnf = 1;
	refused(r, "attest.eat.cnf");
	r = rig_new(CWT);
	r->no_cnf = 1;
	r->in.spki = spki_of(r->signer); /* the policy does not take it as such */
	refused(r, "attest.eat.cnf");
	r = rig_new(CWT);
	r->no_cnf = 1;
	r->policy.eat.signer_is_key = 1;
	refused(r, "attest.eat.cnf"); /* another key than the signer's */
	r = rig_new(CWT);
	r->no_cnf = 1;
	r->policy.eat.signer_is_key = 1;
	r->in.spki = spki_of(r->signer);
	accepted(r);
	EVP_PKEY_free(software);
}

static void
wrappers(void **state)
{
	struct attest_statement s = { ATTEST_KIND_EAT_CWT, { NULL, 0 } };
	struct rig *r = rig_new(CMW_CBOR);
	struct attest_facts *facts = attest_facts_new();

	(void)state;
	r->media = "application/eat-ucs+cbor"; /* unsigned */
	refused(r, "attest.cmw.type");
	r = rig_new(CMW_JSON);
	r->media = "application/eat+cwt; charset=utf-8";
	refused(r, "attest.cmw.type");
	r = rig_new(CMW_CBOR);
	r->ind = 8; /* an attestation result */
	refused(r, "attest.cmw.ind");
	r = rig_new(CMW_JSON);
	r->ind = 1;
	refused(r, "attest.cmw.ind");
	r = rig_new(CMW_CBOR);
	s.stmt = octets_of("\x05\x00", 2);
	assert_false(attest_appraise(&s, &r->in, facts));
	assert_rule("attest.eat.stmt");
	s.kind = ATTEST_KIND_CMW;
	assert_false(attest_appraise(&s, &r->in, facts));
	assert_rule("attest.cmw.record");
	s.stmt = octets_of("\x0c\x07{\"a\":1}", 9); /* a collection */
	assert_false(attest_appraise(&s, &r->in, facts));
	assert_rule("attest.cmw.record");
	s.stmt = octets_of("\x0c\x1f[\"application/eat+cwt\",\"AA\",-1]", 33);
	assert_false(attest_appraise(&s, &r->in, facts));
	assert_rule("attest.cmw.ind");
	s.kind = ATTEST_KIND_DICE_CMW;
	s.stmt = octets_of("\x30\x04\x04\x02\xa0\x00", 6);
	assert_false(attest_appraise(&s, &r->in, facts));
	assert_rule("attest.cmw.record");
	attest_facts_free(facts);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(envelope),
		cmocka_unit_test(claims), cmocka_unit_test(signer),
		cmocka_unit_test(registered),
		cmocka_unit_test(registered_badly), cmocka_unit_test(profile),
		cmocka_unit_test(nonces), cmocka_unit_test(times),
		cmocka_unit_test(identity),
		cmocka_unit_test(made_by_one_of_them), cmocka_unit_test(debug),
		cmocka_unit_test(measured), cmocka_unit_test(psa_token),
		cmocka_unit_test(binding), cmocka_unit_test(wrappers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
