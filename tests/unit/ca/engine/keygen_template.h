#ifndef INKAN_TESTS_KEYGEN_TEMPLATE_H
#define INKAN_TESTS_KEYGEN_TEMPLATE_H

#include "tests/unit/ca/engine/admit_change.h"

/* An attribute of a template, as X509_REQ_add1_attr_by_txt() takes it. */
struct attr {
	const char *oid;
	int type;
	const void *value;
	int len;
};

/* A request that is a template, signed by ${key}. To be freed. */
static unsigned char *
template_of(EVP_PKEY *key, const struct attr *attrs, size_t n, size_t *len)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = make_name("CN=dev-1");
	unsigned char *der = NULL;
	size_t i;

	X509_REQ_set_subject_name(req, name);
	X509_REQ_set_pubkey(req, key);
	for (i = 0; i < n; i++)
		assert_int_equal(X509_REQ_add1_attr_by_txt(req, attrs[i].oid,
		    attrs[i].type, attrs[i].value, attrs[i].len), 1);
	assert_true(X509_REQ_sign(req, key, EVP_PKEY_get_base_id(key) ==
	    EVP_PKEY_ED25519 ? NULL : EVP_sha256()) > 0);
	*len = (size_t)i2d_X509_REQ(req, &der);
	X509_REQ_free(req);
	X509_NAME_free(name);
	return der;
}

#endif
