#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <netinet/in.h>
#include <cmocka.h>

#include "ra/error.h"
#include "ra/listener.h"

static void
a_port_is_taken_once(void **state)
{
	struct settings_address a;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	char text[64];
	int first, second;

	(void)state;
	assert_true(settings_address_parse("127.0.0.1:0", &a));
	first = listener_open(&a, 0);
	assert_true(first >= 0);
	getsockname(first, (struct sockaddr *)&sin, &len);
	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(sin.sin_port));
	assert_true(settings_address_parse(text, &a));
	second = listener_open(&a, 0);
	assert_int_equal(second, -1);
	assert_int_not_equal(ERR_peek_error(), 0);
	ERR_clear_error();
	close(first);
	second = listener_open(&a, 0); /* free again */
	assert_true(second >= 0);
	close(second);
}

/* The same port on both families: IPv6 sockets must not take IPv4. */
static void
families_do_not_collide(void **state)
{
	struct settings_address a;
	struct sockaddr_in6 sin6;
	socklen_t len = sizeof(sin6);
	char text[64];
	int six, four;

	(void)state;
	assert_true(settings_address_parse("[::]:0", &a));
	six = listener_open(&a, 0);
	if (six < 0) { /* no IPv6 here */
		ERR_clear_error();
		skip();
	}
	getsockname(six, (struct sockaddr *)&sin6, &len);
	snprintf(text, sizeof(text), "0.0.0.0:%d", ntohs(sin6.sin6_port));
	assert_true(settings_address_parse(text, &a));
	four = listener_open(&a, 0);
	assert_true(four >= 0);
	close(four);
	close(six);
}

static void
a_foreign_address_is_an_error(void **state)
{
	struct settings_address a;

	(void)state;
	assert_true(settings_address_parse("192.0.2.1:9", &a));
	assert_int_equal(listener_open(&a, 0), -1);
	assert_int_equal(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_SYS);
	ERR_clear_error();
}

/* Several on one port, when all of them say so. */
static void
a_port_is_shared_on_demand(void **state)
{
	struct settings_address a;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	char text[64];
	int first, second;

	(void)state;
	assert_true(settings_address_parse("127.0.0.1:0", &a));
	first = listener_open(&a, 1);
	assert_true(first >= 0);
	getsockname(first, (struct sockaddr *)&sin, &len);
	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(sin.sin_port));
	assert_true(settings_address_parse(text, &a));
	assert_int_equal(listener_open(&a, 0), -1); /* it does not say so */
	ERR_clear_error();
	second = listener_open(&a, 1);
	assert_true(second >= 0);
	close(first);
	close(second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_port_is_shared_on_demand),
	    cmocka_unit_test(a_port_is_taken_once),
	    cmocka_unit_test(families_do_not_collide),
	    cmocka_unit_test(a_foreign_address_is_an_error),
	};

	return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
