#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ocsp/tree.h"
#include "tests/unit/ocsp/pki.h"

static char dir[64], to[128];

static int
setup(void **state)
{
	(void)state;
	pki_folder(dir, sizeof(dir));
	snprintf(to, sizeof(to), "%s/to", dir);
	pki_mkdir(dir, "to");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pki_remove(dir);
	return 0;
}

static int
write_text(const char *path, const char *text, time_t when)
{
	const struct timespec t = {when, 500};

	return tree_write(dir, path, text, strlen(text), t);
}

static void
written(void **state)
{
	struct stat st;
	char path[128];

	(void)state;
	assert_true(write_text("a/b/c", "one", 1000));
	snprintf(path, sizeof(path), "%s/a/b/c", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(st.st_mtim.tv_sec, 1000);
	assert_true(write_text("a/b/c", "three", 2000));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 5);
	/* A file where a folder is wanted, and a folder where a file is. */
	assert_false(write_text("a/b/c/d", "x", 1));
	assert_false(write_text("a/b", "x", 1));
	ERR_clear_error();
	snprintf(path, sizeof(path), "%s/.new", dir);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_true(tree_sync(dir));
	assert_false(tree_sync("/nonexistent"));
	ERR_clear_error();
}

static void
has_mode(const char *path, mode_t mode)
{
	char full[128];
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	assert_int_equal(stat(full, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

/* Under the umask of daemon_harden() too, a web server can read it all. What
   was there before keeps its mode. */
static void
open_to_all(void **state)
{
	char path[128];
	mode_t before = umask(027);

	(void)state;
	snprintf(path, sizeof(path), "%s/m", dir);
	assert_true(tree_folder(path));
	assert_true(write_text("m/a/b/c", "one", 1));
	has_mode("m", 0755);
	has_mode("m/a", 0755);
	has_mode("m/a/b", 0755);
	has_mode("m/a/b/c", 0644);
	assert_int_equal(chmod(path, 0750), 0);
	assert_true(tree_folder(path));
	assert_true(write_text("m/d/e", "one", 1));
	has_mode("m", 0750);
	has_mode("m/d", 0755);
	assert_false(tree_folder("/nonexistent/x"));
	ERR_clear_error();
	umask(before);
}

struct seen {
	char all[512];
	int stop;
};

static int
see(const char *path, const struct stat *st, void *arg)
{
	struct seen *s = arg;
	size_t n = strlen(s->all);

	snprintf(s->all + n, sizeof(s->all) - n, "%s%s;", path,
	    S_ISDIR(st->st_mode) ? "/" : "");
	return !s->stop;
}

static void
walked(void **state)
{
	struct seen s = {"", 0};
	char link[128];

	(void)state;
	assert_true(tree_walk(dir, "none", see, &s));
	assert_string_equal(s.all, "");
	assert_true(write_text("w/x/y", "1", 1));
	assert_true(write_text("w/.hidden", "1", 1));
	snprintf(link, sizeof(link), "%s/w/x/link", dir);
	assert_int_equal(symlink("/etc", link), 0);
	assert_true(tree_walk(dir, "w", see, &s));
	/* A folder after what is in it; no link, nothing with a dot. */
	assert_string_equal(s.all, "w/x/y;w/x/;");
	s.stop = 1;
	s.all[0] = '\0';
	assert_false(tree_walk(dir, "w", see, &s));
	assert_string_equal(s.all, "w/x/y;");
}

static void
copied(void **state)
{
	size_t n = 0;

	(void)state;
	assert_true(write_text("c/one", "1", 100));
	assert_true(write_text("c/d/two", "2", 100));
	assert_true(tree_copy(dir, to, "c", &n));
	assert_int_equal(n, 2);
	assert_true(tree_copy(dir, to, "c", &n));
	assert_int_equal(n, 2);
	assert_true(write_text("c/one", "9", 101));
	assert_true(tree_copy(dir, to, "c", &n));
	assert_int_equal(n, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(written),
	    cmocka_unit_test(open_to_all),
	    cmocka_unit_test(walked),
	    cmocka_unit_test(copied),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
