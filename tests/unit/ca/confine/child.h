#ifndef INKAN_TESTS_UNIT_CA_CONFINE_CHILD_H
#define INKAN_TESTS_UNIT_CA_CONFINE_CHILD_H

/* What is confined stays so: each attempt is made in a process of its own. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>
#include <openssl/err.h>
#include "ca/report/report.h"
#include "profiles/conf.h"
#include "ca/confine/private.h"

/* A sanitizer reads what it reports about, and makes calls of its own. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* Wait status of a child in which ${f} ran; its exit status is what ${f}
   returned, 255 when it could not be confined. */
static inline int
in_child(int (*f)(void *arg), void *arg)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		_exit(f(arg));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static inline int
exit_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline struct confine *
confine_of(const char *text)
{
	struct conf *conf = conf_read_text("t", text, strlen(text));
	struct confine *c;

	assert_non_null(conf);
	c = confine_new(conf_root(conf), "/etc");
	conf_free(conf);
	return c;
}

/* 0 when it can be opened, else errno. */
static inline int
opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

#endif
