#ifndef INKAN_RA_OWN_CERT_H
#define INKAN_RA_OWN_CERT_H

#include <time.h>

#include "ra/settings.h"
#include "ra/tls.h"

/*
 * Keeps our own certificate alive: from one third of its validity before the
 * end a new key is made and renew-own is asked for on svc.sock, with back-off
 * until it succeeds. Runs in a thread of its own, because the call waits.
 */

#define OWN_CERT_CALL_S 10
#define OWN_CERT_RETRY_FIRST_S 15
#define OWN_CERT_RETRY_MAX_S 3600
#define OWN_CERT_LOOK_S 5      /* the clock may have been set */
#define OWN_CERT_REST_S 3600   /* after one that looks due at once */

struct own_cert;

/* When a certificate is renewed: a third of its life before its end. */
time_t own_cert_due(time_t not_before, time_t not_after);

/*
 * A renewal writes key.new and certificate.new and renames them, key first; a
 * crash may come anywhere between. Called before the files are read at start, by
 * a process that renews: finishes a renewal of which both halves are on disk and
 * removes the remains of any other; waits for one that another process is at
 * (keyfile_lock()). 1, or 0 raised: also where nobody can say now whether they
 * are two halves, which are left alone then.
 */
int own_cert_settle(const char *certificate, const char *key);

/*
 * One renewal, now: new key, call, files, tls_reload(). Where the key on disk
 * is not that of the certificate which is served, nothing is asked: a renewal
 * that could not be finished before is finished, or the pair on disk, another
 * process's perhaps, is taken over. One renews at a time. 1: what is in place and
 * served is what was received; or 0 raised: what is served has not changed, and no certificate was
 * asked for if its key could not be written. Not checked: names and dates of
 * the new certificate, which are for inkan-ca to decide.
 */
int own_cert_renew(const struct settings *s, struct tls *tls);

/* Borrows both while it lives. NULL raised. */
struct own_cert *own_cert_start(const struct settings *s, struct tls *tls);
void own_cert_stop(struct own_cert *o); /* NULL is fine */

#endif
