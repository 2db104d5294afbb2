#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "hsm/softhsm.h"

static int
folder_of(const char *text, char *out)
{
	char path[] = "/tmp/inkan-softhsm-XXXXXX";
	int fd = mkstemp(path), found;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	found = hsm_softhsm_folder(path, out);
	unlink(path);
	return found;
}

static void
folders(void **state)
{
	char out[PATH_MAX];

	(void)state;
	assert_int_equal(folder_of("directories.tokendir = /a b/c\n", out), 1);
	assert_string_equal(out, "/a b/c");
	assert_int_equal(folder_of("# one\nlog.level = ERROR\r\n"
	    "  directories.tokendir=/x\r\nother = 1\n", out), 1);
	assert_string_equal(out, "/x");
}

static void
no_folder(void **state)
{
	char out[PATH_MAX], *long_text = malloc(PATH_MAX + 64);

	(void)state;
	assert_int_equal(folder_of("", out), 0);
	assert_int_equal(folder_of("directories.tokendir = a/b\n", out), 0);
	assert_int_equal(folder_of("#directories.tokendir = /a\n", out), 0);
	strcpy(long_text, "directories.tokendir = /");
	memset(long_text + 24, 'a', PATH_MAX);
	strcpy(long_text + 24 + PATH_MAX, "\n");
	assert_int_equal(folder_of(long_text, out), 0);
	free(long_text);
	assert_int_equal(hsm_softhsm_folder("/no/such/file", out), 0);
	assert_int_equal(hsm_softhsm_folder("", out), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(folders),
	    cmocka_unit_test(no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
