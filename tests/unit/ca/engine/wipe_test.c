#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/crypto.h>

#include "ca/engine/wipe.h"

/*
 * What a block holds when it is given back cannot be read afterwards; so
 * OPENSSL_cleanse() is ours here, and tells whether it had the whole block.
 */

#define LEN 100

static const void *watched;
static int clean; /* was it wiped? */

void
OPENSSL_cleanse(void *p, size_t len)
{
	volatile unsigned char *c = p;

	clean = clean || (p == watched && len >= LEN);
	while (len > 0)
		c[--len] = 0;
}

static void *
block(void)
{
	void *p = OPENSSL_malloc(LEN);

	assert_non_null(p);
	memset(p, 0xa5, LEN);
	watched = p;
	clean = 0;
	return p;
}

static void
only_between_begin_and_end(void **state)
{
	(void)state;
	OPENSSL_free(block());
	assert_int_equal(clean, 0);
	wipe_begin();
	wipe_begin();
	wipe_end();
	OPENSSL_free(block());
	assert_int_equal(clean, 1);
	wipe_end();
	OPENSSL_free(block());
	assert_int_equal(clean, 0);
	wipe_begin();
	OPENSSL_free(NULL);
	wipe_end();
}

static void
a_block_that_moves(void **state)
{
	unsigned char *p;
	size_t i;

	(void)state;
	wipe_begin();
	p = OPENSSL_realloc(block(), 100 * LEN);
	assert_non_null(p);
	assert_int_equal(clean, 1);
	for (i = 0; i < LEN; i++)
		assert_int_equal(p[i], 0xa5);
	p = OPENSSL_realloc(p, 10);
	assert_int_equal(p[9], 0xa5);
	OPENSSL_free(p);
	p = OPENSSL_realloc(NULL, 10);
	assert_non_null(p);
	OPENSSL_free(p);
	assert_null(OPENSSL_realloc(block(), 0));
	assert_int_equal(clean, 1);
	wipe_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_between_begin_and_end),
	    cmocka_unit_test(a_block_that_moves)};

	if (!wipe_install())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
