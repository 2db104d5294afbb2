/*
 * Devices that enrol by EST, many at a time: each over a TLS connection of its
 * own, with the maker's certificate, a key of its own, and without a second
 * try. Keys, certificates and requests are made before the clock starts. What
 * comes back must be a certificate for the key that was sent.
 *
 * usage: enrol -s HOST:PORT -r ROOT.PEM -n DEVICES -c CLIENTS
 *              -C MAKER.PEM -K MAKER.KEY [-l LABEL] [-p PID,PID...]
 *              [-o FILE] [-A AK-CA.PEM -B AK-CA.KEY [-2]] [-R] [-x] [-f]
 *   -R  then renew each once, over connections that are opened with the new
 *       certificates before the clock starts; only that is measured
 *   -x  the server is not ours: whatever it answers with 200 is right
 *   -f  failures are told and counted, and end nothing
 *   -A  the fleet demands evidence: a nonce first, then a statement over it by
 *       an attestation key that this CA has certified; -2: each request over a
 *       connection of its own
 *   -o  a line for each certificate: serial, name
 * SIGTERM: no further device begins, and the figures are those of the others.
 * Prints: requests a second, CPU microseconds of the processes for each,
 * failures, the 99th percentile of the time for one in milliseconds, done.
 */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include "answer.h"
#include "evidence.h"

#define CLIENTS_MAX 256
#define PIDS_MAX 16
#define TIMEOUT_S 60

struct device {
	char name[64], why[160], cookie[160];
	EVP_PKEY *key;		/* that the request is for */
	X509 *maker_cert;
	char *body;
	size_t body_len;
	X509 *cert;		/* what came back */
	SSL *ssl;		/* open already (-R) */
	double took;
	int done;
};

struct enrol {
	const char *server, *root, *label, *maker, *maker_key, *out;
	const char *ak_ca, *ak_key;
	pid_t pid[PIDS_MAX];
	int n_pids, renew, foreign, forgive, twice;
	long n, clients;
	struct addrinfo *address;
	SSL_CTX *ctx;
	struct bench_maker by;
	struct attester attester;
	struct device *device;
	const char *op;
	atomic_long next, failed, done;
	pthread_barrier_t start;
};

static volatile sig_atomic_t enough;

static void
on_term(int sig)
{
	enough = sig;
}

/* ---- made before the clock starts ---- */

/* Body in base64, one line, from a request in DER. */
static void
set_body(struct device *d, const unsigned char *der, int len)
{
	free(d->body);
	d->body = malloc((size_t)len * 4 / 3 + 8);
	must(d->body != NULL, "memory");
	d->body_len = (size_t)EVP_EncodeBlock((unsigned char *)d->body, der,
	    len);
}

static void
make_device(struct enrol *e, long i)
{
	struct device *d = &e->device[i];
	unsigned char *csr;
	int len;

	snprintf(d->name, sizeof(d->name), "device-%08ld-%06ld.example",
	    (long)getpid(), i);
	must((d->key = EVP_EC_gen("P-256")) != NULL, "key");
	d->maker_cert = bench_maker_cert(&e->by, d->name, i + 1);
	len = bench_csr(d->key, d->name, &csr);
	set_body(d, csr, len);
	OPENSSL_free(csr);
}

/* Of a device that has a certificate: with its name. */
static X509_REQ *
request_of(const struct device *d)
{
	X509_REQ *req;

	if (d->cert == NULL)
		return bench_request(d->key, d->name);
	req = X509_REQ_new();
	must(X509_REQ_set_subject_name(req, X509_get_subject_name(d->cert)) &&
	    X509_REQ_set_pubkey(req, d->key), "renewal");
	return req;
}

/* The next request of a device that has a certificate: a new key. */
static void
make_renewal(struct device *d)
{
	unsigned char *der;
	int len;

	EVP_PKEY_free(d->key);
	must((d->key = EVP_EC_gen("P-256")) != NULL, "key");
	len = bench_sign(request_of(d), d->key, &der);
	set_body(d, der, len);
	OPENSSL_free(der);
	d->done = 0;
}

/* ---- one exchange ---- */

static int
say(struct device *d, const char *why)
{
	unsigned long err = ERR_peek_error();
	int sys = errno;

	snprintf(d->why, sizeof(d->why), "%s: %s", why, err != 0 ?
	    ERR_reason_error_string(err) != NULL ?
	    ERR_reason_error_string(err) : "?" : strerror(sys));
	ERR_clear_error();
	return 0;
}

static int
connect_tcp(const struct enrol *e, struct device *d)
{
	struct timeval tv = {TIMEOUT_S, 0};
	int on = 1, fd = socket(e->address->ai_family, SOCK_STREAM, 0);

	must(fd >= 0, "socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	errno = 0;
	if (connect(fd, e->address->ai_addr, e->address->ai_addrlen) == 0)
		return fd;
	(void)say(d, "connect");
	close(fd);
	return -1;
}

static SSL *
open_tls(const struct enrol *e, struct device *d, X509 *cert, EVP_PKEY *key)
{
	int fd = connect_tcp(e, d);
	SSL *ssl;

	if (fd < 0)
		return NULL;
	ssl = SSL_new(e->ctx);
	must(ssl != NULL && SSL_use_certificate(ssl, cert) == 1 &&
	    SSL_use_PrivateKey(ssl, key) == 1 &&
	    SSL_set1_host(ssl, "localhost") == 1 &&
	    SSL_set_fd(ssl, fd) == 1, "TLS");
	errno = 0;
	if (SSL_connect(ssl) == 1)
		return ssl;
	(void)say(d, "handshake");
	SSL_free(ssl);
	close(fd);
	return NULL;
}

static void
close_tls(SSL *ssl)
{
	int fd = ssl == NULL ? -1 : SSL_get_fd(ssl);

	if (ssl == NULL)
		return;
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
	ERR_clear_error();
}

static int
send_request(const struct enrol *e, struct device *d, SSL *ssl)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), "POST /.well-known/est/%s/%s "
	    "HTTP/1.1\r\nHost: localhost\r\nUser-Agent: enrol\r\n"
	    "Content-Type: application/pkcs10\r\n%sContent-Length: %zu\r\n\r\n",
	    e->label, e->op, d->cookie, d->body_len);

	must(n > 0 && (size_t)n + d->body_len < sizeof(text), "request");
	memcpy(text + n, d->body, d->body_len);
	errno = 0;
	return SSL_write(ssl, text, n + (int)d->body_len) > 0 ||
	    say(d, "send");
}

/* The nonce, and the request again with evidence over it. */
static int
attest(const struct enrol *e, struct device *d, SSL **ssl, char *buf)
{
	char text[512], *body = NULL, *cookie;
	unsigned char *csr;
	int n = snprintf(text, sizeof(text), "GET /.well-known/est/%s/nonce "
	    "HTTP/1.1\r\nHost: localhost\r\nUser-Agent: enrol\r\n\r\n",
	    e->label);

	errno = 0;
	if (SSL_write(*ssl, text, n) <= 0 ||
	    (body = answer_read(*ssl, buf)) == NULL ||
	    (cookie = strstr(buf, "\r\nSet-Cookie: ")) == NULL)
		return say(d, body == NULL ? "nonce" : body);
	snprintf(d->cookie, sizeof(d->cookie), "Cookie: %.*s\r\n",
	    (int)strcspn(cookie + 14, ";"), cookie + 14);
	n = evidence_csr(&e->attester, request_of(d), d->key, body, &csr);
	set_body(d, csr, n);
	OPENSSL_free(csr);
	if (!e->twice)
		return 1;
	close_tls(*ssl);
	return (*ssl = open_tls(e, d, d->maker_cert, e->by.device_key)) !=
	    NULL;
}

static int
take_cert(struct device *d, char *text)
{
	X509 *cert = answer_cert(text);

	if (cert == NULL)
		return say(d, "no certificate in the answer");
	X509_free(d->cert);
	d->cert = cert;
	return EVP_PKEY_eq(X509_get0_pubkey(cert), d->key) == 1 ||
	    say(d, "a certificate for another key");
}

static int
exchange(struct enrol *e, struct device *d, char *buf)
{
	SSL *ssl = d->ssl != NULL ? d->ssl :
	    open_tls(e, d, d->maker_cert, e->by.device_key);
	char *body;
	int ok;

	d->ssl = NULL;
	if (ssl == NULL)
		return 0;
	ok = (e->ak_ca == NULL || attest(e, d, &ssl, buf)) &&
	    send_request(e, d, ssl) &&
	    ((body = answer_read(ssl, buf)) != NULL || say(d, "receive")) &&
	    (strncmp(buf, "HTTP/1.1 200 ", 13) == 0 || say(d, body)) &&
	    (e->foreign || take_cert(d, body));
	close_tls(ssl);
	return ok;
}

/* ---- many ---- */

static void *
client(void *arg)
{
	struct enrol *e = arg;
	char *buf = malloc(ANSWER_MAX);
	struct device *d;
	long i;

	pthread_barrier_wait(&e->start);
	while (!enough && (i = atomic_fetch_add(&e->next, 1)) < e->n) {
		d = &e->device[i];
		d->took = wall();
		d->done = exchange(e, d, buf);
		d->took = wall() - d->took;
		atomic_fetch_add(d->done ? &e->done : &e->failed, 1);
		if (d->done)
			continue;
		fprintf(stderr, "enrol: %s: %s\n", d->name, d->why);
		must(e->forgive, "an enrolment");
	}
	free(buf);
	return NULL;
}

static double
server_cpu(const struct enrol *e)
{
	double sum = 0;
	clockid_t id;
	int i;

	for (i = 0; i < e->n_pids; i++) {
		must(clock_getcpuclockid(e->pid[i], &id) == 0,
		    "clock of a server");
		sum += clock_of(id);
	}
	return sum;
}

static int
by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
percentile99(const struct enrol *e)
{
	double *took = malloc((size_t)e->n * sizeof(*took)), t;
	long i, n = 0;

	for (i = 0; i < e->n; i++)
		if (e->device[i].done)
			took[n++] = e->device[i].took;
	qsort(took, (size_t)n, sizeof(*took), by_time);
	t = n > 0 ? took[n * 99 / 100] : 0;
	free(took);
	return t * 1000;
}

/* All devices once, with a line of figures when ${told}. */
static void
round_of(struct enrol *e, int told)
{
	pthread_t thread[CLIENTS_MAX];
	double start, spent;
	long i, n;

	e->next = e->done = e->failed = 0;
	pthread_barrier_init(&e->start, NULL, (unsigned)e->clients + 1);
	for (i = 0; i < e->clients; i++)
		must(pthread_create(&thread[i], NULL, client, e) == 0,
		    "thread");
	spent = -server_cpu(e);
	start = wall();
	pthread_barrier_wait(&e->start);
	for (i = 0; i < e->clients; i++)
		pthread_join(thread[i], NULL);
	start = wall() - start;
	spent += server_cpu(e);
	pthread_barrier_destroy(&e->start);
	n = e->done + e->failed;
	must(n > 0, "nothing was asked");
	if (told)
		printf("%.0f %.1f %ld %.1f %ld\n", (double)n / start,
		    spent / (double)n * 1e6, e->failed, percentile99(e),
		    e->done);
}

static void
write_certs(const struct enrol *e)
{
	FILE *f = fopen(e->out, "a");
	BIGNUM *n;
	char *hex;
	long i;

	must(f != NULL, e->out);
	for (i = 0; i < e->n; i++) {
		if (e->device[i].cert == NULL)
			continue;
		n = ASN1_INTEGER_to_BN(
		    X509_get0_serialNumber(e->device[i].cert), NULL);
		hex = BN_bn2hex(n);
		fprintf(f, "%s %s\n", hex, e->device[i].name);
		OPENSSL_free(hex);
		BN_free(n);
	}
	must(fclose(f) == 0, e->out);
}

static void
renew_all(struct enrol *e)
{
	struct device *d;

	e->op = "simplereenroll";
	for (d = e->device; d < e->device + e->n; d++) {
		d->ssl = open_tls(e, d, d->cert, d->key);
		must(d->ssl != NULL, d->why);
		make_renewal(d);
	}
	round_of(e, 1);
}

static void
take_pids(struct enrol *e, char *list)
{
	char *s;

	for (s = strtok(list, ","); s != NULL; s = strtok(NULL, ",")) {
		must(e->n_pids < PIDS_MAX, "too many PIDs");
		e->pid[e->n_pids++] = (pid_t)atol(s);
	}
}

static void
options(struct enrol *e, int argc, char **argv)
{
	int o;

	signal(SIGTERM, on_term);
	while ((o = getopt(argc, argv, "s:r:n:c:C:K:l:p:o:A:B:2Rxf")) != -1)
		switch (o) {
		case 's': e->server = optarg; break;
		case 'r': e->root = optarg; break;
		case 'n': e->n = atol(optarg); break;
		case 'c': e->clients = atol(optarg); break;
		case 'C': e->maker = optarg; break;
		case 'K': e->maker_key = optarg; break;
		case 'l': e->label = optarg; break;
		case 'p': take_pids(e, optarg); break;
		case 'o': e->out = optarg; break;
		case 'A': e->ak_ca = optarg; break;
		case 'B': e->ak_key = optarg; break;
		case '2': e->twice = 1; break;
		case 'R': e->renew = 1; break;
		case 'x': e->foreign = 1; break;
		case 'f': e->forgive = 1; break;
		default: exit(2);
		}
	must(e->server && e->root && e->maker && e->maker_key && e->n > 0 &&
	    e->clients > 0 && e->clients <= CLIENTS_MAX &&
	    !e->ak_ca == !e->ak_key && !(e->twice && e->renew), "options");
}

static void
set_up(struct enrol *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	char host[64];
	const char *colon = strrchr(e->server, ':');
	long i;

	must(colon != NULL && colon - e->server < (long)sizeof(host),
	    "HOST:PORT");
	snprintf(host, sizeof(host), "%.*s", (int)(colon - e->server),
	    e->server);
	must(getaddrinfo(host, colon + 1, &hints, &e->address) == 0, host);
	e->ctx = SSL_CTX_new(TLS_client_method());
	must(e->ctx != NULL &&
	    SSL_CTX_load_verify_locations(e->ctx, e->root, NULL) == 1 &&
	    SSL_CTX_set1_groups_list(e->ctx, "X25519") == 1, "TLS");
	SSL_CTX_set_verify(e->ctx, SSL_VERIFY_PEER, NULL);
	bench_maker_read(&e->by, e->maker, e->maker_key);
	if (e->ak_ca != NULL)
		attester_read(&e->attester, e->ak_ca, e->ak_key);
	e->device = calloc((size_t)e->n, sizeof(*e->device));
	must(e->device != NULL, "memory");
	for (i = 0; i < e->n; i++)
		make_device(e, i);
}

static void
tear_down(struct enrol *e)
{
	struct device *d;

	for (d = e->device; d < e->device + e->n; d++) {
		EVP_PKEY_free(d->key);
		X509_free(d->maker_cert);
		X509_free(d->cert);
		free(d->body);
	}
	free(e->device);
	freeaddrinfo(e->address);
	SSL_CTX_free(e->ctx);
	bench_maker_clear(&e->by);
	attester_clear(&e->attester);
}

int
main(int argc, char **argv)
{
	static struct enrol e = {.label = "devices", .op = "simpleenroll"};

	options(&e, argc, argv);
	set_up(&e);
	round_of(&e, !e.renew);
	if (e.renew)
		renew_all(&e);
	if (e.out != NULL)
		write_certs(&e);
	tear_down(&e);
	return 0;
}
