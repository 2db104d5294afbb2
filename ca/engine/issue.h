#ifndef INKAN_CA_ENGINE_ISSUE_H
#define INKAN_CA_ENGINE_ISSUE_H

#include <time.h>
#include "ca/engine/issuer.h"
#include "ca/engine/outcome.h"
#include "ca/store/certs.h"

/*
 * The core invariant: build -> conform -> reserve (durable: serial, TBS hash,
 * requester, log entry) -> sign -> compare -> record (durable: DER, log entry) -> the caller
 * replies. A crash between any two steps leaves a record of what was about to
 * be signed and no certificate outside the store. inkan-ca and inkan-ceremony
 * issue by this one function.
 *
 * Not decided here: whether the request may be granted (admit.h), and whether
 * the profile allows this way of asking.
 */

struct ca_load;
struct evidence_row;

struct issue_job {			/* all borrowed */
	const struct profile *profile;
	int64_t policy_version;
	struct issuer *issuer;		/* with its signing key */
	const struct csr *csr;		/* or: */
	const unsigned char *spki; size_t spki_len;
	const struct build_field *fields; size_t n_fields;
	const unsigned char *subject; size_t subject_len;	/* renewal */
	const unsigned char *san; size_t san_len;
	int by_rules;			/* these two are what the rules make,
					   and judged so */
	const unsigned char *facts; size_t facts_len;	/* of facts.h; NULL */
	const unsigned char *key_id; size_t key_id_len;	/* of a foreign CA */
	int attested;
	struct evidence_row *evidence;	/* that the key rests on; NULL */
	const char *fleet, *device;	/* NULL: none */
	const char *requester, *auth, *deviations;
	int64_t predecessor;
	/* Called inside the reserving transaction, before the row is written;
	   0 raised refuses. NULL: none. */
	int (*guard)(struct store_tx *tx, void *arg, struct cert_row *row,
	    time_t now);
	void *guard_arg;
	struct ca_load *load;	/* counts and times; NULL: nobody does */
};

struct issue_tbs {			/* what was built */
	unsigned char *der;		/* TBSCertificate */
	size_t len;
	unsigned char serial[BUILD_SERIAL_LEN];
	int shard;			/* of the CRLs, by the serial */
	char notes[BUILD_NOTES_MAX];	/* deviations that build_tbs() tells */
};

/* The first two steps alone: what issue_cert() would reserve for ${job} with
   that ${serial} (BUILD_SERIAL_LEN). The issuer needs no key. 1 and
   ${out}->der to be freed with OPENSSL_free(); 0 as issue_cert(). */
int issue_try(const struct issue_job *job, const unsigned char *serial,
    time_t now, struct issue_tbs *out, struct outcome *o);

struct issued {
	struct cert_row row;
	unsigned char *der; size_t der_len;
};
void issued_clear(struct issued *i);

/* 1 and ${out} to be cleared with issued_clear(); 0 with ${o} filled and the
   errors on the queue for the log. */
int issue_cert(struct store *store, const struct issue_job *job, time_t now,
    struct issued *out, struct outcome *o);

/* Set a reservation aborted, with its log entry: whoever is just signing for it
   can record it no more. What it used up is given back: admit_unguard(). */
int issue_abort(struct store_tx *tx, const struct cert_row *row, int64_t now);

/* Close what a crash left: open reservations become aborted, each with a log
   entry. Once, at start. */
int issue_close_open(struct store *store, time_t now, size_t *n);
/* The same with those that were reserved before ${before}, in a program that
   runs: their abort could not be written. */
int issue_close_stale(struct store *store, time_t now, time_t before,
    size_t *n);

#endif
