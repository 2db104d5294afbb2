#ifndef INKAN_OCSP_CRLTIME_H
#define INKAN_OCSP_CRLTIME_H

#include <stddef.h>
#include <time.h>

/*
 * thisUpdate and nextUpdate of a CRL (RFC 5280 5.1) without reading its
 * entries: a large one would cost ten times its size in memory. *next is 0
 * when it has no nextUpdate. 1, or 0 raised: this does not begin like a CRL.
 * Not checked: signature, entries, whether anything follows.
 */
int crltime_read(const unsigned char *der, size_t len, time_t *this_update,
    time_t *next_update);

#endif
