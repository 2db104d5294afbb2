#ifndef INKAN_CA_CLI_ENCODE_H
#define INKAN_CA_CLI_ENCODE_H

#include <stdio.h>
#include <jansson.h>
#include "ca/wire/message.h"

/*
 * Answers as JSON. Keys are the answer's field names; text, number, true and
 * false, null; times as RFC 3339 in UTC; bytes as lower-case hex. A name that
 * stands more than once becomes an array. "der" is left out.
 */

/* Add the fields to ${object}; earlier keys of these names are replaced. 1, or
   0 raised. */
int encode_into(json_t *object, const WIRE_FIELDS *fields);

/* Rows as a new array; NULL raised. */
json_t *encode_rows(const WIRE_ANSWER *answer);

/* Print ${value} and give it back to the void: its reference is taken, NULL is
   a failure. 1, or 0 raised. */
int encode_print(FILE *out, json_t *value);

/* An array printed row by row, so that no list stands in memory whole. */
struct encode_stream {
	FILE *out;
	size_t n;
};
void encode_begin(struct encode_stream *s, FILE *out);
int encode_row(struct encode_stream *s, const WIRE_FIELDS *row);
void encode_end(struct encode_stream *s);

#endif
