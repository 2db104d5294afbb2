#include "tests/unit/ca/cli/canned.h"

static size_t hashes;

static void
serve(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	WIRE_FIELDS *row;
	size_t len;

	(void)field_bytes(req->args, "hashes", &len);
	hashes += len / 32;
	field_add_int(a->values, "added", (int64_t)(len / 32));
	field_add_int(a->values, "known", 0);
	field_add_int(a->values, "in_use", 1);
	row = message_add_row(a);
	field_add_text(row, "serial", "4f");
	field_add_text(row, "issuer", "devices-g1");
}

static int
start(void **state)
{
	int r = canned_start(state);

	canned.answer = serve;
	return r;
}

static void
blocks(void **state)
{
	char *text = malloc(70 * 10000 + 100);
	size_t len = (size_t)sprintf(text, "# a list\n\n"), i;

	(void)state;
	for (i = 0; i < 10000; i++)
		len += (size_t)sprintf(text + len, "%064zx%s\n", i,
		    i % 2 ? "" : " # even");
	canned_write("list", text, len);
	free(text);
	hashes = canned.calls = 0;
	assert_int_equal(tool("key", "block", "--file", canned_file("list"),
			     "--note", "why", NULL),
	    0);
	assert_int_equal(hashes, 10000);
	assert_int_equal(canned.calls, 10);
	assert_string_equal(field_text(canned.args, "note", ""), "why");
	assert_string_equal(
	    canned.out, "added: 10000\nknown: 0\nin_use: 10\n");
	assert_in(canned.err, "in use: certificate 4f of devices-g1");
}

/* Nothing is sent before the whole file is known to be right. */
static void
mistakes(void **state)
{
	static const char *const t[][2] = {
	    {"0123\n", "list:1: "},
	    {"zz00000000000000000000000000000000000000000000000000000000000000\n",
		"list:1: "},
	    {"# only a comment\n", "no hash"},
	    {"", "no hash"},
	};
	char text[200];
	size_t i;

	(void)state;
	hashes = 0;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		canned_write("list", t[i][0], strlen(t[i][0]));
		assert_int_equal(tool("key", "block", "--file",
				     canned_file("list"), NULL),
		    1);
		assert_in(canned.err, t[i][1]);
	}
	snprintf(text, sizeof(text), "%064d\n%064d0\n", 1, 2);
	canned_write("list", text, strlen(text));
	assert_int_equal(
	    tool("key", "block", "--file", canned_file("list"), NULL), 1);
	assert_in(canned.err, "list:2: ");
	assert_int_equal(hashes, 0);
	assert_int_equal(
	    tool("key", "block", "--file", "/nonexistent", NULL), 1);
	assert_int_equal(tool("key", "block", NULL), 2);
	assert_int_equal(tool("key", "unblock", "00", NULL), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blocks),
	    cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, start, canned_stop);
}
