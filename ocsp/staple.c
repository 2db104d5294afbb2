#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include "ocsp/basic.h"
#include "ocsp/certid.h"
#include "ocsp/error.h"
#include "ocsp/save.h"
#include "ocsp/staple.h"

static X509 *
read_cert(const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	X509 *cert = NULL;

	if (bio != NULL)
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (cert == NULL)
		ocsp_raise(OCSP_E_FILE, "staple.cert: %s: no certificate (PEM)",
		    path);
	BIO_free(bio);
	return cert;
}

/* The CA whose key signed it: names alone may be those of two generations. */
static const struct view_issuer *
find_issuer(const struct view *view, X509 *cert)
{
	const struct view_issuer *is;
	size_t i;

	for (i = 0; i < view_n_issuers(view); i++) {
		is = view_issuer(view, i);
		if (X509_NAME_cmp(X509_get_issuer_name(cert),
			X509_get_subject_name(is->cert)) == 0 &&
		    X509_verify(cert, X509_get0_pubkey(is->cert)) == 1)
			return is;
	}
	ocsp_raise(OCSP_E_FILE, "staple.issuer: status.db knows no CA that "
				"signed this certificate");
	return NULL;
}

static int
make_request(const struct view_issuer *issuer, X509 *cert,
    unsigned char **request, size_t *len)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	unsigned char serial[REQUEST_SERIAL_MAX], *certid = NULL;
	size_t certid_len;
	int n = bn == NULL ? 0 : BN_num_bytes(bn), ok = 0;

	if (n < 1 || n > REQUEST_SERIAL_MAX) {
		ocsp_raise(OCSP_E_FILE, "staple.serial: %d octets", n);
		goto out;
	}
	BN_bn2bin(bn, serial);
	ok = certid_encode(issuer->cert, REQUEST_SHA1, serial, (size_t)n,
		 &certid, &certid_len) &&
	    certid_request(certid, certid_len, request, len);
out:
	OPENSSL_free(certid);
	BN_free(bn);
	return ok;
}

static int
is_revoked(const struct reply *reply)
{
	OCSP_BASICRESP *basic = basic_decode(reply->data, reply->len);
	int status = -1;

	if (basic != NULL)
		status = OCSP_single_get0_status(
		    OCSP_resp_get0(basic, 0), NULL, NULL, NULL, NULL);
	OCSP_BASICRESP_free(basic);
	return status == V_OCSP_CERTSTATUS_REVOKED;
}

/* ${reply} is given. */
static enum staple_result
write_reply(struct reply *reply, const char *out)
{
	enum staple_result result = STAPLE_FAILED;

	if (!reply->store) {
		ocsp_raise(OCSP_E_FILE, "staple.nothing: no answer that may be "
					"kept can be made now");
		result = STAPLE_NOTHING;
	} else if (save_file(out, reply->data, reply->len)) {
		result = is_revoked(reply) ? STAPLE_REVOKED : STAPLE_WRITTEN;
	}
	reply_free(reply);
	return result;
}

enum staple_result
staple_write(struct responder *responder, const char *path, const char *out,
    time_t now)
{
	struct view *view = state_view(responder->state);
	const struct view_issuer *issuer;
	enum staple_result result = STAPLE_FAILED;
	X509 *cert = read_cert(path);
	unsigned char *request = NULL;
	struct reply *reply;
	size_t len;

	if (cert == NULL)
		goto out;
	result = STAPLE_NOTHING;
	if (view == NULL) {
		ocsp_raise(OCSP_E_FILE, "staple.nothing: status.db was not "
					"read");
		goto out;
	}
	if ((issuer = find_issuer(view, cert)) == NULL)
		goto out;
	result = STAPLE_FAILED;
	if (!make_request(issuer, cert, &request, &len))
		goto out;
	/* It empties the error queue. */
	if ((reply = responder_answer(responder, request, len, now)) != NULL)
		result = write_reply(reply, out);
out:
	OPENSSL_free(request);
	X509_free(cert);
	view_free(view);
	return result;
}
