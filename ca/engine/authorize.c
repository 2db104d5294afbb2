#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/facts.h"

/*
 * May this party have this certificate? The device's state, registration,
 * live certificates, whose key it is; for a renewal also renew.c. Judged on
 * one snapshot of the store; guard.c looks again when the certificate is
 * reserved.
 */

int
authorize_device_state(struct admitting *t)
{
	if (!t->has_device || t->device.state == DEVICE_ENABLED)
		return 1;
	if (t->device.state == DEVICE_PARKED)
		return stage_refuse(t, WIRE_DENIED, "device.parked", "device",
		    "device %s is parked until an operator has looked at it",
		    t->device.name);
	return stage_refuse(t, WIRE_DENIED, "device.disabled", "device",
	    "device %s is disabled", t->device.name);
}

static int
registered(struct admitting *t)
{
	if (t->has_device)
		return 1;
	if (t->party == PARTY_OWN)
		return stage_refuse(t, WIRE_DENIED, "device.unregistered",
		    "device", "device %s is not in the registry any more",
		    t->a->device);
	if (t->fleet->registration == FLEET_JUST_IN_TIME ||
	    fleet_names_match(t->fleet, t->a->device))
		return 1;
	return stage_refuse(t, WIRE_DENIED, "device.unregistered", "device",
	    "device %s is not registered in fleet %s", t->a->device,
	    t->fleet->name);
}

static int
take_field(const char *name, const char *value, void *arg)
{
	struct admitting *t = arg;
	char full[sizeof("registry.") + 64];

	snprintf(full, sizeof(full), "registry.%.63s", name);
	return stage_field(t->a, full, value);
}

int
authorize_registry_fields(struct admitting *t, struct store_tx *tx)
{
	/* One that this enrolment registers will have the serial number there:
	   its renewals are to find the same. */
	if (!t->has_device)
		return t->party != PARTY_MAKER || t->a->serial[0] == '\0' ||
		    stage_field(t->a, "registry.serial", t->a->serial);
	if (t->device.serial[0] != '\0' &&
	    !stage_field(t->a, "registry.serial", t->device.serial))
		return 0;
	return devices_fields(tx, t->device.id, take_field, t);
}

int
authorize_key(struct admitting *t, struct store_tx *tx)
{
	const unsigned char *md = csr_spki_sha256(t->a->csr);
	const char *fleet = t->a->fleet != NULL ? t->a->fleet->name : "";
	struct cert_row row;
	int found;

	found = certs_key_blocked(tx, md);
	if (found < 0)
		return 0;
	if (found)
		return stage_refuse(t, WIRE_DENIED, "key.blocked", "csr.key",
		    "this key was reported as compromised");
	found = certs_by_foreign_key(tx, md, fleet, t->a->device, &row);
	if (found < 0)
		return 0;
	if (!found)
		return 1;
	snprintf(t->o->other, sizeof(t->o->other), "%s/%s", row.fleet,
	    row.device);
	return stage_refuse(t, WIRE_DENIED, "key.duplicate", "csr.key",
	    "another device has a certificate on this key");
}

static int
find_first(const struct cert_row *row, void *arg)
{
	int *found = arg;

	if (row->state == CERT_ABORTED)
		return 1;
	*found = 1;
	return 0;
}

/* A reusable secret opens the door once for each name that is known before. */
static int
reusable_secret(struct admitting *t, struct store_tx *tx)
{
	struct cert_filter f = {
	    .fleet = t->fleet->name, .device = t->a->device, .limit = 64};
	int had = 0;

	if (t->party != PARTY_SECRET || !t->secret.reusable)
		return 1;
	if (!t->has_device && !fleet_names_match(t->fleet, t->a->device))
		return stage_refuse(t, WIRE_DENIED, "secret.name",
		    "csr.subject.CN",
		    "a reusable secret is for names that are "
		    "registered before");
	if (t->fleet->re_enrol == FLEET_RE_ALLOW)
		return 1;
	if (!certs_list(tx, &f, find_first, &had))
		return 0;
	/* A further one is a person's to allow. */
	if (had && t->fleet->re_enrol == FLEET_RE_APPROVE)
		t->re_enrols = 1;
	return !had || t->re_enrols ||
	    stage_refuse(t, WIRE_DENIED, "secret.first", "device",
		"a reusable secret is for the first enrolment, and device %s "
		"had "
		"a certificate already",
		t->a->device);
}

static int
first_enrolment(struct admitting *t, struct store_tx *tx)
{
	char until[STAGE_TIME_MAX];
	struct cert_row row;
	int found = again_answer(t, tx);

	if (found != 0)
		return found > 0;
	/* Its answer was there when the secret was looked at, and is gone. */
	if (t->party == PARTY_SECRET && !t->secret.reusable &&
	    t->secret.used_at != 0)
		return stage_refuse(t, WIRE_UNAUTHENTICATED, "secret.used", "",
		    "the secret has been used already");
	if (t->fleet->re_enrol != FLEET_RE_ALLOW) {
		found = certs_live_of(
		    tx, t->fleet->name, t->a->device, t->env->now, &row);
		if (found < 0)
			return 0;
		t->re_enrols = found && t->fleet->re_enrol == FLEET_RE_APPROVE;
		if (found && !t->re_enrols) {
			stage_time(row.not_after, until);
			return stage_refuse(t, WIRE_DENIED, "re_enrol",
			    "device",
			    "device %s has a live certificate until "
			    "%s; it can renew with that one",
			    t->a->device, until);
		}
	}
	return reusable_secret(t, tx);
}

/* A locally significant identity must not live on the maker's key. */
static int
own_key(struct admitting *t)
{
	if (t->party != PARTY_MAKER || t->fleet->idevid_key_reuse ||
	    memcmp(t->maker_key, csr_spki_sha256(t->a->csr), 32) != 0)
		return 1;
	return stage_refuse(t, WIRE_DENIED, "key.idevid-reuse", "csr.key",
	    "the key of the manufacturer's certificate must not be used again "
	    "(IEEE 802.1AR)");
}

static int
find_device(struct admitting *t, struct store_tx *tx)
{
	int found = devices_get(tx, t->fleet->name, t->a->device, &t->device);

	t->has_device = found == 1;
	if (found == 1) {
		t->a->device_id = t->device.id;
		t->a->known_anchor = t->device.anchor;
	}
	return found >= 0;
}

static int
early_tx(struct store_tx *tx, void *arg)
{
	struct admitting *t = arg;

	return t->a->device[0] == '\0' || find_device(t, tx);
}

int
authorize_early(struct admitting *t)
{
	return stage_read(t, early_tx, t) && authorize_device_state(t);
}

static int
authorize_tx(struct store_tx *tx, void *arg)
{
	struct admitting *t = arg;

	if (t->party == PARTY_STATION)
		return auth_station_device(t, tx) &&
		    authorize_device_state(t) && auth_station_unused(t, tx) &&
		    authorize_key(t, tx) && authorize_registry_fields(t, tx);
	return find_device(t, tx) && authorize_device_state(t) &&
	    registered(t) && auth_maker_serial(t) &&
	    (t->party == PARTY_OWN ? facts_take(t, tx)
				   : first_enrolment(t, tx)) &&
	    authorize_key(t, tx) && authorize_registry_fields(t, tx);
}

int
stage_authorize(struct admitting *t)
{
	if ((t->party == PARTY_SECRET || t->party == PARTY_ASSUMED) &&
	    !auth_basic_name(t))
		return 0;
	if (!own_key(t) || !stage_read(t, authorize_tx, t))
		return 0;
	if (t->party == PARTY_OWN)
		return renew_check(t);
	if (t->party == PARTY_STATION) {
		stage_say(t, "device %s of the registry, asked for by station "
		    "%s%s", t->a->device, t->station->name,
		    t->a->existing != 0 ? ": the same certificate again" : "");
		return 1;
	}
	if (t->a->existing != 0) {
		stage_say(t,
		    "enrolled already with this key and certificate: the same "
		    "certificate again");
		return 1;
	}
	stage_say(t,
	    "first enrolment or re-enrolment of device %s in fleet "
	    "%s (%s)",
	    t->a->device, t->fleet->name,
	    t->has_device ? "registered" : "to be registered");
	return 1;
}
