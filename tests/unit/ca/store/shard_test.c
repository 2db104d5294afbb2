#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ca/store/records.h"

/* Fixed for ever: certificates out there name the shard. */
static void
follows_from_the_serial(void **state)
{
	const unsigned char one[] = {0, 0, 1}, abc[] = "ABC";

	(void)state;
	/* sha256sum of 01: 4bf5122f..., of 414243: b5d4045c... */
	assert_int_equal(crls_shard_of(16, one + 2, 1), 0x4bf5122f % 16);
	assert_int_equal(crls_shard_of(16, one, 3), 0x4bf5122f % 16);
	assert_int_equal(crls_shard_of(7, abc, 3), 0xb5d4045c % 7);
	assert_int_equal(crls_shard_of(0, abc, 3), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_from_the_serial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
