#ifndef INKAN_RA_ATTEST_ATTEST_H
#define INKAN_RA_ATTEST_ATTEST_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <openssl/x509.h>

/*
 * The appraisal of evidence (RFC 9334): what a device says about its key and
 * itself, against what the relying party trusts and expects. Pure functions: no
 * file, no socket, no clock, nothing kept between two calls; any number of
 * threads. In go one statement, the certificates that came with it, and the
 * policy; out come facts, or a refusal.
 *
 * A refusal is one entry on OpenSSL's error queue that begins with its rule,
 * "attest.FORMAT.STEP: FIELD: what is wrong". Steps stand in docs/attestation.md
 * in the order in which they are taken: whoever passes one has passed those
 * before it.
 *
 * Every accepted statement of a key has these properties:
 *   - it carries exactly ${nonce} where its format has a place for that, compared
 *     in constant time;
 *   - it was signed by a key that the policy's anchors for this format, or the
 *     activation of this dialogue, vouch for;
 *   - the key that it speaks of is ${spki}.
 * Not checked here, because it must not be delegated: that the nonce is the
 * relying party's own, fresh and unused; that ${spki} is the key of the CSR and
 * that the CSR is signed with it. Not checked here either: whether this device
 * may have the name that it asks for.
 */

#define ATTEST_STMT_MAX (64 * 1024) /* octets of one statement */
#define ATTEST_CERTS_MAX 16	    /* certificates of one bundle */
#define ATTEST_NONCE_MIN 8
#define ATTEST_NONCE_MAX 64
#define ATTEST_NAME_MAX 66 /* a TPM's Name: algorithm and SHA-512 */
#define ATTEST_FACTS_MAX 128

enum attest_reason {
	ATTEST_E_MALFORMED = 450, /* cannot be read */
	ATTEST_E_REFUSED,	  /* was read, and is not good enough */
	ATTEST_E_POLICY,	  /* what we were given to judge by is unfit */
	ATTEST_E_INTERNAL	  /* our mistake, or out of memory */
};

enum attest_format {
	ATTEST_TPM,
	ATTEST_DICE,
	ATTEST_EAT,
	ATTEST_ANDROID,
	ATTEST_WEBAUTHN,
	ATTEST_N_FORMATS
};
/* "tpm", "dice", "eat", "android", "webauthn": as in rules. NULL: no format. */
const char *attest_format_name(enum attest_format format);

/* Borrowed octets; {NULL, 0} where there are none. */
struct attest_octets {
	const unsigned char *p;
	size_t len;
};

/*
 * What kind of statement it is. Registered types are known by their OIDs (below);
 * types that nobody has registered are OIDs below an arc of the operator's:
 * <arc>.N with these numbers. attest_kind_of() reads both.
 */
enum attest_kind {
	ATTEST_KIND_UNKNOWN = 0,
	ATTEST_KIND_NONCE_REQUEST = 1,	/* nonce endpoint, reqTypeInfo; no kind */
	ATTEST_KIND_NONCE_RESPONSE = 2, /* respTypeInfo; of a statement */
	ATTEST_KIND_TPM_CERTIFY_CREATION = 3,
	ATTEST_KIND_TPM_QUOTE = 4,
	ATTEST_KIND_ANDROID = 5,  /* SEQUENCE {}; the chain is in certs */
	ATTEST_KIND_WEBAUTHN = 6, /* see webauthn.h */
	ATTEST_KIND_EAT_CWT = 7,  /* OCTET STRING of a COSE_Sign1 */
	ATTEST_KIND_EAT_JWT = 8,  /* UTF8String of a JWS in compact form */
	/* registered */
	ATTEST_KIND_TPM_CERTIFY = 100, /* 2.23.133.20.1 */
	ATTEST_KIND_DICE = 101,	       /* 2.23.133.5.4.11, TcbFreshness */
	ATTEST_KIND_CMW = 102,	       /* 1.3.6.1.5.5.7.1.35, RFC 9999 */
	ATTEST_KIND_DICE_CMW = 103     /* 2.23.133.5.4.9 */
};
#define ATTEST_OID_TPM_CERTIFY "2.23.133.20.1"
#define ATTEST_OID_DICE_FRESHNESS "2.23.133.5.4.11"
#define ATTEST_OID_CMW "1.3.6.1.5.5.7.1.35"
#define ATTEST_OID_DICE_CMW "2.23.133.5.4.9"

/* ${type} is a dotted OID, ${arc} the operator's arc or NULL. */
enum attest_kind attest_kind_of(const char *type, const char *arc);
/* Whose rules and policy judge a statement of this kind; ATTEST_N_FORMATS when
   none does. A CMW is ATTEST_EAT. */
enum attest_format attest_kind_format(enum attest_kind kind);

/* ---- What the policy gives ---- */

/*
 * Who vouches for the keys of one kind of maker. Never our own roots: an
 * appraiser that trusts the CA which it serves proves nothing.
 */
struct attest_trust {
	STACK_OF(X509) *anchors;       /* roots, or CAs below them */
	STACK_OF(X509) *intermediates; /* ours to add; untrusted; NULL: none */
	STACK_OF(X509_CRL) *crls;      /* NULL: revocation is not looked at; else
					  each issuer in a path needs one */
	const unsigned char (*denied)[32]; /* SHA-256 of SPKIs: nowhere in a path */
	size_t n_denied;
	const unsigned char (*pinned)[32]; /* SHA-256 of SPKIs that need no path */
	size_t n_pinned;
	int ignore_expiry; /* of every certificate in the path */
};

/* What other people's devices and samples do. Off unless said. */
#define ATTEST_QUIRK_STMT_HINT 0x01	/* a third element in a statement */
#define ATTEST_QUIRK_RAW_SIGNATURE 0x02 /* TPM: octets, no TPMT_SIGNATURE */
#define ATTEST_QUIRK_TPM_ATTRIBUTES 0x04 /* firmwareLimited, svnLimited */
#define ATTEST_QUIRK_EK_PADDING 0x08 /* 00 or FF behind an EK certificate */
#define ATTEST_QUIRK_EK_NO_SAN 0x10  /* no TPM maker, model, version */
#define ATTEST_QUIRK_EK_OAEP 0x20    /* SPKI says id-RSAES-OAEP */
#define ATTEST_QUIRK_EK_NO_EKU 0x40  /* no extended key usage at all */

/* What a TPM is, told by who made it (docs/attestation.md has the table). */
#define ATTEST_TPM_DISCRETE 0x01
#define ATTEST_TPM_FIRMWARE 0x02
#define ATTEST_TPM_VIRTUAL 0x04
#define ATTEST_TPM_UNKNOWN 0x08 /* a maker that we do not know */
#define ATTEST_TPM_NO_CERT 0x10 /* an EK that is pinned, not certified */

/* One PCR of one known state of a platform. ${digest} has the size of ${bank}.
   Those of one state have the same name, stand side by side, and are of one
   bank, in ascending order. */
struct attest_pcr {
	const char *state; /* "firmware-1.4" */
	int bank; /* NID_sha256, NID_sha384, NID_sha512 */
	unsigned index;
	unsigned char digest[64];
};

struct attest_tpm_policy {
	struct attest_trust ak; /* attestation keys' certificates */
	struct attest_trust ek; /* endorsement keys' certificates */
	unsigned classes;	/* ATTEST_TPM_*: which are accepted */
	uint32_t key_set;   /* TPMA_OBJECT bits that the device's key must have */
	uint32_t key_clear; /* and must not have, beside the fixed ones */
	int need_safe_clock;
	uint64_t firmware_min; /* 0: not looked at. Only true with an AK of the
				  endorsement hierarchy: else it is a fantasy */
	/* A quote must be of just the PCRs of one state, with its values. */
	const struct attest_pcr *pcrs;
	size_t n_pcrs;
};

/* A digest with its algorithm (NID_sha256, ...), or any octets (NID_undef). */
struct attest_digest {
	int algorithm;
	struct attest_octets octets;
};

/* A layer that is known: found by vendor, model, layer, index and type, of which
   NULL, -1 and {NULL, 0} mean that the claim must be absent. */
struct attest_dice_ref {
	const char *vendor, *model;
	int64_t layer, index;
	struct attest_octets type;
	const char *version; /* NULL: not compared */
	int64_t svn_min;     /* -1: not compared */
	const struct attest_digest *fwids; /* NID_sha256 and longer */
	size_t n_fwids;
};

struct attest_dice_policy {
	struct attest_trust trust; /* the maker's; pinned: DeviceID keys */
	const struct attest_dice_ref *refs;
	size_t n_refs;
	uint32_t flags_known; /* bits (1 << n) that flagsMask must cover beside
				 notConfigured, notSecure, recovery, debug */
};

/* A key that a maker has told us, found by kid or UEID. */
struct attest_key {
	struct attest_octets id;
	struct attest_octets spki; /* DER */
};

struct attest_psa_component {
	struct attest_octets signer_id;
	const char *type; /* NULL: not compared */
	struct attest_octets value;
};

struct attest_eat_policy {
	struct attest_trust trust; /* for x5chain, x5c */
	const struct attest_key *keys;
	size_t n_keys;
	const char *const *profiles; /* exact values of eat_profile */
	size_t n_profiles;
	int dbgstat_min; /* 0 enabled .. 4 disabled fully and permanently; the
			    least that a policy should ask for is 2 */
	const struct attest_octets *oemids; /* n == 0: not looked at */
	size_t n_oemids;
	const struct attest_octets *hwmodels;
	size_t n_hwmodels;
	/* SHA-256 of measurements (claim 273): every one that comes must be here,
	   and at least one must come. n == 0: not looked at. */
	const struct attest_digest *measurements;
	size_t n_measurements;
	const struct attest_psa_component *components; /* the same, claim 2399 */
	size_t n_components;
	int64_t max_age; /* seconds since iat; 0: no clock, iat not looked at */
	int signer_is_key; /* the token's own key may be the CSR's, without cnf */
};

struct attest_android_policy {
	struct attest_trust trust; /* anchors are compared by their keys */
	int level_min;		   /* 1 TEE, 2 StrongBox */
	struct attest_octets status; /* the status list, JSON; none: refuse all */
	time_t status_time;	     /* when it was fetched */
	int64_t status_max_age;	     /* seconds */
	long os_patch_min;	     /* YYYYMM; 0: not looked at */
	long vendor_patch_min, boot_patch_min; /* YYYYMMDD; 0: not looked at */
	const struct attest_octets *boot_keys; /* verifiedBootKey of systems that
						  their owners sign */
	size_t n_boot_keys;
};

struct attest_webauthn_policy {
	struct attest_trust trust;
	const char *rp_id;
	const char *const *origins; /* of clientDataJSON */
	size_t n_origins;
	const unsigned char (*aaguids)[16]; /* n == 0: any */
	size_t n_aaguids;
	int allow_self; /* packed without a certificate: says nothing about
			   hardware */
};

struct attest_policy {
	unsigned formats; /* bits (1 << ATTEST_TPM) ...: which are accepted */
	unsigned quirks;  /* ATTEST_QUIRK_* */
	const char *arc;  /* OID below which our private types stand, or NULL */
	struct attest_tpm_policy tpm;
	struct attest_dice_policy dice;
	struct attest_eat_policy eat;
	struct attest_android_policy android;
	struct attest_webauthn_policy webauthn;
};

/* ---- What the evidence gives ---- */

/* One statement. Its type and its content (one DER element) are borrowed. */
struct attest_statement {
	enum attest_kind kind;
	struct attest_octets stmt;
};

struct attest_input {
	STACK_OF(X509) *certs;	    /* of the bundle, in any order; may be NULL */
	struct attest_octets nonce; /* what the evidence must carry: 8..64 */
	struct attest_octets spki;  /* the CSR's key: SubjectPublicKeyInfo, DER */
	/* The AK of this dialogue, when MakeCredential has shown that it lives in
	   the TPM with the EK: its Name and its TPMT_PUBLIC. Else none: then a
	   certificate must say so. */
	struct attest_octets ak_name;
	struct attest_octets ak_public;
	time_t now;
	const struct attest_policy *policy;
};

/* ---- What comes out ---- */

enum attest_type {
	ATTEST_TEXT,   /* UTF-8 */
	ATTEST_NUMBER, /* decimal */
	ATTEST_OCTETS, /* lower-case hex */
	ATTEST_FLAG    /* "true" or "false" */
};

struct attest_fact {
	const char *name; /* "tpm.maker": docs/attestation.md lists them all */
	enum attest_type type;
	const char *value;
};

/* Names and values are within the lists below and of printable characters:
   control characters of a foreign text are written as \xNN. */
struct attest_facts;
struct attest_facts *attest_facts_new(void);
void attest_facts_free(struct attest_facts *facts);
size_t attest_facts_count(const struct attest_facts *facts);
/* In the order in which they were found; borrowed, until the next is added. */
const struct attest_fact *attest_facts_at(
    const struct attest_facts *facts, size_t i);
/* The value of ${name}, or NULL. Borrowed. */
const char *attest_facts_get(const struct attest_facts *facts, const char *name);
/* SubjectPublicKeyInfo of the key that is attested, DER; none when the statement
   was not about a key (a quote). Borrowed. */
struct attest_octets attest_facts_key(const struct attest_facts *facts);
/* TPM: Name of the AK that signed, when its public area is known. Borrowed. */
struct attest_octets attest_facts_ak_name(const struct attest_facts *facts);

/*
 * One statement. Facts are added to ${facts}; those of a statement that was
 * refused are not to be used. 1, or 0 with the refusal raised.
 */
int attest_appraise(const struct attest_statement *statement,
    const struct attest_input *in, struct attest_facts *facts);

#endif
