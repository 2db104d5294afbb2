#include <string.h>
#include <openssl/x509v3.h>

#include "profiles/spki.h"
#include "ra/attest/ek.h"
#include "ra/attest/tpm.h"
#include "ra/attest/webauthn.h"

/* "tpm" (8.3): TPM2_Certify of the credential key, with a nonce that is a hash of
   what the authenticator says. */

#define EKU_AK "2.23.133.8.3"

struct parts {
	struct attest_octets sig, info, public;
	int64_t alg;
};

static int
read_parts(struct webauthn_work *w, struct parts *p)
{
	struct attest_octets ver;

	if (!tree_text(tree_text_key(w->stmt, "ver"), &ver) ||
	    !octets_equal(ver, (const unsigned char *)"2.0", 3) ||
	    !tree_int(tree_text_key(w->stmt, "alg"), &p->alg) ||
	    !tree_bytes(tree_text_key(w->stmt, "sig"), &p->sig) ||
	    !tree_bytes(tree_text_key(w->stmt, "certInfo"), &p->info) ||
	    !tree_bytes(tree_text_key(w->stmt, "pubArea"), &p->public) ||
	    tree_text_key(w->stmt, "x5c") == NULL)
		return attest_malformed("webauthn.att-stmt", "attStmt",
		    "not version 2.0 with alg, x5c, sig, certInfo, pubArea");
	w->x5c = cose_certs("webauthn.att-stmt", "attStmt.x5c",
	    tree_text_key(w->stmt, "x5c"));
	return w->x5c != NULL;
}

static int
check_ak(struct webauthn_work *w, X509 *cert)
{
	static const struct ek_rules maker = { "webauthn.certificate",
		"webauthn.tpm-class" };

	if (X509_NAME_entry_count(X509_get_subject_name(cert)) != 0)
		return attest_refuse("webauthn.certificate",
		    "certificate.subject", "not empty");
	if (!chain_has_eku(cert, EKU_AK))
		return attest_refuse("webauthn.certificate",
		    "certificate.extKeyUsage", "without %s", EKU_AK);
	return ek_maker_check(&maker, cert, w->in->policy, w->facts) &&
	    webauthn_cert_check(w, cert);
}

/* extraData: the hash of the algorithm over both. */
static int
check_extra(struct webauthn_work *w, int64_t alg, const TPMS_ATTEST *a)
{
	static const struct {
		int64_t alg;
		const char *digest;
	} hashes[] = { { -7, "SHA256" }, { -257, "SHA256" }, { -37, "SHA256" },
		{ -35, "SHA384" }, { -38, "SHA384" }, { -36, "SHA512" },
		{ -39, "SHA512" } };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_MD *type = NULL;
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	size_t i;
	int ok;

	for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (hashes[i].alg == alg)
			type = EVP_MD_fetch(NULL, hashes[i].digest, NULL);
	ok = ctx && type && EVP_DigestInit_ex2(ctx, type, NULL) &&
	    EVP_DigestUpdate(ctx, w->auth.p, w->auth.len) &&
	    EVP_DigestUpdate(ctx, w->hash.p, w->hash.len) &&
	    EVP_DigestFinal_ex(ctx, md, &len) &&
	    octets_equal(octets_of(a->extraData.buffer, a->extraData.size), md,
		len);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(type);
	return ok ||
	    attest_refuse("webauthn.tpm-extra", "certInfo.extraData",
		"not the hash of the authenticator's data and the nonce's");
}

/* A TPMT_SIGNATURE, as the standard has it, or the bare octets of its algorithm,
   as Windows sends them. */
static int
check_signature(struct webauthn_work *w, const struct parts *p)
{
	EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(w->x5c, 0));

	return (key && tpm_signature_fits(p->sig, key, 0, p->info)) ||
	    (key && p->alg >= -257 && p->alg < 0 &&
		cose_verify((int)p->alg, key, 1, p->sig, p->info,
		    octets_of(NULL, 0))) ||
	    attest_refuse("webauthn.signature", "attStmt.sig",
		"not the attestation key's over certInfo, by algorithm %lld",
		(long long)p->alg);
}

static int
check_info(struct webauthn_work *w, const struct parts *p,
    const struct tpm_public *key)
{
	const TPM2B_NAME *name;
	TPMS_ATTEST a;

	if (!tpm_magic_check("webauthn.tpm-info", "certInfo.magic", p->info) ||
	    !tpm_attest_read("webauthn.tpm-info", "certInfo", p->info, &a))
		return 0;
	if (a.type != TPM2_ST_ATTEST_CERTIFY)
		return attest_refuse("webauthn.tpm-info", "certInfo.type",
		    "%04x: not of a key", a.type);
	name = &a.attested.certify.name;
	if (!octets_equal(octets_of(name->name, name->size), key->name,
		key->name_len))
		return attest_refuse("webauthn.tpm-info",
		    "certInfo.attested.name", "not the Name of pubArea");
	return check_extra(w, p->alg, &a);
}

static int
check_key(struct webauthn_work *w, const struct tpm_public *key)
{
	if (!spki_same(key->key, w->data.key))
		return attest_refuse("webauthn.tpm-key", "pubArea",
		    "not the credential's key");
	return tpm_key_check("webauthn.tpm-key", key);
}

int
webauthn_tpm(struct webauthn_work *w)
{
	struct tpm_public key = { .key = NULL };
	struct parts p = { .alg = 0 };
	int ok;

	ok = read_parts(w, &p) && check_ak(w, sk_X509_value(w->x5c, 0)) &&
	    check_signature(w, &p) &&
	    tpm_public_read("webauthn.tpm-key", "pubArea", p.public,
		w->in->policy->quirks, &key) &&
	    check_key(w, &key) && check_info(w, &p, &key);
	tpm_public_clear(&key);
	return ok;
}
