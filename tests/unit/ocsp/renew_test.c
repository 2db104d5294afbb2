#include "tests/unit/hsm/token.h"
#include "tests/unit/ocsp/rig.h"

#include <pthread.h>
#include <sys/socket.h>
#include "ca/wire/socket.h"
#include "ocsp/keys.h"
#include "ocsp/renew.h"

/* A thread plays inkan-ca's svc.sock: renew-own with real certificates. */

enum play { ISSUE, REFUSE, OTHER_KEY, NO_CERT };

static struct token token;
static struct hsm *hsm;
static struct rig *rig;
static char cert_path[512], sock_path[512];
static struct player {
	pthread_t thread;
	int listener;
	enum play play;
	int proven; /* csr and proof verify */
} player;

static const unsigned char *
arg(WIRE_REQUEST *req, const char *name, size_t *len)
{
	const unsigned char *p = field_bytes(req->args, name, len);

	if (p == NULL)
		abort();
	return p;
}

static int
check_proof(WIRE_REQUEST *req, X509_REQ **csr)
{
	size_t csr_len, cert_len, proof_len;
	const unsigned char *der = arg(req, "csr", &csr_len), *p = der;
	const unsigned char *cert_der = arg(req, "current", &cert_len);
	const unsigned char *proof = arg(req, "proof", &proof_len);
	X509 *current = d2i_X509(NULL, &cert_der, (long)cert_len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	*csr = d2i_X509_REQ(NULL, &p, (long)csr_len);
	EVP_DigestVerifyInit(
	    ctx, NULL, EVP_sha256(), NULL, X509_get0_pubkey(current));
	ok = EVP_DigestVerify(ctx, proof, proof_len, der, csr_len) == 1 &&
	    X509_REQ_verify(*csr, X509_REQ_get0_pubkey(*csr)) == 1 &&
	    EVP_PKEY_eq(
		X509_REQ_get0_pubkey(*csr), X509_get0_pubkey(current)) != 1 &&
	    X509_NAME_cmp(X509_REQ_get_subject_name(*csr),
		X509_get_subject_name(current)) == 0;
	EVP_MD_CTX_free(ctx);
	X509_free(current);
	return ok;
}

static void
answer(struct player *p, WIRE_REQUEST *req, int fd)
{
	WIRE_ANSWER *a = message_answer(
	    message_request_id(req), p->play == REFUSE ? WIRE_DENIED : WIRE_OK);
	unsigned char *der = NULL, *frame = NULL;
	X509_REQ *csr = NULL;
	size_t len;
	X509 *cert;
	int n;

	p->proven = strcmp(message_request_op(req), "renew-own") == 0 &&
	    check_proof(req, &csr);
	if (p->play == REFUSE)
		message_set_refusal(a, "authorize", "own.state", "", "no");
	if (p->play == ISSUE || p->play == OTHER_KEY) {
		cert = pki_cert("OCSP", (const unsigned char *)"\x46", 1,
		    p->play == ISSUE ? X509_REQ_get0_pubkey(csr)
				     : rig->pki.ocsp_key,
		    rig->pki.ca, rig->pki.ca_key, "OCSPSigning", -60, 864000);
		n = i2d_X509(cert, &der);
		field_add_bytes(a->values, "cert", der, (size_t)n);
		OPENSSL_free(der);
		X509_free(cert);
	}
	message_encode_answer(a, &frame, &len);
	socket_write(fd, frame, len);
	OPENSSL_free(frame);
	X509_REQ_free(csr);
	WIRE_ANSWER_free(a);
}

/* Until the listener is shut down. */
static void *
play(void *arg_)
{
	struct player *p = arg_;
	unsigned char *buf;
	WIRE_REQUEST *req;
	size_t len;
	int fd;

	while ((fd = accept(p->listener, NULL, NULL)) >= 0) {
		if (socket_read(fd, &buf, &len) == 1) {
			req = message_decode_request(buf, len);
			if (req != NULL)
				answer(p, req, fd);
			WIRE_REQUEST_free(req);
			OPENSSL_free(buf);
		}
		close(fd);
	}
	return NULL;
}

static void
poll_delegates(void)
{
	struct view *view = state_view(rig->state);

	delegates_poll(rig->delegates, view, time(NULL), 1);
	view_free(view);
}

static int
setup(void **state)
{
	EVP_PKEY *key;
	X509 *cert;

	(void)state;
	token_make(&token, "ocsp", URI("ocsp"));
	hsm = hsm_open(&token.cfg);
	must(hsm != NULL);
	key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "ocsp-d");
	must(key != NULL);
	rig = rig_make();
	snprintf(cert_path, sizeof(cert_path), "%s/ocsp.pem", rig->dir);
	snprintf(sock_path, sizeof(sock_path), "%s/svc.sock", rig->dir);
	rig->set.svc_socket = sock_path;
	rig->set.delegates[0].certificate = cert_path;
	rig->set.delegates[0].key = "pkcs11:object=ocsp-d";
	rig->set.delegates[0].type = HSM_KEY_EC_P256;
	strcpy(rig->set.delegates[0].label, "ocsp-d");
	delegates_free(rig->delegates);
	rig->delegates = delegates_new(&rig->set, hsm);
	/* Two thirds are over. */
	cert = pki_cert("OCSP", (const unsigned char *)"\x45", 1, key,
	    rig->pki.ca, rig->pki.ca_key, "OCSPSigning", -7200, 3000);
	pki_write_pem(cert_path, cert);
	X509_free(cert);
	EVP_PKEY_free(key);
	poll_delegates();
	player.proven = 0;
	player.listener = socket_listen(sock_path, 0600);
	must(player.listener >= 0);
	assert_int_equal(
	    pthread_create(&player.thread, NULL, play, &player), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	shutdown(player.listener, SHUT_RDWR);
	pthread_join(player.thread, NULL);
	close(player.listener);
	rig_free(rig);
	hsm_close(hsm);
	token_remove(&token);
	return 0;
}

static struct signer *
signer_now(void)
{
	struct view *view = state_view(rig->state);
	struct signer *s = delegates_signer(
	    rig->delegates, view_find_ident(view, "devices-g1"));

	view_free(view);
	assert_non_null(s);
	return s;
}

static int
renew(enum play how)
{
	struct view *view = state_view(rig->state);
	int ok;

	player.play = how;
	ok = renew_one(&rig->set, hsm, &rig->set.delegates[0], rig->delegates,
	    view_find_ident(view, "devices-g1"));
	view_free(view);
	return ok;
}

static int
n_keys(void)
{
	EVP_PKEY *key;
	char label[32];
	int i, n = 0;

	for (i = 1; i < 9; i++) {
		snprintf(label, sizeof(label),
		    i == 1 ? "pkcs11:object=ocsp-d" : "pkcs11:object=ocsp-d.%d",
		    i);
		key = hsm_key_find(hsm, label);
		n += key != NULL;
		EVP_PKEY_free(key);
	}
	ERR_clear_error();
	return n;
}

static void
test_due(void **state)
{
	(void)state;
	assert_int_equal(renew_due(0, 300), 200);
	assert_int_equal(renew_due(1000, 1003), 1002);
}

static void
test_renewed(void **state)
{
	struct signer *before = signer_now(), *after;

	(void)state;
	must(renew(ISSUE));
	assert_true(player.proven);
	after = signer_now();
	assert_true(after->not_after > before->not_after);
	assert_int_not_equal(EVP_PKEY_eq(before->key, after->key), 1);
	signer_free(before);
	/* After a restart file and token fit together. */
	poll_delegates();
	before = signer_now();
	assert_int_equal(EVP_PKEY_eq(before->key, after->key), 1);
	assert_int_equal(before->not_after, after->not_after);
	signer_free(before);
	signer_free(after);
	/* The first key went with the renewal after. */
	assert_int_equal(n_keys(), 2);
	must(renew(ISSUE));
	assert_int_equal(n_keys(), 2);
}

/* The former stays in force, in the token and in the file. */
static void
expect_failure(enum play how)
{
	struct signer *before = signer_now(), *after;

	assert_false(renew(how));
	ERR_clear_error();
	after = signer_now();
	assert_ptr_equal(before, after);
	signer_free(before);
	signer_free(after);
	poll_delegates();
	after = signer_now();
	assert_true(after->not_after < time(NULL) + 3600);
	signer_free(after);
}

static void
test_refused(void **state)
{
	(void)state;
	expect_failure(REFUSE);
	assert_true(player.proven);
	assert_int_equal(n_keys(), 1);
	expect_failure(NO_CERT);
	expect_failure(OTHER_KEY);
	rig->set.svc_socket = "/nonexistent/svc.sock";
	expect_failure(ISSUE);
	assert_true(n_keys() <= 2);
}

/* The thread sees by itself that it is time. */
static void
test_thread(void **state)
{
	const struct timespec nap = {0, 100000000L};
	struct signer *s;
	struct renew *r;
	time_t end = 0;
	int i;

	(void)state;
	player.play = ISSUE;
	r = renew_start(&rig->set, hsm, rig->delegates, rig->state);
	assert_non_null(r);
	for (i = 0; i < 100 && end < time(NULL) + 86400; i++) {
		nanosleep(&nap, NULL);
		s = signer_now();
		end = s->not_after;
		signer_free(s);
	}
	assert_true(end > time(NULL) + 86400);
	renew_stop(r);
	renew_stop(NULL);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_due),
	    T(test_renewed),
	    T(test_refused),
	    T(test_thread),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
