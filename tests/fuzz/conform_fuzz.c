/* conform_tbs and der_strict, on a TBS behind two octets that choose class and
   extensions. conform_fuzz.h makes a context that the TBS fits. */
#include <openssl/err.h>
#include "tests/fuzz/conform_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fit f;

	if (size > 2) {
		fit_make(&f, data, size);
		conform_tbs(&f.ctx, data + 2, size - 2);
		ERR_clear_error();
	}
	return 0;
}
