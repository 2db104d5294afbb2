#include <stdio.h>
#include <string.h>
#include "ca/store/devices.h"
#include "ca/store/private.h"

static const char *const state_names[] = {
    NULL, "enabled", "parked", "disabled"};

#define N_STATES (sizeof(state_names) / sizeof(state_names[0]))

const char *
devices_state_name(enum device_state s)
{
	return (size_t)s > 0 && (size_t)s < N_STATES ? state_names[s]
						     : "unknown";
}

int
devices_state_of(const char *name)
{
	size_t i;

	for (i = 1; i < N_STATES; i++)
		if (strcmp(state_names[i], name) == 0)
			return (int)i;
	return 0;
}

#define SELECT                                                                 \
	"SELECT id, fleet, name, serial, state, key_sha256, origin, note,"     \
	" created, anchor, anchor_at, successor, retired_at, late_renewal"       \
	" FROM devices "

static void
load(struct sql *s, struct device_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = sql_int(s, 0);
	sql_text(s, 1, r->fleet, sizeof(r->fleet));
	sql_text(s, 2, r->name, sizeof(r->name));
	sql_text(s, 3, r->serial, sizeof(r->serial));
	r->state = (enum device_state)sql_int(s, 4);
	r->has_key = sql_bytes(s, 5, r->key_sha256, sizeof(r->key_sha256)) ==
	    sizeof(r->key_sha256);
	sql_text(s, 6, r->origin, sizeof(r->origin));
	sql_text(s, 7, r->note, sizeof(r->note));
	r->created = sql_int(s, 8);
	r->anchor = sql_int(s, 9);
	r->anchor_at = sql_int(s, 10);
	r->successor = sql_int(s, 11);
	r->retired_at = sql_int(s, 12);
	r->late_renewal = sql_int(s, 13) != 0;
}

static int
first_row(struct sql *s, struct device_row *out)
{
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1)
		load(s, out);
	sql_close(s);
	return found;
}

int
devices_key_is_new(struct store_tx *tx, const struct device_row *row)
{
	struct device_row other;
	int found;

	if (!row->has_key)
		return 1;
	found = first_row(
	    sql_open(tx, SELECT "WHERE key_sha256 = ? AND id <> ?", "bi",
		row->key_sha256, sizeof(row->key_sha256), row->id),
	    &other);
	if (found == 1)
		ca_raise(CA_E_DENIED,
		    "key.duplicate: this key is pinned to "
		    "device %s of fleet %s",
		    other.name, other.fleet);
	return found == 0;
}

/* Nothing like it there? 1, or 0 raised. */
static int
is_new(struct store_tx *tx, const struct device_row *row)
{
	struct device_row other;
	int found;

	found = devices_get(tx, row->fleet, row->name, &other);
	if (found == 1)
		ca_raise(CA_E_DENIED,
		    "device.duplicate: fleet %s has a device "
		    "%s already",
		    row->fleet, row->name);
	return found == 0 && devices_key_is_new(tx, row);
}

int
devices_add(struct store_tx *tx, struct device_row *row)
{
	row->id = 0;
	if (!is_new(tx, row) ||
	    !sql_run(tx,
		"INSERT INTO devices (fleet, name, serial, state, key_sha256,"
		" origin, note, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		"tttdbtti", row->fleet, row->name, row->serial, (int)row->state,
		row->has_key ? row->key_sha256 : NULL, sizeof(row->key_sha256),
		row->origin, row->note, row->created))
		return 0;
	row->id = sqlite3_last_insert_rowid(tx->conn->db);
	return 1;
}

int
devices_get(struct store_tx *tx, const char *fleet, const char *name,
    struct device_row *out)
{
	return first_row(sql_open(tx, SELECT "WHERE fleet = ? AND name = ?",
			     "tt", fleet, name),
	    out);
}

int
devices_get_by_id(struct store_tx *tx, int64_t id, struct device_row *out)
{
	return first_row(sql_open(tx, SELECT "WHERE id = ?", "i", id), out);
}

int
devices_get_by_name(
    struct store_tx *tx, const char *name, struct device_row *out)
{
	struct device_row row;
	struct sql *s;
	int found, more = 0;

	s = sql_open(
	    tx, SELECT "WHERE name = ? ORDER BY id LIMIT 2", "t", name);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1) {
		load(s, &row);
		more = sql_step(s);
	}
	sql_close(s);
	if (more == 1)
		ca_raise(CA_E_BADREQUEST,
		    "fleet: several fleets have a device "
		    "%s: say which",
		    name);
	if (found != 1 || more != 0)
		return found == 0 ? 0 : -1;
	*out = row;
	return 1;
}

int
devices_get_by_serial(struct store_tx *tx, const char *fleet,
    const char *serial, struct device_row *out)
{
	struct device_row row;
	struct sql *s;
	int found, more = 0;

	s = sql_open(tx,
	    SELECT "WHERE fleet = ? AND serial = ? AND serial <> ''"
		   " ORDER BY id LIMIT 2",
	    "tt", fleet, serial);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1) {
		load(s, &row);
		more = sql_step(s);
	}
	sql_close(s);
	if (more == 1)
		ca_raise(CA_E_DENIED,
		    "device.serial: several devices of fleet %s have the "
		    "serial number %s",
		    fleet, serial);
	if (found != 1 || more != 0)
		return found == 0 ? 0 : -1;
	*out = row;
	return 1;
}

/* Did an UPDATE of one device meet it? */
static int
was_there(struct store_tx *tx, int64_t id)
{
	if (sqlite3_changes(tx->conn->db) == 1)
		return 1;
	ca_raise(
	    CA_E_NOTFOUND, "store: device %lld is not there", (long long)id);
	return 0;
}

int
devices_set_state(
    struct store_tx *tx, int64_t id, enum device_state state, const char *note)
{
	return sql_run(tx,
		   "UPDATE devices SET state = ?, note = ?"
		   " WHERE id = ?",
		   "dti", (int)state, note == NULL ? "" : note, id) &&
	    was_there(tx, id);
}

int
devices_set_retired(struct store_tx *tx, int64_t id, int64_t now,
    int64_t successor, int release_key)
{
	return sql_run(tx,
		   "UPDATE devices SET retired_at = ?, successor = ?,"
		   " key_sha256 = CASE WHEN ? = 1 THEN NULL ELSE key_sha256 END"
		   " WHERE id = ?",
		   "iidi", now, successor, release_key, id) &&
	    was_there(tx, id);
}

int
devices_set_late_renewal(struct store_tx *tx, int64_t id, int may)
{
	return sql_run(tx, "UPDATE devices SET late_renewal = ? WHERE id = ?",
		   "di", may != 0, id) &&
	    was_there(tx, id);
}

int
devices_set_identity(struct store_tx *tx, const struct device_row *row)
{
	return devices_key_is_new(tx, row) &&
	    sql_run(tx,
		"UPDATE devices SET serial = ?, key_sha256 = ?, origin = ?"
		" WHERE id = ?",
		"tbti", row->serial, row->has_key ? row->key_sha256 : NULL,
		sizeof(row->key_sha256), row->origin, row->id) &&
	    was_there(tx, row->id);
}

/* Chains are short; one that is not, or a ring, is not believed. */
#define CHAIN_MAX 64

int
devices_leads_to(struct store_tx *tx, const char *fleet, const char *name,
    const char *to)
{
	struct device_row row;
	int found = devices_get(tx, fleet, name, &row), n;

	for (n = 0; found == 1 && n < CHAIN_MAX; n++) {
		if (strcmp(row.name, name) != 0)
			return 0;
		if (n > 0 && strcmp(row.fleet, to) == 0)
			return 1;
		if (row.successor == 0)
			return 0;
		found = devices_get_by_id(tx, row.successor, &row);
	}
	return found < 0 ? -1 : 0;
}

static int
refuse_many_fields(struct store_tx *tx, int64_t id, const char *name)
{
	int64_t n = 0;

	if (sql_number(tx, &n,
		"SELECT count(*) FROM device_fields"
		" WHERE device = ? AND name <> ?",
		"it", id, name) != 1)
		return 1;
	if (n < DEVICE_FIELDS_MAX)
		return 0;
	ca_raise(
	    CA_E_BADREQUEST, "device.fields: at most %d", DEVICE_FIELDS_MAX);
	return 1;
}

int
devices_set_field(
    struct store_tx *tx, int64_t id, const char *name, const char *value)
{
	if (value == NULL)
		return sql_run(tx,
		    "DELETE FROM device_fields"
		    " WHERE device = ? AND name = ?",
		    "it", id, name);
	return !refuse_many_fields(tx, id, name) &&
	    sql_run(tx,
		"INSERT INTO device_fields (device, name, value)"
		" VALUES (?, ?, ?) ON CONFLICT (device, name)"
		" DO UPDATE SET value = excluded.value",
		"itt", id, name, value);
}

int
devices_fields(struct store_tx *tx, int64_t id,
    int (*cb)(const char *name, const char *value, void *arg), void *arg)
{
	struct sql *s;
	int found = -1;

	s = sql_open(tx,
	    "SELECT name, value FROM device_fields"
	    " WHERE device = ? ORDER BY name",
	    "i", id);
	while (s != NULL && (found = sql_step(s)) == 1)
		if (!cb((const char *)sqlite3_column_text(s->stmt, 0),
			(const char *)sqlite3_column_text(s->stmt, 1), arg))
			break;
	sql_close(s);
	return found >= 0;
}

static int
has(const char *s)
{
	return s != NULL && s[0] != '\0';
}

/* A page in order of id; see certs_list.c for fleet || ''. */
static struct sql *
open_filter(struct store_tx *tx, const struct device_filter *f)
{
	char text[512];
	struct sql *s;

	snprintf(text, sizeof(text),
	    SELECT "WHERE id > ?1 %s%s%s"
		   "ORDER BY id LIMIT ?2",
	    has(f->fleet) ? "AND fleet || '' = ?3 " : "",
	    has(f->name) ? "AND replace(name, ?4, '') <> name " : "",
	    f->state != 0 ? "AND state = ?5 " : "");
	s = sql_open_once(tx, text);
	if (s == NULL ||
	    (sql_bind_int(s, 1, f->after_id) &&
		sql_bind_int(
		    s, 2, f->limit > 0 ? (int64_t)f->limit : INT64_MAX) &&
		(!has(f->fleet) || sql_bind_text(s, 3, f->fleet)) &&
		(!has(f->name) || sql_bind_text(s, 4, f->name)) &&
		(f->state == 0 || sql_bind_int(s, 5, f->state))))
		return s;
	sql_close(s);
	return NULL;
}

int
devices_list(struct store_tx *tx, const struct device_filter *f,
    int (*cb)(const struct device_row *row, void *arg), void *arg)
{
	struct sql *s = open_filter(tx, f);
	struct device_row row;
	int found = -1;

	while (s != NULL && (found = sql_step(s)) == 1) {
		load(s, &row);
		if (!cb(&row, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
devices_count(struct store_tx *tx, const char *fleet, int64_t *out)
{
	return sql_number(tx, out,
		   "SELECT count(*) FROM devices"
		   " WHERE fleet = ?",
		   "t", fleet) == 1;
}
