#include <limits.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "ca/log/base64.h"

char *
log_base64_print(const void *in, size_t len, char *out)
{
	EVP_EncodeBlock((unsigned char *)out, in, (int)len);
	return out;
}

/* OpenSSL's decoder forgives blanks and stray bits: what it read is written
   again, and must be what stood there. */
static int
same_again(const char *in, size_t len, const unsigned char *raw, size_t n)
{
	char *again = OPENSSL_malloc(LOG_BASE64_SIZE(n));
	int ok;

	ok = again != NULL &&
	    strlen(log_base64_print(raw, n, again)) == len &&
	    memcmp(again, in, len) == 0;
	OPENSSL_free(again);
	return ok;
}

int
log_base64_parse(const char *in, size_t len, unsigned char *out, size_t size,
    size_t *out_len)
{
	unsigned char *raw = NULL;
	size_t n;
	int ok = 0;

	if (len == 0 || len % 4 != 0 || len > INT_MAX)
		return 0;
	n = len / 4 * 3;
	if ((raw = OPENSSL_malloc(n)) == NULL ||
	    EVP_DecodeBlock(raw, (const unsigned char *)in, (int)len) !=
		(int)n)
		goto out;
	n -= in[len - 2] == '=' ? 2 : in[len - 1] == '=' ? 1 : 0;
	if (n > size || !same_again(in, len, raw, n))
		goto out;
	memcpy(out, raw, n);
	*out_len = n;
	ok = 1;
out:
	OPENSSL_free(raw);
	return ok;
}
