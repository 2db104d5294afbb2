#include <string.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>

#include "ra/attest/eat.h"
#include "ra/attest/tree_json.h"

/* Claims of a JWT: names of RFC 7519, 7800, 9711. Octets are base64url. A PSA
   token has no such form. */

static int
bad(const char *claim)
{
	return attest_malformed("eat.claims", claim, "not of its type");
}

static int
decoded(struct eat_claims *c, const json_t *v, const char *name,
    struct attest_octets *out)
{
	unsigned char *p;
	size_t len = 0;

	if (v == NULL)
		return 1;
	if (!json_is_string(v))
		return bad(name);
	p = base64url_decode(
	    octets_of(json_string_value(v), json_string_length(v)), &len);
	if (!eat_keep(c, p))
		return bad(name);
	*out = octets_of(p, len);
	return 1;
}

/* A copy of a text, so that the JSON may go. */
static int
text(struct eat_claims *c, const json_t *v, const char *name,
    struct attest_octets *out)
{
	char *p;

	if (v == NULL)
		return 1;
	if (!json_is_string(v))
		return bad(name);
	p = OPENSSL_memdup(json_string_value(v), json_string_length(v) + 1);
	if (!eat_keep(c, p))
		return bad(name);
	*out = octets_of(p, json_string_length(v));
	return 1;
}

static int
nonces(struct eat_claims *c, const json_t *v)
{
	size_t i, n = json_array_size(v);

	if (v == NULL)
		return 1;
	if (!json_is_array(v)) {
		c->n_nonces = 1;
		return decoded(c, v, "eat_nonce", &c->nonce[0]);
	}
	if (n > EAT_NONCES_MAX)
		return bad("eat_nonce");
	for (i = 0; i < n; i++)
		if (!decoded(c, json_array_get(v, i), "eat_nonce", &c->nonce[i]))
			return 0;
	c->n_nonces = n;
	return 1;
}

static int
oemid(struct eat_claims *c, const json_t *v)
{
	char *p;

	if (!json_is_integer(v))
		return decoded(c, v, "oemid", &c->oemid);
	p = OPENSSL_zalloc(24);
	if (!eat_keep(c, p))
		return bad("oemid");
	snprintf(p, 24, "%lld", (long long)json_integer_value(v));
	c->oemid = octets_of(p, strlen(p));
	return 1;
}

static int
number(const json_t *map, const char *name, int64_t *out)
{
	const json_t *v = json_object_get(map, name);

	*out = EAT_CLAIM_ABSENT;
	if (v == NULL)
		return 1;
	*out = json_integer_value(v);
	return (json_is_integer(v) && *out >= 0) || bad(name);
}

static int
flags(struct eat_claims *c, const json_t *map)
{
	static const char *const states[] = { "enabled", "disabled",
		"disabled-since-boot", "disabled-permanently",
		"disabled-fully-and-permanently" };
	const json_t *boot = json_object_get(map, "oemboot");
	const json_t *debug = json_object_get(map, "dbgstat");
	const char *s = json_string_value(debug);
	int i;

	c->oemboot = boot ? json_is_true(boot) : EAT_CLAIM_ABSENT;
	if (boot && !json_is_boolean(boot))
		return bad("oemboot");
	c->dbgstat = EAT_CLAIM_ABSENT;
	for (i = 0; s && i < 5; i++)
		if (strcmp(s, states[i]) == 0)
			c->dbgstat = i;
	c->submods = json_object_get(map, "submods") != NULL;
	return debug == NULL || c->dbgstat >= 0 || bad("dbgstat");
}

static int
measurements(struct eat_claims *c, const json_t *v)
{
	size_t i, n = json_array_size(v);

	if (v && (!json_is_array(v) || n > EAT_MEASUREMENTS_MAX))
		return bad("measurements");
	for (i = 0; i < n; i++) {
		const json_t *one = json_array_get(v, i);

		if (json_array_size(one) != 2 ||
		    !decoded(c, json_array_get(one, 1), "measurements",
			&c->measurement[i]))
			return bad("measurements");
	}
	c->n_measurements = n;
	return 1;
}

/* ---- cnf: {"jwk": {...}} (RFC 7800) ---- */

static EVP_PKEY *
ec_key(const char *crv, struct attest_octets x, struct attest_octets y)
{
	int nid = NID_undef;

	if (crv && strcmp(crv, "P-256") == 0)
		nid = NID_X9_62_prime256v1;
	else if (crv && strcmp(crv, "P-384") == 0)
		nid = NID_secp384r1;
	else if (crv && strcmp(crv, "P-521") == 0)
		nid = NID_secp521r1;
	return attest_ec_key("eat.cnf", "cnf.jwk", nid, x, y);
}

static int
confirmation(struct eat_claims *c, const json_t *cnf)
{
	const json_t *jwk = json_object_get(cnf, "jwk");
	const char *kty = json_string_value(json_object_get(jwk, "kty"));
	const char *crv = json_string_value(json_object_get(jwk, "crv"));
	struct attest_octets x = { NULL, 0 }, y = { NULL, 0 }, n = x, e = x;

	if (cnf == NULL)
		return 1;
	if (!decoded(c, json_object_get(jwk, "x"), "cnf", &x) ||
	    !decoded(c, json_object_get(jwk, "y"), "cnf", &y) ||
	    !decoded(c, json_object_get(jwk, "n"), "cnf", &n) ||
	    !decoded(c, json_object_get(jwk, "e"), "cnf", &e))
		return 0;
	if (kty && strcmp(kty, "EC") == 0)
		c->cnf = ec_key(crv, x, y);
	else if (kty && strcmp(kty, "RSA") == 0)
		c->cnf = attest_rsa_key("eat.cnf", "cnf.jwk", n, e);
	else if (kty && crv && strcmp(kty, "OKP") == 0 &&
	    strcmp(crv, "Ed25519") == 0)
		c->cnf = cose_ed25519("eat.cnf", "cnf.jwk", x);
	else
		attest_malformed("eat.cnf", "cnf",
		    "without a JWK of EC, RSA or Ed25519");
	return c->cnf != NULL;
}

static int
read_map(struct eat_claims *c, const json_t *map)
{
	return nonces(c, json_object_get(map, "eat_nonce")) &&
	    text(c, json_object_get(map, "eat_profile"), "eat_profile",
		&c->profile) &&
	    decoded(c, json_object_get(map, "ueid"), "ueid", &c->ueid) &&
	    oemid(c, json_object_get(map, "oemid")) &&
	    decoded(c, json_object_get(map, "hwmodel"), "hwmodel",
		&c->hwmodel) &&
	    flags(c, map) && number(map, "exp", &c->exp) &&
	    number(map, "nbf", &c->nbf) && number(map, "iat", &c->iat) &&
	    measurements(c, json_object_get(map, "measurements")) &&
	    confirmation(c, json_object_get(map, "cnf"));
}

int
eat_read_json(struct attest_octets payload, struct eat_claims *c)
{
	json_t *map;
	int ok;

	memset(c, 0, sizeof(*c));
	c->lifecycle = EAT_CLAIM_ABSENT;
	map = tree_json_read("eat.claims", "payload", payload);
	ok = map != NULL &&
	    (json_is_object(map)
		    ? read_map(c, map)
		    : attest_malformed(
			  "eat.claims", "payload", "not a JSON object"));
	json_decref(map);
	return ok;
}
