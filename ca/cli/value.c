#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/x509v3.h>
#include "ca/error.h"
#include "profiles/text.h"
#include "ca/store/reasons.h"
#include "ca/cli/value.h"

int
value_serial(const char *text, char out[VALUE_HEX_SIZE])
{
	char hex[2 * VALUE_HEX_SIZE];
	const char *p = text;
	size_t n = 0, skip = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	for (; *p != '\0'; p++) {
		if (*p == ':' || *p == ' ')
			continue;
		if (!isxdigit((unsigned char)*p) || n + 2 >= sizeof(hex))
			goto bad;
		hex[n++] = (char)tolower((unsigned char)*p);
	}
	if (n == 0)
		goto bad;
	if (n % 2 != 0) {
		memmove(hex + 1, hex, n++);
		hex[0] = '0';
	}
	/* The octet 00 that keeps DER positive is no part of the number. */
	while (n - skip > 2 && hex[skip] == '0' && hex[skip + 1] == '0')
		skip += 2;
	if (n - skip > 2 * VALUE_SERIAL_MAX)
		goto bad;
	memcpy(out, hex + skip, n - skip);
	out[n - skip] = '\0';
	return 1;
bad:
	ca_raise(CA_E_BADREQUEST,
	    "\"%s\" is not a serial number (hexadecimal, at most %d octets)",
	    text, VALUE_SERIAL_MAX);
	return 0;
}

const char *
value_reason(const char *text)
{
	const char *const *names = reasons_names();
	char hint[TEXT_HINT_MAX];
	int code = reasons_code(text);

	if (code >= 0)
		return reasons_name(code);
	if (strcasecmp(text, "removeFromCRL") == 0) {
		ca_raise(CA_E_BADREQUEST,
		    "removeFromCRL is for delta CRLs (RFC 5280 5.3.1): end a "
		    "hold with \"inkan release\"");
		return NULL;
	}
	ca_raise(CA_E_BADREQUEST,
	    "\"%s\" is not a revocation reason of RFC 5280%s", text,
	    text_hint(text, names, REASONS_N, hint));
	return NULL;
}

/* Digits at the start of ${text}: *end behind them. 1, or 0 without digits or
   above what an int64 holds. Nothing raised. */
static int
digits(const char *text, const char **end, int64_t *out)
{
	char *e;

	if (!isdigit((unsigned char)text[0]))
		return 0;
	errno = 0;
	*out = strtoll(text, &e, 10);
	*end = e;
	return errno == 0;
}

int
value_duration(const char *text, int64_t *out)
{
	static const char UNITS[] = "smhdy";
	static const int64_t SECONDS[] = {1, 60, 3600, 86400, 365 * 86400};
	const char *end, *unit = UNITS;
	int64_t n;

	if (!digits(text, &end, &n) || n == 0)
		goto bad;
	if (*end != '\0' &&
	    ((unit = strchr(UNITS, *end)) == NULL || end[1] != '\0'))
		goto bad;
	if (n > INT64_C(1000) * 365 * 86400 / SECONDS[unit - UNITS])
		goto bad;
	*out = n * SECONDS[unit - UNITS];
	return 1;
bad:
	ca_raise(CA_E_BADREQUEST,
	    "\"%s\" is not a duration (90s, 5m, 12h, 30d, 2y)", text);
	return 0;
}

int
value_time(const char *text, time_t now, int64_t *out)
{
	struct tm tm = {0};
	const char *end;
	size_t n = strlen(text);
	int day;

	if (text[0] == '+') {
		if (!value_duration(text + 1, out))
			return 0;
		*out += now;
		return 1;
	}
	end = n == 20 ? strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm)
	    : n == 10 ? strptime(text, "%Y-%m-%d", &tm)
		      : NULL;
	day = tm.tm_mday;
	if (end == NULL || *end != '\0')
		goto bad;
	*out = (int64_t)timegm(&tm);
	if (tm.tm_mday == day && *out > 0)
		return 1;
bad:
	ca_raise(CA_E_BADREQUEST,
	    "\"%s\" is not a time (2026-11-21, 2026-11-21T07:00:00Z, +30d)",
	    text);
	return 0;
}

int
value_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	const char *end;

	if (digits(text, &end, out) && *end == '\0' && *out >= min &&
	    *out <= max)
		return 1;
	ca_raise(CA_E_BADREQUEST, "\"%s\" is not a number from %lld to %lld",
	    text, (long long)min, (long long)max);
	return 0;
}

int
value_set(const char *text)
{
	size_t n = strcspn(text, "=");
	size_t i;

	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) &&
		    strchr("_-.", text[i]) == NULL)
			break;
	if (n > 0 && i == n && text[n] == '=')
		return 1;
	ca_raise(CA_E_BADREQUEST, "\"%s\" is not FIELD=VALUE", text);
	return 0;
}
