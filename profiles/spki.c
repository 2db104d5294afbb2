#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "profiles/error.h"
#include "profiles/spki.h"
#include "profiles/weak.h"

/* Keys that we read live in OpenSSL's own provider, whatever else is loaded
   for the CA's keys. */
#define SOFTWARE "?provider=default"

struct key_name {
	enum spki_type type;
	const char *name;
};

static const struct key_name names[] = {{SPKI_EC_P256, "ec-p256"},
    {SPKI_EC_P384, "ec-p384"}, {SPKI_RSA_2048, "rsa-2048"},
    {SPKI_RSA_3072, "rsa-3072"}, {SPKI_RSA_4096, "rsa-4096"},
    {SPKI_ED25519, "ed25519"}};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

/*
 * All of a SubjectPublicKeyInfo before the key's own octets. Where the length
 * of a key is fixed there is exactly one right encoding (RFC 5480 2.1.1,
 * RFC 8410 4), so that comparing is parsing.
 */
static const unsigned char p256_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
static const unsigned char p384_head[] = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04,
    0x00, 0x22, 0x03, 0x62, 0x00, 0x04};
static const unsigned char ed25519_head[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

typedef struct spki_info_st {
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *key;
} SPKI_INFO;

typedef struct spki_rsa_st {
	BIGNUM *n;
	BIGNUM *e;
} SPKI_RSA;

DECLARE_ASN1_FUNCTIONS(SPKI_INFO)
DECLARE_ASN1_FUNCTIONS(SPKI_RSA)

/* clang-format off */
ASN1_SEQUENCE(SPKI_INFO) = {
	ASN1_SIMPLE(SPKI_INFO, algorithm, X509_ALGOR),
	ASN1_SIMPLE(SPKI_INFO, key, ASN1_BIT_STRING)
} ASN1_SEQUENCE_END(SPKI_INFO)

ASN1_SEQUENCE(SPKI_RSA) = {
	ASN1_SIMPLE(SPKI_RSA, n, BIGNUM),
	ASN1_SIMPLE(SPKI_RSA, e, BIGNUM)
} ASN1_SEQUENCE_END(SPKI_RSA)
    /* clang-format on */

    IMPLEMENT_ASN1_FUNCTIONS(SPKI_INFO) IMPLEMENT_ASN1_FUNCTIONS(SPKI_RSA)

	static int bad(const char *what)
{
	profile_raise(PROFILE_E_BADREQUEST, "%s", what);
	return 0;
}

/* Parameters of the two curves, made once: a copy costs a tenth of a new one.
   They live as long as the process and are only read. */
static CRYPTO_ONCE curves_once = CRYPTO_ONCE_STATIC_INIT;
static EVP_PKEY *p256_params, *p384_params;

static EVP_PKEY *
make_params(const char *group)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", SOFTWARE);
	EVP_PKEY *params = NULL;

	if (ctx == NULL || EVP_PKEY_paramgen_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_group_name(ctx, group) <= 0 ||
	    EVP_PKEY_paramgen(ctx, &params) <= 0)
		params = NULL;
	EVP_PKEY_CTX_free(ctx);
	return params;
}

static void
make_curves(void)
{
	p256_params = make_params("P-256");
	p384_params = make_params("P-384");
}

static EVP_PKEY *
load_ec(const unsigned char *point, size_t len, int p256)
{
	EVP_PKEY *params, *pkey = NULL;

	if (!CRYPTO_THREAD_run_once(&curves_once, make_curves))
		return NULL;
	params = p256 ? p256_params : p384_params;
	if (params == NULL || (pkey = EVP_PKEY_dup(params)) == NULL) {
		profile_raise(PROFILE_E_INTERNAL, "key: EC is not available");
		return NULL;
	}
	/* Also checks that the point is on the curve. */
	if (EVP_PKEY_set1_encoded_public_key(pkey, point, len) <= 0) {
		bad("key.point: not on the curve");
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

static EVP_PKEY *
load_ed25519(const unsigned char *key)
{
	EVP_PKEY *pkey =
	    EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", SOFTWARE, key, 32);

	if (pkey == NULL)
		bad("key: Ed25519 key cannot be read");
	return pkey;
}

static enum spki_type
rsa_type(const SPKI_RSA *rsa)
{
	switch (BN_num_bits(rsa->n)) {
	case 2048:
		return SPKI_RSA_2048;
	case 3072:
		return SPKI_RSA_3072;
	case 4096:
		return SPKI_RSA_4096;
	}
	return SPKI_UNKNOWN;
}

static int
rsa_fit(const SPKI_RSA *rsa)
{
	if (rsa_type(rsa) == SPKI_UNKNOWN) {
		profile_raise(PROFILE_E_BADREQUEST,
		    "key.rsa.size: RSA of %d bits is not 2048, 3072 or 4096",
		    BN_num_bits(rsa->n));
		return 0;
	}
	if (BN_is_negative(rsa->n) || !BN_is_odd(rsa->n))
		return bad("key.rsa.modulus: not an odd positive number");
	if (BN_is_negative(rsa->e) || !BN_is_odd(rsa->e) ||
	    BN_num_bits(rsa->e) < 17 || BN_num_bits(rsa->e) > 64)
		return bad("key.rsa.exponent: not odd, or not within 65537 and "
			   "2^64-1");
	return weak_rsa_check(rsa->n);
}

static EVP_PKEY *
make_rsa(const SPKI_RSA *rsa)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", SOFTWARE);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (bld == NULL || ctx == NULL ||
	    !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, rsa->n) ||
	    !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, rsa->e) ||
	    (params = OSSL_PARAM_BLD_to_param(bld)) == NULL ||
	    EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0) {
		pkey = NULL;
		bad("key.rsa: cannot be read");
	}
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* Does ${value} encode to exactly these octets? d2i takes BER too. */
static int
reencodes(const ASN1_VALUE *value, const ASN1_ITEM *it,
    const unsigned char *der, size_t len)
{
	unsigned char *again = NULL;
	int n = ASN1_item_i2d(value, &again, it);
	int same = n >= 0 && (size_t)n == len && memcmp(again, der, len) == 0;

	OPENSSL_free(again);
	return same;
}

static EVP_PKEY *
load_rsa(const SPKI_INFO *info, enum spki_type *type)
{
	const unsigned char *der = ASN1_STRING_get0_data(info->key), *p = der;
	long len = ASN1_STRING_length(info->key);
	SPKI_RSA *rsa = NULL;
	EVP_PKEY *pkey = NULL;
	int ptype;

	X509_ALGOR_get0(NULL, &ptype, NULL, info->algorithm);
	if (ptype != V_ASN1_NULL) {
		bad("key.parameters: RSA needs NULL (RFC 3279 2.3.1)");
		return NULL;
	}
	if ((rsa = d2i_SPKI_RSA(NULL, &p, len)) == NULL || p != der + len ||
	    !reencodes(
		(ASN1_VALUE *)rsa, ASN1_ITEM_rptr(SPKI_RSA), der, (size_t)len))
		bad("key.der: RSAPublicKey is not DER");
	else if (rsa_fit(rsa) && (pkey = make_rsa(rsa)) != NULL)
		*type = rsa_type(rsa);
	SPKI_RSA_free(rsa);
	return pkey;
}

/* A key that is neither of the fixed shapes: RSA, or say what is wrong. */
static EVP_PKEY *
load_other(const unsigned char *der, size_t len, enum spki_type *type)
{
	const unsigned char *p = der;
	const ASN1_OBJECT *oid;
	SPKI_INFO *info = NULL;
	EVP_PKEY *pkey = NULL;
	char name[80];

	if ((info = d2i_SPKI_INFO(NULL, &p, (long)len)) == NULL ||
	    p != der + len ||
	    !reencodes(
		(ASN1_VALUE *)info, ASN1_ITEM_rptr(SPKI_INFO), der, len)) {
		bad("key.der: SubjectPublicKeyInfo is not DER");
		goto out;
	}
	X509_ALGOR_get0(&oid, NULL, NULL, info->algorithm);
	OBJ_obj2txt(name, sizeof(name), oid, 1);
	switch (OBJ_obj2nid(oid)) {
	case NID_rsaEncryption:
		pkey = load_rsa(info, type);
		break;
	case NID_X9_62_id_ecPublicKey:
		bad("key.curve: not an uncompressed point on P-256 or P-384");
		break;
	case NID_ED25519:
		bad("key.parameters: Ed25519 has 32 octets and no parameters "
		    "(RFC 8410 3)");
		break;
	default:
		profile_raise(PROFILE_E_BADREQUEST,
		    "key.algorithm: %.64s is not RSA, EC or Ed25519", name);
	}
out:
	SPKI_INFO_free(info);
	return pkey;
}

static int
starts(const unsigned char *der, size_t len, const unsigned char *head,
    size_t n, size_t key)
{
	return len == n + key && memcmp(der, head, n) == 0;
}

EVP_PKEY *
spki_load(const unsigned char *der, size_t len, enum spki_type *type)
{
	enum spki_type found = SPKI_UNKNOWN;
	EVP_PKEY *pkey = NULL;

	if (len > SPKI_MAX)
		bad("key.size: longer than any key that is taken");
	else if (starts(der, len, p256_head, sizeof(p256_head), 64)) {
		found = SPKI_EC_P256;
		pkey = load_ec(der + sizeof(p256_head) - 1, 65, 1);
	} else if (starts(der, len, p384_head, sizeof(p384_head), 96)) {
		found = SPKI_EC_P384;
		pkey = load_ec(der + sizeof(p384_head) - 1, 97, 0);
	} else if (starts(der, len, ed25519_head, sizeof(ed25519_head), 32)) {
		found = SPKI_ED25519;
		pkey = load_ed25519(der + sizeof(ed25519_head));
	} else
		pkey = load_other(der, len, &found);
	if (type != NULL)
		*type = pkey != NULL ? found : SPKI_UNKNOWN;
	return pkey;
}

enum spki_type
spki_inspect(const unsigned char *der, size_t len)
{
	enum spki_type type;

	EVP_PKEY_free(spki_load(der, len, &type));
	return type;
}

EVP_PKEY *
spki_pkey(const unsigned char *der, size_t len)
{
	return spki_load(der, len, NULL);
}

const char *
spki_type_name(enum spki_type type)
{
	size_t i;

	for (i = 0; i < N_NAMES; i++)
		if (names[i].type == type)
			return names[i].name;
	return NULL;
}

enum spki_type
spki_type_of(const char *name)
{
	size_t i;

	for (i = 0; i < N_NAMES; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].type;
	return SPKI_UNKNOWN;
}

int
spki_is_rsa(enum spki_type type)
{
	return (type & (SPKI_RSA_2048 | SPKI_RSA_3072 | SPKI_RSA_4096)) != 0;
}

int
spki_is_ec(enum spki_type type)
{
	return (type & (SPKI_EC_P256 | SPKI_EC_P384)) != 0;
}

int
spki_from_pkey(const EVP_PKEY *pkey, unsigned char **der, size_t *len)
{
	int n;

	*der = NULL;
	n = i2d_PUBKEY((EVP_PKEY *)pkey, der);
	if (n <= 0) {
		profile_raise(
		    PROFILE_E_INTERNAL, "key: public half cannot be encoded");
		return 0;
	}
	*len = (size_t)n;
	return 1;
}

int
spki_same(const EVP_PKEY *a, const EVP_PKEY *b)
{
	int same;

	if (a == NULL || b == NULL)
		return 0;
	ERR_set_mark();
	same = EVP_PKEY_eq(a, b) == 1;
	ERR_pop_to_mark();
	return same;
}

int
spki_sha256(const unsigned char *der, size_t len, unsigned char md[32])
{
	if (SHA256(der, len, md) == NULL) {
		profile_raise(PROFILE_E_INTERNAL, "SHA-256 failed");
		return 0;
	}
	return 1;
}

/* Contents of the next element of ${tag}, which ends within ${end}. */
static const unsigned char *
enter(const unsigned char **p, const unsigned char *end, int tag, long *len)
{
	int got, class, rc;

	rc = ASN1_get_object(p, len, &got, &class, end - *p);
	if ((rc & 0x81) != 0 || got != tag || class != V_ASN1_UNIVERSAL ||
	    *len > end - *p)
		return NULL;
	return *p;
}

int
spki_key_id(const unsigned char *der, size_t len, unsigned char id[20])
{
	const unsigned char *p = der;
	unsigned char md[SHA256_DIGEST_LENGTH];
	long n;

	if (len > SPKI_MAX ||
	    enter(&p, der + len, V_ASN1_SEQUENCE, &n) == NULL ||
	    enter(&p, der + len, V_ASN1_SEQUENCE, &n) == NULL)
		return bad("key.der: not a SubjectPublicKeyInfo");
	p += n;
	/* The first octet counts unused bits and is not part of the key. */
	if (enter(&p, der + len, V_ASN1_BIT_STRING, &n) == NULL || n < 2)
		return bad("key.der: not a SubjectPublicKeyInfo");
	if (!spki_sha256(p + 1, (size_t)n - 1, md))
		return 0;
	memcpy(id, md, 20);
	return 1;
}
