#ifndef INKAN_TESTS_FAULTS_CLIENTS_CLIENTS_H
#define INKAN_TESTS_FAULTS_CLIENTS_CLIENTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include "tests/bench/maker.h"

/*
 * Clients of an Inkan whose programs are killed meanwhile (tests/integration/
 * kill.sh). Devices enrol and renew and ask again, with the same request, until
 * they are served. An operator revokes. Readers of OCSP answers, CRLs and the
 * log's checkpoint hold each against what was there before: a certificate that
 * a device holds is known, a revocation that was confirmed stays, no number
 * goes back. Whatever breaks that is a line `BAD ...` on stdout.
 */

#define TEXT_MAX 160
#define BODY_MAX 65536
#define PATIENCE_S 500 /* whoever waits longer is not served at all */

struct cert {
	char serial[48], sha256[65], name[64];
	X509 *x;
	OCSP_CERTID *id;
	int doomed;	/* its device's life is over: to be revoked */
	int revoked;	/* and that was confirmed */
	int seen;	/* by OCSP's reader, whose it is */
};

struct clients {
	const char *est, *ocsp, *pub;	/* HOST:PORT, the published folder */
	const char *inkan;		/* the operator's tool */
	long devices, pause_ms;
	SSL_CTX *tls;
	X509 *issuer;
	struct bench_maker maker;
	atomic_int stop, over; /* no new device; and all of them are done */
	pthread_mutex_t lock;	/* of what follows */
	struct cert *cert;
	size_t n, room;
	long tries, asked, good, revoked, later, crls, checkpoints, revocations;
};

/* ---- http.c: one exchange over one connection ---- */

/* Connected, with TLS when ${key} or ${cert} is there; NULL: nobody listens. */
BIO *http_open(const struct clients *c, const char *host, X509 *cert,
    EVP_PKEY *key);
/* POST; the answer's status, 0 when there was no whole one. Its body in ${out}
   (BODY_MAX) with a NUL behind, its length in *n. Closes ${b}, which may be
   NULL. */
int http_post(BIO *b, const char *path, const char *type, const void *body,
    size_t len, char *out, size_t *n);

/* ---- what the threads do until they are told to stop ---- */

void *life_run(void *arg);	/* devices, one after the other */
void *operator_run(void *arg);	/* revokes, and has CRLs issued */
void *ocsp_run(void *arg);
void *files_run(void *arg);	/* CRL and checkpoint, as published */

/* Everything that is held is asked for once more. 1 when each is what it is. */
int ocsp_all(struct clients *c);

void bad(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void nap(long ms);

#endif
