#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ra/metrics.h"

/* Is that line in what would be shown? */
static int
shows(struct metrics *m, const char *line)
{
	struct prom *p = prom_new();
	char want[512];
	size_t len;
	int found;

	metrics_write(m, p);
	snprintf(want, sizeof(want), "\n%s\n", line);
	found = strstr(prom_text(p, &len), want) != NULL;
	prom_free(p);
	return found;
}

#define R(fleet, op, stage, outcome, n)                                        \
	"inkan_ra_requests_total{fleet=\"" fleet "\",op=\"" op "\",stage=\""   \
	stage "\",outcome=\"" outcome "\"} " n

static void
requests(void **state)
{
	struct metrics *m = metrics_new(1700000000);
	struct metrics_fleet *a = metrics_fleet(m, "a");

	(void)state;
	assert_non_null(a);
	assert_ptr_equal(metrics_fleet(m, "a"), a);
	assert_ptr_not_equal(metrics_fleet(m, "b"), a);
	assert_null(metrics_fleet(m, ""));
	metrics_request(m, a, ROUTE_SIMPLEENROLL, 200, NULL, 1500);
	metrics_request(m, a, ROUTE_SIMPLEENROLL, 200, "", 2000);
	metrics_request(m, a, ROUTE_SIMPLEENROLL, 403, "authorize", 900);
	metrics_request(m, a, ROUTE_SIMPLEENROLL, 202, "approve", 1);
	metrics_request(m, a, ROUTE_SIMPLEENROLL, 429, "authorize", 1);
	metrics_request(m, a, ROUTE_CACERTS, 503, "ca", 1);
	metrics_request(m, a, ROUTE_CACERTS, 500, "answer", 1);
	metrics_request(m, a, ROUTE_FULLCMC, 501, "route", 1);
	metrics_request(m, a, ROUTE_CACERTS, 0, NULL, 1);
	metrics_request(m, NULL, ROUTE_NONE, 404, "what nobody knows", 1);
	metrics_request(m, NULL, (enum route_op)77, 404, "route", 1);
	assert_true(shows(m, R("a", "simpleenroll", "-", "ok", "2")));
	assert_true(
	    shows(m, R("a", "simpleenroll", "authorize", "refused", "1")));
	assert_true(
	    shows(m, R("a", "simpleenroll", "approve", "parked", "1")));
	assert_true(
	    shows(m, R("a", "simpleenroll", "authorize", "limited", "1")));
	assert_true(shows(m, R("a", "cacerts", "ca", "unavailable", "1")));
	assert_true(shows(m, R("a", "cacerts", "answer", "failed", "1")));
	assert_true(shows(m, R("a", "fullcmc", "route", "refused", "1")));
	assert_true(shows(m, R("a", "cacerts", "-", "gone", "1")));
	assert_true(shows(m, R("-", "-", "other", "refused", "1")));
	assert_false(shows(m, R("b", "simpleenroll", "-", "ok", "0")));
	assert_true(shows(m, "inkan_ra_request_duration_seconds_count{op="
			     "\"simpleenroll\"} 5"));
	assert_true(shows(m, "inkan_ra_request_duration_seconds_bucket{op="
			     "\"simpleenroll\",le=\"0.001\"} 3"));
	assert_true(shows(m, "process_start_time_seconds 1700000000"));
	metrics_free(m);
}

/* Fleets beyond the limit share the series of those that do not exist. */
static void
fleets_are_bounded(void **state)
{
	struct metrics *m = metrics_new(0);
	char name[32];
	int i;

	(void)state;
	for (i = 0; i < METRICS_FLEETS_MAX; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		assert_non_null(metrics_fleet(m, name));
	}
	assert_null(metrics_fleet(m, "one too many"));
	assert_non_null(metrics_fleet(m, "f0"));
	metrics_request(m, metrics_fleet(m, "one too many"), ROUTE_CACERTS,
	    200, NULL, 1);
	assert_true(shows(m, R("-", "cacerts", "-", "ok", "1")));
	metrics_free(m);
}

static void
events_and_phases(void **state)
{
	struct metrics *m = metrics_new(0);

	(void)state;
	metrics_count(m, METRICS_TLS13);
	metrics_count(m, METRICS_TLS13);
	metrics_count(m, METRICS_LATE_HANDSHAKE);
	metrics_count(m, METRICS_EVENTS); /* none */
	assert_int_equal(metrics_counted(m, METRICS_TLS13), 2);
	metrics_phase(m, -1, 0);
	metrics_phase(m, -1, 0);
	metrics_phase(m, 0, 1);
	assert_true(shows(
	    m, "inkan_ra_tls_handshakes_total{version=\"TLSv1.3\"} 2"));
	assert_true(
	    shows(m, "inkan_ra_timeouts_total{phase=\"handshake\"} 1"));
	assert_true(shows(m,
	    "inkan_ra_tls_handshake_failures_total{reason=\"timeout\"} 1"));
	assert_true(shows(m, "inkan_ra_connections{phase=\"handshake\"} 1"));
	assert_true(shows(m, "inkan_ra_connections{phase=\"idle\"} 1"));
	metrics_phase(m, 0, -1);
	metrics_phase(m, 1, -1);
	assert_true(shows(m, "inkan_ra_connections{phase=\"handshake\"} 0"));
	metrics_free(m);
}

static void
without_any(void **state)
{
	(void)state;
	metrics_count(NULL, METRICS_TLS12);
	metrics_phase(NULL, 0, 1);
	metrics_request(NULL, NULL, ROUTE_CACERTS, 200, NULL, 1);
	assert_null(metrics_fleet(NULL, "a"));
	assert_null(metrics_ca_calls(NULL));
	assert_null(metrics_handshakes(NULL));
	assert_int_equal(metrics_counted(NULL, METRICS_TLS12), 0);
	metrics_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests),
	    cmocka_unit_test(fleets_are_bounded),
	    cmocka_unit_test(events_and_phases),
	    cmocka_unit_test(without_any),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
