#ifndef INKAN_CA_SHAPE_ROUTE_H
#define INKAN_CA_SHAPE_ROUTE_H

#include <stddef.h>

/*
 * From path and method to what is asked for (RFC 7030 3.2.2), and one path that
 * is not EST: "/log-proof", which knows no labels. Pure: the caller
 * looks the label up. Paths are compared as octets: nothing is decoded, so
 * that one resource has one name; a query never reaches this file.
 */

#define ROUTE_LABEL_MAX 64

enum route_op {
	ROUTE_NONE = 0, /* no such path */
	ROUTE_CACERTS,
	ROUTE_CSRATTRS,
	ROUTE_SIMPLEENROLL,
	ROUTE_SIMPLEREENROLL,
	ROUTE_SERVERKEYGEN,
	ROUTE_FULLCMC, /* known, answered by 501 */
	ROUTE_NONCE,   /* draft-ietf-lamps-attestation-freshness */
	ROUTE_LOG_PROOF /* not EST: "/log-proof" */
};

enum route_method { ROUTE_GET = 1, ROUTE_HEAD = 2, ROUTE_POST = 4 };

struct route {
	enum route_op op;
	char label[ROUTE_LABEL_MAX + 1]; /* "": the default fleet */
};

/* 1, or 0 with ${out}->op ROUTE_NONE: unknown operation, or no path of ours. */
int route_parse(const char *path, struct route *out);

const char *route_name(enum route_op op); /* "cacerts"; "-" for none */
/* Or'ed methods that ${op} answers to, and the same for the Allow header. */
unsigned int route_methods(enum route_op op);
const char *route_allow(enum route_op op);

#endif
