#ifndef INKAN_TESTS_RA_HOUSE_H
#define INKAN_TESTS_RA_HOUSE_H

/*
 * A worker in a house: folder, key and certificate, a fake inkan-ca, one
 * listening socket on a free loopback port, and a TLS client that sends
 * exactly the octets it is told to.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "ca/report/report.h"
#include "fake_ca.h"
#include "ca/shape/base64.h"
#include "ra/keyfile.h"
#include "ra/listener.h"
#include "ra/request.h"
#include "ra/worker.h"

struct house {
	char folder[64], certificate[96], key[96];
	struct settings settings;
	struct tls *tls;
	struct limits *limits;
	struct metrics *metrics; /* NULL unless a test wants them */
	struct worker *worker;
	int fd, port;
	struct fake_ca ca;
	EVP_PKEY *device_key; /* of the clients */
	X509 *device, *device_issuer;
	int more_certs; /* behind these two in a client's handshake */
	char *csr; /* base64, one line + LF */
	size_t csr_der_len;
	unsigned char *csr_der;
};

struct client {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
};

struct reply {
	int status;
	char head[4096];
	char body[16384];
	size_t body_len;
};

static inline double
house_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void
house_pause(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

static inline void
house_certificates(struct house *h)
{
	EVP_PKEY *key = keyfile_new();
	X509 *cert = fake_certificate(key, h->ca.key, h->ca.cert, "est", 30);
	FILE *f = fopen(h->certificate, "w");
	X509_REQ *req;

	assert_non_null(f);
	assert_true(keyfile_write(h->key, key));
	assert_int_equal(PEM_write_X509(f, cert), 1);
	assert_int_equal(PEM_write_X509(f, h->ca.cert), 1);
	fclose(f);
	X509_free(cert);
	EVP_PKEY_free(key);
	h->device_key = keyfile_new();
	key = keyfile_new();
	h->device_issuer = fake_certificate(key, key, NULL, "Maker", 365);
	h->device = fake_certificate(
	    h->device_key, key, h->device_issuer, "dev-1", 365);
	EVP_PKEY_free(key);
	req = request_make(h->device_key, "CN=dev-1", NULL, 0);
	h->csr_der_len = (size_t)i2d_X509_REQ(req, &h->csr_der);
	h->csr = base64_encode(h->csr_der, h->csr_der_len, 0);
	X509_REQ_free(req);
}

static inline void
house_start_worker(struct house *h)
{
	struct worker_shared shared = {.settings = &h->settings,
	    .tls = h->tls,
	    .fds = &h->fd,
	    .n_fds = 1,
	    .metrics = h->metrics};

	h->limits = limits_new(
	    h->settings.max_connections, h->settings.max_per_address);
	shared.limits = h->limits;
	h->worker = worker_start(&shared);
	assert_non_null(h->worker);
}

static inline void
house_stop_worker(struct house *h)
{
	worker_stop(h->worker);
	worker_join(h->worker);
	h->worker = NULL;
	limits_free(h->limits);
	h->limits = NULL;
}

static inline void
house_wait_ready(struct house *h)
{
	int i;

	for (i = 0; i < 300 && !worker_is_ready(h->worker); i++)
		house_pause(10);
	assert_true(worker_is_ready(h->worker));
}

/* With the fake inkan-ca running and known, unless ${alone}. */
static inline struct house *
house_open(int alone)
{
	struct house *h = calloc(1, sizeof(*h));
	struct settings_address a;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	signal(SIGPIPE, SIG_IGN);
	report_init(
	    "test", getenv("RA_TEST_LOG") ? REPORT_DEBUG : REPORT_ERROR, 2);
	snprintf(h->folder, sizeof(h->folder), "/tmp/inkan-ra-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	snprintf(
	    h->certificate, sizeof(h->certificate), "%s/est.pem", h->folder);
	snprintf(h->key, sizeof(h->key), "%s/est.key", h->folder);
	fake_init(&h->ca, h->folder);
	house_certificates(h);
	h->settings.ca_socket = h->ca.path;
	h->settings.workers = 1;
	h->settings.max_connections = 50;
	h->settings.max_per_address = 50;
	h->settings.max_head = 16384;
	h->settings.max_body = 65536;
	h->settings.request_timeout = 2;
	h->settings.idle_timeout = 3;
	h->tls = tls_new(h->certificate, h->key);
	assert_non_null(h->tls);
	assert_true(settings_address_parse("127.0.0.1:0", &a));
	h->fd = listener_open(&a, 0);
	assert_true(h->fd >= 0);
	getsockname(h->fd, (struct sockaddr *)&sin, &len);
	h->port = ntohs(sin.sin_port);
	if (!alone)
		fake_start(&h->ca);
	house_start_worker(h);
	if (!alone)
		house_wait_ready(h);
	return h;
}

static inline void
house_close(struct house *h, int alone)
{
	if (h->worker != NULL)
		house_stop_worker(h);
	if (!alone)
		fake_stop(&h->ca);
	close(h->fd);
	tls_free(h->tls);
	unlink(h->certificate);
	unlink(h->key);
	rmdir(h->folder);
	fake_clear(&h->ca);
	EVP_PKEY_free(h->device_key);
	X509_free(h->device);
	X509_free(h->device_issuer);
	OPENSSL_free(h->csr);
	OPENSSL_free(h->csr_der);
	free(h);
}

static inline int
house_tcp(const struct house *h)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct timeval tv = {20, 0};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	sin.sin_port = htons((uint16_t)h->port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* ${version} 0: any. On a connection that stands. */
static inline void
client_dress(struct client *c, const struct house *h, int with_cert,
    int version, int fd)
{
	int i;

	c->fd = fd;
	c->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(c->ctx, version);
	SSL_CTX_set_max_proto_version(c->ctx, version);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(c->ctx), h->ca.cert);
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	if (with_cert) {
		SSL_CTX_use_certificate(c->ctx, h->device);
		SSL_CTX_use_PrivateKey(c->ctx, h->device_key);
		SSL_CTX_add1_chain_cert(c->ctx, h->device_issuer);
		for (i = 0; i < h->more_certs; i++)
			SSL_CTX_add1_chain_cert(c->ctx, h->ca.cert);
	}
	c->ssl = SSL_new(c->ctx);
	SSL_set_fd(c->ssl, c->fd);
	assert_int_equal(SSL_connect(c->ssl), 1);
}

static inline void
client_open(struct client *c, const struct house *h, int with_cert, int version)
{
	client_dress(c, h, with_cert, version, house_tcp(h));
}

static inline void
client_open_on(struct client *c, const struct house *h, int fd)
{
	client_dress(c, h, 0, 0, fd);
}

static inline void
client_close(struct client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	close(c->fd);
	ERR_clear_error();
}

static inline void
client_send(struct client *c, const char *p, size_t len)
{
	assert_int_equal(SSL_write(c->ssl, p, (int)len), (int)len);
}

/* 1 octet, 0 at the end. */
static inline int
client_octet(struct client *c, char *out)
{
	int n = SSL_read(c->ssl, out, 1);

	ERR_clear_error();
	return n == 1;
}

/* One answer; status 0: the connection ended before. */
static inline void
client_read(struct client *c, struct reply *r, int head_only)
{
	size_t n = 0, want = 0;
	const char *length;

	memset(r, 0, sizeof(*r));
	while (n < sizeof(r->head) - 1 && client_octet(c, &r->head[n]))
		if (++n >= 4 && memcmp(r->head + n - 4, "\r\n\r\n", 4) == 0)
			break;
	if (sscanf(r->head, "HTTP/1.%*d %d", &r->status) != 1)
		return;
	length = strstr(r->head, "Content-Length: ");
	if (length != NULL && !head_only)
		want = strtoul(length + 16, NULL, 10);
	assert_true(want < sizeof(r->body));
	while (r->body_len < want && client_octet(c, &r->body[r->body_len]))
		r->body_len++;
}

static inline int
client_ended(struct client *c)
{
	char octet;

	return !client_octet(c, &octet);
}

/* A whole exchange on a connection of its own. */
static inline void
house_ask(const struct house *h, int with_cert, const char *request, size_t len,
    struct reply *r)
{
	struct client c;

	client_open(&c, h, with_cert, 0);
	client_send(&c, request, len);
	client_read(&c, r, strncmp(request, "HEAD", 4) == 0);
	client_close(&c);
}

/* POST ${path} with ${headers} ("A: b\r\n") and a body. */
static inline void
house_post(const struct house *h, int with_cert, const char *path,
    const char *headers, const void *body, size_t len, struct reply *r)
{
	size_t size = len + strlen(headers) + 512;
	char *request = malloc(size);
	int n = snprintf(request, size,
	    "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu"
	    "\r\n\r\n",
	    path, headers, len);

	memcpy(request + n, body, len);
	house_ask(h, with_cert, request, (size_t)n + len, r);
	free(request);
}

#define PKCS10 "Content-Type: application/pkcs10\r\n"
#define ENROLL "/.well-known/est/simpleenroll"
#define REENROLL "/.well-known/est/simplereenroll"

static inline void
house_enroll(
    const struct house *h, int with_cert, const char *headers, struct reply *r)
{
	house_post(h, with_cert, ENROLL, headers, h->csr, strlen(h->csr), r);
}

#define assert_has(r, text) assert_non_null(strstr((r)->head, (text)))
#define assert_lacks(r, text) assert_null(strstr((r)->head, (text)))

#endif
