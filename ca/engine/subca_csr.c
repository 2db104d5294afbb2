#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "profiles/name.h"
#include "profiles/spki.h"
#include "ca/engine/issuer.h"
#include "ca/engine/subca.h"

/* "cn" is CN: as in the fields of ceremonies. */
static const struct name_attr *
find_attr(const char *text, size_t len)
{
	const char *const *names;
	size_t i, n;

	names = name_list(&n);
	for (i = 0; i < n; i++)
		if (strlen(names[i]) == len &&
		    strncasecmp(names[i], text, len) == 0)
			return name_find(names[i]);
	return NULL;
}

static int
add_attr(X509_NAME *name, const char *text)
{
	const char *eq = strchr(text, '='), *breach;
	const struct name_attr *a;

	a = eq == NULL ? NULL : find_attr(text, (size_t)(eq - text));
	if (a == NULL) {
		ca_raise(CA_E_BADREQUEST, "request.subject: \"%.80s\" is no "
		    "attribute=value of a subject", text);
		return 0;
	}
	breach = name_breach(a, eq + 1);
	if (breach != NULL) {
		ca_raise(CA_E_BADREQUEST, "request.subject: %s %s", a->name,
		    breach);
		return 0;
	}
	return X509_NAME_add_entry_by_NID(name, a->nid, a->type,
	    (const unsigned char *)eq + 1, -1, -1, 0) == 1;
}

X509_NAME *
subca_name(const char *const *set, size_t n_set)
{
	X509_NAME *name = X509_NAME_new();
	size_t i;

	for (i = 0; name != NULL && i < n_set; i++)
		if (!add_attr(name, set[i]))
			goto err;
	if (name == NULL || X509_NAME_entry_count(name) > 0)
		return name;
	ca_raise(CA_E_BADREQUEST, "request.subject: a CA needs a name: set "
	    "cn=...");
err:
	X509_NAME_free(name);
	return NULL;
}

static int
push_ext(STACK_OF(X509_EXTENSION) *exts, int nid, int critical, void *value)
{
	X509_EXTENSION *ext;

	ext = value == NULL ? NULL : X509V3_EXT_i2d(nid, critical, value);
	if (ext != NULL && sk_X509_EXTENSION_push(exts, ext) > 0)
		return 1;
	X509_EXTENSION_free(ext);
	return 0;
}

static int
push_constraints(STACK_OF(X509_EXTENSION) *exts, int path_len)
{
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	int ok = bc != NULL;

	if (ok) {
		bc->ca = 0xff;
		if (path_len >= 0)
			ok = (bc->pathlen = ASN1_INTEGER_new()) != NULL &&
			    ASN1_INTEGER_set(bc->pathlen, path_len) == 1;
	}
	ok = ok && push_ext(exts, NID_basic_constraints, 1, bc);
	BASIC_CONSTRAINTS_free(bc);
	return ok;
}

/* RFC 5280 4.2.1.3: bit 5 is keyCertSign, bit 6 cRLSign. */
static int
push_usage(STACK_OF(X509_EXTENSION) *exts)
{
	ASN1_BIT_STRING *ku = ASN1_BIT_STRING_new();
	int ok;

	ok = ku != NULL && ASN1_BIT_STRING_set_bit(ku, 5, 1) == 1 &&
	    ASN1_BIT_STRING_set_bit(ku, 6, 1) == 1 &&
	    push_ext(exts, NID_key_usage, 1, ku);
	ASN1_BIT_STRING_free(ku);
	return ok;
}

static int
push_key_id(STACK_OF(X509_EXTENSION) *exts, const unsigned char *spki,
    size_t len)
{
	ASN1_OCTET_STRING *ski = ASN1_OCTET_STRING_new();
	unsigned char id[20];
	int ok;

	ok = ski != NULL && spki_key_id(spki, len, id) &&
	    ASN1_OCTET_STRING_set(ski, id, sizeof(id)) == 1 &&
	    push_ext(exts, NID_subject_key_identifier, 0, ski);
	ASN1_OCTET_STRING_free(ski);
	return ok;
}

static int
add_extensions(X509_REQ *req, const unsigned char *spki, size_t len,
    int path_len)
{
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	int ok;

	ok = exts != NULL && push_constraints(exts, path_len) &&
	    push_usage(exts) && push_key_id(exts, spki, len) &&
	    X509_REQ_add_extensions(req, exts) == 1;
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return ok;
}

int
subca_csr(EVP_PKEY *key, const char *const *set, size_t n_set, int path_len,
    unsigned char **out, size_t *out_len)
{
	X509_NAME *name = subca_name(set, n_set);
	X509_REQ *req = X509_REQ_new();
	EVP_PKEY *pub = NULL;
	unsigned char *spki = NULL, *der = NULL;
	size_t len;
	int n, ok = 0;

	if (name == NULL || req == NULL || !spki_from_pkey(key, &spki, &len))
		goto out;
	/* A public half of OpenSSL's own: the key itself is in the token. */
	pub = spki_pkey(spki, len);
	if (pub == NULL || X509_REQ_set_version(req, 0) != 1 ||
	    X509_REQ_set_subject_name(req, name) != 1 ||
	    X509_REQ_set_pubkey(req, pub) != 1 ||
	    !add_extensions(req, spki, len, path_len) ||
	    X509_REQ_sign(req, key, issuer_digest(key)) <= 0 ||
	    X509_REQ_verify(req, pub) != 1 ||
	    (n = i2d_X509_REQ(req, &der)) <= 0) {
		ca_raise(CA_E_SIGN, "request: it could not be made and signed");
		goto out;
	}
	*out = der;
	*out_len = (size_t)n;
	ok = 1;
out:
	X509_NAME_free(name);
	X509_REQ_free(req);
	EVP_PKEY_free(pub);
	OPENSSL_free(spki);
	return ok;
}
