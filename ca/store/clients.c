#include <string.h>
#include "ca/store/clients.h"
#include "ca/store/private.h"

#define SELECT "SELECT id, fleet, agent, known, first, last FROM clients "

static void
load(struct sql *s, struct client_row *row)
{
	memset(row, 0, sizeof(*row));
	row->id = sql_int(s, 0);
	sql_text(s, 1, row->fleet, sizeof(row->fleet));
	sql_text(s, 2, row->agent, sizeof(row->agent));
	row->known = (int)sql_int(s, 3);
	row->first = sql_int(s, 4);
	row->last = sql_int(s, 5);
}

int
clients_get(struct store_tx *tx, const char *fleet, const char *agent,
    struct client_row *out)
{
	struct sql *s;
	int found;

	s = sql_open(
	    tx, SELECT "WHERE fleet = ? AND agent = ?", "tt", fleet, agent);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1)
		load(s, out);
	sql_close(s);
	return found;
}

int
clients_count(
    struct store_tx *tx, const char *fleet, int known, int64_t *n)
{
	return sql_number(tx, n,
		   "SELECT count(*) FROM clients WHERE fleet = ?"
		   " AND known = ?",
		   "td", fleet, known) == 1;
}

int
clients_add(struct store_tx *tx, struct client_row *row)
{
	if (!sql_run(tx,
		"INSERT INTO clients (fleet, agent, known, first, last)"
		" VALUES (?, ?, ?, ?, ?)",
		"ttdii", row->fleet, row->agent, row->known, row->first,
		row->last))
		return 0;
	row->id = sqlite3_last_insert_rowid(tx->conn->db);
	return 1;
}

int
clients_touch(struct store_tx *tx, const struct client_row *row)
{
	return sql_run(tx, "UPDATE clients SET known = ?, last = ? WHERE id = ?",
	    "dii", row->known, row->last, row->id);
}

/* 1 counted, 0 there is none yet, -1 raised. */
static int
count_more(struct store_tx *tx, int64_t id, const char *what, int64_t n,
    int64_t now)
{
	if (!sql_run(tx,
		"UPDATE client_facts SET count = min(count + ?, ?), last = ?"
		" WHERE client = ? AND what = ?",
		"iiiit", n, CLIENT_COUNT_MAX, now, id, what))
		return -1;
	return sqlite3_changes(tx->conn->db) == 1;
}

int
clients_fact(struct store_tx *tx, int64_t id, const char *what, int64_t n,
    int64_t now, int64_t max, const char *other)
{
	int64_t have;
	int done = count_more(tx, id, what, n, now);

	if (done != 0)
		return done == 1;
	if (sql_number(tx, &have,
		"SELECT count(*) FROM client_facts WHERE client = ?", "i",
		id) != 1)
		return 0;
	if (have >= max && (done = count_more(tx, id, other, n, now)) != 0)
		return done == 1;
	return sql_run(tx,
	    "INSERT INTO client_facts (client, what, count, first, last)"
	    " VALUES (?, ?, ?, ?, ?)",
	    "itiii", id, have >= max ? other : what, n, now, now);
}

int
clients_list(struct store_tx *tx, const char *fleet, int64_t since,
    int64_t after, size_t limit,
    int (*cb)(const struct client_row *row, void *arg), void *arg)
{
	struct client_row row;
	struct sql *s;
	int found = -1;

	s = sql_open(tx,
	    SELECT "WHERE id > ? AND last >= ? AND (? IS NULL OR fleet = ?)"
		   " ORDER BY id LIMIT ?",
	    "iitti", after, since, fleet, fleet, (int64_t)limit);
	while (s != NULL && (found = sql_step(s)) == 1) {
		load(s, &row);
		if (!cb(&row, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
clients_facts(struct store_tx *tx, int64_t id,
    int (*cb)(const struct client_fact *fact, void *arg), void *arg)
{
	struct client_fact f;
	struct sql *s;
	int found = -1;

	s = sql_open(tx,
	    "SELECT what, count, first, last FROM client_facts"
	    " WHERE client = ? ORDER BY what",
	    "i", id);
	while (s != NULL && (found = sql_step(s)) == 1) {
		memset(&f, 0, sizeof(f));
		sql_text(s, 0, f.what, sizeof(f.what));
		f.count = sql_int(s, 1);
		f.first = sql_int(s, 2);
		f.last = sql_int(s, 3);
		if (!cb(&f, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
clients_prune(struct store_tx *tx, int64_t before)
{
	return sql_run(tx, "DELETE FROM client_facts WHERE last < ?", "i",
		   before) &&
	    sql_run(tx,
		"DELETE FROM clients WHERE last < ? AND NOT EXISTS (SELECT 1"
		" FROM client_facts f WHERE f.client = clients.id)",
		"i", before);
}
