#include <stdio.h>
#include <string.h>
#include "ca/store/devices.h"
#include "ca/store/private.h"

/* Which root each device has used. */

int
devices_use_anchor(struct store_tx *tx, int64_t id, int64_t anchor, int64_t at)
{
	/* Never back: the same rule as anchor_graph_newer(). */
	if (!sql_run(tx,
		"UPDATE devices SET anchor = ?1, anchor_at = ?2"
		" WHERE id = ?3 AND (anchor = 0 OR anchor IN ("
		"  SELECT o.id FROM issuers o, issuers n WHERE n.id = ?1 AND"
		"  ((o.name = n.name AND o.generation < n.generation) OR"
		"  (o.name <> n.name AND o.id < n.id))))",
		"iii", anchor, at, id))
		return -1;
	return sqlite3_changes(tx->conn->db) > 0;
}

static int
has(const char *s)
{
	return s != NULL && s[0] != '\0';
}

/* See certs_list.c for fleet || ''. */
static struct sql *
open_counts(struct store_tx *tx, const char *fleet)
{
	if (!has(fleet))
		return sql_open(tx,
		    "SELECT fleet, anchor, count(*), max(anchor_at)"
		    " FROM devices WHERE state = 1"
		    " GROUP BY fleet, anchor ORDER BY fleet, anchor",
		    "");
	return sql_open(tx,
	    "SELECT fleet, anchor, count(*), max(anchor_at)"
	    " FROM devices WHERE state = 1 AND fleet = ?"
	    " GROUP BY fleet, anchor ORDER BY fleet, anchor",
	    "t", fleet);
}

int
devices_anchor_counts(struct store_tx *tx, const char *fleet,
    int (*cb)(const struct device_anchors *row, void *arg), void *arg)
{
	struct sql *s = open_counts(tx, fleet);
	struct device_anchors row;
	int found = -1;

	while (s != NULL && (found = sql_step(s)) == 1) {
		memset(&row, 0, sizeof(row));
		sql_text(s, 0, row.fleet, sizeof(row.fleet));
		row.anchor = sql_int(s, 1);
		row.devices = sql_int(s, 2);
		row.last = sql_int(s, 3);
		if (!cb(&row, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

/* "AND anchor [NOT] IN (1, 2) ": numbers of ours, so they may stand in the
   text. */
static int
anchor_clause(const struct device_anchor_filter *f, char *out, size_t size)
{
	size_t i, len;

	len = (size_t)snprintf(
	    out, size, "AND anchor %sIN (", f->others ? "NOT " : "");
	for (i = 0; i < f->n_anchors && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%lld",
		    i > 0 ? ", " : "", (long long)f->anchors[i]);
	if (len < size)
		len += (size_t)snprintf(out + len, size - len, ") ");
	if (len < size)
		return 1;
	ca_raise(CA_E_INTERNAL, "devices: too many anchors");
	return 0;
}

static struct sql *
open_list(struct store_tx *tx, const struct device_anchor_filter *f)
{
	char clause[2048], text[2560];
	struct sql *s;

	if (!anchor_clause(f, clause, sizeof(clause)))
		return NULL;
	snprintf(text, sizeof(text),
	    "SELECT id, fleet, name, anchor, anchor_at FROM devices"
	    " WHERE id > ?1 AND state = 1 %s%sORDER BY id LIMIT ?2",
	    clause, has(f->fleet) ? "AND fleet || '' = ?3 " : "");
	s = sql_open_once(tx, text);
	if (s == NULL ||
	    (sql_bind_int(s, 1, f->after_id) &&
		sql_bind_int(
		    s, 2, f->limit > 0 ? (int64_t)f->limit : INT64_MAX) &&
		(!has(f->fleet) || sql_bind_text(s, 3, f->fleet))))
		return s;
	sql_close(s);
	return NULL;
}

int
devices_anchor_list(struct store_tx *tx, const struct device_anchor_filter *f,
    int (*cb)(const struct device_row *row, void *arg), void *arg)
{
	struct sql *s = open_list(tx, f);
	struct device_row row;
	int found = -1;

	while (s != NULL && (found = sql_step(s)) == 1) {
		memset(&row, 0, sizeof(row));
		row.id = sql_int(s, 0);
		sql_text(s, 1, row.fleet, sizeof(row.fleet));
		sql_text(s, 2, row.name, sizeof(row.name));
		row.state = DEVICE_ENABLED;
		row.anchor = sql_int(s, 3);
		row.anchor_at = sql_int(s, 4);
		if (!cb(&row, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}
