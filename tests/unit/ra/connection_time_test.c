#include "place.h"

/* Deadlines of one connection: each phase has its own, and is told by name. */

static void
a_silent_caller_is_hung_up_on(void **state)
{
	struct place *p = *state;
	double began = house_seconds();
	int fd = house_tcp(p->house);

	assert_true(tcp_ended(fd));
	assert_true(house_seconds() - began > 1.5); /* request_timeout 2 s */
	assert_true(house_seconds() - began < 30);
	close(fd);
	assert_true(log_comes(
	    p->log, "event=ra.timeout address=127.0.0.1 ", "phase=handshake"));
	assert_all_given_back(p->house);
}

static void
what_is_no_tls_is_hung_up_on(void **state)
{
	struct place *p = *state;
	int fd;

	p->house->settings.request_timeout = 60;
	fd = house_tcp(p->house);
	send(fd, ask_it, strlen(ask_it), MSG_NOSIGNAL);
	assert_true(tcp_ended(fd)); /* long before that */
	close(fd);
	assert_all_given_back(p->house);
	assert_int_equal(log_count(p->log, "event=ra.timeout", ""), 0);
}

/* A body that stops; what came of it is not used. */
static void
half_a_body_is_cut_off(void **state)
{
	struct place *p = *state;
	struct house *h = p->house;
	double began = house_seconds();
	char request[2048];
	struct client c;
	int n;

	h->settings.idle_timeout = 60;
	n = snprintf(request, sizeof(request),
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Content-Length: %zu\r\n\r\n%s",
	    strlen(h->csr), h->csr);
	client_open(&c, h, 1, 0);
	client_send(&c, request, (size_t)n - 5);
	assert_true(client_ended(&c));
	assert_true(house_seconds() - began > 1.5);
	assert_true(house_seconds() - began < 30);
	client_close(&c);
	assert_true(log_comes(p->log, "event=ra.timeout", "phase=request"));
	assert_int_equal(h->ca.enrolled, 0);
	assert_all_given_back(h);
}

/* How long each exchange took, from the request's first octet on. */
static void
assert_told_ms(int log, long least, long most)
{
	char *text = log_text(log), *at = text;
	int n = 0;

	while ((at = strstr(at, " ms=")) != NULL) {
		at += 4;
		assert_in_range(strtol(at, NULL, 10), least, most);
		n++;
	}
	assert_int_equal(n, 5);
	free(text);
}

/* The clock is of one request: many of them may take longer together, and a
   body may come in pieces. */
static void
each_request_has_its_own_time(void **state)
{
	struct place *p = *state;
	struct house *h = p->house;
	char request[2048];
	struct client c;
	struct reply r;
	size_t i, k, len;

	h->settings.request_timeout = 4;
	h->settings.idle_timeout = 4;
	len = (size_t)snprintf(request, sizeof(request),
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Content-Length: %zu\r\n\r\n%s",
	    strlen(h->csr), h->csr);
	client_open(&c, h, 1, 0);
	for (i = 0; i < 5; i++) {
		for (k = 0; k < 5; k++) {
			client_send(&c, request + k * (len / 5),
			    k < 4 ? len / 5 : len - 4 * (len / 5));
			house_pause(200);
		}
		client_read(&c, &r, 0);
		assert_issued(h, &r);
	}
	client_close(&c);
	assert_int_equal(log_count(p->log, "event=ra.timeout", ""), 0);
	assert_int_equal(h->ca.enrolled, 5);
	assert_told_ms(p->log, 700, 4000);
}

/* Who was answered and is silent then has done nothing wrong. */
static void
an_idle_end_is_said_and_not_told(void **state)
{
	struct place *p = *state;
	struct client c;
	struct reply r;
	char octet;
	int n;

	p->house->settings.idle_timeout = 1;
	client_open(&c, p->house, 0, 0);
	client_send(&c, ask_it, strlen(ask_it));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	n = SSL_read(c.ssl, &octet, 1);
	assert_int_equal(SSL_get_error(c.ssl, n), SSL_ERROR_ZERO_RETURN);
	client_close(&c);
	assert_int_equal(log_count(p->log, "event=ra.timeout", ""), 0);
	assert_all_given_back(p->house);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(a_silent_caller_is_hung_up_on),
	    t(what_is_no_tls_is_hung_up_on),
	    t(half_a_body_is_cut_off),
	    t(each_request_has_its_own_time),
	    t(an_idle_end_is_said_and_not_told),
	};

	return cmocka_run_group_tests_name(
	    "connection_time", tests, NULL, NULL);
}
