#include "tests/unit/ca/engine/world.h"

/* The forecast by operation: from the store, or from what is supposed. */

static const WIRE_FIELDS *
best(WIRE_ANSWER *a)
{
	size_t i;

	for (i = 0; i < message_n_rows(a); i++)
		if (strcmp(field_text(message_row(a, i), "fits", ""),
		    "best") == 0)
			return message_row(a, i);
	fail_msg("nothing is best");
	return NULL;
}

static void
from_the_store(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	char serial[64];

	world_issue(w, "one", serial);
	world_issue(w, "two", serial);
	world_done(world_admin(w, "revoke", "t", "serial", serial));
	a = world_admin(w, "crl.plan", "");
	world_is(a, WIRE_OK);
	/* The one with the most certificates. */
	assert_string_equal(field_text(a->values, "issuer", ""),
	    "devices-g1");
	assert_string_equal(field_text(a->values, "fleet_size", ""), "2");
	assert_string_equal(field_text(a->values, "revocation_rate", ""),
	    "33.3");
	assert_int_equal(message_n_rows(a), 4);
	assert_string_equal(field_text(best(a), "choice", ""), "full CRL");
	assert_non_null(field_text(a->values, "advice", NULL));
	WIRE_ANSWER_free(a);
	a = world_admin(w, "crl.plan", "t", "issuer", "code");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "fleet_size", ""), "0");
	WIRE_ANSWER_free(a);
}

static void
supposed(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;

	a = world_admin(w, "crl.plan", "titiif", "issuer", "devices",
	    "fleet_size", 10000000, "revocation_rate", "1.5%", "validity",
	    365 * 86400, "crl_interval", 6 * 3600, "ocsp", 1);
	world_is(a, WIRE_OK);
	/* 10 M x 1.5 % x half a year */
	assert_string_equal(field_text(a->values, "entries", ""), "75000");
	assert_int_equal(field_int(a->values, "crl_interval", 0), 21600);
	assert_non_null(strstr(field_text(best(a), "choice", ""), "shards"));
	WIRE_ANSWER_free(a);
}

static void
refused(void **state)
{
	struct world *w = *state;
	static const char *const rates[] = {"", "x", "-1", "100.1", "nan",
	    "1 2", "inf"};
	size_t i;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		world_refused(world_admin(w, "crl.plan", "t",
		    "revocation_rate", rates[i]), WIRE_BADREQUEST, "percent");
	world_refused(world_admin(w, "crl.plan", "t", "issuer", "none"),
	    WIRE_NOTFOUND, "no CA");
	world_refused(world_admin(w, "crl.plan", "i", "fleet_size", -1),
	    WIRE_BADREQUEST, "not below 0");
	world_refused(world_admin(w, "crl.plan", "i", "validity", -1),
	    WIRE_BADREQUEST, "not below 0");
	world_refused(world_admin(w, "crl.plan", "i", "crl_interval", 1),
	    WIRE_BADREQUEST, "30 seconds");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(from_the_store),
	    cmocka_unit_test(supposed),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
