#ifndef INKAN_CA_CLI_VALUE_H
#define INKAN_CA_CLI_VALUE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* What an operator may write as the value of an option. Errors are raised as
   CA_E_BADREQUEST. Pure functions. */

#define VALUE_SERIAL_MAX 20 /* octets, RFC 5280 4.1.2.2 */
#define VALUE_HEX_SIZE (2 * VALUE_SERIAL_MAX + 1)

/* A serial number in any case, with colons or blanks between the octets, with
   or without 0x, as lower-case hex without leading zero octets. 1 or 0. */
int value_serial(const char *text, char out[VALUE_HEX_SIZE]);

/* RFC 5280 5.3.1 reason that revocation takes, in any case: its exact name
   (static), or NULL raised with the nearest name. */
const char *value_reason(const char *text);

/* "90s", "5m", "12h", "30d", "2y" (365 d) or seconds; above 0. 1 or 0. */
int value_duration(const char *text, int64_t *out);

/* RFC 3339 in UTC ("2026-11-21T07:00:00Z"), a day ("2026-11-21"), or a duration
   from now ("+30d"). 1 or 0. */
int value_time(const char *text, time_t now, int64_t *out);

/* Decimal integer within min..max. 1 or 0. */
int value_int(const char *text, int64_t min, int64_t max, int64_t *out);

/* FIELD=VALUE with a field of letters, digits, '_', '-' and '.'. 1 or 0. */
int value_set(const char *text);

#endif
