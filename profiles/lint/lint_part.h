#ifndef INKAN_PROFILES_LINT_LINT_PART_H
#define INKAN_PROFILES_LINT_LINT_PART_H

#include <stdint.h>
#include "profiles/der.h"
#include "profiles/lint/lint.h"

/*
 * The inside of the linter: a certificate or CRL taken apart once (lint_read.c),
 * and tables of rules that look at the parts and say what they find. Rules are
 * independent of each other: all of them run, so none may rely on what another
 * made sure of.
 */

#define N(a) (sizeof(a) / sizeof((a)[0]))
/* Is the contents of an OBJECT IDENTIFIER this literal? */
#define OID_IS(d, lit)                                                         \
	der_equal(&(d), (const unsigned char *)(lit), sizeof(lit) - 1)

#define CE "\x55\x1d"				/* 2.5.29 */
#define PKIX "\x2b\x06\x01\x05\x05\x07"		/* 1.3.6.1.5.5.7 */
#define TCG "\x67\x81\x05"			/* 2.23.133 */
#define ANY_POLICY CE "\x20\x00"

/* Universal tags that der.h has no use for. */
#define LINT_NUMERIC 0x12
#define LINT_TELETEX 0x14
#define LINT_VISIBLE 0x1a
#define LINT_UNIVERSAL 0x1c
#define LINT_BMP 0x1e

enum lint_ext_id {
	LINT_X_SDA,
	LINT_X_SKI,
	LINT_X_KU,
	LINT_X_SAN,
	LINT_X_IAN,
	LINT_X_BC,
	LINT_X_CRL_NUMBER,
	LINT_X_DELTA,
	LINT_X_IDP,
	LINT_X_NC,
	LINT_X_CRLDP,
	LINT_X_POLICIES,
	LINT_X_MAPPINGS,
	LINT_X_AKI,
	LINT_X_PC,
	LINT_X_EKU,
	LINT_X_FRESHEST,
	LINT_X_IAP,
	LINT_X_NOREV,
	LINT_X_EXPIRED,
	LINT_X_AIA,
	LINT_X_SIA,
	LINT_X_NOCHECK,
	LINT_X_TLS_FEATURE,
	LINT_X_MUD,
	LINT_X_MASA,
	LINT_X_CMW,
	LINT_X_QC,
	LINT_X_AAGUID,
	LINT_X_TCB,
	LINT_X_UEID,
	LINT_X_MULTI_TCB,
	LINT_X_N	/* any other */
};

struct lint_ext {
	enum lint_ext_id id;
	struct der oid, value;	/* contents */
	int critical, said;	/* said: the flag is encoded */
};

struct lint_attr {
	struct der type, value;	/* contents */
	unsigned char tag;	/* of the value */
	unsigned rdn;		/* number of its RDN */
};

struct lint_name {
	const char *what;	/* "issuer", "subject" */
	struct der whole;
	struct lint_attr attr[LINT_ATTRS_MAX];
	size_t n;
	const char *bad;	/* why it cannot be read, or NULL */
};

struct lint_time {
	struct der body;
	unsigned char tag;	/* 0: absent */
	int ok;			/* seconds is set */
	int64_t seconds;	/* since 1970 */
};

/* Kinds of faults that lint_der_walk() tells apart. */
enum lint_fault {
	LINT_F_LENGTH,
	LINT_F_BOOLEAN,
	LINT_F_INTEGER,
	LINT_F_OID,
	LINT_F_BITS,
	LINT_F_NULL,
	LINT_F_SET,
	LINT_F_STRING,
	LINT_F_TIME,
	LINT_F_TAG,
	LINT_F_N
};

struct lint_faults {
	const unsigned char *base;
	const char *why[LINT_F_N];	/* NULL: none of this kind */
	size_t at[LINT_F_N];		/* octets from base to the first */
};

/* Extended key usages that rules hang on. */
#define EKU_ANY 0x0001u
#define EKU_SERVER 0x0002u
#define EKU_CLIENT 0x0004u
#define EKU_CODE 0x0008u
#define EKU_EMAIL 0x0010u
#define EKU_TSA 0x0020u
#define EKU_OCSP 0x0040u
#define EKU_AK 0x0080u
#define EKU_EK 0x0100u
#define EKU_CMC_RA 0x0200u
#define EKU_OTHER 0x8000u

/* Kinds of keys and of signing algorithms. */
enum lint_key {
	LINT_K_UNKNOWN,
	LINT_K_RSA,
	LINT_K_PSS,	/* id-RSASSA-PSS as a key */
	LINT_K_EC,
	LINT_K_ED,	/* Ed25519, Ed448 */
	LINT_K_X,	/* X25519, X448 */
	LINT_K_PQ_SIGN,	/* ML-DSA, SLH-DSA */
	LINT_K_PQ_KEM	/* ML-KEM */
};

#define LINT_ENTRY_RULES_MAX 24

/* What a rule found in the entries of a CRL, all in one pass. */
struct lint_hits {
	size_t n, first;	/* entries; number of the first, 0: not known */
	const char *why;	/* of the first */
};

struct lint_view {
	lint_found *found;
	void *arg;
	const struct lint_rule *rule; /* the one that is looking */
	unsigned on;	     /* LINT_ON_CERT or LINT_ON_CRL */
	unsigned classes;    /* LINT_IS_* */
	int signed_;	     /* there is a signature around it */
	const char *broken;  /* why it cannot be read, or NULL */
	const char *limit;   /* what was too much to look at, or NULL */
	struct lint_faults faults;
	struct der whole;
	int trailing;	     /* octets behind it */
	int has_version;
	struct der version, serial;	    /* contents */
	struct der alg, outer, signature;   /* whole, whole, contents */
	struct lint_name issuer, subject;
	struct lint_time time[2]; /* notBefore, notAfter; thisUpdate, nextUpdate */
	int validity_bad;
	struct der spki;		    /* whole */
	enum lint_key key;
	struct der key_alg, key_params, key_bits; /* OID, rest, BIT STRING */
	int key_ok;
	int has_uid, has_exts;
	struct der exts;		    /* contents of the SEQUENCE */
	struct lint_ext ext[LINT_EXTS_MAX];
	size_t n_exts;
	const struct lint_ext *x[LINT_X_N]; /* the first of each kind */
	const char *ext_bad;		    /* one that cannot be read */
	unsigned ku, eku;		    /* KU_* of x509v3.h, EKU_* */
	size_t n_eku;
	int has_revoked;		    /* CRL */
	struct der revoked;		    /* contents */
	struct lint_hits hits[LINT_ENTRY_RULES_MAX]; /* lint_entry.c */
	int entries_read, no_memory;
};

struct lint_rule_fn {
	struct lint_rule rule;
	void (*check)(struct lint_view *v);
};

/* Tables end with a rule without an id. */
extern const struct lint_rule_fn lint_base_rules[];
extern const struct lint_rule_fn lint_name_rules[];
extern const struct lint_rule_fn lint_sig_rules[];
extern const struct lint_rule_fn lint_key_rules[];
extern const struct lint_rule_fn lint_ext_rules[];
extern const struct lint_rule_fn lint_usage_rules[];
extern const struct lint_rule_fn lint_san_rules[];
extern const struct lint_rule_fn lint_link_rules[];
extern const struct lint_rule_fn lint_policy_rules[];
extern const struct lint_rule_fn lint_class_rules[];
extern const struct lint_rule_fn lint_device_rules[];
extern const struct lint_rule_fn lint_crl_rules[];
extern const struct lint_rule_fn lint_entry_rules[];

/* A finding of the rule that is looking. */
void lint_say(struct lint_view *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* lint_der.c: elements. Lengths may be longer than need be (der.length says
   so), up to four octets; indefinite ones and high tags are no elements. */
int lint_take_any(
    struct der *in, unsigned char *tag, struct der *body, struct der *whole);
int lint_take(struct der *in, unsigned char tag, struct der *body);
int lint_take_whole(struct der *in, unsigned char tag, struct der *whole);
int lint_only(struct der in, unsigned char tag, struct der *body);
int lint_same(const struct der *a, const struct der *b);
/* Notes the first fault of each kind in ${in}, a row of elements. */
void lint_der_walk(struct lint_faults *f, struct der in);

/* lint_time.c: a UTCTime or GeneralizedTime of whole seconds; sets t->ok. */
void lint_time_read(struct lint_time *t);
int lint_time_take(struct der *in, struct lint_time *t);

/* lint_read.c, lint_ext_read.c: take apart; v->broken when it cannot be done. */
void lint_read_cert(struct lint_view *v, struct der in, int only_tbs);
void lint_read_crl(struct lint_view *v, struct der in);
void lint_read_name(struct lint_view *v, struct lint_name *name);
void lint_read_exts(struct lint_view *v);
void lint_read_classes(struct lint_view *v);
/* One Extension: 1, or 0 when it is none. */
int lint_ext_read(struct der in, struct lint_ext *ext);
const char *lint_ext_name(const struct lint_ext *ext);

/* Contents of an extension's one outer element with ${tag}: 1, or 0 when the
   extension is not there or is something else. */
int lint_ext_open(
    const struct lint_view *v, enum lint_ext_id id, unsigned char tag,
    struct der *body);
/* basicConstraints: 1, or 0 when it is malformed; absent: no CA. *path -1. */
int lint_bc(const struct lint_view *v, int *is_ca, long *path);

/* lint_general.c: one GeneralName; ${nc}: as a base of name constraints. NULL,
   or what is wrong with it. */
const char *lint_general(unsigned char tag, const struct der *body, int nc);
const char *lint_generals(struct der list);	/* contents of GeneralNames */
/* A URI (contents) that begins with ${scheme} "://", whatever its case? */
int lint_uri_has(const struct der *uri, const char *scheme);
/* An otherName of ${oid}: its value's whole element. */
int lint_other_name(const struct der *body, const char *oid, size_t oid_len,
    struct der *value);

/* issuingDistributionPoint (5.2.5). */
struct lint_idp {
	int has_name, has_reasons;
	struct der name;	/* contents of [0] */
	int flag[4];		/* user, CA, indirect, attribute certificates */
	int said_false;		/* a flag that is FALSE is encoded */
};
/* 1, or 0 when it is malformed; absent: all zero. */
int lint_idp(const struct lint_view *v, struct lint_idp *idp);

#endif
