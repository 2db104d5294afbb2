#ifndef INKAN_OCSP_RANGE_H
#define INKAN_OCSP_RANGE_H

#include <stddef.h>

/*
 * The Range header of HTTP (RFC 9110 14.2), for files: a client that lost its
 * connection within a large CRL asks for the rest. One range of octets is
 * served; several, other units and what cannot be read are ignored, as 14.2
 * allows, and the whole is sent. Pure functions.
 */

enum range_result {
	RANGE_NONE, /* send the whole */
	RANGE_PART, /* ${first} .. ${last} */
	RANGE_UNSATISFIABLE /* 416 */
};

/* ${header} may be NULL. ${len}: octets of the whole, at least 1. */
enum range_result range_read(
    const char *header, size_t len, size_t *first, size_t *last);

/* If-Range (RFC 9110 13.1.5): is what the client has a part of still the one
   that we would send? ${header} NULL: it did not ask. */
int range_still_same(
    const char *header, const char *etag, const char *last_modified);

#endif
