#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/device_life.h"
#include "ca/engine/stage.h"
#include "ca/engine/ops.h"

/* How a device ends, and what comes after it. */

struct ending {
	struct life_request r;
	struct life_result out;
	char origin[64];
	unsigned char key[32];
};

static int
take(struct ops_call *c, struct ending *e, int dflt, struct policy *policy)
{
	struct device_row row;

	c->o.authenticated = 1;
	memset(e, 0, sizeof(*e));
	if (!ops_take_revocation(c, dflt, policy, &e->r.revoke) ||
	    !ops_refuse_hold(c, &e->r.revoke) || !ops_find_device(c, &row))
		return 0;
	e->r.device = row.id;
	e->r.note = field_text(c->args, "note", "");
	snprintf(e->origin, sizeof(e->origin), "operator:%u",
	    (unsigned)c->peer->uid);
	e->r.origin = e->origin;
	return 1;
}

/* The device that goes on - or the one that ended - and what was done. */
static int
answer(struct ops_call *c, const struct ending *e, const char *event)
{
	const struct life_result *o = &e->out;
	const struct device_row *d = o->next.id != 0 ? &o->next : &o->device;
	WIRE_FIELDS *v = c->answer->values;

	report_event(REPORT_INFO, event, "req", c->req, "who", c->who, "fleet",
	    o->device.fleet, "device", o->device.name, "next_fleet",
	    o->next.id != 0 ? o->next.fleet : NULL, "next_device",
	    o->next.id != 0 ? o->next.name : NULL, NULL);
	return ops_add_device(c, v, d) &&
	    field_add_int(v, "revoked", (int64_t)o->revoked) &&
	    (o->kept == 0 || field_add_int(v, "kept", (int64_t)o->kept)) &&
	    field_add_int(v, "secrets_revoked", o->secrets);
}

int
ops_device_retire(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct ending e;
	int ok;

	ok = take(c, &e, CRL_REASON_CESSATION_OF_OPERATION, policy) &&
	    ops_revoked(c,
		life_retire(c->ca->store, &e.r, &e.out, ops_revoked_row, c)) &&
	    answer(c, &e, "device.retired");
	policy_put(policy);
	return ok;
}

static int
take_new(struct ops_call *c, struct ending *e)
{
	const unsigned char *key;
	size_t len;

	e->r.by = ops_text(c, "by");
	e->r.serial = field_text(c->args, "serial", "");
	if (!stage_name_ok(e->r.by))
		return ops_bad(c, "by",
		    "a device's name has 1 to 64 "
		    "characters, none of them a control character, and no "
		    "blank at its ends");
	if (e->r.serial[0] != '\0' && !stage_name_ok(e->r.serial))
		return ops_bad(c, "serial", "a serial number is as a name");
	key = field_bytes(c->args, "key", &len);
	if (key == NULL)
		return 1;
	e->r.key_sha256 = e->key;
	return spki_inspect(key, len) != SPKI_UNKNOWN &&
	    spki_sha256(key, len, e->key);
}

int
ops_device_replace(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct ending e;
	int ok;

	ok = take(c, &e, CRL_REASON_SUPERSEDED, policy) && take_new(c, &e) &&
	    ops_revoked(c,
		life_replace(c->ca->store, &e.r, &e.out, ops_revoked_row, c)) &&
	    answer(c, &e, "device.replaced");
	policy_put(policy);
	return ok;
}

static int
take_fleet(struct ops_call *c, struct ending *e, const struct policy *policy)
{
	e->r.to = ops_text(c, "to");
	return policy_fleet(policy, e->r.to) != NULL ||
	    outcome_refuse(&c->o, WIRE_NOTFOUND, "", "fleet.unknown", "to",
		"no fleet \"%s\"", e->r.to);
}

int
ops_device_transfer(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct ending e;
	int ok;

	ok = take(c, &e, CRL_REASON_AFFILIATION_CHANGED, policy) &&
	    take_fleet(c, &e, policy) &&
	    ops_revoked(c,
		life_transfer(
		    c->ca->store, &e.r, &e.out, ops_revoked_row, c)) &&
	    answer(c, &e, "device.transferred");
	policy_put(policy);
	return ok;
}
