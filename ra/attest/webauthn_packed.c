#include <string.h>
#include <openssl/x509v3.h>

#include "ra/attest/webauthn.h"

/* "packed" (8.2): a certificate of the authenticator's model, or the credential
   key itself. */

static int
subject_has(X509 *cert, int nid, const char *want)
{
	char text[128];
	int len = X509_NAME_get_text_by_NID(
	    X509_get_subject_name(cert), nid, text, sizeof(text));

	return len > 0 && (want == NULL || strcmp(text, want) == 0);
}

static int
check_subject(X509 *cert)
{
	if (!subject_has(cert, NID_countryName, NULL) ||
	    !subject_has(cert, NID_organizationName, NULL) ||
	    !subject_has(cert, NID_commonName, NULL) ||
	    !subject_has(cert, NID_organizationalUnitName,
		"Authenticator Attestation"))
		return attest_refuse("webauthn.certificate",
		    "certificate.subject",
		    "without C, O, CN and OU \"Authenticator Attestation\"");
	return 1;
}

/* What was signed is the authenticator's data and the hash behind it. */
static int
check_signature(struct webauthn_work *w, int64_t alg, EVP_PKEY *key)
{
	struct attest_octets sig;

	if (!tree_bytes(tree_text_key(w->stmt, "sig"), &sig))
		return attest_malformed("webauthn.att-stmt", "attStmt.sig",
		    "not octets");
	return (alg >= -257 && alg < 0 &&
		   cose_verify((int)alg, key, 1, sig, w->auth, w->hash)) ||
	    attest_refuse("webauthn.signature", "attStmt.sig",
		"not the signer's over this, by algorithm %lld",
		(long long)alg);
}

static int
self(struct webauthn_work *w, int64_t alg)
{
	if (!w->in->policy->webauthn.allow_self)
		return attest_refuse("webauthn.self", "attStmt.x5c",
		    "without a certificate: nothing says where the key is");
	if (alg != w->data.alg)
		return attest_refuse("webauthn.self", "attStmt.alg",
		    "not the credential key's");
	return check_signature(w, alg, w->data.key) &&
	    facts_flag(w->facts, "webauthn.self", 1);
}

int
webauthn_packed(struct webauthn_work *w)
{
	const cbor_item_t *x5c = tree_text_key(w->stmt, "x5c");
	EVP_PKEY *key;
	int64_t alg;
	X509 *cert;

	if (!tree_int(tree_text_key(w->stmt, "alg"), &alg))
		return attest_malformed("webauthn.att-stmt", "attStmt.alg",
		    "not a number");
	if (x5c == NULL)
		return self(w, alg);
	w->x5c = cose_certs("webauthn.att-stmt", "attStmt.x5c", x5c);
	if (w->x5c == NULL)
		return 0;
	cert = sk_X509_value(w->x5c, 0);
	key = X509_get0_pubkey(cert);
	return check_subject(cert) && webauthn_cert_check(w, cert) &&
	    (key || attest_refuse("webauthn.certificate", "certificate.key",
			"cannot be read")) &&
	    check_signature(w, alg, key);
}
