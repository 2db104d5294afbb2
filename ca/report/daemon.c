#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "ca/error.h"
#include "ca/report/daemon.h"

int
daemon_no_dump(void)
{
	struct rlimit none = {0, 0};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	    setrlimit(RLIMIT_CORE, &none) == 0)
		return 1;
	ERR_raise_data(ERR_LIB_SYS, errno, "no core files");
	return 0;
}

int
daemon_harden(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	umask(027);
	if (!daemon_no_dump())
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    sigaction(SIGPIPE, &ignore, NULL) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "hardening the process");
		return 0;
	}
	return 1;
}

int
daemon_signals(void)
{
	sigset_t set;
	int fd, e;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if ((e = pthread_sigmask(SIG_BLOCK, &set, NULL)) != 0) {
		ERR_raise_data(ERR_LIB_SYS, e, "blocking signals");
		return -1;
	}
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd == -1)
		ERR_raise_data(ERR_LIB_SYS, errno, "signalfd");
	return fd;
}

int
daemon_signal(int fd)
{
	struct signalfd_siginfo info;
	ssize_t n;

	do
		n = read(fd, &info, sizeof(info));
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

void
daemon_notify(const char *state)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	n = strlen(path);
	if (n < 2 || n >= sizeof(sa.sun_path))
		return;
	memcpy(sa.sun_path, path, n);
	if (path[0] == '@')
		sa.sun_path[0] = '\0'; /* abstract name, sd_notify(3) */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return;
	/* Who does not listen is not told; that is no failure of ours. */
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (struct sockaddr *)&sa,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

static int
usage_error(const struct daemon_options *o, const char *prog, const char *what,
    const char *option)
{
	fprintf(stderr, "%s: %s %s; usage: %s\n", prog, what, option, o->usage);
	return 0;
}

/* An option of the program itself. How many arguments it took, -1 unknown. */
static int
offer(struct daemon_options *o, const char *option, const char *value)
{
	return o->extra == NULL ? -1 : o->extra(option, value, o->arg);
}

int
daemon_options(int argc, char **argv, struct daemon_options *o)
{
	int i, n;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-h") == 0 ||
		    strcmp(argv[i], "--help") == 0) {
			printf("usage: %s\n", o->usage);
			exit(0);
		}
		if (strcmp(argv[i], "-n") == 0) {
			o->check_only = 1;
		} else if (strcmp(argv[i], "-c") == 0) {
			if (i + 1 == argc)
				return usage_error(
				    o, argv[0], "missing value of", argv[i]);
			o->config = argv[++i];
		} else {
			n = offer(
			    o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
			if (n < 0)
				return usage_error(
				    o, argv[0], "unknown option", argv[i]);
			if (n > argc - 1 - i)
				return usage_error(
				    o, argv[0], "missing value of", argv[i]);
			i += n;
		}
	}
	if (o->config == NULL)
		return usage_error(o, argv[0], "missing option", "-c");
	return 1;
}
