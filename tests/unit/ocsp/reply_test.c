#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/crypto.h>
#include "ocsp/reply.h"

/* 2026-01-02 03:04:05 */
#define T0 ((time_t)1767323045)

static struct reply *
stored(time_t expires, time_t refresh_at)
{
	unsigned char *data = OPENSSL_memdup("abc", 3);

	return reply_new_stored(
	    data, 3, REPLY_TYPE_OCSP, T0, expires, refresh_at);
}

static void
test_fields(void **state)
{
	struct reply *reply = stored(T0 + 3600, T0 + 2700);

	(void)state;
	assert_non_null(reply);
	assert_int_equal(reply->store, 1);
	assert_string_equal(reply->etag,
	    "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	    "\"");
	assert_string_equal(
	    reply->last_modified, "Fri, 02 Jan 2026 03:04:05 GMT");
	assert_string_equal(
	    reply->expires_date, "Fri, 02 Jan 2026 04:04:05 GMT");
	reply_free(reply_up_ref(reply));
	assert_memory_equal(reply->data, "abc", 3);
	reply_free(reply);
	reply_free(NULL);
}

static void
test_max_age(void **state)
{
	struct reply *reply = stored(T0 + 3600, T0 + 2700);
	time_t t;

	(void)state;
	assert_int_equal(reply_max_age(reply, T0), 2700);
	assert_int_equal(reply_max_age(reply, T0 + 2699), 1);
	for (t = T0; t < T0 + 3600; t += 7)
		assert_true(t + reply_max_age(reply, t) < T0 + 3600);
	assert_int_equal(reply_max_age(reply, T0 + 2700), 450);
	assert_int_equal(reply_max_age(reply, T0 + 3599), 0);
	assert_int_equal(reply_max_age(reply, T0 + 9999), 0);
	reply->age_max = 100;
	assert_int_equal(reply_max_age(reply, T0), 100);
	assert_int_equal(reply_max_age(reply, T0 + 2690), 10);
	reply_free(reply);
	reply = stored(0, 0);
	reply->age_max = 86400;
	assert_int_equal(reply_max_age(reply, T0), 86400);
	assert_string_equal(reply->expires_date, "");
	reply_free(reply);
}

static void
test_not_modified(void **state)
{
	struct reply *reply = stored(T0 + 3600, T0 + 2700);
	char list[256];

	(void)state;
	assert_int_equal(reply_not_modified(reply, reply->etag, NULL), 1);
	assert_int_equal(reply_not_modified(reply, "*", NULL), 1);
	snprintf(list, sizeof(list), "\"x\" , W/%s,\"y\"", reply->etag);
	assert_int_equal(reply_not_modified(reply, list, NULL), 1);
	assert_int_equal(
	    reply_not_modified(reply, NULL, "Fri, 02 Jan 2026 03:04:05 GMT"),
	    1);
	assert_int_equal(
	    reply_not_modified(reply, NULL, "Sat, 03 Jan 2026 03:04:05 GMT"),
	    1);
	reply_free(reply);
}

static void
test_modified(void **state)
{
	struct reply *reply = stored(T0 + 3600, T0 + 2700);

	(void)state;
	assert_int_equal(reply_not_modified(reply, NULL, NULL), 0);
	assert_int_equal(reply_not_modified(reply, "\"x\"", NULL), 0);
	assert_int_equal(reply_not_modified(reply, "", NULL), 0);
	assert_int_equal(reply_not_modified(reply, "\"ba78", NULL), 0);
	/* The tag goes before the date. */
	assert_int_equal(
	    reply_not_modified(reply, "\"x\"", "Sat, 03 Jan 2026 03:04:05 GMT"),
	    0);
	assert_int_equal(
	    reply_not_modified(reply, NULL, "Fri, 02 Jan 2026 03:04:04 GMT"),
	    0);
	assert_int_equal(reply_not_modified(reply, NULL, "yesterday"), 0);
	reply->store = 0;
	assert_int_equal(reply_not_modified(reply, "*", NULL), 0);
	reply_free(reply);
}

static void
test_date(void **state)
{
	char out[REPLY_DATE_LEN + 1];

	(void)state;
	reply_date(784111777, out);
	assert_string_equal(out, "Sun, 06 Nov 1994 08:49:37 GMT");
	reply_date((time_t)253402300799, out);
	assert_string_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_max_age),
	    cmocka_unit_test(test_not_modified),
	    cmocka_unit_test(test_modified),
	    cmocka_unit_test(test_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
