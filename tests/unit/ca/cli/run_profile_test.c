#include "tests/unit/ca/cli/canned.h"
#include <jansson.h>

static const char GOOD[] =
    "name = \"leaf\";\n"
    "class = \"ldevid\";\n"
    "description = \"x\";\n"
    "issued_by = [ \"operator\" ];\n"
    "issuer = \"devices\";\n"
    "key_types = [ \"ec-p256\" ];\n"
    "validity: { duration = \"90d\"; backdate = \"5m\"; };\n"
    "subject = ( { attribute = \"CN\"; from = \"identity.cn\"; } );\n"
    "key_usage: { critical = true; bits = [ \"digitalSignature\" ]; };\n"
    "extended_key_usage: { critical = false;"
    " purposes = [ \"clientAuth\" ]; };\n";

static int
start(void **state)
{
	int r = canned_start(state);

	canned_write("good.conf", GOOD, strlen(GOOD));
	canned_write("bad.conf", "name = \"x\";\nvaldity = 1;\n", 25);
	return r;
}

static void
test_check(void **state)
{
	char good[160], bad[160];
	json_t *v;

	(void)state;
	strcpy(good, canned_file("good.conf"));
	strcpy(bad, canned_file("bad.conf"));
	assert_int_equal(tool("profile", "check", good, NULL), 0);
	assert_in(canned.out, "good.conf: profile \"leaf\" is fine\n");
	assert_int_equal(tool("profile", "check", bad, good, NULL), 1);
	assert_in(canned.err, "bad.conf:2:");
	assert_in(canned.err, "did you mean \"validity\"");
	/* One bad file does not keep the others from being judged. */
	assert_in(canned.out, "\"leaf\" is fine\n");
	assert_int_equal(
	    tool("profile", "check", good, bad, "--json", NULL), 1);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_int_equal(json_array_size(v), 2);
	assert_true(json_is_true(json_object_get(json_array_get(v, 0), "ok")));
	assert_in(
	    json_string_value(json_object_get(json_array_get(v, 1), "error")),
	    "bad.conf:2:");
	json_decref(v);
	assert_int_equal(tool("profile", "check", "/nowhere.conf", NULL), 1);
	assert_int_equal(tool("profile", "check", NULL), 2);
	assert_int_equal(canned.calls, 0);
}

static void
named(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	field_add_text(a->values, "text", "name = leaf\n");
}

static void
test_show(void **state)
{
	json_t *v;

	(void)state;
	canned.answer = named;
	assert_int_equal(
	    tool("profile", "show", canned_file("good.conf"), NULL), 0);
	assert_in(canned.out, "leaf");
	assert_int_equal(canned.calls, 0);
	assert_int_equal(
	    tool("profile", "show", canned_file("good.conf"), "--json", NULL),
	    0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_true(json_is_string(json_object_get(v, "text")));
	json_decref(v);
	assert_int_equal(
	    tool("profile", "show", canned_file("bad.conf"), NULL), 1);
	assert_in(canned.err, "bad.conf:2:");
	/* A name goes to the server. */
	assert_int_equal(tool("profile", "show", "leaf", NULL), 0);
	assert_string_equal(canned.out, "name = leaf\n");
	assert_string_equal(field_text(canned.args, "name", ""), "leaf");
	/* Dots are part of some. */
	assert_int_equal(tool("profile", "show", "leaf.v2", NULL), 0);
	assert_string_equal(field_text(canned.args, "name", ""), "leaf.v2");
	canned.calls = 0;
	assert_int_equal(tool("profile", "show", "nowhere.conf", NULL), 1);
	assert_int_equal(tool("profile", "show", "/nowhere", NULL), 1);
	assert_int_equal(canned.calls, 0);
	assert_int_equal(tool("profile", "show", NULL), 2);
}

static void
replayed(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	WIRE_FIELDS *row = message_add_row(a);

	(void)req;
	field_add_int(a->values, "judged", 3);
	field_add_text(row, "serial", "4a");
	field_add_text(row, "what", "not_after");
}

/* The file's text goes to the server, its folder does not. */
static void
test_replay(void **state)
{
	json_t *v;

	(void)state;
	canned.answer = replayed;
	assert_int_equal(tool("profile", "replay", canned_file("good.conf"),
			     "--last", "9", "--profile", "old", NULL),
	    0);
	assert_string_equal(canned.op, "profile.replay");
	assert_string_equal(field_text(canned.args, "text", ""), GOOD);
	assert_string_equal(field_text(canned.args, "file", ""), "good.conf");
	assert_string_equal(field_text(canned.args, "profile", ""), "old");
	assert_int_equal(field_int(canned.args, "last", 0), 9);
	assert_in(canned.out, "judged: 3\n");
	assert_in(canned.out, "not_after");
	assert_int_equal(tool("profile", "replay", canned_file("good.conf"),
			     "--last", "9", "--json", NULL),
	    0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_int_equal(
	    json_array_size(json_object_get(v, "differences")), 1);
	json_decref(v);
	assert_int_equal(
	    tool("profile", "replay", canned_file("good.conf"), NULL), 2);
	assert_int_equal(
	    tool("profile", "replay", "/nowhere.conf", "--last", "9", NULL), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_check),
	    T(test_show),
	    T(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
