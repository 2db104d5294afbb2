#include "tests/unit/ca/cli/canned.h"
#include <jansson.h>

#define CONF(life, more)                                                       \
	"name = \"leaf\";\n"                                                   \
	"class = \"ldevid\";\n"                                                \
	"issued_by = [ \"operator\" ];\n"                                      \
	"issuer = \"devices\";\n"                                              \
	"key_types = [ \"ec-p256\" ];\n"                                       \
	"validity: { duration = \"" life "\"; };\n"                            \
	"subject = ( { attribute = \"CN\"; from = \"identity.cn\"; } );\n"     \
	"key_usage: { bits = [ \"digitalSignature\" ]; };\n" more

static const char old_conf[] = CONF("90d", "mud_url = \"https://a/b\";\n");
static const char new_conf[] =
    CONF("7d", "# a comment\nmax_der_bytes = 600;\n");

static const char honest_conf[] = CONF("90d", "description = \"a\";\n");
static const char forged_conf[] = CONF("7d",
    "description = \"a\\nvalidity.duration = 7776000s\";\n");

static char old_path[160], new_path[160];

static int
start(void **state)
{
	int r = canned_start(state);

	canned_write("old.conf", old_conf, strlen(old_conf));
	canned_write("new.conf", new_conf, strlen(new_conf));
	canned_write("bad.conf", "name = \"x\";\nvaldity = 1;\n", 25);
	strcpy(old_path, canned_file("old.conf"));
	strcpy(new_path, canned_file("new.conf"));
	return r;
}

static void
files_need_no_server(void **state)
{
	(void)state;
	assert_int_equal(tool("profile", "diff", old_path, new_path, NULL), 0);
	assert_string_equal(canned.out,
	    "changed validity.duration: 7776000s -> 604800s\n"
	    "removed mud_url: https://a/b\n"
	    "added max_der_bytes: 600\n");
	assert_int_equal(tool("profile", "diff", old_path, old_path, NULL), 0);
	assert_string_equal(canned.out, "no difference\n");
	assert_int_equal(canned.calls, 0);
}

static void
as_json(void **state)
{
	json_t *v, *c;

	(void)state;
	assert_int_equal(
	    tool("profile", "diff", "--json", old_path, new_path, NULL), 0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_string_equal(
	    json_string_value(json_object_get(v, "old")), old_path);
	c = json_object_get(v, "changes");
	assert_int_equal(json_array_size(c), 3);
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(c, 1), "change")),
	    "removed");
	assert_true(json_is_null(json_object_get(json_array_get(c, 1), "new")));
	assert_true(json_is_null(json_object_get(json_array_get(c, 2), "old")));
	json_decref(v);
}

static void
a_text_hides_nothing(void **state)
{
	char honest[160];

	(void)state;
	canned_write("honest.conf", honest_conf, strlen(honest_conf));
	canned_write("forged.conf", forged_conf, strlen(forged_conf));
	strcpy(honest, canned_file("honest.conf"));
	assert_int_equal(tool("profile", "diff", honest,
			     canned_file("forged.conf"), NULL),
	    0);
	assert_string_equal(canned.out,
	    "changed description: a -> a\\x0avalidity.duration = 7776000s\n"
	    "changed validity.duration: 7776000s -> 604800s\n");
}

static void
either(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	int one = strcmp(field_text(req->args, "name", ""), "one") == 0;

	field_add_text(a->values, "text", one
		? "name = leaf\nvalidity.duration = 7776000s\n"
		: "name = leaf\nvalidity.duration = 7776000s\n"
		  "validity.duration = 604800s\n");
}

/* As an older inkan-ca could be made to write it. */
static void
a_doubled_key_differs(void **state)
{
	(void)state;
	canned.answer = either;
	assert_int_equal(tool("profile", "diff", "one", "one", NULL), 0);
	assert_string_equal(canned.out, "no difference\n");
	assert_int_equal(tool("profile", "diff", "one", "two", NULL), 0);
	assert_in(canned.out, "changed validity.duration: ");
	assert_int_equal(tool("profile", "diff", "two", "one", NULL), 0);
	assert_in(canned.out, "changed validity.duration: ");
}

static void
answers(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	if (strcmp(message_request_op(req), "profile.show") == 0)
		field_add_text(a->values, "text",
		    "name = leaf\nvalidity.duration = 604800s\n");
	else
		field_add_text(a->values, "content", old_conf);
}

static void
nobody(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	message_set_status(a, WIRE_NOTFOUND);
}

static void
names_go_to_the_server(void **state)
{
	(void)state;
	canned.answer = answers;
	assert_int_equal(tool("profile", "diff", old_path, "leaf", NULL), 0);
	assert_string_equal(canned.op, "profile.show");
	assert_string_equal(field_text(canned.args, "name", ""), "leaf");
	assert_in(canned.out, "validity.duration: 7776000s -> 604800s\n");
	assert_int_equal(tool("profile", "diff", "leaf@3", old_path, NULL), 0);
	assert_string_equal(canned.op, "policy.show");
	assert_int_equal(field_int(canned.args, "version", 0), 3);
	assert_string_equal(
	    field_text(canned.args, "path", ""), "profiles/leaf.conf");
	assert_string_equal(canned.out, "no difference\n");
	assert_int_equal(tool("profile", "diff", "a.b@3", "a.b", NULL), 0);
	assert_string_equal(field_text(canned.args, "name", ""), "a.b");
	/* No version: a name, as odd as it is. */
	assert_int_equal(tool("profile", "diff", "leaf@x", old_path, NULL), 0);
	assert_string_equal(canned.op, "profile.show");
	canned.answer = nobody;
	assert_int_equal(tool("profile", "diff", "leaf", old_path, NULL), 1);
}

static void
two_that_compile(void **state)
{
	char bad[160];

	(void)state;
	strcpy(bad, canned_file("bad.conf"));
	assert_int_equal(tool("profile", "diff", old_path, bad, NULL), 1);
	assert_in(canned.err, "bad.conf:2:");
	assert_int_equal(tool("profile", "diff", old_path, NULL), 2);
	assert_in(canned.err, "two profiles are compared, not 1");
	assert_int_equal(
	    tool("profile", "diff", old_path, old_path, old_path, NULL), 2);
	assert_int_equal(tool("profile", "diff", NULL), 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(files_need_no_server),
	    T(as_json),
	    T(a_text_hides_nothing),
	    T(a_doubled_key_differs),
	    T(names_go_to_the_server),
	    T(two_that_compile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
