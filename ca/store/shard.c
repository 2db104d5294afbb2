#include <openssl/sha.h>
#include "ca/store/records.h"

int
crls_shard_of(int shards, const unsigned char *serial, size_t len)
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	uint32_t n;

	if (shards == 0)
		return 0;
	while (len > 1 && *serial == 0) {
		serial++;
		len--;
	}
	SHA256(serial, len, md);
	n = (uint32_t)md[0] << 24 | (uint32_t)md[1] << 16 |
	    (uint32_t)md[2] << 8 | md[3];
	return (int)(n % (uint32_t)shards);
}
