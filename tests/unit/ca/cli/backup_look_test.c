#include "ca/cli/backup_look.h"
#include "logs.h"

static char *told, dir[320];

/* A backup as far as this part looks at it: b/store.db, b/pub/log. */
static void
make_backup(void)
{
	snprintf(dir, sizeof(dir), "%s/b", logs->t->dir);
	logs_sh("rm -rf b && mkdir -p b/pub && cp -r log b/pub/log &&"
		" sqlite3 store.db '.backup b/store.db'");
}

static int
look(struct backup_facts *f, size_t *found)
{
	size_t len;
	FILE *out;
	int ok;

	free(told);
	told = NULL;
	*found = 0;
	out = open_memstream(&told, &len);
	ok = backup_look(dir, NOW, out, f, found);
	fclose(out);
	return ok;
}

static void
says_what_is_there(void **state)
{
	struct backup_facts f = {0};
	size_t found;
	char root[64];

	(void)state;
	make_backup();
	assert_int_equal(look(&f, &found), 1);
	assert_int_equal(found, 0);
	assert_int_equal(f.schema, STORE_SCHEMA_VERSION);
	assert_int_equal(f.entries, 8);
	assert_int_equal(f.published, 8);
	assert_int_equal(strlen(f.root), 44);
	/* The store may be ahead of what is published, and has its root. */
	snprintf(root, sizeof(root), "%s", f.root);
	rig_add(logs, 4, 6);
	make_backup();
	assert_int_equal(look(&f, &found), 1);
	assert_int_equal(found, 0);
	assert_int_equal(f.entries, 12);
	assert_int_equal(f.published, 8);
	assert_string_equal(f.root, root);
	/* Without a published log: the store's own. */
	logs_sh("rm -r b/pub/log");
	assert_int_equal(look(&f, &found), 1);
	assert_int_equal(found, 0);
	assert_int_equal(f.published, 0);
	assert_string_not_equal(f.root, root);
}

static void
finds_what_does_not_belong_together(void **state)
{
	struct backup_facts f = {0};
	size_t found;

	(void)state;
	make_backup();
	logs_sh("sqlite3 b/store.db 'DELETE FROM entries WHERE idx >= 5'");
	assert_int_equal(look(&f, &found), 1);
	assert_true(found > 0);
	assert_non_null(strstr(told, "log: missing entry"));
	make_backup();
	logs_sh("truncate -s -32 b/pub/log/tile/0/000.p/8");
	assert_int_equal(look(&f, &found), 1);
	assert_true(found > 0);
	free(told);
	told = NULL;
}

static void
refuses_what_is_no_backup(void **state)
{
	struct backup_facts f = {0};
	size_t found;

	(void)state;
	make_backup();
	logs_sh("sed -i '2s/.*/7/' b/pub/log/checkpoint");
	assert_int_equal(look(&f, &found), 0);
	assert_raised(CA_E_BADREQUEST, "checkpoint.signature: ");
	make_backup();
	logs_sh("sqlite3 b/store.db"
		" \"INSERT INTO cert_der VALUES (99, x'00')\"");
	assert_int_equal(look(&f, &found), 0);
	assert_raised(CA_E_STORE, "store.damaged: ");
	logs_sh("rm b/store.db");
	assert_int_equal(look(&f, &found), 0);
	assert_raised(CA_E_STORE, "store: cannot open ");
	free(told);
	told = NULL;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, logs_start, logs_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(says_what_is_there),
	    TEST(finds_what_does_not_belong_together),
	    TEST(refuses_what_is_no_backup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
