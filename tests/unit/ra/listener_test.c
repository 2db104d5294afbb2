#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "ra/error.h"
#include "ra/listener.h"

static void
a_port_is_taken_once(void **state)
{
	struct settings_address a;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	char text[64];
	int first, second;

	(void)state;
	assert_true(settings_address_parse("127.0.0.1:0", &a));
	first = listener_open(&a, 0);
	assert_true(first >= 0);
	getsockname(first, (struct sockaddr *)&sin, &len);
	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(sin.sin_port));
	assert_true(settings_address_parse(text, &a));
	second = listener_open(&a, 0);
	assert_int_equal(second, -1);
	assert_int_not_equal(ERR_peek_error(), 0);
	ERR_clear_error();
	close(first);
	second = listener_open(&a, 0); /* free again */
	assert_true(second >= 0);
	close(second);
}

/* The same port on both families: IPv6 sockets must not take IPv4. */
static void
families_do_not_collide(void **state)
{
	struct settings_address a;
	struct sockaddr_in6 sin6;
	socklen_t len = sizeof(sin6);
	char text[64];
	int six, four;

	(void)state;
	assert_true(settings_address_parse("[::]:0", &a));
	six = listener_open(&a, 0);
	if (six < 0) { /* no IPv6 here */
		ERR_clear_error();
		skip();
	}
	getsockname(six, (struct sockaddr *)&sin6, &len);
	snprintf(text, sizeof(text), "0.0.0.0:%d", ntohs(sin6.sin6_port));
	assert_true(settings_address_parse(text, &a));
	four = listener_open(&a, 0);
	assert_true(four >= 0);
	close(four);
	close(six);
}

static void
a_foreign_address_is_an_error(void **state)
{
	struct settings_address a;

	(void)state;
	assert_true(settings_address_parse("192.0.2.1:9", &a));
	assert_int_equal(listener_open(&a, 0), -1);
	assert_int_equal(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_SYS);
	ERR_clear_error();
}

/* Several on one port, when all of them say so. */
static void
a_port_is_shared_on_demand(void **state)
{
	struct settings_address a;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	char text[64];
	int first, second;

	(void)state;
	assert_true(settings_address_parse("127.0.0.1:0", &a));
	first = listener_open(&a, 1);
	assert_true(first >= 0);
	getsockname(first, (struct sockaddr *)&sin, &len);
	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(sin.sin_port));
	assert_true(settings_address_parse(text, &a));
	assert_int_equal(listener_open(&a, 0), -1); /* it does not say so */
	ERR_clear_error();
	second = listener_open(&a, 1);
	assert_true(second >= 0);
	close(first);
	close(second);
}

/* In a child, whose descriptors can be as the service manager leaves them. */
static int
in_child(int (*run)(struct listener_passed *), const int *fds, size_t n,
    const char *count, int right_pid)
{
	struct listener_passed p;
	char pid[24];
	int status = -1;
	pid_t child = fork();
	size_t i;

	if (child != 0) {
		assert_int_equal(waitpid(child, &status, 0), child);
		return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	}
	for (i = 0; i < n; i++)
		dup2(fds[i], 103 + (int)i);
	for (i = 0; i < n; i++)
		dup2(103 + (int)i, 3 + (int)i);
	snprintf(pid, sizeof(pid), "%d", (int)getpid() + !right_pid);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	if (!listener_passed(&p))
		_exit(99);
	_exit(getenv("LISTEN_FDS") != NULL ? 98 : run(&p));
}

static struct settings_address passed_address, other_address;

static int
take_it(struct listener_passed *p)
{
	int fd;

	if (p->n != 1 || listener_all_taken(p))
		return 1;
	ERR_clear_error();
	if (listener_take(p, &other_address) != -1)
		return 2;
	fd = listener_take(p, &passed_address);
	if (fd != 3 || (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0 ||
	    (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
		return 3;
	return listener_take(p, &passed_address) == -1 &&
		listener_all_taken(p)
	    ? 0
	    : 4;
}

static int
nothing(struct listener_passed *p)
{
	return p->n == 0 && listener_all_taken(p) ? 0 : 1;
}

static void
sockets_are_passed(void **state)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	char text[64];
	int fd, file = fileno(stdin);

	(void)state;
	assert_true(settings_address_parse("127.0.0.1:0", &passed_address));
	fd = listener_open(&passed_address, 0);
	getsockname(fd, (struct sockaddr *)&sin, &len);
	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(sin.sin_port));
	assert_true(settings_address_parse(text, &passed_address));
	snprintf(text, sizeof(text), "127.0.0.2:%d", ntohs(sin.sin_port));
	assert_true(settings_address_parse(text, &other_address));
	assert_int_equal(in_child(take_it, &fd, 1, "1", 1), 0);
	/* For another process, or nothing at all. */
	assert_int_equal(in_child(nothing, &fd, 1, "1", 0), 0);
	assert_int_equal(in_child(nothing, &fd, 1, "0", 1), 0);
	assert_int_equal(in_child(nothing, &fd, 1, "x", 1), 0);
	/* No socket, too many. */
	assert_int_equal(in_child(nothing, &file, 1, "1", 1), 99);
	assert_int_equal(in_child(nothing, &fd, 1, "33", 1), 99);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_port_is_shared_on_demand),
	    cmocka_unit_test(a_port_is_taken_once),
	    cmocka_unit_test(families_do_not_collide),
	    cmocka_unit_test(sockets_are_passed),
	    cmocka_unit_test(a_foreign_address_is_an_error),
	};

	return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
