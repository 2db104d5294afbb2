#ifndef INKAN_CA_SHAPE_SHAPE_H
#define INKAN_CA_SHAPE_SHAPE_H

#include <stddef.h>

/*
 * How a client's request differs from the plainest one that the standards know,
 * as a set of named flags. Some depart from RFC 7030 with RFC 8951 (and are
 * accepted nevertheless), others are habits that are right, but say which
 * answers the client can read. The names stand in logs, in the store and in
 * reports: they are never used again for something else.
 */

#define SHAPE_WRAPPED_64 (1u << 0)
#define SHAPE_WRAPPED_76 (1u << 1)
#define SHAPE_WRAPPED (1u << 2)		/* at another column */
#define SHAPE_CRLF (1u << 3)
#define SHAPE_BLANKS (1u << 4)
#define SHAPE_PEM (1u << 5)
#define SHAPE_DER (1u << 6)
#define SHAPE_PARAMETERS (1u << 7)
#define SHAPE_TRANSFER (1u << 8)
#define SHAPE_WISHES (1u << 9)		/* said by inkan-ca */
#define SHAPE_NO_LINE_END (1u << 10)
#define SHAPE_HTTP10 (1u << 11)
#define SHAPE_CLOSE (1u << 12)
#define SHAPE_CHUNKED (1u << 13)
#define SHAPE_EXPECT (1u << 14)
#define SHAPE_NO_AGENT (1u << 15)
#define SHAPE_NO_ACCEPT (1u << 16)
#define SHAPE_LATE (1u << 17)		/* credentials, after a 401 */
#define SHAPE_N 18

/* Of a client that neither says what it is nor what it takes: one line is all
   that it can read (INTEROP: answers of cacerts and enrolment). */
#define SHAPE_BARE (SHAPE_NO_AGENT | SHAPE_NO_ACCEPT)

#define SHAPE_TEXT_MAX 256	/* octets of all names and their commas */

/* The flag with number ${i}, 0 to SHAPE_N - 1: its name, what it means in a few
   words, and whether it departs from the standard. */
const char *shape_name(unsigned i);
const char *shape_says(unsigned i);
int shape_departs(unsigned i);

/* "a,b" of those in ${set}, in ${out}, which is returned. */
char *shape_text(unsigned set, char out[SHAPE_TEXT_MAX]);
/* And back. Names that nobody knows are left out. */
unsigned shape_parse(const char *text);

/* Of ${set}, what departs from the standard. */
unsigned shape_departures(unsigned set);

#endif
