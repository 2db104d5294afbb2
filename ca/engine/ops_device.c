#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/records.h"
#include "ca/engine/stage.h"
#include "ca/engine/ops.h"

/* The registry, as operators see it. */

#define SET_FIELDS_MAX DEVICE_FIELDS_MAX

struct adding {
	struct ops_call *c;
	struct device_row row;
	const char *kind;	/* of the log entry */
};

static int
entry(struct store_tx *tx, struct adding *a)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "fleet", a->row.fleet) &&
	    field_add_text(l, "device", a->row.name) &&
	    field_add_text(l, "state", devices_state_name(a->row.state)) &&
	    field_add_text(l, "who", a->c->who) &&
	    field_add_text(l, "note", a->row.note) &&
	    (!a->row.has_key || field_add_bytes(l, "key_sha256",
	    a->row.key_sha256, 32)) &&
	    entries_append(tx, a->kind, a->c->now, l, NULL);
	field_list_free(l);
	return ok;
}

/* "model=X1": the name is ours to judge, the value is text. */
static int
add_field(struct store_tx *tx, struct adding *a, const char *pair)
{
	char name[64];
	const char *eq = strchr(pair, '=');
	size_t n;

	n = eq == NULL ? 0 : (size_t)(eq - pair);
	if (n == 0 || n >= sizeof(name) || strspn(pair,
	    "abcdefghijklmnopqrstuvwxyz0123456789_") != n || eq[1] == '\0') {
		ca_raise(CA_E_BADREQUEST, "device.set: \"%s\" is not of the "
		    "form field=value with a name of a-z, 0-9 and _", pair);
		return 0;
	}
	memcpy(name, pair, n);
	name[n] = '\0';
	return devices_set_field(tx, a->row.id, name, eq + 1);
}

static int
add_tx(struct store_tx *tx, void *arg)
{
	struct adding *a = arg;
	const WIRE_FIELD *f;
	size_t i;

	if (!devices_add(tx, &a->row))
		return 0;
	for (i = 0; (f = field_find(a->c->args, "set", i)) != NULL; i++)
		if (!add_field(tx, a, field_get_text(f)))
			return 0;
	return entry(tx, a);
}

static int
take_device(struct ops_call *c, struct device_row *row)
{
	const char *name = ops_text(c, "name"), *fleet = ops_text(c, "fleet");
	const char *serial = ops_text(c, "serial");
	const unsigned char *key;
	size_t len;

	if (!stage_name_ok(name))
		return ops_bad(c, "name", "a device's name has 1 to 64 "
		    "characters, none of them a control character, and no "
		    "blank at its ends");
	if (serial != NULL && !stage_name_ok(serial))
		return ops_bad(c, "serial", "a serial number is as a name: 1 "
		    "to 64 characters, no control character, no blank at its "
		    "ends");
	if (field_count(c->args, "set") > SET_FIELDS_MAX)
		return ops_bad(c, "set", "more than %d fields",
		    SET_FIELDS_MAX);
	snprintf(row->fleet, sizeof(row->fleet), "%s", fleet);
	snprintf(row->name, sizeof(row->name), "%s", name);
	snprintf(row->serial, sizeof(row->serial), "%s",
	    serial == NULL ? "" : serial);
	snprintf(row->origin, sizeof(row->origin), "operator:%u",
	    (unsigned)c->peer->uid);
	row->state = DEVICE_ENABLED;
	row->created = c->now;
	key = field_bytes(c->args, "key", &len);
	if (key == NULL)
		return 1;
	row->has_key = 1;
	return spki_inspect(key, len) != SPKI_UNKNOWN &&
	    spki_sha256(key, len, row->key_sha256);
}

static int
fleet_known(struct ops_call *c)
{
	struct policy *p = ca_policy(c->ca);
	int known = policy_fleet(p, ops_text(c, "fleet")) != NULL;

	policy_put(p);
	return known || ops_not_found(c, "fleet", "no fleet \"%s\"",
	    ops_text(c, "fleet"));
}

int
ops_device_add(struct ops_call *c)
{
	struct adding a = {.c = c, .kind = "device.add"};

	c->o.authenticated = 1;
	if (!fleet_known(c) || !take_device(c, &a.row) ||
	    !store_write(c->ca->store, add_tx, &a, 0))
		return 0;
	report_event(REPORT_INFO, "device.added", "req", c->req, "who", c->who,
	    "fleet", a.row.fleet, "device", a.row.name, NULL);
	return ops_add_device(c, c->answer->values, &a.row);
}

struct listing {
	struct ops_call *c;
	struct device_filter f;
	struct device_row *rows;
	size_t n;
};

static int
list_one(const struct device_row *row, void *arg)
{
	struct listing *l = arg;

	l->rows[l->n++] = *row;
	return l->n < l->f.limit;
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct listing *l = arg;

	return devices_list(tx, &l->f, list_one, l);
}

int
ops_device_list(struct ops_call *c)
{
	struct listing l = {.c = c};
	const char *state = ops_text(c, "state");
	size_t i;
	int ok;

	l.f.fleet = ops_text(c, "fleet");
	l.f.name = ops_text(c, "name");
	l.f.after_id = ops_cursor(c);
	l.f.limit = ops_limit(c);
	if (state != NULL && (l.f.state = devices_state_of(state)) == 0)
		return ops_bad(c, "state", "\"%s\" is none of enabled, parked, "
		    "disabled", state);
	l.rows = OPENSSL_zalloc(l.f.limit * sizeof(*l.rows));
	ok = l.rows != NULL && ops_read(c, list_tx, &l);
	for (i = 0; ok && i < l.n && !c->page_full; i++) {
		ok = ops_add_device(c, message_add_row(c->answer),
		    &l.rows[i]);
		(void)ops_room(c);
	}
	ok = ok && ops_set_cursor(c, i > 0 ? l.rows[i - 1].id : 0, l.n);
	OPENSSL_free(l.rows);
	return ok;
}

struct showing {
	struct ops_call *c;
	struct cert_filter f;
};

static int
show_cert(const struct cert_row *row, void *arg)
{
	struct showing *s = arg;

	return ops_add_cert(message_add_row(s->c->answer), row) &&
	    ops_room(s->c);
}

static int
show_tx(struct store_tx *tx, void *arg)
{
	struct showing *s = arg;

	return certs_list(tx, &s->f, show_cert, s);
}

int
ops_device_show(struct ops_call *c)
{
	struct device_row row;
	struct showing s = {.c = c};

	if (!ops_find_device(c, &row))
		return 0;
	s.f.fleet = row.fleet;
	s.f.device = row.name;
	s.f.limit = WIRE_ROWS_MAX;
	return ops_add_device(c, c->answer->values, &row) &&
	    ops_read(c, show_tx, &s);
}

static int
state_tx(struct store_tx *tx, void *arg)
{
	struct adding *a = arg;
	struct device_row is;

	if (devices_get_by_id(tx, a->row.id, &is) != 1) {
		ca_raise(CA_E_NOTFOUND, "device: it is gone");
		return 0;
	}
	if (is.retired_at != 0) {
		ca_raise(CA_E_DENIED, "device.retired: it is out of service "
		    "for good");
		return 0;
	}
	return devices_set_state(tx, a->row.id, a->row.state, a->row.note) &&
	    entry(tx, a);
}

static int
set_state(struct ops_call *c, enum device_state state)
{
	struct adding a = {.c = c, .kind = "device.state"};
	const char *why = ops_text(c, "reason");

	c->o.authenticated = 1;
	if (!ops_find_device(c, &a.row))
		return 0;
	a.row.state = state;
	snprintf(a.row.note, sizeof(a.row.note), "%s", why == NULL ? "" : why);
	if (!store_write(c->ca->store, state_tx, &a, STORE_URGENT))
		return 0;
	report_event(REPORT_INFO, "device.state", "req", c->req, "who", c->who,
	    "fleet", a.row.fleet, "device", a.row.name, "state",
	    devices_state_name(state), NULL);
	return ops_add_device(c, c->answer->values, &a.row);
}

int
ops_device_disable(struct ops_call *c)
{
	return set_state(c, DEVICE_DISABLED);
}

int
ops_device_enable(struct ops_call *c)
{
	return set_state(c, DEVICE_ENABLED);
}
