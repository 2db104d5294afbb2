#ifndef INKAN_TESTS_RA_LOG_H
#define INKAN_TESTS_RA_LOG_H

#include "house.h"

#include <sys/mman.h>

/* The event lines of a house, as an operator would read them. */

/* Call it before what is to be read; a descriptor for the others. */
static inline int
log_open(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	report_init("test", REPORT_INFO, fd);
	return fd;
}

/* Until now, returned to be freed with free(). */
static inline char *
log_text(int fd)
{
	char *text = calloc(1, 1 << 20);

	assert_non_null(text);
	assert_true(pread(fd, text, (1 << 20) - 1, 0) >= 0);
	return text;
}

/* How many lines have ${a} and, after it, ${b} in them. */
static inline int
log_count(int fd, const char *a, const char *b)
{
	char *text = log_text(fd), *rest = text, *line;
	const char *at;
	int n = 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		at = strstr(line, a);
		if (at != NULL && strstr(at, b) != NULL)
			n++;
	}
	free(text);
	return n;
}

/* Such a line comes within a few seconds. */
static inline int
log_comes(int fd, const char *a, const char *b)
{
	int i;

	for (i = 0; i < 500 && log_count(fd, a, b) == 0; i++)
		house_pause(10);
	if (log_count(fd, a, b) == 0) {
		char *text = log_text(fd);

		print_message("%s ... %s is not in:\n%s", a, b, text);
		free(text);
		return 0;
	}
	return 1;
}

static inline void
log_close(int fd)
{
	report_init("test", REPORT_ERROR, 2);
	close(fd);
}

#endif
