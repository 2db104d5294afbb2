#ifndef INKAN_CA_REPORT_PRIVATE_H
#define INKAN_CA_REPORT_PRIVATE_H

#include <stddef.h>
#include "ca/report/report.h"

/* Shared by the files of this folder. */

/*
 * Escape as much of the ${n} octets at ${s} as fits into ${out} (${size} > 16
 * octets), which gets a NUL; ${quoted}: quotes and backslashes too. How many
 * octets of ${s} were used: at least 1.
 */
size_t escape_some(const char *s, size_t n, int quoted, char *out, size_t size);

/* Texts of a pack, outermost first, joined by ${between}. NULL is fine. */
void pack_join(const struct report_trace_pack *pack, const char *between,
    char *buf, size_t size);

#endif
