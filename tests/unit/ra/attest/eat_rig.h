#ifndef INKAN_TESTS_UNIT_RA_ATTEST_EAT_RIG_H
#define INKAN_TESTS_UNIT_RA_ATTEST_EAT_RIG_H

#include <jansson.h>
#include <openssl/ec.h>

#include "tests/unit/ra/attest/cbor_out.h"
#include "ra/attest/eat.h"

/* Tokens of both forms, of which a test spoils one thing. */

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
	int64_t iat, exp, nbf;
	struct attest_octets oemid, hwmodel, measurement, signer_id, value;
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
	    (r->iat != 0) + (r->exp != 0) + (r->nbf != 0) +
	    (r->oemid.len != 0) + (r->hwmodel.len != 0) + (r->submods != 0) +
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
	if (r->nbf) {
		put_int(&o, 5);
		put_int(&o, r->nbf);
	}
	if (r->oemid.len) {
		put_int(&o, 258);
		put_bytes(&o, r->oemid);
	}
	if (r->hwmodel.len) {
		put_int(&o, 259);
		put_bytes(&o, r->hwmodel);
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
	if (r->deep)
		json_object_set_new(o, "x", json_pack("[[[[[[[[]]]]]]]]"));
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

static struct der_out
eat_stmt(const struct rig *r, enum attest_kind *kind)
{
	struct cbor_out token = r->wrap == JWT ? jwt(r) : cwt(r), rec;
	struct der_out stmt;

	rec = record(r, &token);
	*kind = ATTEST_KIND_CMW;
	switch (r->wrap) {
	case CWT:
		*kind = ATTEST_KIND_EAT_CWT;
		return tlv(0x04, out_of(&token));
	case JWT:
		*kind = ATTEST_KIND_EAT_JWT;
		return tlv(0x0c, out_of(&token));
	case CMW_JSON:
		return tlv(0x0c, out_of(&rec));
	case DICE_CMW:
		*kind = ATTEST_KIND_DICE_CMW;
		stmt = tlv(0x04, out_of(&rec));
		return tlv(0x30, octets_of(stmt.p, stmt.len));
	default:
		return tlv(0x04, out_of(&rec));
	}
}

static inline int
judge(struct rig *r, struct attest_facts *facts)
{
	static const char *const names[] = { "eat-cwt", "eat-jwt", "cmw-cbor",
		"cmw-tag", "cmw-json", "cmw-dice" };
	struct attest_statement s;
	struct der_out stmt = eat_stmt(r, &s.kind);

	s.stmt = octets_of(stmt.p, stmt.len);
	if (!attest_appraise(&s, &r->in, facts))
		return 0;
	seed_out(r->lifecycle ? "eat-psa" : names[r->wrap], &s, &r->in,
	    r->maker.root);
	return 1;
}

static inline void
refused(struct rig *r, const char *rule)
{
	struct attest_facts *facts = attest_facts_new();

	assert_false(judge(r, facts));
	assert_rule(rule);
	attest_facts_free(facts);
	rig_free(r);
}

static inline void
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

#endif
