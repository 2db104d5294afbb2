#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ca/shape/head.h"
#include "ca/shape/shape.h"

static void
habits(void **state)
{
	static const struct {
		struct head head;
		const char *shape;
	} cases[] = {
	    {{.agent = "a", .accept = "*/*", .major = 1, .minor = 1}, ""},
	    {{.agent = "", .major = 1, .minor = 1}, "no-user-agent,no-accept"},
	    {{.agent = "a", .accept = "b", .major = 1, .minor = 0}, "http-1.0"},
	    {{.agent = "a", .accept = "b", .major = 1, .minor = 1,
		 .connection = "Close", .expect = "100-continue",
		 .transfer = "chunked", .content_transfer = "base64"},
		"content-transfer-encoding,connection-close,chunked,"
		"expect-continue"},
	    {{.agent = "a", .accept = "b", .connection = "keep-alive"}, ""},
	};
	char text[SHAPE_TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    shape_text(head_shape(&cases[i].head), text),
		    cases[i].shape);
}

static void
agents(void **state)
{
	char out[HEAD_AGENT_MAX + 1], agent[300];

	(void)state;
	head_agent(NULL, out);
	assert_string_equal(out, "");
	head_agent("a\tb\x7f\xc3", out);
	assert_string_equal(out, "a?b??");
	memset(agent, 'x', sizeof(agent) - 1);
	agent[sizeof(agent) - 1] = '\0';
	head_agent(agent, out);
	assert_int_equal(strlen(out), HEAD_AGENT_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(habits),
	    cmocka_unit_test(agents),
	};

	return cmocka_run_group_tests_name("head", tests, NULL, NULL);
}
