#include "tests/unit/ca/engine/world.h"

/* Signatures of OCSP answers a day, by operation. */

static const WIRE_FIELDS *
row_of(WIRE_ANSWER *a, const char *issuer)
{
	size_t i;

	world_is(a, WIRE_OK);
	for (i = 0; i < message_n_rows(a); i++)
		if (strcmp(field_text(message_row(a, i), "issuer", ""),
		    issuer) == 0)
			return message_row(a, i);
	return NULL;
}

static void
text_is(const WIRE_FIELDS *row, const char *name, const char *want)
{
	assert_non_null(row);
	assert_string_equal(field_text(row, name, ""), want);
}

static void
untold(void **state)
{
	struct world *w = *state;
	const WIRE_FIELDS *row;
	WIRE_ANSWER *a;
	char serial[64];

	world_issue(w, "one", serial);
	a = world_admin(w, "ocsp.plan", "");
	row = row_of(a, "devices-g1");
	assert_non_null(row);
	/* That one, and the world's own. */
	assert_int_equal(field_int(row, "certs", 0), 2);
	/* One answer for each and 45 minutes. */
	text_is(row, "signatures_day", "64");
	text_is(row, "fits", "not known");
	assert_non_null(strstr(field_text(row, "rate_is", ""), "not known"));
	/* The root signs none from day to day. */
	assert_null(row_of(a, "root-g1"));
	WIRE_ANSWER_free(a);
}

static void
against_the_rate(void **state)
{
	struct world *w = *state;
	const WIRE_FIELDS *row;
	WIRE_ANSWER *a;

	world_done(world_ask(w, OPS_SVC, "tell-own", "ttiiittii", "name",
	    "127.0.0.1:80", "view", "ok", "age", 4, "validity", 7200,
	    "refresh", 3600, "issuer", "devices-g1", "state", "ok", "rate",
	    5000, "budget", 1000));
	a = world_admin(w, "ocsp.plan", "ti", "issuer", "devices",
	    "fleet_size", 3600000);
	assert_int_equal(message_n_rows(a), 1);
	row = row_of(a, "devices-g1");
	text_is(row, "signatures_second", "1000");
	text_is(row, "signatures_day", "86400000");
	text_is(row, "percent", "20");
	text_is(row, "fits", "yes");
	text_is(row, "rate_is", "measured");
	WIRE_ANSWER_free(a);
	a = world_admin(w, "ocsp.plan", "tii", "issuer", "devices",
	    "fleet_size", 3600000, "rate", 1500);
	row = row_of(a, "devices-g1");
	text_is(row, "fits", "without floods");
	text_is(row, "rate_is", "supposed");
	WIRE_ANSWER_free(a);
	a = world_admin(w, "ocsp.plan", "tiii", "issuer", "devices",
	    "fleet_size", 3600000, "rate", 1500, "hashes", 2);
	text_is(row_of(a, "devices-g1"), "fits", "no");
	WIRE_ANSWER_free(a);
}

static void
refused(void **state)
{
	struct world *w = *state;

	world_refused(world_admin(w, "ocsp.plan", "t", "issuer", "none"),
	    WIRE_NOTFOUND, "no CA");
	world_refused(world_admin(w, "ocsp.plan", "i", "validity", 5),
	    WIRE_BADREQUEST, "10 seconds");
	world_refused(world_admin(w, "ocsp.plan", "ii", "validity", 3600,
	    "refresh", 1801), WIRE_BADREQUEST, "half");
	world_refused(world_admin(w, "ocsp.plan", "i", "rate", 0),
	    WIRE_BADREQUEST, "1 or more");
	world_refused(world_admin(w, "ocsp.plan", "i", "hashes", 3),
	    WIRE_BADREQUEST, "1 or 2");
	world_refused(world_admin(w, "ocsp.plan", "i", "fleet_size", -1),
	    WIRE_BADREQUEST, "not below 0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(untold),
	    cmocka_unit_test(against_the_rate),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
