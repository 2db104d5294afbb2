#include <stdio.h>
#include <string.h>

#include "ca/engine/crl_shard.h"

#define SUFFIX ".crl"

int
crl_shard_of(const struct issuer_row *row, const unsigned char *serial,
    size_t len)
{
	return crls_shard_of(row->crl_shards, serial, len);
}

int
crl_shard_count(const struct issuer_row *row)
{
	return row->crl_shards == 0 ? 1 : row->crl_shards;
}

void
crl_shard_url(const struct issuer_row *row, int shard, char *out)
{
	size_t n = strlen(row->crl_url), s = strlen(SUFFIX);

	if (row->crl_shards == 0) {
		snprintf(out, CRL_URL_MAX, "%s", row->crl_url);
		return;
	}
	if (n >= s && strcmp(row->crl_url + n - s, SUFFIX) == 0)
		n -= s;
	snprintf(out, CRL_URL_MAX, "%.*s-s%d" SUFFIX, (int)n, row->crl_url,
	    shard);
}

void
crl_shard_name(const struct issuer_row *row, int shard, char *out)
{
	if (row->crl_shards == 0)
		snprintf(out, CRL_NAME_MAX, "crl/%s" SUFFIX, row->ident);
	else
		snprintf(out, CRL_NAME_MAX, "crl/%s-s%d" SUFFIX, row->ident,
		    shard);
}

int
crl_shard_ok(int64_t count)
{
	return count == 0 || (count >= 2 && count <= CRL_SHARDS_MAX);
}
