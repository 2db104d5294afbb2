#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/chain.h"

struct climbing {
	const struct issuer_set *set;
	const struct issuer *is;
	STACK_OF(X509) *out;
	X509 *at;		/* the last one so far, borrowed */
	X509 *next;		/* found above it */
};

static int
is_self_signed(X509 *cert)
{
	return (X509_get_extension_flags(cert) & EXFLAG_SS) != 0;
}

static int
signed_by(X509 *cert, X509 *by)
{
	EVP_PKEY *key = X509_get0_pubkey(by);
	int ok;

	ERR_set_mark();
	ok = X509_check_issued(by, cert) == X509_V_OK && key != NULL &&
	    X509_verify(cert, key) == 1;
	ERR_pop_to_mark();
	return ok;
}

/* Of several the one that ends last: it was renewed. */
static int
look(const struct ca_cert_row *row, void *arg)
{
	struct climbing *c = arg;
	const unsigned char *p = row->der;
	X509 *cert = d2i_X509(NULL, &p, (long)row->der_len);

	if (cert != NULL && signed_by(c->at, cert) && (c->next == NULL ||
	    ASN1_TIME_compare(X509_get0_notAfter(cert),
	    X509_get0_notAfter(c->next)) > 0)) {
		X509_free(c->next);
		c->next = cert;
		cert = NULL;
	}
	X509_free(cert);
	return 1;
}

static int
push(struct climbing *c, X509 *cert)
{
	if (cert == NULL || sk_X509_push(c->out, cert) <= 0) {
		X509_free(cert);
		return 0;
	}
	c->at = cert;
	return 1;
}

static int
climb_own(struct climbing *c)
{
	const struct issuer *up = c->is;

	while (up->row.parent != 0 && up->row.parent != up->row.id &&
	    sk_X509_num(c->out) < CHAIN_MAX) {
		up = issuer_set_by_id(c->set, up->row.parent);
		if (up == NULL)
			break;
		if (!push(c, X509_dup(up->cert)))
			return 0;
	}
	return 1;
}

static int
climb_tx(struct store_tx *tx, void *arg)
{
	struct climbing *c = arg;
	X509 *next;

	while (!is_self_signed(c->at) && sk_X509_num(c->out) < CHAIN_MAX) {
		c->next = NULL;
		if (!ca_certs_list(tx, CA_CERT_FOREIGN, look, c))
			return 0;
		next = c->next;
		if (next == NULL)
			break;
		if (!push(c, next))
			return 0;
	}
	return 1;
}

int
chain_of(const struct issuer_set *set, struct store *store,
    const struct issuer *is, STACK_OF(X509) **out)
{
	struct climbing c = {.set = set, .is = is, .at = is->cert};
	int ok;

	c.out = sk_X509_new_null();
	ok = c.out != NULL && climb_own(&c) &&
	    (is_self_signed(c.at) || store_read(store, climb_tx, &c));
	if (ok) {
		*out = c.out;
		return 1;
	}
	sk_X509_pop_free(c.out, X509_free);
	return 0;
}

int
chain_above(struct ca *ca, const struct issuer *is, STACK_OF(X509) **out)
{
	return chain_of(&ca->issuers, ca->store, is, out);
}
