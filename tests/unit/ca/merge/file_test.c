#include "rig.h"

static void
reads_all_of_it(void **state)
{
	char path[400], cmd[900];
	unsigned char *p;
	size_t len = 0;

	(void)state;
	mr_path(path, "f");
	snprintf(cmd, sizeof(cmd), "head -c 20000 /dev/zero >%s", path);
	assert_int_equal(system(cmd), 0);
	assert_non_null(p = merge_file(path, 20000, &len));
	assert_int_equal(len, 20000);
	assert_int_equal(p[len], 0);
	OPENSSL_free(p);
	assert_null(merge_file(path, 19999, &len));
	assert_raised(CA_E_BADREQUEST, "merge.file: ");
	snprintf(cmd, sizeof(cmd), ": >%s", path);
	assert_int_equal(system(cmd), 0);
	assert_non_null(p = merge_file(path, 10, &len));
	assert_int_equal(len, 0);
	OPENSSL_free(p);
}

static void
refuses_what_is_none(void **state)
{
	size_t len = 0;

	(void)state;
	assert_null(merge_file("/none", 10, &len));
	assert_raised(CA_E_BADREQUEST, "merge.file: cannot read /none");
	assert_null(merge_file("/", 10, &len));
	assert_raised(CA_E_BADREQUEST, "merge.file: /: cannot be read");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(reads_all_of_it),
	    MR_TEST(refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
