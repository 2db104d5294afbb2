#include <openssl/rsa.h>
#include "hsm/private.h"

static int
verify_ed25519(EVP_PKEY *pub, const unsigned char *in, size_t in_len,
    const unsigned char *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc;

	rc = ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pub) == 1 &&
	    EVP_DigestVerify(ctx, sig, sig_len, in, in_len) == 1;
	EVP_MD_CTX_free(ctx);
	return rc;
}

static int
set_rsa(EVP_PKEY_CTX *ctx, const struct hsm_sign_how *how)
{
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, how->padding) != 1)
		return 0;
	if (how->padding != RSA_PKCS1_PSS_PADDING)
		return 1;
	return EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) ==
	    1 &&
	    (how->mgf1 == NULL ||
		EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, how->mgf1) == 1);
}

int
hsm_verify(EVP_PKEY *pub, const struct hsm_sign_how *how,
    const unsigned char *in, size_t in_len, const unsigned char *sig,
    size_t sig_len)
{
	EVP_PKEY_CTX *ctx;
	int rc;

	if (EVP_PKEY_get_base_id(pub) == EVP_PKEY_ED25519)
		return verify_ed25519(pub, in, in_len, sig, sig_len);
	ctx = EVP_PKEY_CTX_new(pub, NULL);
	rc = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    (how->md == NULL ||
		EVP_PKEY_CTX_set_signature_md(ctx, how->md) == 1);
	if (rc && EVP_PKEY_get_base_id(pub) == EVP_PKEY_RSA)
		rc = set_rsa(ctx, how);
	rc = rc && EVP_PKEY_verify(ctx, sig, sig_len, in, in_len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}
