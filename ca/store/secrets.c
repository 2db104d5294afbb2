#include <string.h>
#include "ca/store/devices.h"
#include "ca/store/private.h"

#define SELECT                                                                 \
	"SELECT id, login, fleets, device, kind, reusable, salt, hash,"        \
	" created, expires, used_at, revoked FROM secrets "

static void
load(struct sql *s, struct secret_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = sql_int(s, 0);
	sql_text(s, 1, r->user, sizeof(r->user));
	sql_text(s, 2, r->fleets, sizeof(r->fleets));
	sql_text(s, 3, r->device, sizeof(r->device));
	r->kind = (enum secret_kind)sql_int(s, 4);
	r->reusable = (int)sql_int(s, 5);
	sql_bytes(s, 6, r->salt, sizeof(r->salt));
	sql_bytes(s, 7, r->hash, sizeof(r->hash));
	r->created = sql_int(s, 8);
	r->expires = sql_int(s, 9);
	r->used_at = sql_int(s, 10);
	r->revoked = (int)sql_int(s, 11);
}

int
secrets_add(struct store_tx *tx, struct secret_row *row)
{
	if (sql_run(tx,
		"INSERT INTO secrets (login, fleets, device, kind,"
		" reusable, salt, hash, created, expires, used_at, revoked)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"tttddbbiiid", row->user, row->fleets, row->device,
		(int)row->kind, row->reusable, row->salt, sizeof(row->salt),
		row->hash, sizeof(row->hash), row->created, row->expires,
		row->used_at, row->revoked)) {
		row->id = sqlite3_last_insert_rowid(tx->conn->db);
		return 1;
	}
	if (sql_is_duplicate(tx))
		ca_raise(CA_E_DENIED,
		    "secret.duplicate: there is a secret for "
		    "user %s already",
		    row->user);
	return 0;
}

static int
first_row(struct sql *s, struct secret_row *out)
{
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1)
		load(s, out);
	sql_close(s);
	return found;
}

int
secrets_get(struct store_tx *tx, const char *user, struct secret_row *out)
{
	return first_row(
	    sql_open(tx, SELECT "WHERE login = ?", "t", user), out);
}

/* The look and the mark stand in one transaction of the only writer. */
int
secrets_use(struct store_tx *tx, int64_t id, int64_t now)
{
	struct secret_row row;
	int found;

	found = first_row(sql_open(tx, SELECT "WHERE id = ?", "i", id), &row);
	if (found == 0)
		ca_raise(CA_E_UNAUTHENTICATED, "secret.unknown: it is gone");
	if (found != 1)
		return 0;
	if (row.revoked) {
		ca_raise(CA_E_UNAUTHENTICATED,
		    "secret.revoked: it was taken "
		    "back");
		return 0;
	}
	if (!row.reusable && row.used_at != 0) {
		ca_raise(CA_E_UNAUTHENTICATED,
		    "secret.used: it served its "
		    "one time");
		return 0;
	}
	return sql_run(
	    tx, "UPDATE secrets SET used_at = ? WHERE id = ?", "ii", now, id);
}

int
secrets_unuse(struct store_tx *tx, const char *user, int64_t used_at)
{
	return sql_run(tx,
	    "UPDATE secrets SET used_at = 0"
	    " WHERE login = ? AND reusable = 0 AND used_at = ?",
	    "ti", user, used_at);
}

int
secrets_revoke(struct store_tx *tx, int64_t id)
{
	if (!sql_run(
		tx, "UPDATE secrets SET revoked = 1 WHERE id = ?", "i", id))
		return 0;
	if (sqlite3_changes(tx->conn->db) == 1)
		return 1;
	ca_raise(
	    CA_E_NOTFOUND, "store: secret %lld is not there", (long long)id);
	return 0;
}

int
secrets_revoke_of(
    struct store_tx *tx, const char *fleet, const char *device, int64_t *n)
{
	if (!sql_run(tx,
		"UPDATE secrets SET revoked = 1 WHERE device = ?1"
		" AND revoked = 0 AND replace(',' || fleets || ',',"
		" ',' || ?2 || ',', '') <> ',' || fleets || ','",
		"tt", device, fleet))
		return 0;
	*n = sqlite3_changes(tx->conn->db);
	return 1;
}

int
secrets_list(struct store_tx *tx, int64_t after_id, size_t limit,
    int (*cb)(const struct secret_row *row, void *arg), void *arg)
{
	struct secret_row row;
	struct sql *s;
	int found = -1;

	s = sql_open(tx, SELECT "WHERE id > ? ORDER BY id LIMIT ?", "ii",
	    after_id, (int64_t)limit);
	while (s != NULL && (found = sql_step(s)) == 1) {
		load(s, &row);
		if (!cb(&row, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}
