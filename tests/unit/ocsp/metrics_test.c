#include "tests/unit/ocsp/ahead.h"
#include "tests/unit/ocsp/http.h"
#include "ocsp/metrics.h"

/* The listener, and what it shows of answers that were really given. */

struct watched {
	struct ahead a;
	struct metrics_ctx ctx;
	struct metrics *metrics;
};

static int
make(void **state)
{
	struct watched *w = calloc(1, sizeof(*w));
	struct rig *r;

	ahead_make(&w->a);
	r = w->a.rig;
	w->ctx = (struct metrics_ctx){
	    .set = &r->set, .responder = &r->responder};
	strcpy(r->set.metrics.host, "127.0.0.1");
	strcpy(r->set.metrics.port, "0");
	assert_non_null(w->metrics = metrics_new(&w->ctx));
	assert_int_equal(metrics_start(w->metrics), 1);
	*state = w;
	return 0;
}

static int
drop(void **state)
{
	struct watched *w = *state;

	metrics_stop(w->metrics);
	ahead_free(&w->a);
	free(w);
	return 0;
}

static struct http *
get(struct watched *w, const char *line)
{
	static struct http h;
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)metrics_port(w->metrics)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char head[256];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	snprintf(head, sizeof(head),
	    "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", line);
	assert_true(http_write(fd, head, strlen(head)));
	assert_true(http_read(fd, &h, 0));
	close(fd);
	return &h;
}

/* Is that a line of it? */
static void
shows(struct watched *w, const char *want)
{
	struct http *h = get(w, "GET /metrics");
	char line[256];

	assert_int_equal(h->status, 200);
	snprintf(line, sizeof(line), "\n%s\n", want);
	if (memmem(h->body, h->body_len, line, strlen(line)) == NULL)
		fail_msg("no line %s in:\n%.*s", want, (int)h->body_len,
		    (char *)h->body);
}

static void
test_figures(void **state)
{
	struct watched *w = *state;
	struct rig *r = w->a.rig;

	assert_true(follow_step(r->follow));
	ahead_run(&w->a, r->now);
	status_of(r, ask(r, rig_good), NULL);
	status_of(r, ask(r, rig_good), NULL);
	status_of(r, ask(r, rig_good), NULL);
	status_of(r, ask(r, rig_held), NULL);
	status_of(r, ask(r, rig_never), NULL);
	status_of(
	    r, ask_nonce(r, r->pki.ca, rig_revoked, 2, EVP_sha1(), 16), NULL);
	shows(w, "inkan_ocsp_answers_total{issuer=\"devices-g1\","
		 "status=\"good\",source=\"prepared\"} 2");
	shows(w, "inkan_ocsp_answers_total{issuer=\"devices-g1\","
		 "status=\"good\",source=\"cached\"} 1");
	shows(w, "inkan_ocsp_answers_total{issuer=\"devices-g1\","
		 "status=\"revoked\",source=\"prepared\"} 1");
	shows(w, "inkan_ocsp_answers_total{issuer=\"devices-g1\","
		 "status=\"unknown\",source=\"signed\"} 1");
	shows(w, "inkan_ocsp_answers_total{issuer=\"devices-g1\","
		 "status=\"revoked\",source=\"signed\"} 1");
	shows(w, "inkan_ocsp_sign_duration_seconds_count 2");
	shows(w, "inkan_ocsp_asked_by_total{hash=\"other\"} 0");
	shows(w, "inkan_ocsp_signed_ahead_total 4");
	shows(w, "inkan_ocsp_prepared_certificates 4");
	shows(w, "inkan_ocsp_prepared_answers 4");
	shows(w, "inkan_ocsp_cache_answers 1");
	shows(w, "inkan_ocsp_may_sign 1");
}

/* A summary in the log takes nothing away from what is counted. */
static void
test_rising(void **state)
{
	struct watched *w = *state;
	struct rig *r = w->a.rig;

	assert_true(follow_step(r->follow));
	reply_free(ask_nonce(r, r->pki.ocsp, rig_good, 2, EVP_sha1(), 0));
	counters_report(&r->counters);
	shows(w, "inkan_ocsp_errors_total{error=\"unauthorized\"} 1");
}

static void
test_health(void **state)
{
	struct watched *w = *state;
	struct rig *r = w->a.rig;
	char why[256];

	assert_int_equal(get(w, "GET /healthz")->status, 503);
	assert_true(follow_step(r->follow));
	assert_int_equal(get(w, "GET /healthz")->status, 200);
	assert_true(metrics_healthy(&w->ctx, r->now, why, sizeof(why)));
	assert_string_equal(why, "ok");
	/* The delegate has ended. */
	r->set.max_stale = 864000;
	assert_false(
	    metrics_healthy(&w->ctx, r->now + 86401, why, sizeof(why)));
	assert_non_null(strstr(why, "devices-g1"));
	/* inkan-ca stopped. */
	assert_true(status_set_stopped(r->writer, "clock"));
	assert_true(follow_step(r->follow));
	assert_int_equal(get(w, "GET /healthz")->status, 503);
	shows(w, "inkan_ocsp_may_sign 0");
}

static void
test_refused(void **state)
{
	struct watched *w = *state;
	struct metrics_ctx ctx = w->ctx;
	struct settings set = *ctx.set;

	assert_int_equal(get(w, "GET /ocsp")->status, 404);
	assert_int_equal(get(w, "DELETE /metrics")->status, 405);
	snprintf(set.metrics.port, sizeof(set.metrics.port), "%u",
	    metrics_port(w->metrics));
	ctx.set = &set;
	assert_null(metrics_new(&ctx));
	assert_int_equal(pki_reason(), OCSP_E_LISTEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_figures, make, drop),
	    cmocka_unit_test_setup_teardown(test_rising, make, drop),
	    cmocka_unit_test_setup_teardown(test_health, make, drop),
	    cmocka_unit_test_setup_teardown(test_refused, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
