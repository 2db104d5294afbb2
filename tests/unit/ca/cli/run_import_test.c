#include "tests/unit/ca/cli/canned.h"

/* A file of devices against a server that refuses those that are named "bad". */

static struct {
	size_t looked, sent, ends, incomplete; /* rows, calls */
	size_t pages, fail_at;		       /* page that is refused; 0 none */
	char last[64];
} seen;

static void
page(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	int64_t import = field_int(req->args, "import", 0), ok = 0, bad = 0;
	const unsigned char *der;
	WIRE_FIELDS *row, *told;
	size_t i, len, n = field_count(req->args, "row");

	if (import != 0 && ++seen.pages == seen.fail_at) {
		message_set_status(a, WIRE_DENIED);
		message_set_refusal(a, "", "device.duplicate", "", "a race");
		return;
	}
	for (i = 0; i < n; i++) {
		der = field_get_bytes(field_find(req->args, "row", i), &len);
		row = field_list_decode(der, len);
		snprintf(seen.last, sizeof(seen.last), "%s %s %s",
		    field_text(row, "name", "-"), field_text(row, "serial", "-"),
		    field_text(row, "set", "-"));
		if (strcmp(field_text(row, "name", ""), "bad") == 0) {
			told = message_add_row(a);
			field_add_int(told, "row", (int64_t)i);
			field_add_text(told, "rule", "device.name");
			field_add_text(told, "text", "it is bad");
			bad++;
		} else
			ok++;
		field_list_free(row);
	}
	*(import == 0 ? &seen.looked : &seen.sent) += n;
	field_add_int(a->values, "added", ok);
	field_add_int(a->values, "unchanged", 0);
	field_add_int(a->values, "refused", bad);
}

static void
serve(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	const char *op = message_request_op(req);

	if (strcmp(op, "device.import.begin") == 0)
		field_add_int(a->values, "import", 17);
	else if (strcmp(op, "device.import") == 0)
		page(req, a);
	else {
		seen.ends++;
		seen.incomplete += (size_t)field_flag(req->args, "incomplete", 0);
	}
}

static int
start(void **state)
{
	int r = canned_start(state);

	canned.answer = serve;
	return r;
}

static void
list(size_t n, size_t bad)
{
	char *text = malloc(64 * (n + 2));
	size_t len = (size_t)sprintf(text, "name,serial,model\n"), i;

	for (i = 1; i <= n; i++)
		len += (size_t)sprintf(text + len, "%s%.0zu,S%zu,X\n",
		    i == bad ? "bad" : "d", i == bad ? (size_t)0 : i, i);
	canned_write("list", text, len);
	free(text);
	memset(&seen, 0, sizeof(seen));
}

static void
looks_then_writes(void **state)
{
	(void)state;
	list(450, 0);
	assert_int_equal(tool("device", "import", canned_file("list"),
			     "--fleet", "f", NULL),
	    0);
	assert_in(canned.out, "import: 17\nadded: 450\nunchanged: 0\n");
	assert_int_equal(seen.looked, 450);
	assert_int_equal(seen.sent, 450);
	assert_int_equal(seen.pages, 3);
	assert_int_equal(seen.ends, 1);
	assert_int_equal(seen.incomplete, 0);
	assert_string_equal(seen.last, "d450 S450 model=X");
}

static void
all_or_nothing(void **state)
{
	(void)state;
	list(300, 250);
	assert_int_equal(tool("device", "import", canned_file("list"), NULL),
	    1);
	assert_int_equal(seen.looked, 300);
	assert_int_equal(seen.sent, 0);
	assert_int_equal(seen.ends, 0);
	assert_in(canned.err, "list:251: device.name: it is bad");
	assert_in(canned.err, "nothing was written");
	assert_int_equal(tool("device", "import", canned_file("list"),
			     "--keep-going", NULL),
	    1);
	assert_int_equal(seen.sent, 300);
	assert_in(canned.out, "added: 299\nunchanged: 0\nrefused: 1\n");
	list(3, 0);
	assert_int_equal(tool("device", "import", canned_file("list"),
			     "--dry-run", NULL),
	    0);
	assert_in(canned.out, "new: 3\n");
	assert_int_equal(seen.sent, 0);
}

/* What comes between the look and the writing ends the import, on record. */
static void
breaks_off(void **state)
{
	(void)state;
	list(450, 0);
	seen.fail_at = 2;
	assert_int_equal(tool("device", "import", canned_file("list"), NULL),
	    1);
	assert_in(canned.err, "device.duplicate: a race");
	assert_in(canned.err, "broke off");
	assert_int_equal(seen.sent, 200);
	assert_int_equal(seen.incomplete, 1);
}

static void
mistakes(void **state)
{
	static const char twice[] =
	    "{\"name\": \"a\", \"fleet\": \"f\"}\n"
	    "{\"name\": \"a\", \"fleet\": \"g\"}\n"
	    "{\"name\": \"a\", \"fleet\": \"f\"}\n"
	    "{\"name\": \"b\", \"key_sha256\": \"12\"}\n"
	    "{\"name\": \"c\", \"key\": \"no key\"}\n";

	(void)state;
	canned_write("list", twice, strlen(twice));
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(tool("--json", "device", "import",
			     canned_file("list"), NULL),
	    1);
	assert_int_equal(seen.looked, 2);
	assert_in(canned.err, "list:3: device.duplicate");
	assert_in(canned.err, "list:4: device.key");
	assert_in(canned.err, "list:5: ");
	assert_in(canned.out, "\"refused\": 3");
	assert_int_equal(tool("device", "import", canned.dir, NULL), 1);
	assert_in(canned.err, "no regular file");
	assert_int_equal(tool("device", "import", NULL), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(looks_then_writes),
	    cmocka_unit_test(all_or_nothing),
	    cmocka_unit_test(breaks_off),
	    cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, start, canned_stop);
}
