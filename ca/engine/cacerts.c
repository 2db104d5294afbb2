#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/store/records.h"
#include "ca/engine/cacerts.h"

struct cacerts {
	struct issuer_row *cas;	/* by name, newest generation first */
	size_t n_cas;
	struct ca_cert_row *more;
	size_t n_more;
	int ok;			/* a callback's 0 only ends the list */
};

/* ---- reading ---- */

static int
out_of_memory(void)
{
	ca_raise(CA_E_INTERNAL, "out of memory");
	return 0;
}

static int
take_ca(const struct issuer_row *row, void *arg)
{
	struct cacerts *k = arg;
	struct issuer_row *grown, *to;

	k->ok = row->cert_len == 0;	/* a root that has yet to sign itself */
	if (k->ok)
		return 1;
	grown = OPENSSL_realloc(k->cas, (k->n_cas + 1) * sizeof(*grown));
	if (grown == NULL)
		return out_of_memory();
	k->cas = grown;
	to = &grown[k->n_cas];
	*to = *row;
	to->cert = OPENSSL_memdup(row->cert, row->cert_len);
	if (to->cert == NULL)
		return out_of_memory();
	k->n_cas++;
	k->ok = 1;
	return 1;
}

static int
take_more(const struct ca_cert_row *row, void *arg)
{
	struct cacerts *k = arg;
	struct ca_cert_row *grown, *to;

	k->ok = 0;
	grown = OPENSSL_realloc(k->more, (k->n_more + 1) * sizeof(*grown));
	if (grown == NULL)
		return out_of_memory();
	k->more = grown;
	to = &grown[k->n_more];
	*to = *row;
	to->der = OPENSSL_memdup(row->der, row->der_len);
	if (to->der == NULL)
		return out_of_memory();
	k->n_more++;
	k->ok = 1;
	return 1;
}

static int
read_tx(struct store_tx *tx, void *arg)
{
	struct cacerts *k = arg;

	k->ok = 1;
	return issuers_list(tx, take_ca, k) && k->ok &&
	    ca_certs_list(tx, NULL, take_more, k) && k->ok;
}

static int
by_generation(const void *a, const void *b)
{
	const struct issuer_row *x = a, *y = b;
	int names = strcmp(x->name, y->name);

	return names != 0 ? names :
	    (x->generation < y->generation) - (x->generation > y->generation);
}

struct cacerts *
cacerts_read(struct store *store)
{
	struct cacerts *k = OPENSSL_zalloc(sizeof(*k));

	if (k == NULL || !store_read(store, read_tx, k)) {
		cacerts_free(k);
		return NULL;
	}
	if (k->n_cas > 0)
		qsort(k->cas, k->n_cas, sizeof(*k->cas), by_generation);
	return k;
}

void
cacerts_free(struct cacerts *k)
{
	size_t i;

	if (k == NULL)
		return;
	for (i = 0; i < k->n_cas; i++)
		issuers_row_clear(&k->cas[i]);
	for (i = 0; i < k->n_more; i++)
		ca_certs_row_clear(&k->more[i]);
	OPENSSL_free(k->cas);
	OPENSSL_free(k->more);
	OPENSSL_free(k);
}

/* ---- choosing ---- */

struct choice {
	const struct cacerts *k;
	time_t now;
	WIRE_FIELDS *row;
};

static int
has(const WIRE_FIELDS *row, const unsigned char *der, size_t der_len)
{
	size_t i, len, n = field_count(row, "cacerts");
	const unsigned char *p;

	for (i = 0; i < n; i++) {
		p = field_get_bytes(field_find(row, "cacerts", i), &len);
		if (len == der_len && memcmp(p, der, len) == 0)
			return 1;
	}
	return 0;
}

static int
add(struct choice *c, const unsigned char *der, size_t len)
{
	return has(c->row, der, len) ||
	    field_count(c->row, "cacerts") >= CACERTS_MAX ||
	    field_add_bytes(c->row, "cacerts", der, len);
}

/* Further certificates of that kind; ${subject} 0: of whatever CA. */
static int
add_more(struct choice *c, const char *kind, int64_t subject)
{
	const struct ca_cert_row *m;
	size_t i;

	for (i = 0; i < c->k->n_more; i++) {
		m = &c->k->more[i];
		if (strcmp(m->kind, kind) == 0 && m->not_after >= c->now &&
		    (subject == 0 || m->subject == subject) &&
		    !add(c, m->der, m->der_len))
			return 0;
	}
	return 1;
}

static X509 *
decode(const unsigned char *der, size_t len)
{
	return d2i_X509(NULL, &der, (long)len);
}

/* The foreign CA that has signed ${cert}, up to its root; 0 raised. */
static int
add_foreign(struct choice *c, const unsigned char *der, size_t len, int depth)
{
	const struct ca_cert_row *m;
	X509 *cert = decode(der, len), *up = NULL;
	size_t i;
	int ok = cert != NULL;

	for (i = 0; ok && depth > 0 && i < c->k->n_more; i++) {
		m = &c->k->more[i];
		if (strcmp(m->kind, CA_CERT_FOREIGN) != 0 ||
		    m->not_after < c->now || has(c->row, m->der, m->der_len))
			continue;
		up = decode(m->der, m->der_len);
		ok = up != NULL;
		if (ok && X509_check_issued(up, cert) == X509_V_OK)
			ok = add(c, m->der, m->der_len) &&
			    add_foreign(c, m->der, m->der_len, depth - 1);
		X509_free(up);
	}
	X509_free(cert);
	return ok;
}

#define FOREIGN_DEPTH 8

/* A CA, its renewed certificates, and what stands above it but the root. */
static int
add_ca(struct choice *c, const struct issuer_row *ca, int depth)
{
	size_t i;

	if (!add(c, ca->cert, ca->cert_len) ||
	    !add_more(c, CA_CERT_RENEWED, ca->id))
		return 0;
	if (ca->parent == 0)
		return add_foreign(c, ca->cert, ca->cert_len, FOREIGN_DEPTH);
	for (i = 0; depth > 0 && i < c->k->n_cas; i++)
		if (c->k->cas[i].id == ca->parent &&
		    c->k->cas[i].state != ISSUER_ROOT)
			return add_ca(c, &c->k->cas[i], depth - 1);
	return 1;
}

/* Name of the CA with that ident or name; NULL: there is none. */
static const char *
name_of(const struct cacerts *k, const char *issuer)
{
	size_t i;

	for (i = 0; i < k->n_cas; i++)
		if (strcmp(k->cas[i].ident, issuer) == 0 ||
		    strcmp(k->cas[i].name, issuer) == 0)
			return k->cas[i].name;
	return NULL;
}

static int
add_generations(struct choice *c, const char *name, enum issuer_state state)
{
	const struct issuer_row *ca;
	size_t i;

	for (i = 0; i < c->k->n_cas; i++) {
		ca = &c->k->cas[i];
		if (ca->state != state || strcmp(ca->name, name) != 0 ||
		    (state != ISSUER_ACTIVE && ca->not_after < c->now))
			continue;
		if (!add_ca(c, ca, FOREIGN_DEPTH))
			return 0;
	}
	return 1;
}

static int
add_roots(struct choice *c)
{
	const struct issuer_row *ca, *last = NULL;
	size_t i;
	int newest;

	for (i = 0; i < c->k->n_cas; i++) {
		ca = &c->k->cas[i];
		if (ca->state != ISSUER_ROOT)
			continue;
		newest = last == NULL || strcmp(last->name, ca->name) != 0;
		last = ca;
		if (!newest && ca->not_after < c->now)
			continue;
		if (!add(c, ca->cert, ca->cert_len) ||
		    !add_more(c, CA_CERT_RENEWED, ca->id))
			return 0;
	}
	return 1;
}

int
cacerts_add(const struct cacerts *k, const char *issuer, time_t now,
    WIRE_FIELDS *row)
{
	struct choice c = {k, now, row};
	const char *name = name_of(k, issuer);

	return (name == NULL || (add_generations(&c, name, ISSUER_ACTIVE) &&
	    add_generations(&c, name, ISSUER_DISABLED))) && add_roots(&c) &&
	    add_more(&c, CA_CERT_OLD_WITH_NEW, 0) &&
	    add_more(&c, CA_CERT_NEW_WITH_OLD, 0);
}
