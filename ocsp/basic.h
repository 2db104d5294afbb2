#ifndef INKAN_OCSP_BASIC_H
#define INKAN_OCSP_BASIC_H

#include <stddef.h>
#include <time.h>
#include <openssl/ocsp.h>

/* Signed answers, taken apart. Not checked here: the signature. */

/* Of one successful OCSPResponse, DER and nothing behind it. Returned to be
   freed with OCSP_BASICRESP_free(), or NULL raised. */
OCSP_BASICRESP *basic_decode(const unsigned char *der, size_t len);

/* The singles' times: the latest thisUpdate, the earliest nextUpdate. 1, or 0
   raised: one lacks a nextUpdate. */
int basic_times(
    OCSP_BASICRESP *basic, time_t *this_update, time_t *next_update);

#endif
