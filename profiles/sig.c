#include <openssl/asn1t.h>
#include <openssl/rsa.h>

#include "profiles/error.h"
#include "profiles/sig.h"

/* RSA-4096 with SHA-256: OpenSSL signs with the longest salt by default. */
#define SALT_MAX 478

static const EVP_MD *
digest_of(int nid)
{
	switch (nid) {
	case NID_sha256:
		return EVP_sha256();
	case NID_sha384:
		return EVP_sha384();
	case NID_sha512:
		return EVP_sha512();
	}
	return NULL;
}

static int
algor_nid(const X509_ALGOR *alg)
{
	const ASN1_OBJECT *oid;

	if (alg == NULL)
		return NID_undef;
	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	return OBJ_obj2nid(oid);
}

/* RFC 4055 3.1: explicit SHA-2 for hash and MGF1 alike; the defaults would be
   SHA-1. */
static int
read_pss(const X509_ALGOR *alg, struct sig *sig)
{
	RSA_PSS_PARAMS *pss = NULL;
	X509_ALGOR *mgf_md = NULL;
	const void *value;
	int ptype, ok = 0;

	X509_ALGOR_get0(NULL, &ptype, &value, alg);
	if (ptype != V_ASN1_SEQUENCE ||
	    (pss = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS))) ==
		NULL)
		goto out;
	sig->md = digest_of(algor_nid(pss->hashAlgorithm));
	if (sig->md == NULL || algor_nid(pss->maskGenAlgorithm) != NID_mgf1 ||
	    pss->saltLength == NULL)
		goto out;
	X509_ALGOR_get0(NULL, &ptype, &value, pss->maskGenAlgorithm);
	if (ptype != V_ASN1_SEQUENCE ||
	    (mgf_md = ASN1_item_unpack(value, ASN1_ITEM_rptr(X509_ALGOR))) ==
		NULL ||
	    digest_of(algor_nid(mgf_md)) != sig->md)
		goto out;
	sig->salt_len = (int)ASN1_INTEGER_get(pss->saltLength);
	ok = sig->salt_len >= 0 && sig->salt_len <= SALT_MAX &&
	    (pss->trailerField == NULL ||
		ASN1_INTEGER_get(pss->trailerField) == 1);
out:
	X509_ALGOR_free(mgf_md);
	RSA_PSS_PARAMS_free(pss);
	return ok;
}

static int
read_plain(const X509_ALGOR *alg, struct sig *sig)
{
	int md_nid, pk_nid, ptype;

	X509_ALGOR_get0(NULL, &ptype, NULL, alg);
	if (!OBJ_find_sigid_algs(algor_nid(alg), &md_nid, &pk_nid))
		return 0;
	switch (pk_nid) {
	case NID_ED25519:
		sig->key_nid = EVP_PKEY_ED25519;
		return ptype == V_ASN1_UNDEF;
	case NID_X9_62_id_ecPublicKey:
		sig->key_nid = EVP_PKEY_EC;
		sig->md = digest_of(md_nid);
		return sig->md != NULL && ptype == V_ASN1_UNDEF;
	case NID_rsaEncryption:
		sig->key_nid = EVP_PKEY_RSA;
		sig->md = digest_of(md_nid);
		/* RFC 4055 5: absent must be taken as NULL. */
		return sig->md != NULL &&
		    (ptype == V_ASN1_NULL || ptype == V_ASN1_UNDEF);
	}
	return 0;
}

int
sig_read(const X509_ALGOR *alg, const char *rule, struct sig *sig)
{
	const ASN1_OBJECT *oid;
	char name[64];
	int ok;

	*sig = (struct sig){0};
	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	if (OBJ_obj2nid(oid) == NID_rsassaPss) {
		sig->key_nid = EVP_PKEY_RSA;
		sig->pss = 1;
		ok = read_pss(alg, sig);
	} else
		ok = read_plain(alg, sig);
	if (!ok) {
		OBJ_obj2txt(name, sizeof(name), oid, 0);
		profile_raise(PROFILE_E_BADREQUEST,
		    "%s: algorithm %.60s or its parameters are not taken", rule,
		    name);
	}
	return ok;
}

static int
write_pss(const struct sig *sig, X509_ALGOR *alg)
{
	RSA_PSS_PARAMS *pss = RSA_PSS_PARAMS_new();
	X509_ALGOR *md = X509_ALGOR_new(), *mgf = X509_ALGOR_new();
	ASN1_STRING *inner = NULL, *outer = NULL;
	int ok = 0;

	if (pss == NULL || md == NULL || mgf == NULL)
		goto out;
	/* RFC 4055 2.1: NULL parameters for the digests. */
	if (!X509_ALGOR_set0(
		md, OBJ_nid2obj(EVP_MD_get_type(sig->md)), V_ASN1_NULL, NULL) ||
	    ASN1_item_pack(md, ASN1_ITEM_rptr(X509_ALGOR), &inner) == NULL ||
	    !X509_ALGOR_set0(
		mgf, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE, inner))
		goto out;
	inner = NULL;
	pss->hashAlgorithm = md;
	pss->maskGenAlgorithm = mgf;
	md = mgf = NULL;
	if ((pss->saltLength = ASN1_INTEGER_new()) == NULL ||
	    !ASN1_INTEGER_set(pss->saltLength, sig->salt_len) ||
	    ASN1_item_pack(pss, ASN1_ITEM_rptr(RSA_PSS_PARAMS), &outer) ==
		NULL ||
	    !X509_ALGOR_set0(
		alg, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, outer))
		goto out;
	outer = NULL;
	ok = 1;
out:
	ASN1_STRING_free(inner);
	ASN1_STRING_free(outer);
	X509_ALGOR_free(md);
	X509_ALGOR_free(mgf);
	RSA_PSS_PARAMS_free(pss);
	return ok;
}

int
sig_write(const struct sig *sig, X509_ALGOR *alg)
{
	int nid;

	if (sig->pss)
		return write_pss(sig, alg);
	if (sig->key_nid == EVP_PKEY_ED25519)
		return X509_ALGOR_set0(
		    alg, OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF, NULL);
	if (!OBJ_find_sigid_by_algs(
		&nid, EVP_MD_get_type(sig->md), sig->key_nid))
		return 0;
	return X509_ALGOR_set0(alg, OBJ_nid2obj(nid),
	    sig->key_nid == EVP_PKEY_RSA ? V_ASN1_NULL : V_ASN1_UNDEF, NULL);
}

static const char *
key_type(const struct sig *sig)
{
	return sig->key_nid == EVP_PKEY_EC ? "EC"
	    : sig->key_nid == EVP_PKEY_RSA ? "RSA"
					   : "ED25519";
}

static int
set_pss(const struct sig *sig, EVP_PKEY_CTX *pctx)
{
	if (!sig->pss)
		return 1;
	return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, sig->md) > 0 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, sig->salt_len) > 0;
}

int
sig_sign_init(const struct sig *sig, EVP_MD_CTX *ctx, EVP_PKEY *key)
{
	EVP_PKEY_CTX *pctx = NULL;

	return EVP_PKEY_is_a(key, key_type(sig)) &&
	    EVP_DigestSignInit(ctx, &pctx, sig->md, NULL, key) > 0 &&
	    set_pss(sig, pctx);
}

int
sig_verify_init(const struct sig *sig, EVP_MD_CTX *ctx, EVP_PKEY *key)
{
	EVP_PKEY_CTX *pctx = NULL;

	return EVP_PKEY_is_a(key, key_type(sig)) &&
	    EVP_DigestVerifyInit(ctx, &pctx, sig->md, NULL, key) > 0 &&
	    set_pss(sig, pctx);
}
