#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/own.h"

#define LINKS_MAX 4		/* in one chain: the RA takes no more */

static int
take_link(const struct ca_cert_row *row, void *arg)
{
	struct own_links *l = arg;
	struct ca_cert_row *grown, *to;

	if (row->not_after < l->now)
		return 1;
	l->ok = 0;
	grown = OPENSSL_realloc(l->row, (l->n + 1) * sizeof(*grown));
	if (grown == NULL)
		return 0;
	l->row = grown;
	to = &grown[l->n];
	*to = *row;
	to->der = OPENSSL_memdup(row->der, row->der_len);
	if (to->der == NULL)
		return 0;
	l->n++;
	l->ok = 1;
	return 1;
}

static int
read_tx(struct store_tx *tx, void *arg)
{
	return ca_certs_list(tx, CA_CERT_NEW_WITH_OLD, take_link, arg);
}

int
own_links_read(struct own_links *l, struct store *store, time_t now)
{
	memset(l, 0, sizeof(*l));
	l->now = now;
	l->ok = 1;
	if (!store_read(store, read_tx, l)) {
		own_links_clear(l);
		return 0;
	}
	if (l->ok)
		return 1;
	own_links_clear(l);
	ca_raise(CA_E_INTERNAL, "out of memory");
	return 0;
}

void
own_links_clear(struct own_links *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		ca_certs_row_clear(&l->row[i]);
	OPENSSL_free(l->row);
	memset(l, 0, sizeof(*l));
}

/* The highest CA of ours above ${is}: a root, or one that a foreign CA has
   certified. */
static const struct issuer *
top_of(const struct issuer_set *set, const struct issuer *is)
{
	const struct issuer *up = is;

	while (up != NULL && up->row.parent != 0 &&
	    up->row.parent != up->row.id) {
		is = up;
		up = issuer_set_by_id(set, up->row.parent);
	}
	return up != NULL ? up : is;
}

/* The roots that ${root} leads to by links, itself first. How many. */
static size_t
linked(const struct own_links *l, int64_t root, int64_t met[LINKS_MAX + 1])
{
	size_t n = 1, i, k, m;

	met[0] = root;
	for (i = 0; i < n; i++)
		for (k = 0; k < l->n; k++) {
			if (l->row[k].subject != met[i])
				continue;
			for (m = 0; m < n; m++)
				if (met[m] == l->row[k].signer)
					break;
			if (m == n && n <= LINKS_MAX)
				met[n++] = l->row[k].signer;
		}
	return n;
}

static int
verifies_as_before(const struct own_links *l, const struct issuer *fresh,
    const struct issuer *before)
{
	int64_t met[LINKS_MAX + 1];
	size_t i, n;

	if (fresh->row.state != ISSUER_ROOT && before->row.state != ISSUER_ROOT)
		return X509_NAME_cmp(X509_get_issuer_name(fresh->cert),
		    X509_get_issuer_name(before->cert)) == 0;
	n = linked(l, fresh->row.id, met);
	for (i = 0; i < n; i++)
		if (met[i] == before->row.id)
			return 1;
	return 0;
}

const struct issuer *
own_server_issuer(const struct issuer_set *set, const struct own_links *l,
    const struct issuer *current)
{
	const struct issuer *fresh = issuer_set_find(set, current->row.name);

	if (fresh == NULL || fresh->row.state != ISSUER_ACTIVE)
		return current;
	return current->row.state != ISSUER_ACTIVE || verifies_as_before(l,
	    top_of(set, fresh), top_of(set, current)) ? fresh : current;
}

int
own_links_add(const struct issuer_set *set, const struct own_links *l,
    const struct issuer *is, WIRE_FIELDS *values)
{
	int64_t met[LINKS_MAX + 1];
	size_t i, k, n = linked(l, top_of(set, is)->row.id, met), added = 0;

	for (i = 0; i < n; i++)
		for (k = 0; k < l->n && added < LINKS_MAX; k++) {
			if (l->row[k].subject != met[i])
				continue;
			if (!field_add_bytes(values, "link", l->row[k].der,
			    l->row[k].der_len))
				return 0;
			added++;
		}
	return 1;
}
