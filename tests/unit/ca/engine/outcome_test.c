#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ca/error.h"
#include "hsm/error.h"
#include "profiles/error.h"
#include "ca/engine/outcome.h"

static struct outcome o;

static void
from(int reason, const char *text)
{
	ERR_clear_error();
	outcome_init(&o);
	ca_raise(reason, "%s", text);
	assert_int_equal(outcome_from_errors(&o, "possess"), 0);
	assert_string_equal(o.stage, "possess");
}

static void
refusal_is_kept(void **state)
{
	(void)state;
	outcome_init(&o);
	assert_int_equal(o.status, WIRE_OK);
	assert_int_equal(outcome_refuse(&o, WIRE_DENIED, "authorize",
			     "renew.window", "csr.san", "not before %d", 7),
	    0);
	assert_int_equal(o.status, WIRE_DENIED);
	assert_string_equal(o.stage, "authorize");
	assert_string_equal(o.rule, "renew.window");
	assert_string_equal(o.field, "csr.san");
	assert_string_equal(o.text, "not before 7");
}

/* Names from outside stand in our texts. */
static void
text_is_one_line(void **state)
{
	char long_text[600];

	(void)state;
	outcome_refuse(&o, WIRE_DENIED, "s", "r", "f", "a\nb\x1b[31m\xff");
	assert_string_equal(o.text, "a?b?[31m?");
	outcome_refuse(&o, WIRE_DENIED, "s", "r", "f", "%s", "gr\xc3\xbc\xc3");
	assert_string_equal(o.text, "gr\xc3\xbc?");
	outcome_refuse(
	    &o, WIRE_DENIED, "s", "r", "f", "%s", "\xed\xa0\x80 \xc0\xaf");
	assert_string_equal(o.text, "??? ??");
	memset(long_text, 'x', sizeof(long_text));
	memcpy(long_text + sizeof(o.text) - 2, "\xc3\xbc", 2);
	long_text[sizeof(long_text) - 1] = '\0';
	outcome_refuse(&o, WIRE_DENIED, "s", "r", "f", "%s", long_text);
	assert_int_equal(o.text[sizeof(o.text) - 2], '?');
	assert_int_equal(o.text[sizeof(o.text) - 1], '\0');
}

static void
classes(void **state)
{
	static const struct {
		int reason, status, retry;
	} t[] = {{CA_E_BADREQUEST, WIRE_BADREQUEST, 0},
	    {CA_E_UNAUTHENTICATED, WIRE_UNAUTHENTICATED, 0},
	    {CA_E_DENIED, WIRE_DENIED, 0}, {CA_E_NOTFOUND, WIRE_NOTFOUND, 0},
	    {CA_E_PENDING, WIRE_PENDING, 1}, {CA_E_LIMITED, WIRE_LIMITED, 1},
	    {CA_E_BUSY, WIRE_UNAVAILABLE, 1}, {CA_E_STORE, WIRE_UNAVAILABLE, 1},
	    {CA_E_SIGN, WIRE_UNAVAILABLE, 1},
	    {CA_E_STOPPED, WIRE_UNAVAILABLE, 1},
	    {CA_E_CONFIG, WIRE_BADREQUEST, 0},
	    {CA_E_INTERNAL, WIRE_INTERNAL, 0},
	    {PROFILE_E_CONFIG, WIRE_BADREQUEST, 0},
	    {PROFILE_E_BADREQUEST, WIRE_BADREQUEST, 0},
	    {PROFILE_E_REFUSED, WIRE_DENIED, 0},
	    {PROFILE_E_NONCONFORM, WIRE_INTERNAL, 0},
	    {PROFILE_E_INTERNAL, WIRE_INTERNAL, 0},
	    {HSM_E_NOTOKEN, WIRE_UNAVAILABLE, 1}, {999, WIRE_INTERNAL, 0}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		from(t[i].reason, "some.rule: some words");
		assert_int_equal(o.status, t[i].status);
		assert_int_equal(o.retry_after > 0, t[i].retry);
		assert_true(o.text[0] != '\0');
	}
}

static void
rule_and_text(void **state)
{
	(void)state;
	from(CA_E_DENIED, "renew.window: not before: Tuesday");
	assert_string_equal(o.rule, "renew.window");
	assert_string_equal(o.text, "not before: Tuesday");
	from(CA_E_DENIED, "no rule here");
	assert_string_equal(o.rule, "");
	assert_string_equal(o.text, "no rule here");
	from(CA_E_DENIED, "a sentence, not a rule: with words");
	assert_string_equal(o.rule, "");
	from(PROFILE_E_CONFIG, "x.conf:12: y: z");
	assert_string_equal(o.text, "x.conf:12: y: z");
}

/* The client gets the class of what is the operator's business. */
static void
no_internals(void **state)
{
	(void)state;
	from(CA_E_STORE, "store: disk I/O error in /var/lib/x");
	assert_null(strstr(o.text, "/var"));
	assert_string_equal(o.rule, "store");
	from(CA_E_INTERNAL, "secret detail");
	assert_null(strstr(o.text, "secret"));
	from(HSM_E_PIN, "pin: token label");
	assert_null(strstr(o.text, "label"));
	from(PROFILE_E_NONCONFORM, "conform.ku: RFC 5280: detail");
	assert_string_equal(o.rule, "conform.ku");
	assert_null(strstr(o.text, "detail"));
}

static void
outermost_decides(void **state)
{
	(void)state;
	ERR_clear_error();
	profile_raise(PROFILE_E_BADREQUEST, "csr.der: inner");
	ca_raise(CA_E_DENIED, "outer.rule: outer");
	outcome_from_errors(&o, "possess");
	assert_int_equal(o.status, WIRE_DENIED);
	assert_string_equal(o.rule, "outer.rule");
	assert_true(ERR_peek_error() != 0); /* left for the log */
	ERR_clear_error();
	outcome_from_errors(&o, "possess");
	assert_int_equal(o.status, WIRE_INTERNAL);
	/* Something of OpenSSL's on top: its words are not ours to say. */
	ca_raise(CA_E_DENIED, "outer.rule: outer");
	ERR_raise_data(ERR_LIB_X509, 100, "detail");
	outcome_from_errors(&o, "possess");
	assert_int_equal(o.status, WIRE_DENIED);
	assert_null(strstr(o.text, "detail"));
	ERR_clear_error();
}

/* A refusal that is only a text names the field that its rule judges. */
static void
rules_have_fields(void **state)
{
	(void)state;
	from(CA_E_DENIED, "key.blocked: no");
	assert_string_equal(o.field, "csr.key");
	from(CA_E_DENIED, "subject.CN: not there");
	assert_string_equal(o.field, "subject.CN");
	from(CA_E_DENIED, "own.proof: no");
	assert_string_equal(o.field, "proof");
	from(CA_E_DENIED, "own.state: no");
	assert_string_equal(o.field, "current");
	from(CA_E_DENIED, "re_enrolled: no");
	assert_string_equal(o.field, "");
	from(CA_E_STORE, "key.blocked: no");
	assert_string_equal(o.field, "");
	ERR_clear_error();
}

/* A declared extension names the field that breaks it. */
static void
extensions_name_their_field(void **state)
{
	(void)state;
	from(PROFILE_E_REFUSED, "extension.2.23.133.5.4.1: registry.svn: not "
				"an integer");
	assert_string_equal(o.rule, "extension.2.23.133.5.4.1");
	assert_string_equal(o.field, "registry.svn");
	assert_string_equal(o.text, "registry.svn: not an integer");
	from(PROFILE_E_REFUSED, "extension.1.2.3: too long");
	assert_string_equal(o.field, "");
	from(PROFILE_E_REFUSED, "name.constraints: \"a\" is excluded");
	assert_string_equal(o.field, "csr.san");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {	    cmocka_unit_test(extensions_name_their_field),
cmocka_unit_test(refusal_is_kept),
	    cmocka_unit_test(text_is_one_line), cmocka_unit_test(classes),
	    cmocka_unit_test(rule_and_text), cmocka_unit_test(no_internals),
	    cmocka_unit_test(outermost_decides),
	    cmocka_unit_test(rules_have_fields)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
