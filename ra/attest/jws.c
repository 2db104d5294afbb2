#include <limits.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ra/attest/cose.h"
#include "ra/attest/tree_json.h"

/* JWS in compact form: three texts of base64url between dots. */

static const struct {
	const char *name;
	int alg;
} names[] = {
	{ "ES256", -7 },
	{ "ES384", -35 },
	{ "ES512", -36 },
	{ "EdDSA", -8 },
	{ "PS256", -37 },
	{ "PS384", -38 },
	{ "PS512", -39 },
};

/* ---- base64url ---- */

static int
sextet(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

unsigned char *
base64url_decode(struct attest_octets in, size_t *len)
{
	unsigned char *out = OPENSSL_malloc(in.len / 4 * 3 + 4);
	unsigned bits = 0, have = 0;
	size_t i, n = 0;
	int v = 0;

	for (i = 0; out && i < in.len; i++) {
		v = sextet(in.p[i]);
		if (v < 0)
			break;
		bits = (bits << 6 | (unsigned)v) & 0xfff;
		have += 6;
		if (have >= 8)
			out[n++] = (unsigned char)(bits >> (have -= 8));
	}
	/* One form for each value: no lone character, no bits left over. */
	if (out == NULL || v < 0 || in.len % 4 == 1 ||
	    (bits & ((1U << have) - 1)) != 0) {
		OPENSSL_free(out);
		return NULL;
	}
	*len = n;
	return out;
}

void
base64url_encode(const unsigned char *p, size_t n, char *out)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
				  "qrstuvwxyz0123456789-_";
	unsigned bits = 0, have = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		bits = (bits << 8 | p[i]) & 0xffff;
		for (have += 8; have >= 6; have -= 6)
			*out++ = set[bits >> (have - 6) & 0x3f];
	}
	if (have > 0)
		*out++ = set[bits << (6 - have) & 0x3f];
	*out = '\0';
}

/* ---- The header ---- */

/* x5c is base64 with padding (RFC 7515 4.1.6), alone in this. */
static X509 *
cert_of(const char *text, size_t len)
{
	unsigned char *der = OPENSSL_malloc(len / 4 * 3 + 4);
	const unsigned char *p = der;
	size_t n = len;
	X509 *cert = NULL;
	int got = -1;

	if (der && len > 0 && len % 4 == 0 && len < INT_MAX &&
	    memchr(text, '\n', len) == NULL)
		got = EVP_DecodeBlock(der, (const unsigned char *)text, (int)len);
	if (got > 0) {
		while (n > 0 && text[n - 1] == '=' && len - n < 2)
			n--;
		got -= (int)(len - n);
		cert = d2i_X509(NULL, &p, got);
		if (cert && p != der + got) {
			X509_free(cert);
			cert = NULL;
		}
	}
	OPENSSL_free(der);
	return cert;
}

static int
read_x5c(struct envelope *e, const json_t *x5c)
{
	size_t i, n = json_array_size(x5c);

	if (x5c == NULL)
		return 1;
	if (n == 0 || n > ENVELOPE_CERTS_MAX ||
	    (e->x5c = sk_X509_new_null()) == NULL)
		return attest_malformed("eat.jws", "header.x5c",
		    "%zu certificates", n);
	for (i = 0; i < n; i++) {
		const json_t *one = json_array_get(x5c, i);
		X509 *cert = json_is_string(one)
		    ? cert_of(json_string_value(one), json_string_length(one))
		    : NULL;

		if (cert == NULL || sk_X509_push(e->x5c, cert) <= 0) {
			X509_free(cert);
			return attest_malformed("eat.jws", "header.x5c",
			    "certificate %zu cannot be read", i);
		}
	}
	return 1;
}

static int
read_alg(struct envelope *e, const json_t *header)
{
	const char *alg = json_string_value(json_object_get(header, "alg"));
	size_t i;

	for (i = 0; alg && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(alg, names[i].name) == 0) {
			e->alg = names[i].alg;
			return 1;
		}
	return attest_refuse("eat.alg", "header.alg",
	    "none of ES256, ES384, ES512, EdDSA, PS256, PS384, PS512");
}

static int
read_header(struct envelope *e, const json_t *header)
{
	const json_t *kid = json_object_get(header, "kid");
	const char *typ = json_string_value(json_object_get(header, "typ"));

	if (!read_alg(e, header))
		return 0;
	if (json_object_get(header, "crit") || json_object_get(header, "b64"))
		return attest_refuse("eat.jws", "header.crit",
		    "nothing that is critical is known here");
	if (json_object_get(header, "typ") &&
	    (typ == NULL || OPENSSL_strcasecmp(typ, "eat+jwt") != 0))
		return attest_refuse("eat.jws", "header.typ", "not eat+jwt");
	if (kid) {
		if (!json_is_string(kid))
			return attest_malformed("eat.jws", "header.kid",
			    "not a text");
		e->tail = OPENSSL_memdup(
		    json_string_value(kid), json_string_length(kid) + 1);
		e->kid = octets_of(e->tail, json_string_length(kid));
	}
	return read_x5c(e, json_object_get(header, "x5c"));
}

/* ---- The three parts ---- */

static int
split(struct attest_octets in, struct attest_octets part[3])
{
	const unsigned char *dot;
	int i;

	for (i = 0; i < 2; i++) {
		dot = in.len ? memchr(in.p, '.', in.len) : NULL;
		if (dot == NULL)
			return 0;
		part[i] = octets_of(in.p, (size_t)(dot - in.p));
		in = octets_of(dot + 1, in.len - part[i].len - 1);
	}
	part[2] = in;
	return 1;
}

int
jws_read(struct attest_octets in, struct envelope *out)
{
	struct attest_octets part[3], got[3];
	json_t *header;
	int i, ok;

	memset(out, 0, sizeof(*out));
	if (!split(in, part))
		return attest_malformed("eat.jws", "token", "not three parts");
	for (i = 0; i < 3; i++) {
		size_t len = 0;

		out->decoded[i] = base64url_decode(part[i], &len);
		if (out->decoded[i] == NULL)
			return attest_malformed("eat.jws", "token",
			    "part %d is not base64url", i + 1);
		got[i] = octets_of(out->decoded[i], len);
	}
	header = tree_json_read("eat.jws", "header", got[0]);
	ok = header != NULL &&
	    (json_is_object(header)
		    ? read_header(out, header)
		    : attest_malformed(
			  "eat.jws", "header", "not a JSON object"));
	json_decref(header);
	out->payload = got[1];
	out->signature = got[2];
	out->signed_a = octets_of(in.p, part[0].len + 1 + part[1].len);
	return ok;
}
