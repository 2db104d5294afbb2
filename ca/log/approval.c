#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/log/approval.h"
#include "ca/wire/field.h"

#define WORD_MAX 96

/* Of these the text is made: one line each, nothing that could begin another. */
static int
word_ok(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p > 0x20 && *p < 0x7f; p++)
		;
	return *p == '\0' && text[0] != '\0' && strlen(text) <= WORD_MAX;
}

static int
refuse(const char *what)
{
	ca_raise(CA_E_BADREQUEST, "approval.content: %s", what);
	return 0;
}

static int
print(const WIRE_FIELDS *l, const unsigned char md[32], char *out, size_t size)
{
	const char *op = field_text(l, "op", ""), *who = field_text(l, "who",
	    "");
	int64_t id = field_int(l, "request", 0);
	time_t expires = (time_t)field_time(l, "expires", 0);
	char hex[65], when[32];
	struct tm tm;
	size_t i;
	int n;

	if (field_int(l, "v", 0) != 1)
		return refuse("it is of a version that is not known");
	if (id < 1 || expires < 1 || !word_ok(op) || !word_ok(who) ||
	    gmtime_r(&expires, &tm) == NULL)
		return refuse("request, operation, who or expiry is missing");
	for (i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	n = snprintf(out, size, "Inkan approval\nrequest: %lld\noperation: "
	    "%s\nasked by: %s\ncontent: sha256:%s\nexpires: %s\n",
	    (long long)id, op, who, hex, when);
	return (n > 0 && (size_t)n < size) || refuse("its text is too long");
}

int
approval_text(const unsigned char *content, size_t len, char *out, size_t size)
{
	WIRE_FIELDS *l = field_list_decode(content, len);
	unsigned char md[32];
	int ok;

	if (l == NULL)
		return refuse("it cannot be read");
	SHA256(content, len, md);
	ok = print(l, md, out, size);
	field_list_free(l);
	return ok;
}
