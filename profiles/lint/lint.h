#ifndef INKAN_PROFILES_LINT_LINT_H
#define INKAN_PROFILES_LINT_LINT_H

#include <stddef.h>

/*
 * A linter for certificates and CRLs of anybody: a table of rules, each with a
 * name, a citation and a severity, that look at the octets alone. It is used
 * before the CA's key signs (conform.c), when a profile is loaded (trial.c), and
 * by `inkan lint`.
 *
 * What a certificate *is* (a CA, a delegated OCSP responder, a time-stamping
 * authority, a device …) is told by its contents: no profile is asked, no chain
 * is built, no clock, file or network is read. The walk over DER is the linter's
 * own; nothing of build.c is in it, and no public key is decoded.
 *
 * Important caveats: signatures are not verified, points are not checked to be
 * on their curve, nothing is fetched, and nothing that needs a second
 * certificate is judged (AKI against the issuer's SKI, path length, name
 * constraints against names). Input may be hostile; every length is bounded by
 * the input, and these are the limits beyond which "der.structure" or "limit"
 * says that something was not looked at:
 */

#define LINT_CERT_MAX (64 * 1024)		/* octets of a certificate */
#define LINT_CRL_MAX ((size_t)512 * 1024 * 1024) /* octets of a CRL */
#define LINT_DEPTH_MAX 16			/* nested elements */
#define LINT_EXTS_MAX 64			/* extensions */
#define LINT_ATTRS_MAX 64			/* attributes of one name */
#define LINT_NAMES_MAX 1024			/* entries of one GeneralNames */
#define LINT_TEXT_MAX 512			/* octets of a finding's text */

enum lint_severity {
	LINT_NOTICE,	/* worth knowing; no standard is broken */
	LINT_WARNING,	/* a SHOULD is not followed, or a known trouble */
	LINT_ERROR	/* a MUST is broken */
};

/* What a rule looks at; with class bits: only such a certificate. */
#define LINT_ON_CERT 0x0001u
#define LINT_ON_CRL 0x0002u
#define LINT_IS_CA 0x0010u	/* basicConstraints cA */
#define LINT_IS_END 0x0020u	/* everything else */
#define LINT_IS_SELF 0x0040u	/* issuer and subject are the same octets */
#define LINT_IS_OCSP 0x0080u	/* OCSPSigning, not a CA */
#define LINT_IS_TSA 0x0100u	/* timeStamping, not a CA */
#define LINT_IS_CODE 0x0200u	/* codeSigning, not a CA */
#define LINT_IS_SERVER 0x0400u	/* serverAuth, not a CA */
#define LINT_IS_DEVICE 0x0800u	/* hardwareModuleName: IEEE 802.1AR's IDevID */
#define LINT_IS_AK 0x1000u	/* TCG attestation key */
#define LINT_IS_EK 0x2000u	/* TCG endorsement key */
#define LINT_IS_NOREV 0x4000u	/* noRevAvail (RFC 9608) */
#define LINT_IS_DELTA 0x8000u	/* a delta CRL */

struct lint_rule {
	const char *id;		/* "serial.positive" */
	const char *citation;	/* "RFC 5280 4.1.2.2" */
	enum lint_severity severity;
	unsigned applies;	/* LINT_ON_*, and LINT_IS_*: any of them */
	const char *demand;	/* what must be, in one line */
};

/* Called for each finding, in the order of the rules; ${text} lives as long as
   the call. */
typedef void lint_found(
    void *arg, const struct lint_rule *rule, const char *text);

/* The rules, by number from 0; NULL behind the last. */
const struct lint_rule *lint_rule_at(size_t i);
/* "error", "warning", "notice"; and back: -1 when it is none of them. */
const char *lint_severity_name(enum lint_severity severity);
int lint_severity_of(const char *name);

/*
 * Judge a Certificate, a TBSCertificate (what is about to be signed: the rules
 * on the signature do not run) or a CertificateList. ${classes} of
 * lint_cert_classes: what a certificate is, as LINT_IS_* bits, 0 when it cannot
 * be read. 1, or 0 when memory ran out (only a CRL whose entries are not sorted
 * by serial number takes any: 16 octets an entry).
 */
int lint_cert(
    const unsigned char *der, size_t len, lint_found *found, void *arg);
int lint_tbs(
    const unsigned char *der, size_t len, lint_found *found, void *arg);
int lint_crl(
    const unsigned char *der, size_t len, lint_found *found, void *arg);
unsigned lint_cert_classes(const unsigned char *der, size_t len);
/* Does it look like a CRL rather than a certificate? Only what stands where
   thisUpdate would is looked at. */
int lint_looks_like_crl(const unsigned char *der, size_t len);
/* "CA", "delegated OCSP responder" …: the most telling of the bits. */
const char *lint_class_name(unsigned classes);

#endif
