#include <string.h>
#include <openssl/crypto.h>
#include "ca/store/private.h"
#include "ca/store/reports.h"

int
reports_issued(struct store_tx *tx, int64_t from, int64_t to,
    int (*cb)(const struct report_issued *r, void *arg), void *arg)
{
	struct report_issued r;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx,
	    "SELECT i.ident, c.profile, count(*) FROM certs c"
	    " JOIN issuers i ON i.id = c.issuer"
	    " WHERE c.recorded_at >= ? AND c.recorded_at < ?"
	    " GROUP BY i.ident, c.profile ORDER BY i.ident, c.profile",
	    "ii", from, to);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		sql_text(s, 0, r.issuer, sizeof(r.issuer));
		sql_text(s, 1, r.profile, sizeof(r.profile));
		r.n = sql_int(s, 2);
		more = cb(&r, arg);
	}
	sql_close(s);
	return found >= 0;
}

int
reports_revoked(struct store_tx *tx, int64_t from, int64_t to,
    int (*cb)(const struct report_revoked *r, void *arg), void *arg)
{
	struct report_revoked r;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx,
	    "SELECT ident, reason, count(*), count(after),"
	    " coalesce(sum(after), 0), coalesce(max(after), 0) FROM ("
	    "SELECT i.ident AS ident, c.reason AS reason,"
	    " (SELECT min(k.this_update) FROM crls k WHERE k.issuer = c.issuer"
	    " AND k.shard = c.shard AND k.this_update >= c.revoked_at)"
	    " - c.revoked_at AS after"
	    " FROM certs c JOIN issuers i ON i.id = c.issuer"
	    " WHERE c.state IN (3, 4) AND c.revoked_at >= ?"
	    " AND c.revoked_at < ?) AS r"
	    " GROUP BY ident, reason ORDER BY ident, reason",
	    "ii", from, to);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		sql_text(s, 0, r.issuer, sizeof(r.issuer));
		r.reason = (int)sql_int(s, 1);
		r.n = sql_int(s, 2);
		r.published = sql_int(s, 3);
		r.mean = r.published > 0 ? sql_int(s, 4) / r.published : 0;
		r.most = sql_int(s, 5);
		more = cb(&r, arg);
	}
	sql_close(s);
	return found >= 0;
}

int
reports_crls(struct store_tx *tx, int64_t from, int64_t to,
    int (*cb)(const struct report_crl *r, void *arg), void *arg)
{
	struct report_crl r;
	struct sql *s;
	int found = -1, more = 1;
	int64_t until, due;

	/* What the one before promised, beside each of them. */
	s = sql_open(tx,
	    "SELECT ident, shard, number, this_update, until,"
	    " CASE WHEN every > 0 THEN before + every ELSE until END FROM ("
	    "SELECT i.ident AS ident, k.shard AS shard, k.number AS number,"
	    " k.this_update AS this_update, i.crl_interval AS every,"
	    " lag(k.next_update) OVER w AS until,"
	    " lag(k.this_update) OVER w AS before"
	    " FROM crls k JOIN issuers i ON i.id = k.issuer"
	    " WINDOW w AS (PARTITION BY k.issuer, k.shard ORDER BY k.number))"
	    " AS c WHERE this_update >= ? AND this_update < ?"
	    " AND until IS NOT NULL ORDER BY ident, shard, number",
	    "ii", from, to);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		sql_text(s, 0, r.issuer, sizeof(r.issuer));
		r.shard = (int)sql_int(s, 1);
		r.number = sql_int(s, 2);
		r.this_update = sql_int(s, 3);
		until = sql_int(s, 4);
		due = sql_int(s, 5);
		r.expired = r.this_update > until;
		r.late = r.this_update - due;
		if (r.late > REPORTS_CRL_GRACE || r.expired)
			more = cb(&r, arg);
	}
	sql_close(s);
	return found >= 0;
}

static int
load(struct sql *s, struct entry_row *r)
{
	memset(r, 0, sizeof(*r));
	r->index = sql_int(s, 0);
	r->time = sql_int(s, 1);
	sql_text(s, 2, r->kind, sizeof(r->kind));
	return sql_copy(s, 3, &r->detail, &r->detail_len);
}

int
reports_events(struct store_tx *tx, int64_t from, int64_t to, int64_t first,
    int64_t end, size_t limit,
    int (*cb)(const struct entry_row *row, void *arg), void *arg)
{
	struct entry_row row;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx,
	    "SELECT idx, time, kind, detail FROM entries"
	    " WHERE idx >= ? AND idx < ? AND time >= ? AND time < ?"
	    " AND (kind IN ('ceremony', 'policy', 'break-glass',"
	    " 'break-glass.seen', 'campaign.start', 'campaign.end',"
	    " 'enrol.approved', 'enrol.denied')"
	    " OR kind LIKE 'request.%' OR kind LIKE 'ca.%'"
	    " OR kind LIKE 'ceremony.%' OR kind LIKE 'alarm.%')"
	    " ORDER BY idx LIMIT ?",
	    "iiiii", first, end, from, to, (int64_t)limit);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		if (load(s, &row))
			more = cb(&row, arg);
		else
			found = -1;
		entries_row_clear(&row);
		if (found < 0)
			break;
	}
	sql_close(s);
	return found >= 0;
}
