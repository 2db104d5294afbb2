#include "ocsp/basic.h"
#include "ocsp/error.h"

OCSP_BASICRESP *
basic_decode(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)len);
	OCSP_BASICRESP *basic = NULL;

	if (response != NULL && p == der + len &&
	    OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		basic = OCSP_response_get1_basic(response);
	OCSP_RESPONSE_free(response);
	if (basic == NULL)
		ocsp_raise(OCSP_E_FILE, "not one successful OCSPResponse");
	return basic;
}

static int
to_time(const ASN1_GENERALIZEDTIME *t, time_t *out)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	*out = timegm(&tm);
	return 1;
}

int
basic_times(OCSP_BASICRESP *basic, time_t *this_update, time_t *next_update)
{
	ASN1_GENERALIZEDTIME *from, *to;
	time_t a, b;
	int i;

	*this_update = *next_update = 0;
	for (i = 0; i < OCSP_resp_count(basic); i++) {
		OCSP_single_get0_status(
		    OCSP_resp_get0(basic, i), NULL, NULL, &from, &to);
		if (!to_time(from, &a) || !to_time(to, &b))
			goto bad;
		if (a > *this_update)
			*this_update = a;
		if (*next_update == 0 || b < *next_update)
			*next_update = b;
	}
	if (i > 0)
		return 1;
bad:
	ocsp_raise(OCSP_E_FILE, "it lacks a nextUpdate");
	return 0;
}
