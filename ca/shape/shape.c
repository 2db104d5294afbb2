#include <stdio.h>
#include <string.h>

#include "ca/shape/shape.h"

static const struct {
	const char *name;
	int departs;
	const char *says;
} flags[] = {
    {"wrapped-64", 1, "base64 in lines of 64 characters"},
    {"wrapped-76", 1, "base64 in lines of 76 characters"},
    {"wrapped", 1, "base64 in lines of another length"},
    {"crlf", 1, "lines end with CR LF"},
    {"blanks", 1, "blanks or tabs in the base64"},
    {"pem-armour", 1, "PEM instead of base64"},
    {"raw-der", 1, "DER without base64"},
    {"media-parameters", 1, "the media type has parameters"},
    {"content-transfer-encoding", 1,
	"has Content-Transfer-Encoding, which means nothing here"},
    {"csr-wishes", 1, "the CSR asks for what the profile does not give"},
    {"no-line-end", 0, "no line break at the end of the body"},
    {"http-1.0", 0, "HTTP/1.0"},
    {"connection-close", 0, "a new connection for each request"},
    {"chunked", 0, "the body comes in chunks"},
    {"expect-continue", 0, "waits for 100 Continue"},
    {"no-user-agent", 0, "does not say what it is"},
    {"no-accept", 0, "does not say what it takes"},
    {"late-credentials", 0, "shows credentials when it is asked for them"},
};

_Static_assert(sizeof(flags) / sizeof(flags[0]) == SHAPE_N, "all have a name");

const char *
shape_name(unsigned i)
{
	return flags[i].name;
}

const char *
shape_says(unsigned i)
{
	return flags[i].says;
}

int
shape_departs(unsigned i)
{
	return flags[i].departs;
}

char *
shape_text(unsigned set, char out[SHAPE_TEXT_MAX])
{
	size_t n = 0;
	unsigned i;

	out[0] = '\0';
	for (i = 0; i < SHAPE_N && n < SHAPE_TEXT_MAX; i++)
		if (set & 1u << i)
			n += (size_t)snprintf(out + n, SHAPE_TEXT_MAX - n,
			    "%s%s", n > 0 ? "," : "", flags[i].name);
	return out;
}

static unsigned
find(const char *name, size_t len)
{
	unsigned i;

	for (i = 0; i < SHAPE_N; i++)
		if (strlen(flags[i].name) == len &&
		    memcmp(flags[i].name, name, len) == 0)
			return 1u << i;
	return 0;
}

unsigned
shape_parse(const char *text)
{
	unsigned set = 0;
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == ',')) {
		n = strcspn(text, ",");
		set |= find(text, n);
	}
	return set;
}

unsigned
shape_departures(unsigned set)
{
	unsigned i, out = 0;

	for (i = 0; i < SHAPE_N; i++)
		if (flags[i].departs)
			out |= set & 1u << i;
	return out;
}
