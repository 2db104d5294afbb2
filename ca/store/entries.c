#include <string.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include "ca/log/leaf.h"
#include "ca/store/private.h"
#include "ca/store/records.h"

void
entries_row_clear(struct entry_row *row)
{
	OPENSSL_free(row->detail);
	OPENSSL_free(row->leaf);
	row->detail = row->leaf = NULL;
	row->detail_len = row->leaf_len = 0;
}

/* DER of the leaf that ${row}'s other members make. */
static int
make_leaf(const struct entry_row *row, unsigned char **out, size_t *len)
{
	struct log_leaf leaf = {.index = row->index, .time = row->time};

	memcpy(leaf.kind, row->kind, sizeof(leaf.kind));
	return log_leaf_commit(row->salt, row->detail, row->detail_len,
		   leaf.commitment) &&
	    log_leaf_encode(&leaf, out, len);
}

static int
next_index(struct store_tx *tx, int64_t *out)
{
	int64_t last = -1;

	if (sql_number(tx, &last, "SELECT max(idx) FROM entries", "") < 0)
		return 0;
	*out = last + 1;
	return 1;
}

int
entries_append(struct store_tx *tx, const char *kind, int64_t time,
    const WIRE_FIELDS *detail, int64_t *index)
{
	struct entry_row row = {.time = time};
	size_t n = strlen(kind);
	int ok = 0;

	if (n < 1 || n >= sizeof(row.kind) || time < 0) {
		ca_raise(CA_E_INTERNAL, "log: kind or time out of range");
		return 0;
	}
	memcpy(row.kind, kind, n);
	if (field_list_check(detail) && next_index(tx, &row.index) &&
	    RAND_bytes(row.salt, sizeof(row.salt)) == 1 &&
	    field_list_encode(detail, &row.detail, &row.detail_len) &&
	    make_leaf(&row, &row.leaf, &row.leaf_len))
		ok = sql_run(tx,
		    "INSERT INTO entries (idx, time, kind, salt,"
		    " detail, leaf) VALUES (?, ?, ?, ?, ?, ?)",
		    "iitbbb", row.index, row.time, row.kind, row.salt,
		    sizeof(row.salt), row.detail, row.detail_len, row.leaf,
		    row.leaf_len);
	if (ok && index != NULL)
		*index = row.index;
	entries_row_clear(&row);
	return ok;
}

static int
load(struct sql *s, struct entry_row *r)
{
	memset(r, 0, sizeof(*r));
	r->index = sql_int(s, 0);
	r->time = sql_int(s, 1);
	sql_text(s, 2, r->kind, sizeof(r->kind));
	sql_bytes(s, 3, r->salt, sizeof(r->salt));
	return sql_copy(s, 4, &r->detail, &r->detail_len) &&
	    sql_copy(s, 5, &r->leaf, &r->leaf_len);
}

int
entries_list(struct store_tx *tx, int64_t from, size_t limit,
    int (*cb)(const struct entry_row *row, void *arg), void *arg)
{
	struct entry_row row;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx,
	    "SELECT idx, time, kind, salt, detail, leaf"
	    " FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?",
	    "ii", from, limit > 0 ? (int64_t)limit : INT64_MAX);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		if (load(s, &row))
			more = cb(&row, arg);
		else
			found = more = -1;
		entries_row_clear(&row);
		if (found < 0)
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
entries_leaves(struct store_tx *tx, int64_t from, size_t limit,
    int (*cb)(int64_t index, const unsigned char *leaf, size_t len, void *arg),
    void *arg)
{
	struct sql *s;
	int found = -1, ok = 1;

	s = sql_open(tx,
	    "SELECT idx, leaf FROM entries WHERE idx >= ? ORDER BY idx"
	    " LIMIT ?",
	    "ii", from, (int64_t)limit);
	while (s != NULL && ok && (found = sql_step(s)) == 1)
		ok = cb(sql_int(s, 0), sqlite3_column_blob(s->stmt, 1),
		    (size_t)sqlite3_column_bytes(s->stmt, 1), arg);
	sql_close(s);
	return ok && found >= 0;
}

int
entries_count(struct store_tx *tx, int64_t *out)
{
	return next_index(tx, out);
}

int
entries_check(const struct entry_row *row)
{
	unsigned char *leaf = NULL;
	WIRE_FIELDS *detail = NULL;
	size_t len = 0;
	int ok;

	detail = field_list_decode(row->detail, row->detail_len);
	ok = detail != NULL && make_leaf(row, &leaf, &len) &&
	    len == row->leaf_len && memcmp(leaf, row->leaf, len) == 0;
	if (!ok)
		ca_raise(CA_E_STORE,
		    "log: entry %lld is not what its leaf "
		    "commits to",
		    (long long)row->index);
	field_list_free(detail);
	OPENSSL_free(leaf);
	return ok;
}
