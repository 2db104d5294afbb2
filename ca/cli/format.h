#ifndef INKAN_CA_CLI_FORMAT_H
#define INKAN_CA_CLI_FORMAT_H

#include <stdio.h>
#include "ca/wire/field.h"

/* Values for people. What comes from a server may have come from a device:
   everything is escaped for the terminal (report_escape). */

#define FORMAT_MAX 4096		/* octets of a value with its NUL */
#define FORMAT_TIME_MAX 32

/* "2026-11-21T07:00:00Z"; returns ${buf}. */
const char *format_time(int64_t when, char buf[FORMAT_TIME_MAX]);

/* text, number, "yes" and "no", time, lower-case hex, "-" for none and for NULL.
   Returns ${buf}. */
const char *format_field(const WIRE_FIELD *f, char buf[FORMAT_MAX]);

/* "key: value" for every field, but not for those named in ${except} (a list
   ended by NULL, or NULL). */
void format_show(FILE *out, const WIRE_FIELDS *fields,
    const char *const *except);

/* Text of many lines: line ends and tabs stay, the rest is escaped. */
void format_lines(FILE *out, const char *text);

/* Columns that a terminal shows for the text: its characters. */
size_t format_width(const char *text);

#endif
