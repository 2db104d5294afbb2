#ifndef INKAN_RA_ATTEST_EK_H
#define INKAN_RA_ATTEST_EK_H

#include "ra/attest/credential.h"
#include "ra/attest/private.h"

/*
 * Endorsement keys: certificates as the TCG EK Credential Profile has them, with
 * what makers do to it under flags. Looked at: extended key usage, key usage, not
 * a CA, the maker, model and version in the SAN (three attributes in one RDN or
 * in three), the class of TPM, the path, the key. SHA-1 and short keys pass
 * nowhere. Not looked at: tPMSpecification, tPMSecurityAssertions, and URLs, which
 * are never fetched (a maker's intermediates stand in the policy).
 *
 * A certificate vouches for a key only. The public area that a device sends along
 * is believed in two things, its nameAlg and its AES key size: wrong ones make
 * its own activation fail, no more.
 */

/* A certificate as it lies in a TPM's NV memory: with ATTEST_QUIRK_EK_PADDING
   octets 00 or FF may follow it. To be freed; NULL raised. */
X509 *ek_cert_read(const unsigned char *der, size_t len, unsigned quirks);

/* The EK of ${ask}; ${out}->key is to be freed. 1, or 0 raised. */
int ek_check(const struct credential_ask *ask, struct credential_ek *out,
    struct attest_facts *facts);

/* ATTEST_TPM_DISCRETE ... of a vendor identifier ("id:49465800"). */
unsigned ek_class(const char *id);

/* The maker, model and version in ${cert}'s SAN, and the class that follows; each
   is refused with a rule of its own. */
struct ek_rules {
	const char *san, *class;
};
int ek_maker_check(const struct ek_rules *rules, const X509 *cert,
    const struct attest_policy *policy, struct attest_facts *facts);

#endif
