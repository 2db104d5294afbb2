#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/confine/memory.h"

#define SMALLEST 32 /* octets that the arena gives out at least */

/* Locked memory is counted as it is reserved, not as it is used: with a limit,
   threads and caches could not be made any more. */
static int
may_lock(void)
{
	struct rlimit limit, all = {RLIM_INFINITY, RLIM_INFINITY};

	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
		return 0;
	if (limit.rlim_max == RLIM_INFINITY) {
		limit.rlim_cur = RLIM_INFINITY;
		return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
	}
	return setrlimit(RLIMIT_MEMLOCK, &all) == 0; /* root may */
}

/* What is touched stays; what is only reserved costs nothing. */
static int
lock_all(void)
{
	return may_lock() &&
	    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

static size_t
power_of_two(size_t n)
{
	size_t p = MEMORY_ARENA_MIN;

	while (p < n)
		p *= 2;
	return p;
}

int
memory_protect(size_t arena)
{
	int locked = lock_all(), e = errno;
	int heap = CRYPTO_secure_malloc_init(power_of_two(arena), SMALLEST);

	if (heap == 0) {
		ca_raise(CA_E_INTERNAL, "no memory for keys (%zu octets)",
		    power_of_two(arena));
		return 0;
	}
	if (!locked)
		report_event(REPORT_WARN, "memory.unlocked", "keys",
		    heap == 1 ? "locked" : "unlocked", "why", strerror(e),
		    NULL);
	return 1;
}
