#include <string.h>

#include "ra/attest/webauthn.h"

#define FIXED 37 /* rpIdHash, flags, counter */
#define ATTESTED 18 /* aaguid, length of the credential's identifier */
#define ID_MAX 1023

static int
bad(const char *what)
{
	return attest_malformed("webauthn.auth-data", "authData", "%s", what);
}

void
webauthn_data_clear(struct webauthn_data *d)
{
	EVP_PKEY_free(d->key);
	d->key = NULL;
	if (d->tree)
		cbor_decref(&d->tree);
	d->tree = NULL;
}

/* The COSE_Key, and behind it a map of extensions when the flags say so. */
static int
read_key(struct attest_octets in, struct webauthn_data *out)
{
	cbor_item_t *extensions;
	size_t used = 0;

	out->tree = tree_read_first("webauthn.auth-data", "authData", in, &used);
	if (out->tree == NULL)
		return 0;
	in = octets_of(in.p + used, in.len - used);
	if (out->flags & WEBAUTHN_FLAG_EXTENSIONS) {
		extensions = tree_read(
		    "webauthn.auth-data", "authData.extensions", in);
		if (extensions == NULL)
			return 0;
		cbor_decref(&extensions);
	} else if (in.len > 0)
		return bad("octets behind its end");
	if (!tree_int(tree_int_key(out->tree, 3), &out->alg))
		return bad("a key without an algorithm");
	out->key = cose_key("webauthn.auth-data", out->tree);
	return out->key != NULL;
}

int
webauthn_data_read(struct attest_octets in, struct webauthn_data *out)
{
	const unsigned char *p = in.p;
	size_t left = in.len, id;

	memset(out, 0, sizeof(*out));
	if (left < FIXED)
		return bad("too short");
	out->rp_hash = octets_of(p, 32);
	out->flags = p[32];
	p += FIXED;
	left -= FIXED;
	if (!(out->flags & WEBAUTHN_FLAG_ATTESTED) || left < ATTESTED)
		return bad("without a credential");
	out->aaguid = octets_of(p, 16);
	id = (size_t)p[16] << 8 | p[17];
	p += ATTESTED;
	left -= ATTESTED;
	if (id > ID_MAX || id > left)
		return bad("an identifier behind its end");
	return read_key(octets_of(p + id, left - id), out);
}
