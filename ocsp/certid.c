#include <openssl/bn.h>
#include <openssl/ocsp.h>

#include "ocsp/certid.h"
#include "ocsp/error.h"

static ASN1_INTEGER *
to_integer(const unsigned char *serial, size_t len)
{
	BIGNUM *bn = BN_bin2bn(serial, (int)len, NULL);
	ASN1_INTEGER *n = bn == NULL ? NULL : BN_to_ASN1_INTEGER(bn, NULL);

	BN_free(bn);
	return n;
}

int
certid_encode(X509 *issuer, enum request_hash hash,
    const unsigned char *serial, size_t serial_len, unsigned char **out,
    size_t *out_len)
{
	const EVP_MD *md = hash == REQUEST_SHA1 ? EVP_sha1() : EVP_sha256();
	ASN1_INTEGER *number = to_integer(serial, serial_len);
	OCSP_CERTID *id = NULL;
	int len = 0;

	*out = NULL;
	if (number != NULL)
		id = OCSP_cert_id_new(md, X509_get_subject_name(issuer),
		    X509_get0_pubkey_bitstr(issuer), number);
	if (id != NULL)
		len = i2d_OCSP_CERTID(id, out);
	if (len <= 0)
		ocsp_raise(OCSP_E_INTERNAL, "building a CertID");
	else
		*out_len = (size_t)len;
	OCSP_CERTID_free(id);
	ASN1_INTEGER_free(number);
	return len > 0;
}

int
certid_request(const unsigned char *certid, size_t certid_len,
    unsigned char **out, size_t *out_len)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	const unsigned char *p = certid;
	OCSP_CERTID *id = d2i_OCSP_CERTID(NULL, &p, (long)certid_len);
	int len = 0;

	*out = NULL;
	if (req != NULL && id != NULL &&
	    OCSP_request_add0_id(req, id) != NULL) {
		id = NULL;
		len = i2d_OCSP_REQUEST(req, out);
	}
	if (len <= 0)
		ocsp_raise(OCSP_E_INTERNAL, "building a request");
	else
		*out_len = (size_t)len;
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(req);
	return len > 0;
}
