#include <sys/socket.h>
#include <sys/time.h>
#include "tests/faults/clients/clients.h"

#define TIMEOUT_S 20

static void
set_limits(BIO *tcp)
{
	struct timeval tv = {TIMEOUT_S, 0};
	int fd = -1;

	BIO_get_fd(tcp, &fd);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

static BIO *
add_tls(const struct clients *c, BIO *tcp, X509 *cert, EVP_PKEY *key)
{
	BIO *b = BIO_new_ssl(c->tls, 1);
	SSL *ssl = NULL;

	must(b != NULL && BIO_get_ssl(b, &ssl) == 1 &&
	    SSL_use_certificate(ssl, cert) == 1 &&
	    SSL_use_PrivateKey(ssl, key) == 1 &&
	    SSL_set1_host(ssl, "localhost") == 1, "TLS");
	b = BIO_push(b, tcp);
	if (BIO_do_handshake(b) == 1)
		return b;
	BIO_free_all(b);
	return NULL;
}

BIO *
http_open(const struct clients *c, const char *host, X509 *cert, EVP_PKEY *key)
{
	BIO *b = BIO_new_connect(host);

	must(b != NULL, "connection");
	if (BIO_do_connect(b) != 1) {
		BIO_free_all(b);
		b = NULL;
	} else {
		set_limits(b);
		if (cert != NULL)
			b = add_tls(c, b, cert, key);
	}
	ERR_clear_error();
	return b;
}

static int
send_all(BIO *b, const void *data, size_t len)
{
	size_t n = 0;

	return BIO_write_ex(b, data, len, &n) == 1 && n == len;
}

/* Until the head says that it is all. 0: it ended before. */
static int
receive(BIO *b, char *buf, size_t *have, char **body)
{
	char *length;
	size_t n, want = 0;

	*have = 0;
	while (want == 0 || *have < want) {
		if (*have == BODY_MAX - 1 || BIO_read_ex(b, buf + *have,
		    BODY_MAX - 1 - *have, &n) != 1 || n == 0)
			return 0;
		*have += n;
		buf[*have] = '\0';
		if (want > 0 || (*body = strstr(buf, "\r\n\r\n")) == NULL)
			continue;
		*body += 4;
		length = strcasestr(buf, "\r\nContent-Length:");
		want = (size_t)(*body - buf) +
		    (length == NULL ? 0 : strtoul(length + 17, NULL, 10));
	}
	return 1;
}

int
http_post(BIO *b, const char *path, const char *type, const void *body,
    size_t len, char *out, size_t *n)
{
	char head[512], buf[BODY_MAX], *at;
	int status = 0, k;
	size_t have;

	if (b == NULL)
		return 0;
	k = snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\n"
	    "Host: localhost\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n", path, type, len);
	must(k > 0 && (size_t)k < sizeof(head), "request");
	if (send_all(b, head, (size_t)k) && send_all(b, body, len) &&
	    receive(b, buf, &have, &at) &&
	    sscanf(buf, "HTTP/1.1 %d ", &status) == 1) {
		*n = have - (size_t)(at - buf);
		memcpy(out, at, *n);
		out[*n] = '\0';
	}
	BIO_free_all(b);
	ERR_clear_error();
	return status;
}
