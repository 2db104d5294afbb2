#include <string.h>

#include "ca/log/tile.h"
#include "ocsp/path.h"

static int
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
	    c == '-';
}

static const char *
skip_slashes(const char *p)
{
	while (*p == '/')
		p++;
	return p;
}

/* The part after ${dir} and its slashes, or NULL when the path lies
   elsewhere. */
static const char *
below(const char *p, const char *dir)
{
	size_t n = strlen(dir);

	if (strncmp(p, dir, n) != 0)
		return NULL;
	if (p[n] != '\0' && p[n] != '/')
		return NULL;
	return skip_slashes(p + n);
}

/* A name without directories that ends in ${suffix}. */
static int
file_name(const char *p, const char *suffix, char *name)
{
	size_t n = strlen(p), s = strlen(suffix), i;

	if (n <= s || n > PATH_NAME_MAX || p[0] == '.')
		return 0;
	for (i = 0; i < n; i++)
		if (!is_name_char(p[i]))
			return 0;
	if (strcmp(p + n - s, suffix) != 0 || strstr(p, "..") != NULL)
		return 0;
	memcpy(name, p, n + 1);
	return 1;
}

/* What the log publishes, and nothing that lies beside it: only the one way to
   write a tile's name is one, so that it leads nowhere else. */
static int
log_name(const char *p, char *name)
{
	static const char *const texts[] = {"checkpoint",
	    "checkpoint.witnessed", "log.vkey"};
	struct log_tile tile;
	size_t i;
	int ok = log_tile_parse(p, &tile);

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ok |= strcmp(p, texts[i]) == 0;
	if (!ok || strlen(p) > PATH_NAME_MAX)
		return 0;
	strcpy(name, p);
	return 1;
}

/* Steps over IDENT where there is one. */
static const char *
skip_ident(const char *p)
{
	size_t n = 0;

	if (*p == '.' || *p == '-')
		return p;
	while (is_name_char(p[n]))
		n++;
	if (n == 0 || n > PATH_NAME_MAX || (p[n] != '/' && p[n] != '\0'))
		return p;
	return skip_slashes(p + n);
}

void
path_route(const char *raw, struct path *out)
{
	const char *p = skip_slashes(raw), *rest;

	memset(out, 0, sizeof(*out));
	out->base64 = "";
	if (*p == '\0') {
		out->kind = PATH_HOME;
	} else if ((rest = below(p, "ocsp")) != NULL) {
		out->kind = PATH_OCSP;
		out->base64 = skip_ident(rest);
	} else if ((rest = below(p, "crl")) != NULL) {
		if (file_name(rest, ".crl", out->name))
			out->kind = PATH_CRL;
	} else if ((rest = below(p, "ca")) != NULL) {
		if (file_name(rest, ".cer", out->name))
			out->kind = PATH_CA;
	} else if ((rest = below(p, "log")) != NULL) {
		if (log_name(rest, out->name))
			out->kind = PATH_LOG;
	} else if (*p == 'M' || strncmp(p, "%4D", 3) == 0 ||
	    strncmp(p, "%4d", 3) == 0) {
		out->kind = PATH_OCSP;
		out->base64 = p;
	}
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One octet, percent-decoded; *p is moved on. -1: a broken escape. */
static int
next_octet(const char **p)
{
	int hi, lo;

	if (**p != '%')
		return (unsigned char)*(*p)++;
	hi = hex_value((*p)[1]);
	if (hi < 0)
		return -1;
	lo = hex_value((*p)[2]);
	if (lo < 0)
		return -1;
	*p += 3;
	return hi * 16 + lo;
}

/* Value of a base64 letter, -1 for any other octet. */
static int
base64_value(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-' || c == ' ')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

int
path_decode(
    const char *base64, unsigned char *out, size_t size, size_t *out_len)
{
	const char *p = base64;
	unsigned bits = 0, n_bits = 0, n_letters = 0, n_pad = 0;
	size_t len = 0;
	int c, v;

	while (*p != '\0') {
		if ((c = next_octet(&p)) < 0)
			return 0;
		if (c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			if (++n_pad > 2)
				return 0;
			continue;
		}
		if ((v = base64_value(c)) < 0 || n_pad > 0)
			return 0;
		n_letters++;
		bits = bits << 6 | (unsigned)v;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		if (len == size)
			return 0;
		out[len++] = (unsigned char)(bits >> n_bits & 0xff);
	}
	/* A single letter over is six bits that make no octet. */
	if (n_letters % 4 == 1)
		return 0;
	*out_len = len;
	return 1;
}
