#include <stdio.h>

#include <openssl/ocsp.h>

#include "ca/error.h"
#include "ca/engine/publish.h"
#include "ca/engine/presign.h"

static int
write_response(OCSP_RESPONSE *resp, const struct issuer *is,
    const X509 *subject, const char *hash, const char *dir)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(subject), NULL);
	char *serial = bn == NULL ? NULL : BN_bn2hex(bn);
	unsigned char *der = NULL;
	char name[256];
	int len = i2d_OCSP_RESPONSE(resp, &der), ok = 0;

	if (serial != NULL && len > 0) {
		snprintf(name, sizeof(name), "ocsp/%s/%s-%s.der",
		    is->row.ident, serial, hash);
		ok = publish_file(dir, name, der, (size_t)len);
	}
	OPENSSL_free(der);
	OPENSSL_free(serial);
	BN_free(bn);
	return ok;
}

/* Gives the CertID to the response. */
static int
add_single(OCSP_BASICRESP *bs, OCSP_CERTID *id, time_t now, int64_t lifetime)
{
	ASN1_TIME *this = ASN1_TIME_set(NULL, now);
	ASN1_TIME *next = ASN1_TIME_set(NULL, now + (time_t)lifetime);
	ASN1_GENERALIZEDTIME *g_this, *g_next;
	int ok;

	g_this = ASN1_TIME_to_generalizedtime(this, NULL);
	g_next = ASN1_TIME_to_generalizedtime(next, NULL);
	ok = g_this != NULL && g_next != NULL && OCSP_basic_add1_status(bs, id,
	    V_OCSP_CERTSTATUS_GOOD, 0, NULL, g_this, g_next) != NULL;
	ASN1_GENERALIZEDTIME_free(g_this);
	ASN1_GENERALIZEDTIME_free(g_next);
	ASN1_TIME_free(this);
	ASN1_TIME_free(next);
	return ok;
}

static int
presign_one(struct issuer *is, const X509 *subject, const EVP_MD *md,
    const char *hash, const char *dir, time_t now, int64_t lifetime)
{
	OCSP_CERTID *id = OCSP_cert_to_id(md, (X509 *)subject, is->cert);
	OCSP_BASICRESP *bs = OCSP_BASICRESP_new();
	OCSP_RESPONSE *resp = NULL;
	int ok;

	ok = id != NULL && bs != NULL && add_single(bs, id, now, lifetime) &&
	    OCSP_basic_sign(bs, is->cert, is->key,
	    issuer_digest(is->verify), NULL, OCSP_RESPID_KEY) == 1;
	resp = ok ? OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, bs) :
	    NULL;
	ok = resp != NULL && write_response(resp, is, subject, hash, dir);
	if (!ok)
		ca_raise(CA_E_SIGN, "issuer %s: an OCSP answer cannot be "
		    "signed in advance", is->row.ident);
	OCSP_CERTID_free(id);
	OCSP_BASICRESP_free(bs);
	OCSP_RESPONSE_free(resp);
	return ok;
}

int
presign_good(struct issuer *is, const X509 *subject, const char *publish_dir,
    time_t now, int64_t lifetime)
{
	return presign_one(is, subject, EVP_sha1(), "sha1", publish_dir, now,
	    lifetime) && presign_one(is, subject, EVP_sha256(), "sha256",
	    publish_dir, now, lifetime);
}
