#ifndef TESTS_UNIT_CA_ENGINE_FOREIGN_H
#define TESTS_UNIT_CA_ENGINE_FOREIGN_H

#include <openssl/x509v3.h>

#include "ca/engine/subca.h"
#include "tests/unit/ca/engine/world.h"

/* CAs that are not ours: made with plain OpenSSL. */

struct foreign {
	EVP_PKEY *key;
	X509 *cert;
};

/* What a certificate shall be; zeros are what is right. */
struct foreign_how {
	int not_ca, path_len;	/* path_len: 0 none, else it + 1 */
	int ku;			/* bits: 32 keyCertSign, 64 cRLSign; 0 both */
	int no_ski;
	const char *other_ski;
	long from, to;		/* seconds from now; 0: a minute ago, a year */
};

static void __attribute__((unused))
foreign_ext(X509 *cert, int nid, void *value, int critical)
{
	assert_int_equal(X509_add1_ext_i2d(cert, nid, value, critical,
	    X509V3_ADD_DEFAULT), 1);
}

static void __attribute__((unused))
foreign_exts(X509 *cert, X509 *by, const struct foreign_how *how)
{
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	ASN1_BIT_STRING *ku = ASN1_BIT_STRING_new();
	ASN1_OCTET_STRING *ski = ASN1_OCTET_STRING_new();
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	unsigned char md[32];
	int want = how->ku != 0 ? how->ku : 96;

	bc->ca = how->not_ca ? 0 : 0xff;
	if (how->path_len > 0) {
		bc->pathlen = ASN1_INTEGER_new();
		ASN1_INTEGER_set(bc->pathlen, how->path_len - 1);
	}
	foreign_ext(cert, NID_basic_constraints, bc, 1);
	if (want & 32)
		ASN1_BIT_STRING_set_bit(ku, 5, 1);
	if (want & 64)
		ASN1_BIT_STRING_set_bit(ku, 6, 1);
	if (how->not_ca)
		ASN1_BIT_STRING_set_bit(ku, 0, 1);
	foreign_ext(cert, NID_key_usage, ku, 1);
	X509_pubkey_digest(cert, EVP_sha256(), md, NULL);
	if (how->other_ski != NULL)
		memcpy(md, how->other_ski, strlen(how->other_ski));
	ASN1_OCTET_STRING_set(ski, md, 20);
	if (!how->no_ski)
		foreign_ext(cert, NID_subject_key_identifier, ski, 0);
	if (by != NULL) {
		aki->keyid = ASN1_OCTET_STRING_dup(
		    X509_get0_subject_key_id(by));
		foreign_ext(cert, NID_authority_key_identifier, aki, 0);
	}
	BASIC_CONSTRAINTS_free(bc);
	ASN1_BIT_STRING_free(ku);
	ASN1_OCTET_STRING_free(ski);
	AUTHORITY_KEYID_free(aki);
}

/* A certificate of ${pub} under ${subject} by ${by} (NULL: by itself with
   ${self}); read again from its DER, as one that came in. */
static __attribute__((unused)) X509 *
foreign_cert(const struct foreign *by, EVP_PKEY *self, EVP_PKEY *pub,
    const X509_NAME *subject, struct foreign_how how, time_t now)
{
	static long serial = 1000;
	X509 *cert = X509_new(), *again;
	unsigned char *der = NULL;
	const unsigned char *p;
	int len;

	assert_true(X509_set_version(cert, 2));
	assert_true(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial));
	assert_true(X509_set_subject_name(cert, subject));
	assert_true(X509_set_issuer_name(cert, by == NULL ? subject :
	    X509_get_subject_name(by->cert)));
	ASN1_TIME_set(X509_getm_notBefore(cert),
	    now + (how.from != 0 ? how.from : -60));
	ASN1_TIME_set(X509_getm_notAfter(cert),
	    now + (how.to != 0 ? how.to : 365L * 86400));
	assert_true(X509_set_pubkey(cert, pub));
	foreign_exts(cert, by == NULL ? NULL : by->cert, &how);
	assert_true(X509_sign(cert, by == NULL ? self : by->key,
	    EVP_sha256()) > 0);
	len = i2d_X509(cert, &der);
	assert_true(len > 0);
	p = der;
	again = d2i_X509(NULL, &p, len);
	assert_non_null(again);
	OPENSSL_free(der);
	X509_free(cert);
	return again;
}

static __attribute__((unused)) X509_NAME *
foreign_name(const char *cn)
{
	X509_NAME *name = X509_NAME_new();

	assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0));
	return name;
}

/* A root (${by} NULL), or a CA below another. */
static void __attribute__((unused))
foreign_ca(struct foreign *f, const struct foreign *by, const char *cn,
    struct foreign_how how, time_t now)
{
	X509_NAME *name = foreign_name(cn);

	f->key = world_key();
	f->cert = foreign_cert(by, f->key, f->key, name, how, now);
	X509_NAME_free(name);
}

static void __attribute__((unused))
foreign_free(struct foreign *f)
{
	EVP_PKEY_free(f->key);
	X509_free(f->cert);
}

/* The request of a pending CA. */
static __attribute__((unused)) X509_REQ *
foreign_req(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)len);

	assert_non_null(req);
	assert_ptr_equal(p, der + len);
	return req;
}

static __attribute__((unused)) X509 *
foreign_certify(const struct foreign *by, X509_REQ *req,
    struct foreign_how how, time_t now)
{
	return foreign_cert(by, NULL, X509_REQ_get0_pubkey(req),
	    X509_REQ_get_subject_name(req), how, now);
}

/* Ask for a CA ${name} with key P-256; *out to be cleared. */
static int __attribute__((unused))
foreign_request(struct world *w, const char *name, struct pending_ca_row *out)
{
	struct subca_request r = {.name = name, .token = "",
	    .key_type = "ec-p256", .set = {"o=Test", "cn=Sub CA"}, .n_set = 2,
	    .who = "test", .now = w->now};

	return subca_request(w->ca, &r, out);
}

static int __attribute__((unused))
foreign_import(struct world *w, const char *name, X509 *cert, X509 *chain,
    struct issuer **out)
{
	struct subca_import in = {.name = name, .who = "test", .now = w->now};
	STACK_OF(X509) *above = sk_X509_new_null();
	unsigned char *der = NULL;
	int ok, len = i2d_X509(cert, &der);

	assert_true(len > 0);
	if (chain != NULL)
		assert_true(sk_X509_push(above, chain) > 0);
	in.cert = der;
	in.cert_len = (size_t)len;
	in.chain = above;
	ok = subca_import(w->ca, &in, out);
	sk_X509_free(above);
	OPENSSL_free(der);
	return ok;
}

/* All of it: a CA ${name} under ${by} that issues. */
static __attribute__((unused)) struct issuer *
foreign_sub(struct world *w, const struct foreign *by, const char *name)
{
	struct pending_ca_row row;
	struct issuer *is = NULL;
	X509_REQ *req;
	X509 *cert;

	if (!foreign_request(w, name, &row))
		report_fatal("request");
	req = foreign_req(row.csr, row.csr_len);
	cert = foreign_certify(by, req, (struct foreign_how){.path_len = 1},
	    w->now);
	if (!foreign_import(w, name, cert, by->cert, &is))
		report_fatal("import");
	assert_non_null(is);
	X509_REQ_free(req);
	X509_free(cert);
	pending_cas_row_clear(&row);
	return is;
}

#endif
