#ifndef INKAN_TESTS_CRL_MAKE_H
#define INKAN_TESTS_CRL_MAKE_H

#include "ca/engine/crl.h"
#include "tests/unit/ca/engine/world.h"

static inline struct issuer *
issuer_of(struct world *w, const char *name)
{
	struct issuer *is = issuer_set_find(&w->ca->issuers, name);

	assert_non_null(is);
	assert_non_null(is->key);
	return is;
}

/* One CRL, decoded; ${row} may be NULL. */
static inline X509_CRL *
make(struct world *w, const char *name, time_t now, struct crl_row *out)
{
	struct crl_row row;
	const unsigned char *p;
	X509_CRL *crl;

	if (!crl_issue(w->ca->store, issuer_of(w, name),
		w->settings->publish_dir, now, &row))
		report_fatal("crl");
	p = row.der;
	crl = d2i_X509_CRL(NULL, &p, (long)row.der_len);
	assert_non_null(crl);
	assert_ptr_equal(p, row.der + row.der_len);
	OPENSSL_free(row.der);
	row.der = NULL;
	if (out != NULL)
		*out = row;
	return crl;
}

#endif
