#ifndef INKAN_RA_ATTEST_TREE_JSON_H
#define INKAN_RA_ATTEST_TREE_JSON_H

#include <jansson.h>
#include "ra/attest/tree.h"

/*
 * JSON (RFC 8259) as strangers send it, read by jansson after a walk over it with
 * the limits that CBOR has: TREE_DEPTH_MAX levels of arrays and objects,
 * TREE_ITEMS_MAX items. A name twice in an object, NUL in a text and octets left
 * over are refused, too.
 */

/* To be freed with json_decref(). NULL raised with RULE. */
json_t *tree_json_read(const char *rule, const char *field,
    struct attest_octets in);

#endif
