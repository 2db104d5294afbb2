#ifndef TESTS_UNIT_CA_ENGINE_VERIFIER_RUN_H
#define TESTS_UNIT_CA_ENGINE_VERIFIER_RUN_H

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/engine/verifier.h"
#include "ca/wire/socket.h"

/* inkan-verifier itself, from the folder where this test was built, in a folder of
   its own: a process group, which a test may stop. */

struct verifier_run {
	char dir[64], socket[96];
	pid_t pid;
	struct verifier v;
};

/* "BUILD/tests/unit/ca/engine/x_test": four folders up. */
static inline void
verifier_program(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 32);
	int i;

	assert_true(n > 0);
	out[n] = '\0';
	for (i = 0; i < 5; i++)
		*strrchr(out, '/') = '\0';
	strcat(out, "/inkan-verifier");
}

static inline void
verifier_exec(const struct verifier_run *r)
{
	char program[PATH_MAX], conf[96], log[96];
	int fd;

	verifier_program(program);
	snprintf(conf, sizeof(conf), "%s/verifier.conf", r->dir);
	snprintf(log, sizeof(log), "%s/log", r->dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (setpgid(0, 0) == 0 && fd >= 0 && dup2(fd, STDERR_FILENO) >= 0)
		execl(program, program, "-c", conf, (char *)NULL);
	_exit(127);
}

static inline int
verifier_answers(const struct verifier *v)
{
	WIRE_FIELDS *none = field_list_new();
	WIRE_ANSWER *a = verifier_ask(v, "ping", none);
	int ok = a != NULL && message_answer_status(a) == WIRE_OK;

	WIRE_ANSWER_free(a);
	field_list_free(none);
	ERR_clear_error();
	return ok;
}

static inline void
verifier_start(struct verifier_run *r)
{
	int i;

	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0)
		verifier_exec(r);
	(void)setpgid(r->pid, r->pid); /* whoever is first */
	for (i = 0; i < 6000 && !verifier_answers(&r->v); i++) {
		assert_int_equal(waitpid(r->pid, NULL, WNOHANG), 0);
		usleep(10000);
	}
	assert_true(i < 6000);
}

static inline void
verifier_begin(struct verifier_run *r)
{
	char path[96];
	FILE *f;

	memset(r, 0, sizeof(*r));
	strcpy(r->dir, "/tmp/inkan-verifier-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->socket, sizeof(r->socket), "%s/sock", r->dir);
	r->v = (struct verifier){r->socket, 30, "1.3.6.1.4.1.32473.7", NULL};
	snprintf(path, sizeof(path), "%s/verifier.conf", r->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "socket = \"%s\"; workers = 1; time_limit = \"20s\";\n",
	    r->socket);
	assert_int_equal(fclose(f), 0);
	verifier_start(r);
}

/* SIGSTOP, SIGCONT to all of it; SIGKILL is for verifier_kill(). */
static inline void
verifier_signal(const struct verifier_run *r, int signal)
{
	assert_int_equal(kill(-r->pid, signal), 0);
}

static inline void
verifier_kill(struct verifier_run *r)
{
	if (r->pid <= 0)
		return;
	verifier_signal(r, SIGKILL);
	assert_int_equal(waitpid(r->pid, NULL, 0), r->pid);
	r->pid = 0;
}

static inline void
verifier_end(struct verifier_run *r)
{
	char cmd[96];

	verifier_kill(r);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", r->dir);
	assert_int_equal(system(cmd), 0);
}

#endif
