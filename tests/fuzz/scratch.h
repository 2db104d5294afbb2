#ifndef TESTS_FUZZ_SCRATCH_H
#define TESTS_FUZZ_SCRATCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An input as a file, for what reads files: one file that is written anew for
   each input, in a folder of its own that goes at the end. */

static char scratch_dir[64], scratch_path[96];

static void
scratch_remove(void)
{
	unlink(scratch_path);
	rmdir(scratch_dir);
}

/* Its path. */
static const char *
scratch_write(const uint8_t *data, size_t size)
{
	FILE *f;

	if (scratch_path[0] == '\0') {
		/* In memory where that is possible: ten times as fast. */
		snprintf(scratch_dir, sizeof(scratch_dir),
		    "%s/inkan-fuzz-XXXXXX",
		    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		if (mkdtemp(scratch_dir) == NULL)
			abort();
		snprintf(scratch_path, sizeof(scratch_path), "%s/input.conf",
		    scratch_dir);
		atexit(scratch_remove);
	}
	f = fopen(scratch_path, "we");
	if (f == NULL || fwrite(data, 1, size, f) != size || fclose(f) != 0)
		abort();
	return scratch_path;
}

#endif
