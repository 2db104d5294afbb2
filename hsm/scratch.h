#ifndef INKAN_HSM_SCRATCH_H
#define INKAN_HSM_SCRATCH_H

#include <stddef.h>

/*
 * Throw-away tokens, for rehearsals of ceremonies. SoftHSM offers one blank
 * token at any time in the folder that its configuration names; that one is
 * initialised. A hardware token is never touched by this: ${softhsm_conf} has
 * to be there, and a slot with a token in it is passed over.
 */

/* Initialise the blank token of ${module} under ${softhsm_conf}, with ${label}
   (at most 32 octets) and ${pin} for user and security officer. 1, or 0 raised. */
int hsm_scratch_make(const char *module, const char *softhsm_conf,
    const char *label, const char *pin);

/* The token's label in a PKCS#11 URI, "" where it names none. 1, or 0 raised:
   it cannot be read. */
int hsm_uri_label(const char *uri, char *out, size_t size);
/* "pkcs11:token=<label>", with what has to be escaped. 1, or 0: too long. */
int hsm_uri_of_label(const char *label, char *out, size_t size);

#endif
