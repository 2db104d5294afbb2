#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ca/shape/route.h"

#define EST "/.well-known/est"

static void
parsed(void **state)
{
	static const struct {
		const char *path, *label;
		enum route_op op;
	} cases[] = {
	    {EST "/cacerts", "", ROUTE_CACERTS},
	    {EST "/csrattrs", "", ROUTE_CSRATTRS},
	    {EST "/simpleenroll", "", ROUTE_SIMPLEENROLL},
	    {EST "/a/simplereenroll", "a", ROUTE_SIMPLEREENROLL},
	    {EST "/a-b_c/serverkeygen", "a-b_c", ROUTE_SERVERKEYGEN},
	    {EST "/x/fullcmc", "x", ROUTE_FULLCMC},
	    {"/log-proof", "", ROUTE_LOG_PROOF},
	};
	struct route r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(route_parse(cases[i].path, &r));
		assert_int_equal(r.op, cases[i].op);
		assert_string_equal(r.label, cases[i].label);
		assert_string_equal(
		    strrchr(cases[i].path, '/') + 1, route_name(r.op));
	}
}

static void
unknown(void **state)
{
	static const char *const paths[] = {"", "/", EST, EST "/", EST "//",
	    EST "/cacert", EST "/cacertss", EST "/cacerts/", EST "//cacerts",
	    EST "/a/b/cacerts", EST "/a/", EST "/cacerts/cacerts",
	    EST "/simpleenroll/csrattrs", EST "/a/unknown",
	    EST "/log-proof", EST "/a/log-proof", "/log-proof/", "/a/log-proof",
	    "/.well-known/EST/cacerts", "cacerts"};
	char path[256] = EST "/";
	struct route r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_false(route_parse(paths[i], &r));
		assert_int_equal(r.op, ROUTE_NONE);
	}
	memset(path + strlen(path), 'l', ROUTE_LABEL_MAX + 1);
	strcat(path, "/cacerts");
	assert_false(route_parse(path, &r));
	/* One less is just right. */
	memmove(path + 18, path + 19, strlen(path + 19) + 1);
	assert_true(route_parse(path, &r));
}

static void
methods(void **state)
{
	(void)state;
	assert_int_equal(route_methods(ROUTE_CACERTS), ROUTE_GET | ROUTE_HEAD);
	assert_int_equal(route_methods(ROUTE_FULLCMC), ROUTE_POST);
	assert_int_equal(route_methods(ROUTE_NONE), 0);
	assert_string_equal(route_allow(ROUTE_CSRATTRS), "GET, HEAD");
	assert_string_equal(route_allow(ROUTE_SIMPLEENROLL), "POST");
	assert_string_equal(route_name(ROUTE_NONE), "-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parsed),
	    cmocka_unit_test(unknown),
	    cmocka_unit_test(methods),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
