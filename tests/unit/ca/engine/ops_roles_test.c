#include "tests/unit/ca/engine/people.h"

/* The table roles x operations: code, document, and what really happens. */

#define DOC "docs/operators.md"

/* Every operation of the admin socket has its row, and no row is of another. */
static void
as_the_operations(void **state)
{
	const struct ops_roles *r;
	const struct ops_entry *e;
	size_t i, k, n, m;

	(void)state;
	e = ops_table(&n);
	r = ops_roles_table(&m);
	for (i = 0; i < n; i++)
		if ((e[i].roles & OPS_ADMIN) &&
		    ops_roles_find(e[i].name) == NULL)
			fail_msg("%s has no row of roles", e[i].name);
	for (k = 0; k < m; k++) {
		for (i = 0; i < n; i++)
			if (strcmp(e[i].name, r[k].op) == 0)
				break;
		if (i == n || !(e[i].roles & OPS_ADMIN))
			fail_msg("%s is no operation of admin.sock", r[k].op);
		assert_ptr_equal(ops_roles_find(r[k].op), &r[k]);
	}
}

static const char *
yes(int is)
{
	return is ? "yes" : "\xe2\x80\x93";
}

static void
row_of(const struct ops_roles *r, char out[256])
{
	const char *by = r->approve == OPERATOR_ADMIN ? "admin" :
	    r->approve == OPERATOR_OFFICER ? "officer" :
	    r->approve == 0 ? yes(0) : "admin, officer";

	snprintf(out, 256, "| `%s` | %s | %s | %s | %s | %s |\n", r->op,
	    yes(r->may & OPERATOR_ADMIN), yes(r->may & OPERATOR_OFFICER),
	    yes(r->may & OPERATOR_AUDITOR), by, yes(r->flags & OPS_BREAKS));
}

/* docs/operators.md shows exactly these rows, in this order. */
static void
as_the_document(void **state)
{
	const struct ops_roles *r;
	char line[512], want[256];
	size_t i = 0, n;
	FILE *f = fopen(DOC, "r");

	(void)state;
	assert_non_null(f);
	r = ops_roles_table(&n);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "| `", 3) != 0 ||
		    strstr(line, " | yes | ") == NULL)
			continue;
		if (i == n)
			fail_msg("one row too many: %s", line);
		row_of(&r[i++], want);
		assert_string_equal(line, want);
	}
	fclose(f);
	assert_int_equal(i, n);
}

/* What the roles are for, in so many words. */
static void
separation(void **state)
{
	/* Reading, adding a signature, and beginning another log. */
	static const char log_ops[] = "list where prove cosign accept";
	const struct ops_roles *r;
	size_t i, n;

	(void)state;
	r = ops_roles_table(&n);
	assert_false(ops_roles_find("issue")->may & OPERATOR_ADMIN);
	assert_false(ops_roles_find("issue")->approve & OPERATOR_ADMIN);
	assert_false(ops_roles_find("policy.activate")->may &
	    OPERATOR_OFFICER);
	assert_false(ops_roles_find("policy.activate")->approve &
	    OPERATOR_OFFICER);
	for (i = 0; i < n; i++) {
		/* Nobody prunes or writes the log: there is no such thing. */
		if (strncmp(r[i].op, "log.", 4) == 0)
			assert_non_null(strstr(log_ops, r[i].op + 4));
		/* What an auditor may needs no approval: it changes nothing. */
		if (r[i].may & OPERATOR_AUDITOR)
			assert_int_equal(r[i].approve | r[i].flags, 0);
		else
			assert_true(r[i].may != 0);
		/* Break-glass is for stopping harm. */
		if (r[i].flags & OPS_BREAKS)
			assert_true((r[i].flags & OPS_REVOKES) ||
			    strcmp(r[i].op, "ca.stop") == 0 ||
			    strcmp(r[i].op, "crl.issue") == 0);
	}
	assert_null(ops_roles_find("log.prune"));
	assert_int_equal(ops_roles_approvable("cert.list"), 0);
	assert_int_equal(ops_roles_approvable("nothing"), 0);
	assert_int_equal(ops_roles_approvable("profile"), OPERATOR_ADMIN);
	assert_int_equal(ops_roles_approvable("issue"), OPERATOR_OFFICER);
}

/* Of every operation and every role: refused by its role, or not by it. */
static void
one_by_one(struct world *w, uid_t uid, unsigned role)
{
	const struct ops_roles *r;
	WIRE_ANSWER *a;
	size_t i, n;
	int by_role;

	people_as(w, uid);
	r = ops_roles_table(&n);
	for (i = 0; i < n; i++) {
		/* Nothing is to change here: an argument too many. */
		a = world_admin(w, r[i].op, "t", "surprise", "x");
		by_role = strncmp(message_refusal(a, "rule"), "role.", 5) ==
		    0;
		if (by_role != !(r[i].may & role))
			fail_msg("%s as %u: %s %s", r[i].op, role,
			    message_refusal(a, "rule"),
			    message_refusal(a, "text"));
		world_is(a, by_role ? WIRE_DENIED : WIRE_BADREQUEST);
		WIRE_ANSWER_free(a);
	}
}

static void
asked(void **state)
{
	struct world *w = *state;

	people_activate(w, PEOPLE_CONF);
	one_by_one(w, 2001, OPERATOR_ADMIN);
	one_by_one(w, 2002, OPERATOR_OFFICER);
	one_by_one(w, 2005, OPERATOR_AUDITOR);
	one_by_one(w, 2003, OPERATOR_ADMIN | OPERATOR_OFFICER);
	one_by_one(w, 12345, 0);
	/* A group gives its role to whoever is in it. */
	people_as(w, 12345);
	w->peer.groups[0] = 2100;
	w->peer.n_groups = 1;
	world_done(world_admin(w, "status", ""));
	world_refused(world_admin(w, "ca.stop", ""), WIRE_DENIED,
	    "role.operation");
	people_as(w, 12345);
	world_refused(world_admin(w, "status", ""), WIRE_DENIED, "role.none");
	people_as(w, 2005);
	assert_true(world_log(w, "refusal", "rule=role.none") >= 1);
	assert_true(world_log(w, "refusal", "rule=role.operation") >= 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_the_operations),
	    cmocka_unit_test(as_the_document),
	    cmocka_unit_test(separation),
	    cmocka_unit_test(asked),
	};

	return cmocka_run_group_tests(tests, people_setup, people_teardown);
}
