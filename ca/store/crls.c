#include <string.h>
#include "ca/store/private.h"
#include "ca/store/records.h"

int
crls_add(struct store_tx *tx, const struct crl_row *row)
{
	int64_t last = 0;
	int found;

	found = sql_number(tx, &last,
	    "SELECT max(number) FROM crls"
	    " WHERE issuer = ? AND shard = ?",
	    "id", row->issuer, row->shard);
	if (found < 0)
		return 0;
	if (found == 1 && row->number <= last) {
		ca_raise(CA_E_DENIED,
		    "crl.number: %lld is not above the last "
		    "one, %lld",
		    (long long)row->number, (long long)last);
		return 0;
	}
	return sql_run(tx,
		   "UPDATE crls SET der = NULL"
		   " WHERE issuer = ? AND shard = ? AND der IS NOT NULL",
		   "id", row->issuer, row->shard) &&
	    sql_run(tx,
		"INSERT INTO crls (issuer, shard, number, this_update,"
		" next_update, n_entries, octets, sha256, der) VALUES"
		" (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"idiiiiibb", row->issuer, row->shard, row->number,
		row->this_update, row->next_update, row->n_entries,
		row->octets, row->sha256, sizeof(row->sha256),
		row->der, row->der_len);
}

#define LAST_COLUMNS                                                           \
	"SELECT number, this_update, next_update, n_entries, octets, sha256"
#define LAST_OF                                                                \
	" FROM crls WHERE issuer = ? AND shard = ?"                            \
	" ORDER BY number DESC LIMIT 1"

int
crls_last(struct store_tx *tx, int64_t issuer, int shard, int with_der,
    struct crl_row *out)
{
	struct crl_row r = {.issuer = issuer, .shard = shard};
	struct sql *s;
	int found;

	/* The text of the query decides whether the blob is read at all. */
	s = with_der
	    ? sql_open(tx, LAST_COLUMNS ", der" LAST_OF, "id", issuer, shard)
	    : sql_open(tx, LAST_COLUMNS LAST_OF, "id", issuer, shard);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1) {
		r.number = sql_int(s, 0);
		r.this_update = sql_int(s, 1);
		r.next_update = sql_int(s, 2);
		r.n_entries = sql_int(s, 3);
		r.octets = sql_int(s, 4);
		sql_bytes(s, 5, r.sha256, sizeof(r.sha256));
		if (with_der && !sql_copy(s, 6, &r.der, &r.der_len))
			found = -1;
	}
	sql_close(s);
	if (found == 1)
		*out = r;
	return found;
}

/* Not one statement with ON CONFLICT: where thousands are revoked in one
   transaction, SQLite would keep a journal for each of these. */
static int
note(struct store_tx *tx, int64_t issuer, int shard, int64_t change)
{
	if (!sql_run(tx,
		"UPDATE crls_owed SET change = ?"
		" WHERE issuer = ? AND shard = ?",
		"iid", change, issuer, shard))
		return 0;
	return sqlite3_changes(tx->conn->db) != 0 ||
	    sql_run(tx,
		"INSERT INTO crls_owed (issuer, shard, change)"
		" VALUES (?, ?, ?)",
		"idi", issuer, shard, change);
}

int
crls_owe(struct store_tx *tx, int64_t cert)
{
	int64_t issuer = 0, change = 0;
	int shard = 0, found = -1;
	struct sql *s;

	s = sql_open(
	    tx, "SELECT issuer, shard, change FROM certs WHERE id = ?", "i",
	    cert);
	if (s != NULL && (found = sql_step(s)) == 1) {
		issuer = sql_int(s, 0);
		shard = (int)sql_int(s, 1);
		change = sql_int(s, 2);
	}
	sql_close(s);
	return found == 1 && note(tx, issuer, shard, change);
}

int
crls_owe_shard(struct store_tx *tx, int64_t issuer, int shard)
{
	return sql_run(tx,
	    "INSERT INTO crls_owed (issuer, shard, change) VALUES (?, ?, 0)"
	    " ON CONFLICT (issuer, shard) DO NOTHING",
	    "id", issuer, shard);
}

int
crls_owed(struct store_tx *tx,
    int (*cb)(int64_t issuer, int shard, void *arg), void *arg)
{
	struct sql *s;
	int found = -1;

	s = sql_open(tx,
	    "SELECT issuer, shard FROM crls_owed ORDER BY issuer, shard", "");
	while (s != NULL && (found = sql_step(s)) == 1)
		if (!cb(sql_int(s, 0), (int)sql_int(s, 1), arg))
			break;
	sql_close(s);
	return found >= 0;
}

int
crls_paid(struct store_tx *tx, int64_t issuer, int shard, int64_t change)
{
	return sql_run(tx,
	    "DELETE FROM crls_owed"
	    " WHERE issuer = ? AND shard = ? AND change <= ?",
	    "idi", issuer, shard, change);
}

/* What was made for another count must not be published under a new name. */
static int
forget(struct store_tx *tx, int64_t issuer)
{
	return sql_run(tx, "DELETE FROM crls_owed WHERE issuer = ?", "i",
		   issuer) &&
	    sql_run(tx,
		"UPDATE crls SET der = NULL"
		" WHERE issuer = ? AND der IS NOT NULL",
		"i", issuer);
}

int
crls_set_shards(struct store_tx *tx, int64_t issuer, int shards)
{
	int64_t cert;
	int i, found;

	found = sql_number(tx, &cert,
	    "SELECT id FROM certs WHERE issuer = ? LIMIT 1", "i", issuer);
	if (found < 0)
		return 0;
	if (found == 1) {
		ca_raise(CA_E_DENIED,
		    "crl.shards: the CA has issued: the count of shards stands "
		    "in the addresses of its certificates and cannot change");
		return 0;
	}
	tx->changed = 1;
	if (!forget(tx, issuer) ||
	    !sql_run(tx, "UPDATE issuers SET crl_shards = ? WHERE id = ?",
		"di", shards, issuer))
		return 0;
	for (i = 0; i < (shards > 0 ? shards : 1); i++)
		if (!crls_owe_shard(tx, issuer, i))
			return 0;
	return 1;
}
