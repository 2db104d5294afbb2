#include <openssl/evp.h>
#include <openssl/rsa.h>
#include "profiles/conform_rule.h"
#include "profiles/error.h"

static int
refuse(const char *rule, const char *citation, const char *text)
{
	profile_raise(
	    PROFILE_E_NONCONFORM, "conform.%s: %s: %s", rule, citation, text);
	return 0;
}

/* Salt and mask as the algorithm says: the defaults of the library would take
   a salt of any length. */
static int
set_pss(EVP_PKEY_CTX *pctx, const struct conform_alg *alg)
{
	return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, alg->salt_len) > 0 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(pctx, alg->md, NULL) > 0;
}

static int
verify(const struct conform_alg *alg, EVP_PKEY *key, const struct der *tbs,
    const struct der *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	int ok = 0;

	if (ctx == NULL || EVP_PKEY_get_base_id(key) != alg->key_nid)
		goto out;
	if (EVP_DigestVerifyInit_ex(
		ctx, &pctx, alg->md, NULL, NULL, key, NULL) != 1 ||
	    (alg->pss && !set_pss(pctx, alg)))
		goto out;
	ok = EVP_DigestVerify(ctx, sig->p, sig->len, tbs->p, tbs->len) == 1;
out:
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* The AlgorithmIdentifier within the TBS: third field behind the version. */
static int
inner_algorithm(struct der tbs, struct der *alg)
{
	struct der seq;

	if (!der_only(tbs, DER_SEQUENCE, &seq))
		return 0;
	if (der_next_is(&seq, DER_CONTEXT_CONS(0)) &&
	    !der_take_any(&seq, NULL, NULL, NULL))
		return 0;
	return der_take(&seq, DER_INTEGER, NULL) &&
	    der_take_whole(&seq, DER_SEQUENCE, alg);
}

/* Ecdsa-Sig-Value (RFC 3279 2.2.3): a token's raw r and s must not get out. */
static int
ecdsa_form(struct der sig)
{
	struct der seq, r, s;

	return !der_strict(sig) && der_only(sig, DER_SEQUENCE, &seq) &&
	    der_take(&seq, DER_INTEGER, &r) &&
	    der_take(&seq, DER_INTEGER, &s) && seq.len == 0;
}

int
conform_signed(const unsigned char *cert, size_t cert_len,
    const unsigned char *tbs, size_t tbs_len, EVP_PKEY *issuer_key)
{
	struct der in = {cert, cert_len}, want = {tbs, tbs_len};
	struct der seq, got, outer, inner, bits;
	struct conform_alg alg;

	if (!der_only(in, DER_SEQUENCE, &seq) ||
	    !der_take_whole(&seq, DER_SEQUENCE, &got) ||
	    !der_take_whole(&seq, DER_SEQUENCE, &outer) ||
	    !der_take(&seq, DER_BIT_STRING, &bits) || seq.len > 0)
		return refuse("signed.form", "RFC 5280 4.1",
		    "not a Certificate in DER, or something behind it");
	if (!der_equal(&got, want.p, want.len))
		return refuse("signed.tbs", "RFC 5280 4.1.1.1",
		    "what was signed is not what was reserved");
	if (!inner_algorithm(got, &inner) ||
	    !der_equal(&outer, inner.p, inner.len))
		return refuse("signed.algorithm", "RFC 5280 4.1.1.2",
		    "signatureAlgorithm differs from the one that is signed");
	if (!conform_alg_read(outer, &alg) || bits.len < 2 || bits.p[0] != 0)
		return refuse("signed.form", "RFC 5280 4.1.1.3",
		    "unknown algorithm, or signature not whole octets");
	bits.p++;
	bits.len--;
	if (alg.key_nid == EVP_PKEY_EC && !ecdsa_form(bits))
		return refuse("signed.form", "RFC 3279 2.2.3",
		    "ECDSA signature is not a DER SEQUENCE of r and s");
	if (!verify(&alg, issuer_key, &got, &bits))
		return refuse("signed.signature", "RFC 5280 4.1.1.3",
		    "signature does not verify under the issuer's key");
	return 1;
}
