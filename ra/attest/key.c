#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "profiles/spki.h"
#include "ra/attest/private.h"

#define COORDINATE_MAX 66

struct attest_octets
octets_of(const void *p, size_t len)
{
	struct attest_octets o = { p, len };

	return o;
}

int
octets_equal(struct attest_octets a, const unsigned char *p, size_t len)
{
	return a.len == len && (len == 0 || CRYPTO_memcmp(a.p, p, len) == 0);
}

int
attest_nonce_check(const char *rule, const char *field,
    const struct attest_input *in, const unsigned char *p, size_t len)
{
	if (in->nonce.len < ATTEST_NONCE_MIN || in->nonce.len > ATTEST_NONCE_MAX)
		return attest_unfit(rule, "nonce", "%zu octets are expected",
		    in->nonce.len);
	if (!octets_equal(in->nonce, p, len))
		return attest_refuse(rule, field,
		    "not the nonce that this device was given");
	return 1;
}

EVP_PKEY *
attest_csr_key(const struct attest_input *in)
{
	const unsigned char *p = in->spki.p;
	EVP_PKEY *key = NULL;

	if (p && in->spki.len > 0 && in->spki.len <= 4096) {
		/* What we issue for is read at a fraction of the cost. */
		ERR_set_mark();
		key = spki_pkey(p, in->spki.len);
		ERR_pop_to_mark();
		if (key)
			return key;
		key = d2i_PUBKEY(NULL, &p, (long)in->spki.len);
	}
	if (key && p != in->spki.p + in->spki.len) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	if (key == NULL)
		attest_unfit("key", "spki", "the request's key cannot be read");
	return key;
}

X509 *
attest_csr_cert(const char *rule, const struct attest_input *in)
{
	EVP_PKEY *key = attest_csr_key(in), *its;
	X509 *cert, *found = NULL;
	int i, n = 0;

	if (key == NULL)
		return NULL;
	for (i = 0; i < sk_X509_num(in->certs); i++) {
		cert = sk_X509_value(in->certs, i);
		its = X509_get0_pubkey(cert);
		if (spki_same(its, key)) {
			found = cert;
			n++;
		}
	}
	EVP_PKEY_free(key);
	if (n == 1)
		return found;
	attest_refuse(rule, "certs",
	    "%d certificates of the request's key; one must be there", n);
	return NULL;
}

int
attest_key_check(const char *rule, const char *field, const EVP_PKEY *key,
    const struct attest_input *in, struct attest_facts *facts)
{
	EVP_PKEY *csr = attest_csr_key(in);
	int ok = 0;

	if (csr == NULL)
		return 0;
	if (!spki_same(csr, key))
		attest_refuse(rule, field,
		    "the attested key is not the key of the request");
	else
		ok = facts_set_key(facts, in->spki);
	EVP_PKEY_free(csr);
	return ok;
}

int
attest_key_sha256(const EVP_PKEY *key, unsigned char md[32])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der), ok;

	ok = len > 0 && SHA256(der, (size_t)len, md) != NULL;
	OPENSSL_free(der);
	return ok;
}

static EVP_PKEY *
from_params(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params && ctx && EVP_PKEY_fromdata_init(ctx) > 0)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

EVP_PKEY *
attest_rsa_key(const char *rule, const char *field, struct attest_octets n,
    struct attest_octets e)
{
	OSSL_PARAM_BLD *bld = NULL;
	BIGNUM *bn = NULL, *be = NULL;
	EVP_PKEY *key = NULL;

	if (n.len > 513 || e.len > 8)
		goto out;
	bld = OSSL_PARAM_BLD_new();
	bn = BN_bin2bn(n.p, (int)n.len, NULL);
	be = BN_bin2bn(e.p, (int)e.len, NULL);
	if (bld == NULL || bn == NULL || be == NULL)
		goto out;
	/* OpenSSL's own check would also look whether the modulus is a prime,
	   a tenth of a second for whoever sends one: only the maker of such a
	   key is harmed by it. */
	if (BN_num_bits(bn) < 2048 || BN_num_bits(bn) > 4096 || !BN_is_odd(bn) ||
	    !BN_is_odd(be) || BN_num_bits(be) < 17)
		goto out;
	if (OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be))
		key = from_params("RSA", bld);
out:
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn);
	BN_free(be);
	if (key == NULL)
		attest_refuse(rule, field, "not a fit RSA key of 2048 to 4096 bits");
	return key;
}

static size_t
curve_size(int nid)
{
	switch (nid) {
	case NID_X9_62_prime256v1:
		return 32;
	case NID_secp384r1:
		return 48;
	case NID_secp521r1:
		return 66;
	default:
		return 0;
	}
}

size_t
attest_coordinate(const EVP_PKEY *key)
{
	char group[64];

	if (!EVP_PKEY_is_a(key, "EC") ||
	    !EVP_PKEY_get_group_name(key, group, sizeof(group), NULL))
		return 0;
	return curve_size(OBJ_txt2nid(group));
}

/* Some TPMs leave leading zeros away. */
static int
pad(unsigned char *out, size_t size, struct attest_octets in)
{
	if (in.len == 0 || in.len > size)
		return 0;
	memset(out, 0, size - in.len);
	memcpy(out + size - in.len, in.p, in.len);
	return 1;
}

/* Quick: these curves have the cofactor 1, a point on one is in its group. */
static int
is_on_curve(EVP_PKEY *key)
{
	EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(key, NULL);
	int ok = check != NULL && EVP_PKEY_public_check_quick(check) == 1;

	EVP_PKEY_CTX_free(check);
	return ok;
}

EVP_PKEY *
attest_ec_key(const char *rule, const char *field, int nid,
    struct attest_octets x, struct attest_octets y)
{
	unsigned char point[1 + 2 * COORDINATE_MAX] = { 0x04 };
	size_t size = curve_size(nid);
	OSSL_PARAM_BLD *bld = NULL;
	EVP_PKEY *key = NULL;

	if (size == 0 || !pad(point + 1, size, x) ||
	    !pad(point + 1 + size, size, y))
		goto out;
	bld = OSSL_PARAM_BLD_new();
	if (bld &&
	    OSSL_PARAM_BLD_push_utf8_string(
		bld, OSSL_PKEY_PARAM_GROUP_NAME, OBJ_nid2sn(nid), 0) &&
	    OSSL_PARAM_BLD_push_octet_string(
		bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size))
		key = from_params("EC", bld);
	if (key && !is_on_curve(key)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
out:
	OSSL_PARAM_BLD_free(bld);
	if (key == NULL)
		attest_refuse(rule, field,
		    "not a point on P-256, P-384 or P-521");
	return key;
}

int
attest_ecdsa_der(struct attest_octets r, struct attest_octets s,
    unsigned char **der, size_t *len)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *br = NULL, *bs = NULL;
	int n = -1;

	if (r.len == 0 || r.len > COORDINATE_MAX || s.len == 0 ||
	    s.len > COORDINATE_MAX)
		goto out;
	br = BN_bin2bn(r.p, (int)r.len, NULL);
	bs = BN_bin2bn(s.p, (int)s.len, NULL);
	if (sig == NULL || br == NULL || bs == NULL ||
	    !ECDSA_SIG_set0(sig, br, bs))
		goto out;
	br = bs = NULL;
	*der = NULL;
	n = i2d_ECDSA_SIG(sig, der);
	if (n > 0)
		*len = (size_t)n;
out:
	ECDSA_SIG_free(sig);
	BN_free(br);
	BN_free(bs);
	return n > 0;
}

int
attest_verify2(EVP_PKEY *key, const struct attest_signature *signature,
    struct attest_octets a, struct attest_octets b)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	int ok = 0;

	if (ctx == NULL ||
	    EVP_DigestVerifyInit_ex(
		ctx, &pctx, signature->digest, NULL, NULL, key, NULL) <= 0)
		goto out;
	if (signature->pss &&
	    (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) <= 0 ||
		EVP_PKEY_CTX_set_rsa_pss_saltlen(
		    pctx, RSA_PSS_SALTLEN_AUTO) <= 0))
		goto out;
	if (signature->digest == NULL && b.len == 0) /* Ed25519: in one piece */
		ok = EVP_DigestVerify(ctx, signature->octets.p,
			 signature->octets.len, a.p, a.len) == 1;
	else
		ok = EVP_DigestVerifyUpdate(ctx, a.p, a.len) > 0 &&
		    (b.len == 0 ||
			EVP_DigestVerifyUpdate(ctx, b.p, b.len) > 0) &&
		    EVP_DigestVerifyFinal(ctx, signature->octets.p,
			signature->octets.len) == 1;
out:
	EVP_MD_CTX_free(ctx);
	return ok;
}

int
attest_verify(EVP_PKEY *key, const struct attest_signature *signature,
    struct attest_octets message)
{
	return attest_verify2(key, signature, message, octets_of(NULL, 0));
}
