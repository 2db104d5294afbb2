#ifndef INKAN_TESTS_RA_SVC_H
#define INKAN_TESTS_RA_SVC_H

#include "house.h"

#include <sys/stat.h>

#include "ra/own_cert.h"

/*
 * A thread that plays svc.sock of inkan-ca: takes renew-own, one call a
 * connection, judges the request and answers it as the test wants. What the
 * answer holds, and how it goes over the wire, are functions of their own.
 */

struct svc {
	char path[128];
	int listener;
	struct house *house;
	/* NULL: svc_renew(), socket_write(). */
	void (*fill)(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a);
	int (*deliver)(int fd, const unsigned char *frame, size_t len);
	pthread_t thread;
	atomic_int stop;
	atomic_int served; /* requests that were read */
	atomic_int bad;	   /* of these not as own_cert.h promises */
};

/* The proof is the current key's signature over the DER of the new CSR. */
static inline int
svc_proven(const WIRE_REQUEST *req, X509 *current)
{
	EVP_PKEY *key = X509_get0_pubkey(current);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const unsigned char *csr, *proof;
	size_t csr_len, proof_len;
	int ok;

	csr = field_bytes(req->args, "csr", &csr_len);
	proof = field_bytes(req->args, "proof", &proof_len);
	ok = csr != NULL && proof != NULL &&
	    EVP_DigestVerifyInit_ex(ctx, NULL,
		EVP_PKEY_is_a(key, "ED25519") ? NULL : "SHA256", NULL, NULL,
		key, NULL) == 1 &&
	    EVP_DigestVerify(ctx, proof, proof_len, csr, csr_len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* A new key, proven by itself and by the one it replaces; the same subject. */
static inline int
svc_good(const WIRE_REQUEST *req, X509_REQ *csr)
{
	const unsigned char *p;
	size_t len = 0;
	X509 *current;
	int ok;

	p = field_bytes(req->args, "current", &len);
	current = p == NULL ? NULL : d2i_X509(NULL, &p, (long)len);
	ok = current != NULL && csr != NULL &&
	    strcmp(message_request_op(req), "renew-own") == 0 &&
	    svc_proven(req, current) &&
	    X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)) == 1 &&
	    EVP_PKEY_eq(X509_REQ_get0_pubkey(csr), X509_get0_pubkey(current)) !=
		1 &&
	    X509_NAME_cmp(X509_REQ_get_subject_name(csr),
		X509_get_subject_name(current)) == 0;
	X509_free(current);
	return ok;
}

/* A certificate for ${key} under the name that the tests look for. */
static inline void
svc_add_leaf(struct svc *s, EVP_PKEY *key, WIRE_ANSWER *a)
{
	struct fake_ca *ca = &s->house->ca;
	X509 *cert = fake_certificate(key, ca->key, ca->cert, "renewed", 30);

	fake_add_cert(a->values, "cert", cert);
	X509_free(cert);
}

static inline void
svc_renew(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	svc_add_leaf(s, X509_REQ_get0_pubkey(csr), a);
	fake_add_cert(a->values, "chain", s->house->ca.cert);
}

static inline void
svc_serve(struct svc *s, int fd)
{
	unsigned char *buf = NULL, *frame = NULL;
	const unsigned char *der = NULL;
	WIRE_REQUEST *req = NULL;
	WIRE_ANSWER *a = NULL;
	X509_REQ *csr = NULL;
	size_t len = 0;

	if (socket_read(fd, &buf, &len) == 1)
		req = message_decode_request(buf, len);
	if (req != NULL)
		der = field_bytes(req->args, "csr", &len);
	if (der != NULL)
		csr = d2i_X509_REQ(NULL, &der, (long)len);
	if (csr == NULL || !svc_good(req, csr)) {
		s->bad++;
	} else {
		a = message_answer(message_request_id(req), WIRE_OK);
		(s->fill != NULL ? s->fill : svc_renew)(s, csr, a);
		if (message_encode_answer(a, &frame, &len))
			(s->deliver != NULL ? s->deliver : socket_write)(
			    fd, frame, len);
	}
	s->served++;
	OPENSSL_free(frame);
	OPENSSL_free(buf);
	X509_REQ_free(csr);
	WIRE_REQUEST_free(req);
	WIRE_ANSWER_free(a);
	ERR_clear_error();
}

static inline void *
svc_run(void *arg)
{
	struct svc *s = arg;
	struct pollfd p = {.fd = s->listener, .events = POLLIN};
	int fd;

	while (!s->stop) {
		if (poll(&p, 1, 20) <= 0)
			continue;
		fd = accept(s->listener, NULL, NULL);
		svc_serve(s, fd);
		close(fd);
	}
	return NULL;
}

/* The house's settings point at it, whether it is started or not. */
static inline void
svc_point(struct svc *s, struct house *h)
{
	s->house = h;
	snprintf(s->path, sizeof(s->path), "%s/svc.sock", h->folder);
	h->settings.svc_socket = s->path;
	h->settings.certificate = h->certificate;
	h->settings.key = h->key;
}

static inline void
svc_start(struct svc *s, struct house *h)
{
	/* Once: who has been started may be reading it. */
	if (s->house == NULL)
		svc_point(s, h);
	s->listener = socket_listen(s->path, 0600);
	assert_true(s->listener >= 0);
	assert_int_equal(pthread_create(&s->thread, NULL, svc_run, s), 0);
}

/* How many calls there were, every one of them good. */
static inline int
svc_stop(struct svc *s)
{
	s->stop = 1;
	pthread_join(s->thread, NULL);
	close(s->listener);
	unlink(s->path);
	assert_int_equal(s->bad, 0);
	return s->served;
}

static inline int
cn_is(struct tls *tls, const char *expected)
{
	X509 *cert = tls_certificate(tls);
	char cn[64] = "";

	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(cert), NID_commonName, cn, sizeof(cn));
	X509_free(cert);
	return strcmp(cn, expected) == 0;
}

static inline void
write_cert(const char *path, X509 *cert)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, cert), 1);
	fclose(f);
}

#define DOT_NEW(buf, path) snprintf((buf), sizeof(buf), "%s.new", (path))

static inline char *
slurp(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	fclose(f);
	return text;
}

static inline int
is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static inline int
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (int)(st.st_mode & 07777);
}

static inline void
assert_nothing_new(const struct house *h)
{
	char path[128];

	DOT_NEW(path, h->certificate);
	assert_false(is_there(path));
	DOT_NEW(path, h->key);
	assert_false(is_there(path));
}

/* Served and on disk. */
static inline void
assert_pair_is(struct house *h, const char *cn)
{
	struct tls *fresh = tls_new(h->certificate, h->key);

	assert_true(cn_is(h->tls, cn));
	assert_non_null(fresh);
	assert_true(cn_is(fresh, cn));
	tls_free(fresh);
}

/* A renewal that must fail, in so many calls: both files are what they were,
   and the queue says why in ${words}. */
static inline void
refused(struct house *h, struct svc *s, int calls, const char *words)
{
	char *cert = slurp(h->certificate), *key = slurp(h->key);
	char *cert_after, *key_after, trace[1024];

	svc_start(s, h);
	ERR_clear_error();
	assert_false(own_cert_renew(&h->settings, h->tls));
	report_trace(trace, sizeof(trace));
	if (strstr(trace, words) == NULL)
		print_message("%s\n", trace);
	assert_non_null(strstr(trace, words));
	ERR_clear_error();
	assert_int_equal(svc_stop(s), calls);
	cert_after = slurp(h->certificate);
	key_after = slurp(h->key);
	assert_string_equal(cert_after, cert);
	assert_string_equal(key_after, key);
	assert_nothing_new(h);
	assert_pair_is(h, "est");
	free(cert);
	free(key);
	free(cert_after);
	free(key_after);
}

static inline void
renewed(struct house *h, struct svc *s)
{
	svc_start(s, h);
	assert_true(own_cert_renew(&h->settings, h->tls));
	assert_int_equal(svc_stop(s), 1);
	assert_nothing_new(h);
	assert_pair_is(h, "renewed");
}

static inline int
svc_set_up(void **state)
{
	*state = house_open(1);
	return 0;
}

static inline int
svc_tear_down(void **state)
{
	struct house *h = *state;
	char path[128];

	/* Nothing may be left over: the folder is empty then. */
	snprintf(path, sizeof(path), "%s", h->folder);
	house_close(h, 1);
	assert_int_not_equal(access(path, F_OK), 0);
	ERR_clear_error();
	return 0;
}

#endif
