#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/publish.h"
#include "ca/report/report.h"
#include "ca/store/certs.h"
#include "ca/engine/crl.h"

struct making {
	struct issuer *is;
	struct crl_row *row;
	X509_CRL *crl;
	int64_t keep_after;
	int failed;
};

static int
add_reason(X509_REVOKED *rev, int reason)
{
	ASN1_ENUMERATED *e;
	int ok;

	if (reason <= CRL_REASON_UNSPECIFIED)
		return 1;
	e = ASN1_ENUMERATED_new();
	ok = e != NULL && ASN1_ENUMERATED_set(e, reason) == 1 &&
	    X509_REVOKED_add1_ext_i2d(rev, NID_crl_reason, e, 0, 0) == 1;
	ASN1_ENUMERATED_free(e);
	return ok;
}

static int
set_serial(X509_REVOKED *rev, const unsigned char *serial, size_t len)
{
	BIGNUM *bn = BN_bin2bn(serial, (int)len, NULL);
	ASN1_INTEGER *i = bn == NULL ? NULL : BN_to_ASN1_INTEGER(bn, NULL);
	int ok = i != NULL && X509_REVOKED_set_serialNumber(rev, i) == 1;

	ASN1_INTEGER_free(i);
	BN_free(bn);
	return ok;
}

static int
add_revoked(const struct cert_revoked *r, void *arg)
{
	struct making *m = arg;
	X509_REVOKED *rev = X509_REVOKED_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)r->when);

	m->failed = 1;
	if (rev != NULL && t != NULL && set_serial(rev, r->serial, r->serial_len) &&
	    X509_REVOKED_set_revocationDate(rev, t) == 1 &&
	    add_reason(rev, r->reason) && X509_CRL_add0_revoked(m->crl, rev)) {
		rev = NULL;
		m->row->n_entries++;
		m->failed = 0;
	}
	ASN1_TIME_free(t);
	X509_REVOKED_free(rev);
	return !m->failed;
}

static int
collect(struct store_tx *tx, void *arg)
{
	struct making *m = arg;

	return certs_revoked(tx, m->is->row.id, 0, m->keep_after,
	    add_revoked, m) && !m->failed;
}

static int
add_number(X509_CRL *crl, int64_t number)
{
	ASN1_INTEGER *i = ASN1_INTEGER_new();
	int ok = i != NULL && ASN1_INTEGER_set_int64(i, number) == 1 &&
	    X509_CRL_add1_ext_i2d(crl, NID_crl_number, i, 0, 0) == 1;

	ASN1_INTEGER_free(i);
	return ok;
}

static int
add_aki(X509_CRL *crl, const struct issuer *is)
{
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	int ok = 0;

	if (aki == NULL)
		return 0;
	aki->keyid = ASN1_OCTET_STRING_new();
	if (aki->keyid != NULL)
		ok = ASN1_OCTET_STRING_set(aki->keyid, is->build.key_id,
		    (int)is->build.key_id_len) == 1 &&
		    X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier,
		    aki, 0, 0) == 1;
	AUTHORITY_KEYID_free(aki);
	return ok;
}

static int
set_head(struct making *m)
{
	ASN1_TIME *this = ASN1_TIME_set(NULL, (time_t)m->row->this_update);
	ASN1_TIME *next = ASN1_TIME_set(NULL, (time_t)m->row->next_update);
	int ok;

	ok = this != NULL && next != NULL &&
	    X509_CRL_set_version(m->crl, X509_CRL_VERSION_2) == 1 &&
	    X509_CRL_set_issuer_name(m->crl,
	    X509_get_subject_name(m->is->cert)) == 1 &&
	    X509_CRL_set1_lastUpdate(m->crl, this) == 1 &&
	    X509_CRL_set1_nextUpdate(m->crl, next) == 1;
	ASN1_TIME_free(this);
	ASN1_TIME_free(next);
	return ok;
}

static int
finish(struct making *m)
{
	struct crl_row *row = m->row;
	int len;

	if (!add_aki(m->crl, m->is) || !add_number(m->crl, row->number) ||
	    X509_CRL_sort(m->crl) != 1)
		return 0;
	if (X509_CRL_sign(m->crl, m->is->key, issuer_digest(m->is->verify)) <=
	    0 || X509_CRL_verify(m->crl, m->is->verify) != 1) {
		ca_raise(CA_E_SIGN, "issuer %s: the CRL cannot be signed",
		    m->is->row.ident);
		return 0;
	}
	len = i2d_X509_CRL(m->crl, &row->der);
	if (len <= 0)
		return 0;
	row->der_len = (size_t)len;
	SHA256(row->der, row->der_len, row->sha256);
	return 1;
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	struct crl_row *row = arg;

	return crls_last(tx, row->issuer, 0, 0, row) >= 0;
}

static int
make(struct store *store, struct issuer *is, time_t now, struct crl_row *row)
{
	struct crl_row last = {.issuer = is->row.id};
	struct making m = {.is = is, .row = row};
	int reason, ok = 0;

	if (!store_read(store, last_tx, &last))
		return 0;
	memset(row, 0, sizeof(*row));
	row->issuer = is->row.id;
	row->number = last.number + 1 > now ? last.number + 1 : now;
	row->this_update = now;
	row->next_update = now + is->row.crl_lifetime;
	/* Who expired since the last CRL stands on this one still; a last one
	   that is later than now (the clock went back) takes nobody off. */
	m.keep_after = last.this_update < now ? last.this_update : now;
	m.crl = X509_CRL_new();
	if (m.crl != NULL && set_head(&m) && store_read(store, collect, &m))
		ok = finish(&m);
	if (!ok) {
		/* Asked before: ca_raise() opens its entry first. */
		reason = report_last_reason() == CA_E_SIGN ? CA_E_SIGN :
		    CA_E_STORE;
		ca_raise(reason, "issuer %s: no CRL was made", is->row.ident);
	}
	X509_CRL_free(m.crl);
	return ok;
}

struct saving {
	struct crl_row *row;
	const char *ident;
	time_t now;
};

static int
save_tx(struct store_tx *tx, void *arg)
{
	struct saving *s = arg;
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "issuer", s->ident) &&
	    field_add_int(l, "number", s->row->number) &&
	    field_add_time(l, "this_update", s->row->this_update) &&
	    field_add_time(l, "next_update", s->row->next_update) &&
	    field_add_int(l, "entries", s->row->n_entries) &&
	    field_add_bytes(l, "sha256", s->row->sha256, 32) &&
	    crls_add(tx, s->row) &&
	    entries_append(tx, "crl", s->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
publish(const struct issuer *is, const struct crl_row *row, const char *dir)
{
	char name[128];

	snprintf(name, sizeof(name), "crl/%s.crl", is->row.ident);
	return dir == NULL || publish_file(dir, name, row->der, row->der_len);
}

int
crl_issue(struct store *store, struct issuer *is, const char *publish_dir,
    time_t now, struct crl_row *out)
{
	struct crl_row row = {0};
	struct saving s = {&row, is->row.ident, now};
	int ok;

	ok = make(store, is, now, &row) &&
	    store_write(store, save_tx, &s, STORE_URGENT) &&
	    publish(is, &row, publish_dir);
	if (ok && out != NULL)
		*out = row;
	else
		OPENSSL_free(row.der);
	return ok;
}

static int
last_der_tx(struct store_tx *tx, void *arg)
{
	struct crl_row *row = arg;

	return crls_last(tx, row->issuer, 0, 1, row) >= 0;
}

int
crl_republish(struct store *store, const struct issuer *is,
    const char *publish_dir)
{
	struct crl_row row = {.issuer = is->row.id};
	int ok;

	if (!store_read(store, last_der_tx, &row))
		return 0;
	ok = row.der == NULL || publish(is, &row, publish_dir);
	OPENSSL_free(row.der);
	return ok;
}

int
crl_due(struct store *store, const struct issuer *is, int64_t *due)
{
	struct crl_row row = {.issuer = is->row.id};

	if (!store_read(store, last_tx, &row))
		return 0;
	if (row.number == 0)
		*due = 0;
	else if (is->row.crl_interval == 0)
		*due = row.next_update;
	else
		*due = row.this_update + is->row.crl_interval;
	return 1;
}
