#include "place.h"

#include <dirent.h>

#include "ra/private.h"

/*
 * What a connection counts for, from whichever way it begins to whichever way
 * it ends, and what is left of it when the worker stops. Its deadlines are in
 * connection_time_test.c, its answers in connection_answer_test.c; the worker's
 * view of many is in worker_test.c.
 */

static void
restart(struct house *h)
{
	house_stop_worker(h);
	house_start_worker(h);
	house_wait_ready(h);
}

/* ---- limits ---- */

/* Ways to come and go, with and without TLS, a request, an end that is said. */
static void
leave_in_a_way(const struct house *h, int way)
{
	static const char post[] =
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Content-Length: 1000\r\n\r\nMII";
	struct linger reset = {1, 0};
	struct client c;
	int fd;

	if (way < 3) {
		fd = house_tcp(h);
		if (way > 0)
			send(fd, "\x16\x03\x01\x02\x00\x01", way == 1 ? 6 : 1,
			    MSG_NOSIGNAL);
		close(fd);
		return;
	}
	client_open(&c, h, way % 2, 0);
	if (way >= 4)
		client_send(&c, ask_it, way == 4 ? 20 : strlen(ask_it));
	if (way == 6)
		client_send(&c, post, strlen(post));
	if (way == 7)
		SSL_shutdown(c.ssl);
	if (way >= 8)
		setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_close(&c);
}

static void
every_way_to_leave_gives_back(void **state)
{
	struct place *p = *state;
	struct house *h = p->house;
	int i;

	/* What is kept of an address would soon refuse it. */
	h->settings.max_per_address = 6;
	restart(h);
	for (i = 0; i < 30; i++) {
		leave_in_a_way(h, i % 10);
		if (i % 3 == 2)
			assert_all_given_back(h);
	}
	assert_served(h);
	assert_int_equal(log_count(p->log, "event=ra.limit", ""), 0);
}

static void
too_many_of_an_address_are_told(void **state)
{
	struct place *p = *state;
	struct house *h = p->house;
	struct client c[3];
	int i, fd;

	h->settings.max_per_address = 3;
	h->settings.idle_timeout = 60;
	restart(h);
	for (i = 0; i < 3; i++)
		client_open(&c[i], h, 0, 0);
	assert_int_equal(log_count(p->log, "event=ra.limit", ""), 0);
	fd = house_tcp(h);
	assert_true(tcp_ended(fd));
	close(fd);
	assert_true(log_comes(p->log, "event=ra.limit address=127.0.0.1 ",
	    "rule=max_connections_per_address"));
	/* Those that are there go on. */
	client_send(&c[1], ask_it, strlen(ask_it));
	for (i = 0; i < 3; i++) {
		struct reply r;

		if (i == 1) {
			client_read(&c[i], &r, 0);
			assert_int_equal(r.status, 200);
		}
		client_close(&c[i]);
	}
	assert_all_given_back(h);
	assert_served(h);
}

/* Another worker may have taken the last place. */
static void
the_last_place_may_be_gone(void **state)
{
	struct place *p = *state;
	struct house *h = p->house;
	size_t i;
	int fd;

	for (i = 0; i < h->settings.max_connections; i++)
		assert_true(limits_take(h->limits));
	fd = house_tcp(h);
	assert_true(tcp_ended(fd));
	close(fd);
	assert_true(log_comes(p->log, "event=ra.limit address=127.0.0.1 ",
	    "rule=max_connections"));
	assert_int_equal(limits_count(h->limits), h->settings.max_connections);
	for (i = 0; i < h->settings.max_connections; i++)
		limits_give(h->limits);
	assert_all_given_back(h);
	assert_served(h);
}

/* ---- long requests ---- */

/* As much of a request as makes it long, and no end. */
static void
send_long(struct client *c)
{
	static const char head[] =
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Content-Length: 60000\r\n\r\n";
	char body[40000];

	memset(body, 'M', sizeof(body));
	client_send(c, head, strlen(head));
	SSL_write(c->ssl, body, sizeof(body)); /* may be cut off in it */
	ERR_clear_error();
}

static void
begin_long(struct client *c, const struct house *h)
{
	client_open(c, h, 1, 0);
	send_long(c);
}

static void
end_long(struct client *c, struct reply *r)
{
	char body[20000];

	memset(body, 'M', sizeof(body));
	client_send(c, body, sizeof(body));
	client_read(c, r, 0);
}

/* One too many is closed and told by its name; when another has had its answer,
   there is room. */
static void
long_requests_are_rationed(void **state)
{
	struct place *p = *state;
	struct house *h = p->house;
	struct client c[CONNECTION_LARGE_MAX], more;
	struct reply r;
	int i;

	h->settings.request_timeout = 60;
	h->settings.max_head = 4000;
	h->settings.max_body = 4000;
	for (i = 0; i < CONNECTION_LARGE_MAX; i++)
		begin_long(&c[i], h);
	house_pause(500);
	assert_int_equal(log_count(p->log, "event=ra.limit", ""), 0);
	begin_long(&more, h);
	assert_true(client_ended(&more));
	client_close(&more);
	assert_true(log_comes(p->log, "event=ra.limit address=127.0.0.1 ",
	    "rule=large_requests"));
	assert_int_equal(log_count(p->log, "event=ra.timeout", ""), 0);
	for (i = 0; i < CONNECTION_LARGE_MAX; i++) {
		end_long(&c[i], &r);
		assert_int_equal(r.status, 413);
		if (i == 0) {
			begin_long(&more, h);
			end_long(&more, &r);
			assert_int_equal(r.status, 413);
			client_close(&more);
		}
		client_close(&c[i]);
	}
	assert_int_equal(log_count(p->log, "event=ra.limit", ""), 1);
	assert_all_given_back(h);
}

/* Each counts while it is in hand and no longer, many on one connection, too. */
static void
long_requests_are_counted_right(void **state)
{
	struct place *p = *state;
	struct client c;
	struct reply r;
	int i;

	p->house->settings.request_timeout = 60;
	p->house->settings.max_head = 4000;
	p->house->settings.max_body = 4000;
	client_open(&c, p->house, 1, 0);
	for (i = 0; i < CONNECTION_LARGE_MAX + 3; i++) {
		send_long(&c);
		end_long(&c, &r);
		assert_int_equal(r.status, 413);
		client_send(&c, ask_it, strlen(ask_it));
		client_read(&c, &r, 0);
		assert_int_equal(r.status, 200);
	}
	client_close(&c);
	begin_long(&c, p->house);
	end_long(&c, &r);
	assert_int_equal(r.status, 413);
	client_close(&c);
	assert_int_equal(log_count(p->log, "event=ra.limit", ""), 0);
}

static int
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
assert_open_files(int n)
{
	int i;

	for (i = 0; i < 2000 && open_files() != n; i++)
		house_pause(10);
	assert_int_equal(open_files(), n);
}

/* A long request may have its socket twice, for the case that its answer must
   not be lost; but no more of them than can linger. */
static void
long_requests_cost_few_descriptors(void **state)
{
	struct place *p = *state;
	struct house *h = p->house;
	struct client c[LINGER_MAX + 8];
	int n = LINGER_MAX + 8, before, round, i;

	h->settings.request_timeout = 60;
	h->settings.max_head = 4000;
	restart(h);
	before = open_files();
	for (round = 0; round < 2; round++) {
		for (i = 0; i < n; i++)
			begin_long(&c[i], h);
		assert_open_files(before + 2 * n + LINGER_MAX);
		for (i = 0; i < 3; i++)
			assert_served(h);
		assert_open_files(before + 2 * n + LINGER_MAX);
		for (i = 0; i < n; i++)
			client_close(&c[i]);
		assert_open_files(before);
	}
}

/* ---- stop ---- */

/* A caller who has not even said hello holds nobody up. */
static void
a_silent_caller_does_not_hold_up_the_end(void **state)
{
	struct place *p = *state;
	struct house *h = p->house;
	double began;
	int fd;

	h->settings.request_timeout = 60;
	fd = house_tcp(h);
	while (limits_count(h->limits) == 0)
		house_pause(10);
	began = house_seconds();
	house_stop_worker(h);
	assert_true(house_seconds() - began < 30);
	assert_true(tcp_ended(fd));
	close(fd);
	assert_int_equal(log_count(p->log, "event=ra.stop.late", ""), 0);
	house_start_worker(h);
	house_wait_ready(h);
}

/* One with half a request is waited for, until its own time is up. */
static void
half_a_request_has_its_time_at_the_end(void **state)
{
	struct place *p = *state;
	struct house *h = p->house;
	struct client c;
	double began;

	h->settings.request_timeout = 2;
	client_open(&c, h, 0, 0);
	client_send(&c, ask_it, 20);
	house_pause(200);
	began = house_seconds();
	house_stop_worker(h);
	assert_true(house_seconds() - began < 30);
	assert_true(client_ended(&c));
	client_close(&c);
	assert_int_equal(log_count(p->log, "ra.timeout", "phase=request"), 1);
	assert_int_equal(log_count(p->log, "event=ra.stop.late", ""), 0);
	house_start_worker(h);
	house_wait_ready(h);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(every_way_to_leave_gives_back),
	    t(too_many_of_an_address_are_told),
	    t(the_last_place_may_be_gone),
	    t(long_requests_are_rationed),
	    t(long_requests_are_counted_right),
	    t(long_requests_cost_few_descriptors),
	    t(a_silent_caller_does_not_hold_up_the_end),
	    t(half_a_request_has_its_time_at_the_end),
	};

	return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
