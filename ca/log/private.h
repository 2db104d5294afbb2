#ifndef INKAN_CA_LOG_PRIVATE_H
#define INKAN_CA_LOG_PRIVATE_H

#include <stddef.h>
#include <stdint.h>
#include "ca/error.h"

/* What the files of this folder share. */

#define LOG_REFUSE(...) (ca_raise(CA_E_BADREQUEST, __VA_ARGS__), 0)

/* ${text} may be (part of) a note: UTF-8 without control characters other than
   the line end. */
int note_text_ok(const char *text, size_t len);
int note_name_ok(const char *name);

/* The line at *p, which ends before ${end}, without its '\n'; *p moves behind
   it. NULL when there is no whole line. */
const char *log_line(const char **p, const char *end, size_t *len);
/* Decimal without sign and leading zeroes, nothing else. 1 or 0. */
int log_decimal(const char *s, size_t len, uint64_t *out);

#endif
