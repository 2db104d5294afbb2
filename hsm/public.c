#include <stdio.h>
#include <string.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include "hsm/private.h"

static EVP_PKEY *
make_key(const char *name, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pub = NULL;

	ctx = EVP_PKEY_CTX_new_from_name(NULL, name, "provider=default");
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pub, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pub = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pub;
}

static EVP_PKEY *
make_rsa(
    const unsigned char *n, size_t n_len, const unsigned char *e, size_t e_len)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	BIGNUM *bn = BN_bin2bn(n, (int)n_len, NULL);
	BIGNUM *be = BN_bin2bn(e, (int)e_len, NULL);
	EVP_PKEY *pub = NULL;

	if (bld != NULL && bn != NULL && be != NULL &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(bld)) != NULL)
		pub = make_key("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn);
	BN_free(be);
	return pub;
}

/*
 * CKA_EC_POINT is the point in a DER OCTET STRING (PKCS#11 3.0, 2.3.3). Some
 * tokens give it bare, or in a BIT STRING: take what fits the length.
 */
static int
unwrap_point(const unsigned char **p, size_t *len, size_t want)
{
	const unsigned char *q = *p;
	long body = 0;
	int tag = 0, class = 0;

	if (*len == want)
		return 1;
	if (ASN1_get_object(&q, &body, &tag, &class, (long)*len) & 0x80)
		return 0;
	if (class != V_ASN1_UNIVERSAL || q + body != *p + *len)
		return 0;
	if (tag == V_ASN1_BIT_STRING && body > 1 && q[0] == 0) {
		q++;
		body--;
	} else if (tag != V_ASN1_OCTET_STRING)
		return 0;
	*p = q;
	*len = (size_t)body;
	return *len == want;
}

/* The group's name from CKA_EC_PARAMS, a DER OBJECT IDENTIFIER. */
static const char *
group_name(const unsigned char *der, size_t len, size_t *field)
{
	const unsigned char *p = der;
	ASN1_OBJECT *oid = d2i_ASN1_OBJECT(NULL, &p, (long)len);
	const char *name = NULL;

	if (oid != NULL && p == der + len)
		switch (OBJ_obj2nid(oid)) {
		case NID_X9_62_prime256v1:
			name = "P-256";
			*field = 32;
			break;
		case NID_secp384r1:
			name = "P-384";
			*field = 48;
			break;
		case NID_secp521r1:
			name = "P-521";
			*field = 66;
			break;
		}
	ASN1_OBJECT_free(oid);
	return name;
}

static EVP_PKEY *
make_ec(const unsigned char *group, size_t group_len,
    const unsigned char *point, size_t point_len)
{
	OSSL_PARAM params[3];
	size_t field = 0;
	const char *name = group_name(group, group_len, &field);

	if (name == NULL) {
		hsm_raise(HSM_E_UNSUPPORTED, "key: its curve is not known");
		return NULL;
	}
	if (!unwrap_point(&point, &point_len, 1 + 2 * field))
		return NULL;
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, (char *)name, 0);
	params[1] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, (void *)point, point_len);
	params[2] = OSSL_PARAM_construct_end();
	return make_key("EC", params);
}

static EVP_PKEY *
make_ed25519(const unsigned char *point, size_t len)
{
	OSSL_PARAM params[2];

	if (!unwrap_point(&point, &len, 32))
		return NULL;
	params[0] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, (void *)point, len);
	params[1] = OSSL_PARAM_construct_end();
	return make_key("ED25519", params);
}

/* From object ${o}, a public or a private key, of ${type}. */
static CK_RV
from_object(
    struct hsm_session *s, CK_OBJECT_HANDLE o, CK_KEY_TYPE type, EVP_PKEY **out)
{
	unsigned char a[HSM_PUB_MAX], b[HSM_PUB_MAX];
	size_t a_len = 0, b_len = 0;
	int rsa = type == CKK_RSA;
	CK_RV rv;

	rv = hsm_object_bytes(
	    s, o, rsa ? CKA_MODULUS : CKA_EC_PARAMS, a, sizeof(a), &a_len);
	if (rv == CKR_OK)
		rv = hsm_object_bytes(s, o,
		    rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT, b, sizeof(b),
		    &b_len);
	if (rv != CKR_OK || a_len == 0 || b_len == 0)
		return rv;
	if (rsa)
		*out = make_rsa(a, a_len, b, b_len);
	else if (type == CKK_EC)
		*out = make_ec(a, a_len, b, b_len);
	else if (type == CKK_EC_EDWARDS)
		*out = make_ed25519(b, b_len);
	return CKR_OK;
}

static void
from_info(struct hsm_session *s, CK_OBJECT_HANDLE o, EVP_PKEY **out)
{
	unsigned char der[HSM_PUB_MAX];
	const unsigned char *p = der;
	size_t len = 0;

	if (hsm_object_bytes(
		s, o, CKA_PUBLIC_KEY_INFO, der, sizeof(der), &len) != CKR_OK ||
	    len == 0)
		return;
	*out = d2i_PUBKEY(NULL, &p, (long)len);
	if (*out != NULL && p != der + len) {
		EVP_PKEY_free(*out);
		*out = NULL;
	}
}

/* The public object that belongs to the key: by CKA_ID, else by label. */
static CK_RV
find_public(struct hsm_session *s, const char *label, const unsigned char *id,
    size_t id_len, CK_OBJECT_HANDLE *out, size_t *n)
{
	if (id_len > 0)
		return hsm_object_find(
		    s, CKO_PUBLIC_KEY, NULL, id, id_len, out, 1, n);
	return hsm_object_find(s, CKO_PUBLIC_KEY, label, NULL, 0, out, 1, n);
}

CK_RV
hsm_public_load(struct hsm_session *s, CK_OBJECT_HANDLE o, const char *label,
    const unsigned char *id, size_t id_len, EVP_PKEY **out)
{
	CK_OBJECT_HANDLE pub = 0;
	CK_ULONG type = 0;
	size_t n = 0;
	CK_RV rv;

	*out = NULL;
	if ((rv = hsm_object_ulong(s, o, CKA_KEY_TYPE, &type)) != CKR_OK)
		return rv;
	if (type != CKK_RSA && type != CKK_EC && type != CKK_EC_EDWARDS) {
		hsm_raise(HSM_E_UNSUPPORTED,
		    "key %s: keys of type 0x%lx are not supported", label,
		    type);
		return HSM_RV_RAISED;
	}
	if ((rv = find_public(s, label, id, id_len, &pub, &n)) != CKR_OK)
		return rv;
	if (n > 0)
		from_object(s, pub, type, out);
	if (*out == NULL)
		from_object(s, o, type, out);
	if (*out == NULL)
		from_info(s, o, out);
	if (*out != NULL)
		return CKR_OK;
	hsm_raise(
	    HSM_E_NOKEY, "key %s: the token has its private half only", label);
	return HSM_RV_RAISED;
}
