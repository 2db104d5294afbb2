#ifndef INKAN_PROFILES_PROFILE_H
#define INKAN_PROFILES_PROFILE_H

#include <stddef.h>
#include <stdint.h>
#include <openssl/asn1.h>
#include "profiles/spki.h"

/*
 * A certificate profile: what a certificate of this kind must be, compiled
 * from libconfig text into a checked form. The profile decides; a CSR only
 * asks. The file format is inkan-profile(5).
 *
 * profile_compile refuses, naming file, line and key: unknown or missing keys;
 * a class that its issued_by does not allow (ca, cross, ocsp, est-server: only
 * ceremony and service; code-signing: never est); key usages that a key type must not have (RFC 8813,
 * 9295, 5480: the matrix of docs/profiles.md); basicConstraints and keyCertSign
 * that disagree; OCSPSigning together with a CA; id-kp-timeStamping that is not
 * alone; codeSigning mixed with serverAuth; no subject and no SAN rule;
 * not_after = "none" outside class idevid and the classes ca and cross (an IDevID
 * without end needs an issuer without end; for end entities it stays with
 * idevid alone); noRevAvail beside CRL or OCSP; the attestation key's EKU
 * (2.23.133.8.3) and TCG's policies of verified residency outside if_attested;
 * an extension in ${extensions} that has a key of its own, or whose OID lies
 * under a vendor's arc without vendor_arc; cross-certification keys outside the
 * classes ca and cross. What else the newer classes demand is in profile_class.c
 * and docs/profiles.md.
 * A profile whose certificates break a rule of the linter does not load (trial.h),
 * but by profile_compile_active().
 * Pure functions: no clock, no network, no files but profile_read_file().
 */

#define PROFILE_BREACH_MAX 320

enum profile_class {
	PROFILE_CA,		/* root and issuing CAs */
	PROFILE_CROSS,
	PROFILE_OCSP,		/* delegated OCSP responder */
	PROFILE_EST_SERVER,	/* serverAuth + id-kp-cmcRA */
	PROFILE_IDEVID,		/* IEEE 802.1AR, maker's */
	PROFILE_LDEVID,		/* IEEE 802.1AR, owner's */
	PROFILE_ATTESTATION,	/* attestation key */
	PROFILE_CODE_SIGNING,
	PROFILE_TLS,		/* serverAuth, clientAuth */
	PROFILE_TIMESTAMPING,	/* RFC 3161 */
	PROFILE_SIGNING,	/* documents and files, by people and roles */
	PROFILE_SEAL,		/* a legal person's, EN 319 412-3 */
	PROFILE_SHORT_LIVED	/* never revoked, RFC 9608 */
};

enum profile_by {		/* issued_by, a set */
	PROFILE_BY_EST = 1,
	PROFILE_BY_OPERATOR = 2,
	PROFILE_BY_SERVICE = 4,
	PROFILE_BY_CEREMONY = 8
};

enum profile_source_kind {
	PROFILE_FROM_FIXED,	/* value = "..." */
	PROFILE_FROM_FIELD,	/* from = "identity.serial", "registry.model",
				   "request.name" ...: see build.h */
	PROFILE_FROM_CSR	/* from = "csr.CN" | "csr.san" */
};

enum profile_otherwise {	/* what a CSR value outside the rule does */
	PROFILE_IGNORE,		/* left out, and noted as a deviation */
	PROFILE_REFUSE		/* the request is refused */
};

#define PROFILE_NAME_MAX 64
#define PROFILE_TEXT_MAX 256
#define PROFILE_RULES_MAX 16
#define PROFILE_LIST_MAX 16
#define PROFILE_BACKDATE_MAX 172800	/* seconds */

struct profile_subject_rule {	/* one RDN, in the order of the file */
	int nid;		/* attribute type */
	enum profile_source_kind kind;
	char source[PROFILE_TEXT_MAX];	/* text, field name, or attribute */
	int optional;		/* 1: left out when its source is empty */
};

enum profile_san_type {
	PROFILE_SAN_DNS, PROFILE_SAN_IP, PROFILE_SAN_EMAIL, PROFILE_SAN_URI,
	PROFILE_SAN_HW_MODULE_NAME,	/* RFC 4108: hwType + hwSerialNum */
	PROFILE_SAN_PERMANENT_ID	/* RFC 4043: identifierValue, assigner */
};

struct profile_san_rule {
	enum profile_san_type type;
	enum profile_source_kind kind;	/* CSR: every entry of this type asked
					   for, up to max, that matches */
	char source[PROFILE_TEXT_MAX];	/* a field may hold several values,
					   separated by commas (IP, DNS) */
	char oid[64];		/* hwType or assigner; empty: none */
	char match[PROFILE_TEXT_MAX];	/* CSR only: comma-separated patterns;
				   '*' any run of characters, "{identity.x}"
				   is replaced by that field; empty: any */
	enum profile_otherwise otherwise;
	int optional;
	size_t max;		/* entries of a CSR, 1..16 */
};

struct profile_policy {		/* one PolicyInformation */
	char oid[64];
	char cps[PROFILE_TEXT_MAX];	/* CPS URI qualifier, empty: none */
	int unless_attested;	/* only in certificates without evidence */
	int if_attested;	/* only in those with */
};

struct profile_mapping {	/* RFC 5280 4.2.1.5 */
	char issuer[64], subject[64];	/* domain policies, dotted */
};

#define PROFILE_SUBTREES_MAX 32
#define PROFILE_SUBTREE_RDNS_MAX 8

enum profile_subtree_type {
	PROFILE_SUBTREE_DNS,
	PROFILE_SUBTREE_EMAIL,
	PROFILE_SUBTREE_URI,
	PROFILE_SUBTREE_IP,	/* base is CIDR, "10.0.0.0/8" */
	PROFILE_SUBTREE_DIRECTORY
};

struct profile_subtree {	/* one GeneralSubtree, RFC 5280 4.2.1.10 */
	enum profile_subtree_type type;
	int excluded;		/* else permitted */
	char base[PROFILE_TEXT_MAX];	/* of a directory name empty */
	struct {
		int nid;
		char value[PROFILE_TEXT_MAX];
	} rdn[PROFILE_SUBTREE_RDNS_MAX];	/* of a directory name */
	size_t n_rdn;
};

#define PROFILE_EXTENSIONS_MAX 16

struct tree;
struct profile_extension {	/* declared, see tree.h */
	char oid[64];
	int critical;
	struct tree *tree;
};

struct profile {
	char name[PROFILE_NAME_MAX];
	char description[PROFILE_TEXT_MAX];
	enum profile_class class;
	unsigned issued_by;		/* set of enum profile_by */
	char issuer[PROFILE_NAME_MAX];	/* issuing CA's name; "" = self-signed
					   in class ca, in the classes cross,
					   ocsp and est-server whichever CA
					   the ceremony names; never "" else */
	unsigned key_types;		/* set of enum spki_type */

	int64_t duration;		/* seconds; 0 with no_end */
	int64_t backdate;		/* seconds before now */
	int no_end;			/* 99991231235959Z, never clamped */
	int may_outlive_issuer;

	struct profile_subject_rule subject[PROFILE_RULES_MAX];
	size_t n_subject;
	struct profile_san_rule san[PROFILE_RULES_MAX];
	size_t n_san;
	int san_critical;		/* always set when the subject is empty */

	unsigned key_usage;		/* bits as X509v3 KU_*, 0 = absent */
	int key_usage_critical;
	char eku[PROFILE_LIST_MAX][64];	/* dotted OIDs */
	size_t n_eku;
	char eku_attested[PROFILE_LIST_MAX][64]; /* added only with evidence
					   or a pinned key */
	size_t n_eku_attested;
	int eku_critical;
	int has_basic_constraints, basic_constraints_critical;
	int is_ca;
	int path_len;			/* -1: none */
	int ski, aki;
	int crl_dp, aia_ocsp, aia_issuers;
	int ocsp_nocheck;
	int no_rev_avail;
	struct profile_policy policies[PROFILE_LIST_MAX];
	size_t n_policies;
	char mud_url[PROFILE_TEXT_MAX];	/* RFC 8520; empty: absent */

	/* Cross-certification: classes ca and cross. A number counts only when
	   its has_ is set. */
	int self_issued;		/* subject = issuer, another key */
	struct profile_mapping mappings[PROFILE_LIST_MAX];
	size_t n_mappings;
	int has_require_explicit, require_explicit;
	int has_inhibit_mapping, inhibit_mapping;
	int has_inhibit_any, inhibit_any;
	struct profile_subtree *subtrees;	/* owned; permitted first */
	size_t n_subtrees;

	struct profile_extension *extensions;	/* owned */
	size_t n_extensions;
	int vendor_arc;			/* extensions of Intel, AMD, Apple */

	/* Octets at most; 0: no limit of the profile's. */
	size_t max_der;			/* of the certificate */
	size_t max_crl_url;		/* of the CRL's address */
	size_t max_issuer;		/* of the issuer's name, DER */

	int active;			/* profile_compile_active() */
	char breach[PROFILE_BREACH_MAX];	/* then */
};

/* Compile text (errors call it ${file}). Returned to be freed. */
struct profile *profile_compile(const char *file, const char *text, size_t len);
/* The same for one that was accepted already, by the rules of its time: when only
   the linter refuses it today, or a value written in it, it is returned all the
   same, with what would have been raised ("<file>: lint.<rule>: ...") in ->breach,
   which is "" otherwise.
   Each of its certificates is judged before it is signed, as ever. */
struct profile *profile_compile_active(const char *file, const char *text,
    size_t len);
struct profile *profile_read_file(const char *path);
void profile_free(struct profile *p);

const char *profile_class_name(enum profile_class class);
/* Is a certificate of ${p} signed by its own key? Class ca without issuer. */
int profile_is_self_signed(const struct profile *p);
/* "est", "operator", "service" or "ceremony" for exactly one bit. */
const char *profile_by_name(enum profile_by by);
/* May ${by} cause a certificate of ${p}? 1, or 0 with PROFILE_E_REFUSED. */
int profile_allows(const struct profile *p, enum profile_by by);
/*
 * What certificates by ${p} say, in words of TCG, of a key with evidence: that it
 * lives in a TPM (a policy under 2.23.133.11.1), and that it is restricted, so that
 * it signs nothing that looks like a TPM's word and is not (the EKU 2.23.133.8.3,
 * the policy 2.23.133.11.1.3). A set, 0: neither. Whether evidence has shown that is
 * for whoever has it to find out.
 */
#define PROFILE_SAYS_TPM 1u
#define PROFILE_SAYS_RESTRICTED 2u
unsigned profile_says(const struct profile *p);
/* Call ${each} with the name of every field ("request.cn") that a rule of ${p}
   takes, in the order of the rules; one that several take comes several
   times. */
void profile_fields(const struct profile *p,
    void (*each)(const char *field, void *arg), void *arg);
/* Stable text dump, one "key = value" a line, each key once, for snapshots and
   `inkan profile show`; what would end a line or a text there is "\x0a". To be
   freed with OPENSSL_free(). */
char *profile_dump(const struct profile *p);

/* The key-usage matrix: are ${ku} bits (KU_*) legal for every key type in the
   set ${types}? 1, or 0 with the rule and RFC raised as PROFILE_E_REFUSED. */
int profile_key_usage_ok(unsigned types, unsigned ku, int is_ca);

#endif
