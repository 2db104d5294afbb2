#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dirent.h>
#include "ocsp/load.h"
#include "ocsp/save.h"
#include "tests/unit/ocsp/pki.h"

static int
n_files(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void
test_save(void **state)
{
	char dir[128], path[256], bad[256];
	unsigned char *data;
	struct stat st;
	size_t len;

	(void)state;
	pki_folder(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	assert_true(save_file(path, "one", 3));
	assert_true(save_file(path, "second", 6));
	assert_true(load_file(path, 100, &data, &len, &st));
	assert_int_equal(len, 6);
	assert_memory_equal(data, "second", 6);
	assert_int_equal(st.st_mode & 07777, 0644);
	OPENSSL_free(data);
	assert_int_equal(n_files(dir), 1);
	/* A folder stands in the way: nothing is left behind. */
	snprintf(bad, sizeof(bad), "%s/d", dir);
	assert_int_equal(mkdir(bad, 0755), 0);
	assert_false(save_file(bad, "x", 1));
	ERR_clear_error();
	assert_int_equal(n_files(dir), 2);
	assert_false(save_file("/nonexistent/x", "x", 1));
	ERR_clear_error();
	pki_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_save),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
