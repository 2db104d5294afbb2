#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ocsp/error.h"
#include "ocsp/listen.h"
#include "tests/unit/ocsp/pki.h"

static struct settings_listen
address(const char *host, unsigned port)
{
	struct settings_listen l;

	snprintf(l.host, sizeof(l.host), "%s", host);
	snprintf(l.port, sizeof(l.port), "%u", port % 65536);
	return l;
}

/* Port 0 becomes a real one; "[::]" does not take IPv4's place. */
static void
test_open(void **state)
{
	static const char *const hosts[] = {"::1", "127.0.0.1"};
	struct settings_listen l = address("::", 0);
	unsigned port = 0, other;
	socklen_t len = sizeof(int);
	int fd[2], i, listening = 0;

	(void)state;
	fd[0] = listen_open(&l, &port);
	assert_true(fd[0] >= 0);
	assert_in_range(port, 1, 65535);
	l = address("0.0.0.0", port);
	fd[1] = listen_open(&l, &other);
	assert_true(fd[1] >= 0);
	assert_int_equal(other, port);
	for (i = 0; i < 2; i++) {
		assert_int_equal(getsockopt(fd[i], SOL_SOCKET, SO_ACCEPTCONN,
				     &listening, &len),
		    0);
		assert_true(listening);
		assert_true(fcntl(fd[i], F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fd[i], F_GETFD) & FD_CLOEXEC);
		/* Taken now. */
		l = address(hosts[i], port);
		assert_int_equal(listen_open(&l, &other), -1);
		assert_int_equal(pki_reason(), OCSP_E_LISTEN);
	}
	close(fd[0]);
	close(fd[1]);
}

static void
test_refused(void **state)
{
	struct settings_listen l = address("localhost", 0);
	unsigned port;

	(void)state;
	assert_int_equal(listen_open(&l, &port), -1);
	assert_int_equal(pki_reason(), OCSP_E_LISTEN);
	l = address("192.0.2.1", 0); /* not ours */
	assert_int_equal(listen_open(&l, &port), -1);
	assert_int_equal(pki_reason(), OCSP_E_LISTEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_open),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
