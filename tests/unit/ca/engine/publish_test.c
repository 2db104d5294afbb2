#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/error.h"
#include "ca/engine/publish.h"
#include "ca/report/report.h"

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/inkan-publish-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
remove_dir(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static size_t
slurp(const char *name, char *out, size_t size)
{
	char path[256];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

static int
files_in(const char *name)
{
	char path[256];
	struct dirent *e;
	DIR *d;
	int n = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void
folders(void **state)
{
	char path[256];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/new/deep", dir);
	assert_true(publish_prepare(path));
	assert_true(publish_prepare(path));
	snprintf(path, sizeof(path), "%s/new/deep/crl", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	assert_int_equal(files_in("new/deep"), 4);
}

static void
files(void **state)
{
	char text[16], path[256];
	struct stat st;

	(void)state;
	umask(077);
	assert_true(publish_file(dir, "one", "first", 5));
	assert_int_equal(slurp("one", text, sizeof(text)), 5);
	assert_memory_equal(text, "first", 5);
	snprintf(path, sizeof(path), "%s/one", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	umask(022);
	assert_true(publish_file(dir, "one", "2nd", 3));
	assert_int_equal(slurp("one", text, sizeof(text)), 3);
	assert_true(publish_file(dir, "empty", "", 0));
	assert_int_equal(slurp("empty", text, sizeof(text)), 0);
}

/* What a crash left beside a name is gone with the next writing of it. */
static void
left_by_a_crash(void **state)
{
	char text[16], path[256], other[256];
	struct stat st;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/.left.next", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs("half of what was to", f) >= 0);
	fclose(f);
	assert_int_equal(link(path, other), 0);
	assert_true(publish_file(dir, "left", "whole", 5));
	assert_int_equal(slurp("left", text, sizeof(text)), 5);
	assert_int_not_equal(stat(path, &st), 0);
	/* Another name of that file has what it had. */
	assert_int_equal(slurp("other", text, 4), 4);
	assert_memory_equal(text, "half", 4);
}

static void
staged(void **state)
{
	char text[16], path[PATH_MAX];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/stage", dir);
	assert_true(publish_mkdir(path, 0755));
	assert_true(publish_stage(dir, "stage/x", "one", 3));
	assert_int_equal(slurp("stage/x", text, sizeof(text)), 0);
	assert_int_equal(files_in("stage"), 0); /* hidden */
	assert_true(publish_path(dir, "stage/x", 1, path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
	/* Another one takes its place; a link to elsewhere does not. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("victim", path), 0);
	assert_true(publish_stage(dir, "stage/x", "two!", 4));
	assert_int_equal(files_in("stage"), 0);
	assert_true(publish_staged(dir, "stage/x"));
	assert_int_equal(slurp("stage/x", text, sizeof(text)), 4);
	assert_memory_equal(text, "two!", 4);
	assert_false(publish_staged(dir, "stage/x"));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
	assert_true(publish_stage(dir, "stage/x", "three", 5));
	publish_unstage(dir, "stage/x");
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(slurp("stage/x", text, sizeof(text)), 4);
	assert_false(publish_stage(dir, "none/x", "x", 1));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
}

/* A reader never sees half a file. */
static atomic_int stop;

static void *
watch(void *arg)
{
	static char text[60000];
	size_t n, i;

	while (!atomic_load(&stop)) {
		n = slurp("watched/file", text, sizeof(text));
		if (n != 50000)
			*(int *)arg = 1;
		for (i = 1; i < n; i++)
			if (text[i] != text[0])
				*(int *)arg = 1;
	}
	return NULL;
}

static void
atomically(void **state)
{
	static char text[50000];
	char path[256];
	pthread_t thread;
	int i, torn = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/watched", dir);
	assert_true(publish_mkdir(path, 0755));
	memset(text, 'a', sizeof(text));
	assert_true(publish_file(path, "file", text, sizeof(text)));
	assert_int_equal(pthread_create(&thread, NULL, watch, &torn), 0);
	for (i = 0; i < 60; i++) {
		memset(text, 'a' + i % 26, sizeof(text));
		assert_true(publish_file(path, "file", text, sizeof(text)));
	}
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	assert_int_equal(torn, 0);
	assert_int_equal(files_in("watched"), 1);
}

static void
failures_leave_nothing(void **state)
{
	char path[256], *longer = malloc(2 * PATH_MAX);

	(void)state;
	snprintf(path, sizeof(path), "%s/none", dir);
	assert_false(publish_file(path, "x", "x", 1));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
	/* A folder stands where the file should: renamed onto it, refused. */
	snprintf(path, sizeof(path), "%s/taken/x", dir);
	assert_true(publish_mkdir(path, 0755));
	snprintf(path, sizeof(path), "%s/taken", dir);
	assert_false(publish_file(path, "x", "x", 1));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
	assert_int_equal(files_in("taken"), 1);
	/* A file stands where a folder should. */
	assert_true(publish_file(dir, "plain", "x", 1));
	snprintf(path, sizeof(path), "%s/plain/below", dir);
	assert_false(publish_mkdir(path, 0755));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
	snprintf(path, sizeof(path), "%s/plain", dir);
	assert_false(publish_prepare(path));
	ERR_clear_error();
	memset(longer, 'x', 2 * PATH_MAX - 1);
	longer[2 * PATH_MAX - 1] = '\0';
	assert_false(publish_file(dir, longer, "x", 1));
	assert_int_equal(report_last_reason(), CA_E_CONFIG);
	ERR_clear_error();
	assert_false(publish_mkdir(longer, 0755));
	ERR_clear_error();
	assert_false(publish_prepare(longer));
	ERR_clear_error();
	free(longer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(folders),
	    cmocka_unit_test(files),
	    cmocka_unit_test(left_by_a_crash),
	    cmocka_unit_test(staged),
	    cmocka_unit_test(atomically),
	    cmocka_unit_test(failures_leave_nothing),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
