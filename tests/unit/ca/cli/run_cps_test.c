#include "tests/unit/ca/cli/canned.h"
#include "ca/cli/cps_outline.h"

/* The skeleton: the whole outline, and what the instance answers. */

static int with_operators;

static void
list(const char *op, WIRE_ANSWER *a)
{
	WIRE_FIELDS *l;

	if (strcmp(op, "operator.list") == 0) {
		field_add_text(a->values, "approvals",
		    "issue:code-signing = 2");
		if (!with_operators)
			return;
	}
	l = message_add_row(a);
	field_add_text(l, "name", "one|two");
	field_add_text(l, "ident", "devices-g1");
	field_add_text(l, "roles", "admin");
}

static void
server(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	const char *op = message_request_op(req);
	WIRE_FIELDS *v = a->values;

	if (strstr(op, ".list") != NULL) {
		list(op, a);
	} else if (strcmp(op, "policy.show") == 0) {
		field_add_int(v, "version", 9);
		field_add_text(v, "sha256", "00ff");
	} else if (strcmp(op, "profile.show") == 0) {
		field_add_text(v, "text", "name = x\nkey_types = ec-p256\n"
		    "validity.duration = 5s\nsubject[0] = CN\n");
	} else if (strcmp(op, "ca.show") == 0) {
		field_add_text(v, "ident", "devices-g1");
		field_add_text(v, "crl_url", "http://crl");
	} else {
		field_add_text(v, "origin", "example/log");
		field_add_text(v, "key", "example/log+0011+xx");
	}
}

static void
written(void **state)
{
	const struct cps_section *s;
	char line[200];

	(void)state;
	canned.answer = server;
	with_operators = 1;
	assert_int_equal(tool("cps", NULL), 0);
	for (s = cps_outline; s->number != NULL; s++) {
		snprintf(line, sizeof(line), " %s%s %s\n", s->number,
		    strchr(s->number, '.') == NULL ? "." : "", s->title);
		assert_in(canned.out, line);
	}
	assert_in(canned.out, "version 9 of the policy");
	assert_in(canned.out, "- one|two: key_types = ec-p256\n");
	assert_in(canned.out, "- one|two: validity.duration = 5s\n");
	assert_in(canned.out, "| devices-g1 | - | http://crl |");
	/* A bar inside a cell does not cut the table. */
	assert_in(canned.out, "| one/two | admin |");
	assert_in(canned.out, "issue:code-signing = 2 approvals of others");
	assert_in(canned.out, "verifier key: example/log+0011+xx");
	assert_in(canned.out, "[To be written.]");
}

static void
nobody(void **state)
{
	(void)state;
	with_operators = 0;
	assert_int_equal(tool("cps", NULL), 0);
	assert_in(canned.out, "names no operators");
}

/* RFC 3647, section 6: nine components, in order, none twice. */
static void
outline(void **state)
{
	const struct cps_section *s;
	int top = 0, major;

	(void)state;
	for (s = cps_outline; s->number != NULL; s++) {
		major = atoi(s->number);
		if (strchr(s->number, '.') == NULL)
			assert_int_equal(major, ++top);
		assert_int_equal(major, top);
		if (s[1].number != NULL)
			assert_string_not_equal(s->number, s[1].number);
	}
	assert_int_equal(top, 9);
}

static void
fails(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	message_set_status(a, WIRE_DENIED);
	message_set_refusal(a, "authorize", "role.none", "op", "no role");
}

static void
refused(void **state)
{
	(void)state;
	canned.answer = fails;
	assert_int_equal(tool("cps", NULL), CLI_FAILED);
	assert_string_equal(canned.out, "");
	assert_in(canned.err, "role.none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(written),
	    cmocka_unit_test(nobody),
	    cmocka_unit_test(outline),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, canned_start, canned_stop);
}
