#ifndef INKAN_CA_ENGINE_DEVICE_IMPORT_H
#define INKAN_CA_ENGINE_DEVICE_IMPORT_H

#include <time.h>
#include "ca/engine/policy.h"
#include "ca/store/devices.h"
#include "ca/store/imports.h"
#include "ca/wire/field.h"

/*
 * Devices that come in by the page. A row is a list of fields: "name", and
 * where there is one "fleet", "serial", "key" (DER of a SubjectPublicKeyInfo)
 * or "key_sha256" (32 octets of one), "set" ("field=value", any number). Text
 * is as that of `inkan device add`.
 *
 * A row whose device is in the registry with the same serial number, pinned key
 * and fields is unchanged, so that a file can be brought in again; one that
 * differs is refused (device.duplicate), and so is what `device add` refuses,
 * a pinned key that is blocked (key.blocked), and a fleet that the policy has
 * not (fleet.unknown).
 *
 * Not checked: whether a row is what the profile of its fleet needs.
 */

enum import_verdict { IMPORT_NEW, IMPORT_SAME, IMPORT_REFUSED, IMPORT_FAILED };

struct import_page {			/* borrowed */
	const struct policy *policy;
	const char *fleet;		/* of rows that name none; NULL none */
	const char *who;		/* for the log */
	const char *origin;		/* of the rows: "import:17" */
	int64_t import;
	time_t now;
};

/* What would become of the row? IMPORT_REFUSED: raised, the rule first;
   IMPORT_FAILED: raised, the store's or our own mistake. ${d} is filled for a
   new one. */
enum import_verdict import_look(struct store_tx *tx,
    const struct import_page *p, const WIRE_FIELDS *row, struct device_row *d);
/* Register a row that is new, with its entry of the log. 1, or 0 raised. */
int import_add(struct store_tx *tx, const struct import_page *p,
    const WIRE_FIELDS *row, struct device_row *d);

#endif
