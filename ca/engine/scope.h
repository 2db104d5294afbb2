#ifndef INKAN_CA_ENGINE_SCOPE_H
#define INKAN_CA_ENGINE_SCOPE_H

#include "ca/engine/ops.h"

/*
 * What an operation of the admin socket touches, as approvals see it: how many
 * it needs by the rules of the policy, and what it rests on. An approval covers
 * the latter: the policy's version, the profile, issuer and fleet, the identity
 * that a certificate would have, the files of a policy that is activated.
 *
 * Looked at when it is asked, and again before it is run, by the same code:
 * what is not the same then voids the approvals. Changes nothing.
 */

struct scope {
	int need;		/* approvals */
	WIRE_FIELDS *fields;	/* what it rests on */
};

/* ${policy} has operators. 1 with ${s} to be cleared, or 0 as an operation
   fails: what would be refused anyway is refused now. */
int scope_find(struct ops_call *c, struct policy *policy, struct scope *s);
void scope_clear(struct scope *s);

/* The names in a certificate that an admission decides, as DER of fields;
   part of what is approved. OPENSSL_free(). */
int scope_identity(const struct admission *a, unsigned char **out,
    size_t *len);

/* A profile or fleet of the policy by the hash of its file, as "profile" and
   "profile_sha256"; ${folder} is "profile" or "fleet". 1, or 0 raised. */
int scope_file(WIRE_FIELDS *l, const struct policy *policy,
    const char *folder, const char *name);

/* Where the call was approved: is that the admission which was? What was looked
   at before is looked at again by the stages. 1, or 0 with c->o. */
int scope_admitted(struct ops_call *c, const struct admission *a);

/* --- shared by the scope*.c files --- */
void scope_rule(struct scope *s, const struct operators *o,
    const char *operation, const char *of);
/* scope_revoke.c: rules for the kinds of what would be revoked. */
/* Approvals that revoking the certificate (row, name of its profile) needs by the
   rules for its profile and class: *need is raised to them. A class that is not
   known is of the highest rule. 1, or 0 raised. */
int scope_cert(struct store_tx *tx, const struct policy *policy, int64_t cert,
    const char *profile, int *need);
int scope_revoke(struct ops_call *c, struct policy *policy, struct scope *s);

#endif
