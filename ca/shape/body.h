#ifndef INKAN_CA_SHAPE_BODY_H
#define INKAN_CA_SHAPE_BODY_H

#include <stddef.h>

/*
 * From the body of an enrolment request to the DER of one CSR (RFC 7030 4.2.1
 * with RFC 8951: base64 whatever Content-Transfer-Encoding says). Pure.
 *
 * Accepted: base64 in one line or wrapped at any column with LF or CRLF, white
 * space around and between; the same in PEM armour (CERTIFICATE REQUEST, NEW
 * CERTIFICATE REQUEST); raw DER. Refused: characters outside the alphabet,
 * missing or misplaced padding (RFC 4648 3.2 demands it), anything after the
 * text, and whatever is not exactly one SEQUENCE in definite, minimal length.
 * Not checked: what the SEQUENCE holds - inkan-ca reads the CSR.
 */

struct body {
	unsigned char *der; /* OPENSSL_free() */
	size_t len;
	unsigned shape; /* how it was written: ca/shape/shape.h */
};

/* 1, or 0 with "rule: text" raised as CA_E_BADREQUEST; ${out}->shape then tells
   as much as was seen. */
int body_decode(const unsigned char *p, size_t len, struct body *out);
void body_clear(struct body *b);

/* Is the media type of a Content-Type (NULL: none) exactly ${media}? Case does not
   matter; parameters are accepted and told in *parameters. */
int body_media_is(
    const char *content_type, const char *media, int *parameters);
/* application/pkcs10? */
int body_media_ok(const char *content_type, int *parameters);
#endif
