#ifndef INKAN_CA_ENGINE_FAULT_H
#define INKAN_CA_ENGINE_FAULT_H

/*
 * Points at which the tests kill the process (tests/integration/crash.sh).
 * Only in the build variant `make FAULTS=1`: $INKAN_FAULT names the point, or,
 * when it begins with a slash, a file whose first word does, so that a running
 * process can be told. It ends by SIGKILL when it passes there. Elsewhere:
 * nothing.
 */
#ifdef INKAN_FAULTS
void fault_point(const char *name);
#else
static inline void
fault_point(const char *name)
{
	(void)name;
}
#endif

#endif
