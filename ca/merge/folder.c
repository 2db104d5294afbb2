#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include "ca/log/proof.h"
#include "ca/merge/private.h"

/* A folder of what devices, backups and inventories still have: certificates in
   PEM (as many as a file has) or DER, and proofs of the log. */

#define FILE_OCTETS ((size_t)16 << 20)
#define PROOF_BEGIN "c2sp.org/tlog-proof@"
#define PEM_BEGIN "-----BEGIN "

static int
take_der(struct merge *m, const unsigned char *p, size_t len, const char *path)
{
	const unsigned char *end = p;
	X509 *cert;
	int ok;

	ERR_set_mark();
	cert = d2i_X509(NULL, &end, (long)len);
	ERR_pop_to_mark();
	if (cert == NULL || end != p + len) {
		X509_free(cert);
		return -1;
	}
	ok = merge_cert(m, cert, path);
	X509_free(cert);
	return ok;
}

static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* Where the next block begins, be it behind half a line of one that was cut off;
   NULL none. */
static const char *
next_block(const char *p, const char *end)
{
	return memmem(p, (size_t)(end - p), PEM_BEGIN, strlen(PEM_BEGIN));
}

static int
is_cert(const char *p, const char *end)
{
	static const char *const lines[] = {
	    PEM_BEGIN PEM_STRING_X509 "-----",
	    PEM_BEGIN PEM_STRING_X509_OLD "-----"};
	size_t i, len;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		len = strlen(lines[i]);
		if ((size_t)(end - p) >= len && memcmp(p, lines[i], len) == 0)
			return 1;
	}
	return 0;
}

/* 0: merging it failed, raised. One that cannot be read is told. */
static int
take_block(struct merge *m, const char *p, const char *end, const char *path,
    int n)
{
	BIO *bio = BIO_new_mem_buf(p, (int)(end - p));
	X509 *cert;
	int ok = 1;

	if (bio == NULL)
		return 0;
	ERR_set_mark();
	cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	ERR_pop_to_mark();
	if (cert != NULL) {
		ok = merge_cert(m, cert, path);
	} else {
		m->r->damaged++;
		fprintf(m->q->told, "%s: certificate %d in it cannot be read\n",
		    path, n);
	}
	X509_free(cert);
	BIO_free(bio);
	return ok;
}

/* Block by block, so that a damaged one keeps none behind it back: OpenSSL, in
   reading one without end, takes the next one for a part of it. */
static int
take_pem(struct merge *m, const unsigned char *text, size_t len,
    const char *path)
{
	const char *p = (const char *)text, *end = p + len, *next;
	int n = 0, ok = 1;

	for (p = next_block(p, end); ok && p != NULL; p = next) {
		next = next_block(p + 1, end);
		if (is_cert(p, end))
			ok = take_block(m, p, next != NULL ? next : end, path,
			    ++n);
	}
	return ok;
}

/* The leaf is the store's: nothing in the proof has to be believed. */
static int
take_proof(struct merge *m, const unsigned char *text, size_t len,
    const char *path)
{
	struct log_opening o = {.detail = NULL};
	struct log_proof p;
	int rc = 0, known;

	memset(&p, 0, sizeof(p));
	ERR_set_mark();
	known = proof_parse(&p, (const char *)text, len) && p.extra != NULL &&
	    p.index <= INT64_MAX &&
	    log_opening_decode(&o, p.extra, p.extra_len);
	ERR_pop_to_mark();
	if (known)
		rc = merge_opened(m, (int64_t)p.index, &o);
	else
		fprintf(m->q->told, "%s: a proof that cannot be read\n", path);
	log_opening_clear(&o);
	proof_clear(&p);
	return rc >= 0;
}

static int
take_file(struct merge *m, const char *path, int proofs)
{
	unsigned char *buf;
	size_t len = 0;
	int ok = 1;

	if ((buf = merge_file(path, FILE_OCTETS, &len)) == NULL)
		return 0;
	if (strncmp((char *)buf, PROOF_BEGIN, strlen(PROOF_BEGIN)) == 0)
		ok = !proofs || take_proof(m, buf, len, path);
	else if (!proofs && len > 0 && buf[0] == 0x30)
		ok = take_der(m, buf, len, path) != 0;
	else if (!proofs)
		ok = take_pem(m, buf, len, path);
	OPENSSL_free(buf);
	return ok;
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int
cannot(const char *path)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "read %s", path);
	ca_raise(CA_E_BADREQUEST, "merge.file: cannot read %s", path);
	return 0;
}

static int
take_all(struct merge *m, FTS *fts, int proofs)
{
	FTSENT *e;
	int ok = 1;

	while (ok && (errno = 0, e = fts_read(fts)) != NULL) {
		if (e->fts_info == FTS_F) {
			ok = take_file(m, e->fts_path, proofs);
		} else if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR ||
		    e->fts_info == FTS_NS) {
			errno = e->fts_errno;
			ok = cannot(e->fts_path);
		}
	}
	return ok && (errno == 0 || cannot(m->q->certs));
}

/* Proofs first: what they open tells whose a certificate is. */
int
merge_folder(struct merge *m)
{
	char *roots[2] = {(char *)(uintptr_t)m->q->certs, NULL};
	int proofs, ok = 1;
	FTS *fts;

	for (proofs = 1; ok && m->q->certs != NULL && proofs >= 0; proofs--) {
		fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR |
		    FTS_COMFOLLOW, by_name);
		if (fts == NULL)
			return cannot(m->q->certs);
		ok = take_all(m, fts, proofs);
		fts_close(fts);
	}
	return ok;
}
