#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "hsm/private.h"

#define NAME_MAX_LEN 50

static const struct {
	int mode;
	const char *name;
} paddings[] = {
    {RSA_PKCS1_PADDING, OSSL_PKEY_RSA_PAD_MODE_PKCSV15},
    {RSA_PKCS1_PSS_PADDING, OSSL_PKEY_RSA_PAD_MODE_PSS},
};

static const struct {
	int len;
	const char *name;
} salts[] = {
    {RSA_PSS_SALTLEN_DIGEST, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST},
    {RSA_PSS_SALTLEN_MAX, OSSL_PKEY_RSA_PSS_SALT_LEN_MAX},
    {RSA_PSS_SALTLEN_AUTO, OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO},
    {-4, "auto-digestmax"}, /* OpenSSL 3.1 */
};

#define N(a) (sizeof(a) / sizeof(*(a)))

static int
fetch(EVP_MD **md, const char *name)
{
	EVP_MD *got;

	if (*md != NULL && EVP_MD_is_a(*md, name))
		return 1;
	if ((got = EVP_MD_fetch(NULL, name, NULL)) == NULL)
		return 0;
	EVP_MD_free(*md);
	*md = got;
	return 1;
}

int
hsm_sig_set_md(struct hsm_sig *sig, const char *name)
{
	return fetch(&sig->md, name);
}

static int
set_md(EVP_MD **md, const OSSL_PARAM *p)
{
	char name[NAME_MAX_LEN], *to = name;

	return OSSL_PARAM_get_utf8_string(p, &to, sizeof(name)) &&
	    fetch(md, name);
}

static int
set_padding(struct hsm_sig *sig, const OSSL_PARAM *p)
{
	int mode = 0;
	size_t i;

	if (p->data_type != OSSL_PARAM_UTF8_STRING &&
	    !OSSL_PARAM_get_int(p, &mode))
		return 0;
	for (i = 0; i < N(paddings); i++)
		if (mode != 0 ? paddings[i].mode == mode
			      : strcmp(paddings[i].name, p->data) == 0) {
			sig->padding = paddings[i].mode;
			return 1;
		}
	hsm_raise(HSM_E_UNSUPPORTED, "RSA: no such padding with a token");
	return 0;
}

/* Decimal octets; what is no number is no salt of length 0. */
static int
salt_number(const char *text, int *out)
{
	char *end = NULL;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < 0 || n > HSM_SIG_MAX)
		return 0;
	*out = (int)n;
	return 1;
}

static int
set_salt(struct hsm_sig *sig, const OSSL_PARAM *p)
{
	size_t i;
	int len;

	if (p->data_type != OSSL_PARAM_UTF8_STRING) {
		if (!OSSL_PARAM_get_int(p, &len) || len < -4)
			return 0;
		sig->salt_len = len;
		return 1;
	}
	for (i = 0; i < N(salts); i++)
		if (strcmp(salts[i].name, p->data) == 0) {
			sig->salt_len = salts[i].len;
			return 1;
		}
	return salt_number(p->data, &sig->salt_len);
}

int
hsm_sig_set_params(void *vsig, const OSSL_PARAM params[])
{
	struct hsm_sig *sig = vsig;
	const OSSL_PARAM *p;

	if (params == NULL || params->key == NULL)
		return 1;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
	if (p != NULL && !set_md(&sig->md, p))
		return 0;
	if (sig->type != EVP_PKEY_RSA)
		return 1;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (p != NULL && !set_padding(sig, p))
		return 0;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	if (p != NULL && !set_salt(sig, p))
		return 0;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
	return p == NULL || set_md(&sig->mgf1, p);
}

const OSSL_PARAM *
hsm_sig_settable(void *vsig, void *provctx)
{
	static const OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
	    OSSL_PARAM_END};

	(void)vsig;
	(void)provctx;
	return params;
}

/*
 * The salt's octets. «auto» is as long as the hash, what FIPS 186-5 (5.4) has
 * as the maximum and everybody verifies; OpenSSL's own would be the longest
 * that fits.
 */
static int
salt_octets(const struct hsm_sig *sig)
{
	int hash = sig->md == NULL ? 0 : EVP_MD_get_size(sig->md);

	if (sig->salt_len >= 0)
		return sig->salt_len;
	if (sig->salt_len == RSA_PSS_SALTLEN_MAX)
		return (EVP_PKEY_get_bits(sig->key->pub) + 6) / 8 - hash - 2;
	return hash;
}

void
hsm_sig_how(const struct hsm_sig *sig, struct hsm_sign_how *how)
{
	how->md = sig->md;
	how->mgf1 = sig->mgf1;
	how->padding = sig->padding;
	how->salt_len =
	    sig->padding == RSA_PKCS1_PSS_PADDING ? salt_octets(sig) : 0;
}

static X509_ALGOR *
hash_algorithm(const EVP_MD *md)
{
	X509_ALGOR *alg = X509_ALGOR_new();

	/* RFC 4055, 2.1: parameters NULL; both are accepted. */
	if (alg != NULL &&
	    X509_ALGOR_set0(alg, OBJ_nid2obj(EVP_MD_get_type(md)), V_ASN1_NULL,
		NULL) != 1) {
		X509_ALGOR_free(alg);
		alg = NULL;
	}
	return alg;
}

static X509_ALGOR *
mgf1_algorithm(const EVP_MD *md)
{
	X509_ALGOR *inner = hash_algorithm(md), *alg = NULL;
	ASN1_STRING *packed = NULL;

	if (inner != NULL)
		packed =
		    ASN1_item_pack(inner, ASN1_ITEM_rptr(X509_ALGOR), NULL);
	if (packed != NULL && (alg = X509_ALGOR_new()) != NULL &&
	    X509_ALGOR_set0(
		alg, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE, packed) == 1)
		packed = NULL;
	ASN1_STRING_free(packed);
	X509_ALGOR_free(inner);
	return alg;
}

/* RSASSA-PSS-params (RFC 4055, 3.1); SHA-1 and 20 are its defaults. */
static ASN1_STRING *
pss_params(const struct hsm_sig *sig)
{
	RSA_PSS_PARAMS *pss = RSA_PSS_PARAMS_new();
	const EVP_MD *mgf1 = sig->mgf1 != NULL ? sig->mgf1 : sig->md;
	ASN1_STRING *out = NULL;
	int salt = salt_octets(sig);

	if (pss == NULL)
		return NULL;
	if (!EVP_MD_is_a(sig->md, "SHA1") &&
	    (pss->hashAlgorithm = hash_algorithm(sig->md)) == NULL)
		goto out;
	if (!EVP_MD_is_a(mgf1, "SHA1") &&
	    (pss->maskGenAlgorithm = mgf1_algorithm(mgf1)) == NULL)
		goto out;
	if (salt != 20 &&
	    ((pss->saltLength = ASN1_INTEGER_new()) == NULL ||
		ASN1_INTEGER_set(pss->saltLength, salt) != 1))
		goto out;
	out = ASN1_item_pack(pss, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL);
out:
	RSA_PSS_PARAMS_free(pss);
	return out;
}

static int
set_pss(const struct hsm_sig *sig, X509_ALGOR *alg)
{
	ASN1_STRING *params = pss_params(sig);

	if (params == NULL)
		return 0;
	if (X509_ALGOR_set0(
		alg, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, params) == 1)
		return 1;
	ASN1_STRING_free(params);
	return 0;
}

static int
set_plain(const struct hsm_sig *sig, X509_ALGOR *alg)
{
	int nid = NID_undef, key;

	if (sig->type == EVP_PKEY_ED25519)
		return X509_ALGOR_set0(alg, OBJ_nid2obj(NID_ED25519),
			   V_ASN1_UNDEF, NULL) == 1;
	if (sig->md == NULL)
		return 0;
	key = sig->type == EVP_PKEY_RSA ? NID_rsaEncryption
					: NID_X9_62_id_ecPublicKey;
	if (OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(sig->md), key) != 1)
		return 0;
	/* RFC 4055, 5: NULL for RSA; RFC 5758, 3.2: absent for ECDSA. */
	return X509_ALGOR_set0(alg, OBJ_nid2obj(nid),
		   key == NID_rsaEncryption ? V_ASN1_NULL : V_ASN1_UNDEF,
		   NULL) == 1;
}

int
hsm_sig_algorithm(const struct hsm_sig *sig, unsigned char **out)
{
	X509_ALGOR *alg = X509_ALGOR_new();
	int rc = 0, len = -1;

	*out = NULL;
	if (alg == NULL)
		return 0;
	if (sig->type == EVP_PKEY_RSA && sig->padding == RSA_PKCS1_PSS_PADDING)
		rc = sig->md != NULL && set_pss(sig, alg);
	else
		rc = set_plain(sig, alg);
	if (rc)
		len = i2d_X509_ALGOR(alg, out);
	X509_ALGOR_free(alg);
	return len > 0 ? len : 0;
}

static int
get_algorithm(const struct hsm_sig *sig, OSSL_PARAM *p)
{
	unsigned char *der = NULL;
	int len = hsm_sig_algorithm(sig, &der), rc;

	rc = len > 0 && OSSL_PARAM_set_octet_string(p, der, (size_t)len);
	OPENSSL_free(der);
	return rc;
}

static int
get_padding(const struct hsm_sig *sig, OSSL_PARAM *p)
{
	size_t i;

	if (p->data_type == OSSL_PARAM_INTEGER)
		return OSSL_PARAM_set_int(p, sig->padding);
	for (i = 0; i < N(paddings); i++)
		if (paddings[i].mode == sig->padding)
			return OSSL_PARAM_set_utf8_string(p, paddings[i].name);
	return 0;
}

static int
get_salt(const struct hsm_sig *sig, OSSL_PARAM *p)
{
	char text[16];
	size_t i;

	if (p->data_type == OSSL_PARAM_INTEGER)
		return OSSL_PARAM_set_int(p, sig->salt_len);
	for (i = 0; i < N(salts); i++)
		if (salts[i].len == sig->salt_len)
			return OSSL_PARAM_set_utf8_string(p, salts[i].name);
	snprintf(text, sizeof(text), "%d", sig->salt_len);
	return OSSL_PARAM_set_utf8_string(p, text);
}

static int
get_md(const EVP_MD *md, OSSL_PARAM *p)
{
	return OSSL_PARAM_set_utf8_string(
	    p, md == NULL ? "" : EVP_MD_get0_name(md));
}

int
hsm_sig_get_params(void *vsig, OSSL_PARAM params[])
{
	struct hsm_sig *sig = vsig;
	OSSL_PARAM *p;

	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
	if (p != NULL && !get_algorithm(sig, p))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST);
	if (p != NULL && !get_md(sig->md, p))
		return 0;
	if (sig->type != EVP_PKEY_RSA)
		return 1;
	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (p != NULL && !get_padding(sig, p))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	if (p != NULL && !get_salt(sig, p))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
	return p == NULL || get_md(sig->mgf1 != NULL ? sig->mgf1 : sig->md, p);
}

const OSSL_PARAM *
hsm_sig_gettable(void *vsig, void *provctx)
{
	static const OSSL_PARAM params[] = {
	    OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
	    OSSL_PARAM_END};

	(void)vsig;
	(void)provctx;
	return params;
}
