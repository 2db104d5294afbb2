#ifndef TESTS_BENCH_ANSWER_H
#define TESTS_BENCH_ANSWER_H

#include <openssl/pkcs7.h>
#include <openssl/ssl.h>
#include "bench.h"

/* What an EST server says over a connection. */

#define ANSWER_MAX 65536

/* Head and body into ${buf} of ANSWER_MAX, NUL at the end; the body's place.
   NULL: not whole. */
MAYBE char *
answer_read(SSL *ssl, char *buf)
{
	size_t have = 0, want = 0;
	char *body = NULL, *length;
	int n;

	while (have < ANSWER_MAX - 1 && (want == 0 || have < want)) {
		n = SSL_read(ssl, buf + have, (int)(ANSWER_MAX - 1 - have));
		if (n <= 0)
			return NULL;
		have += (size_t)n;
		buf[have] = '\0';
		body = strstr(buf, "\r\n\r\n");
		if (want > 0 || body == NULL)
			continue;
		length = strcasestr(buf, "\r\nContent-Length:");
		want = (size_t)(body + 4 - buf) +
		    (length == NULL ? 0 : strtoul(length + 17, NULL, 10));
	}
	return body == NULL ? NULL : body + 4;
}

/* The one certificate of a body in base64, which is overwritten; to be freed.
   NULL: there is none. */
MAYBE X509 *
answer_cert(char *text)
{
	unsigned char *der = (unsigned char *)text;
	const unsigned char *p = der;
	PKCS7 *p7 = NULL;
	X509 *cert = NULL;
	size_t i, o = 0;
	int len;

	for (i = 0; text[i] != '\0'; i++)
		if (text[i] != '\n' && text[i] != '\r')
			text[o++] = text[i];
	len = EVP_DecodeBlock(der, der, (int)o);
	if (len > 0)
		p7 = d2i_PKCS7(NULL, &p, len);
	if (p7 != NULL && PKCS7_type_is_signed(p7) &&
	    sk_X509_num(p7->d.sign->cert) == 1)
		cert = X509_dup(sk_X509_value(p7->d.sign->cert, 0));
	PKCS7_free(p7);
	return cert;
}

#endif
