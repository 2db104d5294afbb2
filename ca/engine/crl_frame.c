#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/crl_frame.h"

typedef struct crl_head_st {
	ASN1_INTEGER *version;		/* v2 = 1 */
	ASN1_TYPE *signature;		/* opaque SEQUENCEs, byte copies */
	ASN1_TYPE *issuer;
	ASN1_TIME *this_update;
	ASN1_TIME *next_update;
} CRL_HEAD;

typedef struct crl_tail_st {
	STACK_OF(X509_EXTENSION) *extensions;	/* [0] EXPLICIT */
} CRL_TAIL;

DECLARE_ASN1_FUNCTIONS(CRL_HEAD)
DECLARE_ASN1_FUNCTIONS(CRL_TAIL)

/* clang-format off */
ASN1_SEQUENCE(CRL_HEAD) = {
	ASN1_SIMPLE(CRL_HEAD, version, ASN1_INTEGER),
	ASN1_SIMPLE(CRL_HEAD, signature, ASN1_ANY),
	ASN1_SIMPLE(CRL_HEAD, issuer, ASN1_ANY),
	ASN1_SIMPLE(CRL_HEAD, this_update, ASN1_TIME),
	ASN1_SIMPLE(CRL_HEAD, next_update, ASN1_TIME)
} ASN1_SEQUENCE_END(CRL_HEAD)

ASN1_SEQUENCE(CRL_TAIL) = {
	ASN1_EXP_SEQUENCE_OF_OPT(CRL_TAIL, extensions, X509_EXTENSION, 0)
} ASN1_SEQUENCE_END(CRL_TAIL)
/* clang-format on */

IMPLEMENT_ASN1_FUNCTIONS(CRL_HEAD)
IMPLEMENT_ASN1_FUNCTIONS(CRL_TAIL)

#define OID_EXPIRED "2.5.29.60"
struct crl_frame {
	const struct issuer *is;
	const struct crl_spec *spec;
};

/* An ANY that is these octets. */
static int
set_any(ASN1_TYPE **out, const unsigned char *der, size_t len)
{
	const unsigned char *p = der;

	return d2i_ASN1_TYPE(out, &p, (long)len) != NULL && p == der + len;
}

/* The contents of an encoded SEQUENCE, moved to its start. */
static int
take_contents(unsigned char **der, int n, size_t *len)
{
	const unsigned char *p = *der;
	int tag, class;
	long inner;

	if (n <= 0 || (ASN1_get_object(&p, &inner, &tag, &class, n) & 0x80))
		return 0;
	memmove(*der, p, (size_t)inner);
	*len = (size_t)inner;
	return 1;
}

int
crl_frame_head(const struct issuer *is, const struct crl_spec *spec,
    unsigned char **out, size_t *len)
{
	const struct build_issuer *bi = &is->build;
	CRL_HEAD *h = CRL_HEAD_new();
	int ok;

	*out = NULL;
	ok = h != NULL && ASN1_INTEGER_set(h->version, 1) == 1 &&
	    set_any(&h->signature, bi->sigalg, bi->sigalg_len) &&
	    set_any(&h->issuer, bi->name, bi->name_len) &&
	    ASN1_TIME_set(h->this_update, (time_t)spec->this_update) &&
	    ASN1_TIME_set(h->next_update, (time_t)spec->next_update) &&
	    take_contents(out, i2d_CRL_HEAD(h, out), len);
	CRL_HEAD_free(h);
	return ok;
}

static int
push(STACK_OF(X509_EXTENSION) *exts, X509_EXTENSION *ext)
{
	if (ext != NULL && sk_X509_EXTENSION_push(exts, ext) > 0)
		return 1;
	X509_EXTENSION_free(ext);
	return 0;
}

static int
add_aki(const struct crl_frame *f, STACK_OF(X509_EXTENSION) *exts)
{
	const struct build_issuer *bi = &f->is->build;
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	int ok = 0;

	if (aki != NULL && (aki->keyid = ASN1_OCTET_STRING_new()) != NULL)
		ok = ASN1_OCTET_STRING_set(aki->keyid, bi->key_id,
		    (int)bi->key_id_len) == 1 &&
		    push(exts, X509V3_EXT_i2d(NID_authority_key_identifier, 0,
		    aki));
	AUTHORITY_KEYID_free(aki);
	return ok;
}

static int
add_number(const struct crl_frame *f, STACK_OF(X509_EXTENSION) *exts)
{
	ASN1_INTEGER *i = ASN1_INTEGER_new();
	int ok;

	ok = i != NULL && ASN1_INTEGER_set_int64(i, f->spec->number) == 1 &&
	    push(exts, X509V3_EXT_i2d(NID_crl_number, 0, i));
	ASN1_INTEGER_free(i);
	return ok;
}

/* RFC 5280 5.2.5: never an empty SEQUENCE; FALSE is the default of all else. */
static int
add_idp(const struct crl_frame *f, STACK_OF(X509_EXTENSION) *exts)
{
	const char *url = f->spec->idp_url;
	ISSUING_DIST_POINT *idp = NULL;
	ASN1_IA5STRING *uri = NULL;
	GENERAL_NAME *name = NULL;
	int ok = 0;

	if (url == NULL)
		return 1;
	idp = ISSUING_DIST_POINT_new();
	uri = ASN1_IA5STRING_new();
	name = GENERAL_NAME_new();
	if (idp == NULL || uri == NULL || name == NULL ||
	    ASN1_STRING_set(uri, url, (int)strlen(url)) != 1)
		goto out;
	GENERAL_NAME_set0_value(name, GEN_URI, uri);
	uri = NULL;
	idp->distpoint = DIST_POINT_NAME_new();
	if (idp->distpoint == NULL)
		goto out;
	idp->distpoint->type = 0;
	idp->distpoint->name.fullname = sk_GENERAL_NAME_new_null();
	if (idp->distpoint->name.fullname == NULL ||
	    sk_GENERAL_NAME_push(idp->distpoint->name.fullname, name) <= 0)
		goto out;
	name = NULL;
	ok = push(exts, X509V3_EXT_i2d(NID_issuing_distribution_point, 1, idp));
out:
	ASN1_IA5STRING_free(uri);
	GENERAL_NAME_free(name);
	ISSUING_DIST_POINT_free(idp);
	return ok;
}

/* OpenSSL 3.0 has no type for it. */
static int
add_expired(const struct crl_frame *f, STACK_OF(X509_EXTENSION) *exts)
{
	ASN1_GENERALIZEDTIME *t = NULL;
	ASN1_OCTET_STRING *s = NULL;
	ASN1_OBJECT *obj = NULL;
	unsigned char *der = NULL;
	int len, ok = 0;

	if (f->spec->expired_from == 0)
		return 1;
	t = ASN1_GENERALIZEDTIME_set(NULL, (time_t)f->spec->expired_from);
	s = ASN1_OCTET_STRING_new();
	obj = OBJ_txt2obj(OID_EXPIRED, 1);
	len = t == NULL ? 0 : i2d_ASN1_GENERALIZEDTIME(t, &der);
	if (s != NULL && obj != NULL && len > 0 &&
	    ASN1_OCTET_STRING_set(s, der, len) == 1)
		ok = push(exts, X509_EXTENSION_create_by_OBJ(NULL, obj, 0, s));
	ASN1_GENERALIZEDTIME_free(t);
	ASN1_OCTET_STRING_free(s);
	ASN1_OBJECT_free(obj);
	OPENSSL_free(der);
	return ok;
}

int
crl_frame_tail(const struct issuer *is, const struct crl_spec *spec,
    unsigned char **out, size_t *len)
{
	const struct crl_frame f = {is, spec};
	CRL_TAIL *t = CRL_TAIL_new();
	int ok = 0;

	*out = NULL;
	if (t != NULL &&
	    (t->extensions = sk_X509_EXTENSION_new_null()) != NULL)
		ok = add_aki(&f, t->extensions) &&
		    add_number(&f, t->extensions) &&
		    add_idp(&f, t->extensions) &&
		    add_expired(&f, t->extensions) &&
		    take_contents(out, i2d_CRL_TAIL(t, out), len);
	CRL_TAIL_free(t);
	return ok;
}

