#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "ca/engine/server.h"
#include "ca/report/daemon.h"
#include "tests/unit/ca/engine/world.h"

/* The three sockets, with real connections. */

struct running {
	struct world *w;
	struct server *server;
	pthread_t thread;
	int signal_fd;
};

static void *
run(void *arg)
{
	struct running *r = arg;

	assert_true(server_run(r->server, r->signal_fd));
	return NULL;
}

static void
start(struct running *r, struct world *w)
{
	r->w = w;
	r->signal_fd = daemon_signals();
	assert_true(r->signal_fd >= 0);
	r->server = server_start(w->ca);
	if (r->server == NULL)
		report_fatal("server");
	assert_non_null(r->server);
	assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
}

/* As SIGTERM does it. */
static void
stop(struct running *r)
{
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(pthread_join(r->thread, NULL), 0);
	server_stop(r->server);
	close(r->signal_fd);
}

static int
link_to(const char *path)
{
	struct timeval tv = {20, 0};
	int fd = socket_connect(path);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

static WIRE_REQUEST *
request(const char *op, int64_t id)
{
	WIRE_REQUEST *req = message_request(op, id);

	assert_non_null(req);
	return req;
}

static WIRE_ANSWER *
call(int fd, const char *op, int64_t id)
{
	WIRE_REQUEST *req = request(op, id);
	WIRE_ANSWER *a = socket_call(fd, req, 20);

	WIRE_REQUEST_free(req);
	return a;
}

static void
answered(int fd, const char *op)
{
	WIRE_ANSWER *a = call(fd, op, 3);

	assert_non_null(a);
	assert_int_equal(message_answer_id(a), 3);
	world_done(a);
}

static void
post(int fd, const char *op, int64_t id)
{
	WIRE_REQUEST *req = request(op, id);
	unsigned char *frame;
	size_t len;

	assert_true(message_encode_request(req, &frame, &len));
	assert_true(socket_write(fd, frame, len));
	OPENSSL_free(frame);
	WIRE_REQUEST_free(req);
}

/* NULL: the other side has closed. */
static WIRE_ANSWER *
take(int fd)
{
	unsigned char *der;
	size_t len;
	WIRE_ANSWER *a;

	if (socket_read(fd, &der, &len) != 1)
		return NULL;
	a = message_decode_answer(der, len);
	assert_non_null(a);
	OPENSSL_free(der);
	return a;
}

static void
a_role_each(void **state)
{
	struct world *w = *state;
	struct running r;
	struct stat st;
	int ra, svc, admin;

	start(&r, w);
	ra = link_to(w->settings->ra_sock);
	svc = link_to(w->settings->svc_sock);
	admin = link_to(w->settings->admin_sock);
	answered(ra, "ping");
	answered(ra, "fleets");
	answered(svc, "ping");
	answered(admin, "ca.list");
	world_refused(call(ra, "ca.list", 1), WIRE_DENIED, "ops.table");
	world_refused(call(svc, "fleets", 1), WIRE_DENIED, "ops.table");
	world_refused(call(admin, "enroll", 1), WIRE_DENIED, "ops.table");
	assert_int_equal(stat(w->settings->admin_sock, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	close(ra);
	close(svc);
	close(admin);
	stop(&r);
}

/* More than may be in flight, before one answer is read. */
static void
many_in_flight(void **state)
{
	struct world *w = *state;
	unsigned char seen[2 * SERVER_IN_FLIGHT] = {0};
	struct running r;
	WIRE_ANSWER *a;
	int64_t id;
	int fd, i;

	start(&r, w);
	fd = link_to(w->settings->ra_sock);
	for (i = 0; i < 2 * SERVER_IN_FLIGHT; i++)
		post(fd, "ping", i);
	for (i = 0; i < 2 * SERVER_IN_FLIGHT; i++) {
		a = take(fd);
		assert_non_null(a);
		id = message_answer_id(a);
		assert_in_range(id, 0, 2 * SERVER_IN_FLIGHT - 1);
		assert_int_equal(seen[id]++, 0);
		world_done(a);
	}
	close(fd);
	stop(&r);
}

struct client {
	struct world *w;
	int n;
};

static void *
enrolments(void *arg)
{
	struct client *c = arg;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char *csr;
	WIRE_REQUEST *req;
	WIRE_ANSWER *a;
	char cn[64];
	int fd = socket_connect(c->w->settings->admin_sock), i, len;

	for (i = 0; i < 8; i++) {
		snprintf(cn, sizeof(cn), "thread-%p-%d", arg, i);
		len = world_csr(key, cn, &csr);
		req = message_request("issue", i);
		field_add_text(req->args, "profile", "device-ldevid");
		field_add_bytes(req->args, "csr", csr, (size_t)len);
		a = socket_call(fd, req, 20);
		c->n += a != NULL && message_answer_status(a) == WIRE_OK;
		WIRE_ANSWER_free(a);
		a = call(fd, i % 2 ? "status" : "crl.issue", 100);
		WIRE_ANSWER_free(a);
		WIRE_REQUEST_free(req);
		OPENSSL_free(csr);
	}
	close(fd);
	EVP_PKEY_free(key);
	return NULL;
}

static void
many_at_once(void **state)
{
	struct world *w = *state;
	struct client c[6];
	pthread_t thread[6];
	struct running r;
	int i;

	start(&r, w);
	for (i = 0; i < 6; i++) {
		c[i] = (struct client){w, 0};
		pthread_create(&thread[i], NULL, enrolments, &c[i]);
	}
	for (i = 0; i < 6; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(c[i].n, 8);
	}
	stop(&r);
}

/* Closed without an answer; the others are served. */
static void
dropped(struct world *w, const void *p, size_t len)
{
	int fd = link_to(w->settings->ra_sock);
	char c;

	assert_int_equal(send(fd, p, len, MSG_NOSIGNAL), len);
	assert_true(recv(fd, &c, 1, 0) <= 0);
	close(fd);
}

static void
garbage(void **state)
{
	static const unsigned char zero[4] = {0, 0, 0, 0};
	static const unsigned char huge[4] = {0xff, 0xff, 0xff, 0xff};
	static const unsigned char above[4] = {0, 0x10, 0, 1};
	static const unsigned char no_der[8] = {0, 0, 0, 4, 'a', 'b', 'c', 'd'};
	struct world *w = *state;
	struct running r;
	int fd, half;

	report_init("test", REPORT_ERROR + 1, 2);
	start(&r, w);
	dropped(w, zero, 4);
	dropped(w, huge, 4);
	dropped(w, above, 4);
	dropped(w, no_der, 8);
	/* Half a message, then nothing: it waits and hurts nobody. */
	half = link_to(w->settings->ra_sock);
	assert_int_equal(send(half, no_der, 6, 0), 6);
	fd = link_to(w->settings->ra_sock);
	answered(fd, "ping");
	close(fd);
	stop(&r);
	close(half);
	report_init("test", REPORT_ERROR, 2);
}

static void
foreign_users(void **state)
{
	struct world *w = *state;
	struct running r;
	char c;
	int fd;

	report_init("test", REPORT_ERROR + 1, 2);
	w->settings->admin.peer[0].uid = geteuid() + 1;
	start(&r, w);
	fd = link_to(w->settings->admin_sock);
	assert_int_equal(recv(fd, &c, 1, 0), 0);
	close(fd);
	fd = link_to(w->settings->ra_sock);
	answered(fd, "ping");
	close(fd);
	stop(&r);
	w->settings->admin.peer[0].uid = geteuid();
	report_init("test", REPORT_ERROR, 2);
}

/* An RA that asks and does not read: the operator is served all the same, and
   so is another RA when that one is given up. */
static void
a_slow_reader(void **state)
{
	struct world *w = *state;
	struct timeval tv = {1, 0};
	struct running r;
	unsigned char *frame;
	WIRE_REQUEST *req = request("fleets", 1);
	size_t len;
	int slow, fd, i;

	report_init("test", REPORT_ERROR + 1, 2);
	start(&r, w);
	assert_true(message_encode_request(req, &frame, &len));
	slow = link_to(w->settings->ra_sock);
	setsockopt(slow, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	for (i = 0; i < 100000; i++)
		if (send(slow, frame, len, MSG_NOSIGNAL) != (ssize_t)len)
			break;
	assert_true(i < 100000); /* reading has stopped */
	fd = link_to(w->settings->admin_sock);
	answered(fd, "ca.list");
	close(fd);
	close(slow);
	fd = link_to(w->settings->ra_sock);
	answered(fd, "ping");
	close(fd);
	stop(&r);
	report_init("test", REPORT_ERROR, 2);
	OPENSSL_free(frame);
	WIRE_REQUEST_free(req);
}

/* A service that holds all connections of its socket keeps itself out. */
static void
each_socket_its_own(void **state)
{
	struct world *w = *state;
	struct running r;
	int fds[SERVER_CONNECTIONS_MAX], i, fd;
	char c;

	report_init("test", REPORT_ERROR + 1, 2);
	start(&r, w);
	for (i = 0; i < SERVER_CONNECTIONS_MAX; i++)
		fds[i] = link_to(w->settings->svc_sock);
	answered(fds[SERVER_CONNECTIONS_MAX - 1], "ping");
	fd = link_to(w->settings->svc_sock);
	assert_int_equal(recv(fd, &c, 1, 0), 0);
	close(fd);
	fd = link_to(w->settings->admin_sock);
	answered(fd, "ca.list");
	close(fd);
	fd = link_to(w->settings->ra_sock);
	answered(fd, "ping");
	close(fd);
	for (i = 0; i < SERVER_CONNECTIONS_MAX; i++)
		close(fds[i]);
	stop(&r);
	report_init("test", REPORT_ERROR, 2);
}

/* What was asked before the stop is answered. */
static void
stopped_in_flight(void **state)
{
	struct world *w = *state;
	struct running r;
	WIRE_ANSWER *a;
	int fd, i, n = 0;

	start(&r, w);
	fd = link_to(w->settings->admin_sock);
	answered(fd, "ca.list");
	for (i = 0; i < 20; i++)
		post(fd, "status", i);
	stop(&r);
	while ((a = take(fd)) != NULL) {
		world_done(a);
		n++;
	}
	assert_int_equal(n, 20);
	ERR_clear_error();
	close(fd);
	assert_int_equal(socket_connect(w->settings->admin_sock), -1);
	ERR_clear_error();
}

/* A client that goes away in the middle. */
static void
gone_clients(void **state)
{
	struct world *w = *state;
	struct running r;
	int fd, i;

	start(&r, w);
	for (i = 0; i < 20; i++) {
		fd = link_to(w->settings->admin_sock);
		post(fd, "status", 1);
		post(fd, "status", 2);
		close(fd);
	}
	fd = link_to(w->settings->admin_sock);
	answered(fd, "ca.list");
	close(fd);
	stop(&r);
}

/* Stale socket files are replaced, a living server is not. */
static void
twice(void **state)
{
	struct world *w = *state;
	struct running r;

	start(&r, w);
	assert_null(server_start(w->ca));
	world_raised(CA_E_CONFIG, "listens already");
	stop(&r);
	start(&r, w);
	stop(&r);
	server_stop(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_role_each),
	    cmocka_unit_test(many_in_flight),
	    cmocka_unit_test(many_at_once),
	    cmocka_unit_test(garbage),
	    cmocka_unit_test(foreign_users),
	    cmocka_unit_test(a_slow_reader),
	    cmocka_unit_test(each_socket_its_own),
	    cmocka_unit_test(stopped_in_flight),
	    cmocka_unit_test(gone_clients),
	    cmocka_unit_test(twice),
	};

	signal(SIGPIPE, SIG_IGN);
	close(daemon_signals());	/* before the world's threads */
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
