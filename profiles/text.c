#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "profiles/text.h"

#define WORD_MAX 64 /* longer words get no suggestion */

/* Length of the UTF-8 sequence at ${p}, 0 if there is none. */
static size_t
utf8_sequence(const unsigned char *p, size_t left)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c;
	size_t n, i;

	if (p[0] < 0x80)
		return p[0] != 0;
	if (p[0] >= 0xf5 || p[0] < 0xc2)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n > left)
		return 0;
	c = p[0] & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return n;
}

int
text_is_utf8(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i, n;

	for (i = 0; i < len; i += n)
		if ((n = utf8_sequence(p + i, len - i)) == 0)
			return 0;
	return 1;
}

int
text_has_control(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] == 0x7f ||
		    (p[i] == 0xc2 && i + 1 < len && p[i + 1] < 0xa0))
			return 1;
	return 0;
}

int
text_is_ascii(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return 0;
	return 1;
}

static int
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

/* Every character is a letter, a digit, or one of ${more}. */
static int
only(const char *s, size_t len, const char *more)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!is_alnum(s[i]) &&
		    (s[i] == '\0' || strchr(more, s[i]) == NULL))
			return 0;
	return 1;
}

int
text_is_printable(const char *s, size_t len)
{
	return only(s, len, " '()+,-./:=?");
}

static int
dns_label(const char *s, size_t len)
{
	return len >= 1 && len <= 63 && s[0] != '-' && s[len - 1] != '-' &&
	    only(s, len, "-");
}

int
text_is_dns(const char *s, size_t len, int wildcard)
{
	const char *dot, *end = s + len;
	size_t n;

	if (len == 0 || len > 253)
		return 0;
	if (wildcard && len > 2 && s[0] == '*' && s[1] == '.')
		s += 2;
	for (;;) {
		dot = memchr(s, '.', (size_t)(end - s));
		n = (size_t)((dot != NULL ? dot : end) - s);
		if (!dns_label(s, n))
			return 0;
		if (dot == NULL)
			return 1;
		s = dot + 1;
	}
}

int
text_is_email(const char *s, size_t len)
{
	const char *at = memchr(s, '@', len);
	size_t local;

	if (at == NULL || len > 254)
		return 0;
	local = (size_t)(at - s);
	if (local == 0 || local > 64 || s[0] == '.' || at[-1] == '.' ||
	    !only(s, local, "!#$%&'*+-/=?^_`{|}~.") ||
	    memmem(s, local, "..", 2) != NULL)
		return 0;
	return text_is_dns(at + 1, len - local - 1, 0);
}

int
text_is_uri(const char *s, size_t len)
{
	const char *colon = memchr(s, ':', len);
	size_t scheme;

	if (colon == NULL || len > 2000)
		return 0;
	scheme = (size_t)(colon - s);
	if (scheme == 0 || scheme + 1 == len || isdigit((unsigned char)s[0]) ||
	    !is_alnum(s[0]) || !only(s, scheme, "+-."))
		return 0;
	return only(colon + 1, len - scheme - 1, "-._~:/?#[]@!$&'()*+,;=%");
}

int
text_is_http(const char *s)
{
	return strncasecmp(s, "http://", 7) == 0 &&
	    (is_alnum(s[7]) || s[7] == '[') && text_is_uri(s, strlen(s));
}

static ASN1_OBJECT *
oid_of(const char *s)
{
	ASN1_OBJECT *obj;

	if (s[0] == '\0' || strlen(s) >= 64 || strchr(s, '.') == NULL ||
	    strspn(s, "0123456789.") != strlen(s) || strstr(s, "..") != NULL ||
	    s[0] == '.' || s[strlen(s) - 1] == '.')
		return NULL;
	ERR_set_mark();
	obj = OBJ_txt2obj(s, 1);
	ERR_pop_to_mark();
	return obj;
}

int
text_is_oid(const char *s)
{
	ASN1_OBJECT *obj = oid_of(s);

	ASN1_OBJECT_free(obj);
	return obj != NULL;
}

int
text_to_oid(char *s)
{
	ASN1_OBJECT *obj = oid_of(s);
	int n = 0;

	if (obj != NULL)
		n = OBJ_obj2txt(s, (int)strlen(s) + 1, obj, 1);
	ASN1_OBJECT_free(obj);
	return n > 0;
}

static int
same(char a, char b, int nocase)
{
	if (nocase)
		return tolower((unsigned char)a) == tolower((unsigned char)b);
	return a == b;
}

int
text_match(const char *pattern, const char *s, char wild, int nocase)
{
	const char *star = NULL, *retry = NULL;

	/* On a mismatch only the last star is tried again: linear in the
	   product of the lengths, no recursion for outsiders to exploit. */
	while (*s != '\0') {
		if (*pattern == wild) {
			star = ++pattern;
			retry = s;
		} else if (*pattern != '\0' && same(*pattern, *s, nocase)) {
			pattern++;
			s++;
		} else if (star != NULL) {
			pattern = star;
			s = ++retry;
		} else
			return 0;
	}
	while (*pattern == wild)
		pattern++;
	return *pattern == '\0';
}

static size_t
least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap of neighbours) between two words. */
static size_t
distance(const char *a, const char *b)
{
	size_t d[WORD_MAX + 1][WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > WORD_MAX || lb > WORD_MAX)
		return SIZE_MAX;
	for (i = 0; i <= la; i++)
		d[i][0] = i;
	for (j = 0; j <= lb; j++)
		d[0][j] = j;
	for (i = 1; i <= la; i++)
		for (j = 1; j <= lb; j++) {
			d[i][j] =
			    d[i - 1][j - 1] + !same(a[i - 1], b[j - 1], 1);
			d[i][j] = least_of(d[i][j], d[i - 1][j] + 1);
			d[i][j] = least_of(d[i][j], d[i][j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d[i][j] =
				    least_of(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[la][lb];
}

const char *
text_hint(const char *word, const char *const *names, size_t n,
    char hint[TEXT_HINT_MAX])
{
	size_t best = SIZE_MAX, at = 0, i, d;

	hint[0] = '\0';
	for (i = 0; i < n; i++)
		if ((d = distance(word, names[i])) < best) {
			best = d;
			at = i;
		}
	/* A third of the word may be wrong; more is no misspelling. */
	if (best <= 1 || (best != SIZE_MAX && best <= strlen(word) / 3))
		snprintf(
		    hint, TEXT_HINT_MAX, " (did you mean \"%s\"?)", names[at]);
	return hint;
}
