#include <string.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>

#include "ra/attest/eat.h"

/* Claims of a CWT: numbers of RFC 8392, 8747, 9711, 9783. */

void
eat_claims_clear(struct eat_claims *c)
{
	size_t i;

	EVP_PKEY_free(c->cnf);
	c->cnf = NULL;
	for (i = 0; i < c->n_owned; i++)
		OPENSSL_free(c->owned[i]);
	c->n_owned = 0;
	if (c->tree)
		cbor_decref(&c->tree);
	c->tree = NULL;
}

int
eat_keep(struct eat_claims *c, void *p)
{
	if (p == NULL || c->n_owned == sizeof(c->owned) / sizeof(c->owned[0])) {
		OPENSSL_free(p);
		return 0;
	}
	c->owned[c->n_owned++] = p;
	return 1;
}

static int
bad(const char *claim)
{
	return attest_malformed("eat.claims", claim, "not of its type");
}

/* ---- Single claims: each takes NULL for absent ---- */

static int
nonces(struct eat_claims *c, const cbor_item_t *v)
{
	size_t i, n = tree_count(v);

	if (v == NULL)
		return 1;
	if (n == 0) {
		c->n_nonces = 1;
		return tree_bytes(v, &c->nonce[0]) || bad("eat_nonce");
	}
	for (i = 0; i < n; i++)
		if (i == EAT_NONCES_MAX || !tree_bytes(tree_at(v, i), &c->nonce[i]))
			return bad("eat_nonce");
	c->n_nonces = n;
	return 1;
}

/* A URI, or an OID as the contents of its DER (RFC 9711 4.3.2). */
static int
profile(struct eat_claims *c, const cbor_item_t *v)
{
	unsigned char der[130];
	const unsigned char *p = der;
	struct attest_octets oid;
	ASN1_OBJECT *obj;
	char *text;

	if (v == NULL || tree_text(v, &c->profile))
		return 1;
	if (!tree_bytes(v, &oid) || oid.len == 0 || oid.len > 127)
		return bad("eat_profile");
	der[0] = 0x06;
	der[1] = (unsigned char)oid.len;
	memcpy(der + 2, oid.p, oid.len);
	obj = d2i_ASN1_OBJECT(NULL, &p, (long)oid.len + 2);
	text = OPENSSL_zalloc(256);
	if (obj && text)
		OBJ_obj2txt(text, 256, obj, 1);
	if (!eat_keep(c, text) || obj == NULL) {
		ASN1_OBJECT_free(obj);
		return bad("eat_profile");
	}
	ASN1_OBJECT_free(obj);
	c->profile = octets_of(text, strlen(text));
	return 1;
}

/* A Private Enterprise Number is kept as its decimal text. */
static int
oemid(struct eat_claims *c, const cbor_item_t *v)
{
	int64_t pen;
	char *text;

	if (v == NULL || tree_bytes(v, &c->oemid))
		return 1;
	if (!tree_int(v, &pen))
		return bad("oemid");
	text = OPENSSL_zalloc(24);
	if (!eat_keep(c, text))
		return bad("oemid");
	snprintf(text, 24, "%lld", (long long)pen);
	c->oemid = octets_of(text, strlen(text));
	return 1;
}

static int
octets(const cbor_item_t *map, int64_t key, const char *name,
    struct attest_octets *out)
{
	const cbor_item_t *v = tree_int_key(map, key);

	return v == NULL || tree_bytes(v, out) || bad(name);
}

static int
number(const cbor_item_t *map, int64_t key, const char *name, int64_t *out)
{
	const cbor_item_t *v = tree_int_key(map, key);

	*out = EAT_CLAIM_ABSENT;
	return v == NULL || (tree_int(v, out) && *out >= 0) || bad(name);
}

/* [[content format, octets], ...] */
static int
measurements(struct eat_claims *c, const cbor_item_t *v)
{
	size_t i;

	if (v && (!cbor_isa_array(v) || tree_count(v) > EAT_MEASUREMENTS_MAX))
		return bad("measurements");
	for (i = 0; i < tree_count(v); i++)
		if (tree_count(tree_at(v, i)) != 2 ||
		    !tree_bytes(tree_at(tree_at(v, i), 1), &c->measurement[i]))
			return bad("measurements");
	c->n_measurements = tree_count(v);
	return 1;
}

/* psa-software-components: 1 type, 2 value, 5 signer. */
static int
components(struct eat_claims *c, const cbor_item_t *v)
{
	size_t i;

	if (v && (!cbor_isa_array(v) || tree_count(v) > EAT_MEASUREMENTS_MAX))
		return bad("psa-software-components");
	for (i = 0; i < tree_count(v); i++) {
		const cbor_item_t *one = tree_at(v, i);
		struct eat_component *out = &c->component[i];

		tree_text(tree_int_key(one, 1), &out->type);
		if (!tree_bytes(tree_int_key(one, 2), &out->value) ||
		    !tree_bytes(tree_int_key(one, 5), &out->signer_id))
			return bad("psa-software-components");
	}
	c->n_components = tree_count(v);
	return 1;
}

/* cnf: {1: COSE_Key} (RFC 8747); other ways to name a key name none here. */
static int
confirmation(struct eat_claims *c, const cbor_item_t *v)
{
	if (v == NULL)
		return 1;
	if (tree_int_key(v, 1) == NULL)
		return attest_malformed("eat.cnf", "cnf", "without a COSE_Key");
	c->cnf = cose_key("eat.cnf", tree_int_key(v, 1));
	return c->cnf != NULL;
}

static int
flags(struct eat_claims *c, const cbor_item_t *map)
{
	int64_t value;

	c->oemboot = EAT_CLAIM_ABSENT;
	if (tree_int_key(map, 262) &&
	    !tree_bool(tree_int_key(map, 262), &c->oemboot))
		return bad("oemboot");
	if (!number(map, 263, "dbgstat", &value) || value > 4)
		return bad("dbgstat");
	c->dbgstat = (int)value;
	c->submods = tree_int_key(map, 266) != NULL;
	return 1;
}

int
eat_read_cbor(struct attest_octets payload, struct eat_claims *c)
{
	const cbor_item_t *map;

	memset(c, 0, sizeof(*c));
	map = c->tree = tree_read("eat.claims", "payload", payload);
	if (map == NULL)
		return 0;
	if (!cbor_isa_map(map))
		return attest_malformed("eat.claims", "payload", "not a map");
	return nonces(c, tree_int_key(map, 10)) &&
	    profile(c, tree_int_key(map, 265)) &&
	    octets(map, 256, "ueid", &c->ueid) &&
	    oemid(c, tree_int_key(map, 258)) &&
	    octets(map, 259, "hwmodel", &c->hwmodel) && flags(c, map) &&
	    number(map, 4, "exp", &c->exp) && number(map, 5, "nbf", &c->nbf) &&
	    number(map, 6, "iat", &c->iat) &&
	    number(map, 2395, "psa-security-lifecycle", &c->lifecycle) &&
	    octets(map, 2396, "psa-implementation-id", &c->implementation) &&
	    measurements(c, tree_int_key(map, 273)) &&
	    components(c, tree_int_key(map, 2399)) &&
	    confirmation(c, tree_int_key(map, 8));
}
