/* name_constraint_check: two octets of length, constraints, subject, SAN; and
   name_constraint_breach with name_constraint_cidr: the same as what somebody
   writes into a profile, the first octet being the type. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "profiles/name_constraint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_base(uint8_t type, const uint8_t *data, size_t size)
{
	char *base = OPENSSL_strndup((const char *)data, size);
	const char *const *types = name_constraint_types();
	unsigned char mask[32];
	size_t n, of;

	for (n = 0; types[n] != NULL; n++)
		;
	if (base == NULL)
		return;
	of = name_constraint_cidr(base, mask);
	if (of != 0 && of != 8 && of != 32)
		abort();
	if (strcmp(types[type % n], "ip") == 0 && of == 0 &&
	    name_constraint_breach(type % n, base) == NULL)
		abort();
	(void)name_constraint_breach(type % n, base);
	OPENSSL_free(base);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t nc, subject, left;

	if (size < 2)
		return 0;
	try_base(data[0], data + 1, size - 1);
	left = size - 2;
	nc = data[0] < left ? data[0] : left;
	left -= nc;
	subject = data[1] < left ? data[1] : left;
	left -= subject;
	name_constraint_check(data + 2, nc, data + 2 + nc, subject,
	    left > 0 ? data + 2 + nc + subject : NULL, left);
	ERR_clear_error();
	return 0;
}
