#ifndef INKAN_PROFILES_NAME_CONSTRAINT_H
#define INKAN_PROFILES_NAME_CONSTRAINT_H

#include <stddef.h>
#include "profiles/profile.h"

/*
 * Name constraints (RFC 5280 4.2.1.10, 6.1.4): what may be written, and whether
 * a certificate's names keep to those of its issuer.
 *
 * Important caveats: name_constraint_check() judges one set of constraints, not
 * a chain of them, and knows no exception: that a self-issued CA's certificate
 * is not judged (6.1.3) is the caller's to know. It is at least as strict as
 * 6.1.4: a minimum or maximum, and a name of a form that is constrained and
 * that it cannot compare (otherName, registeredID, a URI without a host name),
 * are refused. An e-mail address in the subject is judged as one in the SAN; a
 * CN that looks like a DNS name is judged as one when the SAN has none, because
 * verifiers match hosts against it.
 */

/* "dns", "email", "uri", "ip", "directory", NULL; by enum
   profile_subtree_type. */
const char *const *name_constraint_types(void);
/* NULL, or why ${base} cannot be a base of this type. DNS and URI: a host name,
   of which URI and email may begin with a dot (all below it, not itself);
   email also a mailbox; IP: CIDR without bits behind the prefix. */
const char *name_constraint_breach(
    enum profile_subtree_type type, const char *base);
/* "10.0.0.0/8" as address and mask: 8 or 32 octets in ${out}; 0 if it is not
   CIDR. */
size_t name_constraint_cidr(const char *text, unsigned char out[32]);

/*
 * Do these names keep to the constraints ${nc} (NameConstraints, DER)?
 * ${subject} is a Name in DER, ${san} GeneralNames in DER (NULL: none). 1, or 0
 * with PROFILE_E_REFUSED "name.constraints: ..." raised; what is not DER is
 * refused too.
 */
int name_constraint_check(const unsigned char *nc, size_t nc_len,
    const unsigned char *subject, size_t subject_len, const unsigned char *san,
    size_t san_len);

#endif
