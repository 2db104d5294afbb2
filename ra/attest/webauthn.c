#include <string.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "profiles/der.h"
#include "ra/attest/tree_json.h"
#include "ra/attest/webauthn.h"

#define OID_AAGUID "1.3.6.1.4.1.45724.1.1.4"

/* ---- The client's data ---- */

static int
is_text(const json_t *v, const char *want)
{
	return json_is_string(v) && strcmp(json_string_value(v), want) == 0;
}

static int
check_client(const json_t *root, const struct attest_input *in)
{
	const struct attest_webauthn_policy *p = &in->policy->webauthn;
	const json_t *cross = json_object_get(root, "crossOrigin");
	char nonce[4 * (ATTEST_NONCE_MAX + 2) / 3 + 1];
	size_t i;

	if (!is_text(json_object_get(root, "type"), "webauthn.create"))
		return attest_refuse("webauthn.client-data",
		    "clientDataJSON.type", "not webauthn.create");
	base64url_encode(in->nonce.p, in->nonce.len, nonce);
	if (!is_text(json_object_get(root, "challenge"), nonce))
		return attest_refuse("webauthn.nonce",
		    "clientDataJSON.challenge",
		    "not the nonce that this device was given");
	for (i = 0; i < p->n_origins; i++)
		if (is_text(json_object_get(root, "origin"), p->origins[i]) &&
		    !json_is_true(cross))
			return 1;
	return attest_refuse("webauthn.client-data", "clientDataJSON.origin",
	    "none of the policy's, or in the frame of another");
}

/* clientDataHash, which the authenticator signed. */
static int
hash_client(struct attest_octets data, const struct attest_input *in,
    unsigned char md[32])
{
	json_t *root;
	int ok;

	if (in->nonce.len < ATTEST_NONCE_MIN || in->nonce.len > ATTEST_NONCE_MAX)
		return attest_unfit("webauthn.nonce", "nonce",
		    "%zu octets are expected", in->nonce.len);
	if (data.p == NULL)
		return SHA256(in->nonce.p, in->nonce.len, md) != NULL;
	root = tree_json_read("webauthn.client-data", "clientDataJSON", data);
	ok = root != NULL &&
	    (json_is_object(root)
		    ? check_client(root, in)
		    : attest_malformed("webauthn.client-data",
			  "clientDataJSON", "not a JSON object"));
	json_decref(root);
	return ok && SHA256(data.p, data.len, md) != NULL;
}

/* ---- What the authenticator is ---- */

static int
check_data(const struct webauthn_work *w)
{
	const struct attest_webauthn_policy *p = &w->in->policy->webauthn;
	unsigned char md[32];
	size_t i;

	if (p->rp_id == NULL ||
	    SHA256((const unsigned char *)p->rp_id, strlen(p->rp_id), md) ==
		NULL)
		return attest_unfit("webauthn.rp-id", "policy.rp_id",
		    "there is none");
	if (!octets_equal(w->data.rp_hash, md, sizeof(md)))
		return attest_refuse("webauthn.rp-id", "authData.rpIdHash",
		    "made for another relying party");
	for (i = 0; i < p->n_aaguids; i++)
		if (octets_equal(w->data.aaguid, p->aaguids[i], 16))
			return 1;
	return p->n_aaguids == 0 ||
	    attest_refuse("webauthn.aaguid", "authData.aaguid",
		"none of the policy's models");
}

/* The extension is an OCTET STRING within its OCTET STRING, and not critical. */
static int
check_aaguid(const struct webauthn_work *w, const X509 *cert)
{
	struct attest_octets ext;
	struct der in, body;
	int critical = 0;
	int has = chain_extension(cert, OID_AAGUID, &ext, &critical);

	if (has == 0)
		return 1;
	in = (struct der){ ext.p, ext.len };
	if (has < 0 || critical || !der_only(in, DER_OCTET_STRING, &body) ||
	    !octets_equal(w->data.aaguid, body.p, body.len))
		return attest_refuse("webauthn.aaguid", "certificate.aaguid",
		    "critical, or not the one in authData");
	return 1;
}

int
webauthn_cert_check(struct webauthn_work *w, X509 *cert)
{
	const struct chain_rules rules = { "webauthn.path",
		&w->in->policy->webauthn.trust, NULL, 0, NULL };

	if (X509_get_version(cert) != X509_VERSION_3 ||
	    X509_check_ca(cert) != 0)
		return attest_refuse("webauthn.certificate", "certificate",
		    "not of version 3, or a CA's");
	return check_aaguid(w, cert) &&
	    chain_check(&rules, cert, w->x5c, w->in->now, NULL) &&
	    chain_fact(w->facts, "webauthn.certificate", cert);
}

/* ---- The statement ---- */

/* Its two parts; the second may be absent ({NULL, 0}). */
static int
split(struct attest_octets stmt, struct attest_octets *object,
    struct attest_octets *client)
{
	struct der in = { stmt.p, stmt.len }, body, one, two = { NULL, 0 };

	if (!der_only(in, DER_SEQUENCE, &body) ||
	    !der_take(&body, DER_OCTET_STRING, &one) ||
	    (body.len > 0 && !der_only(body, DER_OCTET_STRING, &two)))
		return attest_malformed("webauthn.stmt", "stmt",
		    "not a SEQUENCE of attestationObject, clientDataJSON");
	*object = octets_of(one.p, one.len);
	*client = octets_of(two.p, two.len);
	return 1;
}

static int
appraise_format(struct webauthn_work *w, const cbor_item_t *object)
{
	struct attest_octets fmt;
	const char *name = NULL;
	int ok = 0;

	if (!tree_text(tree_text_key(object, "fmt"), &fmt))
		return attest_malformed("webauthn.format", "fmt", "not a text");
	if (octets_equal(fmt, (const unsigned char *)"packed", 6)) {
		name = "packed";
		ok = webauthn_packed(w);
	} else if (octets_equal(fmt, (const unsigned char *)"tpm", 3)) {
		name = "tpm";
		ok = webauthn_tpm(w);
	} else
		attest_refuse("webauthn.format", "fmt",
		    "neither packed nor tpm");
	return ok && facts_string(w->facts, "webauthn.format", name);
}

static int
appraise_object(struct webauthn_work *w, struct attest_octets client,
    const cbor_item_t *object)
{
	w->stmt = tree_text_key(object, "attStmt");
	if (w->stmt == NULL || !cbor_isa_map(w->stmt) ||
	    !tree_bytes(tree_text_key(object, "authData"), &w->auth))
		return attest_malformed("webauthn.stmt", "attestationObject",
		    "not a map of fmt, attStmt, authData");
	w->hash = octets_of(w->client_hash, sizeof(w->client_hash));
	return webauthn_data_read(w->auth, &w->data) &&
	    hash_client(client, w->in, w->client_hash) && check_data(w) &&
	    appraise_format(w, object) &&
	    facts_octets(w->facts, "webauthn.aaguid", w->data.aaguid.p, 16) &&
	    facts_flag(w->facts, "webauthn.user-present", w->data.flags & 1) &&
	    attest_key_check("webauthn.csr-key", "authData.credentialPublicKey",
		w->data.key, w->in, w->facts);
}

int
webauthn_appraise(const struct attest_statement *s,
    const struct attest_input *in, struct attest_facts *facts)
{
	struct webauthn_work w;
	struct attest_octets object = { NULL, 0 }, client = { NULL, 0 };
	cbor_item_t *tree;
	int ok;

	memset(&w, 0, sizeof(w));
	w.in = in;
	w.facts = facts;
	if (!split(s->stmt, &object, &client))
		return 0;
	tree = tree_read("webauthn.stmt", "attestationObject", object);
	if (tree == NULL)
		return 0;
	ok = appraise_object(&w, client, tree);
	webauthn_data_clear(&w.data);
	sk_X509_pop_free(w.x5c, X509_free);
	cbor_decref(&tree);
	return ok;
}
