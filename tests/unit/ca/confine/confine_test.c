#include "tests/unit/ca/confine/child.h"

static int
has_path(const struct confine *c, const char *path, enum confine_access how)
{
	size_t i;

	for (i = 0; i < c->n_paths; i++)
		if (strcmp(c->paths[i].path, path) == 0 &&
		    c->paths[i].access == how)
			return 1;
	return 0;
}

static void
the_group_is_read(void **state)
{
	struct confine *c = confine_of("");

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->mode, CONFINE_ON);
	assert_int_equal(c->network, 0);
	confine_free(c);
	c = confine_of("confine: { mode = \"must\"; read = [ \"v.conf\" ]; "
	    "write = [ \"/dev/v\" ]; network = true; };");
	assert_non_null(c);
	assert_int_equal(c->mode, CONFINE_MUST);
	assert_int_equal(c->network, 1);
	assert_true(has_path(c, "/etc/v.conf", CONFINE_READ));
	assert_true(has_path(c, "/dev/v", CONFINE_WRITE));
	assert_false(has_path(c, "/dev/v", CONFINE_READ));
	confine_free(c);
	confine_free(NULL);
}

static void
what_is_wrong_is_refused(void **state)
{
	static const char *const wrong[] = {"confine: { mode = \"maybe\"; };",
	    "confine: { wrote = [ \"/x\" ]; };", "confine: { mode = 1; };",
	    "confine: { network = \"yes\"; };"};
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(confine_of(wrong[i]));
		report_last_text(text, sizeof(text));
		assert_non_null(strstr(text, "t:1: "));
		ERR_clear_error();
	}
}

static void
paths_are_those_that_exist(void **state)
{
	struct confine *c = confine_of("");
	size_t n = c->n_paths;

	(void)state;
	confine_folder(c, "/etc/no/such/folder", CONFINE_WRITE);
	assert_string_equal(c->paths[n].path, "/etc");
	confine_file(c, "/etc/passwd", CONFINE_READ);
	assert_string_equal(c->paths[n + 1].path, "/etc");
	confine_file(c, "name-alone", CONFINE_READ);
	assert_string_equal(c->paths[n + 2].path, ".");
	confine_file(c, "/at-the-top", CONFINE_READ);
	assert_string_equal(c->paths[n + 3].path, "/");
	confine_only(c, "/etc/passwd", CONFINE_READ);
	assert_string_equal(c->paths[n + 4].path, "/etc/passwd");
	/* What is not configured is nothing. */
	confine_folder(c, "", CONFINE_WRITE);
	confine_file(c, NULL, CONFINE_WRITE);
	confine_only(c, NULL, CONFINE_WRITE);
	assert_int_equal(c->n_paths, n + 5);
	confine_free(c);
}

static void
too_much_does_not_start(void **state)
{
	struct confine *c = confine_of("");
	size_t i;

	(void)state;
	for (i = 0; i <= CONFINE_PORTS_MAX; i++)
		confine_port(c, 1);
	assert_int_equal(confine_files(c), 0);
	assert_int_not_equal(ERR_peek_error(), 0);
	ERR_clear_error();
	confine_free(c);
	c = confine_of("");
	for (i = 0; i <= CONFINE_PATHS_MAX; i++)
		confine_only(c, "/etc", CONFINE_READ);
	assert_int_equal(confine_files(c), 0);
	ERR_clear_error();
	confine_free(c);
}

static int
off(void *arg)
{
	struct confine *c = arg;

	return confine_files(c) && confine_calls(c, 0) ? opens("/", O_RDONLY)
						       : 255;
}

static void
off_is_off(void **state)
{
	struct confine *c = confine_of("confine: { mode = \"off\"; };");

	(void)state;
	assert_int_equal(exit_of(in_child(off, c)), 0);
	confine_free(c);
	c = confine_of("confine: { mode = \"on\"; };");
	assert_int_equal(exit_of(in_child(off, c)),
	    landlock_version() > 0 && !SANITIZED ? EACCES : 0);
	confine_free(c);
}

static void
a_named_path_must_exist(void **state)
{
	struct confine *c =
	    confine_of("confine: { read = [ \"/no/such/file\" ]; };");

	(void)state;
	if (landlock_version() == 0)
		skip();
	assert_int_equal(exit_of(in_child(off, c)), 255);
	confine_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_group_is_read),
	    cmocka_unit_test(what_is_wrong_is_refused),
	    cmocka_unit_test(paths_are_those_that_exist),
	    cmocka_unit_test(too_much_does_not_start),
	    cmocka_unit_test(off_is_off),
	    cmocka_unit_test(a_named_path_must_exist),
	};

	report_init("test", REPORT_ERROR, STDERR_FILENO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
