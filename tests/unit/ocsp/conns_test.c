#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ocsp/conns.h"

static struct counters counters;

/* How often reading was ended on our side. */
static int ended;

int
shutdown(int fd, int how)
{
	ended += how == SHUT_RD;
	return (int)syscall(SYS_shutdown, fd, how);
}

static int
is_cut(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

static void
test_deadlines(void **state)
{
	struct conns *cs = conns_new(1000, 5000, &counters);
	struct conn *a, *b;
	int fa[2], fb[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fa), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fb), 0);
	a = conns_open(cs, fa[0], 0);
	b = conns_open(cs, fb[0], 0);
	assert_int_equal(conns_busy(cs), 0);
	conns_begin(cs, a, 500);
	assert_int_equal(conns_busy(cs), 1);
	/* b never sent its first line */
	assert_int_equal(conns_sweep(cs, 999), 0);
	assert_int_equal(conns_sweep(cs, 1000), 1);
	assert_true(is_cut(fb[1]));
	assert_false(is_cut(fa[1]));
	assert_int_equal(conns_sweep(cs, 1001), 0);
	conns_close(cs, b);
	/* a is done and waits for the next request */
	conns_end(cs, a, 1400);
	assert_int_equal(conns_busy(cs), 0);
	assert_int_equal(conns_sweep(cs, 7399), 0);
	/* a short answer does not move the deadline, a long one does */
	conns_begin(cs, a, 7000);
	conns_send(cs, a, 2000, 7900);
	assert_int_equal(conns_sweep(cs, 7999), 0);
	conns_send(cs, a, 10 * CONNS_RATE, 7999);
	assert_int_equal(conns_sweep(cs, 18998), 0);
	assert_int_equal(conns_sweep(cs, 18999), 1);
	assert_true(is_cut(fa[1]));
	assert_int_equal(counters_get(&counters, COUNT_TIMEOUTS), 2);
	/* closed amid a request: not busy any more */
	assert_int_equal(conns_busy(cs), 1);
	conns_close(cs, a);
	assert_int_equal(conns_busy(cs), 0);
	conns_free(cs);
	close(fa[0]);
	close(fa[1]);
	close(fb[0]);
	close(fb[1]);
}

/* Whose peer has ended is woken, once, and only when nothing is under way and
   nothing waits to be read. */
static void
test_half_closed(void **state)
{
	struct conns *cs = conns_new(1000, 5000, &counters);
	struct conn *c, *other;
	int fd[2], pair[2];
	char octet;

	(void)state;
	ended = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c = conns_open(cs, fd[0], 0);
	other = conns_open(cs, pair[0], 0);
	assert_int_equal(send(fd[1], "x", 1, 0), 1);
	shutdown(fd[1], SHUT_WR);
	conns_sweep(cs, 1);
	assert_int_equal(ended, 0);
	assert_int_equal(recv(fd[0], &octet, 1, 0), 1);
	conns_begin(cs, c, 2);
	conns_sweep(cs, 3);
	conns_send(cs, c, 2, 4);
	conns_sweep(cs, 5);
	assert_int_equal(ended, 0);
	conns_end(cs, c, 6);
	assert_int_equal(conns_sweep(cs, 7), 0);
	assert_int_equal(ended, 1);
	conns_sweep(cs, 8);
	assert_int_equal(ended, 1);
	/* What is to be sent goes out all the same. */
	assert_int_equal(send(fd[0], "y", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(fd[1], &octet, 1, 0), 1);
	assert_int_equal(send(pair[1], "x", 1, 0), 1);
	conns_sweep(cs, 9);
	assert_int_equal(ended, 1);
	conns_close(cs, c);
	conns_close(cs, other);
	conns_free(cs);
	close(fd[0]);
	close(fd[1]);
	close(pair[0]);
	close(pair[1]);
}

/* At the end: who is served, who has just been, and who has just come. */
static void
test_lively(void **state)
{
	struct conns *cs = conns_new(10000, 10000, &counters);
	struct conn *a, *b;

	(void)state;
	assert_int_equal(conns_lively(cs, 0), 0);
	a = conns_open(cs, -1, 1000);
	b = conns_open(cs, -1, 1100);
	assert_int_equal(conns_lively(cs, 1000 + CONNS_QUIET), 1);
	assert_int_equal(conns_lively(cs, 1100 + CONNS_QUIET), 0);
	conns_begin(cs, a, 2000);
	assert_int_equal(conns_lively(cs, 9000), 1);
	conns_end(cs, a, 9000);
	assert_int_equal(conns_lively(cs, 9001), 1);
	assert_int_equal(conns_lively(cs, 9000 + CONNS_QUIET), 0);
	conns_close(cs, a);
	conns_close(cs, b);
	assert_int_equal(conns_lively(cs, 9001), 0);
	conns_free(cs);
}

static void
test_list(void **state)
{
	struct conns *cs = conns_new(1000, 1000, &counters);
	struct conn *c[3];
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_non_null(c[i] = conns_open(cs, -1, 0));
	conns_close(cs, c[1]);
	assert_int_equal(conns_sweep(cs, 5000), 2);
	conns_close(cs, c[2]);
	/* What is left is freed with the rest. */
	conns_free(cs);
	conns_free(NULL);
}

static const struct sockaddr *
address(const char *text)
{
	static struct sockaddr_in6 in6;
	static struct sockaddr_in in;

	memset(&in6, 0, sizeof(in6));
	memset(&in, 0, sizeof(in));
	in.sin_family = AF_INET;
	in6.sin6_family = AF_INET6;
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return (const struct sockaddr *)&in;
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return (const struct sockaddr *)&in6;
}

/* Who does nothing makes room, for whoever comes; who is at work does not. */
static void
test_idle_yields(void **state)
{
	struct conns *cs = conns_new(60000, 60000, &counters);
	struct conn *c[2];
	int here, other;

	(void)state;
	c[0] = conns_open(cs, -1, 0);
	c[1] = conns_open(cs, -1, 0);
	conns_from(cs, c[0], &here, address("192.0.2.1"));
	conns_from(cs, c[1], &here, address("192.0.2.2"));
	conns_begin(cs, c[0], 10);
	assert_false(conns_yield(
	    cs, &here, address("192.0.2.2"), 2, CONNS_IDLE - 1));
	assert_false(
	    conns_yield(cs, &other, address("192.0.2.2"), 2, CONNS_IDLE));
	assert_true(
	    conns_yield(cs, &here, address("192.0.2.2"), 2, CONNS_IDLE));
	/* once */
	assert_false(
	    conns_yield(cs, &here, address("192.0.2.2"), 2, CONNS_IDLE));
	conns_end(cs, c[0], 3000);
	assert_false(conns_yield(
	    cs, &here, address("192.0.2.3"), 2, 3000 + CONNS_IDLE - 1));
	assert_true(conns_yield(
	    cs, &here, address("192.0.2.3"), 2, 3000 + CONNS_IDLE));
	conns_close(cs, c[1]);
	conns_close(cs, c[0]);
	assert_false(
	    conns_yield(cs, &here, address("192.0.2.3"), 2, 90000));
	conns_free(cs);
}

/* Who has more than half gives one up, at work or not, but not to himself. */
static void
test_largest_yields(void **state)
{
	struct conns *cs = conns_new(60000, 60000, &counters);
	struct conn *c[8];
	int here, i;

	(void)state;
	for (i = 0; i < 8; i++) {
		c[i] = conns_open(cs, -1, 0);
		conns_from(cs, c[i], &here,
		    address(i < 5 ? "2001:db8:0:1::5" : "::ffff:192.0.2.9"));
		conns_begin(cs, c[i], 0);
	}
	/* the same /64 */
	assert_false(conns_yield(cs, &here, address("2001:db8:0:1::9"), 8, 0));
	assert_true(conns_yield(cs, &here, address("192.0.2.9"), 8, 0));
	conns_close(cs, c[0]);
	/* what was cut is gone soon: there are four now */
	assert_false(conns_yield(cs, &here, address("192.0.2.9"), 8, 0));
	/* where IPv6 carries IPv4 it is that address */
	conns_close(cs, c[1]);
	conns_close(cs, c[2]);
	c[0] = conns_open(cs, -1, 0);
	conns_from(cs, c[0], &here, address("192.0.2.9"));
	conns_begin(cs, c[0], 0);
	assert_false(conns_yield(cs, &here, address("192.0.2.9"), 6, 0));
	assert_true(conns_yield(cs, &here, address("2001:db8:0:2::9"), 6, 0));
	conns_free(cs);
}

/* Who has many and does not use one gives it up at once. */
static void
test_unused_yields(void **state)
{
	struct conns *cs = conns_new(60000, 60000, &counters);
	struct conn *c[4];
	int here, i;

	(void)state;
	for (i = 0; i < 4; i++) {
		c[i] = conns_open(cs, -1, 0);
		conns_from(cs, c[i], &here,
		    address(i < 3 ? "192.0.2.1" : "192.0.2.2"));
		conns_begin(cs, c[i], 0);
	}
	conns_end(cs, c[1], 10);
	assert_false(conns_yield(cs, &here, address("192.0.2.2"), 8, 20));
	assert_false(conns_yield(cs, &here, address("192.0.2.1"), 8, 20));
	assert_true(conns_yield(cs, &here, address("192.0.2.3"), 8, 20));
	assert_false(conns_yield(cs, &here, address("192.0.2.3"), 8, 20));
	conns_free(cs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_deadlines),
	    cmocka_unit_test(test_half_closed),
	    cmocka_unit_test(test_lively),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_idle_yields),
	    cmocka_unit_test(test_largest_yields),
	    cmocka_unit_test(test_unused_yields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
