#ifndef INKAN_OCSP_SIPHASH_H
#define INKAN_OCSP_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash-1-3 with a secret key, for hash tables whose keys strangers choose:
 * without it one client could make all its requests fall into one bucket.
 */
uint64_t siphash(const uint64_t key[2], const unsigned char *p, size_t len);

#endif
