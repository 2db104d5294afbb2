#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/engine/fault.h"

/* How a process ends that passes the point "signed" with $INKAN_FAULT set. */
static int
ends(const char *want)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (want == NULL)
			unsetenv("INKAN_FAULT");
		else
			setenv("INKAN_FAULT", want, 1);
		fault_point("signed");
		_exit(7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
elsewhere_it_goes_on(void **state)
{
	int status;

	(void)state;
	status = ends("reserved");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	status = ends(NULL);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	status = ends("");
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* In the variant that is built for it, and in no other. */
static void
at_its_point(void **state)
{
	int status = ends("signed");

	(void)state;
#ifdef INKAN_FAULTS
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
#else
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(elsewhere_it_goes_on),
	    cmocka_unit_test(at_its_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
