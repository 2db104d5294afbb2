#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/store/records.h"
#include "ca/store/superseded.h"
#include "ca/engine/enrol_park.h"
#include "ca/engine/stage.h"

/*
 * The last look, inside the transaction that reserves: two requests that were
 * both admitted on the same snapshot meet here one after the other, and what
 * only one may have goes to the first. Everything done here is undone with the
 * reservation when it fails.
 */

static int
denied(const char *rule, const char *text)
{
	ca_raise(CA_E_DENIED, "%s: %s", rule, text);
	return 0;
}

static int
guard_key(struct store_tx *tx, const struct cert_row *row)
{
	struct cert_row other;
	int found = certs_key_blocked(tx, row->spki_sha256);

	if (found < 0)
		return 0;
	if (found)
		return denied("key.blocked",
		    "this key was reported as "
		    "compromised");
	found = certs_by_foreign_key(
	    tx, row->spki_sha256, row->fleet, row->device, &other);
	if (found < 0)
		return 0;
	return !found ||
	    denied("key.duplicate",
		"another device has a "
		"certificate on this key");
}

/* For a registration that happens by enrolment. */
static int
add_device(struct store_tx *tx, struct admission *a, time_t now)
{
	struct device_row d;
	WIRE_FIELDS *l;
	int ok;

	memset(&d, 0, sizeof(d));
	strcpy(d.fleet, a->fleet->name);
	strcpy(d.name, a->device);
	strcpy(d.serial, a->serial);
	strcpy(d.origin, a->auth);
	d.state = DEVICE_ENABLED;
	d.created = now;
	if (!devices_add(tx, &d))
		return 0;
	a->device_id = d.id;
	l = field_list_new();
	ok = l != NULL && field_add_text(l, "fleet", d.fleet) &&
	    field_add_text(l, "device", d.name) &&
	    field_add_text(l, "state", devices_state_name(d.state)) &&
	    field_add_text(l, "who", a->requester) &&
	    field_add_text(l, "origin", d.origin) &&
	    entries_append(tx, "device.add", now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
same_pin(const struct device_row *d, const struct cert_row *row)
{
	return !d->has_key || memcmp(d->key_sha256, row->spki_sha256, 32) == 0;
}

/* The device as it is now: it may have been parked, disabled, registered or
   pinned since. */
static int
guard_device(struct store_tx *tx, struct admission *a,
    const struct cert_row *row, time_t now)
{
	struct device_row d;
	int found;

	if (a->device[0] == '\0' || row->fleet[0] == '\0')
		return 1;
	found = devices_get(tx, row->fleet, a->device, &d);
	if (found < 0)
		return 0;
	if (!found) {
		if (a->by_operator || a->renewal || a->device_id != 0)
			return denied("device.unregistered",
			    "the device is "
			    "not in the registry any more");
		return add_device(tx, a, now);
	}
	a->device_id = d.id;
	if (d.state == DEVICE_PARKED)
		return denied("device.parked",
		    "the device is parked until an "
		    "operator has looked at it");
	if (d.state != DEVICE_ENABLED)
		return denied("device.disabled", "the device is disabled");
	if (a->late && !a->fleet->late_by_fleet && !d.late_renewal)
		return denied("renew.late-consent",
		    "the device may not renew after its certificate's end");
	if (a->serial_rule != FLEET_SERIAL_IGNORED && d.serial[0] != '\0' &&
	    !auth_serial_same(d.serial, a->serial))
		return denied("device.serial-mismatch",
		    "the registry has another serial number than the "
		    "manufacturer's certificate");
	return same_pin(&d, row) ||
	    denied("attest.pinned-key",
		"another key "
		"is pinned for the device");
}

/* A repetition that came while the first was worked on shall ask again. */
static int
guard_first(struct store_tx *tx, const struct admission *a,
    const struct cert_row *row, time_t now)
{
	struct cert_row live;
	int found;

	if (a->by_operator || a->renewal)
		return 1;
	found = again_find(tx, a, row->spki_sha256, now, &live);
	if (found > 0)
		ca_raise(CA_E_BUSY,
		    "enrol.busy: the same enrolment is being worked on");
	if (found != 0)
		return 0;
	if (a->fleet->re_enrol == FLEET_RE_ALLOW ||
	    (a->fleet->re_enrol == FLEET_RE_APPROVE && a->parked != 0))
		return 1;
	found = certs_live_of(tx, a->fleet->name, a->device, now, &live);
	if (found < 0)
		return 0;
	if (found && a->fleet->re_enrol == FLEET_RE_APPROVE) {
		/* It had none a moment ago: asked again, it is parked. */
		ca_raise(CA_E_BUSY, "enrol.busy: the device has just got a "
		    "certificate");
		return 0;
	}
	return !found ||
	    denied("re_enrol",
		"the device has a live "
		"certificate; it can renew with that one");
}

/* Another successor: the same key retries (and shall ask again to get what is
   being made for it), another key is refused. */
static int
guard_successor(struct store_tx *tx, int64_t id, const struct cert_row *row)
{
	struct cert_row next;
	int found = certs_by_id(tx, id, &next);

	if (found < 0)
		return 0;
	if (!found || next.state == CERT_ABORTED)
		return 1;
	if (memcmp(next.spki_sha256, row->spki_sha256, 32) != 0)
		return denied("renew.successor",
		    "the certificate has been "
		    "renewed already with another key");
	ca_raise(CA_E_BUSY, "renew.busy: the same renewal is being worked on");
	return 0;
}

static int
guard_renewal(
    struct store_tx *tx, const struct admission *a, const struct cert_row *row)
{
	struct cert_row old;
	int found;

	if (!a->renewal)
		return 1;
	found = certs_by_id(tx, a->predecessor.id, &old);
	if (found < 0)
		return 0;
	if (!found || old.state != CERT_VALID)
		return denied("certificate.revoked",
		    "the certificate renewed "
		    "is not valid any more");
	return old.successor == 0 || guard_successor(tx, old.successor, row);
}

static int
over(struct store_tx *tx, const char *scope, const char *key, int64_t window,
    int64_t limit)
{
	int64_t n;

	if (limit == 0)
		return 0;
	if (!store_count(tx, scope, key, window, &n))
		return -1;
	return n > limit;
}

#define STATION_SHIFT "enrol.station.shift"
#define DEVICE_HOUR "enrol.device.hour"
#define FLEET_DAY "enrol.fleet.day"
#define RATE_KEY_MAX (64 + DEVICE_NAME_MAX + 2)

static void
rate_key(char key[RATE_KEY_MAX], const char *fleet, const char *device)
{
	snprintf(key, RATE_KEY_MAX, "%s/%s", fleet, device);
}

static int
find_used(const struct cert_row *row, void *arg)
{
	int *used = arg;

	*used = row->state != CERT_ABORTED;
	return !*used;
}

/* The row of the registry is used once, and the station has its quota. */
static int
guard_station(struct store_tx *tx, struct admission *a, time_t now)
{
	const struct fleet_station *s = a->station;
	struct cert_filter f = {.device = a->device};
	char key[RATE_KEY_MAX];
	int r, used = 0;

	if (s == NULL)
		return 1;
	f.fleet = a->fleet->name;
	if (!certs_list(tx, &f, find_used, &used))
		return 0;
	if (used)
		return denied("station.used",
		    "the device has had its certificate already");
	rate_key(key, a->fleet->name, s->name);
	r = over(tx, STATION_SHIFT, key, now - now % s->shift, s->per_shift);
	if (r > 0) {
		a->retry_after = s->shift - now % s->shift;
		ca_raise(CA_E_LIMITED,
		    "station.quota: station %s has had all certificates of "
		    "this shift",
		    s->name);
	}
	return r == 0;
}

/* Two batches of the same file: the second shall ask again to get what is being
   made. */
static int
guard_once(struct store_tx *tx, const struct admission *a,
    const struct cert_row *row, time_t now)
{
	struct cert_row other;
	int found;

	if (!a->once)
		return 1;
	found = admit_issued_before(tx, a, row->spki_sha256, 1, now, &other);
	if (found == 1)
		ca_raise(CA_E_BUSY, "issue.once: it is being issued, or has "
		    "just been");
	return found == 0;
}

static int
guard_rates(struct store_tx *tx, struct admission *a, time_t now)
{
	char key[RATE_KEY_MAX];
	int r;

	if (a->by_operator)
		return 1;
	rate_key(key, a->fleet->name, a->device);
	r = over(tx, DEVICE_HOUR, key, now - now % 3600,
	    a->fleet->per_device_hour);
	if (r > 0) {
		a->retry_after = 3600 - now % 3600;
		ca_raise(CA_E_LIMITED,
		    "limits.per_device_hour: the device has "
		    "had all certificates of this hour");
	}
	if (r != 0)
		return 0;
	r = over(tx, FLEET_DAY, a->fleet->name, now - now % 86400,
	    a->fleet->per_day);
	if (r > 0) {
		a->retry_after = 86400 - now % 86400;
		ca_raise(CA_E_LIMITED,
		    "limits.per_day: the fleet has had all "
		    "certificates of this day");
	}
	return r == 0;
}

/* What becomes of the certificate renewed is what the fleet says now; the
   schedule does it, once the successor is there. */
static int
guard_superseded(struct store_tx *tx, const struct admission *a, time_t now)
{
	if (!a->renewal || a->fleet->superseded == FLEET_SUPERSEDED_KEEP)
		return 1;
	return superseded_add(tx, a->predecessor.id,
	    a->fleet->superseded == FLEET_SUPERSEDED_AFTER
		? now + a->fleet->superseded_after
		: 0);
}

/* The registration stands by now, also one that has just been made. */
static int
guard_anchor(struct store_tx *tx, const struct admission *a, time_t now)
{
	return a->anchor == 0 || a->device_id == 0 ||
	    devices_use_anchor(tx, a->device_id, a->anchor, now) >= 0;
}

int
admit_guard(
    struct store_tx *tx, struct admission *a, struct cert_row *row, time_t now)
{
	return guard_renewal(tx, a, row) && guard_device(tx, a, row, now) &&
	    guard_station(tx, a, now) && guard_first(tx, a, row, now) &&
	    guard_key(tx, row) &&
	    guard_once(tx, a, row, now) &&
	    (a->secret_id == 0 || secrets_use(tx, a->secret_id, now)) &&
	    guard_rates(tx, a, now) && guard_superseded(tx, a, now) &&
	    guard_anchor(tx, a, now) && enrol_park_use(tx, a, row, now);
}

/* The reservation says who used what, and when: see auth_basic() for the text.
   The secret's use bears the reservation's time. */
int
admit_unguard(struct store_tx *tx, const struct cert_row *row)
{
	int64_t at = row->reserved_at;
	char key[RATE_KEY_MAX];

	if (!enrol_park_unuse(tx, row))
		return 0;
	if (strncmp(row->auth, "secret:", 7) == 0 &&
	    !secrets_unuse(tx, row->auth + 7, at))
		return 0;
	if (strncmp(row->auth, "station:", 8) == 0) {
		rate_key(key, row->fleet, row->auth + 8);
		if (!store_uncount_last(tx, STATION_SHIFT, key, at))
			return 0;
	}
	if (row->fleet[0] == '\0' || strcmp(row->auth, "operator") == 0)
		return 1;
	rate_key(key, row->fleet, row->device);
	return store_uncount(tx, DEVICE_HOUR, key, at - at % 3600) &&
	    store_uncount(tx, FLEET_DAY, row->fleet, at - at % 86400);
}
