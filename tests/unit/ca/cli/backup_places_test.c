#include "ca/cli/backup_places.h"
#include "tests/unit/ca/store/temp.h"

static char conf[300];

static void
write_conf(const struct temp *t, const char *text)
{
	FILE *f;

	snprintf(conf, sizeof(conf), "%s/ca.conf", t->dir);
	assert_non_null(f = fopen(conf, "w"));
	assert_true(fputs(text, f) != EOF);
	fclose(f);
}

static void
reads_paths(void **state)
{
	struct temp *t = *state;
	struct backup_places p;
	char want[400];

	write_conf(t, "store = \"../state/store.db\"; publish_dir = \"/srv/pub\";"
		      "policy_dir = \".\"; workers = 16; new_key = true;");
	assert_int_equal(backup_places_read(conf, &p), 1);
	assert_string_equal(p.config_dir, t->dir);
	snprintf(want, sizeof(want), "%s/../state/store.db", t->dir);
	assert_string_equal(p.store, want);
	assert_string_equal(p.publish_dir, "/srv/pub");
	assert_string_equal(p.policy_dir, t->dir);
}

static void
refuses(void **state)
{
	static const char *const bad[] = {
	    "store = \"s\"; publish_dir = \"p\";",
	    "store = 1; publish_dir = \"p\"; policy_dir = \"c\";",
	    "store = \"\"; publish_dir = \"p\"; policy_dir = \"c\";",
	    "store = \"s\"; publish_dir = ",
	};
	struct temp *t = *state;
	struct backup_places p;
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_conf(t, bad[i]);
		assert_int_equal(backup_places_read(conf, &p), 0);
		report_last_text(text, sizeof(text));
		assert_non_null(strstr(text, "ca.conf:"));
		ERR_clear_error();
	}
	assert_int_equal(backup_places_read("/nonexistent/ca.conf", &p), 0);
	ERR_clear_error();
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(reads_paths),
	    T(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
