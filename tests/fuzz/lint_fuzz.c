/* lint_cert, lint_tbs and lint_crl, on any octets. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "profiles/lint/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
found(void *arg, const struct lint_rule *rule, const char *text)
{
	/* A rule speaks of what it applies to, and says something. */
	if (!(rule->applies & *(const unsigned *)arg) || strlen(text) == 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned cert = LINT_ON_CERT, crl = LINT_ON_CRL;

	lint_cert(data, size, found, &cert);
	lint_tbs(data, size, found, &cert);
	lint_crl(data, size, found, &crl);
	lint_class_name(lint_cert_classes(data, size));
	lint_looks_like_crl(data, size);
	return 0;
}
