#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "ca/report/daemon.h"

#define USAGE "prog -c FILE [-n]"

static int
extra(const char *option, const char *value, void *arg)
{
	const char **out = arg;

	if (strcmp(option, "--init-keys") == 0)
		return 0;
	if (strcmp(option, "--dir") != 0)
		return -1;
	*out = value;
	return 1;
}

/* Quiet stderr while options are refused. */
static int
options(char **argv, struct daemon_options *o)
{
	int argc = 0, saved = dup(2), r;
	FILE *null = fopen("/dev/null", "w");

	while (argv[argc] != NULL)
		argc++;
	assert_non_null(null);
	dup2(fileno(null), 2);
	o->usage = USAGE;
	r = daemon_options(argc, argv, o);
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	fclose(null);
	return r;
}

static void
test_options(void **state)
{
	char *plain[] = {"p", "-c", "f", "-n", NULL};
	char *more[] = {"p", "--dir", "d", "-c", "f", "--init-keys", NULL};
	const char *dir = NULL;
	struct daemon_options o = {0}, e = {.extra = extra, .arg = &dir};

	(void)state;
	assert_int_equal(options(plain, &o), 1);
	assert_string_equal(o.config, "f");
	assert_int_equal(o.check_only, 1);
	assert_int_equal(options(more, &e), 1);
	assert_string_equal(dir, "d");
	assert_int_equal(e.check_only, 0);
}

static void
test_options_refused(void **state)
{
	char *cases[][6] = {{"p", NULL}, {"p", "-c", NULL},
	    {"p", "-c", "f", "-x", NULL}, {"p", "f", NULL},
	    {"p", "-c", "f", "--dir", NULL}};
	const char *dir = NULL;
	struct daemon_options o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		o = (struct daemon_options){.extra = extra, .arg = &dir};
		assert_int_equal(options(cases[i], &o), 0);
	}
	o = (struct daemon_options){0};
	assert_int_equal(options(cases[4], &o), 0);
}

static void
test_help_exits(void **state)
{
	char *argv[] = {"p", "-h", NULL};
	struct daemon_options o = {.usage = USAGE};
	char buf[64] = "";
	int fds[2], st;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		dup2(fds[1], 1);
		daemon_options(2, argv, &o);
		_exit(9);
	}
	close(fds[1]);
	assert_true(read(fds[0], buf, sizeof(buf) - 1) > 0);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(WEXITSTATUS(st), 0);
	assert_string_equal(buf, "usage: " USAGE "\n");
}

/* In a child: it cannot be undone. Bits of what is missing. */
static int
hardened(void)
{
	struct sigaction sa;
	struct rlimit r;
	int missing = 0;

	if (!daemon_harden())
		return 128;
	if (prctl(PR_GET_DUMPABLE) != 0)
		missing |= 1;
	if (getrlimit(RLIMIT_CORE, &r) != 0 || r.rlim_cur != 0)
		missing |= 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		missing |= 4;
	if (sigaction(SIGPIPE, NULL, &sa) != 0 || sa.sa_handler != SIG_IGN)
		missing |= 8;
	if (umask(0) != 027)
		missing |= 16;
	return missing;
}

static void
test_harden(void **state)
{
	pid_t pid;
	int st;

	(void)state;
	fflush(NULL);
	if ((pid = fork()) == 0)
		_exit(hardened());
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFEXITED(st));
	assert_int_equal(WEXITSTATUS(st), 0);
}

static void
test_signals(void **state)
{
	int fd;

	(void)state;
	assert_true((fd = daemon_signals()) >= 0);
	assert_int_equal(daemon_signal(fd), 0);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(daemon_signal(fd), SIGTERM);
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	assert_int_equal(daemon_signal(fd), SIGHUP);
	assert_int_equal(daemon_signal(fd), 0);
	close(fd);
}

static void
test_notify(void **state)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char dir[] = "/tmp/inkan-notify-XXXXXX", buf[64] = "";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/n", dir);
	assert_true((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	setenv("NOTIFY_SOCKET", sa.sun_path, 1);
	daemon_notify("READY=1");
	assert_int_equal(recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT), 7);
	assert_string_equal(buf, "READY=1");
	/* A path that is none of a socket: nothing, and no crash. */
	setenv("NOTIFY_SOCKET", "relative", 1);
	daemon_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	daemon_notify("READY=1");
	assert_int_equal(recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT), -1);
	close(fd);
	unlink(sa.sun_path);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_options_refused),
	    cmocka_unit_test(test_help_exits),
	    cmocka_unit_test(test_harden),
	    cmocka_unit_test(test_notify),
	    cmocka_unit_test(test_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
