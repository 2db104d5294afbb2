#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "ocsp/range.h"

/* Digits at *p, moved on; too large is SIZE_MAX. 1, or 0: no digit there. */
static int
read_number(const char **p, size_t *out)
{
	size_t n = 0;

	if (**p < '0' || **p > '9')
		return 0;
	for (; **p >= '0' && **p <= '9'; (*p)++)
		n = n > (SIZE_MAX - 9) / 10 ? SIZE_MAX
					    : n * 10 + (size_t)(**p - '0');
	*out = n;
	return 1;
}

/* "-500": the last so many octets. */
static enum range_result
read_suffix(const char *p, size_t len, size_t *first, size_t *last)
{
	size_t n;

	if (!read_number(&p, &n) || *p != '\0')
		return RANGE_NONE;
	if (n == 0)
		return RANGE_UNSATISFIABLE;
	*first = n < len ? len - n : 0;
	*last = len - 1;
	return RANGE_PART;
}

enum range_result
range_read(const char *header, size_t len, size_t *first, size_t *last)
{
	const char *p = header;
	size_t from, to = SIZE_MAX;

	if (p == NULL || strncasecmp(p, "bytes=", 6) != 0)
		return RANGE_NONE;
	p += 6 + strspn(p + 6, " \t");
	if (*p == '-')
		return read_suffix(p + 1, len, first, last);
	if (!read_number(&p, &from) || *p++ != '-')
		return RANGE_NONE;
	if (*p != '\0' && !read_number(&p, &to))
		return RANGE_NONE;
	if (*p != '\0' || to < from)
		return RANGE_NONE;
	if (from >= len)
		return RANGE_UNSATISFIABLE;
	*first = from;
	*last = to < len ? to : len - 1;
	return RANGE_PART;
}

int
range_still_same(
    const char *header, const char *etag, const char *last_modified)
{
	if (header == NULL)
		return 1;
	/* Strong comparison: a weak tag never matches. */
	return strcmp(header, etag) == 0 ||
	    strcmp(header, last_modified) == 0;
}
