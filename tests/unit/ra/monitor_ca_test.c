#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ra/monitor_ca.h"

static WIRE_FIELDS *
add(WIRE_ANSWER *a, const char *metric, const char *kind, const char *label,
    const char *value)
{
	WIRE_FIELDS *row = message_add_row(a);

	assert_non_null(row);
	assert_true(field_add_text(row, "metric", metric) &&
	    field_add_text(row, "kind", kind) &&
	    field_add_text(row, "help", "What it is.") &&
	    field_add_text(row, "label", label) &&
	    field_add_text(row, "label_value", value));
	return row;
}

static void
same(const WIRE_ANSWER *a, const char *want)
{
	struct prom *p = prom_new();
	size_t len;

	monitor_ca_write(a, p);
	assert_string_equal(prom_text(p, &len), want);
	prom_free(p);
}

static void
figures(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	WIRE_FIELDS *row;

	(void)state;
	field_add_int(add(a, "inkan_ca_x", "gauge", NULL, NULL), "value", -1);
	field_add_int(
	    add(a, "inkan_ca_y_total", "counter", "ca", "a\"b"), "value", 7);
	row = add(a, "inkan_ca_y_total", "counter", "ca", "c");
	field_add_int(row, "value", 1769904000);
	row = add(a, "inkan_ca_z_seconds", "gauge", "token", "");
	field_add_int(row, "value", 1500);
	field_add_int(row, "divisor", 1000000);
	row = add(a, "inkan_ca_d_seconds", "histogram", "step", "sign");
	field_add_int(row, "bound", 1000);
	field_add_int(row, "count", 2);
	field_add_int(row, "count", 1);
	field_add_int(row, "sum", 2500);
	same(a,
	    "# HELP inkan_ca_x What it is.\n# TYPE inkan_ca_x gauge\n"
	    "inkan_ca_x -1\n"
	    "# HELP inkan_ca_y_total What it is.\n"
	    "# TYPE inkan_ca_y_total counter\n"
	    "inkan_ca_y_total{ca=\"a\\\"b\"} 7\n"
	    "inkan_ca_y_total{ca=\"c\"} 1769904000\n"
	    "# HELP inkan_ca_z_seconds What it is.\n"
	    "# TYPE inkan_ca_z_seconds gauge\n"
	    "inkan_ca_z_seconds{token=\"\"} 0.0015\n"
	    "# HELP inkan_ca_d_seconds What it is.\n"
	    "# TYPE inkan_ca_d_seconds histogram\n"
	    "inkan_ca_d_seconds_bucket{step=\"sign\",le=\"0.001\"} 2\n"
	    "inkan_ca_d_seconds_bucket{step=\"sign\",le=\"+Inf\"} 3\n"
	    "inkan_ca_d_seconds_sum{step=\"sign\"} 0.0025\n"
	    "inkan_ca_d_seconds_count{step=\"sign\"} 3\n");
	WIRE_ANSWER_free(a);
}

/* What is not of our form is left out, and the rest is shown. */
static void
left_out(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	WIRE_FIELDS *row;
	int i;

	(void)state;
	add(a, "inkan_ra_x", "gauge", NULL, NULL);
	add(a, "inkan_ca_x y", "gauge", NULL, NULL);
	add(a, "inkan_ca_x\n", "gauge", NULL, NULL);
	add(a, "inkan_ca_x", "summary", NULL, NULL);
	add(a, "inkan_ca_x", "gauge", "a b", "v");
	message_add_row(a);
	row = add(a, "inkan_ca_h", "histogram", NULL, NULL);
	field_add_int(row, "bound", 5); /* a count is missing */
	field_add_int(row, "count", 5);
	row = add(a, "inkan_ca_h", "histogram", NULL, NULL);
	for (i = 0; i <= PROM_BUCKETS_MAX; i++) { /* too many */
		field_add_int(row, "bound", i + 1);
		field_add_int(row, "count", 0);
	}
	field_add_int(row, "count", 0);
	field_add_int(add(a, "inkan_ca_ok", "gauge", NULL, NULL), "value", 1);
	same(a,
	    "# HELP inkan_ca_h What it is.\n# TYPE inkan_ca_h histogram\n"
	    "# HELP inkan_ca_ok What it is.\n# TYPE inkan_ca_ok gauge\n"
	    "inkan_ca_ok 1\n");
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(figures),
	    cmocka_unit_test(left_out),
	};

	return cmocka_run_group_tests_name("monitor_ca", tests, NULL, NULL);
}
