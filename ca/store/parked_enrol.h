#ifndef INKAN_CA_STORE_PARKED_ENROL_H
#define INKAN_CA_STORE_PARKED_ENROL_H

#include "ca/store/certs.h"
#include "ca/store/parked.h"

/*
 * Devices' requests that wait for people: rows of parked with kind
 * PARKED_BY_DEVICE, and here what finds them again when the device asks again.
 * What makes a request the same one (ask), and who asked (credential), are
 * hashes that the engine makes. That a device has one open request at a time is
 * the engine's business, too.
 */

struct parked_enrol {
	int64_t request;		/* parked.id */
	char fleet[64], device[256];
	char stage[16], rule[64];	/* that parked it */
	unsigned char ask[32], credential[32];
	int64_t secret;			/* one-time secret (row); 0 none */
	int64_t issuer;			/* of the certificate that was reserved
					   for it: issuers row, */
	unsigned char serial[CERT_SERIAL_MAX];
	size_t serial_len;		/* and serial; 0 none yet */
	int told;			/* that it has expired */
	/* Read from parked, never written by what is below. */
	enum parked_state state;
	int64_t created, expires, need;
	char note[256];
};

/* The row of parked must be there. 1, or 0 raised. */
int parked_enrol_add(struct store_tx *tx, const struct parked_enrol *e);

/* Look-ups: 1 found, 0 not there, -1 raised. */
int parked_enrol_get(struct store_tx *tx, int64_t request,
    struct parked_enrol *out);
/* The device's request that waits or is approved: the newest. */
int parked_enrol_open(struct store_tx *tx, const char *fleet,
    const char *device, struct parked_enrol *out);
/* The newest one of the device with that ask, in whatever state. */
int parked_enrol_last(struct store_tx *tx, const char *fleet,
    const char *device, const unsigned char ask[32], struct parked_enrol *out);
/* One that waits or is approved on that one-time secret, of another device than
   this one. */
int parked_enrol_on_secret(struct store_tx *tx, int64_t secret,
    const char *fleet, const char *device, struct parked_enrol *out);
int parked_enrol_by_serial(struct store_tx *tx, int64_t issuer,
    const unsigned char *serial, size_t len, struct parked_enrol *out);

/* A certificate is reserved for it; ${len} 0: none any more. 1, or 0 raised. */
int parked_enrol_set_serial(struct store_tx *tx, int64_t request,
    int64_t issuer, const unsigned char *serial, size_t len);
int parked_enrol_set_told(struct store_tx *tx, int64_t request);
/* How many of the fleet wait or are approved. 1, or 0 raised. */
int parked_enrol_count(struct store_tx *tx, const char *fleet, int64_t *n);

#endif
