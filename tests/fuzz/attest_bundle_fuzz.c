/* bundle_find and bundle_parse, on requests, attributes and bundles. */
#include <stdint.h>
#include <stdlib.h>
#include <openssl/err.h>
#include "ra/attest/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(const unsigned char *p, size_t len, unsigned quirks)
{
	struct bundle *b = bundle_parse(p, len, quirks);
	struct attest_statement s;
	size_t i;

	if (b == NULL)
		return;
	if (bundle_count(b) < 1 || bundle_count(b) > BUNDLE_STATEMENTS_MAX ||
	    sk_X509_num(bundle_certs(b)) > ATTEST_CERTS_MAX)
		abort();
	for (i = 0; i < bundle_count(b); i++) {
		bundle_statement(b, i, "1.2.3", &s);
		if (s.stmt.len == 0 || s.stmt.len > ATTEST_STMT_MAX ||
		    bundle_type(b, i)[0] == '\0')
			abort();
	}
	bundle_free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct attest_octets attribute;

	if (bundle_find(data, size, &attribute) == 1)
		look(attribute.p, attribute.len, 0);
	look(data, size, 0);
	look(data, size, ATTEST_QUIRK_STMT_HINT);
	ERR_clear_error();
	return 0;
}
