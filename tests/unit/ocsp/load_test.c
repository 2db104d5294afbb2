#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/error.h"
#include "ocsp/load.h"
#include "tests/unit/ocsp/pki.h"

static void
test_load(void **state)
{
	char dir[128], path[256], link[256];
	unsigned char *data;
	struct stat a, b;
	size_t len;

	(void)state;
	pki_folder(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	snprintf(link, sizeof(link), "%s/l", dir);
	pki_write(path, "hello", 5);
	assert_true(load_file(path, 5, &data, &len, &a));
	assert_int_equal(len, 5);
	assert_memory_equal(data, "hello", 5);
	OPENSSL_free(data);
	assert_true(load_file(path, 5, &data, &len, &b));
	assert_true(load_same(&a, &b));
	OPENSSL_free(data);
	/* Same size, renamed into its place. */
	pki_write(path, "HELLO", 5);
	assert_true(load_file(path, 5, &data, &len, &b));
	assert_false(load_same(&a, &b));
	OPENSSL_free(data);
	/* Too large; empty; a link; a folder; nothing. */
	assert_false(load_file(path, 4, &data, &len, &a));
	assert_null(data);
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	assert_int_equal(symlink(path, link), 0);
	assert_false(load_file(link, 9, &data, &len, &a));
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	pki_write(path, "", 0);
	assert_false(load_file(path, 9, &data, &len, &a));
	assert_true(load_unfit());
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	assert_false(load_file(dir, 9999, &data, &len, &a));
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	assert_false(load_file("/nonexistent", 9, &data, &len, &a));
	assert_false(load_unfit());
	ERR_clear_error();
	pki_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
