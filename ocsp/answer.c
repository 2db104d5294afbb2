#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/x509.h>

#include "ocsp/answer.h"
#include "ocsp/error.h"

/*
 * Our own templates of the response (RFC 6960 4.2.1): OpenSSL's give no way
 * to set producedAt, and copy CertID and certificate through their parsed
 * forms. Only encoded, never decoded. CertStatus is a CHOICE; of its three
 * alternatives exactly one is set.
 */

typedef struct answer_revoked_st {
	ASN1_GENERALIZEDTIME *time;
	ASN1_ENUMERATED *reason;
} ANSWER_REVOKED_INFO;

typedef struct answer_single_st {
	ASN1_TYPE *certid;
	ASN1_NULL *good;
	ANSWER_REVOKED_INFO *revoked;
	ASN1_NULL *unknown;
	ASN1_GENERALIZEDTIME *this_update, *next_update;
	STACK_OF(X509_EXTENSION) * extensions;
} ANSWER_SINGLE;

DEFINE_STACK_OF(ANSWER_SINGLE)

typedef struct answer_data_st {
	ASN1_OCTET_STRING *by_key;
	ASN1_GENERALIZEDTIME *produced_at;
	STACK_OF(ANSWER_SINGLE) * singles;
	STACK_OF(X509_EXTENSION) * extensions;
} ANSWER_DATA;

typedef struct answer_basic_st {
	ANSWER_DATA *data;
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *signature;
	STACK_OF(ASN1_TYPE) * certs;
} ANSWER_BASIC;

typedef struct answer_bytes_st {
	ASN1_OBJECT *type;
	ASN1_OCTET_STRING *basic;
} ANSWER_BYTES;

typedef struct answer_response_st {
	ASN1_ENUMERATED *status;
	ANSWER_BYTES *bytes;
} ANSWER_RESPONSE;

/* clang-format off */
ASN1_SEQUENCE(ANSWER_REVOKED_INFO) = {
	ASN1_SIMPLE(ANSWER_REVOKED_INFO, time, ASN1_GENERALIZEDTIME),
	ASN1_EXP_OPT(ANSWER_REVOKED_INFO, reason, ASN1_ENUMERATED, 0)
} static_ASN1_SEQUENCE_END(ANSWER_REVOKED_INFO)

ASN1_SEQUENCE(ANSWER_SINGLE) = {
	ASN1_SIMPLE(ANSWER_SINGLE, certid, ASN1_ANY),
	ASN1_IMP_OPT(ANSWER_SINGLE, good, ASN1_NULL, 0),
	ASN1_IMP_OPT(ANSWER_SINGLE, revoked, ANSWER_REVOKED_INFO, 1),
	ASN1_IMP_OPT(ANSWER_SINGLE, unknown, ASN1_NULL, 2),
	ASN1_SIMPLE(ANSWER_SINGLE, this_update, ASN1_GENERALIZEDTIME),
	ASN1_EXP_OPT(ANSWER_SINGLE, next_update, ASN1_GENERALIZEDTIME, 0),
	ASN1_EXP_SEQUENCE_OF_OPT(ANSWER_SINGLE, extensions, X509_EXTENSION, 1)
} static_ASN1_SEQUENCE_END(ANSWER_SINGLE)

ASN1_SEQUENCE(ANSWER_DATA) = {
	ASN1_EXP(ANSWER_DATA, by_key, ASN1_OCTET_STRING, 2),
	ASN1_SIMPLE(ANSWER_DATA, produced_at, ASN1_GENERALIZEDTIME),
	ASN1_SEQUENCE_OF(ANSWER_DATA, singles, ANSWER_SINGLE),
	ASN1_EXP_SEQUENCE_OF_OPT(ANSWER_DATA, extensions, X509_EXTENSION, 1)
} static_ASN1_SEQUENCE_END(ANSWER_DATA)

ASN1_SEQUENCE(ANSWER_BASIC) = {
	ASN1_SIMPLE(ANSWER_BASIC, data, ANSWER_DATA),
	ASN1_SIMPLE(ANSWER_BASIC, algorithm, X509_ALGOR),
	ASN1_SIMPLE(ANSWER_BASIC, signature, ASN1_BIT_STRING),
	ASN1_EXP_SEQUENCE_OF_OPT(ANSWER_BASIC, certs, ASN1_ANY, 0)
} static_ASN1_SEQUENCE_END(ANSWER_BASIC)

ASN1_SEQUENCE(ANSWER_BYTES) = {
	ASN1_SIMPLE(ANSWER_BYTES, type, ASN1_OBJECT),
	ASN1_SIMPLE(ANSWER_BYTES, basic, ASN1_OCTET_STRING)
} static_ASN1_SEQUENCE_END(ANSWER_BYTES)

ASN1_SEQUENCE(ANSWER_RESPONSE) = {
	ASN1_SIMPLE(ANSWER_RESPONSE, status, ASN1_ENUMERATED),
	ASN1_EXP_OPT(ANSWER_RESPONSE, bytes, ANSWER_BYTES, 0)
} static_ASN1_SEQUENCE_END(ANSWER_RESPONSE)
/* clang-format on */

#define NEW(type) ((type *)ASN1_item_new(ASN1_ITEM_rptr(type)))
#define FREE(type, p) ASN1_item_free((ASN1_VALUE *)(p), ASN1_ITEM_rptr(type))

    /* DER that is written as it stands. */
    static int set_raw(ASN1_TYPE * to, const unsigned char *der, size_t len)
{
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	if (s == NULL || ASN1_STRING_set(s, der, (int)len) != 1) {
		ASN1_STRING_free(s);
		return 0;
	}
	ASN1_TYPE_set(to, V_ASN1_SEQUENCE, s);
	return 1;
}

static int
set_revoked(ANSWER_SINGLE *to, const struct answer_single *from)
{
	to->revoked = NEW(ANSWER_REVOKED_INFO);
	if (to->revoked == NULL ||
	    ASN1_GENERALIZEDTIME_set(to->revoked->time, from->revoked_at) ==
		NULL)
		return 0;
	if (from->reason <= 0)
		return 1;
	to->revoked->reason = ASN1_ENUMERATED_new();
	return to->revoked->reason != NULL &&
	    ASN1_ENUMERATED_set(to->revoked->reason, from->reason) == 1;
}

static int
set_status(ANSWER_SINGLE *to, const struct answer_single *from)
{
	switch (from->status) {
	case ANSWER_GOOD:
		return (to->good = ASN1_NULL_new()) != NULL;
	case ANSWER_REVOKED:
		return set_revoked(to, from);
	case ANSWER_UNKNOWN:
		break;
	}
	return (to->unknown = ASN1_NULL_new()) != NULL;
}

/* An extension, not critical, whose extnValue holds ${value}'s DER. */
static int
add_extension(STACK_OF(X509_EXTENSION) **to, const ASN1_OBJECT *oid,
    const ASN1_VALUE *value, const ASN1_ITEM *it)
{
	ASN1_OCTET_STRING *outer = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext = NULL;
	unsigned char *der = NULL;
	int n, ok = 0;

	n = ASN1_item_i2d(value, &der, it);
	if (n <= 0 || outer == NULL ||
	    ASN1_OCTET_STRING_set(outer, der, n) != 1)
		goto out;
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, outer);
	if (*to == NULL)
		*to = sk_X509_EXTENSION_new_null();
	if (ext == NULL || *to == NULL || !sk_X509_EXTENSION_push(*to, ext))
		goto out;
	ext = NULL;
	ok = 1;
out:
	ASN1_OCTET_STRING_free(outer);
	X509_EXTENSION_free(ext);
	OPENSSL_free(der);
	return ok;
}

static int
add_cutoff(ANSWER_SINGLE *to, time_t cutoff)
{
	ASN1_GENERALIZEDTIME *t = ASN1_GENERALIZEDTIME_set(NULL, cutoff);
	int ok;

	ok = t != NULL &&
	    add_extension(&to->extensions,
		OBJ_nid2obj(NID_id_pkix_OCSP_archiveCutoff), (ASN1_VALUE *)t,
		ASN1_ITEM_rptr(ASN1_GENERALIZEDTIME));
	ASN1_GENERALIZEDTIME_free(t);
	return ok;
}

static int
add_single(ANSWER_DATA *data, const struct answer *answer,
    const struct answer_single *from)
{
	ANSWER_SINGLE *to = NEW(ANSWER_SINGLE);

	if (to == NULL ||
	    !set_raw(to->certid, from->certid, from->certid_len) ||
	    !set_status(to, from) ||
	    ASN1_GENERALIZEDTIME_set(to->this_update, answer->this_update) ==
		NULL)
		goto err;
	to->next_update = ASN1_GENERALIZEDTIME_set(NULL, answer->next_update);
	if (to->next_update == NULL ||
	    (from->archive_cutoff != 0 &&
		!add_cutoff(to, from->archive_cutoff)) ||
	    !sk_ANSWER_SINGLE_push(data->singles, to))
		goto err;
	return 1;
err:
	FREE(ANSWER_SINGLE, to);
	return 0;
}

/* RFC 9654 2.1: an OCTET STRING within extnValue. */
static int
add_nonce(ANSWER_DATA *data, const unsigned char *nonce, size_t len)
{
	ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new();
	int ok;

	ok = inner != NULL &&
	    ASN1_OCTET_STRING_set(inner, nonce, (int)len) == 1 &&
	    add_extension(&data->extensions,
		OBJ_nid2obj(NID_id_pkix_OCSP_Nonce), (ASN1_VALUE *)inner,
		ASN1_ITEM_rptr(ASN1_OCTET_STRING));
	ASN1_OCTET_STRING_free(inner);
	return ok;
}

/* OpenSSL's NID_id_pkix_OCSP_extendedStatus is 1.3.6.1.5.5.7.48.1.8, which
   RFC 6960 gives to the preferred signature algorithms. */
#define EXTENDED_REVOKE "1.3.6.1.5.5.7.48.1.9"

static int
add_extended_revoke(ANSWER_DATA *data)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(EXTENDED_REVOKE, 1);
	ASN1_NULL *null = ASN1_NULL_new();
	int ok;

	ok = oid != NULL && null != NULL &&
	    add_extension(&data->extensions, oid, (ASN1_VALUE *)null,
		ASN1_ITEM_rptr(ASN1_NULL));
	ASN1_NULL_free(null);
	ASN1_OBJECT_free(oid);
	return ok;
}

static int
fill_data(
    ANSWER_DATA *data, const struct answer *answer, const struct signer *signer)
{
	size_t i;

	if (ASN1_OCTET_STRING_set(data->by_key, signer->key_hash,
		sizeof(signer->key_hash)) != 1 ||
	    ASN1_GENERALIZEDTIME_set(data->produced_at, answer->this_update) ==
		NULL)
		return 0;
	for (i = 0; i < answer->n_singles; i++)
		if (!add_single(data, answer, &answer->singles[i]))
			return 0;
	if (answer->extended_revoke && !add_extended_revoke(data))
		return 0;
	return answer->nonce == NULL ||
	    add_nonce(data, answer->nonce, answer->nonce_len);
}

static int
add_cert(ANSWER_BASIC *basic, const struct signer *signer)
{
	ASN1_TYPE *cert = ASN1_TYPE_new();

	basic->certs = sk_ASN1_TYPE_new_null();
	if (cert == NULL || basic->certs == NULL ||
	    !set_raw(cert, signer->cert, signer->cert_len) ||
	    !sk_ASN1_TYPE_push(basic->certs, cert)) {
		ASN1_TYPE_free(cert);
		return 0;
	}
	return 1;
}

/* OCSPResponse { successful, { id-pkix-ocsp-basic, basic } } */
static int
wrap(ANSWER_BASIC *basic, unsigned char **out, size_t *out_len)
{
	ANSWER_RESPONSE *response = NEW(ANSWER_RESPONSE);
	unsigned char *der = NULL;
	int len, ok = 0;

	if (response == NULL || (response->bytes = NEW(ANSWER_BYTES)) == NULL ||
	    ASN1_ENUMERATED_set(response->status, 0) != 1)
		goto out;
	len = ASN1_item_i2d(
	    (ASN1_VALUE *)basic, &der, ASN1_ITEM_rptr(ANSWER_BASIC));
	if (len <= 0)
		goto out;
	ASN1_STRING_set0(response->bytes->basic, der, len);
	response->bytes->type = OBJ_nid2obj(NID_id_pkix_OCSP_basic);
	*out = NULL;
	len = ASN1_item_i2d(
	    (ASN1_VALUE *)response, out, ASN1_ITEM_rptr(ANSWER_RESPONSE));
	if (len <= 0)
		goto out;
	*out_len = (size_t)len;
	ok = 1;
out:
	FREE(ANSWER_RESPONSE, response);
	return ok;
}

int
answer_sign(const struct answer *answer, const struct signer *signer,
    unsigned char **out, size_t *out_len)
{
	ANSWER_BASIC *basic = NEW(ANSWER_BASIC);
	int ok = 0;

	if (basic == NULL || !fill_data(basic->data, answer, signer) ||
	    !add_cert(basic, signer)) {
		ocsp_raise(OCSP_E_INTERNAL, "building an answer");
		goto out;
	}
	if (ASN1_item_sign(ASN1_ITEM_rptr(ANSWER_DATA), basic->algorithm, NULL,
		basic->signature, basic->data, signer->key,
		signer_digest(signer->key)) <= 0) {
		ocsp_raise(OCSP_E_DELEGATE, "signing an answer");
		goto out;
	}
	ok = wrap(basic, out, out_len);
out:
	FREE(ANSWER_BASIC, basic);
	return ok;
}

void
answer_error(enum answer_error error, unsigned char *out)
{
	out[0] = 0x30;
	out[1] = 3;
	out[2] = 0x0a;
	out[3] = 1;
	out[4] = (unsigned char)error;
}
