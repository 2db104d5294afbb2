#ifndef INKAN_TEST_OCSP_PKI_H
#define INKAN_TEST_OCSP_PKI_H

/* What the tests of ocsp/ need of a PKI: software keys and certificates made
   by plain OpenSSL, requests, folders. Included after cmocka.h. */

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static inline int
pki_reason(void)
{
	int reason = ERR_GET_REASON(ERR_peek_last_error());

	ERR_clear_error();
	return reason;
}

/* ---- folders ---- */

static inline char *
pki_folder(char *out, size_t size)
{
	snprintf(out, size, "/tmp/inkan-ocsp-XXXXXX");
	assert_non_null(mkdtemp(out));
	return out;
}

static inline int
pki_remove_one(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void
pki_remove(const char *dir)
{
	nftw(dir, pki_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Beside its place, then renamed into it, as publishers do. */
static inline void
pki_write(const char *path, const void *data, size_t len)
{
	char tmp[520];
	FILE *f;

	snprintf(tmp, sizeof(tmp), "%.510s.tmp", path);
	assert_non_null(f = fopen(tmp, "w"));
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(tmp, path), 0);
}

static inline void
pki_mkdir(const char *dir, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

/* ---- certificates ---- */

static inline void
pki_extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext;

	ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* ${issuer} NULL: self-signed by ${issuer_key}. ${eku} NULL: a CA. */
static inline X509 *
pki_cert(const char *cn, const unsigned char *serial, size_t serial_len,
    EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const char *eku,
    long from, long to)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	ASN1_INTEGER *number;
	BIGNUM *bn = BN_bin2bn(serial, (int)serial_len, NULL);

	X509_set_version(cert, 2);
	number = BN_to_ASN1_INTEGER(bn, NULL);
	X509_set_serialNumber(cert, number);
	ASN1_INTEGER_free(number);
	BN_free(bn);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(
	    cert, issuer == NULL ? name : X509_get_subject_name(issuer));
	X509_gmtime_adj(X509_getm_notBefore(cert), from);
	X509_gmtime_adj(X509_getm_notAfter(cert), to);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	pki_extend(cert, NID_basic_constraints,
	    eku == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
	pki_extend(cert, NID_key_usage,
	    eku == NULL ? "critical,keyCertSign,cRLSign"
			: "critical,digitalSignature");
	if (eku != NULL && eku[0] != '\0')
		pki_extend(cert, NID_ext_key_usage, eku);
	assert_true(
	    X509_sign(cert, issuer_key,
		EVP_PKEY_is_a(issuer_key, "ED25519") ? NULL : EVP_sha256()) >
	    0);
	return cert;
}

/* The public half of ${cert}'s key: X509_get_pubkey() hands out the very key
   that was put in. */
static inline EVP_PKEY *
pki_public(X509 *cert)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(X509_get0_pubkey(cert), &der);
	const unsigned char *p = der;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, n);

	assert_non_null(key);
	OPENSSL_free(der);
	return key;
}

/* A root, an issuing CA below it, and a delegate of the latter. */
struct pki {
	EVP_PKEY *root_key, *ca_key, *ocsp_key;
	X509 *root, *ca, *ocsp;
};

static const unsigned char pki_ca_serial[] = {0x42, 0x01, 0x02};
/* The issuing CA's key: NULL a new one, else that of a PEM file, so that what asks
   about its certificates can be written down. */
static const char *pki_ca_key_file;

static inline EVP_PKEY *
pki_ca_key(void)
{
	EVP_PKEY *key;
	FILE *f;

	if (pki_ca_key_file == NULL)
		return EVP_EC_gen("P-256");
	assert_non_null(f = fopen(pki_ca_key_file, "r"));
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	assert_non_null(key);
	fclose(f);
	return key;
}

static inline void
pki_make(struct pki *p)
{
	memset(p, 0, sizeof(*p));
	p->root_key = EVP_EC_gen("P-256");
	p->ca_key = pki_ca_key();
	p->ocsp_key = EVP_EC_gen("P-256");
	p->root = pki_cert("Root", (const unsigned char *)"\x41", 1,
	    p->root_key, NULL, p->root_key, NULL, -3600, 864000);
	p->ca = pki_cert("Devices G1", pki_ca_serial, sizeof(pki_ca_serial),
	    p->ca_key, p->root, p->root_key, NULL, -3600, 864000);
	p->ocsp = pki_cert("OCSP", (const unsigned char *)"\x43", 1,
	    p->ocsp_key, p->ca, p->ca_key, "OCSPSigning", -3600, 86400);
}

static inline void
pki_clear(struct pki *p)
{
	EVP_PKEY_free(p->root_key);
	EVP_PKEY_free(p->ca_key);
	EVP_PKEY_free(p->ocsp_key);
	X509_free(p->root);
	X509_free(p->ca);
	X509_free(p->ocsp);
}

static inline void
pki_write_pem(const char *path, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	len = BIO_get_mem_data(bio, &text);
	pki_write(path, text, (size_t)len);
	BIO_free(bio);
}

/* ---- requests and answers ---- */

static inline OCSP_CERTID *
pki_certid(
    X509 *issuer, const unsigned char *serial, size_t len, const EVP_MD *md)
{
	BIGNUM *bn = BN_bin2bn(serial, (int)len, NULL);
	ASN1_INTEGER *number = BN_to_ASN1_INTEGER(bn, NULL);
	OCSP_CERTID *id;

	id = OCSP_cert_id_new(md, X509_get_subject_name(issuer),
	    X509_get0_pubkey_bitstr(issuer), number);
	assert_non_null(id);
	ASN1_INTEGER_free(number);
	BN_free(bn);
	return id;
}

/* ${id} (given) by SHA-1 with parameters of this type: V_ASN1_UNDEF for none,
   else ${text} is in them. */
static inline OCSP_CERTID *
pki_with_parameters(OCSP_CERTID *id, int type, const char *text)
{
	unsigned char *der = NULL, *made = NULL, out[512], *to = out;
	const unsigned char *p, *rest, *all = out;
	X509_ALGOR *algorithm;
	ASN1_STRING *value = NULL;
	int len = i2d_OCSP_CERTID(id, &der), n, tag, class;
	long room;

	OCSP_CERTID_free(id);
	p = der;
	ASN1_get_object(&p, &room, &tag, &class, len);
	rest = p;
	algorithm = d2i_X509_ALGOR(NULL, &rest, room);
	if (type == V_ASN1_OCTET_STRING) {
		value = ASN1_OCTET_STRING_new();
		ASN1_STRING_set(value, text, -1);
	}
	X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha1), type, value);
	n = i2d_X509_ALGOR(algorithm, &made);
	room -= rest - p;
	assert_true(n > 0 && (size_t)(n + room) < sizeof(out) - 8);
	ASN1_put_object(&to, 1, n + (int)room, V_ASN1_SEQUENCE, 0);
	memcpy(to, made, (size_t)n);
	memcpy(to + n, rest, (size_t)room);
	id = d2i_OCSP_CERTID(NULL, &all, to - out + n + room);
	assert_non_null(id);
	X509_ALGOR_free(algorithm);
	OPENSSL_free(made);
	OPENSSL_free(der);
	return id;
}

/* ${nonce_len} 0: no nonce. *out is to be freed with OPENSSL_free(). */
static inline int
pki_request(X509 *issuer, const unsigned char *serial, size_t len,
    const EVP_MD *md, int nonce_len, unsigned char **out)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	int n;

	assert_non_null(
	    OCSP_request_add0_id(req, pki_certid(issuer, serial, len, md)));
	if (nonce_len > 0)
		assert_int_equal(
		    OCSP_request_add1_nonce(req, NULL, nonce_len), 1);
	*out = NULL;
	n = i2d_OCSP_REQUEST(req, out);
	assert_true(n > 0);
	OCSP_REQUEST_free(req);
	return n;
}

/* The signed answer in ${der}, verified under ${root} by way of ${ca}. */
static inline OCSP_BASICRESP *
pki_verify(const unsigned char *der, size_t len, X509 *ca, X509 *root)
{
	const unsigned char *p = der;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)len);
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	OCSP_BASICRESP *basic;

	assert_non_null(response);
	assert_ptr_equal(p, der + len);
	assert_int_equal(OCSP_response_status(response), 0);
	basic = OCSP_response_get1_basic(response);
	assert_non_null(basic);
	sk_X509_push(chain, ca);
	sk_X509_push(chain, root);
	X509_STORE_add_cert(store, root);
	assert_int_equal(OCSP_basic_verify(basic, chain, store, 0), 1);
	sk_X509_free(chain);
	X509_STORE_free(store);
	OCSP_RESPONSE_free(response);
	return basic;
}

/* Status of the ${i}th single; the rest may be NULL. */
static inline int
pki_status(OCSP_BASICRESP *basic, int i, int *reason)
{
	ASN1_GENERALIZEDTIME *revoked, *from, *to;
	int r = -1, status;

	status = OCSP_single_get0_status(
	    OCSP_resp_get0(basic, i), &r, &revoked, &from, &to);
	if (reason != NULL)
		*reason = r;
	return status;
}

#endif
