#ifndef INKAN_OCSP_DELEGATE_H
#define INKAN_OCSP_DELEGATE_H

#include <time.h>
#include "hsm/hsm.h"
#include "ocsp/settings.h"
#include "ocsp/signer.h"
#include "ocsp/view.h"

/*
 * The delegates: per issuer a key in the token and a certificate file. A file
 * that appears or changes is taken up without a restart; one that does not
 * fit, or whose key the token does not show, leaves the former in force, is
 * reported once and tried again.
 */

struct delegates;

/* Both borrowed; with ${hsm} NULL no delegate can be loaded. Loads nothing. */
struct delegates *delegates_new(const struct settings *set, struct hsm *hsm);
void delegates_free(struct delegates *d); /* NULL is fine */

/* Take up what has changed; ${force}: all of them. Called by one thread. */
void delegates_poll(
    struct delegates *d, const struct view *view, time_t now, int force);

/* The signer for this issuer, with a reference of the caller's own, or NULL:
   none configured, or not loaded. May have expired: the caller looks. */
struct signer *delegates_signer(
    struct delegates *d, const struct view_issuer *issuer);
/* Is a delegate configured at all for that issuer? */
int delegates_configured(struct delegates *d, const char *ident);

/* Put ${signer} (given) in force for ${issuer}. Renewal does that. */
void delegates_set(struct delegates *d, const struct view_issuer *issuer,
    struct signer *signer);

#endif
