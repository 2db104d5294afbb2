#ifndef INKAN_CA_ENGINE_DEVICE_LIFE_H
#define INKAN_CA_ENGINE_DEVICE_LIFE_H

#include "ca/engine/revoke.h"

/*
 * Ends of a device, and what comes after them. Each is one transaction with its
 * entry in the log.
 *
 *  retire    End of life: every certificate is revoked, the device is out of
 *            service for good (nothing enables it again), secrets for it alone
 *            are taken back. Its pinned key stays pinned, so that no other
 *            device can be given it; a key is blocked for keyCompromise only.
 *  replace   Another device of the fleet takes its place, with its fields, its
 *            own name, serial and key. The old one is retired.
 *  transfer  Another owner: the device appears in another fleet with its name,
 *            serial, pinned key and fields. Certificates of class idevid are
 *            kept and go along, all others are revoked; in the old fleet it is
 *            retired. A device that comes back into a fleet that it was handed
 *            on from is the one that it was there.
 *
 * Errors, CA_E_DENIED: device.retired, device.replaced, device.duplicate,
 * key.duplicate, fleet.same, and those of revoke.h. Not checked here: whether
 * there is such a fleet.
 */

struct life_request {
	struct revoke_request revoke;
	int64_t device;			/* row */
	const char *note;		/* for the record; "" none */
	const char *origin;		/* of a new row: "operator:UID" */
	/* replace */
	const char *by, *serial;	/* serial "": none */
	const unsigned char *key_sha256;	/* 32 octets, or NULL */
	/* transfer */
	const char *to;
};

struct life_result {
	struct device_row device;	/* the old one, as it is now */
	struct device_row next;		/* id 0: none */
	size_t revoked, kept;		/* certificates */
	int64_t secrets;		/* taken back */
};

/* 1, or 0 raised. ${cb} gets each revoked certificate. */
int life_retire(struct store *store, const struct life_request *r,
    struct life_result *out, revoke_cb *cb, void *arg);
int life_replace(struct store *store, const struct life_request *r,
    struct life_result *out, revoke_cb *cb, void *arg);
int life_transfer(struct store *store, const struct life_request *r,
    struct life_result *out, revoke_cb *cb, void *arg);

#endif
