#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ra/error.h"
#include "ra/fleets.h"

static const unsigned char cert[] = {0x30, 0x00};
static const unsigned char attrs[] = {0x30, 0x02, 0x05, 0x00};

static WIRE_FIELDS *
add(WIRE_ANSWER *a, const char *label, int dflt)
{
	WIRE_FIELDS *row = message_add_row(a);

	field_add_text(row, "label", label);
	field_add_flag(row, "default", dflt);
	return row;
}

static void
found_by_label_or_as_default(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	WIRE_FIELDS *row = add(a, "one", 0);
	struct fleets *f;

	(void)state;
	field_add_bytes(row, "cacerts", cert, sizeof(cert));
	field_add_bytes(row, "csrattrs", attrs, sizeof(attrs));
	row = add(a, "two", 1);
	field_add_bytes(row, "cacerts", cert, sizeof(cert));
	field_add_text(row, "answer_wrap", "64");
	f = fleets_read(a);
	assert_non_null(f);
	assert_string_equal(fleets_find(f, "one")->label, "one");
	assert_string_equal(fleets_find(f, "two")->label, "two");
	assert_string_equal(fleets_find(f, "")->label, "two");
	assert_null(fleets_find(f, "three"));
	assert_null(fleets_find(f, "On"));
	assert_int_equal(fleets_find(f, "one")->wrap, ANSWER_AUTO);
	assert_int_equal(fleets_find(f, "two")->wrap, ANSWER_WRAP_64);
	assert_memory_equal(
	    fleets_find(f, "one")->csrattrs, attrs, sizeof(attrs));
	/* None told: an empty sequence, which says the same. */
	assert_int_equal(fleets_find(f, "two")->csrattrs_len, 2);
	assert_memory_equal(fleets_find(f, "two")->csrattrs, "\x30\x00", 2);
	fleets_free(f);
	WIRE_ANSWER_free(a);
}

static void
bad_answers_are_refused(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	WIRE_FIELDS *row;

	(void)state;
	assert_null(fleets_read(a)); /* no rows */
	row = add(a, "one", 1);
	assert_null(fleets_read(a)); /* no CA certificate */
	field_add_bytes(row, "cacerts", "xx", 2);
	assert_null(fleets_read(a)); /* not DER */
	WIRE_ANSWER_free(a);
	a = message_answer(1, WIRE_UNAVAILABLE);
	row = add(a, "one", 1);
	field_add_bytes(row, "cacerts", cert, sizeof(cert));
	assert_null(fleets_read(a));
	WIRE_ANSWER_free(a);
	ERR_clear_error();
}

static void
no_default_means_none(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	struct fleets *f;

	(void)state;
	field_add_bytes(add(a, "one", 0), "cacerts", cert, sizeof(cert));
	f = fleets_read(a);
	assert_non_null(f);
	assert_null(fleets_find(f, ""));
	fleets_free(f);
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(found_by_label_or_as_default),
	    cmocka_unit_test(bad_answers_are_refused),
	    cmocka_unit_test(no_default_means_none),
	};

	return cmocka_run_group_tests_name("fleets", tests, NULL, NULL);
}
