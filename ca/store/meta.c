#include <string.h>
#include "ca/store/private.h"

int
store_meta_get(struct store_tx *tx, const char *key, char *out, size_t size)
{
	struct sql *s;
	int rc = -1;

	s = sql_open(tx, "SELECT value FROM meta WHERE name = ?", "t", key);
	if (s != NULL)
		rc = sql_step(s);
	if (rc == 1 && (size_t)sqlite3_column_bytes(s->stmt, 0) >= size) {
		ca_raise(CA_E_INTERNAL, "store: meta %s: value too long", key);
		rc = -1;
	}
	if (rc == 1)
		sql_text(s, 0, out, size);
	sql_close(s);
	return rc;
}

int
store_meta_set(struct store_tx *tx, const char *key, const char *value)
{
	return sql_run(tx,
	    "INSERT INTO meta (name, value) VALUES (?, ?)"
	    " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
	    "tt", key, value);
}

int
store_count(struct store_tx *tx, const char *scope, const char *key,
    int64_t window, int64_t *n)
{
	return sql_run(tx,
		   "DELETE FROM counters WHERE scope = ? AND name = ? AND "
		   "since < ?",
		   "tti", scope, key, window) &&
	    sql_number(tx, n,
		"INSERT INTO counters (scope, name, since, n) VALUES (?, ?, ?, "
		"1)"
		" ON CONFLICT (scope, name, since)"
		" DO UPDATE SET n = counters.n + 1 RETURNING n",
		"tti", scope, key, window) == 1;
}

int
store_uncount(
    struct store_tx *tx, const char *scope, const char *key, int64_t window)
{
	return sql_run(tx,
	    "UPDATE counters SET n = n - 1"
	    " WHERE scope = ? AND name = ? AND since = ? AND n > 0",
	    "tti", scope, key, window);
}

int
store_uncount_last(
    struct store_tx *tx, const char *scope, const char *key, int64_t at)
{
	return sql_run(tx,
	    "UPDATE counters SET n = n - 1"
	    " WHERE scope = ? AND name = ? AND n > 0 AND since = ("
	    "  SELECT max(c.since) FROM counters c WHERE"
	    "  c.scope = counters.scope AND c.name = counters.name AND"
	    "  c.since <= ?)",
	    "tti", scope, key, at);
}
