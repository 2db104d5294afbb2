#ifndef INKAN_TESTS_RA_SOFT_TPM_H
#define INKAN_TESTS_RA_SOFT_TPM_H

#include <openssl/ec.h>
#include <openssl/core_names.h>
#include <tss2/tss2_mu.h>

#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/tpm.h"

/* Structures of a TPM signed with keys of OpenSSL: a TPM that says whatever a
   test wants, also what no TPM would. What real ones say is in tests/golden. */

#define KEY_ATTRIBUTES 0x00040072U
#define AK_ATTRIBUTES 0x00050072U

struct soft_key {
	EVP_PKEY *pkey;
	TPMT_PUBLIC t;
	unsigned char pub[512], name[ATTEST_NAME_MAX];
	size_t pub_len, name_len;
};

/* Writes ${k}->pub and ${k}->name after ${k}->t was changed. */
static inline void
soft_settle(struct soft_key *k)
{
	k->pub_len = 0;
	assert_int_equal(Tss2_MU_TPMT_PUBLIC_Marshal(&k->t, k->pub,
			     sizeof(k->pub), &k->pub_len), 0);
	k->name[0] = 0;
	k->name[1] = 0x0b;
	assert_true(EVP_Q_digest(NULL, "SHA256", NULL, k->pub, k->pub_len,
	    k->name + 2, NULL));
	k->name_len = 34;
}

static inline void
coordinate(EVP_PKEY *key, const char *which, TPM2B_ECC_PARAMETER *out)
{
	BIGNUM *bn = NULL;

	assert_true(EVP_PKEY_get_bn_param(key, which, &bn));
	out->size = 32;
	assert_int_equal(BN_bn2binpad(bn, out->buffer, 32), 32);
	BN_free(bn);
}

static inline struct soft_key
soft_key(uint32_t attributes, int scheme)
{
	struct soft_key k;

	memset(&k, 0, sizeof(k));
	k.pkey = new_key("P-256");
	k.t.type = TPM2_ALG_ECC;
	k.t.nameAlg = TPM2_ALG_SHA256;
	k.t.objectAttributes = attributes;
	k.t.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
	k.t.parameters.eccDetail.scheme.scheme =
	    scheme ? TPM2_ALG_ECDSA : TPM2_ALG_NULL;
	k.t.parameters.eccDetail.scheme.details.ecdsa.hashAlg =
	    TPM2_ALG_SHA256;
	k.t.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
	k.t.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
	coordinate(k.pkey, OSSL_PKEY_PARAM_EC_PUB_X, &k.t.unique.ecc.x);
	coordinate(k.pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &k.t.unique.ecc.y);
	soft_settle(&k);
	return k;
}

static inline void
soft_name(TPM2B_NAME *out, const struct soft_key *k)
{
	out->size = (UINT16)k->name_len;
	memcpy(out->name, k->name, k->name_len);
}

/* What a TPM would say of ${key} for ${nonce}. */
static inline TPMS_ATTEST
soft_certify(const struct soft_key *key, struct attest_octets nonce)
{
	TPMS_ATTEST a;

	memset(&a, 0, sizeof(a));
	a.magic = TPM2_GENERATED_VALUE;
	a.type = TPM2_ST_ATTEST_CERTIFY;
	soft_name(&a.qualifiedSigner, key);
	a.extraData.size = (UINT16)nonce.len;
	memcpy(a.extraData.buffer, nonce.p, nonce.len);
	a.clockInfo.safe = 1;
	a.firmwareVersion = 0x100;
	soft_name(&a.attested.certify.name, key);
	soft_name(&a.attested.certify.qualifiedName, key);
	a.attested.certify.qualifiedName.name[5] ^= 1;
	return a;
}

/* TPMT_SIGNATURE by ${ak} over ${m}, with ${hash}. */
static inline struct attest_octets
soft_sign(EVP_PKEY *ak, struct attest_octets m, TPM2_ALG_ID hash,
    unsigned char out[256])
{
	unsigned char sig[128];
	const unsigned char *p = sig;
	size_t len = sizeof(sig), n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ECDSA_SIG *ec;
	TPMT_SIGNATURE t = { .sigAlg = TPM2_ALG_ECDSA };
	TPMS_SIGNATURE_ECC *s = &t.signature.ecdsa;

	assert_true(EVP_DigestSignInit(ctx, NULL,
			hash == TPM2_ALG_SHA1 ? EVP_sha1() : EVP_sha256(), NULL,
			ak) > 0);
	assert_true(EVP_DigestSign(ctx, sig, &len, m.p, m.len) > 0);
	ec = d2i_ECDSA_SIG(NULL, &p, (long)len);
	s->hash = hash;
	s->signatureR.size = s->signatureS.size = 32;
	BN_bn2binpad(ECDSA_SIG_get0_r(ec), s->signatureR.buffer, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(ec), s->signatureS.buffer, 32);
	assert_int_equal(Tss2_MU_TPMT_SIGNATURE_Marshal(&t, out, 256, &n), 0);
	ECDSA_SIG_free(ec);
	EVP_MD_CTX_free(ctx);
	return octets_of(out, n);
}

/* The statement: three OCTET STRINGs, the fourth is [0]; absent when empty. */
static inline struct der_out
soft_stmt(struct attest_octets attest, struct attest_octets signature,
    struct attest_octets public, struct attest_octets creation)
{
	struct der_out body = { { 0 }, 0 };

	append(&body, 0x04, attest);
	append(&body, 0x04, signature);
	if (public.len)
		append(&body, 0x04, public);
	if (creation.len)
		append(&body, 0x80, creation);
	return tlv(0x30, octets_of(body.p, body.len));
}

#endif
