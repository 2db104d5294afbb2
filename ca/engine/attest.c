#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/engine/attest_evidence.h"
#include "ca/engine/stage.h"

/*
 * Is the key where it says it is? An operator has seen the key of the device
 * and pinned it in the registry: that counts as evidence. A pinned key binds
 * in every fleet; a fleet can ask for one. Or it asks for the evidence of a
 * secure component (attest_evidence.c).
 */

int
attest_fact(struct admitting *t, const char *name, const char *value)
{
	char full[sizeof("attested.") + 64];

	snprintf(full, sizeof(full), "attested.%.63s", name);
	return stage_field(t->a, full, value);
}

int
attest_pinned(struct admitting *t)
{
	if (!t->has_device || !t->device.has_key)
		return 1;
	if (memcmp(csr_spki_sha256(t->a->csr), t->device.key_sha256, 32) != 0)
		return stage_refuse(t, WIRE_DENIED, "attest.pinned-key",
		    "csr.key", "another key is pinned for device %s",
		    t->device.name);
	t->a->attested = 1;
	if (!attest_fact(t, "method", "pinned-key"))
		return 0;
	stage_say(t, "the key is pinned for device %s", t->device.name);
	return 1;
}

int
stage_attest(struct admitting *t)
{
	if (t->fleet->attest == FLEET_ATTEST_PINNED_KEY &&
	    (!t->has_device || !t->device.has_key))
		return stage_refuse(t, WIRE_DENIED, "attest.pinned-key",
		    "registry.key", "no key is pinned for device %s",
		    t->a->device);
	if (t->fleet->attest == FLEET_ATTEST_EVIDENCE)
		return attest_by_evidence(t) && attest_pinned(t) &&
		    renew_attested(t);
	stage_say(t, "no evidence is asked for");
	return attest_pinned(t);
}
