#include "tests/unit/ca/engine/world.h"

/* The figures: each is what the instance is like, and moves when it does. */

/* The series of that name and label value (NULL: without); NULL: none. */
static const WIRE_FIELDS *
series(const WIRE_ANSWER *a, const char *metric, const char *value)
{
	const WIRE_FIELDS *row;
	const char *has;
	size_t i;

	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		has = field_text(row, "label_value", NULL);
		if (strcmp(field_text(row, "metric", ""), metric) == 0 &&
		    (value == NULL ? has == NULL :
		    has != NULL && strcmp(has, value) == 0))
			return row;
	}
	return NULL;
}

static int64_t
figure(struct world *w, const char *metric, const char *value)
{
	WIRE_ANSWER *a = world_ask(w, OPS_RA, "metrics", "");
	const WIRE_FIELDS *row;
	int64_t n;

	world_is(a, WIRE_OK);
	row = series(a, metric, value);
	if (row == NULL)
		fail_msg("no %s", metric);
	n = field_int(row, "value", -99);
	WIRE_ANSWER_free(a);
	return n;
}

static void
issuing_is_counted(void **state)
{
	struct world *w = *state;
	char serial[64];
	WIRE_ANSWER *a;
	const WIRE_FIELDS *row;
	int64_t n = 0;
	size_t i;

	assert_int_equal(figure(w, "inkan_ca_certificates_issued_total",
	    NULL), 0);
	world_issue(w, "m1", serial);
	world_issue(w, "m2", serial);
	a = world_ask(w, OPS_RA, "metrics", "");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "status", ""), "ok");
	row = series(a, "inkan_ca_certificates_issued_total", NULL);
	assert_int_equal(field_int(row, "value", -1), 2);
	assert_string_equal(field_text(row, "kind", ""), "counter");
	assert_true(strlen(field_text(row, "help", "")) > 10);
	row = series(a, "inkan_ca_issue_step_duration_seconds", "sign");
	assert_non_null(row);
	assert_string_equal(field_text(row, "kind", ""), "histogram");
	assert_string_equal(field_text(row, "label", ""), "step");
	assert_int_equal(field_count(row, "count"),
	    field_count(row, "bound") + 1);
	for (i = 0; i < field_count(row, "count"); i++)
		n += field_get_int(field_find(row, "count", i));
	assert_int_equal(n, 2);
	assert_true(field_int(row, "sum", 0) > 0);
	WIRE_ANSWER_free(a);
	assert_int_equal(figure(w, "inkan_ca_certificates_aborted_total",
	    NULL), 0);
}

static void
a_stop_shows(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;

	assert_int_equal(figure(w, "inkan_ca_issuing", NULL), 1);
	world_done(world_admin(w, "ca.stop", "t", "reason", "drill"));
	a = world_ask(w, OPS_RA, "metrics", "");
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(series(a, "inkan_ca_issuing", NULL),
	    "value", -1), 0);
	assert_non_null(strstr(field_text(a->values, "status", ""), "drill"));
	WIRE_ANSWER_free(a);
	world_done(world_admin(w, "ca.resume", ""));
	assert_int_equal(figure(w, "inkan_ca_issuing", NULL), 1);
}

static void
tokens_and_keys(void **state)
{
	struct world *w = *state;
	struct ca_token *t = &w->ca->tokens[0];
	struct hsm *hsm = t->hsm;
	const char *name = t->conf->name;
	WIRE_ANSWER *a = world_ask(w, OPS_RA, "metrics", "");
	const WIRE_FIELDS *row;

	row = series(a, "inkan_ca_token_answer_seconds", name);
	assert_non_null(row);
	assert_int_equal(field_int(row, "divisor", 0), 1000000);
	assert_true(field_int(row, "value", -1) >= 0);
	WIRE_ANSWER_free(a);
	assert_int_equal(figure(w, "inkan_ca_token_up", name), 1);
	t->hsm = NULL;
	assert_int_equal(figure(w, "inkan_ca_token_up", name), 0);
	t->hsm = hsm;
	assert_int_equal(figure(w, "inkan_ca_key_up", "devices-g1"), 1);
}

static void
store_log_and_ends(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	char serial[64];
	int64_t before = figure(w, "inkan_ca_store_writes_total", NULL);

	world_issue(w, "m3", serial);
	assert_true(figure(w, "inkan_ca_store_writes_total", NULL) >=
	    before + 2);
	assert_true(figure(w, "inkan_ca_store_bytes", NULL) > 4096);
	assert_true(figure(w, "inkan_ca_store_free_bytes", NULL) > 0);
	assert_int_equal(figure(w, "inkan_ca_store_up", NULL), 1);
	while (logpub_round(w->ca->log, w->now) == 2)
		;
	assert_true(figure(w, "inkan_ca_log_entries", NULL) > 0);
	assert_int_equal(figure(w, "inkan_ca_log_lag_entries", NULL), 0);
	assert_int_equal(figure(w, "inkan_ca_certificate_expiry_timestamp_"
	    "seconds", "devices-g1"), is->row.not_after);
	assert_true(figure(w, "inkan_ca_crl_next_update_timestamp_seconds",
	    "devices-g1") > w->now);
	assert_int_equal(figure(w, "inkan_ca_queue_requests", "devices"), 0);
	assert_int_equal(figure(w, "inkan_ca_workers_busy", NULL), 0);
}

static void
only_for_the_ra(void **state)
{
	world_refused(world_ask(*state, OPS_SVC, "metrics", ""), WIRE_DENIED,
	    "ops.table");
	world_refused(world_admin(*state, "metrics", ""), WIRE_DENIED,
	    "");
	world_refused(world_ask(*state, OPS_RA, "metrics", "t", "x", "y"),
	    WIRE_BADREQUEST, "no argument");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(issuing_is_counted),
	    cmocka_unit_test(a_stop_shows),
	    cmocka_unit_test(tokens_and_keys),
	    cmocka_unit_test(store_log_and_ends),
	    cmocka_unit_test(only_for_the_ra),
	};

	return cmocka_run_group_tests_name("ops_metrics", tests, world_setup,
	    world_teardown);
}
