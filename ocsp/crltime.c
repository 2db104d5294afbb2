#include <limits.h>

#include <openssl/asn1.h>

#include "ocsp/crltime.h"
#include "ocsp/error.h"

/* Steps into the SEQUENCE at *p. */
static int
enter(const unsigned char **p, long *left)
{
	int tag, class;
	long len;

	if (ASN1_get_object(p, &len, &tag, &class, *left) & 0x80)
		return 0;
	*left = len;
	return tag == V_ASN1_SEQUENCE && class == V_ASN1_UNIVERSAL;
}

/* Steps over one element, which must be of ${want}. */
static int
skip(const unsigned char **p, long *left, int want)
{
	const unsigned char *q = *p;
	int tag, class;
	long len;

	if (ASN1_get_object(&q, &len, &tag, &class, *left) & 0x80)
		return 0;
	if (tag != want || class != V_ASN1_UNIVERSAL)
		return 0;
	*left -= (long)(q - *p) + len;
	*p = q + len;
	return 1;
}

static int
is_time(const unsigned char *p, long left)
{
	return left > 0 &&
	    (*p == V_ASN1_UTCTIME || *p == V_ASN1_GENERALIZEDTIME);
}

static int
read_time(const unsigned char **p, long *left, time_t *out)
{
	const unsigned char *start = *p;
	ASN1_TIME *t = d2i_ASN1_TIME(NULL, p, *left);
	struct tm tm;
	int ok = t != NULL && ASN1_TIME_to_tm(t, &tm) == 1;

	if (ok) {
		*left -= (long)(*p - start);
		*out = timegm(&tm);
	}
	ASN1_TIME_free(t);
	return ok;
}

int
crltime_read(const unsigned char *der, size_t len, time_t *this_update,
    time_t *next_update)
{
	const unsigned char *p = der;
	long left = (long)len;

	*next_update = 0;
	if (len > LONG_MAX || !enter(&p, &left) || !enter(&p, &left))
		goto bad;
	if (left > 0 && *p == V_ASN1_INTEGER &&
	    !skip(&p, &left, V_ASN1_INTEGER))
		goto bad;
	if (!skip(&p, &left, V_ASN1_SEQUENCE) || /* signature */
	    !skip(&p, &left, V_ASN1_SEQUENCE) || /* issuer */
	    !is_time(p, left) || !read_time(&p, &left, this_update))
		goto bad;
	if (is_time(p, left) && !read_time(&p, &left, next_update))
		goto bad;
	return 1;
bad:
	ocsp_raise(OCSP_E_FILE, "does not begin like a CRL");
	return 0;
}
