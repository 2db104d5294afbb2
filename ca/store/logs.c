#include <string.h>
#include <openssl/crypto.h>
#include "ca/store/logs.h"
#include "ca/store/private.h"

static void
load_log(struct sql *s, struct log_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = sql_int(s, 0);
	sql_text(s, 1, r->origin, sizeof(r->origin));
	sql_text(s, 2, r->vkey, sizeof(r->vkey));
	r->time = sql_int(s, 3);
}

#define LOGS "SELECT id, origin, vkey, time FROM logs"

int
logs_last(struct store_tx *tx, struct log_row *out)
{
	struct sql *s = sql_open(tx, LOGS " ORDER BY id DESC LIMIT 1", "");
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1)
		load_log(s, out);
	sql_close(s);
	return found;
}

int
logs_add(struct store_tx *tx, struct log_row *row)
{
	int64_t last = 0;

	if (sql_number(tx, &last, "SELECT max(id) FROM logs", "") < 0)
		return 0;
	if (row->id <= last)
		row->id = last + 1;
	return sql_run(tx,
	    "INSERT INTO logs (id, origin, vkey, time) VALUES (?, ?, ?, ?)",
	    "itti", row->id, row->origin, row->vkey, row->time);
}

int
logs_list(struct store_tx *tx, int (*cb)(const struct log_row *row, void *arg),
    void *arg)
{
	struct sql *s = sql_open(tx, LOGS " ORDER BY id", "");
	struct log_row row;
	int found = -1, more = 1;

	while (s != NULL && more && (found = sql_step(s)) == 1) {
		load_log(s, &row);
		more = cb(&row, arg);
	}
	sql_close(s);
	return found >= 0;
}

void
logs_checkpoint_clear(struct log_checkpoint_row *row)
{
	OPENSSL_free(row->note);
	row->note = NULL;
}

int
logs_checkpoint_add(struct store_tx *tx, const struct log_checkpoint_row *row)
{
	int64_t last = -1;

	if (sql_number(tx, &last,
		"SELECT max(size) FROM log_checkpoints WHERE log = ?", "i",
		row->log) < 0)
		return 0;
	if (row->size <= last) {
		ca_raise(CA_E_DENIED,
		    "log.size: a checkpoint over %lld entries is signed "
		    "already, and this one has %lld",
		    (long long)last, (long long)row->size);
		return 0;
	}
	return sql_run(tx,
	    "INSERT INTO log_checkpoints (log, size, time, root, note,"
	    " cosigned) VALUES (?, ?, ?, ?, ?, ?)",
	    "iiibtd", row->log, row->size, row->time, row->root,
	    sizeof(row->root), row->note, row->cosigned);
}

static int
load(struct sql *s, struct log_checkpoint_row *r)
{
	unsigned char *note = NULL;
	size_t len = 0;

	memset(r, 0, sizeof(*r));
	r->log = sql_int(s, 0);
	r->size = sql_int(s, 1);
	r->time = sql_int(s, 2);
	if (sql_bytes(s, 3, r->root, sizeof(r->root)) != sizeof(r->root) ||
	    !sql_copy(s, 4, &note, &len))
		goto err;
	r->cosigned = (int)sql_int(s, 5);
	if (note != NULL && len <= LOGS_NOTE_MAX)
		r->note = OPENSSL_strndup((const char *)note, len);
	OPENSSL_free(note);
	if (r->note != NULL)
		return 1;
err:
	ca_raise(CA_E_STORE, "log: checkpoint %lld of the store cannot be read",
	    (long long)r->size);
	return 0;
}

/* The row that ${s} (given, NULL: raised) finds. */
static int
get(struct sql *s, struct log_checkpoint_row *out)
{
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1 && !load(s, out))
		found = -1;
	sql_close(s);
	return found;
}

#define CHECKPOINTS                                                            \
	"SELECT log, size, time, root, note, cosigned FROM log_checkpoints"    \
	" WHERE log = ?"

int
logs_checkpoint_get(struct store_tx *tx, int64_t log, int64_t size,
    int cosigned, struct log_checkpoint_row *out)
{
	return get(sql_open(tx,
		       CHECKPOINTS " AND (size = ? OR ? < 0) AND cosigned >= ?"
				   " ORDER BY size DESC LIMIT 1",
		       "iiid", log, size, size, cosigned != 0),
	    out);
}

int
logs_checkpoint_over(struct store_tx *tx, int64_t log, int64_t index,
    struct log_checkpoint_row *out)
{
	return get(
	    sql_open(tx, CHECKPOINTS " AND size > ? ORDER BY size LIMIT 1",
		"ii", log, index),
	    out);
}

int
logs_checkpoint_set_note(struct store_tx *tx, int64_t log, int64_t size,
    const char *note, int cosigned)
{
	return sql_run(tx,
	    "UPDATE log_checkpoints SET note = ?, cosigned = ?"
	    " WHERE log = ? AND size = ?",
	    "tdii", note, cosigned, log, size);
}

int
logs_checkpoint_thin(struct store_tx *tx, int64_t log, int64_t before)
{
	return sql_run(tx,
	    "DELETE FROM log_checkpoints WHERE log = ? AND time < ?"
	    " AND cosigned = 0 AND size NOT IN"
	    " (SELECT max(size) FROM log_checkpoints WHERE log = ?"
	    " GROUP BY time / 3600)",
	    "iii", log, before - before % 3600, log);
}

int
logs_checkpoint_list(struct store_tx *tx, int64_t log, int64_t from,
    int (*cb)(const struct log_checkpoint_row *row, void *arg), void *arg)
{
	struct log_checkpoint_row row;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx, CHECKPOINTS " AND size >= ? ORDER BY size", "ii", log,
	    from);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		if (!load(s, &row)) {
			found = -1;
			break;
		}
		more = cb(&row, arg);
		logs_checkpoint_clear(&row);
	}
	sql_close(s);
	return found >= 0;
}
