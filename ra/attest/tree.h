#ifndef INKAN_RA_ATTEST_TREE_H
#define INKAN_RA_ATTEST_TREE_H

#include <cbor.h>
#include "ra/attest/private.h"

/*
 * CBOR (RFC 8949) as strangers send it, read by libcbor after a walk over it that
 * refuses what could hurt or be read in two ways: indefinite lengths, lengths
 * behind the end, more than TREE_DEPTH_MAX levels or TREE_ITEMS_MAX items, octets
 * left over, a key twice in a map.
 */

#define TREE_DEPTH_MAX 8
#define TREE_ITEMS_MAX 1024

/* To be freed with cbor_decref(). NULL raised with RULE. */
cbor_item_t *tree_read(const char *rule, const char *field,
    struct attest_octets in);
/* The first item of ${in} only; how long it is in ${used}. */
cbor_item_t *tree_read_first(const char *rule, const char *field,
    struct attest_octets in, size_t *used);

/* The value under an integer or text key; NULL when it is not there, or ${map}
   is no map. Borrowed. */
cbor_item_t *tree_int_key(const cbor_item_t *map, int64_t key);
cbor_item_t *tree_text_key(const cbor_item_t *map, const char *key);
/* What an item is: 1 and the value, or 0 when it is something else (or NULL).
   Octets are borrowed. */
int tree_bytes(const cbor_item_t *item, struct attest_octets *out);
int tree_text(const cbor_item_t *item, struct attest_octets *out);
int tree_int(const cbor_item_t *item, int64_t *out);
int tree_bool(const cbor_item_t *item, int *out);
/* Elements of an array; 0 when it is none. */
size_t tree_count(const cbor_item_t *item);
/* Element ${i}, borrowed. */
cbor_item_t *tree_at(const cbor_item_t *item, size_t i);
/* What a tag stands before, borrowed; NULL when it is not that tag. */
cbor_item_t *tree_tagged(const cbor_item_t *item, uint64_t tag);

/* Writes the head of a byte string (0x40) or text (0x60) of ${len} octets:
   returns its length, at most 9. */
size_t tree_head(unsigned char *out, unsigned char major, size_t len);

#endif
