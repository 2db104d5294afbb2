#include <string.h>
#include <openssl/crypto.h>
#include <tss2/tss2_mu.h>

#include "ra/attest/tpm.h"

/* A signature of either form, ready for OpenSSL. ${der} is what is owned. */
struct ready {
	TPM2_ALG_ID alg, hash;
	struct attest_signature sig;
	TPMT_SIGNATURE t; /* ${sig} points into it */
	unsigned char *der;
};

static int
read_signature(struct attest_octets in, TPMT_SIGNATURE *out)
{
	unsigned char again[sizeof(TPMT_SIGNATURE)];
	size_t at = 0, n = 0;

	memset(out, 0, sizeof(*out));
	return in.len > 0 && in.len <= sizeof(again) &&
	    Tss2_MU_TPMT_SIGNATURE_Unmarshal(in.p, in.len, &at, out) ==
		TSS2_RC_SUCCESS &&
	    at == in.len &&
	    Tss2_MU_TPMT_SIGNATURE_Marshal(out, again, sizeof(again), &n) ==
		TSS2_RC_SUCCESS &&
	    octets_equal(in, again, n);
}

static int
from_structure(struct ready *r)
{
	const TPMS_SIGNATURE_RSA *rsa = &r->t.signature.rsassa;
	const TPMS_SIGNATURE_ECC *ecc = &r->t.signature.ecdsa;
	size_t len = 0;

	r->alg = r->t.sigAlg;
	switch (r->alg) {
	case TPM2_ALG_RSASSA:
	case TPM2_ALG_RSAPSS: /* the same structure */
		r->hash = rsa->hash;
		r->sig.octets = octets_of(rsa->sig.buffer, rsa->sig.size);
		r->sig.pss = r->alg == TPM2_ALG_RSAPSS;
		break;
	case TPM2_ALG_ECDSA:
		r->hash = ecc->hash;
		if (!attest_ecdsa_der(
			octets_of(ecc->signatureR.buffer, ecc->signatureR.size),
			octets_of(ecc->signatureS.buffer, ecc->signatureS.size),
			&r->der, &len))
			return 0;
		r->sig.octets = octets_of(r->der, len);
		break;
	default:
		return 0;
	}
	r->sig.digest = tpm_hash_name(r->hash);
	return r->sig.digest != NULL;
}

/* The draft's sample carries what the algorithm gives, and nothing that says
   which: PKCS #1 v1.5 or ECDSA in DER, with SHA-256. */
static int
from_raw(struct attest_octets in, const EVP_PKEY *key, struct ready *r)
{
	r->alg = EVP_PKEY_is_a(key, "RSA") ? TPM2_ALG_RSASSA : TPM2_ALG_ECDSA;
	r->hash = TPM2_ALG_SHA256;
	r->sig.octets = in;
	r->sig.digest = tpm_hash_name(r->hash);
	return in.len > 0;
}

static int
make_ready(struct attest_octets in, const EVP_PKEY *key, unsigned quirks,
    struct ready *r)
{
	memset(r, 0, sizeof(*r));
	if (read_signature(in, &r->t))
		return from_structure(r);
	return (quirks & ATTEST_QUIRK_RAW_SIGNATURE) && from_raw(in, key, r);
}

static int
fits(const struct ready *r, EVP_PKEY *key, struct attest_octets message)
{
	int rsa = r->alg != TPM2_ALG_ECDSA;

	return EVP_PKEY_is_a(key, rsa ? "RSA" : "EC") &&
	    attest_verify(key, &r->sig, message);
}

int
tpm_signature_fits(struct attest_octets in, EVP_PKEY *key, unsigned quirks,
    struct attest_octets message)
{
	struct ready r;
	int yes = make_ready(in, key, quirks, &r) && fits(&r, key, message);

	OPENSSL_free(r.der);
	return yes;
}

int
tpm_signature_check(const char *rule, struct attest_octets in, EVP_PKEY *key,
    const struct tpm_public *ak, unsigned quirks, struct attest_octets message,
    TPM2_ALG_ID *used)
{
	TPM2_ALG_ID alg, hash;
	struct ready r;
	int ok;

	if (!make_ready(in, key, quirks, &r))
		ok = attest_malformed(rule, "signature",
		    "%zu octets that are no TPMT_SIGNATURE of RSASSA, RSAPSS or "
		    "ECDSA with SHA-256, 384 or 512", in.len);
	else if (ak && (alg = tpm_public_scheme(ak, &hash)) != TPM2_ALG_NULL &&
	    (alg != r.alg || hash != r.hash))
		ok = attest_refuse(rule, "signature.scheme",
		    "%04x with %04x; the key has %04x with %04x", r.alg, r.hash,
		    alg, hash);
	else
		ok = fits(&r, key, message) ||
		    attest_refuse(rule, "signature",
			"not the attestation key's over this content");
	*used = r.hash;
	OPENSSL_free(r.der);
	return ok;
}
