#include "tests/unit/ca/engine/people.h"
#include "ca/engine/scope.h"

/* How many approvals what needs. */

static WIRE_FIELDS *last;

/* What an operation needs, asked as inkan-ca would ask; what it rests on into
   ${last}. -1: it is refused. */
static int
needs(struct world *w, const char *op, WIRE_FIELDS *args)
{
	struct policy *p = ca_policy(w->ca);
	struct ops_call c = {.ca = w->ca, .peer = &w->peer, .role = OPS_ADMIN,
	    .op = op, .args = args, .now = w->now};
	struct scope s = {0, NULL};
	int n = -1;

	outcome_init(&c.o);
	if (scope_find(&c, p, &s))
		n = s.need;
	field_list_free(last);
	last = s.fields;
	s.fields = NULL;
	scope_clear(&s);
	ERR_clear_error();
	field_list_free(args);
	policy_put(p);
	return n;
}

static WIRE_FIELDS *
args(const char *name, const char *value, const char *name2,
    const char *value2)
{
	WIRE_FIELDS *l = field_list_new();

	if (name != NULL)
		assert_true(field_add_text(l, name, value));
	if (name2 != NULL)
		assert_true(field_add_text(l, name2, value2));
	return l;
}

static WIRE_FIELDS *
issue_to(WIRE_FIELDS *l)
{
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "scope", &csr);

	assert_true(field_add_bytes(l, "csr", csr, (size_t)len));
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
	return l;
}

static WIRE_FIELDS *
issue(const char *profile)
{
	return issue_to(args("profile", profile, NULL, NULL));
}

static void
issuing(void **state)
{
	struct world *w = *state;

	people_as(w, 2003);
	people_activate(w, PEOPLE_CONF "approvals = ( { operation = "
	    "\"issue:code-signing\"; number = 2; }, { operation = \"issue\"; "
	    "number = 1; } );");
	people_as(w, 2002);
	assert_int_equal(needs(w, "issue", issue("code-signing")), 2);
	assert_string_equal(field_text(last, "profile", ""), "code-signing");
	assert_string_equal(field_text(last, "issuer", ""), "code-g1");
	assert_int_equal(needs(w, "issue", issue("device-ldevid")), 1);
	world_done(world_admin(w, "device.add", "tt", "fleet", "devices",
	    "name", "d-1"));
	assert_int_equal(needs(w, "issue", issue_to(args("fleet", "devices",
	    "device", "d-1"))), 1);
	assert_string_equal(field_text(last, "profile", ""), "device-ldevid");
	/* What would be refused waits for nobody. */
	assert_int_equal(needs(w, "issue", issue("nonesuch")), -1);
	assert_int_equal(needs(w, "issue", issue_to(args("fleet", "nonesuch",
	    "device", "d-1"))), -1);
	/* A profile that is not for operators. */
	assert_int_equal(needs(w, "issue", issue("root-ca")), -1);
	assert_int_equal(needs(w, "device.add", args("fleet", "devices",
	    "name", "x")), 0);
	assert_string_equal(field_text(last, "fleet", ""), "devices");
	assert_non_null(field_find(last, "fleet_sha256", 0));
}

static void
activating(void **state)
{
	struct world *w = *state;
	char *text = people_text(PEOPLE_CONF "# more\n");
	size_t n;

	people_as(w, 2003);
	world_sh("rm -f %s/operators.conf", w->dir);
	people_activate(w, PEOPLE_CONF "approvals = ( { operation = "
	    "\"profile\"; number = 1; }, { operation = \"issue\"; number = 2; "
	    "} );");
	assert_int_equal(needs(w, "policy.activate", args(NULL, NULL, NULL,
	    NULL)), 0);
	assert_int_equal(field_count(last, "change"), 0);
	world_write(w, "fleets/devices.conf", "# another\n");
	assert_int_equal(needs(w, "policy.activate", args(NULL, NULL, NULL,
	    NULL)), 0);
	assert_non_null(strstr(field_text(last, "change", ""),
	    "change fleets/devices.conf sha256:"));
	world_sh("cp %s/profiles/code-signing.conf %s/profiles/other.conf",
	    w->dir, w->dir);
	assert_int_equal(needs(w, "policy.activate", args(NULL, NULL, NULL,
	    NULL)), 1);
	n = field_count(last, "change");
	assert_int_equal(n, 2);
	/* The rules themselves: the highest of them. */
	world_write(w, OPERATORS_PATH, text);
	assert_int_equal(needs(w, "policy.activate", args(NULL, NULL, NULL,
	    NULL)), 2);
	world_sh("rm %s/operators.conf", w->dir);
	assert_int_equal(needs(w, "policy.activate", args(NULL, NULL, NULL,
	    NULL)), 2);
	assert_int_equal(field_count(last, "change"), 3);
	OPENSSL_free(text);
	world_sh("rm %s/profiles/other.conf", w->dir);
	world_write(w, "fleets/devices.conf", WORLD_FLEET);
}

/* Files that change between the look and the act are not activated. */
static void
swapped(void **state)
{
	struct world *w = *state;
	struct policy *p = ca_policy(w->ca);
	struct ops_call c = {.ca = w->ca, .peer = &w->peer, .role = OPS_ADMIN,
	    .op = "policy.activate", .now = w->now};
	struct scope s = {0, NULL};
	char *text = people_text(PEOPLE_CONF "approvals = ( { operation = "
	    "\"profile\"; number = 1; }, { operation = \"issue\"; number = 2; "
	    "} );");

	people_as(w, 2003);
	world_write(w, OPERATORS_PATH, text);
	c.args = args(NULL, NULL, NULL, NULL);
	c.answer = message_answer(1, WIRE_OK);
	outcome_init(&c.o);
	assert_true(scope_find(&c, p, &s));
	assert_int_equal(s.need, 2);
	world_sh("echo '# swapped' >>%s/fleets/devices.conf", w->dir);
	assert_false(ops_policy_activate(&c));
	assert_string_equal(c.o.rule, "policy.changed");
	world_write(w, "fleets/devices.conf", WORLD_FLEET);
	assert_true(ops_policy_activate(&c));
	ERR_clear_error();
	scope_clear(&s);
	field_list_free((WIRE_FIELDS *)(uintptr_t)c.args);
	WIRE_ANSWER_free(c.answer);
	OPENSSL_free(text);
	policy_put(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(issuing),
	    cmocka_unit_test(swapped),
	};
	const struct CMUnitTest files[] = {
	    cmocka_unit_test(activating),
	};
	int rc = cmocka_run_group_tests(files, people_setup, people_teardown) ||
	    cmocka_run_group_tests(tests, people_setup, people_teardown);

	field_list_free(last);
	return rc;
}
