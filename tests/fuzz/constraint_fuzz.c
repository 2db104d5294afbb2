/* name_constraint_check: two octets of length, constraints, subject, SAN. */
#include <stdint.h>
#include <openssl/err.h>
#include "profiles/name_constraint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t nc, subject, left;

	if (size < 2)
		return 0;
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
