#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/resource.h>
#include "tests/unit/ca/confine/child.h"
#include "ca/confine/memory.h"

/* Kilobytes of this process that are locked. */
static long
locked(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long n = -1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmLck: %ld", &n) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return n;
}

/* Bits of what is not as it must be. */
static int
protects(void *arg)
{
	void *p, *more;
	EVP_PKEY *key;
	size_t before;
	int bad = 0;

	(void)arg;
	if (!memory_protect(0))
		return 255;
	p = OPENSSL_secure_malloc(64);
	bad |= !CRYPTO_secure_allocated(p);
	before = CRYPTO_secure_used();
	key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	bad |= (key == NULL || CRYPTO_secure_used() <= before) << 1;
	EVP_PKEY_free(key);
	more = malloc(1 << 20);
	bad |= (more == NULL) << 2;
	free(more);
	OPENSSL_secure_clear_free(p, 64);
	return bad;
}

static void
keys_lie_in_the_arena(void **state)
{
	(void)state;
	assert_int_equal(exit_of(in_child(protects, NULL)), 0);
}

static int
locks(void *arg)
{
	struct rlimit limit;

	(void)arg;
	if (!memory_protect(0))
		return 255;
	getrlimit(RLIMIT_MEMLOCK, &limit);
	/* The arena at least, and all where it may be. */
	if (limit.rlim_cur != RLIM_INFINITY)
		return locked() < 1024;
	return locked() < 4096;
}

static void
memory_is_locked(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* it makes mlockall(2) nothing */
#endif
	assert_int_equal(exit_of(in_child(locks, NULL)), 0);
}

/* With a limit that cannot be lifted there is an arena all the same, and what
   is made later does not fail. */
static int
with_a_limit(void *arg)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_MEMLOCK, &none);
	if (geteuid() == 0 && setresuid(64009, 64009, 64009) != 0)
		return 254;
	return protects(arg);
}

static void
a_limit_is_no_end(void **state)
{
	(void)state;
	assert_int_equal(exit_of(in_child(with_a_limit, NULL)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_lie_in_the_arena),
	    cmocka_unit_test(memory_is_locked),
	    cmocka_unit_test(a_limit_is_no_end),
	};

	report_init("test", REPORT_ERROR, STDERR_FILENO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
