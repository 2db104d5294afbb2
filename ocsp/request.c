#include <string.h>

#include <openssl/x509v3.h>

#include "ocsp/error.h"
#include "ocsp/request.h"

struct request {
	OCSP_REQUEST *ocsp; /* what the ids borrow from */
	struct request_id *ids;
	size_t n_ids;
	ASN1_OCTET_STRING *nonce;
};

static const struct hash {
	int nid;
	const char *name;
	size_t len;
} hashes[REQUEST_N_HASHES] = {
    [REQUEST_SHA1] = {NID_sha1, "SHA1", 20},
    [REQUEST_SHA256] = {NID_sha256, "SHA256", 32},
    [REQUEST_SHA384] = {NID_sha384, "SHA384", 48},
    [REQUEST_SHA512] = {NID_sha512, "SHA512", 64},
};

const char *
request_hash_name(enum request_hash hash)
{
	return hashes[hash].name;
}

size_t
request_hash_len(enum request_hash hash)
{
	return hashes[hash].len;
}

static int
hash_by_oid(const ASN1_OBJECT *oid)
{
	int nid = OBJ_obj2nid(oid), i;

	for (i = 0; i < REQUEST_N_HASHES; i++)
		if (hashes[i].nid == nid)
			return i;
	return -1;
}

/* The hash that the CertID ${der} names, or -1. Parameters are a type of the
   sender's choice: with any but the two encodings that clients have, none and
   NULL, one certificate would have as many CertIDs as one likes, each signed
   for and kept. */
static int
hash_of(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	const ASN1_OBJECT *oid;
	X509_ALGOR *algorithm;
	int tag, class, parameters, hash = -1;
	long room;

	if (ASN1_get_object(&p, &room, &tag, &class, (long)len) & 0x80)
		return -1;
	if ((algorithm = d2i_X509_ALGOR(NULL, &p, room)) == NULL)
		return -1;
	X509_ALGOR_get0(&oid, &parameters, NULL, algorithm);
	if (parameters == V_ASN1_UNDEF || parameters == V_ASN1_NULL)
		hash = hash_by_oid(oid);
	X509_ALGOR_free(algorithm);
	return hash;
}

int
request_id_read(const OCSP_CERTID *cid, struct request_id *out)
{
	ASN1_OCTET_STRING *name = NULL, *key = NULL;
	ASN1_INTEGER *serial = NULL;
	int len;

	memset(out, 0, sizeof(*out));
	/* The getter takes a CertID that it does not change. */
	if (cid == NULL ||
	    OCSP_id_get0_info(&name, NULL, &key, &serial, (OCSP_CERTID *)cid) !=
		1)
		return 0;
	out->name_hash = ASN1_STRING_get0_data(name);
	out->name_hash_len = (size_t)ASN1_STRING_length(name);
	out->key_hash = ASN1_STRING_get0_data(key);
	out->key_hash_len = (size_t)ASN1_STRING_length(key);
	if (ASN1_STRING_type(serial) == V_ASN1_INTEGER &&
	    ASN1_STRING_length(serial) <= REQUEST_SERIAL_MAX) {
		out->serial = ASN1_STRING_get0_data(serial);
		out->serial_len = (size_t)ASN1_STRING_length(serial);
	}
	if ((len = i2d_OCSP_CERTID(cid, &out->der)) <= 0)
		return 0;
	out->der_len = (size_t)len;
	out->hash = hash_of(out->der, out->der_len);
	return 1;
}

static int
read_ids(struct request *req, size_t max_ids)
{
	int i, n = OCSP_request_onereq_count(req->ocsp);
	OCSP_ONEREQ *one;

	if (n < 1 || (size_t)n > max_ids) {
		ocsp_raise(OCSP_E_MALFORMED, "%d CertIDs, 1..%zu are read", n,
		    max_ids);
		return 0;
	}
	req->ids = OPENSSL_zalloc((size_t)n * sizeof(*req->ids));
	if (req->ids == NULL)
		return 0;
	req->n_ids = (size_t)n;
	for (i = 0; i < n; i++) {
		one = OCSP_request_onereq_get0(req->ocsp, i);
		if (!request_id_read(OCSP_onereq_get0_id(one), &req->ids[i])) {
			ocsp_raise(OCSP_E_MALFORMED, "CertID %d", i);
			return 0;
		}
	}
	return 1;
}

/* RFC 9654 2.1: Nonce ::= OCTET STRING (SIZE(1..128)), inside extnValue. */
static int
read_nonce(struct request *req)
{
	const ASN1_OCTET_STRING *value;
	const unsigned char *p, *end;
	X509_EXTENSION *ext;
	int at, len;

	at = OCSP_REQUEST_get_ext_by_NID(req->ocsp, NID_id_pkix_OCSP_Nonce, -1);
	if (at < 0)
		return 1;
	if (OCSP_REQUEST_get_ext_by_NID(
		req->ocsp, NID_id_pkix_OCSP_Nonce, at) >= 0) {
		ocsp_raise(OCSP_E_MALFORMED, "two nonces");
		return 0;
	}
	ext = OCSP_REQUEST_get_ext(req->ocsp, at);
	value = X509_EXTENSION_get_data(ext);
	p = ASN1_STRING_get0_data(value);
	end = p + ASN1_STRING_length(value);
	req->nonce = d2i_ASN1_OCTET_STRING(NULL, &p, ASN1_STRING_length(value));
	if (req->nonce == NULL || p != end) {
		ocsp_raise(OCSP_E_MALFORMED, "nonce is no OCTET STRING");
		return 0;
	}
	len = ASN1_STRING_length(req->nonce);
	if (len < 1 || len > REQUEST_NONCE_MAX) {
		ocsp_raise(OCSP_E_MALFORMED, "nonce of %d octets", len);
		return 0;
	}
	return 1;
}

struct request *
request_parse(const unsigned char *der, size_t len, size_t max_ids)
{
	struct request *req = OPENSSL_zalloc(sizeof(*req));
	const unsigned char *p = der;

	if (req == NULL)
		return NULL;
	req->ocsp = d2i_OCSP_REQUEST(NULL, &p, (long)len);
	if (req->ocsp == NULL || p != der + len) {
		ocsp_raise(OCSP_E_MALFORMED, "not one OCSPRequest");
		goto err;
	}
	if (!read_ids(req, max_ids) || !read_nonce(req))
		goto err;
	return req;
err:
	request_free(req);
	return NULL;
}

void
request_free(struct request *req)
{
	size_t i;

	if (req == NULL)
		return;
	for (i = 0; i < req->n_ids; i++)
		OPENSSL_free(req->ids[i].der);
	OPENSSL_free(req->ids);
	ASN1_OCTET_STRING_free(req->nonce);
	OCSP_REQUEST_free(req->ocsp);
	OPENSSL_free(req);
}

size_t
request_n_ids(const struct request *req)
{
	return req->n_ids;
}

const struct request_id *
request_id(const struct request *req, size_t i)
{
	return &req->ids[i];
}

const unsigned char *
request_nonce(const struct request *req, size_t *len)
{
	if (req->nonce == NULL)
		return NULL;
	*len = (size_t)ASN1_STRING_length(req->nonce);
	return ASN1_STRING_get0_data(req->nonce);
}
