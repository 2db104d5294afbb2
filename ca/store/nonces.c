#include <string.h>

#include <openssl/crypto.h>

#include "ca/store/nonces.h"
#include "ca/store/private.h"

void
nonce_row_clear(struct nonce_row *row)
{
	OPENSSL_free(row->facts);
	memset(row, 0, sizeof(*row));
}

/* A NULL pointer is bound as NULL. */
static const void *
or_null(const void *p, size_t len)
{
	return len > 0 ? p : NULL;
}

int
nonces_add(struct store_tx *tx, const struct nonce_row *row)
{
	return sql_run(tx,
	    "INSERT INTO nonces (hash, sealed, tie, client, fleet, mode,"
	    " ak_name, ak_public, ek_sha256, facts, issued, expires, used,"
	    " used_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL)",
	    "bbbbtdbbbbii", row->hash, sizeof(row->hash), row->sealed,
	    row->sealed_len, row->tie, sizeof(row->tie),
	    row->has_client ? row->client : NULL, sizeof(row->client),
	    row->fleet, (int)row->mode,
	    or_null(row->ak_name, row->ak_name_len), row->ak_name_len,
	    or_null(row->ak_public, row->ak_public_len), row->ak_public_len,
	    row->has_ek ? row->ek_sha256 : NULL, sizeof(row->ek_sha256),
	    row->facts, row->facts_len, row->issued, row->expires);
}

static int
load(struct sql *s, struct nonce_row *out)
{
	out->id = sql_int(s, 0);
	sql_bytes(s, 1, out->hash, sizeof(out->hash));
	out->sealed_len = sql_bytes(s, 2, out->sealed, sizeof(out->sealed));
	sql_bytes(s, 3, out->tie, sizeof(out->tie));
	out->has_client =
	    sql_bytes(s, 4, out->client, sizeof(out->client)) == 32;
	sql_text(s, 5, out->fleet, sizeof(out->fleet));
	out->mode = (enum nonce_mode)sql_int(s, 6);
	out->ak_name_len =
	    sql_bytes(s, 7, out->ak_name, sizeof(out->ak_name));
	out->ak_public_len =
	    sql_bytes(s, 8, out->ak_public, sizeof(out->ak_public));
	out->has_ek =
	    sql_bytes(s, 9, out->ek_sha256, sizeof(out->ek_sha256)) == 32;
	out->issued = sql_int(s, 11);
	out->expires = sql_int(s, 12);
	out->used = sql_int(s, 13);
	sql_bytes(s, 14, out->used_by, sizeof(out->used_by));
	return sql_copy(s, 10, &out->facts, &out->facts_len);
}

int
nonces_by_tie(struct store_tx *tx, const unsigned char tie[32],
    struct nonce_row *out)
{
	struct sql *s;
	int found;

	memset(out, 0, sizeof(*out));
	s = sql_open(tx,
	    "SELECT id, hash, sealed, tie, client, fleet, mode, ak_name,"
	    " ak_public, ek_sha256, facts, issued, expires, used, used_by"
	    " FROM nonces WHERE tie = ?",
	    "b", tie, (size_t)32);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1 && !load(s, out))
		found = -1;
	sql_close(s);
	return found;
}

int
nonces_use(struct store_tx *tx, int64_t id, const unsigned char request[32],
    int64_t now)
{
	int64_t is;
	int found;

	found = sql_number(tx, &is,
	    "SELECT id FROM nonces WHERE id = ? AND used = 0", "i", id);
	if (found != 1)
		return found;
	return sql_run(tx,
		   "UPDATE nonces SET used = ?, used_by = ?"
		   " WHERE id = ? AND used = 0",
		   "ibi", now, request, (size_t)32, id)
	    ? 1
	    : -1;
}

int
nonces_count_open(
    struct store_tx *tx, const char *fleet, int64_t now, int64_t *n)
{
	return sql_number(tx, n,
		   "SELECT count(*) FROM nonces"
		   " WHERE fleet = ? AND used = 0 AND expires > ?",
		   "ti", fleet, now) == 1;
}

int
nonces_keep_fleet(
    struct store_tx *tx, const char *fleet, int64_t now, int64_t most)
{
	int64_t n = 0;

	if (!nonces_count_open(tx, fleet, now, &n))
		return 0;
	return n <= most ||
	    sql_run(tx,
		"DELETE FROM nonces WHERE id IN (SELECT id FROM nonces"
		" WHERE fleet = ? AND used = 0 AND expires > ?"
		" ORDER BY expires, id LIMIT ?)",
		"tii", fleet, now, n - most);
}

int
nonces_keep_keys(struct store_tx *tx, const struct nonce_row *row, int64_t now,
    int64_t most)
{
	int64_t n = 0;

	if (sql_number(tx, &n,
		"SELECT count(*) FROM nonces WHERE ek_sha256 = ?"
		" AND ak_name = ? AND used = 0 AND expires > ?",
		"bbi", row->ek_sha256, sizeof(row->ek_sha256), row->ak_name,
		row->ak_name_len, now) != 1)
		return 0;
	return n <= most ||
	    sql_run(tx,
		"DELETE FROM nonces WHERE id IN (SELECT id FROM nonces"
		" WHERE ek_sha256 = ? AND ak_name = ? AND used = 0"
		" AND expires > ? ORDER BY expires, id LIMIT ?)",
		"bbii", row->ek_sha256, sizeof(row->ek_sha256), row->ak_name,
		row->ak_name_len, now, n - most);
}

int
nonces_purge(struct store_tx *tx, int64_t before, int64_t limit)
{
	return sql_run(tx,
	    "DELETE FROM nonces WHERE id IN (SELECT id FROM nonces"
	    " WHERE expires < ? ORDER BY expires LIMIT ?)",
	    "ii", before, limit);
}

int
nonces_purge_unused(struct store_tx *tx, const char *fleet, int64_t before,
    int64_t limit)
{
	return sql_run(tx,
	    "DELETE FROM nonces WHERE id IN (SELECT id FROM nonces"
	    " WHERE fleet = ? AND used = 0 AND expires < ?"
	    " ORDER BY expires LIMIT ?)",
	    "tii", fleet, before, limit);
}
