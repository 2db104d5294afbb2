#ifndef TESTS_FUZZ_QUIET_H
#define TESTS_FUZZ_QUIET_H

#include <pthread.h>
#include <signal.h>

/* libFuzzer looks at the clock in a handler of SIGALRM. The thread that plays the
   client must not be interrupted by it in the middle of a call: called when there
   are other threads, which can be. */
static void
quiet_client(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

#endif
