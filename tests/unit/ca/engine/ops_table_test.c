#include "tests/unit/ca/engine/world.h"

/* The table: what is not in it does not exist. */

/* Its name is its own, and text and octets have a limit. */
static void
argument_is_sound(const struct ops_entry *e, size_t k)
{
	const struct ops_arg *a = &e->args[k];
	int sized = a->type == V_ASN1_UTF8STRING ||
	    a->type == V_ASN1_OCTET_STRING;
	size_t i;

	for (i = 0; i < k; i++)
		assert_string_not_equal(e->args[i].name, a->name);
	if (sized != (a->max > 0))
		fail_msg("%s: %s has a limit of %zu", e->name, a->name, a->max);
	assert_int_equal(a->flags & ~(OPS_REQUIRED | OPS_MANY), 0);
}

static void
table_is_sound(void **state)
{
	const struct ops_entry *t;
	size_t i, k, n;

	(void)state;
	t = ops_table(&n);
	assert_true(n > 30);
	for (i = 0; i < n; i++) {
		assert_non_null(t[i].answer);
		assert_true(t[i].roles != 0);
		for (k = 0; k < i; k++)
			assert_string_not_equal(t[i].name, t[k].name);
		for (k = 0; k < t[i].n_args; k++)
			argument_is_sound(&t[i], k);
	}
}

static void
roles_are_separate(void **state)
{
	static const char *const admin_only[] = {"issue", "revoke", "release",
	    "policy.activate", "device.add", "device.revoke", "secret.new",
	    "ca.stop", "status", "key.list", "log.list", "cert.list"};
	size_t i;

	for (i = 0; i < sizeof(admin_only) / sizeof(admin_only[0]); i++) {
		world_refused(world_ask(*state, OPS_RA, admin_only[i], ""),
		    WIRE_DENIED, "ops.table");
		world_refused(world_ask(*state, OPS_SVC, admin_only[i], ""),
		    WIRE_DENIED, "ops.table");
	}
	world_refused(world_ask(*state, OPS_ADMIN, "enroll", ""), WIRE_DENIED,
	    "ops.table");
	world_refused(world_ask(*state, OPS_RA, "renew-own", ""), WIRE_DENIED,
	    "ops.table");
	world_refused(world_ask(*state, OPS_ADMIN, "sign-digest", ""),
	    WIRE_DENIED, "does not exist");
}

/* At the limit it is taken, one octet above it is not. */
static void
limits_hold(void **state)
{
	char text[102];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	world_refused(world_admin(*state, "ca.stop", "t", "reason", text),
	    WIRE_BADREQUEST, "longer than 100");
	text[100] = '\0';
	world_done(world_admin(*state, "ca.stop", "t", "reason", text));
	world_done(world_admin(*state, "ca.resume", ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_is_sound),
	    cmocka_unit_test(roles_are_separate),
	    cmocka_unit_test(limits_hold),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
