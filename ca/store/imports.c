#include <string.h>
#include "ca/store/imports.h"
#include "ca/store/private.h"

int
imports_add(struct store_tx *tx, struct import_row *row)
{
	if (!sql_run(tx,
		"INSERT INTO imports (file, who, started, ended, added,"
		" unchanged, refused) VALUES (?, ?, ?, ?, ?, ?, ?)",
		"ttiiiii", row->file, row->who, row->started, row->ended,
		row->added, row->unchanged, row->refused))
		return 0;
	row->id = sqlite3_last_insert_rowid(tx->conn->db);
	return 1;
}

int
imports_get(struct store_tx *tx, int64_t id, struct import_row *out)
{
	struct sql *s;
	int found;

	s = sql_open(tx,
	    "SELECT file, who, started, ended, added, unchanged, refused"
	    " FROM imports WHERE id = ?",
	    "i", id);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1) {
		memset(out, 0, sizeof(*out));
		out->id = id;
		sql_text(s, 0, out->file, sizeof(out->file));
		sql_text(s, 1, out->who, sizeof(out->who));
		out->started = sql_int(s, 2);
		out->ended = sql_int(s, 3);
		out->added = sql_int(s, 4);
		out->unchanged = sql_int(s, 5);
		out->refused = sql_int(s, 6);
	}
	sql_close(s);
	return found;
}

int
imports_set(struct store_tx *tx, const struct import_row *row)
{
	if (!sql_run(tx,
		"UPDATE imports SET ended = ?, added = ?, unchanged = ?,"
		" refused = ? WHERE id = ?",
		"iiiii", row->ended, row->added, row->unchanged, row->refused,
		row->id))
		return 0;
	if (sqlite3_changes(tx->conn->db) == 1)
		return 1;
	ca_raise(CA_E_NOTFOUND, "import: import %lld is not there",
	    (long long)row->id);
	return 0;
}
