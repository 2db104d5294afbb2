#ifndef TESTS_UNIT_PROFILES_RAISED_H
#define TESTS_UNIT_PROFILES_RAISED_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "profiles/error.h"

/* Reason and text of the last error raised; the queue is emptied. */
static inline int
raised(char *text, size_t size)
{
	const char *data = NULL;
	int flags = 0;
	unsigned long e = ERR_peek_last_error_data(&data, &flags);

	snprintf(text, size, "%s",
	    data != NULL && (flags & ERR_TXT_STRING) ? data : "");
	ERR_clear_error();
	return ERR_GET_LIB(e) == ERR_LIB_USER ? ERR_GET_REASON(e) : 0;
}

static inline void
assert_raised(int reason, const char *part)
{
	char text[1024];
	int got = raised(text, sizeof(text));

	if (got != reason || strstr(text, part) == NULL)
		fail_msg("raised %d \"%s\", wanted %d \"%s\"", got, text,
		    reason, part);
}

#endif
