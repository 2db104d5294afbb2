#include <stdio.h>
#include <string.h>
#include "ca/store/private.h"

/* Rows of ${s} to ${cb} until it says 0; ${s} is closed. */
static int
each_row(
    struct sql *s, int (*cb)(const struct cert_row *row, void *arg), void *arg)
{
	struct cert_row row;
	int found = -1;

	while (s != NULL && (found = sql_step(s)) == 1) {
		certs_load(s, &row);
		if (!cb(&row, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

static int
has(const char *s)
{
	return s != NULL && s[0] != '\0';
}

/*
 * Every filter is a condition on a parameter of its own. The rows are wanted in
 * order of id, in pages: only a device's rows are few enough to be worth an
 * index that has another order (fleet || '' keeps it from being used).
 */
static void
filter_text(const struct cert_filter *f, char *out, size_t size)
{
	const char *fleet = !has(f->fleet) ? ""
	    : has(f->device)		   ? "AND c.fleet = ?3 "
					   : "AND c.fleet || '' = ?3 ";

	snprintf(out, size,
	    CERTS_SELECT "WHERE c.id > ?1 %s%s%s%s%s%s%s"
			 "ORDER BY c.id LIMIT ?2",
	    fleet, has(f->device) ? "AND c.device = ?4 " : "",
	    has(f->profile) ? "AND c.profile = ?5 " : "",
	    has(f->issuer) ? "AND (i.ident = ?6 OR i.name = ?6) " : "",
	    has(f->subject) ? "AND c.subject LIKE ?7 ESCAPE '\\' " : "",
	    f->state != 0 ? "AND c.state = ?8 " : "",
	    f->expires_before != 0 ? "AND c.not_after < ?9 " : "");
}

/* "%text%", with the pattern's own letters escaped. */
static void
like(const char *text, char *out, size_t size)
{
	size_t n = 0;

	out[n++] = '%';
	for (; *text != '\0' && n + 4 < size; text++) {
		if (strchr("%_\\", *text) != NULL)
			out[n++] = '\\';
		out[n++] = *text;
	}
	out[n++] = '%';
	out[n] = '\0';
}

int
certs_list(struct store_tx *tx, const struct cert_filter *f,
    int (*cb)(const struct cert_row *row, void *arg), void *arg)
{
	char text[2048], pattern[1100];
	int64_t limit = f->limit > 0 ? (int64_t)f->limit : INT64_MAX;
	struct sql *s;

	filter_text(f, text, sizeof(text));
	if ((s = sql_open_once(tx, text)) == NULL)
		return 0;
	like(has(f->subject) ? f->subject : "", pattern, sizeof(pattern));
	if (sql_bind_int(s, 1, f->after_id) && sql_bind_int(s, 2, limit) &&
	    (!has(f->fleet) || sql_bind_text(s, 3, f->fleet)) &&
	    (!has(f->device) || sql_bind_text(s, 4, f->device)) &&
	    (!has(f->profile) || sql_bind_text(s, 5, f->profile)) &&
	    (!has(f->issuer) || sql_bind_text(s, 6, f->issuer)) &&
	    (!has(f->subject) || sql_bind_text(s, 7, pattern)) &&
	    (f->state == 0 || sql_bind_int(s, 8, f->state)) &&
	    (f->expires_before == 0 || sql_bind_int(s, 9, f->expires_before)))
		return each_row(s, cb, arg);
	sql_close(s);
	return 0;
}

int
certs_revoked(struct store_tx *tx, int64_t issuer, int shard,
    int64_t keep_after, int (*cb)(const struct cert_revoked *r, void *arg),
    void *arg)
{
	struct cert_revoked r;
	struct sql *s;
	int found = -1;

	s = sql_open(tx,
	    "SELECT serial, revoked_at, reason, invalidity FROM certs"
	    " WHERE issuer = ? AND shard = ? AND state IN (3, 4)"
	    " AND not_after >= ? ORDER BY serial",
	    "idi", issuer, shard, keep_after);
	while (s != NULL && (found = sql_step(s)) == 1) {
		r.serial_len = sql_bytes(s, 0, r.serial, sizeof(r.serial));
		r.when = sql_int(s, 1);
		r.reason = (int)sql_int(s, 2);
		r.invalidity = sql_int(s, 3);
		if (!cb(&r, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
certs_changed(struct store_tx *tx, int64_t since, size_t limit,
    int (*cb)(const struct cert_row *row, void *arg), void *arg)
{
	struct cert_row row;
	int found = -1;
	struct sql *s;

	s = sql_open(tx,
	    "SELECT id, issuer, serial, state, reason, revoked_at, not_after,"
	    " recorded_at, change FROM certs"
	    /* "+ 0": a bare parameter has the statement prepared anew each
	       time, to see whether its value lies in the partial index. */
	    " WHERE change > ? + 0 AND change > 0 AND state BETWEEN 2 AND 4"
	    " ORDER BY change LIMIT ?",
	    "ii", since, limit > 0 ? (int64_t)limit : INT64_MAX);
	while (s != NULL && (found = sql_step(s)) == 1) {
		memset(&row, 0, sizeof(row));
		row.id = sql_int(s, 0);
		row.issuer = sql_int(s, 1);
		row.serial_len =
		    sql_bytes(s, 2, row.serial, sizeof(row.serial));
		row.state = (enum cert_state)sql_int(s, 3);
		row.reason = (int)sql_int(s, 4);
		row.revoked_at = sql_int(s, 5);
		row.not_after = sql_int(s, 6);
		row.recorded_at = sql_int(s, 7);
		row.change = sql_int(s, 8);
		if (!cb(&row, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
certs_revoked_since(struct store_tx *tx, int64_t since, int *out)
{
	int64_t n = 0;

	if (sql_number(tx, &n,
		"SELECT count(*) FROM (SELECT 1 FROM certs WHERE"
		" change > ? + 0 AND change > 0 AND state IN (3, 4) LIMIT 1)",
		"i", since) != 1)
		return 0;
	*out = n > 0;
	return 1;
}

int
certs_last_change(struct store_tx *tx, int64_t *out)
{
	int64_t last = 0;

	if (sql_number(tx, &last,
		"SELECT change FROM certs WHERE change > 0"
		" ORDER BY change DESC LIMIT 1",
		"") < 0)
		return 0;
	*out = last;
	return 1;
}

int
certs_count(struct store_tx *tx, int64_t issuer, int state, int64_t *out)
{
	if (state == 0)
		return sql_number(tx, out,
			   "SELECT count(*) FROM certs WHERE issuer = ?", "i",
			   issuer) == 1;
	return sql_number(tx, out,
		   "SELECT count(*) FROM certs"
		   " WHERE issuer = ? AND state = ?",
		   "id", issuer, state) == 1;
}

int
certs_sums(struct store_tx *tx, int64_t issuer,
    int (*cb)(const struct certs_sum *sum, void *arg), void *arg)
{
	struct certs_sum sum;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx,
	    "SELECT profile, state, count(*), max(not_after) FROM certs"
	    " WHERE issuer = ? GROUP BY profile, state ORDER BY profile, state",
	    "i", issuer);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		sql_text(s, 0, sum.profile, sizeof(sum.profile));
		sum.state = (enum cert_state)sql_int(s, 1);
		sum.n = sql_int(s, 2);
		sum.not_after = sql_int(s, 3);
		more = cb(&sum, arg);
	}
	sql_close(s);
	return found >= 0;
}
