/* csr_parse, csr_verify, csr_subject_text, csr_has_attribute and the getters, on
   any octets. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include "profiles/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken is what was given, and has a key of a type that has a name. */
static void
look(const struct csr *csr, const uint8_t *data, size_t size)
{
	size_t len = 0, spki = 0;
	const unsigned char *der = csr_der(csr, &len);

	if (len != size || memcmp(der, data, len) != 0 ||
	    csr_spki(csr, &spki) == NULL || spki == 0 || spki > size ||
	    csr_spki_sha256(csr) == NULL || csr_subject(csr) == NULL ||
	    spki_type_name(csr_key_type(csr)) == NULL)
		abort();
	(void)csr_has_attribute(csr, "1.2.840.113549.1.9.16.2.59");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csr *csr = csr_parse(data, size);
	char text[128];

	if (csr) {
		look(csr, data, size);
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
