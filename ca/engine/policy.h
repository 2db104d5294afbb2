#ifndef INKAN_CA_ENGINE_POLICY_H
#define INKAN_CA_ENGINE_POLICY_H

#include <openssl/x509.h>
#include "ca/engine/operators.h"
#include "ca/store/records.h"
#include "profiles/profile.h"

/*
 * A policy version, compiled: profiles and fleets. Immutable once made;
 * reference-counted, so that a request goes on with the version it began with.
 * Compiled from texts (of a version in the store, or of a folder: a proposal).
 * Paths in a version: "profiles/NAME.conf", "fleets/NAME.conf",
 * "fleets/NAME.pem" (trust anchors that fleets name), "fleets/NAME.attest"
 * (reference values for the verifier, inkan-verifier(8)). The format of a fleet file is
 * inkan-fleet(5). "operators.conf", where there is one, says who may do what:
 * operators.h.
 *
 * policy_compile refuses: what profile_compile refuses; a fleet whose profile
 * or anchors are missing, whose profile is not issued_by "est"; two fleets
 * with one label, a label that is an EST operation or not [a-z0-9-]; a fleet
 * without a label that is not the default; two defaults; anchors that are not
 * self-signed CAs; an anchor of evidence that is a maker's or a station's of any
 * fleet; a station in two fleets; more approvals of a fleet's
 * requests than there are officers to give them. Anchors that are ours are found by
 * policy_refuse_own() and again with each chain that is verified.
 */

enum fleet_registration { FLEET_PRE_REGISTERED, FLEET_JUST_IN_TIME };
enum fleet_re_enrol { FLEET_RE_REFUSE, FLEET_RE_APPROVE, FLEET_RE_ALLOW };
enum fleet_pop_link { FLEET_POP_OFF, FLEET_POP_IF_PRESENT, FLEET_POP_REQUIRED };
enum fleet_attest { FLEET_ATTEST_NONE, FLEET_ATTEST_PINNED_KEY,
	FLEET_ATTEST_EVIDENCE };
enum fleet_approve { FLEET_APPROVE_NONE, FLEET_APPROVE_FIRST,
	FLEET_APPROVE_ALL };
enum fleet_window { FLEET_WINDOW_WHOLE, FLEET_WINDOW_LAST_THIRD,
	FLEET_WINDOW_SECONDS };
enum fleet_late_key { FLEET_LATE_ANY_KEY, FLEET_LATE_SAME_KEY,
	FLEET_LATE_NEW_KEY };
enum fleet_superseded { FLEET_SUPERSEDED_KEEP, FLEET_SUPERSEDED_FIRST_USE,
	FLEET_SUPERSEDED_AFTER };

enum fleet_serial { FLEET_SERIAL_IGNORED, FLEET_SERIAL_IF_KNOWN,
	FLEET_SERIAL_REQUIRED };
enum fleet_missing { FLEET_MISSING_REFUSE, FLEET_MISSING_PASS };

#define FLEET_MAKERS_MAX 16
#define FLEET_NAME_RULES_MAX 8
#define FLEET_NAME_MATCHES_MAX 4
#define FLEET_HW_TYPES_MAX 8
#define FLEET_PATTERNS_MAX 32

struct fleet_revocation {	/* of certificates that others issued */
	int crls;		/* their CRLs are asked (maker_crls.h) */
	enum fleet_missing missing;	/* when there is none that counts */
};

struct fleet_name_rule {	/* on the device's certificate of its maker */
	int of_issuer;		/* the issuer's name; else the subject */
	int nid;
	char match[FLEET_NAME_MATCHES_MAX][128];	/* patterns, '*' */
	size_t n_match;
};

struct fleet_maker {		/* trust in one manufacturer */
	char name[64];
	X509_STORE *anchors;	/* only what the operator named here */
	int depth;		/* longest chain, anchor not counted: 1..8 */
	/* The subject's attribute that names the device, and the one that is
	   its serial number; NID_undef: hwSerialNum (RFC 4108 5). */
	int name_nid, serial_nid;
	enum fleet_serial serial;	/* held against the registry's? */
	char hw_types[FLEET_HW_TYPES_MAX][64];	/* dotted */
	size_t n_hw_types;
	struct fleet_name_rule rules[FLEET_NAME_RULES_MAX];
	size_t n_rules;
	struct fleet_revocation revocation;
};

#define FLEET_STATIONS_MAX 32

struct fleet_station {		/* asks on behalf of devices */
	char name[49];		/* the CN of its certificate */
	X509_STORE *anchors;	/* NULL: its certificate is one of ours */
	int depth;
	int name_nid;		/* CSR's attribute that names the device */
	struct fleet_revocation revocation;	/* with anchors only */
	int64_t per_shift, shift;	/* certificates in so many seconds */
};

/* Of requests that wait for people. */
struct fleet_approval {
	int64_t number;			/* approvals that one needs */
	int64_t lifetime;		/* seconds that it waits, at most */
	int64_t retry_after;		/* seconds that the device is told */
	int64_t max_waiting;		/* of the fleet at a time */
	int64_t per_device_day;		/* that one device begins */
};

struct fleet {
	char name[64];
	char label[64];
	int is_default;
	char profile[64];
	const struct profile *compiled;	/* borrowed from the policy */
	struct fleet_maker makers[FLEET_MAKERS_MAX];
	size_t n_makers;
	struct fleet_station stations[FLEET_STATIONS_MAX];
	size_t n_stations;
	int basic;			/* HTTP Basic with a secret */
	int own;			/* renewal by a certificate of our own */
	int idevid_key_reuse;		/* CSR key may be the maker certificate's */
	enum fleet_registration registration;
	char patterns[FLEET_PATTERNS_MAX][256];	/* names that count as
					   pre-registered, '*' wildcard */
	size_t n_patterns;
	enum fleet_re_enrol re_enrol;
	enum fleet_approve approve;	/* which enrolments people approve */
	struct fleet_approval approval;	/* also for re_enrol "approve" */
	int64_t retry_window;		/* seconds in which a repetition gets
					   the certificate that was made */
	enum fleet_window window;
	int64_t window_seconds;		/* before notAfter */
	int san_optional;		/* a renewal CSR without SAN is allowed
					   (and noted as a deviation) */
	int san_subset;			/* it may ask for less */
	int64_t after_expiry;		/* seconds after notAfter in which it
					   still renews; 0 none */
	enum fleet_late_key late_key;	/* with which key then */
	int late_by_fleet;		/* without the device's own consent
					   (device_row.late_renewal) */
	int identity_update;		/* a renewal may change the names */
	enum fleet_superseded superseded;	/* what becomes of the
					   certificate that was renewed */
	int64_t superseded_after;	/* seconds */
	enum fleet_pop_link pop_link;
	enum fleet_attest attest;
	struct fleet_evidence *evidence;	/* fleet_attest.h; NULL unless
					   FLEET_ATTEST_EVIDENCE */
	int64_t per_device_hour, per_day;	/* 0 = no limit */
	int64_t per_address_minute;	/* requests, not certificates */
	char answer_wrap[16];		/* auto | one-line | 64 */
	int keygen;			/* keys are made for devices */
	int keygen_plain;		/* and answered unencrypted inside TLS */
	unsigned keygen_types;		/* set of enum spki_type */
};

struct policy {
	struct policy_row row;		/* version 0: a proposal */
	struct profile **profiles; size_t n_profiles;
	struct fleet **fleets; size_t n_fleets;
	struct operators *operators;	/* NULL: no such file */
	struct policy_file *files; size_t n_files;	/* the texts */
	int refs;			/* atomic */
};

/* Files are copied. Returned to be given back with policy_put(). */
struct policy *policy_compile(const struct policy_file *files, size_t n);
/* The same for a version that is active: a profile that only the linter refuses
   is no reason to stop (profile_compile_active()). */
struct policy *policy_compile_active(const struct policy_file *files, size_t n);
/* The proposal in a folder (profiles/ and fleets/ below it). */
struct policy *policy_read_dir(const char *dir);
/* The active version of the store, by policy_compile_active(). NULL raised; CA_E_NOTFOUND: none yet. */
struct policy *policy_read_store(struct store *store);
struct policy *policy_ref(struct policy *p);
void policy_put(struct policy *p);	/* NULL is fine */

const struct profile *policy_profile(const struct policy *p, const char *name);
const struct fleet *policy_fleet(const struct policy *p, const char *name);
/* NULL or "" = the default fleet; NULL returned when there is no such label. */
const struct fleet *policy_label(const struct policy *p, const char *label);
/* CsrAttrs DER for the fleet's profile, in the form of RFC 8951 (no
   id-ExtensionReq) and as the template of RFC 9908, see csrattrs.h: a CSR that
   obeys either is not refused for its shape. To be freed with OPENSSL_free(). */
int policy_csrattrs(const struct fleet *f, unsigned char **out, size_t *len);
/* Is one of ${n} CA certificates of our own (SHA-256 of the DER) among the
   trust anchors of a maker? 1 when none is, or 0 with PROFILE_E_CONFIG. To be
   asked before a version is activated: a text cannot know what is ours. */
int policy_refuse_own(const struct policy *p, const unsigned char (*own)[32],
    size_t n);
/* Stable text of a fleet, "key = value" lines. OPENSSL_free(). */
char *policy_fleet_dump(const struct fleet *f);
/* Load "profiles" and "fleets" files and operators.conf of a folder as texts;
   free with policy_files_free(). */
int policy_load_dir(const char *dir, struct policy_file **files, size_t *n);
void policy_files_free(struct policy_file *files, size_t n);

#endif
