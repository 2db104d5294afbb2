#ifndef INKAN_RA_MULTIPART_H
#define INKAN_RA_MULTIPART_H

#include <stddef.h>

/*
 * A multipart/mixed body of base64 parts (RFC 2046 5.1, RFC 7030 4.4.2). Each
 * part says Content-Transfer-Encoding: base64, as RFC 7030 has it: it is a header
 * of MIME there, and not the one of HTTP that RFC 8951 took away.
 */

#define MULTIPART_MEDIA_MAX 128

struct multipart_part {
	const char *media;
	const unsigned char *der; /* borrowed */
	size_t len;
};

struct multipart {
	char media[MULTIPART_MEDIA_MAX]; /* "multipart/mixed; boundary=..." */
	char *body; /* ends with a NUL that does not count */
	size_t len;
};

/* The boundary is random and occurs in no part: it has a character that base64
   has not. Base64 is wrapped at 64 columns, lines end with CRLF. 1 and to be
   cleared with multipart_clear(), or 0 raised. */
int multipart_make(
    const struct multipart_part *parts, size_t n, struct multipart *out);
/* Wipes the body. */
void multipart_clear(struct multipart *m);

#endif
