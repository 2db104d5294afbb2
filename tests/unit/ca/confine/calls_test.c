#include <seccomp.h>
#include "tests/unit/ca/confine/child.h"

static const char *const *const LISTS[] = {
    calls_base, calls_serve, calls_store, calls_network, calls_fatal};

#define N (sizeof(LISTS) / sizeof(LISTS[0]))

static size_t
count(const char *name)
{
	const char *const *p;
	size_t i, n = 0;

	for (i = 0; i < N; i++)
		for (p = LISTS[i]; *p != NULL; p++)
			n += strcmp(*p, name) == 0;
	return n;
}

/* A name that stands twice would be allowed and fatal, or allowed to more than
   those who need it. */
static void
each_has_one_meaning(void **state)
{
	const char *const *p;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		for (p = LISTS[i]; *p != NULL; p++)
			assert_int_equal(count(*p), 1);
}

/* A misspelt name would be passed over. These are newer than some libseccomp. */
static void
names_are_known(void **state)
{
	static const char *const newer[] = {"fchmodat2", NULL};
	const char *const *p, *const *q;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		for (p = LISTS[i]; *p != NULL; p++) {
			for (q = newer; *q != NULL && strcmp(*p, *q) != 0; q++)
				;
			if (*q == NULL &&
			    seccomp_syscall_resolve_name(*p) ==
				__NR_SCMP_ERROR)
				fail_msg("no system call %s", *p);
		}
}

static void
what_is_judged_by_arguments_is_in_no_list(void **state)
{
	static const char *const judged[] = {"mmap", "mprotect", "clone",
	    "clone3", "socket", "socketpair", "kill", "tgkill", "prctl",
	    "ioctl", "prlimit64", "listen", "io_uring_setup", "fork", "vfork",
	    "shmat", "pkey_mprotect"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(judged) / sizeof(judged[0]); i++)
		assert_int_equal(count(judged[i]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_has_one_meaning),
	    cmocka_unit_test(names_are_known),
	    cmocka_unit_test(what_is_judged_by_arguments_is_in_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
