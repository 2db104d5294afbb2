#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ca/cli/encode.h"

static void
test_types(void **state)
{
	WIRE_FIELDS *l = field_list_new();
	json_t *o = json_object(), *want;

	(void)state;
	assert_int_equal(field_add_text(l, "text", "ä \"q\" \x1b"), 1);
	assert_int_equal(field_add_int(l, "int", INT64_MAX), 1);
	assert_int_equal(field_add_flag(l, "yes", 1), 1);
	assert_int_equal(field_add_flag(l, "no", 0), 1);
	assert_int_equal(field_add_time(l, "time", 1795244400), 1);
	assert_int_equal(field_add_text(l, "none", NULL), 1);
	assert_int_equal(field_add_bytes(l, "bytes", "\x00\xff", 2), 1);
	assert_int_equal(field_add_bytes(l, "der", "\x30\x00", 2), 1);
	assert_int_equal(field_add_text(l, "many", "a"), 1);
	assert_int_equal(field_add_text(l, "many", "b"), 1);
	assert_int_equal(encode_into(o, l), 1);
	want = json_pack("{ss sI sb sb ss sn ss s[ss]}", "text", "ä \"q\" \x1b",
	    "int", (json_int_t)INT64_MAX, "yes", 1, "no", 0, "time",
	    "2026-11-21T07:00:00Z", "none", "bytes", "00ff", "many", "a", "b");
	assert_int_equal(json_equal(o, want), 1);
	json_decref(o);
	json_decref(want);
	field_list_free(l);
}

static void
test_stream(void **state)
{
	struct encode_stream s;
	WIRE_FIELDS *l = field_list_new();
	json_t *v;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	encode_begin(&s, f);
	encode_end(&s);
	fflush(f);
	assert_string_equal(text, "[]\n");
	assert_int_equal(field_add_int(l, "n", 1), 1);
	rewind(f);
	encode_begin(&s, f);
	assert_int_equal(encode_row(&s, l), 1);
	assert_int_equal(encode_row(&s, l), 1);
	encode_end(&s);
	fclose(f);
	assert_non_null(v = json_loads(text, 0, NULL));
	assert_int_equal(json_array_size(v), 2);
	json_decref(v);
	free(text);
	field_list_free(l);
}

static void
test_rows(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	json_t *v;

	(void)state;
	assert_int_equal(field_add_int(message_add_row(a), "n", 7), 1);
	assert_non_null(v = encode_rows(a));
	assert_int_equal(json_array_size(v), 1);
	assert_int_equal(
	    json_integer_value(json_object_get(json_array_get(v, 0), "n")), 7);
	json_decref(v);
	WIRE_ANSWER_free(a);
}

static void
test_print_refuses(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_int_equal(encode_print(stdout, NULL), 0);
	if (full != NULL) {
		setvbuf(full, NULL, _IONBF, 0);
		assert_int_equal(encode_print(full, json_object()), 0);
		fclose(full);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_types),
	    cmocka_unit_test(test_stream),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_print_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
