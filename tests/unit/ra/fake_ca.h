#ifndef INKAN_TESTS_RA_FAKE_CA_H
#define INKAN_TESTS_RA_FAKE_CA_H

/*
 * A thread that plays inkan-ca on a UNIX socket: answers fleets, issues a
 * certificate for every CSR under a software key, remembers what it was sent.
 * One connection at a time is enough for tests with one worker.
 */

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "ca/wire/socket.h"

enum fake_mood {
	FAKE_ISSUE,
	FAKE_REFUSE, /* 403 with all parts of a refusal */
	FAKE_PARK,   /* WIRE_PENDING, retry 7 */
	FAKE_LIMIT,  /* WIRE_LIMITED, retry 9 */
	FAKE_BROKEN, /* WIRE_INTERNAL with a text for operators */
	FAKE_OUT,    /* WIRE_UNAVAILABLE */
	FAKE_SILENT, /* no answer at all */
	FAKE_EMPTY,  /* WIRE_OK without a certificate */
	FAKE_GARBAGE /* a frame that is no answer */
};

struct fake_ca {
	char path[128];
	int listener;
	pthread_t thread;
	atomic_int stop, mood, enrolled;
	atomic_int delay_ms; /* from a decision on enroll to its answer */
	int many_roots; /* "big" fleet: long cacerts */
	int no_default; /* no fleet is */
	EVP_PKEY *key;
	X509 *cert;
	pthread_mutex_t lock; /* guards last */
	WIRE_FIELDS *last;    /* arguments of the last enroll */
	WIRE_FIELDS *seen;    /* and of the last clients */
};

static inline X509 *
fake_certificate(EVP_PKEY *subject_key, EVP_PKEY *key, X509 *issuer,
    const char *cn, int days)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();
	static atomic_int serial;

	assert(cert != NULL && name != NULL);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial + 1000);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L);
	X509_set_subject_name(cert, name);
	X509_set_issuer_name(
	    cert, issuer != NULL ? X509_get_subject_name(issuer) : name);
	X509_set_pubkey(cert, subject_key);
	if (issuer == NULL) {
		X509_EXTENSION *ca = X509V3_EXT_nconf_nid(
		    NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
		X509_add_ext(cert, ca, -1);
		X509_EXTENSION_free(ca);
	} else {
		X509_EXTENSION *san = X509V3_EXT_nconf_nid(NULL, NULL,
		    NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
		X509_add_ext(cert, san, -1);
		X509_EXTENSION_free(san);
	}
	assert(X509_sign(cert, key, EVP_sha256()) > 0);
	X509_NAME_free(name);
	return cert;
}

static inline void
fake_add_cert(WIRE_FIELDS *l, const char *name, X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	assert(len > 0 && field_add_bytes(l, name, der, (size_t)len));
	OPENSSL_free(der);
}

static inline void
fake_fleets(struct fake_ca *f, WIRE_ANSWER *a)
{
	static const unsigned char attrs[] = {0x30, 0x0b, 0x06, 0x09, 0x2a,
	    0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07};
	static const struct {
		const char *label, *wrap;
		int dflt, n;
	} fleets[] = {{"devices", "auto", 1, 1}, {"big", "auto", 0, 6},
	    {"line", "one-line", 0, 6}, {"wrapped", "64", 0, 1}};
	WIRE_FIELDS *row;
	size_t i;
	int j;

	for (i = 0; i < sizeof(fleets) / sizeof(fleets[0]); i++) {
		row = message_add_row(a);
		field_add_text(row, "label", fleets[i].label);
		field_add_text(row, "name", fleets[i].label);
		field_add_flag(
		    row, "default", fleets[i].dflt && !f->no_default);
		for (j = 0; j < fleets[i].n; j++)
			fake_add_cert(row, "cacerts", f->cert);
		field_add_bytes(row, "csrattrs", attrs, sizeof(attrs));
		field_add_text(row, "answer_wrap", fleets[i].wrap);
		field_add_flag(row, "serverkeygen", fleets[i].n > 1);
	}
}

static inline void
fake_issue(struct fake_ca *f, const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	size_t len = 0;
	const unsigned char *der = field_bytes(req->args, "csr", &len);
	X509_REQ *csr = d2i_X509_REQ(NULL, &der, (long)len);
	X509 *cert;

	/* A changed key may be one that no certificate can be made for. */
	if (csr == NULL ||
	    X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)) <= 0) {
		X509_REQ_free(csr);
		message_set_status(a, WIRE_BADREQUEST);
		message_set_refusal(a, "possess", "csr.der", NULL,
		    "not a CSR, or not signed by its key");
		return;
	}
	cert = fake_certificate(
	    X509_REQ_get0_pubkey(csr), f->key, f->cert, "device", 30);
	fake_add_cert(a->values, "cert", cert);
	field_add_text(a->values, "serial", "1234");
	if (field_flag(req->args, "keygen", 0)) {
		field_add_bytes(a->values, "private_key", "the key", 7);
		field_add_flag(a->values, "encrypted",
		    strcmp(field_text(req->args, "label", ""), "big") == 0);
	}
	X509_free(cert);
	X509_REQ_free(csr);
}

/* None for fleets that ask for no evidence, as "line" here. */
static inline void
fake_nonce(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	int none = strcmp(field_text(req->args, "label", ""), "line") == 0;

	field_add_bytes(a->values, "nonce", "\xfb\xff\xfe", none ? 0 : 3);
	if (none)
		return;
	field_add_text(a->values, "session",
	    "00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff");
	field_add_int(a->values, "expiry", 300);
}

static inline void
fake_enroll(struct fake_ca *f, const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	unsigned char *der = NULL;
	size_t len;

	pthread_mutex_lock(&f->lock);
	field_list_free(f->last);
	f->last = NULL;
	if (field_list_encode(req->args, &der, &len))
		f->last = field_list_decode(der, len);
	OPENSSL_free(der);
	pthread_mutex_unlock(&f->lock);
	f->enrolled++;
	switch ((enum fake_mood)atomic_load(&f->mood)) {
	case FAKE_REFUSE:
		message_set_status(a, WIRE_DENIED);
		message_set_refusal(a, "authorize", "renew.subject", "subject",
		    "differs\nfrom the certificate");
		break;
	case FAKE_PARK:
		message_set_status(a, WIRE_PENDING);
		message_set_retry(a, 7);
		break;
	case FAKE_LIMIT:
		message_set_status(a, WIRE_LIMITED);
		message_set_retry(a, 9);
		break;
	case FAKE_BROKEN:
		message_set_status(a, WIRE_INTERNAL);
		message_set_refusal(a, "sign", "token", NULL, "pin of slot 5");
		break;
	case FAKE_OUT:
		message_set_status(a, WIRE_UNAVAILABLE);
		message_set_refusal(
		    a, "sign", "token.absent", NULL, "/secret/path");
		break;
	case FAKE_EMPTY:
	case FAKE_SILENT:
	case FAKE_GARBAGE:
		break;
	case FAKE_ISSUE:
		if (strcmp(message_request_op(req), "log.proof") == 0)
			field_add_text(a->values, "proof", "a proof\n");
		else if (strcmp(message_request_op(req), "attest.nonce") == 0)
			fake_nonce(req, a);
		else
			fake_issue(f, req, a);
		break;
	}
}

static inline void
fake_clients(struct fake_ca *f, const WIRE_REQUEST *req)
{
	unsigned char *der = NULL;
	size_t len;

	pthread_mutex_lock(&f->lock);
	field_list_free(f->seen);
	f->seen = NULL;
	if (field_list_encode(req->args, &der, &len))
		f->seen = field_list_decode(der, len);
	OPENSSL_free(der);
	pthread_mutex_unlock(&f->lock);
}

static inline void
fake_pause(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

/* 0: the connection shall end. */
static inline int
fake_serve_one(struct fake_ca *f, int fd)
{
	static const unsigned char garbage[] = {0, 0, 0, 2, 0x30, 0x05};
	unsigned char *buf = NULL, *frame = NULL;
	size_t len;
	WIRE_REQUEST *req;
	WIRE_ANSWER *a;
	int enroll, ok = 1;

	if (socket_read(fd, &buf, &len) != 1)
		return 0;
	req = message_decode_request(buf, len);
	assert(req != NULL);
	a = message_answer(message_request_id(req), WIRE_OK);
	enroll = strcmp(message_request_op(req), "fleets") != 0 &&
	    strcmp(message_request_op(req), "clients") != 0;
	if (strcmp(message_request_op(req), "clients") == 0)
		fake_clients(f, req);
	else if (enroll)
		fake_enroll(f, req, a);
	else
		fake_fleets(f, a);
	if (enroll)
		fake_pause(f->delay_ms);
	if (enroll && f->mood == FAKE_GARBAGE) {
		ok = socket_write(fd, garbage, sizeof(garbage));
	} else if (!enroll || f->mood != FAKE_SILENT) {
		assert(message_encode_answer(a, &frame, &len));
		ok = socket_write(fd, frame, len);
	}
	OPENSSL_free(frame);
	OPENSSL_free(buf);
	WIRE_ANSWER_free(a);
	WIRE_REQUEST_free(req);
	return ok;
}

static inline void *
fake_run(void *arg)
{
	struct fake_ca *f = arg;
	struct pollfd p[2] = {{.fd = f->listener, .events = POLLIN},
	    {.fd = -1, .events = POLLIN}};

	while (!f->stop) {
		if (poll(p, 2, 20) <= 0)
			continue;
		if (p[0].revents != 0) {
			if (p[1].fd >= 0)
				close(p[1].fd);
			p[1].fd = accept(f->listener, NULL, NULL);
		} else if (p[1].revents != 0 && !fake_serve_one(f, p[1].fd)) {
			close(p[1].fd);
			p[1].fd = -1;
		}
	}
	if (p[1].fd >= 0)
		close(p[1].fd);
	ERR_clear_error();
	return NULL;
}

static inline void
fake_start(struct fake_ca *f)
{
	f->stop = 0;
	f->listener = socket_listen(f->path, 0600);
	assert(f->listener >= 0);
	pthread_create(&f->thread, NULL, fake_run, f);
}

static inline void
fake_stop(struct fake_ca *f)
{
	f->stop = 1;
	pthread_join(f->thread, NULL);
	close(f->listener);
	unlink(f->path);
}

static inline void
fake_init(struct fake_ca *f, const char *folder)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->path, sizeof(f->path), "%s/ra.sock", folder);
	pthread_mutex_init(&f->lock, NULL);
	f->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	f->cert = fake_certificate(f->key, f->key, NULL, "Test CA", 365);
}

static inline void
fake_clear(struct fake_ca *f)
{
	EVP_PKEY_free(f->key);
	X509_free(f->cert);
	field_list_free(f->last);
	field_list_free(f->seen);
	pthread_mutex_destroy(&f->lock);
}

#endif
