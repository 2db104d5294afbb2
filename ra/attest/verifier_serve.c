#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <jansson.h>

#include "ca/report/daemon.h"
#include "ca/report/report.h"
#include "ca/wire/socket.h"
#include "ra/attest/private.h"
#include "ra/attest/verifier_ask.h"
#include "ra/attest/verifier_serve.h"

#define QUESTIONS_MAX 10000 /* then a worker makes room for a fresh one */
#define WORKER_FILES 16
#define AGAIN_NS 100000000L /* before one that died is made again */

/* --- a worker --- */

static int
is_peer(const struct verifier_conf *conf, int fd)
{
	struct socket_peer peer;
	size_t i;

	if (!socket_peer_of(fd, &peer))
		return 0;
	for (i = 0; i < conf->n_peers; i++)
		if (conf->peers[i] == peer.uid)
			return 1;
	return 0;
}

static void
answer(int fd, struct verifier_anchors *kept, const unsigned char *der,
    size_t len)
{
	WIRE_REQUEST *req = message_decode_request(der, len);
	WIRE_ANSWER *a = req == NULL ? NULL : verifier_answer_with(req, kept);
	unsigned char *frame = NULL;
	size_t n = 0;

	if (a != NULL && message_encode_answer(a, &frame, &n))
		(void)socket_write(fd, frame, n);
	OPENSSL_clear_free(frame, n);
	WIRE_ANSWER_free(a);
	if (req != NULL)
		field_wipe(req->args, "secret");
	WIRE_REQUEST_free(req);
}

static void
connection(
    const struct verifier_conf *conf, struct verifier_anchors *kept, int fd)
{
	struct timeval limit = {.tv_sec = conf->time_limit};
	unsigned char *der = NULL;
	size_t len = 0;

	if (is_peer(conf, fd) &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
		0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ==
		0 &&
	    socket_read(fd, &der, &len) == 1)
		answer(fd, kept, der, len);
	OPENSSL_clear_free(der, len);
	ERR_clear_error();
	close(fd);
}

void
verifier_connection(const struct verifier_conf *conf, int fd)
{
	connection(conf, NULL, fd);
}

static int
limit(int what, rlim_t value)
{
	struct rlimit l = {value, value};

	return setrlimit(what, &l) == 0;
}

/* What the kernel holds a worker to. */
static int
bound(const struct verifier_conf *conf)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	if (!limit(RLIMIT_AS, (rlim_t)conf->memory))
		return 0;
#else
	(void)conf;
#endif
	return limit(RLIMIT_NOFILE, WORKER_FILES) && limit(RLIMIT_FSIZE, 0);
}

static void
work(const struct verifier_conf *conf, int listen_fd)
{
	struct verifier_anchors *kept = verifier_anchors_new();
	int i, fd;

	/* What libraries open when they are used first, they open now. */
	json_object_seed(0);
	if (!OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG |
		OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) ||
	    !confine_calls(conf->confine, CONFINE_COMPUTES)) {
		report_errors(REPORT_ERROR, "start.failed", NULL);
		_exit(1);
	}
	for (i = 0; i < QUESTIONS_MAX; i++) {
		fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			_exit(1);
		/* Not caught by anybody: the end of this process. */
		alarm((unsigned)conf->time_limit);
		connection(conf, kept, fd);
		alarm(0);
	}
	_exit(0);
}

static pid_t
spawn(const struct verifier_conf *conf, int listen_fd, int signal_fd)
{
	pid_t parent = getpid(), pid = fork();
	sigset_t none;

	if (pid != 0)
		return pid;
	sigemptyset(&none);
	/* A log that is a file cannot be written to from here: no reason to end. */
	signal(SIGXFSZ, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
	    sigprocmask(SIG_SETMASK, &none, NULL) != 0 || !bound(conf))
		_exit(1);
	close(signal_fd);
	work(conf, listen_fd);
	_exit(0);
}

/* --- the parent --- */

struct house {
	const struct verifier_conf *conf;
	int listen_fd, signal_fd;
	pid_t workers[64];
};

static int
fill(struct house *h)
{
	int i;

	for (i = 0; i < h->conf->workers; i++) {
		if (h->workers[i] != 0)
			continue;
		h->workers[i] = spawn(h->conf, h->listen_fd, h->signal_fd);
		if (h->workers[i] > 0)
			continue;
		h->workers[i] = 0;
		ERR_raise_data(ERR_LIB_SYS, errno, "fork");
		return 0;
	}
	return 1;
}

static void
say_ended(pid_t pid, int status)
{
	char who[24], why[24];

	snprintf(who, sizeof(who), "%ld", (long)pid);
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "signal %d", WTERMSIG(status));
	else
		snprintf(why, sizeof(why), "exit %d", WEXITSTATUS(status));
	report_event(REPORT_WARN, "verifier.worker", "pid", who, "why", why,
	    NULL);
}

static void
reap(struct house *h)
{
	const struct timespec again = {0, AGAIN_NS};
	int i, status, died = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < h->conf->workers; i++) {
			if (h->workers[i] != pid)
				continue;
			h->workers[i] = 0;
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
				say_ended(pid, status);
				died = 1;
			}
		}
	if (died)
		nanosleep(&again, NULL);
}

static void
end(const struct house *h)
{
	int i;

	for (i = 0; i < h->conf->workers; i++)
		if (h->workers[i] > 0)
			kill(h->workers[i], SIGKILL);
	for (i = 0; i < h->conf->workers; i++)
		if (h->workers[i] > 0)
			(void)waitpid(h->workers[i], NULL, 0);
}

static int
watch(struct house *h, int child_fd)
{
	struct pollfd p[2] = {{h->signal_fd, POLLIN, 0}, {child_fd, POLLIN, 0}};
	struct signalfd_siginfo info;
	int s;

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR) {
			ERR_raise_data(ERR_LIB_SYS, errno, "poll");
			return 0;
		}
		s = p[0].revents != 0 ? daemon_signal(h->signal_fd) : 0;
		if (s == SIGTERM || s == SIGINT)
			return 1;
		if (p[1].revents != 0 &&
		    read(child_fd, &info, sizeof(info)) > 0)
			reap(h);
		if (!fill(h))
			return 0;
	}
}

int
verifier_serve(const struct verifier_conf *conf, int listen_fd, int signal_fd)
{
	struct house h = {conf, listen_fd, signal_fd, {0}};
	sigset_t set;
	int child_fd, ok = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    (child_fd = signalfd(-1, &set, SFD_CLOEXEC)) < 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "signalfd");
		return 0;
	}
	if (fill(&h)) {
		report_event(REPORT_INFO, "start.ready", NULL);
		daemon_notify("READY=1");
		ok = watch(&h, child_fd);
		daemon_notify("STOPPING=1");
	}
	end(&h);
	close(child_fd);
	return ok;
}
