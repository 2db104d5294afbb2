#include <stdint.h>

#include <openssl/crypto.h>

#include "ca/shape/base64.h"
#include "ca/error.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

static int
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Four characters have been gathered, ${pad} of them padding. */
static int
put(uint32_t quad, int pad, unsigned char *out, size_t *n)
{
	if (pad > 2 || (pad == 2 && (quad & 0xffff) != 0) ||
	    (pad == 1 && (quad & 0xff) != 0))
		return 0;
	out[(*n)++] = quad >> 16 & 0xff;
	if (pad < 2)
		out[(*n)++] = quad >> 8 & 0xff;
	if (pad < 1)
		out[(*n)++] = quad & 0xff;
	return 1;
}

enum base64_result
base64_decode(const char *text, size_t len, int spaces, unsigned char *out,
    size_t *out_len)
{
	uint32_t quad = 0;
	size_t i, n = 0;
	int have = 0, pad = 0, value;

	for (i = 0; i < len; i++) {
		if (spaces && is_space(text[i]))
			continue;
		value = text[i] == '=' ? 0 : value_of(text[i]);
		if (value < 0)
			return BASE64_CHARACTER;
		if (text[i] == '=')
			pad++;
		else if (pad > 0)
			return BASE64_PADDING;
		if (pad > 2)
			return BASE64_PADDING;
		quad = quad << 6 | (uint32_t)value;
		if (++have < 4)
			continue;
		if (!put(quad, pad, out, &n))
			return BASE64_PADDING;
		have = 0;
		quad = 0;
	}
	if (have != 0)
		return BASE64_LENGTH;
	*out_len = n;
	return BASE64_OK;
}

size_t
base64_encoded_len(size_t len, size_t columns)
{
	size_t chars = (len + 2) / 3 * 4;

	if (columns == 0 || chars == 0)
		return chars + 1;
	return chars + (chars + columns - 1) / columns;
}

char *
base64_encode(const unsigned char *p, size_t len, size_t columns)
{
	char *text = OPENSSL_malloc(base64_encoded_len(len, columns) + 1);
	size_t i, j, n = 0, line = 0, left;
	uint32_t quad;

	if (text == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return NULL;
	}
	for (i = 0; i < len; i += 3) {
		left = len - i;
		quad = (uint32_t)p[i] << 16;
		quad |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		quad |= left > 2 ? p[i + 2] : 0;
		for (j = 0; j < 4; j++) {
			text[n++] = j > left
			    ? '='
			    : alphabet[quad >> (18 - 6 * j) & 63];
			if (columns != 0 && ++line == columns) {
				text[n++] = '\n';
				line = 0;
			}
		}
	}
	if (n == 0 || text[n - 1] != '\n')
		text[n++] = '\n';
	text[n] = '\0';
	return text;
}
