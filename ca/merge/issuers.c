#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/merge/private.h"

struct loading {
	struct merge *m;
	int failed;
};

static int
add(const struct issuer_row *row, void *arg)
{
	struct loading *l = arg;
	struct merge *m = l->m;
	const unsigned char *p = row->cert;
	struct merge_issuer *is;

	if (row->cert_len == 0)
		return 1;
	if (m->n_issuers == m->room) {
		m->room = m->room == 0 ? 16 : 2 * m->room;
		is = OPENSSL_realloc(m->issuer, m->room * sizeof(*is));
		if (is == NULL)
			return l->failed = 1, 0;
		m->issuer = is;
	}
	is = &m->issuer[m->n_issuers];
	memset(is, 0, sizeof(*is));
	is->id = row->id;
	is->not_after = row->not_after;
	is->shards = row->crl_shards;
	snprintf(is->ident, sizeof(is->ident), "%s", row->ident);
	is->cert = d2i_X509(NULL, &p, (long)row->cert_len);
	l->failed = is->cert == NULL;
	m->n_issuers += !l->failed;
	return !l->failed;
}

int
merge_issuers_load(struct merge *m)
{
	struct loading l = {.m = m};

	if (issuers_list(m->tx, add, &l) && !l.failed)
		return 1;
	ca_raise(CA_E_STORE, "merge: the store's CAs cannot be read");
	return 0;
}

void
merge_issuers_clear(struct merge *m)
{
	while (m->n_issuers > 0)
		X509_free(m->issuer[--m->n_issuers].cert);
	OPENSSL_free(m->issuer);
	m->issuer = NULL;
	m->room = 0;
}

const struct merge_issuer *
merge_issuers_of(struct merge *m, const X509_NAME *name,
    int (*check)(void *signed_by, EVP_PKEY *key), void *object,
    const char *what, const char *path)
{
	const struct merge_issuer *is;
	int named = 0, ok;
	size_t i;

	for (i = 0; i < m->n_issuers; i++) {
		is = &m->issuer[i];
		if (X509_NAME_cmp(X509_get_subject_name(is->cert), name) != 0)
			continue;
		named = 1;
		ERR_set_mark();
		ok = check(object, X509_get0_pubkey(is->cert)) == 1;
		ERR_pop_to_mark();
		if (ok)
			return is;
	}
	if (named)
		ca_raise(CA_E_DENIED, "merge.signature: %s: the signature of "
		    "this %s is not that of the CA that it names", path, what);
	else
		ca_raise(CA_E_DENIED, "merge.foreign: %s: no CA of this store "
		    "has issued this %s", path, what);
	return NULL;
}

const struct merge_issuer *
merge_issuers_named(const struct merge *m, const char *ident)
{
	size_t i;

	for (i = 0; i < m->n_issuers; i++)
		if (strcmp(m->issuer[i].ident, ident) == 0)
			return &m->issuer[i];
	return NULL;
}

static int
is_cert(const struct merge_issuer *is, const struct merge_issuer *by,
    const unsigned char *serial, size_t len)
{
	const ASN1_INTEGER *n = X509_get0_serialNumber(is->cert);

	return is != by && X509_NAME_cmp(X509_get_issuer_name(is->cert),
		   X509_get_subject_name(by->cert)) == 0 &&
	    (size_t)ASN1_STRING_length(n) == len &&
	    memcmp(ASN1_STRING_get0_data(n), serial, len) == 0;
}

int
merge_issuers_revoked(struct merge *m, const struct merge_issuer *by,
    const unsigned char *serial, size_t len)
{
	const struct merge_issuer *is;
	size_t i;

	for (i = 0; i < m->n_issuers; i++) {
		is = &m->issuer[i];
		if (!is_cert(is, by, serial, len))
			continue;
		fprintf(m->q->told, "%s: its certificate is revoked: it issues "
		    "no more\n", is->ident);
		if (!issuers_set_state(m->tx, is->id, ISSUER_DISABLED))
			return 0;
	}
	return 1;
}

int
merge_issuers_have(struct merge *m, const unsigned char sha256[32])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	size_t i;

	for (i = 0; i < m->n_issuers; i++)
		if (X509_digest(m->issuer[i].cert, EVP_sha256(), md, &len) ==
			1 && memcmp(md, sha256, 32) == 0)
			return 1;
	return ca_certs_has(m->tx, sha256);
}
