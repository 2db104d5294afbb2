#include <string.h>
#include <openssl/crypto.h>
#include "ca/store/parked.h"
#include "ca/store/private.h"

#define OPEN " state IN (1, 2, 3) "

static const char *const STATES[] = {"", "waiting", "approved", "running",
    "done", "failed", "denied", "expired", "void", "interrupted"};

const char *
parked_state_name(enum parked_state s)
{
	return s >= PARKED_WAITING && s <= PARKED_INTERRUPTED ? STATES[s] : "?";
}

int
parked_is_open(enum parked_state s)
{
	return s >= PARKED_WAITING && s <= PARKED_RUNNING;
}

void
parked_row_clear(struct parked_row *row)
{
	OPENSSL_free(row->content);
	OPENSSL_free(row->result);
	memset(row, 0, sizeof(*row));
}

int
parked_next(struct store_tx *tx, int64_t *id)
{
	int64_t last = 0;

	if (sql_number(tx, &last, "SELECT max(id) FROM parked", "") < 0)
		return 0;
	*id = last + 1;
	return 1;
}

int
parked_add(struct store_tx *tx, const struct parked_row *row)
{
	return sql_run(tx,
	    "INSERT INTO parked (id, kind, op, state, asker, uid, need,"
	    " created, expires, ended, log_from, sha256, note, content)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    "ittdtiiiiiibtb", row->id, row->kind, row->op, (int)row->state,
	    row->asker, row->uid, row->need, row->created, row->expires,
	    row->ended, row->log_from, row->sha256, sizeof(row->sha256),
	    row->note, row->content, row->content_len);
}

#define SELECT                                                                 \
	"SELECT id, kind, op, state, asker, uid, need, created, expires,"      \
	" ended, log_from, sha256, note, content, (SELECT count(*) FROM"       \
	" parked_approvals a WHERE a.request = p.id), e.fleet, e.device"

#define FROM                                                                   \
	" FROM parked p LEFT JOIN parked_enrol e ON e.request = p.id "

static int
load(struct sql *s, struct parked_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = sql_int(s, 0);
	sql_text(s, 1, r->kind, sizeof(r->kind));
	sql_text(s, 2, r->op, sizeof(r->op));
	r->state = (enum parked_state)sql_int(s, 3);
	sql_text(s, 4, r->asker, sizeof(r->asker));
	r->uid = sql_int(s, 5);
	r->need = sql_int(s, 6);
	r->created = sql_int(s, 7);
	r->expires = sql_int(s, 8);
	r->ended = sql_int(s, 9);
	r->log_from = sql_int(s, 10);
	sql_bytes(s, 11, r->sha256, sizeof(r->sha256));
	sql_text(s, 12, r->note, sizeof(r->note));
	r->got = sql_int(s, 14);
	sql_text(s, 15, r->fleet, sizeof(r->fleet));
	sql_text(s, 16, r->device, sizeof(r->device));
	return sql_copy(s, 13, &r->content, &r->content_len);
}

int
parked_get(struct store_tx *tx, int64_t id, struct parked_row *out)
{
	struct sql *s;
	int found = -1;

	s = sql_open(tx, SELECT ", result" FROM "WHERE id = ?", "i", id);
	if (s != NULL)
		found = sql_step(s);
	if (found == 1 && (!load(s, out) ||
	    (sqlite3_column_type(s->stmt, 17) != SQLITE_NULL &&
	    !sql_copy(s, 17, &out->result, &out->result_len)))) {
		parked_row_clear(out);
		found = -1;
	}
	sql_close(s);
	return found;
}

int
parked_update(struct store_tx *tx, const struct parked_row *row)
{
	return sql_run(tx,
	    "UPDATE parked SET state = ?, ended = ?, log_from = ?, note = ?,"
	    " result = ? WHERE id = ?",
	    "diitbi", (int)row->state, row->ended, row->log_from, row->note,
	    row->result, row->result_len, row->id);
}

/* With a kind it goes by the index of kinds, so that many devices' requests are
   not in the way of a few operators'. */
static struct sql *
open_list(struct store_tx *tx, const struct parked_filter *f)
{
	int64_t before = f->before > 0 ? f->before : INT64_MAX;
	int64_t limit = (int64_t)f->limit;

#define FLEET " AND (?2 IS NULL OR e.fleet = ?2)"
#define NEWEST " ORDER BY p.id DESC LIMIT ?3"
	if (f->kind != NULL && f->open)
		return sql_open(tx, SELECT FROM "WHERE p.kind = ?4 AND p.id <"
		    " ?1 AND" OPEN FLEET NEWEST, "itit", before, f->fleet,
		    limit, f->kind);
	if (f->kind != NULL)
		return sql_open(tx, SELECT FROM "WHERE p.kind = ?4 AND p.id <"
		    " ?1" FLEET NEWEST, "itit", before, f->fleet, limit,
		    f->kind);
	if (f->open)
		return sql_open(tx, SELECT FROM "WHERE p.id < ?1 AND" OPEN
		    FLEET NEWEST, "iti", before, f->fleet, limit);
	return sql_open(tx, SELECT FROM "WHERE p.id < ?1" FLEET NEWEST, "iti",
	    before, f->fleet, limit);
}

int
parked_list(struct store_tx *tx, const struct parked_filter *f,
    int (*cb)(const struct parked_row *row, void *arg), void *arg)
{
	struct sql *s = open_list(tx, f);
	struct parked_row row;
	int found = -1, more = 1;

	while (s != NULL && more && (found = sql_step(s)) == 1) {
		if (load(s, &row))
			more = cb(&row, arg);
		else
			found = -1;
		parked_row_clear(&row);
		if (found < 0)
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
parked_count(struct store_tx *tx, const char *kind, enum parked_state state,
    int64_t *n)
{
	return sql_number(tx, n,
	    "SELECT count(*) FROM parked WHERE" OPEN
	    "AND state = ? AND kind = ?", "dt", (int)state, kind) == 1;
}

int
parked_first(struct store_tx *tx, enum parked_state state, int64_t until,
    int64_t *id)
{
	*id = 0;
	return sql_number(tx, id,
	    "SELECT min(id) FROM parked WHERE" OPEN
	    "AND state = ? AND expires <= ?",
	    "di", (int)state, until) >= 0;
}

int
parked_count_open(struct store_tx *tx, int64_t uid, int64_t *n)
{
	return sql_number(tx, n,
	    "SELECT count(*) FROM parked WHERE" OPEN
	    "AND kind = '" PARKED_BY_OPERATOR "' AND (uid = ? OR ? < 0)",
	    "ii", uid, uid) == 1;
}

int
parked_approve(struct store_tx *tx, int64_t id,
    const struct parked_approval *a)
{
	int ok = sql_run(tx,
	    "INSERT INTO parked_approvals (request, operator, uid, time, note)"
	    " VALUES (?, ?, ?, ?, ?)",
	    "itiit", id, a->operator, a->uid, a->time, a->note);

	if (!ok && sql_is_duplicate(tx))
		ca_raise(CA_E_DENIED, "approval.twice: %s has approved this "
		    "request already", a->operator);
	return ok;
}

int
parked_approvals(struct store_tx *tx, int64_t id,
    int (*cb)(const struct parked_approval *a, void *arg), void *arg)
{
	struct parked_approval a;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx,
	    "SELECT operator, uid, time, note FROM parked_approvals"
	    " WHERE request = ? ORDER BY time, operator", "i", id);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		sql_text(s, 0, a.operator, sizeof(a.operator));
		a.uid = sql_int(s, 1);
		a.time = sql_int(s, 2);
		a.note = (const char *)sqlite3_column_text(s->stmt, 3);
		more = cb(&a, arg);
	}
	sql_close(s);
	return found >= 0;
}
