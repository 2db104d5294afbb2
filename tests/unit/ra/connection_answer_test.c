#include "desk.h"
#include "place.h"

#include <fcntl.h>

#include <event2/bufferevent.h>

/*
 * One connection and its answers: a client that goes on sending while its
 * request is in hand, and one that does not read.
 */

/* ---- a client that says too much ---- */

/* A next request while inkan-ca thinks about the first: its turn comes. */
static void
a_request_behind_a_slow_one_waits(void **state)
{
	struct place *p = *state;
	struct house *h = p->house;
	char request[2048];
	struct client c;
	struct reply r;

	h->settings.request_timeout = 15;
	h->ca.delay_ms = 700;
	client_open(&c, h, 1, 0);
	client_send(&c, request, enrolment(h, request, sizeof(request)));
	house_pause(300);
	client_send(&c, ask_it, strlen(ask_it));
	client_send(&c, ask_it, strlen(ask_it));
	client_read(&c, &r, 0);
	assert_issued(h, &r);
	client_read(&c, &r, 0);
	assert_string_equal(r.body, "MAsGCSqGSIb3DQEJBw==\n");
	client_read(&c, &r, 0);
	assert_string_equal(r.body, "MAsGCSqGSIb3DQEJBw==\n");
	client_close(&c);
	assert_all_given_back(h);
}

/* Nobody reads on while a request is in hand: a flood stays with the client. */
static void
a_flood_behind_a_slow_one_is_not_taken(void **state)
{
	enum { PIECE = 16384, MAX = 64 * 1024 * 1024 };
	struct place *p = *state;
	struct house *h = p->house;
	char request[2048], *flood = calloc(1, PIECE);
	size_t sent = 0;
	struct client c;
	struct reply r;
	int still = 0;

	h->settings.request_timeout = 15;
	h->ca.delay_ms = 2500;
	client_open(&c, h, 1, 0);
	client_send(&c, request, enrolment(h, request, sizeof(request)));
	memset(flood, 'x', PIECE);
	SSL_set_mode(c.ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	fcntl(c.fd, F_SETFL, O_NONBLOCK);
	while (still < 30 && sent < MAX) {
		if (SSL_write(c.ssl, flood, PIECE) == PIECE) {
			sent += PIECE;
			still = 0;
		} else {
			house_pause(20);
			still++;
		}
	}
	ERR_clear_error();
	assert_true(sent < MAX); /* the sockets' buffers, no more */
	fcntl(c.fd, F_SETFL, 0);
	client_read(&c, &r, 0);
	assert_issued(h, &r);
	client_close(&c);
	free(flood);
	assert_all_given_back(h);
	assert_served(h);
}

/* A refused head with a long body behind it, which is read off: no reset may
   cost the client the answer. */
static void
a_refusal_reaches_who_still_sends(void **state)
{
	static const char head[] = CSRATTRS "Content-Length: 400000\r\n\r\n";
	struct place *p = *state;
	char *body = calloc(1, 400000);
	struct client c;
	struct reply r;
	char octet;
	ssize_t n;

	client_open(&c, p->house, 0, 0);
	client_send(&c, head, strlen(head));
	assert_int_equal(SSL_write(c.ssl, body, 400000), 400000);
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 400);
	assert_has(&r, "Connection: close\r\n");
	assert_true(client_ended(&c));
	while ((n = recv(c.fd, &octet, 1, 0)) > 0)
		;
	assert_int_equal(n, 0); /* an end, and not ECONNRESET */
	client_close(&c);
	free(body);
	assert_all_given_back(p->house);
}

/* ---- the answer ---- */

static void
at_once(struct desk *d, struct exchange *x)
{
	int on = 0;
	socklen_t len = sizeof(on);

	d->wrong += getsockopt(bufferevent_getfd(x->conn->bev), IPPROTO_TCP,
			TCP_NODELAY, &on, &len) != 0;
	d->wrong += on == 0;
	exchange_answer(x, 200, "text/plain", "ok", 2, NULL, NULL);
}

/* No write waits for the acknowledgement of the one before. */
static void
answers_are_sent_at_once(void **state)
{
	struct desk *d = desk_open(at_once);
	struct reply r;

	(void)state;
	house_ask(d->house, 0, ask_it, strlen(ask_it), &r);
	assert_int_equal(r.status, 200);
	desk_close(d);
}

#define LONG_ANSWER ((size_t)16 * 1024 * 1024)

static void
at_length(struct desk *d, struct exchange *x)
{
	exchange_answer(x, 200, "text/plain", d->arg, LONG_ANSWER, NULL, NULL);
}

/* More than the sockets hold: who reads slowly gets it, who does not read is
   left after CONNECTION_WRITE_S. */
static void
an_answer_that_nobody_reads_is_given_up(void **state)
{
	struct desk *d = desk_open(at_length);
	double began = house_seconds();
	struct client slow, deaf;
	char *octets = malloc(65536);
	size_t have = 0;
	int n = 1;

	(void)state;
	d->arg = calloc(1, LONG_ANSWER);
	client_open(&slow, d->house, 0, 0);
	client_open(&deaf, d->house, 0, 0);
	client_send(&deaf, ask_it, strlen(ask_it));
	client_send(&slow, ask_it, strlen(ask_it));
	house_pause(1000);
	while (have < LONG_ANSWER && n > 0) {
		n = SSL_read(slow.ssl, octets, 65536);
		have += n > 0 ? (size_t)n : 0;
	}
	ERR_clear_error();
	assert_true(have >= LONG_ANSWER);
	while (log_count(d->log, "event=ra.timeout", "") == 0 &&
	    house_seconds() - began < CONNECTION_WRITE_S + 60)
		house_pause(50);
	assert_int_equal(log_count(d->log, "ra.timeout", "phase=answer"), 1);
	assert_true(house_seconds() - began > CONNECTION_WRITE_S - 1);
	client_close(&slow);
	client_close(&deaf);
	free(octets);
	desk_stop(d);
	free(d->arg);
	desk_close(d);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(a_request_behind_a_slow_one_waits),
	    t(a_flood_behind_a_slow_one_is_not_taken),
	    t(a_refusal_reaches_who_still_sends),
	    cmocka_unit_test(answers_are_sent_at_once),
	    cmocka_unit_test(an_answer_that_nobody_reads_is_given_up),
	};

	return cmocka_run_group_tests_name(
	    "connection_answer", tests, NULL, NULL);
}
