#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ca/report/prom.h"

static void
same(const struct prom *p, const char *want)
{
	size_t len = 0;
	const char *text = prom_text(p, &len);

	assert_non_null(text);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
}

static void
test_series(void **state)
{
	struct prom *p = prom_new();

	(void)state;
	same(p, "");
	prom_family(p, "x_total", PROM_COUNTER, "What is counted.");
	prom_number(p, 0, NULL);
	prom_number(p, UINT64_MAX, "fleet", "a", "op", NULL, NULL);
	prom_family(p, "y_seconds", PROM_GAUGE, "a\\b\n\"c\"");
	prom_real(p, 0.25, "k", "v", NULL);
	prom_real(p, (double)NAN, NULL);
	prom_real(p, -(double)INFINITY, NULL);
	prom_real(p, (double)INFINITY, NULL);
	prom_real(p, 1769904000, NULL);
	same(p,
	    "# HELP x_total What is counted.\n"
	    "# TYPE x_total counter\n"
	    "x_total 0\n"
	    "x_total{fleet=\"a\",op=\"-\"} 18446744073709551615\n"
	    "# HELP y_seconds a\\\\b\\n\"c\"\n"
	    "# TYPE y_seconds gauge\n"
	    "y_seconds{k=\"v\"} 0.25\n"
	    "y_seconds NaN\n"
	    "y_seconds -Inf\n"
	    "y_seconds +Inf\n"
	    "y_seconds 1769904000\n");
	prom_free(p);
	prom_free(NULL);
}

/* A value can neither end its quotes nor its line, nor be what is not UTF-8. */
static void
test_escaping(void **state)
{
	struct prom *p = prom_new();

	(void)state;
	prom_family(p, "x", PROM_GAUGE, "");
	prom_number(p, 1, "l", "a\"} 2\nx 3", NULL);
	prom_number(p, 1, "l", "c:\\d", NULL);
	prom_number(p, 1, "l", "Ger\xc3\xa4t \xff\x07", NULL);
	prom_number(p, 1, "l", "\n\n", NULL);
	same(p,
	    "# HELP x \n"
	    "# TYPE x gauge\n"
	    "x{l=\"a\\\"} 2\\nx 3\"} 1\n"
	    "x{l=\"c:\\\\d\"} 1\n"
	    "x{l=\"Ger\xc3\xa4t \\\\xff\\\\x07\"} 1\n"
	    "x{l=\"\\n\\n\"} 1\n");
	prom_free(p);
}

static void
test_histogram(void **state)
{
	static const uint32_t bounds[] = {10, 2500, 1000000};
	struct prom_histogram h, sum;
	struct prom *p = prom_new();

	(void)state;
	memset(&h, 0, sizeof(h));
	memset(&sum, 0, sizeof(sum));
	prom_histogram_init(&h, bounds, 3);
	prom_histogram_init(&sum, bounds, 3);
	prom_observe(&h, 10);	     /* a bound belongs to its bucket */
	prom_observe(&h, 11);
	prom_observe(&h, 2500);
	prom_observe(&h, 1000001);
	prom_histogram_add(&sum, &h);
	prom_histogram_add(&sum, &h);
	prom_family(p, "d_seconds", PROM_HISTOGRAM, "How long.");
	prom_histogram(p, &h, "op", "x", NULL);
	prom_histogram(p, &sum, NULL);
	same(p,
	    "# HELP d_seconds How long.\n"
	    "# TYPE d_seconds histogram\n"
	    "d_seconds_bucket{op=\"x\",le=\"1e-05\"} 1\n"
	    "d_seconds_bucket{op=\"x\",le=\"0.0025\"} 3\n"
	    "d_seconds_bucket{op=\"x\",le=\"1\"} 3\n"
	    "d_seconds_bucket{op=\"x\",le=\"+Inf\"} 4\n"
	    "d_seconds_sum{op=\"x\"} 1.002522\n"
	    "d_seconds_count{op=\"x\"} 4\n"
	    "d_seconds_bucket{le=\"1e-05\"} 2\n"
	    "d_seconds_bucket{le=\"0.0025\"} 6\n"
	    "d_seconds_bucket{le=\"1\"} 6\n"
	    "d_seconds_bucket{le=\"+Inf\"} 8\n"
	    "d_seconds_sum 2.005044\n"
	    "d_seconds_count 8\n");
	prom_free(p);
}

static void
test_ladders(void **state)
{
	size_t i;

	(void)state;
	assert_true(PROM_BOUNDS_SLOW_N <= PROM_BUCKETS_MAX);
	assert_true(PROM_BOUNDS_FAST_N <= PROM_BUCKETS_MAX);
	for (i = 1; i < PROM_BOUNDS_SLOW_N; i++)
		assert_true(PROM_BOUNDS_SLOW[i - 1] < PROM_BOUNDS_SLOW[i]);
	for (i = 1; i < PROM_BOUNDS_FAST_N; i++)
		assert_true(PROM_BOUNDS_FAST[i - 1] < PROM_BOUNDS_FAST[i]);
}

/* Too much is told instead of being cut off. */
static void
test_too_much(void **state)
{
	struct prom *p = prom_new();
	char *value = malloc(65536);
	size_t len, n;

	(void)state;
	memset(value, 'v', 65535);
	value[65535] = '\0';
	prom_family(p, "x", PROM_GAUGE, "");
	for (n = 0; n < 100; n++)
		prom_number(p, n, "l", value, NULL);
	assert_non_null(prom_text(p, &len));
	assert_true(len > 100 * 65535);
	for (; n < 200; n++)
		prom_number(p, n, "l", value, NULL);
	assert_null(prom_text(p, &len));
	prom_number(p, 1, NULL);
	assert_null(prom_text(p, &len));
	free(value);
	prom_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_series),
	    cmocka_unit_test(test_escaping),
	    cmocka_unit_test(test_histogram),
	    cmocka_unit_test(test_ladders),
	    cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
