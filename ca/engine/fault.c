#include "ca/engine/fault.h"

#ifdef INKAN_FAULTS
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first word of that file; "" when it is not there. */
static void
read_word(const char *path, char *out, int size)
{
	FILE *f = fopen(path, "re");

	if (f == NULL || fgets(out, size, f) == NULL)
		out[0] = '\0';
	out[strcspn(out, " \n")] = '\0';
	if (f != NULL)
		fclose(f);
}

void
fault_point(const char *name)
{
	const char *want = getenv("INKAN_FAULT");
	char word[64];

	if (want != NULL && want[0] == '/') {
		read_word(want, word, sizeof(word));
		want = word;
	}
	if (want != NULL && strcmp(want, name) == 0)
		raise(SIGKILL);
}
#else
typedef int fault_unused;	/* ISO C wants a declaration in each unit */
#endif
