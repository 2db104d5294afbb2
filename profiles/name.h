#ifndef INKAN_PROFILES_NAME_H
#define INKAN_PROFILES_NAME_H

#include <stddef.h>

/*
 * Subject attributes that a profile may use: string type and upper bound
 * (RFC 5280 appendix A.1, X.520). Pure functions.
 */

struct name_attr {
	const char *name; /* as in a profile: "CN" */
	int nid;
	int type;	 /* V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING or
			    V_ASN1_IA5STRING */
	size_t min, max; /* characters */
};

const struct name_attr *name_find(const char *name); /* NULL: unknown */
const struct name_attr *name_of(int nid);	     /* NULL: unknown */
/* All names, for suggestions; ${n} gets their number. */
const char *const *name_list(size_t *n);
/* NULL, or why ${value} cannot be this attribute ("longer than 64 ..."). */
const char *name_breach(const struct name_attr *a, const char *value);

#endif
