#ifndef INKAN_PROFILES_TREE_H
#define INKAN_PROFILES_TREE_H

#include <stddef.h>
#include <openssl/bio.h>
#include "profiles/conf.h"

/*
 * The value of an extension as a profile declares it: a tree of typed ASN.1
 * values (X.680), whose leaves are fixed or come from a field. Here a tree is
 * read, held against its limits, dumped and freed; build_tree.c makes DER of
 * it, conform_tree.c judges DER by it, and neither knows the other.
 *
 * How the text of a leaf is written (tree_breach() says what is wrong):
 * boolean true, false; integer decimal, at most TREE_DIGITS_MAX digits;
 * enumerated decimal, not negative, 9 digits; bit-string 0s and 1s, first bit
 * first; octet-string hexadecimal; oid dotted; utf8, printable, ia5 the text
 * itself; time YYYYMMDDHHMMSSZ (GeneralizedTime, X.690 11.7).
 *
 * Important caveats: a named bit list must be written without trailing zeros
 * (X.690 11.2.2) and a DEFAULT value be left out (11.5) by whoever writes the
 * profile: a tree does not know the type's definition. A set is a SET OF: its
 * items have one tag, and are put in DER's order.
 */

#define TREE_DEPTH_MAX 8    /* levels, the root counted */
#define TREE_NODES_MAX 256  /* of one tree */
#define TREE_FROM_MAX 4	    /* fields of one leaf */
#define TREE_TEXT_MAX 1024  /* octets of a leaf's text */
#define TREE_DIGITS_MAX 39  /* an integer of 128 bits */
#define TREE_DER_MAX 8192   /* octets of one value */
#define TREE_TAG_MAX 30

enum tree_type {
	TREE_BOOLEAN, TREE_INTEGER, TREE_BIT_STRING, TREE_OCTET_STRING,
	TREE_NULL, TREE_OID, TREE_ENUMERATED, TREE_UTF8, TREE_PRINTABLE,
	TREE_IA5, TREE_TIME, TREE_SEQUENCE, TREE_SET
};

struct tree {
	enum tree_type type;
	int tag;		/* context tag 0..30; -1: none */
	int is_explicit;	/* of the tag; else implicit */
	int optional;		/* a leaf: left out when no field is given; a
				   node: left out when no field below it is */
	size_t size;		/* octets of an octet-string, of a text;
				   0: any */
	char *value;		/* a fixed leaf; else NULL */
	char *from[TREE_FROM_MAX];	/* the first that is given counts */
	size_t n_from;
	struct tree *item;	/* of sequence and set; of an octet-string the
				   one value that it wraps */
	size_t n_items;
};

/* Read the group of an extension, whose keys "oid" and "critical" are left to
   the caller. Returned to be freed; NULL with PROFILE_E_CONFIG raised. */
struct tree *tree_parse(const struct conf_group *g);
void tree_free(struct tree *t);

const char *tree_type_name(enum tree_type type);
/* NULL, or why ${value} cannot be this leaf ("not an integer"). */
const char *tree_breach(const struct tree *t, const char *value);
/* One line for each value, "PREFIX.0.2 = integer [3] from registry.svn". */
void tree_dump(const struct tree *t, const char *prefix, BIO *out);
/* Call ${each} with every value of the tree, outer ones first, until it
   returns 0. 1, or 0 when it did. */
int tree_walk(const struct tree *t,
    int (*each)(const struct tree *t, void *arg), void *arg);

#endif
