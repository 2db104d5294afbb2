#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/crypto.h>
#include "ca/error.h"
#include "ca/wire/message.h"

static WIRE_REQUEST *
request(void)
{
	WIRE_REQUEST *r = message_request("cert.show", 42);

	assert_non_null(r);
	assert_int_equal(field_add_text(r->args, "serial", "4f"), 1);
	return r;
}

static WIRE_ANSWER *
answer(void)
{
	WIRE_ANSWER *a = message_answer(42, WIRE_OK);
	WIRE_FIELDS *row;

	assert_non_null(a);
	assert_int_equal(field_add_text(a->values, "level", "ok"), 1);
	assert_non_null(row = message_add_row(a));
	assert_int_equal(field_add_int(row, "n", 1), 1);
	assert_non_null(message_add_row(a));
	return a;
}

static void
test_request(void **state)
{
	WIRE_REQUEST *r = request(), *s;
	unsigned char *p = NULL;
	size_t len;

	(void)state;
	assert_int_equal(message_encode_request(r, &p, &len), 1);
	assert_int_equal(message_frame_len(p), len - 4);
	assert_non_null(s = message_decode_request(p + 4, len - 4));
	assert_int_equal(message_request_id(s), 42);
	assert_string_equal(message_request_op(s), "cert.show");
	assert_string_equal(field_text(s->args, "serial", ""), "4f");
	OPENSSL_free(p);
	WIRE_REQUEST_free(r);
	WIRE_REQUEST_free(s);
}

static void
test_answer(void **state)
{
	WIRE_ANSWER *a = answer(), *b;
	unsigned char *p = NULL;
	size_t len;

	(void)state;
	assert_int_equal(message_set_retry(a, 30), 1);
	assert_int_equal(message_set_next(a, "c17"), 1);
	assert_int_equal(message_encode_answer(a, &p, &len), 1);
	assert_non_null(b = message_decode_answer(p + 4, len - 4));
	assert_int_equal(message_answer_id(b), 42);
	assert_int_equal(message_answer_status(b), WIRE_OK);
	assert_int_equal(message_retry(b), 30);
	assert_string_equal(message_next(b), "c17");
	assert_string_equal(message_refusal(b, "rule"), "");
	assert_int_equal(message_n_rows(b), 2);
	assert_int_equal(field_int(message_row(b, 0), "n", 0), 1);
	assert_int_equal(field_count(message_row(b, 1), "n"), 0);
	assert_null(message_row(b, 2));
	assert_string_equal(field_text(b->values, "level", ""), "ok");
	OPENSSL_free(p);
	WIRE_ANSWER_free(a);
	WIRE_ANSWER_free(b);
}

static void
test_refusal(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_DENIED), *b;
	unsigned char *p = NULL;
	size_t len;

	(void)state;
	assert_int_equal(message_set_refusal(a, "authorize", "renew.window",
			     NULL, "too early for \xff\xfe"),
	    1);
	assert_int_equal(message_encode_answer(a, &p, &len), 1);
	assert_non_null(b = message_decode_answer(p + 4, len - 4));
	assert_int_equal(message_answer_status(b), WIRE_DENIED);
	assert_string_equal(message_refusal(b, "stage"), "authorize");
	assert_string_equal(message_refusal(b, "rule"), "renew.window");
	assert_string_equal(message_refusal(b, "field"), "");
	/* Octets that are not UTF-8 must not spoil the whole answer. */
	assert_string_equal(message_refusal(b, "text"), "too early for ??");
	assert_string_equal(message_refusal(b, "other"), "");
	assert_null(message_next(b));
	assert_int_equal(message_retry(b), 0);
	OPENSSL_free(p);
	WIRE_ANSWER_free(a);
	WIRE_ANSWER_free(b);
}

/* ${r} must be refused by the decoder. */
static void
refused_request(WIRE_REQUEST *r)
{
	unsigned char *p = NULL;
	size_t len;

	assert_int_equal(message_encode_request(r, &p, &len), 1);
	assert_null(message_decode_request(p + 4, len - 4));
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error()), CA_E_BADREQUEST);
	ERR_clear_error();
	OPENSSL_free(p);
	WIRE_REQUEST_free(r);
}

static void
test_request_refuses(void **state)
{
	char op[WIRE_OP_MAX + 2];
	WIRE_REQUEST *r;

	(void)state;
	r = request();
	assert_int_equal(ASN1_INTEGER_set_int64(r->version, 2), 1);
	refused_request(r);
	r = request();
	assert_int_equal(ASN1_INTEGER_set_int64(r->id, -1), 1);
	refused_request(r);
	r = request();
	assert_int_equal(
	    ASN1_INTEGER_set_int64(r->id, ((int64_t)1 << 62) + 1), 1);
	refused_request(r);
	refused_request(message_request("", 1));
	memset(op, 'o', sizeof(op) - 1);
	op[sizeof(op) - 1] = '\0';
	refused_request(message_request(op, 1));
	r = request();
	assert_int_equal(ASN1_STRING_set(r->op, "a\0b", 3), 1);
	refused_request(r);
}

static void
test_octets_refused(void **state)
{
	WIRE_REQUEST *r = request();
	unsigned char *p = NULL, *q;
	size_t len, i;

	(void)state;
	assert_int_equal(message_encode_request(r, &p, &len), 1);
	assert_non_null(q = calloc(1, len + 1));
	memcpy(q, p, len);
	assert_null(message_decode_request(q + 4, len - 4 + 1));
	for (i = 0; i < len - 4; i++)
		assert_null(message_decode_request(q + 4, i));
	assert_null(message_decode_request(q + 4, WIRE_MESSAGE_MAX + 1));
	/* An answer is no request, nor the other way round. */
	assert_null(message_decode_answer(p + 4, len - 4));
	free(q);
	OPENSSL_free(p);
	WIRE_REQUEST_free(r);
	ERR_clear_error();
}

static void
test_answer_refuses(void **state)
{
	WIRE_ANSWER *a = answer();
	unsigned char *p = NULL;
	size_t len;

	(void)state;
	assert_int_equal(ASN1_ENUMERATED_set_int64(a->status, 9), 1);
	assert_int_equal(message_encode_answer(a, &p, &len), 1);
	assert_null(message_decode_answer(p + 4, len - 4));
	OPENSSL_free(p);
	assert_int_equal(message_set_status(a, WIRE_LIMITED), 1);
	assert_int_equal(message_set_retry(a, -1), 1);
	assert_int_equal(message_encode_answer(a, &p, &len), 1);
	assert_null(message_decode_answer(p + 4, len - 4));
	OPENSSL_free(p);
	WIRE_ANSWER_free(a);
	ERR_clear_error();
}

static void
test_limits(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	unsigned char *p = NULL, *big;
	size_t len, i;

	(void)state;
	for (i = 0; i < WIRE_ROWS_MAX; i++)
		assert_non_null(message_add_row(a));
	assert_null(message_add_row(a));
	assert_int_equal(message_encode_answer(a, &p, &len), 1);
	OPENSSL_free(p);
	assert_non_null(big = calloc(1, WIRE_MESSAGE_MAX));
	assert_int_equal(
	    field_add_bytes(a->values, "big", big, WIRE_MESSAGE_MAX), 1);
	assert_int_equal(message_encode_answer(a, &p, &len), 0);
	assert_null(p);
	free(big);
	WIRE_ANSWER_free(a);
	ERR_clear_error();
}

static void
test_frame_len(void **state)
{
	(void)state;
	assert_int_equal(
	    message_frame_len((const unsigned char *)"\0\0\0\1"), 1);
	assert_int_equal(message_frame_len((const unsigned char *)"\0\x10\0\0"),
	    WIRE_MESSAGE_MAX);
	assert_int_equal(
	    message_frame_len((const unsigned char *)"\0\x10\0\1"), 0);
	assert_int_equal(
	    message_frame_len((const unsigned char *)"\0\0\0\0"), 0);
	assert_int_equal(
	    message_frame_len((const unsigned char *)"\xff\xff\xff\xff"), 0);
}

static void
test_status_names(void **state)
{
	(void)state;
	assert_string_equal(message_status_name(WIRE_OK), "ok");
	assert_string_equal(message_status_name(WIRE_INTERNAL), "internal");
	assert_string_equal(
	    message_status_name((enum wire_status)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_answer),
	    cmocka_unit_test(test_refusal),
	    cmocka_unit_test(test_request_refuses),
	    cmocka_unit_test(test_octets_refused),
	    cmocka_unit_test(test_answer_refuses),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_frame_len),
	    cmocka_unit_test(test_status_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
