#ifndef INKAN_OCSP_RENEW_H
#define INKAN_OCSP_RENEW_H

#include "ocsp/delegate.h"
#include "ocsp/state.h"

/*
 * Renewal of the delegates' certificates through svc.sock (operation
 * renew-own), from one third of their validity left: a new key in the token,
 * a request signed by it and proven by the current one. The new certificate
 * is checked as any other, saved to the delegate's file, and only then used.
 * A failure is reported and tried again, later each time (1 min .. 1 h).
 * The former key stays until the renewal after: answers may be in the making.
 */

struct renew;

/* A thread of its own, since inkan-ca may let it wait. All borrowed. */
struct renew *renew_start(const struct settings *set, struct hsm *hsm,
    struct delegates *delegates, struct state *state);
void renew_stop(struct renew *renew); /* NULL is fine */

/* When a certificate valid from ${not_before} to ${not_after} is due. */
time_t renew_due(time_t not_before, time_t not_after);

/* One renewal, now. 1, or 0 raised. */
int renew_one(const struct settings *set, struct hsm *hsm,
    const struct settings_delegate *delegate, struct delegates *delegates,
    const struct view_issuer *issuer);

#endif
