#ifndef INKAN_PROFILES_CONFORM_H
#define INKAN_PROFILES_CONFORM_H

#include <stddef.h>
#include <time.h>
#include <openssl/evp.h>
#include "profiles/build.h"

/*
 * An independent judgement of a finished TBSCertificate: by other code than the
 * one that built it (own walk over the bytes, own tables; nothing of build.c).
 *
 * Checked: DER that re-encodes to the same octets; v3; serial positive, 20
 * octets or fewer, equal to the reserved one; algorithm with the parameters that
 * RFC 5280/5758/8410/4055 demand; issuer name byte-equal to the CA's subject;
 * UTCTime before 2050 and GeneralizedTime from then, seconds, no fractions;
 * notBefore and notAfter within profile and issuer; subject attributes: only
 * those of the profile, X.520 upper bounds (CN, O, OU 64, serialNumber 64, C 2,
 * ST, L 128, emailAddress 255), string types (C and serialNumber
 * PrintableString, emailAddress and DC IA5String); empty subject => critical SAN;
 * SPKI equal to the requested one and of the profile's types; every extension
 * at most once, known to the profile, with its criticality and content; key
 * usage matrix; CA rules (basicConstraints, keyCertSign, path length under the
 * issuer's); AKI = issuer's SKI value, SKI present where demanded; IEEE 802.1AR
 * for classes idevid and ldevid (serialNumber in the subject of an IDevID, no
 * cA, digitalSignature critical, hardwareModuleName well-formed with OCTET
 * STRING serial); OCSP delegate: nocheck, no AIA-OCSP, no CRLDP, <= 30 days;
 * code signing: EKU alone; SAN entries syntactically valid.
 *
 * Not checked: whether the subject is who it says it is.
 */

struct conform_context {
	const struct profile *profile;
	const struct build_issuer *issuer;	/* name NULL: self-signed */
	const unsigned char *spki;
	size_t spki_len;
	const unsigned char *serial;		/* BUILD_SERIAL_LEN */
	time_t now;	/* the one that build_tbs() was given */
	int attested;
	int renewed;	/* subject and SAN are those of the certificate renewed:
			   only their types are held against the profile */
	const unsigned char *key_id;	/* a foreign CA's own, or NULL */
	size_t key_id_len;
};

/* 1, or 0 with PROFILE_E_NONCONFORM "conform.<rule>: RFC ...: ..." raised. */
int conform_tbs(const struct conform_context *ctx, const unsigned char *tbs,
    size_t tbs_len);

/*
 * The compare step: ${cert} holds exactly ${tbs}, its outer algorithm is byte-
 * equal to the inner one, and its signature verifies under ${issuer_key}
 * (decoded anew from SPKI bytes by the caller, not the signing handle).
 */
int conform_signed(const unsigned char *cert, size_t cert_len,
    const unsigned char *tbs, size_t tbs_len, EVP_PKEY *issuer_key);

#endif
