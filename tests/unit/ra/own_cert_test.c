#include "house.h"

#include "ra/error.h"
#include "ra/own_cert.h"

/* Renewal of our own certificate, against a thread that plays svc.sock. */

struct svc {
	char path[128];
	int listener;
	int wrong_key; /* answer with a certificate for another key */
	int refuse;
	int link; /* a link certificate comes with it */
	struct house *house;
	pthread_t thread;
};

/* The proof is the current key's signature over the DER of the new CSR. */
static void
check_proof(const WIRE_REQUEST *req)
{
	const unsigned char *csr, *cert_der, *proof;
	size_t csr_len, cert_len, proof_len;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	X509 *cert;

	csr = field_bytes(req->args, "csr", &csr_len);
	cert_der = field_bytes(req->args, "current", &cert_len);
	proof = field_bytes(req->args, "proof", &proof_len);
	cert = d2i_X509(NULL, &cert_der, (long)cert_len);
	EVP_DigestVerifyInit_ex(
	    ctx, NULL, "SHA256", NULL, NULL, X509_get0_pubkey(cert), NULL);
	assert_int_equal(
	    EVP_DigestVerify(ctx, proof, proof_len, csr, csr_len), 1);
	EVP_MD_CTX_free(ctx);
	X509_free(cert);
}

static void
answer_renewal(struct svc *s, const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	struct fake_ca *ca = &s->house->ca;
	size_t len;
	const unsigned char *der = field_bytes(req->args, "csr", &len);
	X509_REQ *csr = d2i_X509_REQ(NULL, &der, (long)len);
	X509 *cert;

	check_proof(req);
	cert =
	    fake_certificate(s->wrong_key ? ca->key : X509_REQ_get0_pubkey(csr),
		ca->key, ca->cert, "renewed", 30);
	fake_add_cert(a->values, "cert", cert);
	fake_add_cert(a->values, "chain", ca->cert);
	if (s->link)
		fake_add_cert(a->values, "link", s->house->device_issuer);
	if (s->refuse)
		message_set_status(a, WIRE_DENIED);
	X509_free(cert);
	X509_REQ_free(csr);
}

static void *
svc_run(void *arg)
{
	struct svc *s = arg;
	int fd = accept(s->listener, NULL, NULL);
	unsigned char *buf = NULL, *frame = NULL;
	size_t len;
	WIRE_REQUEST *req;
	WIRE_ANSWER *a;

	assert_int_equal(socket_read(fd, &buf, &len), 1);
	req = message_decode_request(buf, len);
	assert_string_equal(message_request_op(req), "renew-own");
	a = message_answer(message_request_id(req), WIRE_OK);
	answer_renewal(s, req, a);
	message_encode_answer(a, &frame, &len);
	socket_write(fd, frame, len);
	close(fd);
	OPENSSL_free(frame);
	OPENSSL_free(buf);
	WIRE_REQUEST_free(req);
	WIRE_ANSWER_free(a);
	ERR_clear_error();
	return NULL;
}

static void
svc_start(struct svc *s, struct house *h)
{
	s->house = h;
	snprintf(s->path, sizeof(s->path), "%s/svc.sock", h->folder);
	s->listener = socket_listen(s->path, 0600);
	assert_true(s->listener >= 0);
	h->settings.svc_socket = s->path;
	h->settings.certificate = h->certificate;
	h->settings.key = h->key;
	pthread_create(&s->thread, NULL, svc_run, s);
}

static void
svc_stop(struct svc *s)
{
	pthread_join(s->thread, NULL);
	close(s->listener);
	unlink(s->path);
}

static int
set_up(void **state)
{
	*state = house_open(1);
	return 0;
}

static int
tear_down(void **state)
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

static int
cn_is(struct tls *tls, const char *expected)
{
	X509 *cert = tls_certificate(tls);
	char cn[64] = "";

	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(cert), NID_commonName, cn, sizeof(cn));
	X509_free(cert);
	return strcmp(cn, expected) == 0;
}

static void
a_renewal_replaces_the_pair(void **state)
{
	struct house *h = *state;
	struct svc s = {0};
	struct tls *fresh;

	svc_start(&s, h);
	assert_true(own_cert_renew(&h->settings, h->tls));
	svc_stop(&s);
	assert_true(cn_is(h->tls, "renewed"));
	fresh = tls_new(h->certificate, h->key); /* the files, too */
	assert_non_null(fresh);
	assert_true(cn_is(fresh, "renewed"));
	tls_free(fresh);
}

static int
names_in(const char *path, const char *names[], int n)
{
	FILE *f = fopen(path, "r");
	char cn[64];
	X509 *cert;
	int i = 0, same = 1;

	while ((cert = PEM_read_X509(f, NULL, NULL, NULL)) != NULL) {
		X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
		    NID_commonName, cn, sizeof(cn));
		same &= i < n && strcmp(cn, names[i]) == 0;
		i++;
		X509_free(cert);
	}
	ERR_clear_error();
	fclose(f);
	return same && i == n;
}

/* A link certificate takes the root's place, unless it is not wanted. */
static void
links_are_presented_when_wanted(void **state)
{
	static const char *with[] = {"renewed", "Maker"};
	static const char *without[] = {"renewed", "CA"};
	struct house *h = *state;
	char cn[64] = "";
	int i;

	X509_NAME_get_text_by_NID(X509_get_subject_name(h->ca.cert),
	    NID_commonName, cn, sizeof(cn));
	without[1] = cn;
	for (i = 0; i < 2; i++) {
		struct svc s = {.link = 1};

		h->settings.link_certificates = i == 0;
		svc_start(&s, h);
		assert_true(own_cert_renew(&h->settings, h->tls));
		svc_stop(&s);
		assert_true(
		    names_in(h->certificate, i == 0 ? with : without, 2));
	}
	/* Where there is none, nothing changes. */
	h->settings.link_certificates = 1;
	struct svc s = {0};
	svc_start(&s, h);
	assert_true(own_cert_renew(&h->settings, h->tls));
	svc_stop(&s);
	assert_true(names_in(h->certificate, without, 2));
}

static void
a_certificate_for_another_key_is_refused(void **state)
{
	struct house *h = *state;
	struct svc s = {.wrong_key = 1};

	svc_start(&s, h);
	assert_false(own_cert_renew(&h->settings, h->tls));
	svc_stop(&s);
	assert_true(cn_is(h->tls, "est"));
	assert_true(own_cert_settle(h->certificate, h->key));
	assert_true(tls_reload(h->tls, h->certificate, h->key));
}

static void
a_refusal_changes_nothing(void **state)
{
	struct house *h = *state;
	struct svc s = {.refuse = 1};

	svc_start(&s, h);
	assert_false(own_cert_renew(&h->settings, h->tls));
	svc_stop(&s);
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	assert_true(cn_is(h->tls, "est"));
	assert_false(own_cert_renew(&h->settings, h->tls)); /* nobody */
}

static void
write_cert(const char *path, X509 *cert)
{
	FILE *f = fopen(path, "w");

	PEM_write_X509(f, cert);
	fclose(f);
}

/* A crash after ${step} of: key.new, certificate.new, rename key, rename
   certificate. */
static void
crash_after(struct house *h, int step, const char *expected)
{
	char new_key[128], new_cert[128];
	EVP_PKEY *key = keyfile_new();
	X509 *cert = fake_certificate(key, h->ca.key, h->ca.cert, "next", 30);
	struct tls *tls;

	snprintf(new_key, sizeof(new_key), "%s.new", h->key);
	snprintf(new_cert, sizeof(new_cert), "%s.new", h->certificate);
	keyfile_write(new_key, key);
	if (step >= 2)
		write_cert(new_cert, cert);
	if (step >= 3)
		rename(new_key, h->key);
	if (step >= 4)
		rename(new_cert, h->certificate);
	assert_true(own_cert_settle(h->certificate, h->key));
	assert_int_not_equal(access(new_key, F_OK), 0);
	assert_int_not_equal(access(new_cert, F_OK), 0);
	tls = tls_new(h->certificate, h->key);
	assert_non_null(tls);
	assert_true(cn_is(tls, expected));
	tls_free(tls);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
a_crash_leaves_a_pair(void **state)
{
	crash_after(*state, 1, "est");
	crash_after(*state, 2, "next");
	crash_after(*state, 3, "next");
	crash_after(*state, 4, "next");
	crash_after(*state, 1, "next");
}

static void
due_in_the_last_third(void **state)
{
	(void)state;
	assert_int_equal(own_cert_due(1000, 1300), 1200);
	assert_int_equal(own_cert_due(0, 90 * 86400), 60 * 86400);
}

/* The thread finds by itself that the certificate is due. */
static void
the_thread_renews(void **state)
{
	struct house *h = *state;
	struct svc s = {0};
	EVP_PKEY *key = keyfile_read(h->key);
	X509 *old = fake_certificate(key, h->ca.key, h->ca.cert, "old", 0);
	struct own_cert *o;
	int i;

	write_cert(h->certificate, old); /* its end is now */
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	svc_start(&s, h);
	o = own_cert_start(&h->settings, h->tls);
	assert_non_null(o);
	for (i = 0; i < 500 && !cn_is(h->tls, "renewed"); i++)
		house_pause(10);
	assert_true(cn_is(h->tls, "renewed"));
	svc_stop(&s);
	own_cert_stop(o);
	X509_free(old);
	EVP_PKEY_free(key);
}

/* The first try finds nobody; with 20 seconds left the next one may not wait
   for its usual 15. */
static void
a_short_rest_makes_it_hurry(void **state)
{
	struct house *h = *state;
	struct svc s = {0};
	EVP_PKEY *key = keyfile_read(h->key);
	X509 *old = fake_certificate(key, h->ca.key, h->ca.cert, "old", 0);
	struct own_cert *o;
	double began = house_seconds();
	int i;

	X509_gmtime_adj(X509_getm_notAfter(old), 20);
	assert_true(X509_sign(old, h->ca.key, EVP_sha256()) > 0);
	write_cert(h->certificate, old);
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	snprintf(s.path, sizeof(s.path), "%s/svc.sock", h->folder);
	h->settings.svc_socket = s.path;
	h->settings.certificate = h->certificate;
	h->settings.key = h->key;
	o = own_cert_start(&h->settings, h->tls);
	assert_non_null(o);
	house_pause(500);
	svc_start(&s, h);
	for (i = 0; i < 1200 && !cn_is(h->tls, "renewed"); i++)
		house_pause(10);
	assert_true(cn_is(h->tls, "renewed"));
	assert_true(house_seconds() - began < 12);
	svc_stop(&s);
	own_cert_stop(o);
	X509_free(old);
	EVP_PKEY_free(key);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(a_renewal_replaces_the_pair),
	    t(links_are_presented_when_wanted),
	    t(a_certificate_for_another_key_is_refused),
	    t(a_refusal_changes_nothing),
	    t(a_crash_leaves_a_pair),
	    cmocka_unit_test(due_in_the_last_third),
	    t(the_thread_renews),
	    t(a_short_rest_makes_it_hurry),
	};

	return cmocka_run_group_tests_name("own_cert", tests, NULL, NULL);
}
