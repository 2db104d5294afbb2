#include "ca/cli/restore_files.h"
#include "tests/unit/ca/store/temp.h"

static char from[320], to[320];

static void
sh(const struct temp *t, const char *cmd)
{
	char all[1024];

	snprintf(all, sizeof(all), "cd %s && { %s; }", t->dir, cmd);
	assert_int_equal(system(all), 0);
}

static void
name(const struct temp *t, const char *a, const char *b)
{
	snprintf(from, sizeof(from), "%s/%s", t->dir, a);
	snprintf(to, sizeof(to), "%s/%s", t->dir, b);
}

static void
puts_a_folder_back(void **state)
{
	struct temp *t = *state;

	sh(t, "mkdir -p f/a/b && echo x >f/a/b/x && chmod -R go-rwx f");
	name(t, "f", "g");
	assert_int_equal(restore_tree(from, to, t->dir), 1);
	sh(t, "diff -r f g && test \"$(stat -c %a g/a g/a/b/x | tr '\\n' ' ')\" ="
	      " '755 644 '");
	/* Into an empty folder, also where one was cut off before. */
	sh(t, "mkdir h h.restore && touch h.restore/rest");
	name(t, "f", "h");
	assert_int_equal(restore_tree(from, to, t->dir), 1);
	sh(t, "diff -r f h && test ! -e h.restore");
}

static void
writes_nothing_over(void **state)
{
	struct temp *t = *state;

	sh(t, "mkdir -p f g && echo x >f/x && echo y >g/y");
	name(t, "f", "g");
	assert_int_equal(restore_is_free(to), 0);
	assert_raised(CA_E_BADREQUEST, "restore.exists: ");
	assert_int_equal(restore_tree(from, to, t->dir), 0);
	assert_raised(CA_E_BADREQUEST, "restore.exists: ");
	sh(t, "test -e g/y -a ! -e g/x");
	name(t, "f/x", "g/y");
	assert_int_equal(restore_file(from, to, t->dir), 0);
	assert_raised(CA_E_BADREQUEST, "restore.exists: ");
	/* Nor through a link that leads nowhere. */
	sh(t, "ln -s nowhere l");
	name(t, "f/x", "l");
	assert_int_equal(restore_file(from, to, t->dir), 0);
	assert_raised(CA_E_BADREQUEST, "restore.exists: ");
}

static void
puts_a_file_back(void **state)
{
	struct temp *t = *state;

	sh(t, "echo x >x");
	name(t, "x", "y");
	assert_int_equal(restore_is_free(to), 1);
	assert_int_equal(restore_file(from, to, t->dir), 1);
	sh(t, "cmp x y && test \"$(stat -c %a y)\" = 600");
}

static void
leaves_nothing_that_failed(void **state)
{
	struct temp *t = *state;

	name(t, "none", "g");
	assert_int_equal(restore_tree(from, to, t->dir), 0);
	assert_raised(CA_E_BADREQUEST, "restore.write: ");
	assert_int_equal(restore_file(from, to, t->dir), 0);
	assert_raised(CA_E_BADREQUEST, "restore.write: ");
	/* A link in a backup is none of its files. */
	sh(t, "mkdir f && ln -s /etc/passwd f/l");
	name(t, "f", "g");
	assert_int_equal(restore_tree(from, to, t->dir), 0);
	assert_raised(CA_E_BADREQUEST, "restore.write: cannot read ");
	assert_int_equal(restore_tree(from, to, "/nonexistent"), 0);
	assert_raised(CA_E_BADREQUEST, "restore.write: cannot look at ");
	sh(t, "test ! -e g -a ! -e g.restore");
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(puts_a_folder_back),
	    T(writes_nothing_over),
	    T(puts_a_file_back),
	    T(leaves_nothing_that_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
