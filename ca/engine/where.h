#ifndef INKAN_CA_ENGINE_WHERE_H
#define INKAN_CA_ENGINE_WHERE_H

#include "ca/store/where.h"

/*
 * Which certificates: the expression of «inkan revoke --where».
 *
 *   expression = condition *( blanks condition )       all must hold
 *   condition  = name op value                         no blanks within
 *   op         = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~"
 *   value      = 1*255 octets without blanks and quotes,
 *                or anything but that quote in '...' or "..."
 *
 *   issuer profile fleet device auth subject           = != ~
 *   state                                              = !=
 *   serial spki                                        =      hexadecimal
 *   issued expires                                     < <= > >=
 *   issued-after issued-before expires-after ...       =
 *   device-serial, and any other word of a-z, 0-9, _   = != ~ < <= > >=
 *
 * The last are fields of the registry, also as "field.NAME" where a certificate
 * has something of that name. ~ is a pattern: * is any run of characters. A
 * time is a day (its first second) or RFC 3339 in UTC. On a field, < <= > >=
 * compare version numbers: up to 8 numbers with dots between, an absent one is
 * 0, so that 1.4 is 1.4.0 and 1.10 is above 1.9; a leading "v" is let pass.
 *
 * Pure functions; the text may come from anywhere.
 */

#define WHERE_TEXT_MAX 1023	/* octets of an expression */

/* 1, or 0 with CA_E_BADREQUEST "where.RULE: at POSITION: ...", the position in
   octets from 1. */
int where_parse(const char *text, struct where *out);

enum where_verdict { WHERE_UNDECIDED = -1, WHERE_NO, WHERE_YES };

/* A condition that the store does not decide, on a value. Undecided: there is
   no value, or it is no version number where one is compared. */
enum where_verdict where_judge(const struct where_cond *c, const char *value);
/* All those of ${w} on their values in ${row}: no when one is no, undecided when
   one of the others is. */
enum where_verdict where_judge_row(const struct where *w,
    const struct where_row *row);

#endif
