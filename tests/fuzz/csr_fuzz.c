/* csr_parse, csr_verify and the getters, on any octets. */
#include <stdint.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include "profiles/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csr *csr = csr_parse(data, size);
	char text[128];

	if (csr) {
		csr_verify(csr);
		csr_subject_text(csr, NID_commonName, text, sizeof(text));
		csr_san(csr);
		csr_extensions(csr);
		csr_challenge(csr);
	}
	csr_free(csr);
	ERR_clear_error();
	return 0;
}
