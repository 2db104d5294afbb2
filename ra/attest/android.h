#ifndef INKAN_RA_ATTEST_ANDROID_H
#define INKAN_RA_ATTEST_ANDROID_H

#include <openssl/asn1t.h>
#include "ra/attest/private.h"

/*
 * Android key attestation: the keystore's certificate chain, whose leaf is of the
 * request's key and has the extension 1.3.6.1.4.1.11129.2.1.17. What vouches for
 * the device is read from hardwareEnforced only. Not read: uniqueId, the
 * application's identity (it says which app asked, not which device), provisioning
 * information.
 */

#define ANDROID_OID "1.3.6.1.4.1.11129.2.1.17"
#define ANDROID_STATUS_MAX (4 * 1024 * 1024) /* octets of the status list */
#define ANDROID_STATUS_AGE (7 * 86400)	     /* seconds, if nobody says */

typedef struct {
	ASN1_INTEGER *version;
	ASN1_ENUMERATED *level;
	ASN1_INTEGER *keymint;
	ASN1_ENUMERATED *keymint_level;
	ASN1_OCTET_STRING *challenge, *unique_id;
	STACK_OF(ASN1_TYPE) *software, *hardware; /* AuthorizationLists */
} ANDROID_KEY;
DECLARE_ASN1_ITEM(ANDROID_KEY)

typedef struct {
	ASN1_OCTET_STRING *key;
	ASN1_BOOLEAN locked;
	ASN1_ENUMERATED *state;
	ASN1_OCTET_STRING *hash; /* since version 3 */
} ANDROID_BOOT;
DECLARE_ASN1_ITEM(ANDROID_BOOT)

/* An AuthorizationList has ascending tags, each once. */
int android_list_is_fit(const STACK_OF(ASN1_TYPE) *list);
/* The contents of explicit tag ${tag}: 1, or 0 when it is not there. Borrowed. */
int android_find(const STACK_OF(ASN1_TYPE) *list, int tag,
    struct attest_octets *out);
/* An INTEGER or ENUMERATED there; -1: absent or unfit. */
int64_t android_number(const STACK_OF(ASN1_TYPE) *list, int tag);

/* Is the status list one? 1; 0 raised, also where there is none. Its age is not
   looked at. */
int android_status_fit(const struct attest_android_policy *policy);
/* Is no certificate of ${path} on the status list, and is the list fresh? */
int android_status_check(const struct attest_android_policy *policy,
    const STACK_OF(X509) *path, time_t now);

#endif
