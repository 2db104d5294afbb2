#ifndef INKAN_PROFILES_CONFORM_RULE_H
#define INKAN_PROFILES_CONFORM_RULE_H

#include <stdint.h>
#include "profiles/conform.h"
#include "profiles/der.h"

/*
 * The inside of the judgement: a TBSCertificate taken apart once, and tables of
 * rules that look at the parts. Rules run in the order of the tables and the
 * first breach ends it, so a rule may rely on what an earlier one made sure of:
 * "der" and "structure" fill the view, "extension.form" its extensions,
 * "subject.form" its attributes, "key.form" its key, "time.form" its times.
 */

#define CONFORM_ATTRS_MAX 32
#define CONFORM_SAN_MAX 64

enum conform_ext_id {
	CONFORM_SKI,
	CONFORM_KU,
	CONFORM_SAN,
	CONFORM_BC,
	CONFORM_CRLDP,
	CONFORM_POLICIES,
	CONFORM_AKI,
	CONFORM_EKU,
	CONFORM_AIA,
	CONFORM_NOCHECK,
	CONFORM_NO_REV_AVAIL,
	CONFORM_MUD,
	CONFORM_NAME_CONSTRAINTS,
	CONFORM_MAPPINGS,
	CONFORM_POLICY_CONSTRAINTS,
	CONFORM_INHIBIT_ANY,
	CONFORM_N_EXTS
};

struct conform_ext {
	int present, critical;
	struct der value; /* contents of extnValue */
};

struct conform_attr {
	struct der type;   /* contents of the OID */
	unsigned char tag; /* of the value */
	struct der value;  /* contents of the value */
};

struct conform_rule;

struct conform_view {
	const struct conform_context *ctx;
	const struct conform_rule *rule; /* the one that is looking */
	int self_signed;
	struct der tbs;
	struct der version, serial;		  /* contents */
	struct der sigalg, issuer, subject, spki; /* whole elements */
	struct der not_before, not_after;	  /* whole elements */
	struct der extensions;			  /* contents of the SEQUENCE */
	int64_t from, to;			  /* seconds since 1970 */
	enum spki_type key;
	struct conform_attr attr[CONFORM_ATTRS_MAX];
	size_t n_attrs;
	struct conform_ext ext[CONFORM_N_EXTS];
};

struct conform_rule {
	const char *name, *citation;
	int (*check)(struct conform_view *v); /* 1, or 0 with a breach raised */
};

/* Tables end with a rule without a name. */
extern const struct conform_rule conform_base_rules[];
extern const struct conform_rule conform_key_rules[];
extern const struct conform_rule conform_time_rules[];
extern const struct conform_rule conform_name_rules[];
extern const struct conform_rule conform_ext_rules[];
extern const struct conform_rule conform_usage_rules[];
extern const struct conform_rule conform_link_rules[];
extern const struct conform_rule conform_san_rules[];
extern const struct conform_rule conform_class_rules[];
extern const struct conform_rule conform_cross_rules[];
extern const struct conform_rule conform_tree_rules[];
extern const struct conform_rule conform_size_rules[];

/* Raises the rule's name, its citation and the text. Always 0. */
int conform_breach(const struct conform_view *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* conform_key.c: how an AlgorithmIdentifier signs; md NULL for Ed25519. */
struct conform_alg {
	int key_nid; /* EVP_PKEY_EC, EVP_PKEY_RSA, EVP_PKEY_ED25519 */
	const char *md;
	int pss, salt_len;
};
/* 1 when ${sigalg} (a whole AlgorithmIdentifier) is one that we sign with, its
   parameters exactly as its RFC wants them; 0 otherwise, nothing raised. */
int conform_alg_read(struct der sigalg, struct conform_alg *alg);

/* conform_usage.c, for the rules of a class. */
unsigned conform_usage_bits(const struct conform_view *v); /* KU_*, or 0 */
int conform_usage_is_ca(const struct conform_view *v);
/* How many purposes there are; ${dotted} may be NULL, else *has tells whether
   it is one of them. 0 when there is no extended key usage. */
size_t conform_usage_purposes(
    const struct conform_view *v, const char *dotted, int *has);

/* conform_name.c: how many attributes of ${nid} the subject has. */
size_t conform_name_count(const struct conform_view *v, int nid);

/* conform_tree.c: does the profile declare an extension with this OID? */
int conform_tree_declares(const struct conform_view *v, const struct der *oid);

/* conform_link.c: does the AIA name an access method (last OID arc)? */
int conform_link_has_access(const struct conform_view *v, unsigned char arc);

#endif
