#include "ca/engine/fault.h"

#ifdef INKAN_FAULTS
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void
fault_point(const char *name)
{
	const char *want = getenv("INKAN_FAULT");

	if (want != NULL && strcmp(want, name) == 0)
		raise(SIGKILL);
}
#else
typedef int fault_unused;	/* ISO C wants a declaration in each unit */
#endif
