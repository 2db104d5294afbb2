#include <limits.h>

#include <openssl/asn1t.h>
#include <openssl/objects.h>

#include "ra/certs.h"
#include "ra/error.h"

/*
 * Declared here instead of taking PKCS7_SIGNED: there a certificate is an
 * X509, and decoding one only to copy it costs as much as a signature check on
 * OpenSSL 3.0.
 */

/* clang-format off */
typedef struct certs_content_st {	/* EncapsulatedContentInfo */
	ASN1_OBJECT *type;		/* id-data, content absent */
} CERTS_CONTENT;

typedef struct certs_signed_st {	/* SignedData */
	ASN1_INTEGER *version;
	STACK_OF(ASN1_TYPE) *digests;	/* empty */
	CERTS_CONTENT *content;
	STACK_OF(ASN1_TYPE) *certs;
	STACK_OF(ASN1_TYPE) *signers;	/* empty */
} CERTS_SIGNED;

typedef struct certs_info_st {		/* ContentInfo */
	ASN1_OBJECT *type;		/* id-signedData */
	CERTS_SIGNED *signed_data;
} CERTS_INFO;

ASN1_SEQUENCE(CERTS_CONTENT) = {
	ASN1_SIMPLE(CERTS_CONTENT, type, ASN1_OBJECT)
} static_ASN1_SEQUENCE_END(CERTS_CONTENT)

ASN1_SEQUENCE(CERTS_SIGNED) = {
	ASN1_SIMPLE(CERTS_SIGNED, version, ASN1_INTEGER),
	ASN1_SET_OF(CERTS_SIGNED, digests, ASN1_ANY),
	ASN1_SIMPLE(CERTS_SIGNED, content, CERTS_CONTENT),
	/* A sequence of, so that the order given is kept, as OpenSSL does. */
	ASN1_IMP_SEQUENCE_OF(CERTS_SIGNED, certs, ASN1_ANY, 0),
	ASN1_SET_OF(CERTS_SIGNED, signers, ASN1_ANY)
} static_ASN1_SEQUENCE_END(CERTS_SIGNED)

ASN1_SEQUENCE(CERTS_INFO) = {
	ASN1_SIMPLE(CERTS_INFO, type, ASN1_OBJECT),
	ASN1_EXP(CERTS_INFO, signed_data, CERTS_SIGNED, 0)
} static_ASN1_SEQUENCE_END(CERTS_INFO)

static int
push(STACK_OF(ASN1_TYPE) *list, const struct certs_der *cert)
{
	const unsigned char *p = cert->p;
	ASN1_TYPE *any;

	if (cert->len == 0 || cert->len > INT_MAX || p[0] != 0x30)
		return 0;
	any = d2i_ASN1_TYPE(NULL, &p, (long)cert->len);
	if (any == NULL || p != cert->p + cert->len ||
	    sk_ASN1_TYPE_push(list, any) <= 0) {
		ASN1_TYPE_free(any);
		return 0;
	}
	return 1;
}
/* clang-format on */

static int
fill(CERTS_INFO *info, const struct certs_der *certs, size_t n)
{
	size_t i;

	/* id-data and id-signedData are static objects: nothing to free. */
	info->type = OBJ_nid2obj(NID_pkcs7_signed);
	info->signed_data->content->type = OBJ_nid2obj(NID_pkcs7_data);
	if (info->type == NULL || info->signed_data->content->type == NULL ||
	    !ASN1_INTEGER_set(info->signed_data->version, 1))
		return 0;
	for (i = 0; i < n; i++)
		if (!push(info->signed_data->certs, &certs[i]))
			return 0;
	return 1;
}

int
certs_only(
    const struct certs_der *certs, size_t n, unsigned char **out, size_t *len)
{
	CERTS_INFO *info = NULL;
	unsigned char *der = NULL;
	int der_len = 0;

	if (n <= CERTS_MAX)
		info = (CERTS_INFO *)ASN1_item_new(ASN1_ITEM_rptr(CERTS_INFO));
	if (info != NULL && fill(info, certs, n))
		der_len = ASN1_item_i2d(
		    (ASN1_VALUE *)info, &der, ASN1_ITEM_rptr(CERTS_INFO));
	ASN1_item_free((ASN1_VALUE *)info, ASN1_ITEM_rptr(CERTS_INFO));
	if (der_len <= 0) {
		ra_raise(RA_E_INTERNAL, "certs-only: %zu certificates", n);
		return 0;
	}
	*out = der;
	*len = (size_t)der_len;
	return 1;
}
