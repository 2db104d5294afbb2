#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include "ocsp/conns.h"
#include "ocsp/listen.h"
#include "ocsp/worker.h"
#include "tests/unit/ocsp/rig.h"
#include "tests/unit/ocsp/http.h"

#define MANY 40 /* more than are accepted at a time */

/* ---- accept4(2), counted; and on demand it goes wrong ---- */

static atomic_int calls, wrong, fails; /* fails: so often, with errno wrong */
static atomic_int_least64_t at[64];    /* when it failed */
static atomic_int failed;

int
accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	long got;

	calls++;
	if (fails > 0) {
		fails--;
		errno = wrong;
		got = -1;
	} else {
		got = syscall(SYS_accept4, fd, from, len, flags);
	}
	if (got < 0 && errno != EAGAIN && failed < 64) {
		at[failed] = conns_now();
		failed++;
	}
	return (int)got;
}

/* ---- a server of one line ---- */

struct served {
	int fd;
	unsigned port;
	atomic_int deny;
	struct worker *workers[2];
};

static enum MHD_Result
may_open(void *cls, const struct sockaddr *addr, socklen_t len)
{
	struct served *s = cls;

	assert_true(len >= sizeof(struct sockaddr_in));
	assert_int_equal(addr->sa_family, AF_INET);
	return s->deny ? MHD_NO : MHD_YES;
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *con, const char *url,
    const char *method, const char *version, const char *upload_data,
    size_t *upload_size, void **started)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)cls, (void)url, (void)method, (void)version;
	(void)upload_data, (void)upload_size;
	if (*started == NULL) {
		*started = con;
		return MHD_YES;
	}
	response = MHD_create_response_from_buffer(
	    2, (void *)(uintptr_t) "ok", MHD_RESPMEM_PERSISTENT);
	result = MHD_queue_response(con, 200, response);
	MHD_destroy_response(response);
	return result;
}

static void
start(struct served *s, size_t i)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(WORKER_FLAGS, 0, may_open,
	    s, handle, s, WORKER_OPTION, MHD_OPTION_END);

	assert_non_null(daemon);
	s->workers[i] = worker_start(s->fd, daemon);
	assert_non_null(s->workers[i]);
}

static int
setup(void **state)
{
	const struct settings_listen l = {.host = "127.0.0.1", .port = "0"};
	struct served *s = calloc(1, sizeof(*s));

	calls = fails = failed = 0;
	s->fd = listen_open(&l, &s->port);
	assert_true(s->fd >= 0);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct served *s = *state;

	worker_stop(s->workers[0]);
	worker_stop(s->workers[1]);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	return 0;
}

/* ---- clients ---- */

static int
client(void)
{
	struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static int
reach(struct served *s, int fd)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)s->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return connect(fd, (const struct sockaddr *)&to, sizeof(to));
}

static void
ask(int fd)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

	assert_true(http_write(fd, get, sizeof(get) - 1));
}

static int
connected(struct served *s)
{
	int fd = client();

	assert_int_equal(reach(s, fd), 0);
	ask(fd);
	return fd;
}

static int
answered(int fd)
{
	struct http h;

	return http_read(fd, &h, 0) && h.status == 200;
}

/* ---- */

/* Two on one socket; whoever is connected gets end of file when they stop. */
static void
test_serve(void **state)
{
	struct served *s = *state;
	int fd[MANY], i;

	start(s, 0);
	start(s, 1);
	for (i = 0; i < MANY; i++)
		fd[i] = connected(s);
	for (i = 0; i < MANY; i++)
		assert_true(answered(fd[i]));
	for (i = 0; i < MANY; i++)
		ask(fd[i]);
	for (i = 0; i < MANY; i++)
		assert_true(answered(fd[i]));
	for (i = 0; i < 2; i++) {
		worker_stop(s->workers[i]);
		s->workers[i] = NULL;
	}
	for (i = 0; i < MANY; i++) {
		assert_true(http_closed(fd[i]));
		close(fd[i]);
	}
}

/* All that wait in the queue are served, also when no more are to come; and
   again on what is open. Who comes after that is refused. */
static void
test_close(void **state)
{
	struct served *s = *state;
	int fd[MANY], i;

	for (i = 0; i < MANY; i++)
		fd[i] = connected(s);
	assert_int_equal(calls, 0);
	start(s, 0);
	worker_close(s->workers[0]);
	worker_closed(s->workers[0]);
	close(s->fd);
	s->fd = -1;
	for (i = 0; i < MANY; i++)
		assert_true(answered(fd[i]));
	ask(fd[0]);
	assert_true(answered(fd[0]));
	for (i = 0; i < MANY; i++)
		close(fd[i]);
	fd[0] = client();
	assert_int_equal(reach(s, fd[0]), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd[0]);
}

/* Once closed the socket is left alone: the number may be another's by now. */
static void
test_left_alone(void **state)
{
	struct served *s = *state;
	int fd, late, before, i;

	start(s, 0);
	fd = connected(s);
	assert_true(answered(fd));
	worker_close(s->workers[0]);
	worker_closed(s->workers[0]);
	before = calls;
	late = connected(s);
	for (i = 0; i < 3; i++) {
		ask(fd);
		assert_true(answered(fd));
	}
	assert_int_equal(calls, before);
	close(late);
	close(fd);
}

static void
test_denied(void **state)
{
	struct served *s = *state;
	int fd;

	s->deny = 1;
	start(s, 0);
	fd = connected(s);
	assert_true(http_closed(fd));
	close(fd);
	s->deny = 0;
	fd = connected(s);
	assert_true(answered(fd));
	close(fd);
}

/* Failures ${from} and ${from + 1} are not nearer than the rest. Later is fine.
 */
static void
rested(int from)
{
	while (failed < from + 2)
		sched_yield();
	assert_true(at[from + 1] - at[from] >= WORKER_REST);
}

/* Without a descriptor it neither spins nor gives up: nothing happens that
   would wake it, and yet who waits is served when there are some again. */
static void
test_no_descriptor(void **state)
{
	struct served *s = *state;
	struct rlimit was;
	int fd;

	start(s, 0);
	fd = client();
	rig_descriptors(0, &was);
	assert_int_equal(reach(s, fd), 0);
	ask(fd);
	rested(0);
	rested(1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_true(answered(fd));
	close(fd);
}

/* Who is open is served while it rests, and it can be closed and stopped. */
static void
test_resting(void **state)
{
	struct served *s = *state;
	int fd, late;

	start(s, 0);
	fd = connected(s);
	assert_true(answered(fd));
	wrong = ENFILE;
	fails = 1000000;
	late = connected(s);
	while (failed < 1)
		sched_yield();
	ask(fd);
	assert_true(answered(fd));
	fails = 0;
	worker_close(s->workers[0]);
	worker_closed(s->workers[0]);
	assert_true(answered(late));
	close(late);
	close(fd);
}

/* One that came to nothing: the next is taken with it. What nobody knows is
   rested upon. */
static void
test_errors(void **state)
{
	static const int gone[] = {ECONNABORTED, EPROTO, EINTR, EPERM},
			 lasts[] = {ENFILE, ENOBUFS, ENOMEM, EINVAL};
	struct served *s = *state;
	size_t i;
	int fd;

	for (i = 0; i < 4; i++) {
		calls = 0;
		wrong = gone[i];
		fails = 3;
		fd = connected(s);
		start(s, 0);
		/* The queue is taken at once: without a rest in between. */
		worker_close(s->workers[0]);
		worker_closed(s->workers[0]);
		assert_true(answered(fd));
		worker_stop(s->workers[0]);
		close(fd);
	}
	start(s, 0);
	for (i = 0; i < 4; i++) {
		failed = 0;
		wrong = lasts[i];
		fails = 3;
		fd = connected(s);
		rested(0);
		rested(1);
		assert_true(answered(fd));
		close(fd);
	}
}

/* A daemon that has no epoll is none of ours. */
static void
test_refused(void **state)
{
	struct served *s = *state;
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET,
	    0, NULL, NULL, handle, NULL, MHD_OPTION_END);

	assert_non_null(daemon);
	assert_null(worker_start(s->fd, daemon));
	assert_int_equal(pki_reason(), OCSP_E_INTERNAL);
	worker_stop(NULL);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_serve),
	    T(test_close),
	    T(test_left_alone),
	    T(test_denied),
	    T(test_no_descriptor),
	    T(test_resting),
	    T(test_errors),
	    T(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
