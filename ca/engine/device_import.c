#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/certs.h"
#include "ca/store/records.h"
#include "profiles/spki.h"
#include "ca/engine/device_import.h"
#include "ca/engine/stage.h"

static int
bad(const char *rule, const char *text)
{
	ca_raise(CA_E_BADREQUEST, "%s: %s", rule, text);
	return 0;
}

static int
has(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static int
take_key(const WIRE_FIELDS *row, struct device_row *d)
{
	const unsigned char *key, *md;
	size_t len, md_len;

	key = field_bytes(row, "key", &len);
	md = field_bytes(row, "key_sha256", &md_len);
	if (key != NULL && md != NULL)
		return bad("device.key", "a key and the hash of a key");
	d->has_key = key != NULL || md != NULL;
	if (key != NULL)
		return len <= SPKI_MAX &&
		    spki_inspect(key, len) != SPKI_UNKNOWN
		    ? spki_sha256(key, len, d->key_sha256)
		    : bad("device.key", "no key of a kind that is known");
	if (md != NULL && md_len != sizeof(d->key_sha256))
		return bad("device.key", "a SHA-256 has 32 octets");
	if (md != NULL)
		memcpy(d->key_sha256, md, md_len);
	return 1;
}

/* "model=X1": length of the name, 0 when it is no such pair. */
static size_t
field_name_len(const char *pair)
{
	const char *eq = strchr(pair, '=');
	size_t n = eq == NULL ? 0 : (size_t)(eq - pair);

	if (n == 0 || n > 63 || eq[1] == '\0' ||
	    strspn(pair, "abcdefghijklmnopqrstuvwxyz0123456789_") != n)
		return 0;
	return n;
}

static int
check_fields(const WIRE_FIELDS *row)
{
	const WIRE_FIELD *f, *other;
	const char *pair;
	size_t i, k, n;

	if (field_count(row, "set") > DEVICE_FIELDS_MAX)
		return bad("device.fields", "more than 32");
	for (i = 0; (f = field_find(row, "set", i)) != NULL; i++) {
		if (field_type(f) != V_ASN1_UTF8STRING ||
		    (n = field_name_len(field_get_text(f))) == 0)
			return bad("device.set",
			    "a field has a name of a-z, 0-9 and _, up to 63, "
			    "and a value");
		pair = field_get_text(f);
		if (strlen(pair) > 512)
			return bad("device.set", "longer than 512 octets");
		for (k = 0; k < i; k++) {
			other = field_find(row, "set", k);
			if (strncmp(field_get_text(other), pair, n + 1) == 0)
				return bad("device.set", "a field twice");
		}
	}
	return 1;
}

/* What is written in the row, without a look at the registry. 1, or 0 raised. */
static int
take_row(const struct import_page *p, const WIRE_FIELDS *row,
    struct device_row *d)
{
	const char *name = field_text(row, "name", "");
	const char *fleet = field_text(row, "fleet", p->fleet);
	const char *serial = field_text(row, "serial", "");

	memset(d, 0, sizeof(*d));
	if (!has(fleet))
		return bad("device.fleet", "no fleet is named");
	if (policy_fleet(p->policy, fleet) == NULL) {
		ca_raise(CA_E_NOTFOUND, "fleet.unknown: no fleet \"%.64s\"",
		    fleet);
		return 0;
	}
	if (!stage_name_ok(name))
		return bad("device.name",
		    "a name has 1 to 64 characters, none of them a control "
		    "character, and no blank at its ends");
	if (serial[0] != '\0' &&
	    (strlen(serial) >= sizeof(d->serial) || !stage_name_ok(serial)))
		return bad("device.serial",
		    "a serial number is as a name, and has at most 64 octets");
	snprintf(d->fleet, sizeof(d->fleet), "%s", fleet);
	snprintf(d->name, sizeof(d->name), "%s", name);
	snprintf(d->serial, sizeof(d->serial), "%s", serial);
	snprintf(d->origin, sizeof(d->origin), "%s", p->origin);
	d->state = DEVICE_ENABLED;
	d->created = p->now;
	return take_key(row, d) && check_fields(row);
}

struct comparing {
	const WIRE_FIELDS *row;
	size_t n;
	int differs;
};

static int
compare_field(const char *name, const char *value, void *arg)
{
	struct comparing *c = arg;
	const WIRE_FIELD *f;
	size_t i, n = strlen(name);

	c->n++;
	for (i = 0; (f = field_find(c->row, "set", i)) != NULL; i++)
		if (strncmp(field_get_text(f), name, n) == 0 &&
		    field_get_text(f)[n] == '=') {
			c->differs |=
			    strcmp(field_get_text(f) + n + 1, value) != 0;
			return 1;
		}
	c->differs = 1;
	return 1;
}

static enum import_verdict
differs(const struct device_row *d, const char *what)
{
	ca_raise(CA_E_DENIED,
	    "device.duplicate: fleet %s has a device %s already, with %s",
	    d->fleet, d->name, what);
	return IMPORT_REFUSED;
}

static enum import_verdict
compare(struct store_tx *tx, const WIRE_FIELDS *row,
    const struct device_row *is, const struct device_row *d)
{
	struct comparing c = {row, 0, 0};

	if (strcmp(is->serial, d->serial) != 0)
		return differs(d, "another serial number");
	if (is->has_key != d->has_key ||
	    (d->has_key && memcmp(is->key_sha256, d->key_sha256, 32) != 0))
		return differs(d, "another key");
	if (!devices_fields(tx, is->id, compare_field, &c))
		return IMPORT_FAILED;
	if (c.differs || c.n != field_count(row, "set"))
		return differs(d, "other fields");
	return IMPORT_SAME;
}

static enum import_verdict
look_at_key(struct store_tx *tx, const struct device_row *d)
{
	int blocked;

	if (!d->has_key)
		return IMPORT_NEW;
	blocked = certs_key_blocked(tx, d->key_sha256);
	if (blocked < 0)
		return IMPORT_FAILED;
	if (blocked) {
		ca_raise(CA_E_DENIED, "key.blocked: the key of device %s is "
		    "blocked", d->name);
		return IMPORT_REFUSED;
	}
	if (devices_key_is_new(tx, d))
		return IMPORT_NEW;
	return report_last_reason() == CA_E_DENIED ? IMPORT_REFUSED
						   : IMPORT_FAILED;
}

enum import_verdict
import_look(struct store_tx *tx, const struct import_page *p,
    const WIRE_FIELDS *row, struct device_row *d)
{
	struct device_row is;
	int found;

	if (!take_row(p, row, d))
		return IMPORT_REFUSED;
	found = devices_get(tx, d->fleet, d->name, &is);
	if (found < 0)
		return IMPORT_FAILED;
	return found ? compare(tx, row, &is, d) : look_at_key(tx, d);
}

static int
add_fields(struct store_tx *tx, int64_t id, const WIRE_FIELDS *row)
{
	const WIRE_FIELD *f;
	const char *pair;
	char name[64];
	size_t i, n;

	for (i = 0; (f = field_find(row, "set", i)) != NULL; i++) {
		pair = field_get_text(f);
		n = field_name_len(pair);
		memcpy(name, pair, n);
		name[n] = '\0';
		if (!devices_set_field(tx, id, name, pair + n + 1))
			return 0;
	}
	return 1;
}

int
import_add(struct store_tx *tx, const struct import_page *p,
    const WIRE_FIELDS *row, struct device_row *d)
{
	WIRE_FIELDS *l;
	int ok;

	if (!devices_add(tx, d) || !add_fields(tx, d->id, row))
		return 0;
	l = field_list_new();
	ok = l != NULL && field_add_text(l, "fleet", d->fleet) &&
	    field_add_text(l, "device", d->name) &&
	    field_add_text(l, "state", devices_state_name(d->state)) &&
	    field_add_text(l, "who", p->who) &&
	    field_add_int(l, "import", p->import) &&
	    (d->serial[0] == '\0' || field_add_text(l, "serial", d->serial)) &&
	    (!d->has_key ||
		field_add_bytes(l, "key_sha256", d->key_sha256, 32)) &&
	    entries_append(tx, "device.add", p->now, l, NULL);
	field_list_free(l);
	return ok;
}
