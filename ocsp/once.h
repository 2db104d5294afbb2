#ifndef INKAN_OCSP_ONCE_H
#define INKAN_OCSP_ONCE_H

#include "ocsp/follow.h"
#include "ocsp/responder.h"

/*
 * What inkan-ocsp does once and ends: --export and --staple. The results are
 * exit statuses; what is wrong is reported, or on the error queue with
 * ONCE_FAILED.
 */

enum once_status {
	ONCE_DONE = 0,
	ONCE_FAILED = 1,  /* raised */
	ONCE_NOTHING = 3, /* something could not be made now; what was there
			     stays until it ends */
	ONCE_REVOKED = 4  /* a staple that says revoked was written */
};

/* Without what only a server needs. ${one_hash}: answers speak by one hash,
   whatever both_hashes says. */
void once_settings(struct settings *set, int one_hash);

/* All borrowed; ${follow} has no thread. */
enum once_status once_export(const struct settings *set,
    struct responder *responder, struct follow *follow, const char *dir);
enum once_status once_staple(
    struct responder *responder, const char *cert, const char *out);

#endif
