#include <jansson.h>
#include <openssl/ec.h>

#include "tests/unit/ra/attest/cbor_out.h"
#include "ra/attest/eat.h"

/* Tokens of both forms, step by step: each test spoils one thing. */

#define PROFILE "tag:example.com,2026:device"
#define PSA "tag:psacertified.org,2023:psa#tfm"

enum wrap { CWT, JWT, CMW_CBOR, CMW_TAG, CMW_JSON, DICE_CMW };

struct rig {
	struct maker maker;
	EVP_PKEY *signer, *key;
	X509 *cert; /* of the signer; goes into x5chain unless NULL */
	const char *kid;
	enum wrap wrap;
	struct attest_policy policy;
	struct attest_input in;
	const char *profiles[2];
	/* claims: 0, NULL or -1 leaves one away */
	const char *profile, *media;
	unsigned char nonce[32], ueid[17];
	size_t nonce_len;
	int two_nonces, dbgstat, submods, no_cnf, lifecycle, ind;
	int64_t iat, exp;
	struct attest_octets measurement, signer_id, value;
	/* the envelope */
	int alg, alg_unprotected, crit, spoil, no_tag, trailing, twice, deep;
};

static struct rig *
rig_new(enum wrap wrap)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->maker = new_maker("Maker of tokens");
	r->signer = new_key("P-256");
	r->key = new_key("P-256");
	r->cert = leaf(&r->maker, "Attester", r->signer, NULL, 0);
	r->wrap = wrap;
	r->profiles[0] = PROFILE;
	r->profiles[1] = PSA;
	r->profile = PROFILE;
	r->nonce_len = 32;
	memset(r->nonce, 0x5a, 32);
	r->ueid[0] = 1;
	r->dbgstat = 3;
	r->alg = -7;
	r->ind = -1;
	r->in.nonce = octets_of("ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ", 32);
	r->in.spki = spki_of(r->key);
	r->in.now = NOW;
	r->in.policy = &r->policy;
	r->policy.formats = 1U << ATTEST_EAT;
	r->policy.eat.trust.anchors = r->maker.anchors;
	r->policy.eat.profiles = r->profiles;
	r->policy.eat.n_profiles = 2;
	r->policy.eat.dbgstat_min = 2;
	return r;
}

static void
rig_free(struct rig *r)
{
	X509_free(r->cert);
	EVP_PKEY_free(r->signer);
	EVP_PKEY_free(r->key);
	free_maker(&r->maker);
	free(r);
}

/* ---- CWT ---- */

static void
put_nonce(struct cbor_out *o, const struct rig *r)
{
	put_int(o, 10);
	if (r->two_nonces) {
		put_head(o, 0x80, 2);
		put_bytes(o, r->two_nonces == 1 ? octets_of("another!", 8)
						: octets_of(r->nonce, 32));
	}
	put_bytes(o, octets_of(r->nonce, r->nonce_len));
}

static struct cbor_out
cbor_claims(const struct rig *r)
{
	struct cbor_out o = { { 0 }, 0 };
	size_t n = 2 + (r->profile != NULL) + !r->no_cnf + (r->dbgstat >= 0) +
	    (r->iat != 0) + (r->exp != 0) + (r->submods != 0) +
	    (r->measurement.len != 0) + 3 * (r->lifecycle != 0) +
	    (r->twice != 0) + (r->deep != 0);
	int i;

	put_head(&o, 0xa0, n);
	put_nonce(&o, r);
	put_int(&o, 256);
	put_bytes(&o, octets_of(r->ueid, sizeof(r->ueid)));
	if (r->twice) {
		put_int(&o, 256);
		put_bytes(&o, octets_of(r->ueid, sizeof(r->ueid)));
	}
	if (r->profile) {
		put_int(&o, 265);
		put_text(&o, r->profile);
	}
	if (!r->no_cnf) {
		put_int(&o, 8);
		put_head(&o, 0xa0, 1);
		put_int(&o, 1);
		put_key(&o, r->key, 0);
	}
	if (r->dbgstat >= 0) {
		put_int(&o, 263);
		put_int(&o, r->dbgstat);
	}
	if (r->iat) {
		put_int(&o, 6);
		put_int(&o, r->iat);
	}
	if (r->exp) {
		put_int(&o, 4);
		put_int(&o, r->exp);
	}
	if (r->submods) {
		put_int(&o, 266);
		put_head(&o, 0xa0, 0);
	}
	if (r->measurement.len) {
		put_int(&o, 273);
		put_head(&o, 0x80, 1);
		put_head(&o, 0x80, 2);
		put_int(&o, 258);
		put_bytes(&o, r->measurement);
	}
	if (r->lifecycle) {
		put_int(&o, 2395);
		put_int(&o, r->lifecycle);
		put_int(&o, 2396);
		put_bytes(&o, octets_of(r->nonce, 32));
		put_int(&o, 2399);
		put_head(&o, 0x80, 1);
		put_head(&o, 0xa0, 2);
		put_int(&o, 2);
		put_bytes(&o, r->value);
		put_int(&o, 5);
		put_bytes(&o, r->signer_id);
	}
	if (r->deep) {
		put_int(&o, 9999);
		for (i = 0; i < 20; i++)
			put_head(&o, 0x80, 1);
		put_int(&o, 0);
	}
	return o;
}

static void
put_x5chain(struct cbor_out *o, const struct rig *r)
{
	unsigned char *der = NULL;
	int len = i2d_X509(r->cert, &der);

	put_int(o, 33);
	put_bytes(o, octets_of(der, (size_t)len));
	OPENSSL_free(der);
}

static struct cbor_out
cwt(const struct rig *r)
{
	struct cbor_out payload = cbor_claims(r), head = { { 0 }, 0 };
	struct cbor_out tbs = { { 0 }, 0 }, out = { { 0 }, 0 }, sig;

	put_head(&head, 0xa0, (size_t)(!r->alg_unprotected) + (r->crit != 0));
	if (!r->alg_unprotected) {
		put_int(&head, 1);
		put_int(&head, r->alg);
	}
	if (r->crit) {
		put_int(&head, 2);
		put_head(&head, 0x80, 1);
		put_int(&head, 33);
	}
	put_head(&tbs, 0x80, 4);
	put_text(&tbs, "Signature1");
	put_bytes(&tbs, out_of(&head));
	put_bytes(&tbs, octets_of(NULL, 0));
	put_bytes(&tbs, out_of(&payload));
	sig = es256(r->signer, out_of(&tbs), 0);
	sig.p[5] ^= r->spoil ? 1 : 0;
	if (!r->no_tag)
		put_head(&out, 0xc0, 61);
	put_head(&out, 0xc0, 18);
	put_head(&out, 0x80, 4);
	put_bytes(&out, out_of(&head));
	put_head(&out, 0xa0, (size_t)(r->cert != NULL) + (r->kid != NULL) +
	    (r->alg_unprotected != 0));
	if (r->alg_unprotected) {
		put_int(&out, 1);
		put_int(&out, r->alg);
	}
	if (r->kid) {
		put_int(&out, 4);
		put_bytes(&out, text_of(r->kid));
	}
	if (r->cert)
		put_x5chain(&out, r);
	put_bytes(&out, out_of(&payload));
	put_bytes(&out, out_of(&sig));
	if (r->trailing)
		put_int(&out, 0);
	return out;
}

/* ---- JWT ---- */

static json_t *
b64(struct attest_octets in)
{
	char text[4096];

	base64url_encode(in.p, in.len, text);
	return json_string(text);
}

static json_t *
jwk_of(EVP_PKEY *key)
{
	struct cbor_out x = { { 0 }, 0 }, y = { { 0 }, 0 };
	json_t *jwk = json_object();

	put_coordinate(&x, key, OSSL_PKEY_PARAM_EC_PUB_X);
	put_coordinate(&y, key, OSSL_PKEY_PARAM_EC_PUB_Y);
	json_object_set_new(jwk, "kty", json_string("EC"));
	json_object_set_new(jwk, "crv", json_string("P-256"));
	json_object_set_new(jwk, "x", b64(octets_of(x.p + 2, 32)));
	json_object_set_new(jwk, "y", b64(octets_of(y.p + 2, 32)));
	return jwk;
}

static json_t *
json_claims(const struct rig *r)
{
	static const char *const states[] = { "enabled", "disabled",
		"disabled-since-boot", "disabled-permanently",
		"disabled-fully-and-permanently" };
	json_t *o = json_object();

	json_object_set_new(
	    o, "eat_nonce", b64(octets_of(r->nonce, r->nonce_len)));
	json_object_set_new(o, "ueid", b64(octets_of(r->ueid, 17)));
	if (r->profile)
		json_object_set_new(o, "eat_profile", json_string(r->profile));
	if (!r->no_cnf)
		json_object_set_new(
		    o, "cnf", json_pack("{s:o}", "jwk", jwk_of(r->key)));
	if (r->dbgstat >= 0)
		json_object_set_new(
		    o, "dbgstat", json_string(states[r->dbgstat]));
	if (r->iat)
		json_object_set_new(o, "iat", json_integer(r->iat));
	if (r->submods)
		json_object_set_new(o, "submods", json_object());
	if (r->measurement.len)
		json_object_set_new(o, "measurements",
		    json_pack("[[so]]", "a/b", b64(r->measurement)));
	return o;
}

static size_t
add_part(struct cbor_out *o, json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);

	base64url_encode((unsigned char *)text, strlen(text),
	    (char *)o->p + o->len);
	o->len += strlen((char *)o->p + o->len);
	free(text);
	json_decref(j);
	return o->len;
}

static struct cbor_out
jwt(const struct rig *r)
{
	struct cbor_out out = { { 0 }, 0 }, sig;
	char cert[4096];
	unsigned char *der = NULL;
	int len = r->cert ? i2d_X509(r->cert, &der) : 0;
	json_t *head = json_object();

	json_object_set_new(head, "alg",
	    json_string(r->alg == -7 ? "ES256" : "none"));
	json_object_set_new(head, "typ", json_string("eat+jwt"));
	if (r->crit)
		json_object_set_new(head, "crit", json_pack("[s]", "exp"));
	if (r->kid)
		json_object_set_new(head, "kid", json_string(r->kid));
	if (r->cert) {
		EVP_EncodeBlock((unsigned char *)cert, der, len);
		json_object_set_new(head, "x5c", json_pack("[s]", cert));
	}
	OPENSSL_free(der);
	add_part(&out, head);
	put_raw(&out, text_of("."));
	add_part(&out, json_claims(r));
	sig = es256(r->signer, out_of(&out), 0);
	sig.p[5] ^= r->spoil ? 1 : 0;
	put_raw(&out, text_of("."));
	base64url_encode(sig.p, 64, (char *)out.p + out.len);
	out.len += strlen((char *)out.p + out.len);
	if (r->trailing)
		put_raw(&out, text_of("="));
	return out;
}

/* ---- The statement ---- */

static struct cbor_out
record(const struct rig *r, const struct cbor_out *token)
{
	const char *type = r->media ? r->media : "application/eat+cwt";
	struct cbor_out o = { { 0 }, 0 };
	char b[8192];

	if (r->wrap == CMW_TAG) {
		put_head(&o, 0xc0, 1668546817U + 263);
		put_bytes(&o, out_of(token));
	} else if (r->wrap == CMW_JSON) {
		base64url_encode(token->p, token->len, b);
		put_raw(&o, text_of("[\""));
		put_raw(&o, text_of(type));
		put_raw(&o, text_of("\",\""));
		put_raw(&o, text_of(b));
		put_raw(&o, text_of(r->ind < 0 ? "\"]" : "\",1]"));
	} else {
		put_head(&o, 0x80, r->ind < 0 ? 2 : 3);
		put_text(&o, type);
		put_bytes(&o, out_of(token));
		if (r->ind >= 0)
			put_int(&o, r->ind);
	}
	return o;
}

static int
judge(struct rig *r, struct attest_facts *facts)
{
	static const char *const names[] = { "eat-cwt", "eat-jwt", "cmw-cbor",
		"cmw-tag", "cmw-json", "cmw-dice" };
	struct cbor_out token = r->wrap == JWT ? jwt(r) : cwt(r), rec;
	struct attest_statement s = { ATTEST_KIND_CMW, { NULL, 0 } };
	struct der_out stmt;

	rec = record(r, &token);
	switch (r->wrap) {
	case CWT:
		s.kind = ATTEST_KIND_EAT_CWT;
		stmt = tlv(0x04, out_of(&token));
		break;
	case JWT:
		s.kind = ATTEST_KIND_EAT_JWT;
		stmt = tlv(0x0c, out_of(&token));
		break;
	case CMW_JSON:
		stmt = tlv(0x0c, out_of(&rec));
		break;
	case DICE_CMW:
		s.kind = ATTEST_KIND_DICE_CMW;
		stmt = tlv(0x04, out_of(&rec));
		stmt = tlv(0x30, octets_of(stmt.p, stmt.len));
		break;
	default:
		stmt = tlv(0x04, out_of(&rec));
	}
	s.stmt = octets_of(stmt.p, stmt.len);
	if (!attest_appraise(&s, &r->in, facts))
		return 0;
	seed_out(r->lifecycle ? "eat-psa" : names[r->wrap], &s, &r->in,
	    r->maker.root);
	return 1;
}

static void
refused(struct rig *r, const char *rule)
{
	struct attest_facts *facts = attest_facts_new();

	assert_false(judge(r, facts));
	assert_rule(rule);
	attest_facts_free(facts);
	rig_free(r);
}

static void
accepted(struct rig *r)
{
	struct attest_facts *facts = attest_facts_new();

	if (!judge(r, facts))
		assert_rule("nothing");
	assert_true(octets_equal(
	    attest_facts_key(facts), r->in.spki.p, r->in.spki.len));
	assert_string_equal(
	    attest_facts_get(facts, "eat.profile"), r->profile);
	attest_facts_free(facts);
	rig_free(r);
}

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
	key.spki = spki_of(r->key); /* another key under this id */
	r->policy.eat.keys = &key;
	r->policy.eat.n_keys = 1;
	refused(r, "attest.eat.signature");
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
	r->value = text_of("other");
	refused(r, "attest.eat.components");
	r = psa();
	r->signer_id = text_of("someone");
	refused(r, "attest.eat.components");
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
		cmocka_unit_test(registered), cmocka_unit_test(profile),
		cmocka_unit_test(nonces), cmocka_unit_test(times),
		cmocka_unit_test(identity), cmocka_unit_test(debug),
		cmocka_unit_test(measured), cmocka_unit_test(psa_token),
		cmocka_unit_test(binding), cmocka_unit_test(wrappers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
