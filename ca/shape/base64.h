#ifndef INKAN_CA_SHAPE_BASE64_H
#define INKAN_CA_SHAPE_BASE64_H

#include <stddef.h>

/*
 * Base64 of RFC 4648 section 4, strictly: its alphabet, padding where it
 * belongs, no left-over bits. White space (SP, TAB, CR, LF) between characters
 * is skipped only when ${spaces} says so (RFC 8951 3: line breaks in bodies).
 */

enum base64_result {
	BASE64_OK = 1,
	BASE64_CHARACTER = -1, /* one that is not in the alphabet */
	BASE64_LENGTH = -2,    /* not a multiple of four, padding missing */
	BASE64_PADDING = -3    /* misplaced, or the bits beneath are not 0 */
};

/* Octets that suffice for ${len} characters of text. */
#define BASE64_DECODED_MAX(len) ((len) / 4 * 3 + 3)

/* ${out} holds BASE64_DECODED_MAX(len). */
enum base64_result base64_decode(const char *text, size_t len, int spaces,
    unsigned char *out, size_t *out_len);

/* Characters for ${len} octets in lines of ${columns} (0: one line), each
   ended by LF, without the final NUL. */
size_t base64_encoded_len(size_t len, size_t columns);
/* Text of exactly that length + NUL, to be freed with OPENSSL_free(). NULL:
   out of memory, raised. */
char *base64_encode(const unsigned char *p, size_t len, size_t columns);

#endif
