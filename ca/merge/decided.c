#include <stdio.h>
#include <string.h>
#include "ca/merge/private.h"
#include "ca/store/blocked_keys.h"
#include "ca/store/devices.h"
#include "ca/store/records.h"

/*
 * What had been decided of devices, keys, secrets and CAs. What forbids something
 * is done, whatever has been decided since; what allows it, only where nothing can
 * have been.
 */

void
merge_text(const struct merge_telling *t, const char *name, char *out,
    size_t size)
{
	snprintf(out, size, "%s", field_text(t->l, name, ""));
}

int
merge_is_new(const struct merge_telling *t)
{
	return t->index >= t->m->r->had;
}

int
merge_undone(const struct merge_telling *t, const char *kind)
{
	struct merge_result *r = t->m->r;
	size_t i;

	for (i = 0; i < r->n_undone && strcmp(r->undone[i].kind, kind) != 0; i++)
		;
	if (i == MERGE_KINDS_MAX)
		return 1;
	if (i == r->n_undone)
		snprintf(r->undone[r->n_undone++].kind,
		    sizeof(r->undone[0].kind), "%s", kind);
	r->undone[i].n++;
	return 1;
}

/* --- devices --- */

/* Its key may be pinned to a device still that gave it away: a transfer has an
   entry of its own, behind this one. */
static int
without_key(const struct merge_telling *t, struct device_row *d)
{
	int ok;

	ERR_set_mark();
	ok = !d->has_key || devices_key_is_new(t->m->tx, d);
	ERR_pop_to_mark();
	if (ok)
		return 1;
	d->has_key = 0;
	fprintf(t->m->q->told, "entry %lld: device %s/%s came back without its "
	    "pinned key, which another device has: pin it again\n",
	    (long long)t->index, d->fleet, d->name);
	return 1;
}

static int
device_added(const struct merge_telling *t, const char *kind)
{
	struct device_row d = {.created = t->time}, is;
	int state = devices_state_of(field_text(t->l, "state", ""));
	const unsigned char *key;
	size_t len = 0;
	int found;

	(void)kind;
	merge_text(t, "fleet", d.fleet, sizeof(d.fleet));
	merge_text(t, "device", d.name, sizeof(d.name));
	merge_text(t, "serial", d.serial, sizeof(d.serial));
	merge_text(t, "origin", d.origin, sizeof(d.origin));
	merge_text(t, "note", d.note, sizeof(d.note));
	d.state = state > 0 ? (enum device_state)state : DEVICE_ENABLED;
	key = field_bytes(t->l, "key_sha256", &len);
	if (key != NULL && len == sizeof(d.key_sha256)) {
		d.has_key = 1;
		memcpy(d.key_sha256, key, len);
	}
	if (d.fleet[0] == '\0' || d.name[0] == '\0')
		return 1;
	found = devices_get(t->m->tx, d.fleet, d.name, &is);
	if (found != 0)
		return found == 1;
	t->m->r->devices++;
	return without_key(t, &d) && devices_add(t->m->tx, &d);
}

static int
find_device(const struct merge_telling *t, struct device_row *d)
{
	return devices_get(t->m->tx, field_text(t->l, "fleet", ""),
	    field_text(t->l, "device", ""), d);
}

static int
device_state(const struct merge_telling *t, const char *kind)
{
	int state = devices_state_of(field_text(t->l, "state", ""));
	struct device_row d;
	int found = find_device(t, &d);

	if (found != 1 || state <= 0)
		return found >= 0;
	if (state == DEVICE_ENABLED && !merge_is_new(t))
		return d.state == DEVICE_ENABLED || merge_undone(t, kind);
	return devices_set_state(t->m->tx, d.id, (enum device_state)state,
	    field_text(t->l, "note", ""));
}

/* A transfer takes the pinned key along, which was not free when the device was
   added there. */
static int
hand_on_key(const struct merge_telling *t, const struct device_row *d,
    struct device_row *next)
{
	if (next->id == 0 || next->has_key || !d->has_key)
		return 1;
	next->has_key = 1;
	memcpy(next->key_sha256, d->key_sha256, sizeof(next->key_sha256));
	fprintf(t->m->q->told, "entry %lld: device %s/%s has its pinned key "
	    "now\n", (long long)t->index, next->fleet, next->name);
	return devices_set_identity(t->m->tx, next);
}

/* Its certificates have entries of their own; what took its place, too. */
static int
device_ended(const struct merge_telling *t, const char *kind)
{
	int moved = strcmp(kind, "device.transfer") == 0;
	struct device_row d, next = {.id = 0};
	int64_t n;
	int found = find_device(t, &d);

	if (found == 1 && devices_get(t->m->tx,
		field_text(t->l, "next_fleet", ""),
		field_text(t->l, "next_device", ""), &next) < 0)
		return 0;
	if (found != 1)
		return found >= 0;
	return devices_set_state(t->m->tx, d.id, DEVICE_DISABLED,
		   field_text(t->l, "note", "")) &&
	    devices_set_retired(t->m->tx, d.id, t->time, next.id, moved) &&
	    (!moved || hand_on_key(t, &d, &next)) &&
	    secrets_revoke_of(t->m->tx, d.fleet, d.name, &n);
}

static int
device_cloned(const struct merge_telling *t, const char *kind)
{
	struct device_row d;
	int found = find_device(t, &d);

	(void)kind;
	if (found != 1 || d.state != DEVICE_ENABLED)
		return found >= 0;
	return devices_set_state(
	    t->m->tx, d.id, DEVICE_PARKED, "possible clone");
}

/* --- keys --- */

#define MD 32

static int
keys_blocked(const struct merge_telling *t, const char *kind)
{
	size_t i, len = 0;
	const unsigned char *md = field_bytes(t->l, "spki_sha256", &len);

	(void)kind;
	for (i = 0; md != NULL && i + MD <= len; i += MD)
		if (!certs_block_key(t->m->tx, md + i, t->time,
			field_text(t->l, "reason", "listed")))
			return 0;
	return 1;
}

static int
key_unblocked(const struct merge_telling *t, const char *kind)
{
	size_t len = 0;
	const unsigned char *md = field_bytes(t->l, "spki_sha256", &len);

	if (md == NULL || len != MD)
		return 1;
	return merge_is_new(t) ? blocked_keys_remove(t->m->tx, md) >= 0
			       : merge_undone(t, kind);
}

/* --- secrets, CAs --- */

static int
secret_revoked(const struct merge_telling *t, const char *kind)
{
	struct secret_row s;
	int found;

	(void)kind;
	found = secrets_get(t->m->tx, field_text(t->l, "user", ""), &s);
	return found == 1 ? secrets_revoke(t->m->tx, s.id) : found == 0;
}

static int
ca_disabled(const struct merge_telling *t, const char *kind)
{
	const struct merge_issuer *is = merge_issuers_named(t->m,
	    field_text(t->l, "issuer", ""));

	return is != NULL
	    ? issuers_set_state(t->m->tx, is->id, ISSUER_DISABLED)
	    : merge_undone(t, kind);
}

/* NULL: for the record, and nothing has to follow; what is in no line is left to
   an operator. One that ends in a dot stands for all that begin so. */
static const struct {
	const char *kind;
	int (*fn)(const struct merge_telling *t, const char *kind);
} kinds[] = {
    {"device.add", device_added},
    {"device.state", device_state},
    {"device.retire", device_ended},
    {"device.replace", device_ended},
    {"device.transfer", device_ended},
    {"alarm.clone", device_cloned},
    {"key.block", keys_blocked},
    {"key.blocklist", keys_blocked},
    {"key.unblock", key_unblocked},
    {"secret.revoke", secret_revoked},
    {"ca.disable", ca_disabled},
    {"attest.", NULL}, {"break-glass", NULL}, {"break-glass.", NULL},
    {"campaign.chosen", NULL}, {"campaign.end", NULL},
    {"campaign.stage", NULL}, {"ceremony", NULL}, {"crl", NULL},
    {"device.import", NULL}, {"enrol.", NULL}, {"issue.", NULL},
    {"log.", NULL}, {"refusal", NULL}, {"refusals", NULL},
    {"request.", NULL}, {"restore.", NULL}, {"start", NULL},
};

static int
is_kind(const char *line, const char *kind)
{
	size_t n = strlen(line);

	return line[n - 1] == '.' ? strncmp(line, kind, n) == 0
				  : strcmp(line, kind) == 0;
}

int
merge_decided(const struct merge_telling *t, const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (is_kind(kinds[i].kind, kind))
			return kinds[i].fn == NULL || kinds[i].fn(t, kind);
	return merge_undone(t, kind);
}
