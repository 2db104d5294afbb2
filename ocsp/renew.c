#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "ca/report/report.h"
#include "ocsp/error.h"
#include "ocsp/keys.h"
#include "ocsp/renew.h"
#include "ocsp/save.h"
#include "ocsp/svc.h"

#define RETRY_FIRST 60	/* seconds; doubled up to RETRY_LAST */
#define RETRY_LAST 3600

struct renew {
	const struct settings *set;
	struct hsm *hsm;
	struct delegates *delegates;
	struct state *state;
	pthread_t thread;
	int wake; /* eventfd: stop */
	time_t next_try[SETTINGS_DELEGATES_MAX];
	time_t wait[SETTINGS_DELEGATES_MAX];
};

time_t
renew_due(time_t not_before, time_t not_after)
{
	return not_after - (not_after - not_before) / 3;
}

/* The current key over the request's octets. */
static int
prove(EVP_PKEY *key, const unsigned char *csr, size_t csr_len,
    unsigned char **out, size_t *out_len)
{
	const EVP_MD *md = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = 0;
	int ok = 0;

	*out = NULL;
	if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, md, NULL, key) != 1 ||
	    EVP_DigestSign(ctx, NULL, &len, csr, csr_len) != 1 ||
	    (*out = OPENSSL_malloc(len)) == NULL ||
	    EVP_DigestSign(ctx, *out, &len, csr, csr_len) != 1)
		goto out;
	*out_len = len;
	ok = 1;
out:
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* The certificate for ${csr}, to be freed; NULL raised. */
static X509 *
ask(const char *path, const struct signer *current, const unsigned char *csr,
    size_t csr_len)
{
	WIRE_REQUEST *req = message_request("renew-own", 1);
	WIRE_ANSWER *answer = NULL;
	const unsigned char *der, *p;
	unsigned char *proof = NULL;
	size_t len = 0, proof_len;
	X509 *cert = NULL;

	if (req == NULL ||
	    !prove(current->key, csr, csr_len, &proof, &proof_len) ||
	    !field_add_bytes(req->args, "csr", csr, csr_len) ||
	    !field_add_bytes(
		req->args, "current", current->cert, current->cert_len) ||
	    !field_add_bytes(req->args, "proof", proof, proof_len) ||
	    (answer = svc_call(path, req)) == NULL)
		goto out;
	der = p = field_bytes(answer->values, "cert", &len);
	if (der != NULL)
		cert = d2i_X509(NULL, &p, (long)len);
	if (cert == NULL || p != der + len) {
		ocsp_raise(OCSP_E_RENEW, "the answer holds no certificate");
		X509_free(cert);
		cert = NULL;
	}
out:
	OPENSSL_free(proof);
	WIRE_REQUEST_free(req);
	WIRE_ANSWER_free(answer);
	return cert;
}

/* Ask for a certificate on ${key} with the subject of the current one. */
static X509 *
ask_for(const char *path, const struct signer *current, EVP_PKEY *key)
{
	const unsigned char *p = current->cert;
	X509 *old = d2i_X509(NULL, &p, (long)current->cert_len), *cert = NULL;
	X509_REQ *req = NULL;
	unsigned char *der = NULL;
	int len;

	if (old == NULL)
		return NULL;
	req = keys_request(key, X509_get_subject_name(old), "renewal");
	if (req != NULL && (len = i2d_X509_REQ(req, &der)) > 0)
		cert = ask(path, current, der, (size_t)len);
	OPENSSL_free(der);
	X509_REQ_free(req);
	X509_free(old);
	return cert;
}

static int
save_cert(const char *path, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	int ok = 0;

	if (bio != NULL && PEM_write_bio_X509(bio, cert) == 1) {
		len = BIO_get_mem_data(bio, &text);
		ok = save_file(path, text, (size_t)len);
	}
	BIO_free(bio);
	return ok;
}

/* Remove what former renewals left. A failure is no reason not to renew. */
static void
prune(struct hsm *hsm, const char *label, const struct signer *current)
{
	if (!keys_prune(hsm, label, current->key))
		report_errors(
		    REPORT_WARN, "ocsp.keys.kept", "label", label, NULL);
	ERR_clear_error();
}

int
renew_one(const struct settings *set, struct hsm *hsm,
    const struct settings_delegate *delegate, struct delegates *delegates,
    const struct view_issuer *issuer)
{
	struct signer *current = delegates_signer(delegates, issuer);
	struct signer *fresh = NULL;
	char label[HSM_LABEL_MAX] = "";
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	int ok = 0;

	if (current == NULL) {
		ocsp_raise(OCSP_E_RENEW, "no certificate to renew");
		return 0;
	}
	prune(hsm, delegate->label, current);
	if (!keys_next_label(hsm, delegate->label, label) ||
	    (key = hsm_key_generate(hsm, delegate->type, label)) == NULL)
		goto out;
	if ((cert = ask_for(set->svc_socket, current, key)) == NULL ||
	    (fresh = signer_new(key, cert, issuer->cert)) == NULL)
		goto out;
	key = NULL;
	if (!save_cert(delegate->certificate, cert))
		goto out;
	delegates_set(delegates, issuer, fresh);
	fresh = NULL;
	ok = 1;
out:
	EVP_PKEY_free(key);
	signer_free(fresh);
	/* Without its certificate the new key is of no use. */
	if (!ok && label[0] != '\0' && cert == NULL)
		hsm_key_destroy(hsm, label);
	signer_free(current);
	X509_free(cert);
	return ok;
}

/* At least ten tries are left before the end. */
static void
renew_failed(struct renew *r, size_t i, time_t now, time_t not_after)
{
	time_t share = (not_after - now) / 10 + 1;

	report_errors(REPORT_WARN, "ocsp.renew.failed", "issuer",
	    r->set->delegates[i].issuer, NULL);
	ERR_clear_error();
	r->wait[i] = r->wait[i] == 0 ? RETRY_FIRST : r->wait[i] * 2;
	if (r->wait[i] > RETRY_LAST)
		r->wait[i] = RETRY_LAST;
	if (r->wait[i] > share)
		r->wait[i] = share;
	r->next_try[i] = now + r->wait[i];
}

static void
look_at(struct renew *r, size_t i, const struct view *view, time_t now)
{
	const struct settings_delegate *d = &r->set->delegates[i];
	const struct view_issuer *issuer = view_find_ident(view, d->issuer);
	struct signer *signer;
	time_t end;
	int due;

	/* Of a clock that was set back the next try says nothing. */
	if (issuer == NULL ||
	    (now < r->next_try[i] && now >= r->next_try[i] - r->wait[i]))
		return;
	if ((signer = delegates_signer(r->delegates, issuer)) == NULL)
		return;
	end = signer->not_after;
	due = now >= renew_due(signer->not_before, end) && now < end;
	signer_free(signer);
	if (!due)
		return;
	ERR_clear_error();
	if (renew_one(r->set, r->hsm, d, r->delegates, issuer)) {
		r->wait[i] = 0;
		report_event(REPORT_INFO, "ocsp.renew.done", "issuer",
		    d->issuer, "file", d->certificate, NULL);
	} else {
		renew_failed(r, i, now, end);
	}
}

/* Waits a second, however the clock is set; 0 when it is time to end. */
static int
wait_a_second(struct renew *r)
{
	struct pollfd fd = {.fd = r->wake, .events = POLLIN};
	int n = poll(&fd, 1, 1000);

	return n == 0 || (n < 0 && errno == EINTR);
}

static void *
run(void *arg)
{
	struct renew *r = arg;
	struct view *view;
	size_t i;

	while (wait_a_second(r)) {
		if ((view = state_view(r->state)) == NULL)
			continue;
		for (i = 0; i < r->set->n_delegates; i++)
			look_at(r, i, view, time(NULL));
		view_free(view);
	}
	return NULL;
}

struct renew *
renew_start(const struct settings *set, struct hsm *hsm,
    struct delegates *delegates, struct state *state)
{
	struct renew *r = OPENSSL_zalloc(sizeof(*r));

	if (r == NULL)
		return NULL;
	r->set = set;
	r->hsm = hsm;
	r->delegates = delegates;
	r->state = state;
	r->wake = eventfd(0, EFD_CLOEXEC);
	if (r->wake < 0 || pthread_create(&r->thread, NULL, run, r) != 0) {
		if (r->wake >= 0)
			close(r->wake);
		ocsp_raise(OCSP_E_INTERNAL, "no thread for renewals");
		OPENSSL_free(r);
		return NULL;
	}
	return r;
}

void
renew_stop(struct renew *r)
{
	const uint64_t one = 1;

	if (r == NULL)
		return;
	if (write(r->wake, &one, sizeof(one)) != (ssize_t)sizeof(one))
		report_event(REPORT_ERROR, "ocsp.stop", "why",
		    strerror(errno), NULL);
	pthread_join(r->thread, NULL);
	close(r->wake);
	OPENSSL_free(r);
}
