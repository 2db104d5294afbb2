#include <string.h>
#include "ca/store/blocked_keys.h"
#include "ca/store/private.h"

int
blocked_keys_add(struct store_tx *tx, const struct blocked_key *key)
{
	if (!sql_run(tx,
		"INSERT INTO blocked_keys (spki_sha256, at, why)"
		" VALUES (?, ?, ?) ON CONFLICT (spki_sha256) DO NOTHING",
		"bit", key->md, sizeof(key->md), key->at, key->why))
		return -1;
	return sqlite3_changes(tx->conn->db) == 1;
}

int
blocked_keys_remove(struct store_tx *tx, const unsigned char md[32])
{
	if (!sql_run(tx, "DELETE FROM blocked_keys WHERE spki_sha256 = ?", "b",
		md, (size_t)32))
		return -1;
	return sqlite3_changes(tx->conn->db) == 1;
}

static void
load(struct sql *s, struct blocked_key *key)
{
	memset(key, 0, sizeof(*key));
	sql_bytes(s, 0, key->md, sizeof(key->md));
	key->at = sql_int(s, 1);
	sql_text(s, 2, key->why, sizeof(key->why));
}

int
blocked_keys_get(struct store_tx *tx, const unsigned char md[32],
    struct blocked_key *out)
{
	struct sql *s;
	int found;

	s = sql_open(tx,
	    "SELECT spki_sha256, at, why FROM blocked_keys"
	    " WHERE spki_sha256 = ?",
	    "b", md, (size_t)32);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1)
		load(s, out);
	sql_close(s);
	return found;
}

int
blocked_keys_list(struct store_tx *tx, const unsigned char *after,
    size_t limit, int (*cb)(const struct blocked_key *key, void *arg),
    void *arg)
{
	static const unsigned char none[1];
	struct blocked_key key;
	struct sql *s;
	int found = -1;

	/* One octet of zero is below every hash: a prefix comes first. */
	s = sql_open(tx,
	    "SELECT spki_sha256, at, why FROM blocked_keys"
	    " WHERE spki_sha256 > ? ORDER BY spki_sha256 LIMIT ?",
	    "bi", after != NULL ? after : none,
	    (size_t)(after != NULL ? 32 : 1), (int64_t)limit);
	while (s != NULL && (found = sql_step(s)) == 1) {
		load(s, &key);
		if (!cb(&key, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
blocked_keys_count(struct store_tx *tx, int64_t *out)
{
	return sql_number(tx, out, "SELECT count(*) FROM blocked_keys", "") ==
	    1;
}
