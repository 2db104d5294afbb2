#include "desk.h"
#include "issued.h"

/*
 * The end of an exchange: what the log says of it, and what happens when the
 * client, inkan-ca or the worker is not there for the answer any more.
 */

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n"

static void
ask(const struct desk *d, const char *request, struct reply *r)
{
	house_ask(d->house, 0, request, strlen(request), r);
}

/* ---- the log ---- */

static void
say_all(struct desk *d, struct exchange *x)
{
	const int *http = d->arg;

	x->route.op = ROUTE_SIMPLEENROLL;
	strcpy(x->route.label, "line-1");
	x->shape |= SHAPE_PEM | SHAPE_DER;
	exchange_answer(
	    x, *http, "text/plain", "secret-body", 11, "sign", "token");
}

static void
the_log_tells_each_exchange(void **state)
{
	static const struct {
		int http;
		const char *level;
	} cases[] = {{200, "level=info "}, {403, "level=info "},
	    {501, "level=info "}, {500, "level=warn "}, {503, "level=warn "}};
	struct desk *d = desk_open(say_all);
	char status[32];
	struct reply r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d->arg = (void *)&cases[i].http;
		ask(d,
		    GET "User-Agent: a \"b\"\r\n"
			"Authorization: Basic c2VjcmV0\r\n\r\n",
		    &r);
		assert_int_equal(r.status, cases[i].http);
		snprintf(status, sizeof(status), "status=%d ", cases[i].http);
		assert_true(log_comes(d->log, cases[i].level, status));
	}
	assert_int_equal(log_count(d->log, "event=est.request", ""), 5);
	assert_int_equal(
	    log_count(d->log,
		"event=est.request op=simpleenroll label=line-1 status=200 "
		"address=127.0.0.1 bytes=11 ms=",
		"deviations=\"pem-armour,raw-der\" stage=sign rule=token agent=\"a "),
	    1);
	assert_int_equal(log_count(d->log, "secret", ""), 0);
	assert_int_equal(log_count(d->log, "c2VjcmV0", ""), 0);
	desk_close(d);
}

static void
say_no(struct desk *d, struct exchange *x)
{
	(void)d;
	exchange_answer(x, 404, "text/plain", "no", 2, NULL, NULL);
}

/* What is not known is "-": also for a request that is no EST at all. */
static void
the_log_has_dashes_for_nothing(void **state)
{
	struct desk *d = desk_open(say_no);
	struct reply r;

	(void)state;
	ask(d, GET "\r\n", &r);
	assert_true(log_comes(d->log,
	    "op=- label=- status=404 address=127.0.0.1 bytes=2 ms=",
	    "deviations=- stage=- rule=- agent=-"));
	desk_close(d);
}

/* ---- nobody there for the answer ---- */

static void
keep(struct desk *d, struct exchange *x)
{
	(void)d, (void)x;
}

static void
hang_up(struct desk *d, struct exchange *x)
{
	(void)d;
	connection_close(x->conn);
}

static void
wait_seen(const struct desk *d, int n)
{
	int i;

	for (i = 0; i < 500 && d->seen < n; i++)
		house_pause(10);
	assert_int_equal(d->seen, n);
}

/* We close: with a request in hand, which is dropped, and told. */
static void
a_connection_that_we_close_drops_it(void **state)
{
	struct desk *d = desk_open(hang_up);
	struct reply r;

	(void)state;
	ask(d, GET "\r\n", &r);
	assert_int_equal(r.status, 0);
	assert_true(log_comes(d->log, "event=est.request", "status=gone"));
	desk_close(d);
}

/* The worker's end with requests in hand: nothing is leaked, all is told. */
static void
the_end_of_the_loop_drops_them(void **state)
{
	struct desk *d = desk_open(keep);
	struct client c[5];
	int i;

	(void)state;
	d->house->settings.request_timeout = 60;
	for (i = 0; i < 5; i++) {
		client_open(&c[i], d->house, 0, 0);
		client_send(&c[i], GET "\r\n", strlen(GET "\r\n"));
	}
	wait_seen(d, 5);
	desk_stop(d);
	assert_int_equal(
	    log_count(d->log, "event=est.request", "status=gone"), 5);
	for (i = 0; i < 5; i++) {
		assert_true(client_ended(&c[i]));
		client_close(&c[i]);
	}
	desk_close(d);
}

/* The peer leaves, with and without a word, while the answer is waited for; at
   the latest when the time is up that is told. */
static void
a_peer_that_leaves_drops_it(void **state)
{
	struct linger reset = {1, 0};
	struct desk *d = desk_open(keep);
	struct client c;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		client_open(&c, d->house, 0, 0);
		client_send(&c, GET "\r\n", strlen(GET "\r\n"));
		wait_seen(d, i + 1);
		if (i == 1)
			SSL_shutdown(c.ssl);
		if (i == 2)
			setsockopt(
			    c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		client_close(&c);
	}
	for (i = 0; i < 800 && limits_count(d->house->limits) > 0; i++)
		house_pause(10);
	assert_int_equal(limits_count(d->house->limits), 0);
	assert_int_equal(log_count(d->log, "event=est.request", ""), 3);
	desk_close(d);
}

static void
not_for_us(const WIRE_ANSWER *answer, void *arg)
{
	struct desk *d = arg;

	(void)answer;
	d->wrong++;
}

/* inkan-ca is asked; on a path with an end the connection is closed then. */
static void
call_and_keep(struct desk *d, struct exchange *x)
{
	WIRE_FIELDS *args = field_list_new();

	x->call = ca_link_call(d->worker.link, "enroll", args, not_for_us, d);
	field_list_free(args);
	d->wrong += x->call == 0;
	if (strcmp(evhttp_request_get_uri(x->req), "/end") == 0)
		connection_close(x->conn);
}

/* With a call in hand, too: neither its answer, which comes then, nor the end
   of the link is told to what was dropped. */
static void
what_is_dropped_hears_no_more(void **state)
{
	struct desk *d = desk_open(call_and_keep);
	struct fake_ca *ca = &d->house->ca;
	struct client c;
	struct reply r;
	int i;

	(void)state;
	ca->delay_ms = 300;
	fake_start(ca);
	for (i = 0; i < 800 && !d->up; i++)
		house_pause(10);
	ask(d, "GET /end HTTP/1.1\r\nHost: a\r\n\r\n", &r);
	assert_int_equal(r.status, 0);
	for (i = 0; i < 500 && ca->enrolled == 0; i++)
		house_pause(10);
	house_pause(600);
	assert_int_equal(d->wrong, 0);
	ca->mood = FAKE_SILENT;
	client_open(&c, d->house, 0, 0);
	client_send(&c, GET "\r\n", strlen(GET "\r\n"));
	for (i = 0; i < 500 && ca->enrolled < 2; i++)
		house_pause(10);
	assert_int_equal(ca->enrolled, 2);
	desk_stop(d);
	client_close(&c);
	assert_int_equal(log_count(d->log, "est.request", "status=gone"), 2);
	fake_stop(ca);
	desk_close(d);
}

/* ---- inkan-ca in the background ---- */

static struct house *
house_with_log(int *log)
{
	struct house *h = house_open(0);

	house_stop_worker(h);
	*log = log_open();
	house_start_worker(h);
	house_wait_ready(h);
	return h;
}

/* 503 when the time is up; the answer that comes then is nobody's, least of all
   the next client's. */
static void
an_answer_too_late_is_nobodys(void **state)
{
	double began = house_seconds();
	struct house *h;
	struct reply r;
	int log, i;

	(void)state;
	h = house_with_log(&log);
	h->ca.mood = FAKE_REFUSE;
	h->ca.delay_ms = 3500; /* request_timeout is 2 s */
	house_enroll(h, 1, PKCS10, &r);
	assert_int_equal(r.status, 503);
	assert_has(&r, "Retry-After: 5\r\n");
	assert_has(&r, "Connection: close\r\n");
	assert_string_equal(
	    r.body, "ca: ca.late: not available now, try again later\n");
	assert_true(house_seconds() - began > 1.5);
	assert_true(log_comes(log, "status=503", "stage=ca rule=ca.late"));
	h->ca.mood = FAKE_ISSUE;
	h->ca.delay_ms = 0;
	h->settings.request_timeout = 15;
	for (i = 0; i < 3; i++) {
		house_enroll(h, 1, PKCS10, &r);
		assert_issued(h, &r);
	}
	house_close(h, 0);
	log_close(log);
}

/* Slow, and in time all the same. */
static void
a_slow_answer_is_waited_for(void **state)
{
	struct house *h;
	struct reply r;
	int log;

	(void)state;
	h = house_with_log(&log);
	h->settings.request_timeout = 15;
	h->ca.delay_ms = 1200;
	house_enroll(h, 1, PKCS10, &r);
	assert_issued(h, &r);
	assert_true(log_comes(log, "op=simpleenroll", "status=200"));
	house_close(h, 0);
	log_close(log);
}

/* Who left does not hand his refusal on. */
static void
an_answer_for_one_who_left_is_nobodys(void **state)
{
	struct house *h;
	struct client c;
	struct reply r;
	char request[2048];
	int log, i;

	(void)state;
	h = house_with_log(&log);
	snprintf(request, sizeof(request),
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Content-Length: %zu\r\n\r\n%s",
	    strlen(h->csr), h->csr);
	h->ca.mood = FAKE_REFUSE;
	h->ca.delay_ms = 1000;
	client_open(&c, h, 1, 0);
	client_send(&c, request, strlen(request));
	for (i = 0; i < 500 && h->ca.enrolled == 0; i++)
		house_pause(10);
	client_close(&c);
	house_pause(300); /* its refusal is on the way */
	h->ca.mood = FAKE_ISSUE;
	h->ca.delay_ms = 0;
	h->settings.request_timeout = 15;
	house_enroll(h, 1, PKCS10, &r);
	assert_issued(h, &r);
	for (i = 0; i < 800 && limits_count(h->limits) > 0; i++)
		house_pause(10);
	assert_int_equal(limits_count(h->limits), 0);
	assert_int_equal(log_count(log, "event=est.request", ""), 2);
	house_close(h, 0);
	log_close(log);
}

#define t(f) cmocka_unit_test(f)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(the_log_tells_each_exchange),
	    t(the_log_has_dashes_for_nothing),
	    t(a_connection_that_we_close_drops_it),
	    t(the_end_of_the_loop_drops_them),
	    t(a_peer_that_leaves_drops_it),
	    t(what_is_dropped_hears_no_more),
	    t(an_answer_too_late_is_nobodys),
	    t(a_slow_answer_is_waited_for),
	    t(an_answer_for_one_who_left_is_nobodys),
	};

	return cmocka_run_group_tests_name("exchange_end", tests, NULL, NULL);
}
