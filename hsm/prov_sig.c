#include <string.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include "hsm/private.h"

/* Signature operations. Verifying is left to the public half. */

static struct hsm_sig *
sig_new(int type)
{
	struct hsm_sig *sig = OPENSSL_zalloc(sizeof(*sig));

	if (sig == NULL)
		return NULL;
	sig->type = type;
	sig->padding = RSA_PKCS1_PADDING;
	sig->salt_len = RSA_PSS_SALTLEN_DIGEST;
	return sig;
}

static void *
new_ec(void *provctx, const char *propq)
{
	(void)provctx;
	(void)propq;
	return sig_new(EVP_PKEY_EC);
}

static void *
new_rsa(void *provctx, const char *propq)
{
	(void)provctx;
	(void)propq;
	return sig_new(EVP_PKEY_RSA);
}

static void *
new_ed25519(void *provctx, const char *propq)
{
	(void)provctx;
	(void)propq;
	return sig_new(EVP_PKEY_ED25519);
}

static void
sig_free(void *vsig)
{
	struct hsm_sig *sig = vsig;

	if (sig == NULL)
		return;
	hsm_key_free(sig->key);
	EVP_MD_free(sig->md);
	EVP_MD_free(sig->mgf1);
	EVP_MD_CTX_free(sig->hash);
	OPENSSL_free(sig);
}

/* OpenSSL 3.0 duplicates the context in EVP_DigestSignFinal. */
static void *
sig_dup(void *vsig)
{
	struct hsm_sig *from = vsig, *to = sig_new(from->type);

	if (to == NULL)
		return NULL;
	to->padding = from->padding;
	to->salt_len = from->salt_len;
	to->fresh = from->fresh;
	if (from->key != NULL)
		to->key = hsm_key_ref(from->key);
	if (from->md != NULL && EVP_MD_up_ref(from->md) == 1)
		to->md = from->md;
	if (from->mgf1 != NULL && EVP_MD_up_ref(from->mgf1) == 1)
		to->mgf1 = from->mgf1;
	if (from->hash != NULL &&
	    ((to->hash = EVP_MD_CTX_new()) == NULL ||
		EVP_MD_CTX_copy_ex(to->hash, from->hash) != 1)) {
		sig_free(to);
		return NULL;
	}
	return to;
}

/* A second init without a key keeps the one that is there. */
static int
set_key(struct hsm_sig *sig, void *vkey)
{
	struct hsm_key *key = vkey;

	if (key == NULL)
		return sig->key != NULL;
	if (key->type != sig->type)
		return 0;
	if (key != sig->key) {
		hsm_key_free(sig->key);
		sig->key = hsm_key_ref(key);
	}
	return 1;
}

static int
sign_init(void *vsig, void *key, const OSSL_PARAM params[])
{
	struct hsm_sig *sig = vsig;

	return set_key(sig, key) && sig->key->hsm != NULL &&
	    hsm_sig_set_params(sig, params);
}

static int
sign(void *vsig, unsigned char *out, size_t *out_len, size_t size,
    const unsigned char *tbs, size_t tbs_len)
{
	struct hsm_sig *sig = vsig;
	struct hsm_sign_how how;

	if (out == NULL) {
		*out_len = hsm_sign_size(sig->key);
		return *out_len > 0;
	}
	hsm_sig_how(sig, &how);
	return hsm_sign(sig->key, &how, tbs, tbs_len, out, size, out_len);
}

static int
verify_init(void *vsig, void *key, const OSSL_PARAM params[])
{
	struct hsm_sig *sig = vsig;

	return set_key(sig, key) && hsm_sig_set_params(sig, params);
}

static int
verify(void *vsig, const unsigned char *in, size_t in_len,
    const unsigned char *tbs, size_t tbs_len)
{
	struct hsm_sig *sig = vsig;
	struct hsm_sign_how how;

	hsm_sig_how(sig, &how);
	return hsm_verify(sig->key->pub, &how, tbs, tbs_len, in, in_len);
}

static int
start_hash(struct hsm_sig *sig)
{
	if (sig->hash == NULL && (sig->hash = EVP_MD_CTX_new()) == NULL)
		return 0;
	sig->fresh = EVP_DigestInit_ex2(sig->hash, sig->md, NULL);
	return sig->fresh == 1;
}

static int
digest_init(
    struct hsm_sig *sig, const char *md, void *key, const OSSL_PARAM params[])
{
	if (!set_key(sig, key))
		return 0;
	if (md != NULL && md[0] == '\0')
		md = NULL;
	if (sig->type == EVP_PKEY_ED25519) {
		if (md != NULL)
			hsm_raise(HSM_E_UNSUPPORTED,
			    "Ed25519 takes no separate hash");
		return md == NULL;
	}
	if (md != NULL && !hsm_sig_set_md(sig, md))
		return 0;
	if (sig->md == NULL && !hsm_sig_set_md(sig, "SHA256"))
		return 0;
	return hsm_sig_set_params(sig, params) && start_hash(sig);
}

static int
digest_sign_init(
    void *vsig, const char *md, void *key, const OSSL_PARAM params[])
{
	struct hsm_sig *sig = vsig;

	return digest_init(sig, md, key, params) && sig->key->hsm != NULL;
}

static int
digest_verify_init(
    void *vsig, const char *md, void *key, const OSSL_PARAM params[])
{
	return digest_init(vsig, md, key, params);
}

static int
digest_update(void *vsig, const unsigned char *data, size_t len)
{
	struct hsm_sig *sig = vsig;

	if (sig->hash == NULL)
		return 0;
	sig->fresh = 0;
	return EVP_DigestUpdate(sig->hash, data, len) == 1;
}

static int
digest_sign_final(void *vsig, unsigned char *out, size_t *out_len, size_t size)
{
	struct hsm_sig *sig = vsig;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (out == NULL)
		return sign(sig, NULL, out_len, 0, NULL, 0);
	return sig->hash != NULL &&
	    EVP_DigestFinal_ex(sig->hash, digest, &n) == 1 &&
	    sign(sig, out, out_len, size, digest, n);
}

/* EVP_DigestSign may be called again and again after one init. */
static int
digest_sign(void *vsig, unsigned char *out, size_t *out_len, size_t size,
    const unsigned char *tbs, size_t tbs_len)
{
	struct hsm_sig *sig = vsig;

	if (out == NULL || sig->type == EVP_PKEY_ED25519)
		return sign(sig, out, out_len, size, tbs, tbs_len);
	if (!sig->fresh && !start_hash(sig))
		return 0;
	return digest_update(sig, tbs, tbs_len) &&
	    digest_sign_final(sig, out, out_len, size);
}

static int
digest_verify_final(void *vsig, const unsigned char *in, size_t in_len)
{
	struct hsm_sig *sig = vsig;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	return sig->hash != NULL &&
	    EVP_DigestFinal_ex(sig->hash, digest, &n) == 1 &&
	    verify(sig, in, in_len, digest, n);
}

static int
digest_verify(void *vsig, const unsigned char *in, size_t in_len,
    const unsigned char *tbs, size_t tbs_len)
{
	struct hsm_sig *sig = vsig;

	if (sig->type == EVP_PKEY_ED25519)
		return verify(sig, in, in_len, tbs, tbs_len);
	if (!sig->fresh && !start_hash(sig))
		return 0;
	return digest_update(sig, tbs, tbs_len) &&
	    digest_verify_final(sig, in, in_len);
}

#define F(f) (void (*)(void)) f
#define COMMON                                                                 \
	{OSSL_FUNC_SIGNATURE_FREECTX, F(sig_free)},                            \
	    {OSSL_FUNC_SIGNATURE_DUPCTX, F(sig_dup)},                          \
	    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, F(digest_sign_init)},       \
	    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, F(digest_sign)},                 \
	    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, F(digest_verify_init)},   \
	    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, F(digest_verify)},             \
	    {OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, F(hsm_sig_get_params)},       \
	{                                                                      \
		OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, F(hsm_sig_gettable)   \
	}
/* What Ed25519 lacks: signing a digest, and text in pieces. */
#define WITH_HASH                                                              \
	{OSSL_FUNC_SIGNATURE_SIGN_INIT, F(sign_init)},                         \
	    {OSSL_FUNC_SIGNATURE_SIGN, F(sign)},                               \
	    {OSSL_FUNC_SIGNATURE_VERIFY_INIT, F(verify_init)},                 \
	    {OSSL_FUNC_SIGNATURE_VERIFY, F(verify)},                           \
	    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, F(digest_update)},        \
	    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, F(digest_sign_final)},     \
	    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, F(digest_update)},      \
	    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, F(digest_verify_final)}, \
	    {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, F(hsm_sig_set_params)},       \
	{                                                                      \
		OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, F(hsm_sig_settable)   \
	}

const OSSL_DISPATCH hsm_prov_sig_ecdsa[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, F(new_ec)}, COMMON, WITH_HASH, {0, NULL}};

const OSSL_DISPATCH hsm_prov_sig_rsa[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, F(new_rsa)}, COMMON, WITH_HASH, {0, NULL}};

const OSSL_DISPATCH hsm_prov_sig_ed25519[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, F(new_ed25519)}, COMMON, {0, NULL}};
