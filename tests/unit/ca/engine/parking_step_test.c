/* Steps of a request: once, and never back. */

#define PARKING_CONF PEOPLE_CONF "approvals = ( { operation = \"device.add\"; " \
	"number = 1; }, { operation = \"issue:ldevid\"; number = 1; } );\n" \
	"lifetime = \"1h\";\n"
#include "tests/unit/ca/engine/parking.h"

static void
a_result_is_kept(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int id, len = world_csr(key, "s-1", &csr);
	WIRE_ANSWER *a;
	size_t n = 0;

	people_as(w, 2002);
	id = people_parked(world_admin(w, "issue", "tb", "profile",
	    "device-ldevid", "csr", csr, len));
	world_done(people_approve(w, 3, id));
	a = world_admin(w, "request.show", "i", "id", id);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "result", ""), "ok");
	assert_int_equal(strlen(field_text(a->values, "result.serial", "")),
	    40);
	(void)field_bytes(a->values, "result.cert", &n);
	assert_true(n > 300);
	assert_true(field_int(a->values, "log_from", 0) > 0);
	WIRE_ANSWER_free(a);
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

/* What the operation refuses is an answer, too; and it is not tried again. */
static void
it_fails(void **state)
{
	struct world *w = *state;
	int one = park(w, "s-2"), two = park(w, "s-2");
	WIRE_ANSWER *a;

	world_done(people_approve(w, 2, one));
	a = people_approve(w, 2, two);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "failed");
	WIRE_ANSWER_free(a);
	people_state(w, two, "failed");
	people_as(w, 2002);
	world_refused(world_admin(w, "request.run", "i", "id", two),
	    WIRE_DENIED, "approval.state");
	assert_int_equal(world_log(w, "request.failed", "op=device.add"), 1);
}

/* Approved, and the program ended: it can be run. */
static void
run_after_a_crash(void **state)
{
	struct world *w = *state;
	int id = park(w, "s-3");
	size_t n = 99;

	set(w, id, PARKED_APPROVED);
	assert_true(parking_recover(w->ca->store, w->now, &n));
	assert_int_equal(n, 0);
	people_as(w, 2001);
	world_refused(world_admin(w, "request.run", "i", "id", id),
	    WIRE_DENIED, "role.operation");
	people_as(w, 2002);
	world_done(world_admin(w, "request.run", "i", "id", id));
	people_state(w, id, "done");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_result_is_kept),
	    cmocka_unit_test(it_fails),
	    cmocka_unit_test(run_after_a_crash),
	};

	return cmocka_run_group_tests(tests, begin, people_teardown);
}
