#include <string.h>
#include "ca/store/parked.h"
#include "ca/store/private.h"

/* What was done with --break-glass, and who has looked at it since. */

int
broken_add(struct store_tx *tx, struct broken_row *row)
{
	return sql_number(tx, &row->id,
	    "INSERT INTO break_glass (time, who, uid, op, reason, seen_by,"
	    " seen_at) VALUES (?, ?, ?, ?, ?, '', 0) RETURNING id",
	    "ititt", row->time, row->who, row->uid, row->op,
	    row->reason) == 1;
}

#define SELECT                                                                 \
	"SELECT id, time, who, uid, op, reason, seen_by, seen_at"              \
	" FROM break_glass "

static void
load(struct sql *s, struct broken_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = sql_int(s, 0);
	r->time = sql_int(s, 1);
	sql_text(s, 2, r->who, sizeof(r->who));
	r->uid = sql_int(s, 3);
	sql_text(s, 4, r->op, sizeof(r->op));
	sql_text(s, 5, r->reason, sizeof(r->reason));
	sql_text(s, 6, r->seen_by, sizeof(r->seen_by));
	r->seen_at = sql_int(s, 7);
}

int
broken_get(struct store_tx *tx, int64_t id, struct broken_row *out)
{
	struct sql *s = sql_open(tx, SELECT "WHERE id = ?", "i", id);
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1)
		load(s, out);
	sql_close(s);
	return found;
}

int
broken_see(struct store_tx *tx, int64_t id, const char *who, int64_t now)
{
	return sql_run(tx,
	    "UPDATE break_glass SET seen_by = ?, seen_at = ? WHERE id = ?"
	    " AND seen_at = 0",
	    "tii", who, now, id);
}

int
broken_list(struct store_tx *tx, int64_t before, int open, size_t limit,
    int (*cb)(const struct broken_row *row, void *arg), void *arg)
{
	struct broken_row row;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx,
	    open ? SELECT "WHERE id < ? AND seen_at = 0"
	    " ORDER BY id DESC LIMIT ?" :
	    SELECT "WHERE id < ? ORDER BY id DESC LIMIT ?",
	    "ii", before > 0 ? before : INT64_MAX, (int64_t)limit);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		load(s, &row);
		more = cb(&row, arg);
	}
	sql_close(s);
	return found >= 0;
}
