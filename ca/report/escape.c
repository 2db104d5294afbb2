#include <stdio.h>
#include <string.h>
#include "ca/report/private.h"

/* The code point at ${s}, its length in *used; 0 when that is not UTF-8. */
static unsigned long
code_point(const unsigned char *s, size_t n, size_t *used)
{
	static const unsigned long LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned long c;
	size_t len, i;

	*used = 1;
	if (s[0] < 0x80)
		return s[0];
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len > n)
		return 0;
	c = s[0] & (0xff >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < LEAST[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*used = len;
	return c;
}

/* Characters that only show: no controls, none that turns the line's direction
   or ends it for some reader and, in quotes, none that our notation uses. */
static int
is_plain(unsigned long c, int quoted)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return 0;
	if (quoted && (c == '"' || c == '\\'))
		return 0;
	if (c == 0x61c || c == 0x200e || c == 0x200f ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
		return 0;
	return 1;
}

size_t
escape_some(const char *s, size_t n, int quoted, char *out, size_t size)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = 0, o = 0, len, k;

	while (i < n && o + 17 <= size) {
		if (is_plain(code_point(p + i, n - i, &len), quoted)) {
			memcpy(out + o, p + i, len);
			o += len;
		} else {
			for (k = 0; k < len; k++)
				o += (size_t)snprintf(
				    out + o, size - o, "\\x%02x", p[i + k]);
		}
		i += len;
	}
	out[o] = '\0';
	return i;
}

void
report_escape(const char *s, char *out, size_t size)
{
	size_t n = strlen(s);

	if (escape_some(s, n, 0, out, size - 3) < n)
		strcat(out, "...");
}
