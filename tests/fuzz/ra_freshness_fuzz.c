/* freshness_read and freshness_cookie: what a client writes to the nonce endpoint,
   and in its Cookie header. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ra/freshness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_cookie(const char *text)
{
	char out[FRESHNESS_TOKEN_MAX + 1];

	if (freshness_cookie(text, out) &&
	    (strlen(out) != FRESHNESS_TOKEN_MAX ||
		strspn(out, "0123456789abcdefABCDEF") != strlen(out)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WIRE_FIELDS *args = field_list_new();
	char *text = OPENSSL_strndup((const char *)data, size);

	if (args != NULL &&
	    freshness_read((const char *)data, size, args) &&
	    (field_count(args, "ek_cert") > 4 || !field_list_check(args)))
		abort();
	if (text != NULL)
		try_cookie(text);
	OPENSSL_free(text);
	field_list_free(args);
	ERR_clear_error();
	return 0;
}
