#include <pthread.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "tests/unit/ca/confine/child.h"

struct attempt {
	int (*try)(void);	/* 0 when it went well, else errno */
	unsigned needs;
	const char *conf;
};

static int
attempt(void *arg)
{
	const struct attempt *a = arg;

	if (!filter_load(confine_of(a->conf), a->needs))
		return 255;
	return a->try();
}

/* Exit status, or minus the signal. */
static int
comes_to(int (*try)(void), unsigned needs, const char *conf)
{
	struct attempt a = {try, needs, conf};

	return exit_of(in_child(attempt, &a));
}

static int
result(long rc)
{
	return rc >= 0 ? 0 : errno;
}

static void *
nothing(void *arg)
{
	return arg;
}

static int
try_thread(void)
{
	pthread_t t;
	int e = pthread_create(&t, NULL, nothing, NULL);

	return e != 0 ? e : pthread_join(t, NULL);
}

static int
try_file(void)
{
	return opens("/dev/null", O_RDWR);
}

static int
try_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : result(mprotect(p, 4096, PROT_READ));
}

static int
try_unix(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
try_inet(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int
try_packet(void)
{
	return result(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
try_accept(void)
{
	return result(accept(-1, NULL, NULL));
}

static int
try_sync(void)
{
	return result(fsync(-1));
}

static int
try_bind(void)
{
	return result(bind(-1, NULL, 0));
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int
try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
	    ? errno
	    : 0;
}

static int
try_turn_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
try_kill(void)
{
	return result(kill(getppid(), 0));
}

static int
try_raise(void)
{
	return result(raise(SIGUSR1));
}

static int
try_new_call(void)
{
	return result(syscall(100000));
}

static int
try_exec(void)
{
	char *argv[] = {"true", NULL};

	execv("/usr/bin/true", argv);
	return errno;
}

static int
try_ptrace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
try_unshare(void)
{
	return result(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */));
}

static void
what_is_needed_goes_on(void **state)
{
	(void)state;
	if (SANITIZED)
		skip();
	assert_int_equal(comes_to(try_thread, 0, ""), 0);
	assert_int_equal(comes_to(try_file, 0, ""), 0);
	assert_int_equal(comes_to(try_memory, 0, ""), 0);
	assert_int_equal(comes_to(try_unix, 0, ""), 0);
	assert_int_equal(comes_to(try_raise, 0, ""), -SIGUSR1);
}

/* EBADF: it got as far as the kernel's own judgement. */
static void
needs_are_told(void **state)
{
	(void)state;
	if (SANITIZED)
		skip();
	assert_int_equal(comes_to(try_accept, CONFINE_SERVES, ""), EBADF);
	assert_int_equal(comes_to(try_accept, CONFINE_STORES, ""), ENOSYS);
	assert_int_equal(comes_to(try_sync, CONFINE_STORES, ""), EBADF);
	assert_int_equal(comes_to(try_sync, CONFINE_SERVES, ""), ENOSYS);
}

static void
what_is_not_needed_fails(void **state)
{
	(void)state;
	if (SANITIZED)
		skip();
	assert_int_equal(comes_to(try_fork, 3, ""), ENOSYS);
	assert_int_equal(comes_to(try_code, 3, ""), EPERM);
	assert_int_equal(comes_to(try_turn_code, 3, ""), EPERM);
	assert_int_equal(comes_to(try_kill, 3, ""), EPERM);
	assert_int_equal(comes_to(try_new_call, 3, ""), ENOSYS);
}

static void
networks(void **state)
{
	static const char on[] = "confine: { network = true; };";

	(void)state;
	if (SANITIZED)
		skip();
	assert_int_equal(comes_to(try_inet, 3, ""), EAFNOSUPPORT);
	assert_int_equal(comes_to(try_bind, 3, ""), ENOSYS);
	assert_int_equal(comes_to(try_inet, 3, on), 0);
	assert_int_equal(comes_to(try_bind, 3, on), EBADF);
	assert_int_equal(comes_to(try_packet, 3, on), ENOSYS);
}

static void
what_only_an_intruder_does(void **state)
{
	(void)state;
	if (SANITIZED)
		skip();
	assert_int_equal(comes_to(try_exec, 3, ""), -SIGSYS);
	assert_int_equal(comes_to(try_ptrace, 3, ""), -SIGSYS);
	assert_int_equal(comes_to(try_unshare, 3, ""), -SIGSYS);
}

static void
who_computes_has_what_is_open(void **state)
{
	(void)state;
	if (SANITIZED)
		skip();
	assert_int_equal(comes_to(try_memory, CONFINE_COMPUTES, ""), 0);
	assert_int_equal(comes_to(try_accept, CONFINE_COMPUTES, ""), EBADF);
	assert_int_equal(comes_to(try_raise, CONFINE_COMPUTES, ""), -SIGUSR1);
	assert_int_equal(comes_to(try_file, CONFINE_COMPUTES, ""), ENOSYS);
	assert_int_equal(comes_to(try_unix, CONFINE_COMPUTES, ""), ENOSYS);
	assert_int_equal(comes_to(try_bind, CONFINE_COMPUTES, ""), ENOSYS);
	assert_int_equal(comes_to(try_thread, CONFINE_COMPUTES, ""), ENOSYS);
	assert_int_equal(comes_to(try_fork, CONFINE_COMPUTES, ""), ENOSYS);
	assert_int_equal(comes_to(try_kill, CONFINE_COMPUTES, ""), ENOSYS);
	assert_int_equal(comes_to(try_code, CONFINE_COMPUTES, ""), ENOSYS);
	assert_int_equal(comes_to(try_exec, CONFINE_COMPUTES, ""), -SIGSYS);
}

static pthread_barrier_t ready, loaded;

static void *
earlier(void *arg)
{
	pthread_barrier_wait(&ready);
	pthread_barrier_wait(&loaded);
	*(int *)arg = try_fork();
	return NULL;
}

static int
with_a_thread(void *arg)
{
	int e = -1, ok;
	pthread_t t;

	(void)arg;
	pthread_barrier_init(&ready, NULL, 2);
	pthread_barrier_init(&loaded, NULL, 2);
	if (pthread_create(&t, NULL, earlier, &e) != 0)
		return 254;
	pthread_barrier_wait(&ready);
	ok = filter_load(confine_of(""), 0);
	pthread_barrier_wait(&loaded);
	pthread_join(t, NULL);
	return ok ? e : 255;
}

static void
threads_that_are_there_too(void **state)
{
	(void)state;
	if (SANITIZED)
		skip();
	assert_int_equal(exit_of(in_child(with_a_thread, NULL)), ENOSYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_needed_goes_on),
	    cmocka_unit_test(needs_are_told),
	    cmocka_unit_test(what_is_not_needed_fails),
	    cmocka_unit_test(networks),
	    cmocka_unit_test(what_only_an_intruder_does),
	    cmocka_unit_test(who_computes_has_what_is_open),
	    cmocka_unit_test(threads_that_are_there_too),
	};

	if (!filter_is_there())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
