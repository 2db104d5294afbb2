#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/siphash.h"

/* Values of another implementation (CPython 3.11's hash of bytes with its
   secret set to zero is SipHash-1-3). */
static void
test_values(void **state)
{
	static const uint64_t zero[2];
	unsigned char run[40];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(run); i++)
		run[i] = (unsigned char)(i + 1);
#define HASH(text) siphash(zero, (const unsigned char *)(text), strlen(text))
	assert_true(HASH("a") == 0x407448d2b89b1813u);
	assert_true(HASH("abcdefg") == 0x6db12aae9070f506u);
	assert_true(HASH("abcdefgh") == 0x3f7b849c0b8e35eau);
	assert_true(HASH("abcdefghi") == 0xf89b34a3d11eb6e5u);
	assert_true(siphash(zero, run, sizeof(run)) == 0xc6ca83093413bf3cu);
}

static void
test_key_matters(void **state)
{
	static const uint64_t a[2] = {1, 2}, b[2] = {1, 3};

	(void)state;
	assert_true(siphash(a, (const unsigned char *)"x", 1) !=
	    siphash(b, (const unsigned char *)"x", 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_key_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
