#include <string.h>

#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/crl_entry.h"

#define FIRST_TIME (-631152000LL)	/* 1950-01-01 */
#define END_OF_UTCTIME 2524608000LL	/* 2050-01-01 */
#define END_OF_TIME 253402300800LL	/* 10000-01-01 */

static void
put(unsigned char **w, const void *p, size_t n)
{
	memcpy(*w, p, n);
	*w += n;
}

static void
put_two(unsigned char **w, unsigned n)
{
	*(*w)++ = (unsigned char)('0' + n / 10);
	*(*w)++ = (unsigned char)('0' + n % 10);
}

/* Days since 1970 as a date of the Gregorian calendar. Years are counted from
   March, so that the leap day is the last of its year; eras of 400 years have
   146097 days. */
static void
put_date(unsigned char **w, int64_t days, int with_century)
{
	uint32_t z = (uint32_t)(days + 719468);
	uint32_t era = z / 146097, doe = z % 146097;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t mp = (5 * doy + 2) / 153;
	uint32_t month = mp < 10 ? mp + 3 : mp - 9;
	uint32_t year = yoe + era * 400 + (month <= 2);

	if (with_century)
		put_two(w, year / 100);
	put_two(w, year % 100);
	put_two(w, month);
	put_two(w, doy - (153 * mp + 2) / 5 + 1);
}

static void
put_time(unsigned char **w, int64_t t, int general)
{
	int64_t days = t / 86400, rest = t % 86400;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	*(*w)++ = general ? V_ASN1_GENERALIZEDTIME : V_ASN1_UTCTIME;
	*(*w)++ = general ? 15 : 13;
	put_date(w, days, general);
	put_two(w, (unsigned)rest / 3600);
	put_two(w, (unsigned)rest / 60 % 60);
	put_two(w, (unsigned)rest % 60);
	*(*w)++ = 'Z';
}

/* Octets of an unsigned number as a positive INTEGER, in its shortest form. */
static void
put_serial(unsigned char **w, const unsigned char *p, size_t n)
{
	while (n > 1 && *p == 0) {
		p++;
		n--;
	}
	*(*w)++ = V_ASN1_INTEGER;
	*(*w)++ = (unsigned char)(n + (*p >> 7));
	if (*p >> 7)
		*(*w)++ = 0;
	put(w, p, n);
}

static void
put_extensions(unsigned char **w, const struct cert_revoked *r)
{
	/* SEQUENCE { 2.5.29.21, OCTET STRING { ENUMERATED } } */
	static const unsigned char reason[] = {0x30, 0x0a, 0x06, 0x03, 0x55,
	    0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01};
	/* SEQUENCE { 2.5.29.24, OCTET STRING { GeneralizedTime } } */
	static const unsigned char invalid[] = {0x30, 0x18, 0x06, 0x03, 0x55,
	    0x1d, 0x18, 0x04, 0x11};
	unsigned char *head = *w;

	if (r->reason <= CRL_REASON_UNSPECIFIED && r->invalidity == 0)
		return;
	*w += 2;
	if (r->reason > CRL_REASON_UNSPECIFIED) {
		put(w, reason, sizeof(reason));
		*(*w)++ = (unsigned char)r->reason;
	}
	if (r->invalidity != 0) {
		put(w, invalid, sizeof(invalid));
		put_time(w, r->invalidity, 1);
	}
	head[0] = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
	head[1] = (unsigned char)(*w - head - 2);
}

static int
is_time(int64_t t)
{
	return t >= FIRST_TIME && t < END_OF_TIME;
}

static int
is_reason(int reason)
{
	return reason <= CRL_REASON_CERTIFICATE_HOLD ||
	    reason == CRL_REASON_PRIVILEGE_WITHDRAWN ||
	    reason == CRL_REASON_AA_COMPROMISE;
}

static size_t
refuse(const char *what)
{
	ca_raise(CA_E_INTERNAL, "crl.entry: %s", what);
	return 0;
}

size_t
crl_entry_write(unsigned char *out, const struct cert_revoked *r)
{
	unsigned char *w = out + 2;

	if (r->serial_len < 1 || r->serial_len > CERT_SERIAL_MAX)
		return refuse("serial number without octets, or too long");
	if (!is_reason(r->reason))
		return refuse("this reason cannot stand in a full CRL");
	if (!is_time(r->when) || !is_time(r->invalidity))
		return refuse("a time that no CRL can hold");
	put_serial(&w, r->serial, r->serial_len);
	put_time(&w, r->when, r->when >= END_OF_UTCTIME);
	put_extensions(&w, r);
	out[0] = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
	out[1] = (unsigned char)(w - out - 2);
	return (size_t)(w - out);
}
