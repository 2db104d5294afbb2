#ifndef INKAN_CA_AUDIT_DETAILS_H
#define INKAN_CA_AUDIT_DETAILS_H

#include <stdio.h>
#include "ca/log/leaf.h"
#include "ca/store/store.h"

/*
 * The auditor's export: salt and detail of entries, a JSON object on each line,
 * in order of index (docs/log.md):
 *
 *   {"index": 7, "kind": "crl", "time": 1795000000, "salt": "hex",
 *    "detail": "hex of the DER"}
 *
 * Whoever has it can open every leaf that it is about. It is not signed: what is
 * in it counts only when it opens a leaf of a log that is.
 */

/* From index ${from} on. How many in *n. 1, or 0 raised. */
int details_export(struct store *store, int64_t from, FILE *out, int64_t *n);

struct details;
/* NULL raised. Reads as it is asked, so indexes have to rise. */
struct details *details_open(const char *path);
/* What opens the leaf at ${index}: 1 with *out to be cleared, 0 the file has
   none, -1 raised ("details.format: line N ..."). */
int details_find(struct details *d, int64_t index, struct log_opening *out);
void details_close(struct details *d);	/* NULL is fine */

#endif
