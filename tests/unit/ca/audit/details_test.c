#include "rig.h"
#include "ca/audit/details.h"

static void
write_text(struct rig *r, char path[320], const char *text)
{
	FILE *f;

	snprintf(path, 320, "%s/details", r->t->dir);
	assert_non_null(f = fopen(path, "w"));
	fputs(text, f);
	fclose(f);
}

static void
gives_back_what_it_wrote(void **state)
{
	struct rig *r = *state;
	struct log_opening o;
	struct details *d;
	unsigned char *leaf;
	char path[320];
	int64_t n = 0, i;
	size_t len;
	FILE *f;

	rig_add(r, 0, 5);
	READ(r->t, rig_read, r);
	snprintf(path, sizeof(path), "%s/details", r->t->dir);
	assert_non_null(f = fopen(path, "w"));
	assert_int_equal(details_export(r->t->store, 2, f, &n), 1);
	fclose(f);
	assert_int_equal(n, 8);
	assert_non_null(d = details_open(path));
	for (i = 0; i < 12; i += 1 + (i == 4)) {
		if (details_find(d, i, &o) == 0) {
			assert_true(i < 2 || i > 9);
			continue;
		}
		assert_true(log_opening_leaf(&o, (uint64_t)i, &leaf, &len));
		assert_memory_equal(leaf, r->leaf[i] + 2, len);
		OPENSSL_free(leaf);
		log_opening_clear(&o);
	}
	/* Not backwards. */
	assert_int_equal(details_find(d, 3, &o), 0);
	details_close(d);
	details_close(NULL);
}

static void
refuses_other_lines(void **state)
{
#define SALT "\"salt\": \"01010101010101010101010101010101\""
	static const char *const bad[] = {"x\n", "{}\n", "[]\n",
	    "{\"index\": 0, \"kind\": \"a\", \"time\": 1, \"detail\": \"3000\"}\n",
	    "{\"index\": 0, \"kind\": \"a\", \"time\": 1, \"salt\": \"01\", "
	    "\"detail\": \"3000\"}\n",
	    "{\"index\": \"0\", \"kind\": \"a\", \"time\": 1, " SALT
	    ", \"detail\": \"3000\"}\n",
	    "{\"index\": 0, \"kind\": \"a\", \"time\": 1, " SALT
	    ", \"detail\": \"30zz\"}\n",
	    "{\"index\": -1, \"kind\": \"a\", \"time\": 1, " SALT
	    ", \"detail\": \"3000\"}\n"};
	struct rig *r = *state;
	struct log_opening o;
	struct details *d;
	char path[320];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_text(r, path, bad[i]);
		assert_non_null(d = details_open(path));
		if (details_find(d, 0, &o) != -1)
			fail_msg("%zu was taken", i);
		assert_refused("details.format: line 1 ");
		details_close(d);
	}
	write_text(r, path, "{\"index\": 4, \"kind\": \"a\", \"time\": 1, " SALT
	    ", \"detail\": \"3000\"}\n{\"index\": 4, \"kind\": \"a\", "
	    "\"time\": 1, " SALT ", \"detail\": \"3000\"}\n");
	assert_non_null(d = details_open(path));
	assert_int_equal(details_find(d, 3, &o), 0);
	assert_int_equal(details_find(d, 4, &o), 1);
	log_opening_clear(&o);
	assert_int_equal(details_find(d, 5, &o), -1);
	assert_refused("details.format: line 2 ");
	details_close(d);
	assert_null(details_open("/nonexistent"));
	assert_refused("open ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(gives_back_what_it_wrote),
	    TEST(refuses_other_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
