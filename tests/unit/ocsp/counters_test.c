#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>
#include "ca/report/report.h"
#include "ocsp/counters.h"

static void
test_report(void **state)
{
	struct counters c;
	char line[2048] = "";
	int fd[2];

	(void)state;
	memset(&c, 0, sizeof(c));
	assert_int_equal(pipe(fd), 0);
	report_init("inkan-ocsp", REPORT_INFO, fd[1]);
	/* Nothing happened: nothing is said. */
	counters_report(&c);
	counters_add(&c, COUNT_REQUESTS);
	counters_add(&c, COUNT_REQUESTS);
	counters_add(&c, COUNT_MALFORMED);
	assert_int_equal(counters_get(&c, COUNT_REQUESTS), 2);
	counters_report(&c);
	assert_int_equal(counters_get(&c, COUNT_REQUESTS), 2);
	counters_report(&c);
	close(fd[1]);
	assert_true(read(fd[0], line, sizeof(line) - 1) > 0);
	assert_non_null(strstr(line, "event=ocsp.summary requests=2 "));
	assert_non_null(strstr(line, " malformed=1 "));
	assert_non_null(strstr(line,
	    " timeouts=0 over_budget=0 by_sha1=0 by_sha256=0 by_other=0\n"));
	assert_ptr_equal(strchr(line, '\n'), strrchr(line, '\n'));
	close(fd[0]);
}

static void
test_answers(void **state)
{
	struct counters c;

	(void)state;
	memset(&c, 0, sizeof(c));
	counters_answer(&c, 3, COUNTERS_REVOKED, COUNTERS_PREPARED);
	counters_answer(&c, 3, COUNTERS_REVOKED, COUNTERS_PREPARED);
	counters_answer(&c, 9999, COUNTERS_GOOD, COUNTERS_SIGNED);
	assert_int_equal(
	    counters_answers(&c, 3, COUNTERS_REVOKED, COUNTERS_PREPARED), 2);
	assert_int_equal(
	    counters_answers(&c, 3, COUNTERS_REVOKED, COUNTERS_CACHED), 0);
	assert_int_equal(counters_answers(
			     &c, COUNTERS_OTHER, COUNTERS_GOOD, COUNTERS_SIGNED),
	    1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_report),
	    cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
