#include <string.h>
#include <openssl/crypto.h>
#include "ca/store/private.h"
#include "ca/store/records.h"

void
issuers_row_clear(struct issuer_row *row)
{
	OPENSSL_free(row->cert);
	row->cert = NULL;
	row->cert_len = 0;
}

int
issuers_add(struct store_tx *tx, struct issuer_row *row)
{
	if (sql_run(tx,
		"INSERT INTO issuers (name, generation, ident, state,"
		" key_uri, crl_url, ocsp_url, issuer_url, crl_lifetime,"
		" crl_interval, token, crl_shards, expired_from, parent,"
		" not_before, not_after, cert) VALUES"
		" (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"tdtdttttiitdiziib", row->name, row->generation, row->ident,
		(int)row->state, row->key_uri, row->crl_url, row->ocsp_url,
		row->issuer_url, row->crl_lifetime, row->crl_interval,
		row->token, row->crl_shards, row->expired_from, row->parent,
		row->not_before, row->not_after, row->cert, row->cert_len)) {
		row->id = sqlite3_last_insert_rowid(tx->conn->db);
		tx->changed = 1;
		return 1;
	}
	if (sql_is_duplicate(tx))
		ca_raise(CA_E_DENIED,
		    "issuer.duplicate: there is a CA %s "
		    "already",
		    row->ident);
	return 0;
}

int
issuers_set_cert(struct store_tx *tx, const struct issuer_row *row)
{
	if (!sql_run(tx,
		"UPDATE issuers SET cert = ?, not_before = ?, not_after = ?"
		" WHERE id = ?",
		"biii", row->cert, row->cert_len, row->not_before,
		row->not_after, row->id))
		return 0;
	tx->changed = 1;
	return 1;
}

int
issuers_set_state(struct store_tx *tx, int64_t id, enum issuer_state state)
{
	int64_t n = 0;

	if (sql_number(tx, &n, "SELECT count(*) FROM issuers WHERE id = ?",
		"i", id) != 1)
		return 0;
	if (n == 0) {
		ca_raise(CA_E_NOTFOUND, "issuer.absent: there is no such CA");
		return 0;
	}
	if (!sql_run(tx, "UPDATE issuers SET state = ? WHERE id = ?", "di",
		(int)state, id))
		return 0;
	tx->changed = 1;
	return 1;
}

/* Everything but the certificate. */
static void
load(struct sql *s, struct issuer_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = sql_int(s, 0);
	sql_text(s, 1, r->name, sizeof(r->name));
	r->generation = (int)sql_int(s, 2);
	sql_text(s, 3, r->ident, sizeof(r->ident));
	r->state = (enum issuer_state)sql_int(s, 4);
	sql_text(s, 5, r->key_uri, sizeof(r->key_uri));
	sql_text(s, 6, r->crl_url, sizeof(r->crl_url));
	sql_text(s, 7, r->ocsp_url, sizeof(r->ocsp_url));
	sql_text(s, 8, r->issuer_url, sizeof(r->issuer_url));
	r->crl_lifetime = sql_int(s, 9);
	r->crl_interval = sql_int(s, 10);
	r->parent = sql_int(s, 11);
	r->not_before = sql_int(s, 12);
	r->not_after = sql_int(s, 13);
	sql_text(s, 14, r->token, sizeof(r->token));
	r->crl_shards = (int)sql_int(s, 15);
	r->expired_from = sql_int(s, 16);
}

int
issuers_list(struct store_tx *tx,
    int (*cb)(const struct issuer_row *row, void *arg), void *arg)
{
	struct issuer_row row;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx,
	    "SELECT id, name, generation, ident, state, key_uri,"
	    " crl_url, ocsp_url, issuer_url, crl_lifetime, crl_interval,"
	    " parent, not_before, not_after, token, crl_shards, expired_from,"
	    " cert FROM issuers WHERE length(cert) > 1 ORDER BY id",
	    "");
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		load(s, &row);
		if (!sql_copy(s, 17, &row.cert, &row.cert_len)) {
			found = -1;
			break;
		}
		more = cb(&row, arg);
		issuers_row_clear(&row);
	}
	sql_close(s);
	return found >= 0;
}

int
issuers_reserve(struct store_tx *tx, struct issuer_row *row)
{
	struct issuer_row made = *row;
	int64_t id;
	int found;

	found = sql_number(tx, &id,
	    "SELECT id FROM issuers WHERE ident = ? AND length(cert) = 1", "t",
	    row->ident);
	if (found < 0)
		return 0;
	if (found == 1) {
		row->id = id;
		return sql_run(tx,
		    "UPDATE issuers SET state = ?, key_uri = ?, crl_url = ?,"
		    " ocsp_url = ?, issuer_url = ?, crl_lifetime = ?,"
		    " crl_interval = ?, token = ?, crl_shards = ?,"
		    " expired_from = ?, parent = ? WHERE id = ?",
		    "dttttiitdizi", (int)row->state, row->key_uri,
		    row->crl_url, row->ocsp_url, row->issuer_url,
		    row->crl_lifetime, row->crl_interval, row->token,
		    row->crl_shards, row->expired_from, row->parent, id);
	}
	made.cert = (unsigned char *)"";
	made.cert_len = 1;
	if (!issuers_add(tx, &made))
		return 0;
	row->id = made.id;
	return 1;
}

int
issuers_set_lifetime(struct store_tx *tx, int64_t id, int64_t crl_lifetime)
{
	return sql_run(tx, "UPDATE issuers SET crl_lifetime = ? WHERE id = ?",
	    "ii", crl_lifetime, id);
}

int
issuers_certify(struct store_tx *tx, const struct issuer_row *row)
{
	return issuers_set_cert(tx, row) &&
	    sql_run(tx, "UPDATE issuers SET parent = ? WHERE id = ?", "zi",
		row->parent, row->id);
}
