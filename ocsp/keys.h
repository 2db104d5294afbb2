#ifndef INKAN_OCSP_KEYS_H
#define INKAN_OCSP_KEYS_H

#include <stddef.h>
#include <openssl/x509.h>
#include "hsm/hsm.h"

/*
 * A delegate's keys in the token. The first is named as the configuration
 * says, "ocsp-devices-g1"; each renewal makes a new one, "ocsp-devices-g1.2",
 * "….3". Which one is in use is told by the certificate alone, so that a
 * crash at any step of a renewal leaves a pair that fits.
 */

#define KEYS_FAMILY_MAX 64 /* keys of one delegate that are looked at */

/* Which of the family ${base} has this label? ${base} itself is 1, "${base}.N"
   is N (from 2), anything else 0. */
unsigned keys_number(const char *base, const char *label);

/* Is there any key of that family? 1, 0, -1 raised. */
int keys_have(struct hsm *hsm, const char *label);

/* The private key of the family whose public half is ${pub}. Returned to be
   freed with EVP_PKEY_free(); NULL raised. */
EVP_PKEY *keys_match(struct hsm *hsm, const char *label, EVP_PKEY *pub);

/* The next free name, HSM_LABEL_MAX octets. 1, or 0 raised. */
int keys_next_label(struct hsm *hsm, const char *label, char *out);

/* Destroy all keys of the family but the one that fits ${pub}. Only when that
   one is there. 1, or 0 raised. */
int keys_prune(struct hsm *hsm, const char *label, EVP_PKEY *pub);

/*
 * A PKCS #10 request for ${key}: ${subject}, or when that is NULL a single
 * CN=${label}. Returned to be freed with X509_REQ_free(); NULL raised.
 */
X509_REQ *keys_request(
    EVP_PKEY *key, const X509_NAME *subject, const char *label);

#endif
