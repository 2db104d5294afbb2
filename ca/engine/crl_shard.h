#ifndef INKAN_CA_ENGINE_CRL_SHARD_H
#define INKAN_CA_ENGINE_CRL_SHARD_H

#include <stddef.h>
#include "ca/store/records.h"

/*
 * Partitioned CRLs. The shard of a certificate follows from its serial number
 * alone and is fixed when that is chosen:
 *
 *   first 4 octets of SHA-256(serial), big-endian, modulo the count of shards
 *
 * over the serial as an unsigned number without leading zero octets, so that
 * serials of any making are spread evenly. Its CRL's address is written in the
 * certificate; therefore the count of a CA's shards never changes once it has
 * issued. A CA with no shards (crl_shards 0) has one full CRL, which is called
 * shard 0 of the store.
 *
 *   crl/<ident>.crl        the full CRL
 *   crl/<ident>-s<k>.crl   shard k, from 0
 */

#define CRL_SHARDS_MAX 256	/* 0, or 2 to this many */
#define CRL_NAME_MAX 112	/* octets of "crl/<ident>-s<k>.crl", with NUL */
#define CRL_URL_MAX 264

int crl_shard_of(const struct issuer_row *row, const unsigned char *serial,
    size_t len);
/* How many CRLs the CA has: its shards, or 1. */
int crl_shard_count(const struct issuer_row *row);
/* Address: the CA's crl_url, with "-s<k>" before its ".crl". CRL_URL_MAX. */
void crl_shard_url(const struct issuer_row *row, int shard, char *out);
/* The published file below publish_dir. CRL_NAME_MAX. */
void crl_shard_name(const struct issuer_row *row, int shard, char *out);
/* Is it a count that a CA may have? */
int crl_shard_ok(int64_t count);

#endif
