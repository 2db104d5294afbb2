/* profile_compile and profile_dump, on any text: whatever compiles dumps. */
#include <stdint.h>
#include <stdlib.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "profiles/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile *p = profile_compile("f", (const char *)data, size);
	char *text = p ? profile_dump(p) : NULL;

	if (p && text == NULL)
		abort();
	OPENSSL_free(text);
	profile_free(p);
	ERR_clear_error();
	return 0;
}
