#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/log/approval.h"
#include "ca/report/report.h"
#include "ca/wire/field.h"

/* The text that operators sign follows from the content alone. */

static unsigned char *
content(int64_t v, int64_t id, const char *op, const char *who, int64_t expires,
    const char *more, size_t *len)
{
	WIRE_FIELDS *l = field_list_new();
	unsigned char *der = NULL;

	assert_true(field_add_int(l, "v", v) &&
	    field_add_int(l, "request", id) && field_add_text(l, "op", op) &&
	    field_add_text(l, "who", who) &&
	    field_add_time(l, "expires", expires) &&
	    field_add_text(l, "more", more) &&
	    field_list_encode(l, &der, len));
	field_list_free(l);
	return der;
}

static void
text(void **state)
{
	unsigned char *der, md[32];
	char out[APPROVAL_TEXT_MAX], want[APPROVAL_TEXT_MAX], hex[65];
	size_t len, i;

	(void)state;
	der = content(1, 17, "issue", "admin:uid:2002", 1795244400, "x", &len);
	assert_true(approval_text(der, len, out, sizeof(out)));
	SHA256(der, len, md);
	for (i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
	snprintf(want, sizeof(want), "Inkan approval\nrequest: 17\noperation: "
	    "issue\nasked by: admin:uid:2002\ncontent: sha256:%s\nexpires: "
	    "2026-11-21T07:00:00Z\n", hex);
	assert_string_equal(out, want);
	OPENSSL_free(der);
	/* Anything else in it is another text. */
	der = content(1, 17, "issue", "admin:uid:2002", 1795244400, "y", &len);
	assert_true(approval_text(der, len, out, sizeof(out)));
	assert_string_not_equal(out, want);
	assert_false(approval_text(der, len, out, 40));
	ERR_clear_error();
	OPENSSL_free(der);
}

static void
refused(unsigned char *der, size_t len)
{
	char out[APPROVAL_TEXT_MAX], why[256];

	assert_false(approval_text(der, len, out, sizeof(out)));
	report_last_text(why, sizeof(why));
	assert_int_equal(strncmp(why, "approval.content: ", 18), 0);
	ERR_clear_error();
	OPENSSL_free(der);
}

static void
bad_contents(void **state)
{
	size_t len;
	unsigned char *der;

	(void)state;
	der = content(2, 1, "issue", "a", 5, "", &len);
	refused(der, len);
	der = content(1, 0, "issue", "a", 5, "", &len);
	refused(der, len);
	der = content(1, 1, "issue", "a", 0, "", &len);
	refused(der, len);
	/* A line of one's own. */
	der = content(1, 1, "issue\noperation: revoke", "a", 5, "", &len);
	refused(der, len);
	der = content(1, 1, "issue", "a b", 5, "", &len);
	refused(der, len);
	der = content(1, 1, "", "a", 5, "", &len);
	refused(der, len);
	der = content(1, 1, "issue", "a", 5, "", &len);
	refused(der, len - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text),
	    cmocka_unit_test(bad_contents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
