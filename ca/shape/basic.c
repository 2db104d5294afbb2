#include <string.h>
#include <strings.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>

#include "ca/shape/base64.h"
#include "ca/shape/basic.h"

/* Characters of base64 for the longest "user:secret". */
#define TOKEN_MAX ((BASIC_USER_MAX + 1 + BASIC_SECRET_MAX + 2) / 3 * 4)

void
basic_clear(struct basic *b)
{
	OPENSSL_cleanse(b, sizeof(*b));
}

/* UTF-8 without control characters (RFC 7617 2, RFC 5198). */
static int
is_clean(const unsigned char *p, size_t len)
{
	unsigned long c;
	int n;

	while (len > 0) {
		n = UTF8_getc(p, (int)len, &c);
		if (n <= 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return 0;
		p += n;
		len -= (size_t)n;
	}
	return 1;
}

static int
split(const unsigned char *pair, size_t len, struct basic *out)
{
	const unsigned char *colon = memchr(pair, ':', len);
	size_t user, secret;

	if (colon == NULL || !is_clean(pair, len))
		return 0;
	user = (size_t)(colon - pair);
	secret = len - user - 1;
	if (user == 0 || user > BASIC_USER_MAX || secret > BASIC_SECRET_MAX)
		return 0;
	memcpy(out->user, pair, user);
	memcpy(out->secret, colon + 1, secret);
	return 1;
}

enum basic_result
basic_parse(const char *header, struct basic *out)
{
	unsigned char pair[BASE64_DECODED_MAX(TOKEN_MAX)];
	size_t len, n = 0;
	int ok;

	memset(out, 0, sizeof(*out));
	if (header == NULL || strncasecmp(header, "Basic", 5) != 0 ||
	    (header[5] != ' ' && header[5] != '\0'))
		return BASIC_NONE;
	header += 5;
	header += strspn(header, " ");
	len = strlen(header);
	while (len > 0 && (header[len - 1] == ' ' || header[len - 1] == '\t'))
		len--;
	ok = len <= TOKEN_MAX &&
	    base64_decode(header, len, 0, pair, &n) == BASE64_OK &&
	    split(pair, n, out);
	OPENSSL_cleanse(pair, sizeof(pair));
	if (!ok)
		basic_clear(out);
	return ok ? BASIC_GIVEN : BASIC_MALFORMED;
}
