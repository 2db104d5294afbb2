#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "ra/attest/ek.h"
#include "ra/attest/tpm.h"

/*
 * The numbers in comments are the steps of TPM2_MakeCredential: a seed for the
 * EK, two keys out of it, the secret under one and a MAC over it and the Name
 * under the other.
 */

#define HASH_MAX 64
#define COORDINATE_MAX 66

struct sizes {
	const char *hash;
	size_t hash_len, aes_len;
};

static int
sizes_of(const struct credential_ek *ek, struct sizes *out)
{
	switch (ek->hash) {
	case NID_sha256:
		*out = (struct sizes){ "SHA256", 32, 16 };
		break;
	case NID_sha384:
		*out = (struct sizes){ "SHA384", 48, 32 };
		break;
	case NID_sha512:
		*out = (struct sizes){ "SHA512", 64, 32 };
		break;
	default:
		return 0;
	}
	return (size_t)ek->aes == 8 * out->aes_len;
}

static size_t
put16(unsigned char *p, size_t value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
	return 2;
}

/* KDFa (Part 1, 11.4.10.2) with one round: nobody asks for more octets than the
   hash has. Counter 1 || label || 00 || context || bits. */
static int
kdfa(const struct sizes *z, const unsigned char *key, const char *label,
    struct attest_octets context, size_t bits, unsigned char *out)
{
	unsigned char in[4 + 16 + ATTEST_NAME_MAX + 4] = { 0, 0, 0, 1 };
	unsigned char md[HASH_MAX];
	size_t n = 4, l = strlen(label) + 1;
	int ok;

	memcpy(in + n, label, l);
	n += l;
	if (context.len > 0)
		memcpy(in + n, context.p, context.len);
	n += context.len;
	n += put16(in + n, 0);
	n += put16(in + n, bits);
	ok = EVP_Q_mac(NULL, "HMAC", NULL, z->hash, NULL, key, z->hash_len, in,
		 n, md, sizeof(md), NULL) != NULL;
	if (ok)
		memcpy(out, md, bits / 8);
	OPENSSL_cleanse(md, sizeof(md));
	return ok;
}

/* ---- 1: the seed, so that only the EK's holder can have it ---- */

static int
seed_rsa(const struct credential_ek *ek, const struct sizes *z,
    unsigned char *seed, unsigned char *enc, size_t *enc_len)
{
	static const char label[] = "IDENTITY"; /* its NUL belongs to it */
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek->key, NULL);
	EVP_MD *md = EVP_MD_fetch(NULL, z->hash, NULL);
	char *copy = OPENSSL_memdup(label, sizeof(label));
	size_t len = CREDENTIAL_BLOB_MAX - 2;
	int ok = 0;

	if (ctx == NULL || md == NULL || copy == NULL ||
	    RAND_priv_bytes(seed, (int)z->hash_len) != 1 ||
	    EVP_PKEY_encrypt_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) <= 0 ||
	    EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, sizeof(label)) <= 0)
		goto out;
	copy = NULL;
	if (EVP_PKEY_encrypt(ctx, enc + 2, &len, seed, z->hash_len) <= 0)
		goto out;
	*enc_len = put16(enc, len) + len;
	ok = 1;
out:
	OPENSSL_free(copy);
	EVP_MD_free(md);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static int
coordinate(const EVP_PKEY *key, const char *which, unsigned char *out,
    size_t size)
{
	BIGNUM *bn = NULL;
	int ok = EVP_PKEY_get_bn_param(key, which, &bn) &&
	    BN_bn2binpad(bn, out, (int)size) == (int)size;

	BN_free(bn);
	return ok;
}

static int
shared(EVP_PKEY *own, EVP_PKEY *peer, unsigned char *out, size_t size)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	size_t len = size;
	int ok = ctx && EVP_PKEY_derive_init(ctx) > 0 &&
	    EVP_PKEY_derive_set_peer(ctx, peer) > 0 &&
	    EVP_PKEY_derive(ctx, out, &len) > 0 && len == size;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* KDFe (Part 1, 11.4.10.3): H(1 || Z || "IDENTITY" 00 || x of ours || x of EK). */
static int
kdfe(const struct sizes *z, const unsigned char *secret,
    const unsigned char *x_own, const unsigned char *x_ek, size_t size,
    unsigned char *seed)
{
	static const char label[] = "IDENTITY";
	unsigned char in[4 + 3 * COORDINATE_MAX + sizeof(label)] = { 0, 0, 0, 1 };
	size_t n = 4;
	int ok;

	memcpy(in + n, secret, size);
	n += size;
	memcpy(in + n, label, sizeof(label));
	n += sizeof(label);
	memcpy(in + n, x_own, size);
	n += size;
	memcpy(in + n, x_ek, size);
	n += size;
	ok = EVP_Q_digest(NULL, z->hash, NULL, in, n, seed, NULL);
	OPENSSL_cleanse(in, sizeof(in));
	return ok;
}

static int
seed_ec(const struct credential_ek *ek, const struct sizes *z,
    unsigned char *seed, unsigned char *enc, size_t *enc_len)
{
	unsigned char x[COORDINATE_MAX], secret[COORDINATE_MAX];
	unsigned char *p = enc + 2;
	size_t size = attest_coordinate(ek->key);
	char group[64];
	EVP_PKEY *own = NULL;
	int ok = 0;

	if (size == 0 ||
	    !EVP_PKEY_get_group_name(ek->key, group, sizeof(group), NULL) ||
	    (own = EVP_EC_gen(group)) == NULL ||
	    !shared(own, ek->key, secret, size))
		goto out;
	/* TPM2B of a point: each coordinate with its size, of full length. */
	p += put16(p, size);
	ok = coordinate(own, OSSL_PKEY_PARAM_EC_PUB_X, p, size) &&
	    coordinate(ek->key, OSSL_PKEY_PARAM_EC_PUB_X, x, size) &&
	    kdfe(z, secret, p, x, size, seed);
	p += size;
	p += put16(p, size);
	ok = ok && coordinate(own, OSSL_PKEY_PARAM_EC_PUB_Y, p, size);
	p += size;
	put16(enc, (size_t)(p - enc) - 2);
	*enc_len = (size_t)(p - enc);
out:
	OPENSSL_cleanse(secret, sizeof(secret));
	EVP_PKEY_free(own);
	return ok;
}

/* ---- 2 to 6 ---- */

/* 3: the secret with its size, AES in CFB mode with an IV of zeros. */
static int
encrypt_secret(const struct sizes *z, const unsigned char *key,
    const unsigned char *secret, unsigned char *out)
{
	unsigned char plain[2 + CREDENTIAL_SECRET_LEN];
	static const unsigned char iv[16];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, ok;

	put16(plain, CREDENTIAL_SECRET_LEN);
	memcpy(plain + 2, secret, CREDENTIAL_SECRET_LEN);
	ok = ctx &&
	    EVP_EncryptInit_ex2(ctx,
		z->aes_len == 16 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128(),
		key, iv, NULL) &&
	    EVP_EncryptUpdate(ctx, out, &n, plain, sizeof(plain)) &&
	    n == (int)sizeof(plain);
	EVP_CIPHER_CTX_free(ctx);
	OPENSSL_cleanse(plain, sizeof(plain));
	return ok;
}

static int
wrap(const struct sizes *z, const unsigned char *seed, struct attest_octets name,
    const unsigned char *secret, struct credential *out)
{
	unsigned char aes[32], mac_key[HASH_MAX];
	unsigned char mac_in[2 + CREDENTIAL_SECRET_LEN + ATTEST_NAME_MAX];
	unsigned char *mac = out->id_object + 4;
	unsigned char *enc = mac + z->hash_len;
	size_t enc_len = 2 + CREDENTIAL_SECRET_LEN;
	int ok;

	ok = kdfa(z, seed, "STORAGE", name, 8 * z->aes_len, aes) && /* 2 */
	    encrypt_secret(z, aes, secret, enc) &&
	    kdfa(z, seed, "INTEGRITY", octets_of(NULL, 0), 8 * z->hash_len,
		mac_key); /* 4 */
	memcpy(mac_in, enc, enc_len);
	memcpy(mac_in + enc_len, name.p, name.len);
	ok = ok &&
	    EVP_Q_mac(NULL, "HMAC", NULL, z->hash, NULL, mac_key, z->hash_len,
		mac_in, enc_len + name.len, mac, z->hash_len, NULL); /* 5 */
	put16(out->id_object, 2 + z->hash_len + enc_len);	    /* 6 */
	put16(out->id_object + 2, z->hash_len);
	out->id_object_len = 4 + z->hash_len + enc_len;
	OPENSSL_cleanse(aes, sizeof(aes));
	OPENSSL_cleanse(mac_key, sizeof(mac_key));
	return ok;
}

int
credential_make(const struct credential_ek *ek, struct attest_octets name,
    const unsigned char secret[CREDENTIAL_SECRET_LEN], struct credential *out)
{
	unsigned char seed[HASH_MAX];
	struct sizes z;
	int ok;

	if (!sizes_of(ek, &z))
		return attest_refuse("tpm.ek-template", "ekPub",
		    "nameAlg and AES key size are none of those known");
	if (name.len < 34 || name.len > ATTEST_NAME_MAX)
		return attest_refuse("tpm.ak-public", "akName", "%zu octets",
		    name.len);
	ok = (EVP_PKEY_is_a(ek->key, "RSA")
		     ? seed_rsa(ek, &z, seed, out->secret, &out->secret_len)
		     : seed_ec(ek, &z, seed, out->secret, &out->secret_len)) &&
	    wrap(&z, seed, name, secret, out);
	OPENSSL_cleanse(seed, sizeof(seed));
	return ok ||
	    attest_internal("tpm.credential", "ek", "OpenSSL cannot do it");
}

int
credential_expected(struct attest_octets nonce,
    const unsigned char secret[CREDENTIAL_SECRET_LEN],
    struct attest_octets name, unsigned char out[32])
{
	static const char what[] = "inkan-tpm-act-v1"; /* and its NUL */
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx && EVP_DigestInit_ex2(ctx, EVP_sha256(), NULL) &&
	    EVP_DigestUpdate(ctx, what, sizeof(what)) &&
	    EVP_DigestUpdate(ctx, nonce.p, nonce.len) &&
	    EVP_DigestUpdate(ctx, secret, CREDENTIAL_SECRET_LEN) &&
	    EVP_DigestUpdate(ctx, name.p, name.len) &&
	    EVP_DigestFinal_ex(ctx, out, NULL);

	EVP_MD_CTX_free(ctx);
	return ok || attest_internal("tpm.credential", "nonce", "no digest");
}

/* The AK's Name into ${out}: the device's word, until the TPM confirms it. */
static int
read_ak(const struct credential_ask *ask, struct credential_answer *out)
{
	struct tpm_public ak;
	int ok = tpm_public_read("tpm.ak-public", "akPub", ask->ak_public,
		     ask->policy->quirks, &ak) &&
	    tpm_ak_check("tpm.ak-attributes", &ak);

	if (ok) {
		memcpy(out->name, ak.name, ak.name_len);
		out->name_len = ak.name_len;
	}
	tpm_public_clear(&ak);
	return ok;
}

int
credential_begin(const struct credential_ask *ask,
    struct credential_answer *out, struct attest_facts *facts)
{
	struct credential_ek ek = { NULL, 0, 0 };
	struct attest_octets name;
	int ok;

	memset(out, 0, sizeof(*out));
	if (ask->nonce.len < ATTEST_NONCE_MIN || ask->nonce.len > ATTEST_NONCE_MAX)
		return attest_unfit("tpm.credential", "nonce", "%zu octets",
		    ask->nonce.len);
	if (!ek_check(ask, &ek, facts))
		return 0;
	ok = read_ak(ask, out);
	name = octets_of(out->name, out->name_len);
	ok = ok && credential_make(&ek, name, ask->secret, &out->blobs) &&
	    credential_expected(ask->nonce, ask->secret, name, out->expected) &&
	    facts_octets(facts, "tpm.ak.name", name.p, name.len) &&
	    (attest_key_sha256(ek.key, out->ek_sha256) ||
		attest_internal("tpm.credential", "ek", "no digest"));
	EVP_PKEY_free(ek.key);
	return ok;
}
