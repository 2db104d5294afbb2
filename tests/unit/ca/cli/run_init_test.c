#include "tests/unit/ca/cli/canned.h"
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * "ca init" replaces the process by the program beside it. So the test copies
 * itself to a folder of its own, puts a script there in the ceremony's place,
 * and runs the copy, which with words of its own is nothing but the tool.
 */

static const char SCRIPT[] = "#!/bin/sh\n"
			     "echo \"$# <$1> <$2> <$3> <$4> <$5>\"\n"
			     "exit 7\n";

static void
copy_self(const char *to)
{
	char cmd[PATH_MAX + 512], self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	snprintf(cmd, sizeof(cmd), "cp '%s' '%s'", self, to);
	assert_int_equal(system(cmd), 0);
}

/* Run ${program} with three words after "ca init"; what it says in ${out}. */
static int
run(const char *program, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fds[2], st;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		execl(program, program, "ca", "init", "--config", "a $(b) c",
		    "--discard", (char *)NULL);
		_exit(99);
	}
	close(fds[1]);
	while ((n = read(fds[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFEXITED(st));
	return WEXITSTATUS(st);
}

static void
test_exec(void **state)
{
	char bin[160], self[200], sbin[160], out[512];

	(void)state;
	snprintf(bin, sizeof(bin), "%s/bin", canned.dir);
	snprintf(sbin, sizeof(sbin), "%s/sbin", canned.dir);
	assert_int_equal(mkdir(bin, 0700), 0);
	assert_int_equal(mkdir(sbin, 0700), 0);
	snprintf(self, sizeof(self), "%s/inkan", bin);
	copy_self(self);
	assert_int_equal(run(self, out, sizeof(out)), 1);
	assert_in(out, "inkan-ceremony is neither in");
	canned_write("sbin/inkan-ceremony", SCRIPT, strlen(SCRIPT));
	assert_int_equal(chmod(canned_file("sbin/inkan-ceremony"), 0700), 0);
	/* Its exit status is ours, and no shell has touched its words. */
	assert_int_equal(run(self, out, sizeof(out)), 7);
	assert_string_equal(out, 
	    "5 <--kind> <init,root,csr> <--config> <a $(b) c> <--discard>\n");
	canned_write("bin/inkan-ceremony", "#!/bin/sh\nexit 8\n", 17);
	assert_int_equal(chmod(canned_file("bin/inkan-ceremony"), 0700), 0);
	assert_int_equal(run(self, out, sizeof(out)), 8);
}

static void
test_usage(void **state)
{
	(void)state;
	assert_int_equal(tool("ca", "init", NULL), 2);
	assert_in(canned.err, "--config is missing");
}

#define T(f) cmocka_unit_test_setup_teardown(f, canned_start, canned_stop)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_exec),
	    T(test_usage),
	};
	struct cli cli = {.out = stdout, .err = stderr, .fd = -1};

	if (argc > 1)
		return command_main(&cli, argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
