#include "ca/cli/backup_list.h"
#include "tests/unit/ca/store/temp.h"

#define ONE "file 2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c5254" \
	    "34806 4 one\n"
#define HEAD "inkan-backup 1\n"

static char *told;

/* A backup with the file "one" ("one\n") and this manifest. */
static int
look(struct temp *t, const char *text, struct backup_facts *f, size_t *found)
{
	char path[600];
	size_t len;
	FILE *out;
	int ok;

	snprintf(path, sizeof(path), "mkdir -p %s/b && echo one >%s/b/one",
	    t->dir, t->dir);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/b/MANIFEST", t->dir);
	assert_non_null(out = fopen(path, "w"));
	fputs(text, out);
	fclose(out);
	free(told);
	told = NULL;
	out = open_memstream(&told, &len);
	snprintf(path, sizeof(path), "%s/b", t->dir);
	ok = backup_list_check(path, out, f, found);
	fclose(out);
	return ok;
}

static void
reads_what_was_written(void **state)
{
	struct backup_facts f;
	size_t found = 9;

	assert_int_equal(look(*state, HEAD ONE "time 5\nschema 4\nentries 3\n"
	    "published 2\nroot abc=\nend 1\n", &f, &found), 1);
	assert_int_equal(found, 0);
	assert_string_equal(told, "");
	assert_int_equal(f.time, 5);
	assert_int_equal(f.schema, 4);
	assert_int_equal(f.entries, 3);
	assert_int_equal(f.published, 2);
	assert_string_equal(f.root, "abc=");
	assert_int_equal(f.files, 1);
	assert_int_equal(f.octets, 4);
}

static void
finds_what_differs(void **state)
{
	struct temp *t = *state;
	struct backup_facts f;
	char cmd[400];
	size_t found;

	assert_int_equal(look(t, HEAD "file 00000000000000000000000000000000000"
	    "00000000000000000000000000000 4 one\nend 1\n", &f, &found), 1);
	assert_int_equal(found, 1);
	assert_string_equal(told, "one: is another file\n");
	assert_int_equal(look(t, HEAD "file 00000000000000000000000000000000000"
	    "00000000000000000000000000000 5 one\nend 1\n", &f, &found), 1);
	assert_string_equal(told, "one: has another length\n");
	assert_int_equal(look(t, HEAD ONE "file 000000000000000000000000000000"
	    "0000000000000000000000000000000000 4 two\nend 2\n", &f, &found), 1);
	assert_string_equal(told, "two: is not there\n");
	assert_int_equal(look(t, HEAD "end 0\n", &f, &found), 1);
	assert_string_equal(told, "one: is not in the manifest\n");
	/* A link is no file of the backup. */
	snprintf(cmd, sizeof(cmd), "ln -s one %s/b/link", t->dir);
	assert_int_equal(look(t, HEAD ONE "end 1\n", &f, &found), 1);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(look(t, HEAD ONE "end 1\n", &f, &found), 1);
	assert_string_equal(told, "link: is not in the manifest\n");
}

static void
refuses_what_is_none(void **state)
{
	static const struct { const char *text, *why; } bad[] = {
	    {"", "the manifest is cut"},
	    {"inkan-backup 2\nend 0\n", "not the manifest of a backup"},
	    {HEAD ONE, "the manifest is cut"},
	    {HEAD ONE "end 2\n", "the manifest is cut"},
	    {HEAD ONE ONE "end 2\n", "a file stands in it twice"},
	    {HEAD ONE "end 1\ntime 5\n", "more than the manifest's end"},
	    {HEAD "file 00 4 one\nend 1\n", "not a file's line"},
	    {HEAD "file x\nend 1\n", "not a file's line"},
	    {HEAD "what 5\nend 0\n", "not a fact of a backup"},
	    {HEAD "time -5\nend 0\n", "not a fact of a backup"},
	    {HEAD "time 5x\nend 0\n", "not a fact of a backup"},
	    {HEAD "file 0000000000000000000000000000000000000000000000000000000"
		  "000000000 4 ../one\nend 1\n", "a file outside"},
	    {HEAD "file 0000000000000000000000000000000000000000000000000000000"
		  "000000000 4 a/../../one\nend 1\n", "a file outside"},
	    {HEAD "file 0000000000000000000000000000000000000000000000000000000"
		  "000000000 4 /etc/passwd\nend 1\n", "a file outside"},
	};
	struct backup_facts f;
	char text[512];
	size_t i, found;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (look(*state, bad[i].text, &f, &found))
			fail_msg("taken: %s", bad[i].text);
		report_last_text(text, sizeof(text));
		if (strncmp(text, "backup.manifest: ", 17) != 0 ||
		    strstr(text, bad[i].why) == NULL)
			fail_msg("%s: \"%s\"", bad[i].text, text);
		ERR_clear_error();
	}
	assert_int_equal(backup_list_check("/nonexistent", stderr, &f, &found),
	    0);
	assert_raised(CA_E_BADREQUEST, "backup.manifest: /nonexistent");
	free(told);
	told = NULL;
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(reads_what_was_written),
	    T(finds_what_differs),
	    T(refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
