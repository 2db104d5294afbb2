#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sys/stat.h>
#include "ca/error.h"
#include "ca/report/report.h"

static int fds[2];

static int
setup(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	ERR_clear_error();
	if (pipe(fds) != 0)
		return -1;
	report_init("test", REPORT_INFO, fds[1]);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(fds[0]);
	close(fds[1]);
	return 0;
}

/* The one line that was written, without its end. */
static const char *
line(void)
{
	static char buf[2 * REPORT_LINE_MAX];
	ssize_t n = read(fds[0], buf, sizeof(buf) - 1);

	assert_true(n > 0);
	assert_int_equal(buf[n - 1], '\n');
	buf[n - 1] = '\0';
	assert_null(strchr(buf, '\n'));
	return buf;
}

static void
test_form(void **state)
{
	const char *l;

	(void)state;
	errno = ENOENT;
	report_event(REPORT_INFO, "issue.done", "serial", "4f", "device", "a b",
	    "who", NULL, "empty", "", NULL);
	assert_int_equal(errno, ENOENT);
	l = line();
	assert_int_equal(strspn(l, "0123456789"), 4);
	assert_int_equal(l[10], 'T');
	assert_memory_equal(l + 19, "Z level=info ", 13);
	assert_string_equal(l + 21,
	    "level=info prog=test event=issue.done serial=4f "
	    "device=\"a b\" who=- empty=\"\"");
}

static void
test_least_level(void **state)
{
	(void)state;
	report_event(REPORT_DEBUG, "not.this", NULL);
	report_event(REPORT_ERROR, "but.this", NULL);
	assert_non_null(strstr(line(), "level=error prog=test event=but.this"));
}

static void
test_escapes(void **state)
{
	(void)state;
	report_event(REPORT_WARN, "e", "v",
	    "x\nevent=forged \"q\" \\ \x1b[2J gerät \xff \xc2\x9b "
	    "\xe2\x80\xae",
	    NULL);
	assert_non_null(strstr(line(),
	    " v=\"x\\x0aevent=forged \\x22q\\x22 \\x5c \\x1b[2J gerät "
	    "\\xff \\xc2\\x9b \\xe2\\x80\\xae\""));
}

static void
test_value_is_cut(void **state)
{
	char big[REPORT_VALUE_MAX + 100];
	const char *l, *v;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	report_event(REPORT_INFO, "e", "v", big, "after", "1", NULL);
	l = line();
	assert_non_null(v = strstr(l, " v=\""));
	assert_int_equal(strspn(v + 4, "a"), REPORT_VALUE_MAX);
	assert_string_equal(v + 4 + REPORT_VALUE_MAX, "...\" after=1");
	big[REPORT_VALUE_MAX] = '\0';
	report_event(REPORT_INFO, "e", "v", big, NULL);
	assert_null(strstr(line(), "..."));
}

static void
test_line_is_cut(void **state)
{
	char big[REPORT_VALUE_MAX + 1];
	const char *l;

	(void)state;
	memset(big, '\n', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	report_event(REPORT_INFO, "e", "a", big, "b", big, "c", "1", NULL);
	l = line();
	assert_true(strlen(l) < REPORT_LINE_MAX);
	assert_non_null(strstr(l, " a=\"\\x0a"));
	assert_null(strstr(l, " b="));
	assert_string_equal(l + strlen(l) - 9, "\" cut=yes");
}

static void
test_journal(void **state)
{
	char id[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fds[1], &st), 0);
	snprintf(id, sizeof(id), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", id, 1);
	report_init("test", REPORT_INFO, fds[1]);
	report_event(REPORT_WARN, "e", NULL);
	assert_string_equal(line(), "<4>level=warn prog=test event=e");
	/* Somebody else's journal: a file of ours keeps its time. */
	setenv("JOURNAL_STREAM", "0:0", 1);
	report_init("test", REPORT_INFO, fds[1]);
	report_event(REPORT_WARN, "e", NULL);
	assert_int_equal(line()[0], '2');
	unsetenv("JOURNAL_STREAM");
}

static void
raise_three(void)
{
	ERR_raise_data(ERR_LIB_SYS, ENOENT, "open %s", "/x");
	ca_raise(CA_E_STORE, "store: \"it\" is away");
	ca_raise(CA_E_BUSY, "request 7");
}

static void
test_errors(void **state)
{
	(void)state;
	raise_three();
	report_errors(REPORT_ERROR, "e", "req", "7", NULL);
	assert_non_null(strstr(line(),
	    "level=error prog=test event=e req=7 error=\"request 7 <- store: "
	    "\\x22it\\x22 is away <- open /x: No such file or directory\""));
	assert_int_equal(ERR_peek_error(), 0);
	/* Below the level the queue is emptied all the same. */
	raise_three();
	report_errors(REPORT_DEBUG, "e", NULL);
	assert_int_equal(ERR_peek_error(), 0);
}

/* A trace full of what must be escaped is shortened, not left out. */
static void
test_errors_long(void **state)
{
	char big[1000];
	const char *l;
	int i;

	(void)state;
	memset(big, '"', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (i = 0; i < 3; i++)
		ca_raise(CA_E_BUSY, "%s", big);
	report_errors(REPORT_ERROR, "e", NULL);
	l = line();
	assert_true(strlen(l) < REPORT_LINE_MAX);
	assert_non_null(strstr(l, " error=\"\\x22\\x22"));
	assert_null(strstr(l, "cut=yes"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_form, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_least_level, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_escapes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_value_is_cut, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_line_is_cut, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_journal, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_errors_long, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
