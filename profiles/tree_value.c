#include <string.h>

#include "profiles/text.h"
#include "profiles/tree.h"

/* What the text of a leaf may be. */

static int
all_of(const char *s, const char *set)
{
	return s[0] != '\0' && s[strspn(s, set)] == '\0';
}

static const char *
integer_breach(const char *s)
{
	const char *digits = s[0] == '-' ? s + 1 : s;

	if (!all_of(digits, "0123456789") ||
	    (digits[0] == '0' && (digits[1] != '\0' || digits != s)))
		return "not an integer";
	return strlen(digits) > TREE_DIGITS_MAX ? "an integer too long" : NULL;
}

static const char *
enumerated_breach(const char *s)
{
	return s[0] == '-' || integer_breach(s) != NULL || strlen(s) > 9
	    ? "not a number of 0 to 999999999"
	    : NULL;
}

static const char *
octets_breach(const char *s)
{
	return !all_of(s, "0123456789abcdefABCDEF") || strlen(s) % 2 != 0
	    ? "not octets in hexadecimal"
	    : NULL;
}

static int
number(const char *s, int n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + (*s++ - '0');
	return v;
}

/* YYYYMMDDHHMMSSZ, and a day that exists (X.690 11.7). */
static const char *
time_breach(const char *s)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y, mon, leap;

	if (strspn(s, "0123456789") != 14 || strcmp(s + 14, "Z") != 0)
		return "not a time YYYYMMDDHHMMSSZ";
	y = number(s, 4);
	mon = number(s + 4, 2);
	leap = mon == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
	if (mon < 1 || mon > 12 || number(s + 6, 2) < 1 ||
	    number(s + 6, 2) > days[mon - 1] + leap || number(s + 8, 2) > 23 ||
	    number(s + 10, 2) > 59 || number(s + 12, 2) > 59)
		return "not a time that exists";
	return NULL;
}

static const char *
form_breach(enum tree_type type, const char *s)
{
	size_t len = strlen(s);

	switch (type) {
	case TREE_BOOLEAN:
		return strcmp(s, "true") == 0 || strcmp(s, "false") == 0
		    ? NULL
		    : "neither true nor false";
	case TREE_INTEGER:
		return integer_breach(s);
	case TREE_ENUMERATED:
		return enumerated_breach(s);
	case TREE_BIT_STRING:
		return all_of(s, "01") ? NULL : "not bits, 0 and 1";
	case TREE_OCTET_STRING:
		return octets_breach(s);
	case TREE_OID:
		return text_is_oid(s) ? NULL : "not a dotted OID";
	case TREE_UTF8:
		return text_is_utf8(s, len) ? NULL : "not UTF-8";
	case TREE_PRINTABLE:
		return text_is_printable(s, len) ? NULL
						 : "not a PrintableString";
	case TREE_IA5:
		return text_is_ascii(s, len) ? NULL : "not printable ASCII";
	case TREE_TIME:
		return time_breach(s);
	default:
		return "no value can be given";
	}
}

const char *
tree_breach(const struct tree *t, const char *value)
{
	size_t len = strlen(value);
	const char *what;

	if (len > TREE_TEXT_MAX)
		return "too long";
	if ((what = form_breach(t->type, value)) != NULL)
		return what;
	if (t->type == TREE_OCTET_STRING)
		len /= 2;
	return t->size == 0 || len == t->size ? NULL : "not of the right size";
}
