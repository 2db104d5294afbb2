#include <string.h>
#include <openssl/crypto.h>
#include "ca/store/private.h"
#include "ca/store/records.h"

void
pending_cas_row_clear(struct pending_ca_row *row)
{
	OPENSSL_free(row->csr);
	row->csr = NULL;
	row->csr_len = 0;
}

/* An ident is one CA's for ever, also while that CA waits. */
static int
is_free(struct store_tx *tx, const char *ident)
{
	int64_t id;
	int found = sql_number(
	    tx, &id, "SELECT id FROM issuers WHERE ident = ?", "t", ident);

	if (found == 1)
		ca_raise(CA_E_DENIED,
		    "issuer.duplicate: there is a CA %s already", ident);
	return found == 0;
}

int
pending_cas_add(struct store_tx *tx, const struct pending_ca_row *row)
{
	if (!is_free(tx, row->ident))
		return 0;
	if (sql_run(tx,
		"INSERT INTO pending_cas (ident, name, generation, token,"
		" key_uri, crl_url, ocsp_url, issuer_url, crl_lifetime,"
		" crl_interval, crl_shards, expired_from, created, csr)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"ttdtttttiidiib", row->ident, row->name, row->generation,
		row->token, row->key_uri, row->crl_url, row->ocsp_url,
		row->issuer_url, row->crl_lifetime, row->crl_interval,
		row->crl_shards, row->expired_from, row->created, row->csr,
		row->csr_len))
		return 1;
	if (sql_is_duplicate(tx))
		ca_raise(CA_E_DENIED,
		    "pending.duplicate: a CA %s waits for its certificate "
		    "already",
		    row->ident);
	return 0;
}

/* Everything but the request. */
static void
load(struct sql *s, struct pending_ca_row *r)
{
	memset(r, 0, sizeof(*r));
	sql_text(s, 0, r->ident, sizeof(r->ident));
	sql_text(s, 1, r->name, sizeof(r->name));
	r->generation = (int)sql_int(s, 2);
	sql_text(s, 3, r->token, sizeof(r->token));
	sql_text(s, 4, r->key_uri, sizeof(r->key_uri));
	sql_text(s, 5, r->crl_url, sizeof(r->crl_url));
	sql_text(s, 6, r->ocsp_url, sizeof(r->ocsp_url));
	sql_text(s, 7, r->issuer_url, sizeof(r->issuer_url));
	r->crl_lifetime = sql_int(s, 8);
	r->crl_interval = sql_int(s, 9);
	r->crl_shards = (int)sql_int(s, 10);
	r->expired_from = sql_int(s, 11);
	r->created = sql_int(s, 12);
}

#define SELECT                                                                 \
	"SELECT ident, name, generation, token, key_uri, crl_url, ocsp_url,"   \
	" issuer_url, crl_lifetime, crl_interval, crl_shards, expired_from,"   \
	" created, csr FROM pending_cas"

int
pending_cas_get(
    struct store_tx *tx, const char *name, struct pending_ca_row *out)
{
	struct sql *s;
	int found = -1;

	s = sql_open(tx,
	    SELECT " WHERE ident = ? OR name = ?"
		   " ORDER BY ident <> ?, generation DESC LIMIT 1",
	    "ttt", name, name, name);
	if (s != NULL)
		found = sql_step(s);
	if (found == 1) {
		load(s, out);
		if (!sql_copy(s, 13, &out->csr, &out->csr_len))
			found = -1;
	}
	sql_close(s);
	return found;
}

int
pending_cas_list(struct store_tx *tx,
    int (*cb)(const struct pending_ca_row *row, void *arg), void *arg)
{
	struct pending_ca_row row;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx, SELECT " ORDER BY name, generation", "");
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		load(s, &row);
		if (!sql_copy(s, 13, &row.csr, &row.csr_len)) {
			found = -1;
			break;
		}
		more = cb(&row, arg);
		pending_cas_row_clear(&row);
	}
	sql_close(s);
	return found >= 0;
}

int
pending_cas_remove(struct store_tx *tx, const char *ident)
{
	int64_t n = 0;

	if (sql_number(tx, &n,
		"SELECT count(*) FROM pending_cas WHERE ident = ?", "t",
		ident) != 1)
		return 0;
	if (n == 0) {
		ca_raise(CA_E_NOTFOUND,
		    "pending.absent: no CA %s waits for its certificate",
		    ident);
		return 0;
	}
	return sql_run(
	    tx, "DELETE FROM pending_cas WHERE ident = ?", "t", ident);
}
