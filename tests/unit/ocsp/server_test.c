#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/conns.h"
#include "tests/unit/ocsp/rig.h"
#include "tests/unit/ocsp/http.h"

static struct rig *rig;

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
	s = server_start(
	    &rig->set, &rig->responder, rig->files, &rig->counters);
	assert_null(s);
	assert_int_equal(pki_reason(), OCSP_E_LISTEN);
	strcpy(rig->set.listen[0].host, "localhost");
	s = server_start(
	    &rig->set, &rig->responder, rig->files, &rig->counters);
	assert_null(s);
	assert_int_equal(pki_reason(), OCSP_E_LISTEN);
	server_stop(NULL, 0);
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
	    T(test_both_families),
	    T(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
