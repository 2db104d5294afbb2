#ifndef INKAN_TESTS_UNIT_PROFILES_CSR_DRAFT_H
#define INKAN_TESTS_UNIT_PROFILES_CSR_DRAFT_H

#include "tests/unit/profiles/rig.h"
#include "profiles/csr.h"

/* A request under construction, as OpenSSL makes it. */
struct draft {
	EVP_PKEY *key;
	X509_REQ *req;
};

static inline void
draft_open(struct draft *d, const char *key)
{
	X509_NAME *name = X509_NAME_new();

	d->key = rig_key(key);
	d->req = X509_REQ_new();
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)"dev1", -1, -1, 0);
	X509_REQ_set_subject_name(d->req, name);
	X509_NAME_free(name);
	X509_REQ_set_pubkey(d->req, d->key);
}

static inline unsigned char *
draft_close(struct draft *d, const EVP_MD *md, size_t *len)
{
	unsigned char *der = NULL;
	int n;

	assert_true(X509_REQ_sign(d->req, d->key, md) > 0);
	n = i2d_X509_REQ(d->req, &der);
	assert_true(n > 0);
	*len = (size_t)n;
	X509_REQ_free(d->req);
	EVP_PKEY_free(d->key);
	return der;
}

static inline void
refused(unsigned char *der, size_t len, const char *rule)
{
	assert_null(csr_parse(der, len));
	assert_raised(PROFILE_E_BADREQUEST, rule);
	OPENSSL_free(der);
}

static inline void
add_exts(struct draft *d, const char *san, int twice)
{
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	int i;

	for (i = 0; i <= twice; i++)
		sk_X509_EXTENSION_push(exts,
		    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san));
	X509_REQ_add_extensions(d->req, exts);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
}

#endif
