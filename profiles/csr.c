#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "profiles/asn1.h"
#include "profiles/error.h"
#include "profiles/sig.h"
#include "profiles/csr.h"

#define CHALLENGE_MAX 1024
#define EXTENSIONS_MAX 64

struct csr {
	unsigned char *der;
	size_t len;
	INKAN_CSR *outer;
	INKAN_CRI *cri;
	const unsigned char *spki; /* inside outer */
	size_t spki_len;
	enum spki_type type;
	EVP_PKEY *pkey;
	unsigned char spki_md[32];
	STACK_OF(X509_EXTENSION) * extensions;
	GENERAL_NAMES *san;
	char *challenge;
};

static int
bad(const char *what)
{
	profile_raise(PROFILE_E_BADREQUEST, "%s", what);
	return 0;
}

/* An opaque SEQUENCE of our templates: its octets, or NULL. */
static const unsigned char *
sequence(const ASN1_TYPE *any, size_t *len)
{
	if (any == NULL || ASN1_TYPE_get(any) != V_ASN1_SEQUENCE)
		return NULL;
	*len = (size_t)ASN1_STRING_length(any->value.sequence);
	return ASN1_STRING_get0_data(any->value.sequence);
}

static int
same(const unsigned char *a, int a_len, const unsigned char *b, size_t b_len)
{
	return a_len >= 0 && (size_t)a_len == b_len && memcmp(a, b, b_len) == 0;
}

/* Decode both layers; each must encode again to the same octets. */
static int
decode(struct csr *c)
{
	const unsigned char *p = c->der, *cri;
	unsigned char *again = NULL;
	size_t cri_len = 0;
	int n, ok = 0;

	c->outer = d2i_INKAN_CSR(NULL, &p, (long)c->len);
	if (c->outer == NULL || p != c->der + c->len ||
	    (cri = sequence(c->outer->cri, &cri_len)) == NULL)
		return bad("csr.der: not a CertificationRequest, or octets "
			   "behind it");
	n = i2d_INKAN_CSR(c->outer, &again);
	ok = same(again, n, c->der, c->len);
	OPENSSL_free(again);
	if (!ok)
		return bad("csr.der: not DER");
	p = cri;
	c->cri = d2i_INKAN_CRI(NULL, &p, (long)cri_len);
	if (c->cri == NULL || p != cri + cri_len)
		return bad("csr.der: not a CertificationRequestInfo");
	again = NULL;
	n = i2d_INKAN_CRI(c->cri, &again);
	ok = same(again, n, cri, cri_len);
	OPENSSL_free(again);
	return ok ? 1 : bad("csr.der: CertificationRequestInfo is not DER");
}

static int
check_head(struct csr *c)
{
	if (ASN1_INTEGER_get(c->cri->version) != 0)
		return bad("csr.version: not 0 (RFC 2986 4.1)");
	if (X509_NAME_entry_count(c->cri->subject) > CSR_NAMES_MAX)
		return bad("csr.subject: too many attributes");
	c->spki = sequence(c->cri->spki, &c->spki_len);
	if (c->spki == NULL)
		return bad("key.der: SubjectPublicKeyInfo is no SEQUENCE");
	c->pkey = spki_load(c->spki, c->spki_len, &c->type);
	return c->pkey != NULL && spki_sha256(c->spki, c->spki_len, c->spki_md);
}

/* A single attribute value as UTF-8, to be freed with OPENSSL_free(). */
static char *
string_utf8(const ASN1_STRING *s, size_t max, const char *rule)
{
	unsigned char *utf8 = NULL;
	int n = ASN1_STRING_to_UTF8(&utf8, s);

	if (n < 0 || (size_t)n > max || memchr(utf8, 0, (size_t)n) != NULL) {
		profile_raise(PROFILE_E_BADREQUEST,
		    "%s: not a text, too long, or with NUL", rule);
		OPENSSL_free(utf8);
		return NULL;
	}
	return (char *)utf8;
}

static int
read_challenge(struct csr *c, X509_ATTRIBUTE *attr)
{
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attr, 0);

	if (c->challenge != NULL)
		return bad("csr.challenge: given twice");
	switch (ASN1_TYPE_get(value)) {
	case V_ASN1_UTF8STRING:
	case V_ASN1_PRINTABLESTRING:
	case V_ASN1_T61STRING:
	case V_ASN1_BMPSTRING:
	case V_ASN1_UNIVERSALSTRING:
	case V_ASN1_IA5STRING: /* not a DirectoryString, but seen */
		c->challenge = string_utf8(
		    value->value.asn1_string, CHALLENGE_MAX, "csr.challenge");
		return c->challenge != NULL;
	}
	return bad("csr.challenge: not a DirectoryString");
}

static int
each_once(const STACK_OF(X509_EXTENSION) * exts)
{
	const ASN1_OBJECT *oid;
	char name[64];
	int i, j;

	if (sk_X509_EXTENSION_num(exts) > EXTENSIONS_MAX)
		return bad("csr.extensions: too many");
	for (i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
		oid =
		    X509_EXTENSION_get_object(sk_X509_EXTENSION_value(exts, i));
		for (j = 0; j < i; j++)
			if (OBJ_cmp(oid,
				X509_EXTENSION_get_object(
				    sk_X509_EXTENSION_value(exts, j))) == 0)
				break;
		if (j == i)
			continue;
		OBJ_obj2txt(name, sizeof(name), oid, 0);
		profile_raise(PROFILE_E_BADREQUEST,
		    "csr.extensions: %.60s is given twice", name);
		return 0;
	}
	return 1;
}

static int
read_san(struct csr *c)
{
	const ASN1_OCTET_STRING *value;
	const unsigned char *der, *p;
	int at, len;

	at = X509v3_get_ext_by_NID(c->extensions, NID_subject_alt_name, -1);
	if (at < 0)
		return 1;
	value =
	    X509_EXTENSION_get_data(sk_X509_EXTENSION_value(c->extensions, at));
	p = der = ASN1_STRING_get0_data(value);
	len = ASN1_STRING_length(value);
	c->san = d2i_GENERAL_NAMES(NULL, &p, len);
	if (c->san == NULL || p != der + len)
		return bad("csr.san: not GeneralNames");
	if (sk_GENERAL_NAME_num(c->san) == 0)
		return bad("csr.san: empty (RFC 5280 4.2.1.6)");
	if (sk_GENERAL_NAME_num(c->san) > CSR_NAMES_MAX)
		return bad("csr.san: too many entries");
	return 1;
}

static int
read_extensions(struct csr *c, X509_ATTRIBUTE *attr)
{
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attr, 0);
	const unsigned char *der, *p;
	size_t len;

	if (c->extensions != NULL)
		return bad("csr.extensions: requested twice");
	if ((p = der = sequence(value, &len)) == NULL ||
	    (c->extensions = d2i_X509_EXTENSIONS(NULL, &p, (long)len)) ==
		NULL ||
	    p != der + len)
		return bad("csr.extensions: not Extensions");
	return each_once(c->extensions) && read_san(c);
}

static int
read_attributes(struct csr *c)
{
	X509_ATTRIBUTE *attr;
	int i, nid, ok = 1;

	for (i = 0; ok && i < sk_X509_ATTRIBUTE_num(c->cri->attributes); i++) {
		attr = sk_X509_ATTRIBUTE_value(c->cri->attributes, i);
		nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attr));
		if (nid != NID_pkcs9_challengePassword && nid != NID_ext_req &&
		    nid != NID_ms_ext_req)
			continue;
		if (X509_ATTRIBUTE_count(attr) != 1)
			return bad("csr.attributes: not a single value "
				   "(RFC 2985 5.4)");
		ok = nid == NID_pkcs9_challengePassword
		    ? read_challenge(c, attr)
		    : read_extensions(c, attr);
	}
	return ok;
}

struct csr *
csr_parse(const unsigned char *der, size_t len)
{
	struct csr *c = NULL;

	if (len == 0 || len > CSR_MAX) {
		bad("csr.size: empty or too long");
		return NULL;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->der = OPENSSL_memdup(der, len)) == NULL) {
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
		csr_free(c);
		return NULL;
	}
	c->len = len;
	if (!decode(c) || !check_head(c) || !read_attributes(c)) {
		csr_free(c);
		return NULL;
	}
	return c;
}

void
csr_free(struct csr *csr)
{
	if (csr == NULL)
		return;
	INKAN_CSR_free(csr->outer);
	INKAN_CRI_free(csr->cri);
	EVP_PKEY_free(csr->pkey);
	sk_X509_EXTENSION_pop_free(csr->extensions, X509_EXTENSION_free);
	GENERAL_NAMES_free(csr->san);
	/* A challenge may be a one-time secret. */
	if (csr->challenge != NULL)
		OPENSSL_cleanse(csr->challenge, strlen(csr->challenge));
	OPENSSL_free(csr->challenge);
	OPENSSL_free(csr->der);
	free(csr);
}

int
csr_verify(const struct csr *csr)
{
	const ASN1_BIT_STRING *value = csr->outer->signature;
	const unsigned char *tbs;
	EVP_MD_CTX *ctx = NULL;
	struct sig sig;
	size_t len = 0;
	int ok;

	if (!sig_read(csr->outer->algorithm, "csr.signature", &sig))
		return 0;
	tbs = sequence(csr->outer->cri, &len);
	ok = (ctx = EVP_MD_CTX_new()) != NULL &&
	    sig_verify_init(&sig, ctx, csr->pkey) &&
	    EVP_DigestVerify(ctx, ASN1_STRING_get0_data(value),
		(size_t)ASN1_STRING_length(value), tbs, len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok ? 1
		  : bad("csr.signature: does not verify under the request's "
			"own key");
}

const unsigned char *
csr_der(const struct csr *csr, size_t *len)
{
	*len = csr->len;
	return csr->der;
}

const unsigned char *
csr_spki(const struct csr *csr, size_t *len)
{
	*len = csr->spki_len;
	return csr->spki;
}

enum spki_type
csr_key_type(const struct csr *csr)
{
	return csr->type;
}

const unsigned char *
csr_spki_sha256(const struct csr *csr)
{
	return csr->spki_md;
}

int
csr_has_attribute(const struct csr *csr, const char *oid)
{
	const STACK_OF(X509_ATTRIBUTE) *all = csr->cri->attributes;
	ASN1_OBJECT *wanted = OBJ_txt2obj(oid, 1);
	int at = -1;

	if (wanted != NULL)
		at = X509at_get_attr_by_OBJ(all, wanted, -1);
	ASN1_OBJECT_free(wanted);
	return at >= 0;
}

X509_NAME *
csr_subject(const struct csr *csr)
{
	return csr->cri->subject;
}

const GENERAL_NAMES *
csr_san(const struct csr *csr)
{
	return csr->san;
}

const STACK_OF(X509_EXTENSION) * csr_extensions(const struct csr *csr)
{
	return csr->extensions;
}

const char *
csr_challenge(const struct csr *csr)
{
	return csr->challenge;
}

int
csr_name_text(const X509_NAME *name, int nid, char *out, size_t size)
{
	char rule[64], *utf8 = NULL;
	int at;

	snprintf(rule, sizeof(rule), "csr.subject.%.40s", OBJ_nid2sn(nid));
	if ((at = X509_NAME_get_index_by_NID(name, nid, -1)) < 0)
		return 0;
	if (X509_NAME_get_index_by_NID(name, nid, at) >= 0) {
		profile_raise(PROFILE_E_BADREQUEST, "%s: given twice", rule);
		return -1;
	}
	utf8 =
	    string_utf8(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)),
		size - 1, rule);
	if (utf8 == NULL)
		return -1;
	snprintf(out, size, "%s", utf8);
	OPENSSL_free(utf8);
	return 1;
}

int
csr_subject_text(const struct csr *csr, int nid, char *out, size_t size)
{
	return csr_name_text(csr->cri->subject, nid, out, size);
}
