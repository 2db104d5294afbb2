#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "ca/shape/base64.h"
#include "ra/error.h"
#include "ra/multipart.h"

#define COLUMNS 64
#define RANDOM 16
#define BOUNDARY_MAX (sizeof("inkan--") + 2 * RANDOM)
/* of one part: delimiter, headers, empty line */
#define HEAD_MAX (2 * MULTIPART_MEDIA_MAX + BOUNDARY_MAX + 64)

static int
make_boundary(char out[BOUNDARY_MAX])
{
	unsigned char r[RANDOM];
	size_t i, n;

	if (RAND_bytes(r, sizeof(r)) != 1)
		return 0;
	n = (size_t)snprintf(out, BOUNDARY_MAX, "inkan-");
	for (i = 0; i < sizeof(r); i++)
		n += (size_t)snprintf(
		    out + n, BOUNDARY_MAX - n, "%02x", (unsigned)r[i]);
	return 1;
}

/* Base64 behind ${at}, every LF as CRLF. */
static int
put_base64(char *at, size_t *n, const struct multipart_part *part)
{
	char *text = base64_encode(part->der, part->len, COLUMNS), *p;

	if (text == NULL)
		return 0;
	for (p = text; *p != '\0'; p++) {
		if (*p == '\n')
			at[(*n)++] = '\r';
		at[(*n)++] = *p;
	}
	OPENSSL_clear_free(text, strlen(text));
	return 1;
}

static size_t
most(const struct multipart_part *parts, size_t n)
{
	size_t i, len = HEAD_MAX;

	/* A line of base64 has at least one character and LF: twice is enough
	   for the CRs. */
	for (i = 0; i < n; i++)
		len += HEAD_MAX +
		    2 * base64_encoded_len(parts[i].len, COLUMNS);
	return len;
}

int
multipart_make(
    const struct multipart_part *parts, size_t n, struct multipart *out)
{
	char boundary[BOUNDARY_MAX];
	size_t i, size = most(parts, n);
	int ok;

	memset(out, 0, sizeof(*out));
	out->body = OPENSSL_zalloc(size);
	ok = out->body != NULL && make_boundary(boundary);
	for (i = 0; ok && i < n; i++) {
		out->len += (size_t)snprintf(out->body + out->len, HEAD_MAX,
		    "--%s\r\nContent-Type: %.*s\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n",
		    boundary, MULTIPART_MEDIA_MAX, parts[i].media);
		ok = put_base64(out->body, &out->len, &parts[i]);
	}
	if (!ok) {
		OPENSSL_clear_free(out->body, size);
		out->body = NULL;
		out->len = 0;
		ra_raise(RA_E_INTERNAL, "multipart: out of memory");
		return 0;
	}
	out->len += (size_t)snprintf(
	    out->body + out->len, HEAD_MAX, "--%s--\r\n", boundary);
	snprintf(out->media, sizeof(out->media),
	    "multipart/mixed; boundary=%s", boundary);
	return 1;
}

void
multipart_clear(struct multipart *m)
{
	OPENSSL_clear_free(m->body, m->len);
	m->body = NULL;
	m->len = 0;
}
