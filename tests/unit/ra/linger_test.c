#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ra/linger.h"

struct rig {
	struct event_base *base;
	struct linger_list list;
};

static int
set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->base = event_base_new();
	linger_init(&r->list, r->base);
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	struct rig *r = *state;

	linger_clear(&r->list);
	event_base_free(r->base);
	free(r);
	return 0;
}

/* The peer's end of a pair whose other end lingers. */
static int
lingering(struct rig *r)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	linger_take(&r->list, fd[0]);
	return fd[1];
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
turn(struct rig *r)
{
	event_base_loop(r->base, EVLOOP_NONBLOCK);
}

static void
what_comes_is_thrown_away(void **state)
{
	struct rig *r = *state;
	int peer = lingering(r), i;
	char octets[1000] = "", octet;

	assert_int_equal(read(peer, &octet, 1), 0); /* our end is said */
	for (i = 0; i < 1000; i++) {
		assert_int_equal(
		    send(peer, octets, sizeof(octets), 0), sizeof(octets));
		turn(r);
	}
	assert_int_equal(r->list.n, 1);
	close(peer);
	turn(r);
	assert_int_equal(r->list.n, 0);
}

static void
no_more_than_agreed(void **state)
{
	struct rig *r = *state;
	int peer = lingering(r);
	char octets[10000] = "";
	size_t sent = 0;

	while (sent < 2 * LINGER_OCTETS &&
	    send(peer, octets, sizeof(octets), MSG_NOSIGNAL) > 0) {
		sent += sizeof(octets);
		turn(r);
	}
	assert_int_equal(r->list.n, 0);
	assert_in_range(sent, LINGER_OCTETS, LINGER_OCTETS + 20000);
	close(peer);
}

static void
a_silent_peer_is_left(void **state)
{
	struct rig *r = *state;
	double began = seconds();
	int peer = lingering(r);

	event_base_dispatch(r->base);
	assert_int_equal(r->list.n, 0);
	assert_true(seconds() - began < LINGER_S + 20);
	close(peer);
}

static void
a_slow_peer_is_left(void **state)
{
	const struct timespec pause = {0, 200000000};
	struct rig *r = *state;
	double began = seconds();
	int peer = lingering(r);

	while (r->list.n > 0 && seconds() - began < LINGER_S + 20) {
		send(peer, "x", 1, MSG_NOSIGNAL);
		turn(r);
		nanosleep(&pause, NULL);
	}
	assert_int_equal(r->list.n, 0);
	assert_true(seconds() - began < LINGER_S + 20);
	close(peer);
}

static void
there_are_not_too_many(void **state)
{
	struct rig *r = *state;
	int peer[LINGER_MAX + 1], i;

	for (i = 0; i <= LINGER_MAX; i++)
		peer[i] = lingering(r);
	assert_int_equal(r->list.n, LINGER_MAX);
	assert_int_equal(send(peer[LINGER_MAX], "x", 1, MSG_NOSIGNAL), -1);
	assert_int_equal(send(peer[0], "x", 1, MSG_NOSIGNAL), 1);
	linger_clear(&r->list);
	assert_int_equal(r->list.n, 0);
	for (i = 0; i <= LINGER_MAX; i++)
		close(peer[i]);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(what_comes_is_thrown_away),
	    t(no_more_than_agreed),
	    t(a_silent_peer_is_left),
	    t(a_slow_peer_is_left),
	    t(there_are_not_too_many),
	};

	return cmocka_run_group_tests_name("linger", tests, NULL, NULL);
}
