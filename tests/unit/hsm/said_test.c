#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>
#include "hsm/private.h"

static void *
elsewhere(void *arg)
{
	int i;

	ERR_raise_data(ERR_LIB_X509, 1, "of libcrypto");
	for (i = 0; i < 9; i++)
		hsm_raise(HSM_E_TOKEN, "line %d", i);
	hsm_said_collect(arg);
	return ERR_peek_error() == 0 ? arg : NULL;
}

static void
test_carries_lines(void **state)
{
	static struct hsm_said said;
	const char *data = NULL;
	int flags = 0;
	void *emptied = NULL;
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, elsewhere, &said), 0);
	assert_int_equal(pthread_join(t, &emptied), 0);
	assert_non_null(emptied);
	/* Ours alone, and no more than there is room for. */
	assert_int_equal(said.n, HSM_SAID_MAX);
	assert_int_equal(ERR_peek_error(), 0);
	hsm_said_again(&said);
	assert_int_equal(ERR_GET_REASON(ERR_get_error_all(NULL, NULL, NULL,
	    &data, &flags)), HSM_E_TOKEN);
	assert_string_equal(data, "line 0");
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_carries_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
