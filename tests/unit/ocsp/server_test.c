#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "ocsp/conns.h"
#include "tests/unit/ocsp/rig.h"
#include "tests/unit/ocsp/http.h"

static struct rig *rig;

/* Sockets that listen and came into an epoll of libmicrohttpd's. While it stops
   such a one is taken out by two threads, and who comes second aborts. */
static atomic_int listening;

int
epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
	socklen_t len = sizeof(int);
	int listens = 0;

	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);
	listening += listens;
	return (int)syscall(SYS_epoll_ctl, epoll, op, fd, event);
}

static int
setup(void **state)
{
	(void)state;
	rig = rig_make();
	rig->set.request_timeout = 2;
	rig->set.idle_timeout = 3;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig);
	return 0;
}

static void
say(int fd, const char *text)
{
	assert_true(http_write(fd, text, strlen(text)));
}

static void
test_keep_alive(void **state)
{
	static struct http h;
	int fd, i;

	(void)state;
	rig_serve(rig);
	fd = http_connect(rig);
	for (i = 0; i < 5; i++) {
		say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
		assert_true(http_read(fd, &h, 0));
		assert_int_equal(h.status, 200);
	}
	/* Pipelined; and closed when asked. */
	say(fd,
	    "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	    "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	assert_true(http_read(fd, &h, 0));
	assert_true(http_read(fd, &h, 0));
	assert_true(http_closed(fd));
	close(fd);
	fd = http_connect(rig);
	say(fd, "GET / HTTP/1.0\r\n\r\n");
	assert_true(http_read(fd, &h, 0));
	assert_int_equal(h.status, 200);
	assert_true(http_closed(fd));
	close(fd);
}

/* How long until the server cuts a client that sends ${text} one octet every
   200 ms, in milliseconds. */
static int64_t
drip(int fd, const char *text)
{
	const struct timespec nap = {0, 200000000L};
	int64_t start = conns_now();
	size_t i = 0, n = strlen(text);
	char c;

	while (conns_now() - start < 15000) {
		if (send(fd, text + i++ % n, 1, MSG_NOSIGNAL) != 1)
			break;
		nanosleep(&nap, NULL);
		if (recv(fd, &c, 1, MSG_DONTWAIT) == 0)
			break;
	}
	return conns_now() - start;
}

static void
test_slow(void **state)
{
	static struct http h;
	int64_t ms;
	int fd;

	(void)state;
	rig_serve(rig);
	/* The head */
	fd = http_connect(rig);
	ms =
	    drip(fd, "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_true(ms > 1500 && ms < 4000);
	close(fd);
	/* The body */
	fd = http_connect(rig);
	say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n");
	ms = drip(fd, "x");
	assert_true(ms > 1500 && ms < 4000);
	close(fd);
	/* The head of a second request */
	fd = http_connect(rig);
	say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(http_read(fd, &h, 0));
	ms = drip(fd, "GET /bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	assert_true(ms > 3000 && ms < 8000);
	close(fd);
	assert_true(counters_get(&rig->counters, COUNT_TIMEOUTS) >= 3);
	/* The others are served meanwhile and after. */
	http_get(rig, &h, "GET", "/", "");
	assert_int_equal(h.status, 200);
}

static void
test_idle(void **state)
{
	static struct http h;
	int64_t start;
	int fd;

	(void)state;
	rig_serve(rig);
	fd = http_connect(rig);
	say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(http_read(fd, &h, 0));
	start = conns_now();
	assert_true(http_closed(fd));
	assert_true(conns_now() - start > 1500 && conns_now() - start < 8000);
	close(fd);
}

static void
test_stop(void **state)
{
	unsigned port;
	int fd;

	(void)state;
	rig_serve(rig);
	port = server_port(rig->server, 0);
	assert_true(port > 0);
	assert_int_equal(server_port(rig->server, 1), 0);
	fd = http_connect(rig);
	server_stop(rig->server, 5);
	rig->server = NULL;
	assert_true(http_closed(fd));
	close(fd);
	/* The port is free again. */
	snprintf(rig->set.listen[0].port, sizeof(rig->set.listen[0].port), "%u",
	    port);
	rig_serve(rig);
	assert_int_equal(server_port(rig->server, 0), port);
}

/* ---- stopping and overload, under load ---- */

#define CLIENTS 8

struct client {
	const struct sockaddr_in *to;
	atomic_int *stop;
	pthread_t thread;
	atomic_ulong answered;
	unsigned long lost, refused;
};

static int
client_connect(struct client *c)
{
	struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)c->to, sizeof(*c->to)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Asks all the time, on connections that stay open until it is told. What was
   sent on an open connection and not answered is lost. */
static void *
client(void *arg)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	struct client *c = arg;
	struct http *h = malloc(sizeof(*h));
	int fd = -1;

	while (!atomic_load(c->stop)) {
		if (fd < 0 && (fd = client_connect(c)) < 0) {
			c->refused++;
			break;
		}
		if (!http_write(fd, get, sizeof(get) - 1) ||
		    !http_read(fd, h, 0)) {
			c->lost++;
			break;
		}
		c->answered++;
		if (http_header_is(h, "Connection", "close")) {
			close(fd);
			fd = -1;
		}
	}
	if (fd >= 0)
		close(fd);
	free(h);
	return NULL;
}

static void
start_clients(struct client *c, struct sockaddr_in *to, atomic_int *stop)
{
	to->sin_family = AF_INET;
	to->sin_port = htons((uint16_t)server_port(rig->server, 0));
	to->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < CLIENTS; i++) {
		c[i] = (struct client){.to = to, .stop = stop};
		assert_int_equal(
		    pthread_create(&c[i].thread, NULL, client, &c[i]), 0);
	}
}

static unsigned long
join_clients(struct client *c)
{
	unsigned long answered = 0;

	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(c[i].thread, NULL);
		assert_int_equal(c[i].lost, 0);
		answered += c[i].answered;
	}
	return answered;
}

/* Each request that was sent on an open connection is answered; the stop does
   not take its whole grace. */
static void
stop_under_load(size_t threads)
{
	const struct timespec nap = {0, 100000000};
	struct client c[CLIENTS];
	struct sockaddr_in to;
	atomic_int stop = 0;
	int64_t start;

	rig->set.threads = threads;
	listening = 0;
	for (int i = 0; i < 5; i++) {
		rig_serve(rig);
		start_clients(c, &to, &stop);
		nanosleep(&nap, NULL);
		start = conns_now();
		server_stop(rig->server, 10);
		rig->server = NULL;
		assert_true(conns_now() - start < 5000);
		assert_true(join_clients(c) > CLIENTS);
		for (int j = 0; j < CLIENTS; j++)
			assert_int_equal(c[j].refused, 1);
	}
	assert_int_equal(listening, 0);
}

static void
test_stop_under_load(void **state)
{
	(void)state;
	stop_under_load(1);
	stop_under_load(2);
	stop_under_load(8);
}

/* Who waits in a queue when the stop begins is served, at each address. */
static void
test_stop_queue(void **state)
{
	static struct http h;
	struct client to[2];
	struct sockaddr_in at[2];
	int fd[2][50], i, j;

	(void)state;
	rig->set.n_listen = 2;
	rig->set.listen[1] = rig->set.listen[0];
	rig->set.max_connections = 200;
	rig->server = server_new(
	    &rig->set, &rig->responder, rig->files, &rig->counters);
	assert_non_null(rig->server);
	for (j = 0; j < 2; j++) {
		at[j] = (struct sockaddr_in){.sin_family = AF_INET,
		    .sin_port = htons((uint16_t)server_port(rig->server,
			(size_t)j)),
		    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		to[j] = (struct client){.to = &at[j]};
		for (i = 0; i < 50; i++) {
			fd[j][i] = client_connect(&to[j]);
			assert_true(fd[j][i] >= 0);
			say(fd[j][i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
		}
	}
	assert_int_equal(server_start(rig->server), 1);
	server_stop(rig->server, 10);
	rig->server = NULL;
	for (j = 0; j < 2; j++)
		for (i = 0; i < 50; i++) {
			assert_true(http_read(fd[j][i], &h, 0));
			assert_int_equal(h.status, 200);
			close(fd[j][i]);
		}
}

/* As many as may be are served all along; who comes on top is closed at once,
   and when there is room again the next one is served at once. */
static void
test_overload(void **state)
{
	static struct http h;
	struct client c[CLIENTS];
	struct sockaddr_in to;
	atomic_int stop = 0;
	int64_t start;
	int i, fd;

	(void)state;
	rig->set.max_connections = CLIENTS;
	rig_serve(rig);
	start_clients(c, &to, &stop);
	for (i = 0; i < CLIENTS; i++)
		while (atomic_load(&c[i].answered) == 0)
			sched_yield();
	for (i = 0; i < 10 * CLIENTS; i++) {
		fd = http_connect(rig);
		start = conns_now();
		assert_true(http_closed(fd));
		assert_true(conns_now() - start < 1000);
		close(fd);
	}
	assert_int_equal(
	    counters_get(&rig->counters, COUNT_SHED), 10 * CLIENTS);
	atomic_store(&stop, 1);
	assert_true(join_clients(c) > CLIENTS);
	for (i = 0; i < 100; i++) {
		fd = http_connect(rig);
		say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
		if (http_read(fd, &h, 0))
			break;
		close(fd);
		usleep(10000);
	}
	assert_true(i < 100);
	close(fd);
}

/* One that says with its last request, in one segment, that no more will come has
   all its answers and then the end, long before it would count as idle; another
   stays. */
static void
test_half_closed(void **state)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	static struct http h;
	int fd[3], i, j;
	char c;

	(void)state;
	rig->set.idle_timeout = 600;
	rig_serve(rig);
	for (i = 0; i < 3; i++) {
		fd[i] = http_connect(rig);
		/* After the second it has long been in the epoll. */
		for (j = 0; j < 2; j++) {
			say(fd[i], get);
			assert_true(http_read(fd[i], &h, 0));
		}
	}
	/* One, and two at a time. */
	for (i = 1; i < 3; i++) {
		for (j = 0; j < i; j++)
			assert_int_equal(send(fd[i], get, sizeof(get) - 1,
					     MSG_MORE | MSG_NOSIGNAL),
			    sizeof(get) - 1);
		assert_int_equal(shutdown(fd[i], SHUT_WR), 0);
		for (j = 0; j < i; j++) {
			assert_true(http_read(fd[i], &h, 0));
			assert_int_equal(h.status, 200);
		}
		assert_int_equal(recv(fd[i], &c, 1, 0), 0);
		close(fd[i]);
	}
	say(fd[0], get);
	assert_true(http_read(fd[0], &h, 0));
	assert_int_equal(h.status, 200);
	close(fd[0]);
	assert_int_equal(counters_get(&rig->counters, COUNT_TIMEOUTS), 0);
}

static void
test_both_families(void **state)
{
	(void)state;
	rig->set.n_listen = 2;
	strcpy(rig->set.listen[1].host, "::1");
	strcpy(rig->set.listen[1].port, "0");
	rig->set.threads = 1;
	rig_serve(rig);
	assert_true(server_port(rig->server, 0) > 0);
	assert_true(server_port(rig->server, 1) > 0);
}

static void
test_refused(void **state)
{
	struct server *s;

	(void)state;
	rig_serve(rig);
	/* Taken */
	snprintf(rig->set.listen[0].port, sizeof(rig->set.listen[0].port), "%u",
	    server_port(rig->server, 0));
	s = server_new(
	    &rig->set, &rig->responder, rig->files, &rig->counters);
	assert_null(s);
	assert_int_equal(pki_reason(), OCSP_E_LISTEN);
	strcpy(rig->set.listen[0].host, "localhost");
	s = server_new(
	    &rig->set, &rig->responder, rig->files, &rig->counters);
	assert_null(s);
	assert_int_equal(pki_reason(), OCSP_E_LISTEN);
	server_stop(NULL, 0);
}

/* Who connects before it is started waits, and nobody is answered. */
static void
test_not_started(void **state)
{
	static const char request[] = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct pollfd pfd = {.events = POLLIN};
	struct server *s;
	char c;

	(void)state;
	s = server_new(
	    &rig->set, &rig->responder, rig->files, &rig->counters);
	assert_non_null(s);
	to.sin_port = htons((uint16_t)server_port(s, 0));
	pfd.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(
	    connect(pfd.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(pfd.fd, request, sizeof(request) - 1),
	    sizeof(request) - 1);
	assert_int_equal(poll(&pfd, 1, 300), 0);
	assert_int_equal(server_open(s), 0);
	assert_int_equal(server_start(s), 1);
	assert_int_equal(poll(&pfd, 1, 20000), 1);
	assert_int_equal(recv(pfd.fd, &c, 1, 0), 1);
	close(pfd.fd);
	server_stop(s, 0);
	s = server_new(
	    &rig->set, &rig->responder, rig->files, &rig->counters);
	assert_non_null(s);
	server_stop(s, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_keep_alive),
	    T(test_slow),
	    T(test_idle),
	    T(test_stop),
	    T(test_stop_under_load),
	    T(test_stop_queue),
	    T(test_overload),
	    T(test_half_closed),
	    T(test_both_families),
	    T(test_refused),
	    T(test_not_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
