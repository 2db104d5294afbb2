#ifndef INKAN_PROFILES_TEXT_H
#define INKAN_PROFILES_TEXT_H

#include <stddef.h>

/*
 * Small judgements about text, shared by the files of this room. Pure
 * functions; none of them raises.
 */

#define TEXT_HINT_MAX 128

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most
   U+10FFFF) without NUL. */
int text_is_utf8(const char *s, size_t len);
/* A control character (C0, DEL, C1) in well-formed UTF-8? */
int text_has_control(const char *s, size_t len);
/* Printable ASCII, space included. */
int text_is_ascii(const char *s, size_t len);
/* PrintableString (X.680 41.4). */
int text_is_printable(const char *s, size_t len);
/* DNS name in preferred syntax (RFC 1034 3.5, RFC 1123 2.1): letters, digits
   and hyphens, labels of 1..63, 253 in all, no final dot. With ${wildcard}
   the first label may be "*" alone. */
int text_is_dns(const char *s, size_t len, int wildcard);
/* local@domain: atoms of RFC 5321 4.1.2 and a DNS name. */
int text_is_email(const char *s, size_t len);
/* scheme ":" then characters of RFC 3986 only, with something after it. */
int text_is_uri(const char *s, size_t len);
/* A http: URI with a host, as CRL and OCSP addresses must be. */
int text_is_http(const char *s);
/* Dotted OID that OpenSSL can encode; names are not accepted. */
int text_is_oid(const char *s);
/* Is it one? Then ${s} becomes the one text that its DER has ("2.5.029.046" is
   "2.5.29.46", never longer), so that equal OIDs are equal texts. */
int text_to_oid(char *s);

/* Does ${s} match ${pattern}, in which ${wild} is any run of characters? ASCII
   letters compare without case when ${nocase}. */
int text_match(const char *pattern, const char *s, char wild, int nocase);

/* ' (did you mean "name"?)' into ${hint} if one of ${n} names is near
   ${word}, else "". Returns ${hint}. */
const char *text_hint(const char *word, const char *const *names, size_t n,
    char hint[TEXT_HINT_MAX]);

#endif
