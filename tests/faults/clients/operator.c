#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>
#include <sys/wait.h>
#include "tests/faults/clients/clients.h"

extern char **environ;

/* `inkan ...`, as an operator would; what it says in ${said}. Its status. */
static int
inkan(const struct clients *c, char *const argv[], char *said, size_t size)
{
	posix_spawn_file_actions_t fa;
	int pipes[2], status = -1;
	size_t have = 0;
	ssize_t n;
	pid_t pid;

	must(pipe2(pipes, O_CLOEXEC) == 0, "pipe");
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, pipes[1], 1);
	posix_spawn_file_actions_adddup2(&fa, pipes[1], 2);
	must(posix_spawn(&pid, c->inkan, &fa, NULL, argv, environ) == 0,
	    c->inkan);
	posix_spawn_file_actions_destroy(&fa);
	close(pipes[1]);
	while (have < size - 1 &&
	    (n = read(pipes[0], said + have, size - 1 - have)) != 0)
		have += n > 0 ? (size_t)n : 0;
	said[have] = '\0';
	close(pipes[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The answer may have been lost where the deed was done. */
static int
revoke_cert(const struct clients *c, const char *serial)
{
	char said[2048], hex[48];
	char *argv[] = {"inkan", "revoke", "--serial", hex, "--reason",
	    "superseded", NULL};

	snprintf(hex, sizeof(hex), "%s", serial);
	return inkan(c, argv, said, sizeof(said)) == 0 ||
	    strstr(said, "it is revoked already") != NULL;
}

/* NULL: none waits. */
static struct cert *
next(struct clients *c)
{
	struct cert *k = NULL;
	size_t i;

	pthread_mutex_lock(&c->lock);
	for (i = 0; i < c->n && k == NULL; i++)
		if (c->cert[i].doomed && !c->cert[i].revoked)
			k = &c->cert[i];
	pthread_mutex_unlock(&c->lock);
	return k;
}

void *
operator_run(void *arg)
{
	char *crl[] = {"inkan", "crl", "issue", NULL}, said[2048];
	struct clients *c = arg;
	double end = wall() + PATIENCE_S;
	struct cert *k;
	int done;

	while ((k = next(c)) != NULL || !c->over) {
		if (k == NULL) {
			nap(20);
			end = wall() + PATIENCE_S;
			continue;
		}
		done = revoke_cert(c, k->serial);
		pthread_mutex_lock(&c->lock);
		k->revoked |= done;
		c->revocations += done;
		pthread_mutex_unlock(&c->lock);
		if (done)
			end = wall() + PATIENCE_S;
		if (wall() > end) {
			bad("%s could not be revoked", k->serial);
			break;
		}
		if (done && c->revocations % 8 == 0)
			(void)inkan(c, crl, said, sizeof(said));
		nap(done ? c->pause_ms : 50);
	}
	return NULL;
}
