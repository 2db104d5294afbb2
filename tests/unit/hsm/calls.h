#ifndef INKAN_TESTS_HSM_CALLS_H
#define INKAN_TESTS_HSM_CALLS_H

/* Operations of a test's own. What one works on is on the stack: none of them is
   late, or the test ends badly. */

#include "hsm/private.h"

static inline void
keep_arg(void *arg)
{
	(void)arg;
}

static inline int
session_run(struct hsm *h, hsm_op *op, void *arg)
{
	return hsm_session_look(h, "test", op, arg, keep_arg) == 1;
}

static inline int
session_run_rw(struct hsm *h, hsm_op *op, void *arg)
{
	return hsm_session_make(
		   h, "test", HSM_MAKE_TIMES, op, arg, keep_arg) == 1;
}

#endif
