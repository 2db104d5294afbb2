#include <openssl/sha.h>
#include "tests/unit/ca/store/temp.h"

static struct policy_file files[] = {
    {"profiles/b.conf", (char *)"class", 5},
    {"fleets/a.conf", (char *)"", 0},
};

/* By hand: sorted, path NUL length NUL content. */
static void
hashes_as_written(void **state)
{
	static const char text[] = "fleets/a.conf\0000\0"
				   "profiles/b.conf\0005\0class";
	struct policy_file turned[] = {files[1], files[0]};
	unsigned char md[32], want[32];

	(void)state;
	SHA256((const unsigned char *)text, sizeof(text) - 1, want);
	assert_true(policies_hash(files, 2, md));
	assert_memory_equal(md, want, 32);
	assert_true(policies_hash(turned, 2, md));
	assert_memory_equal(md, want, 32);
	turned[1].len--;
	assert_true(policies_hash(turned, 2, md));
	assert_memory_not_equal(md, want, 32);
	SHA256(NULL, 0, want);
	assert_true(policies_hash(NULL, 0, md));
	assert_memory_equal(md, want, 32);
}

static int
look(const struct policy_file *f, void *arg)
{
	int *n = arg;
	const struct policy_file *want = &files[1 - *n];

	assert_string_equal(f->path, want->path);
	assert_int_equal(f->len, want->len);
	assert_string_equal(f->text, want->text);
	++*n;
	return 1;
}

static int
adds(struct store_tx *tx, void *arg)
{
	struct policy_row row = {.time = NOW,
			      .author = "uid:0",
			      .note = "first"},
			  out;
	int n = 0;

	(void)arg;
	assert_int_equal(policies_active(tx, &out), 0);
	assert_true(policies_add(tx, &row, files, 2));
	assert_int_equal(row.version, 1);
	assert_int_equal(policies_active(tx, &out), 1);
	assert_memory_equal(&row, &out, sizeof(row));
	assert_true(policies_files(tx, 1, look, &n));
	assert_int_equal(n, 2);
	assert_true(policies_add(tx, &row, files, 1));
	assert_int_equal(row.version, 2);
	assert_int_equal(policies_active(tx, &out), 1);
	assert_int_equal(out.version, 2);
	assert_int_equal(policies_get(tx, 1, &out), 1);
	assert_int_equal(out.version, 1);
	assert_int_equal(policies_get(tx, 3, &out), 0);
	return 1;
}

static int
add_twice(struct store_tx *tx, void *arg)
{
	struct policy_file twice[] = {files[0], files[0]};
	struct policy_row row = {.time = NOW};

	(void)arg;
	return policies_add(tx, &row, twice, 2);
}

static int
add_binary(struct store_tx *tx, void *arg)
{
	struct policy_file f = {"a", (char *)"a\0b", 3};
	struct policy_row row = {.time = NOW};

	(void)arg;
	return policies_add(tx, &row, &f, 1);
}

static void
adds_versions(void **state)
{
	struct temp *t = *state;

	RUN(t, adds, NULL);
}

static void
refuses_bad_files(void **state)
{
	struct temp *t = *state;

	assert_false(store_write(t->store, add_twice, NULL, 0));
	assert_raised(CA_E_BADREQUEST, "policy: profiles/b.conf: twice");
	assert_false(store_write(t->store, add_binary, NULL, 0));
	assert_raised(CA_E_BADREQUEST, "policy: a: not a text");
	RUN(t, adds, NULL); /* begins with version 1: nothing was left */
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hashes_as_written),
	    T(adds_versions),
	    T(refuses_bad_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
