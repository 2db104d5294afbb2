#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/records.h"
#include "ca/engine/ops.h"
#include "ca/engine/stage.h"

/*
 * What the registry says of a device, changed: fields, serial number, consent
 * to renewals after the end. The next renewal holds it against the certificate
 * that the device has (renew_identity.c).
 */

struct setting {
	struct ops_call *c;
	struct device_row row;
	const char *late, *serial;	/* NULL: as it is */
};

static int
bad(const char *pair)
{
	ca_raise(CA_E_BADREQUEST,
	    "device.set: \"%.64s\" is not of the form field=value with a name "
	    "of a-z, 0-9 and _",
	    pair);
	return 0;
}

/* "model=X1"; "model=" takes the field away. */
static int
set_field(struct store_tx *tx, int64_t id, const char *pair)
{
	const char *eq = strchr(pair, '=');
	char name[64];
	size_t n = eq == NULL ? 0 : (size_t)(eq - pair);

	if (n == 0 || n >= sizeof(name) ||
	    strspn(pair, "abcdefghijklmnopqrstuvwxyz0123456789_") != n)
		return bad(pair);
	memcpy(name, pair, n);
	name[n] = '\0';
	return devices_set_field(
	    tx, id, name, eq[1] == '\0' ? NULL : eq + 1);
}

static int
entry(struct store_tx *tx, const struct setting *s)
{
	WIRE_FIELDS *l = field_list_new();
	const WIRE_FIELD *f;
	size_t i;
	int ok;

	ok = l != NULL && field_add_text(l, "fleet", s->row.fleet) &&
	    field_add_text(l, "device", s->row.name) &&
	    field_add_text(l, "who", s->c->who) &&
	    (s->serial == NULL || field_add_text(l, "serial", s->serial)) &&
	    (s->late == NULL || field_add_text(l, "late_renewal", s->late));
	for (i = 0; ok && (f = field_find(s->c->args, "set", i)) != NULL; i++)
		ok = field_add_text(l, "set", field_get_text(f));
	ok = ok && entries_append(tx, "device.set", s->c->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
set_serial(struct store_tx *tx, struct setting *s)
{
	if (s->serial == NULL)
		return 1;
	snprintf(s->row.serial, sizeof(s->row.serial), "%s", s->serial);
	return devices_set_identity(tx, &s->row);
}

static int
set_tx(struct store_tx *tx, void *arg)
{
	struct setting *s = arg;
	const WIRE_FIELD *f;
	size_t i;

	if (devices_get_by_id(tx, s->row.id, &s->row) != 1) {
		ca_raise(CA_E_NOTFOUND, "device: it is gone");
		return 0;
	}
	if (s->row.retired_at != 0) {
		ca_raise(CA_E_DENIED,
		    "device.retired: it is out of service for good");
		return 0;
	}
	for (i = 0; (f = field_find(s->c->args, "set", i)) != NULL; i++)
		if (!set_field(tx, s->row.id, field_get_text(f)))
			return 0;
	return set_serial(tx, s) &&
	    (s->late == NULL ||
		devices_set_late_renewal(
		    tx, s->row.id, strcmp(s->late, "yes") == 0)) &&
	    entry(tx, s) && devices_get_by_id(tx, s->row.id, &s->row) == 1;
}

int
ops_device_set(struct ops_call *c)
{
	struct setting s = {.c = c,
	    .late = ops_text(c, "late_renewal"),
	    .serial = ops_text(c, "serial")};

	c->o.authenticated = 1;
	if (s.late != NULL && strcmp(s.late, "yes") != 0 &&
	    strcmp(s.late, "no") != 0)
		return ops_bad(c, "late_renewal", "must be yes or no");
	if (s.serial != NULL && s.serial[0] != '\0' && !stage_name_ok(s.serial))
		return ops_bad(c, "serial", "a serial number is as a name: 1 "
		    "to 64 characters, no control character, no blank at its "
		    "ends");
	if (s.late == NULL && s.serial == NULL &&
	    field_count(c->args, "set") == 0)
		return ops_bad(c, "set", "nothing is to be changed");
	if (!ops_find_device(c, &s.row) ||
	    !store_write(c->ca->store, set_tx, &s, 0))
		return 0;
	report_event(REPORT_INFO, "device.set", "req", c->req, "who", c->who,
	    "fleet", s.row.fleet, "device", s.row.name, "late_renewal",
	    s.late, NULL);
	return ops_add_device(c, c->answer->values, &s.row);
}
