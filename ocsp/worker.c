#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ocsp/conns.h"
#include "ocsp/error.h"
#include "ocsp/listen.h"
#include "ocsp/worker.h"

/* So many at a time, that those who are served do not wait. */
#define BURST 10

enum { ASKED_NOTHING, ASKED_CLOSE, ASKED_STOP };

struct worker {
	struct MHD_Daemon *daemon;
	pthread_t thread;
	int fd;	      /* -1: closed; the thread's own, as is rest */
	int64_t rest; /* accepts nothing until then; 0: does */
	int epoll;    /* the daemon's */
	int wake;     /* eventfd: asked for something */
	atomic_int asked;
	sem_t closed;
};

/* ---- accepting ---- */

/* That one connection came to nothing, the next one may do (accept(2)). */
static int
only_this_one(int error)
{
	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPERM:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENONET:
		return 1;
	default:
		return 0;
	}
}

/* At most ${most}. What else goes wrong lasts: poll() would say at once that
   the socket is ready, again and again. */
static void
take(struct worker *w, size_t most)
{
	struct sockaddr_storage from;
	socklen_t len;
	size_t i;
	int fd;

	for (i = 0; i < most; i++) {
		len = sizeof(from);
		fd = accept4(w->fd, (struct sockaddr *)&from, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			/* Which closes it where it is refused. */
			MHD_add_connection(
			    w->daemon, fd, (struct sockaddr *)&from, len);
		} else if (!only_this_one(errno)) {
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				w->rest = conns_now() + WORKER_REST;
			return;
		}
	}
}

/* ---- the thread ---- */

/* Until when the daemon or the rest wants to be looked at; -1: for ever. */
static int
patience(struct worker *w)
{
	MHD_UNSIGNED_LONG_LONG daemons;
	int64_t ms = -1, left;

	if (MHD_get_timeout(w->daemon, &daemons) == MHD_YES)
		ms = daemons < INT_MAX ? (int64_t)daemons : INT_MAX;
	if (w->rest != 0) {
		left = w->rest - conns_now();
		if (left <= 0)
			left = w->rest = 0;
		if (ms < 0 || left < ms)
			ms = left;
	}
	return (int)ms;
}

static void
close_queue(struct worker *w)
{
	/* Who comes while it is taken may wait in vain, so there is an end.
	   What they have asked is read before anybody looks for a stop. */
	take(w, LISTEN_BACKLOG + 1);
	w->fd = -1;
	w->rest = 0;
	sem_post(&w->closed);
}

static void
wait_for(struct worker *w, struct pollfd p[3])
{
	const struct timespec nap = {0, WORKER_REST * 1000000L};
	int ms = patience(w);

	p[2].fd = w->rest == 0 ? w->fd : -1;
	if (poll(p, 3, ms) >= 0)
		return;
	p[0].revents = p[1].revents = p[2].revents = 0;
	if (errno != EINTR)
		nanosleep(&nap, NULL);
}

static void
block_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *
run(void *arg)
{
	struct worker *w = arg;
	struct pollfd p[3] = {{.fd = w->epoll, .events = POLLIN},
	    {.fd = w->wake, .events = POLLIN}, {.events = POLLIN}};
	eventfd_t times;
	int asked;

	block_sigpipe();
	for (;;) {
		wait_for(w, p);
		if (p[1].revents != 0)
			eventfd_read(w->wake, &times);
		if ((asked = atomic_load(&w->asked)) == ASKED_STOP)
			return NULL;
		if (asked == ASKED_CLOSE && w->fd >= 0)
			close_queue(w);
		else if (p[2].revents != 0)
			take(w, BURST);
		MHD_run(w->daemon);
	}
}

/* ---- from outside ---- */

static void
ask(struct worker *w, int what)
{
	atomic_store(&w->asked, what);
	eventfd_write(w->wake, 1);
}

static void
free_worker(struct worker *w)
{
	MHD_stop_daemon(w->daemon);
	sem_destroy(&w->closed);
	if (w->wake >= 0)
		close(w->wake);
	OPENSSL_free(w);
}

struct worker *
worker_start(int fd, struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct worker *w = OPENSSL_zalloc(sizeof(*w));

	if (w == NULL) {
		MHD_stop_daemon(daemon);
		return NULL;
	}
	w->daemon = daemon;
	w->fd = fd;
	w->epoll = info != NULL ? info->epoll_fd : -1;
	atomic_init(&w->asked, ASKED_NOTHING);
	sem_init(&w->closed, 0, 0);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll < 0 || w->wake < 0 ||
	    pthread_create(&w->thread, NULL, run, w) != 0) {
		ocsp_raise(OCSP_E_INTERNAL, "no thread for the HTTP server");
		free_worker(w);
		return NULL;
	}
	return w;
}

void
worker_close(struct worker *w)
{
	ask(w, ASKED_CLOSE);
}

void
worker_closed(struct worker *w)
{
	while (sem_wait(&w->closed) != 0 && errno == EINTR)
		;
}

void
worker_stop(struct worker *w)
{
	if (w == NULL)
		return;
	ask(w, ASKED_STOP);
	pthread_join(w->thread, NULL);
	free_worker(w);
}
