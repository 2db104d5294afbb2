#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/x509.h>
#include "ca/error.h"
#include "ca/report/report.h"

static int
setup(void **state)
{
	(void)state;
	ERR_clear_error();
	return 0;
}

static void
test_last_reason(void **state)
{
	(void)state;
	assert_int_equal(report_last_reason(), 0);
	ca_raise(CA_E_STORE, "inner");
	ca_raise(CA_E_DENIED, "outer");
	/* What a library adds behind our words decides nothing. */
	ERR_raise_data(ERR_LIB_SYS, EIO, "write");
	assert_int_equal(report_last_reason(), CA_E_DENIED);
	assert_int_equal(report_last_reason(), CA_E_DENIED);
	ERR_clear_error();
	ERR_raise_data(ERR_LIB_SYS, EIO, "write");
	assert_int_equal(report_last_reason(), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), EIO);
}

static void
test_last_text(void **state)
{
	char buf[64], tiny[5];

	(void)state;
	report_last_text(buf, sizeof(buf));
	assert_string_equal(buf, "");
	ca_raise(CA_E_STORE, "inner");
	ca_raise(CA_E_DENIED, "renew.window: too early");
	report_last_text(buf, sizeof(buf));
	assert_string_equal(buf, "renew.window: too early");
	report_last_text(tiny, sizeof(tiny));
	assert_string_equal(tiny, "rene");
	assert_int_equal(report_last_reason(), CA_E_DENIED);
}

static void
test_trace(void **state)
{
	const unsigned char junk[] = {0x30, 0x01};
	const unsigned char *p = junk;
	char buf[REPORT_TRACE_MAX], tiny[12];

	(void)state;
	report_trace(buf, sizeof(buf));
	assert_string_equal(buf, "");
	assert_null(d2i_X509(NULL, &p, sizeof(junk)));
	ca_raise(CA_E_BADREQUEST, "chain: not DER");
	report_trace(buf, sizeof(buf));
	assert_ptr_equal(strstr(buf, "chain: not DER: "), buf);
	assert_true(strlen(buf) > strlen("chain: not DER: "));
	report_trace(tiny, sizeof(tiny));
	assert_string_equal(tiny, "chain: not ");
	/* The queue is still there. */
	assert_int_equal(report_last_reason(), CA_E_BADREQUEST);
}

static void
test_pack(void **state)
{
	struct report_trace_pack *pack;
	const char *file, *data;
	int line, flags;

	(void)state;
	assert_null(report_pack());
	report_unpack(NULL);
	report_pack_free(NULL);
	ERR_raise_data(ERR_LIB_SYS, ENOENT, "open %s", "100%s");
	ca_raise(CA_E_SIGN, "sign: %%n");
	assert_non_null(pack = report_pack());
	assert_int_equal(ERR_peek_error(), 0);
	report_unpack(pack);
	assert_true(ERR_SYSTEM_ERROR(ERR_peek_error()));
	assert_int_equal(ERR_GET_REASON(ERR_get_error_all(
			     &file, &line, NULL, &data, &flags)),
	    ENOENT);
	assert_string_equal(data, "open 100%s");
	assert_non_null(strstr(file, "trace_test.c"));
	assert_true(line > 0);
	assert_int_equal(
	    ERR_GET_REASON(ERR_get_error_all(NULL, NULL, NULL, &data, NULL)),
	    CA_E_SIGN);
	assert_string_equal(data, "sign: %n");
	assert_int_equal(ERR_get_error(), 0);
}

static void
test_pack_full(void **state)
{
	char buf[REPORT_TRACE_MAX];
	int i;

	(void)state;
	for (i = 0; i < 40; i++)
		ca_raise(CA_E_BUSY, "level %d", i);
	report_trace(buf, sizeof(buf));
	assert_ptr_equal(strstr(buf, "level 39: level 38: "), buf);
	report_unpack(report_pack());
	report_last_text(buf, sizeof(buf));
	assert_string_equal(buf, "level 39");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_last_reason, setup),
	    cmocka_unit_test_setup(test_last_text, setup),
	    cmocka_unit_test_setup(test_trace, setup),
	    cmocka_unit_test_setup(test_pack, setup),
	    cmocka_unit_test_setup(test_pack_full, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
