#ifndef INKAN_CA_MERGE_PRIVATE_H
#define INKAN_CA_MERGE_PRIVATE_H

#include <openssl/x509.h>
#include "ca/error.h"
#include "ca/merge/merge.h"
#include "ca/store/adopt.h"
#include "ca/store/logs.h"

/* What the files of a merge share. Functions return 1, or 0 raised. */

#define MERGE_REFUSE(...) (ca_raise(CA_E_DENIED, __VA_ARGS__), 0)

struct merge_issuer {
	int64_t id, not_after;
	char ident[80];
	int shards;		/* of its CRLs; 0 one full CRL */
	X509 *cert;
};

struct merge {
	const struct merge_request *q;
	struct merge_result *r;
	struct store_tx *tx;
	struct log_row log;		/* id 0: the store has none */
	struct note_key key;
	struct log_checkpoint head;	/* of the published log */
	char *note;
	struct merge_issuer *issuer;
	size_t n_issuers, room;
	int64_t explained;	/* lost issue.recorded whose certificate is known
				   from elsewhere: kept in the store's meta */
	int64_t lost_from;	/* the time of the first lost one */
	int done;		/* to the end, also where it is taken back */
};

/* issuers.c: the CAs of the store. */
int merge_issuers_load(struct merge *m);
void merge_issuers_clear(struct merge *m);
/* The CA of that name whose key ${check} accepts; NULL raised: "merge.foreign",
   "merge.signature". ${what} and ${path} name what was signed. */
const struct merge_issuer *merge_issuers_of(struct merge *m,
    const X509_NAME *name, int (*check)(void *signed_by, EVP_PKEY *key),
    void *object, const char *what, const char *path);
const struct merge_issuer *merge_issuers_named(const struct merge *m,
    const char *ident);
/* Where that serial number is the certificate of one of them: it issues no more. */
int merge_issuers_revoked(struct merge *m, const struct merge_issuer *by,
    const unsigned char *serial, size_t len);
/* Is it the certificate of one of them, or another one of a CA? 1, 0, -1. */
int merge_issuers_have(struct merge *m, const unsigned char sha256[32]);

/* log.c. Outside of the transaction, then inside. */
int merge_log_open(struct merge *m);
int merge_log_adopt(struct merge *m);

/* opened.c */
int merge_opened_file(struct merge *m);
/* One opening of entry ${index}. 1 it opened a lost entry; 0 not; -1 raised. */
int merge_opened(struct merge *m, int64_t index, const struct log_opening *o);

/* row.c: rows of certificates, and the entries about them. */
struct merge_serial {
	const struct merge_issuer *issuer;
	unsigned char serial[CERT_SERIAL_MAX];
	size_t len;
};
int merge_serial_hex(struct merge *m, const char *ident, const char *hex,
    struct merge_serial *out);	/* 1, or 0 and nothing raised: not of ours */
int merge_serial_number(const struct merge_issuer *is, const ASN1_INTEGER *n,
    struct merge_serial *out);	/* 1, or 0 and nothing raised */
/* As entries have it. */
void merge_serial_text(const unsigned char *p, size_t len,
    char out[2 * CERT_SERIAL_MAX + 1]);
void merge_row_begin(const struct merge *m, const struct merge_serial *s,
    struct cert_row *row);
struct merge_revocation {
	int reason;
	int64_t when, invalidity;
	int weak;	/* a hold that newer decisions may have undone */
	int not_in_store;	/* by an operator who knew the serial alone */
	const char *note;	/* for the entry; NULL: there is one already */
};
int merge_revoke(struct merge *m, const struct merge_serial *s,
    const struct merge_revocation *v);
/* The key of a row that is revoked for the loss of its key, where it is known. */
int merge_block_key(struct merge *m, const struct cert_row *row, int reason);

/* explain.c: how many lost entries have their certificate. Before the log is
   adopted, and behind that. */
int merge_explain_begin(struct merge *m);
int merge_explain_from(struct merge *m);
int merge_explain(struct merge *m, int by);
/* Something is known from now on that was issued at ${latest}, or before. */
int merge_explains(struct merge *m, int64_t latest);
/* The entry of a certificate was opened whose ${row} was there. */
int merge_explained(struct merge *m, const struct cert_row *row);

/* opened.c and decided.c: an entry that was opened. */
struct merge_telling {
	struct merge *m;
	int64_t index, time;	/* of the entry */
	const WIRE_FIELDS *l;	/* its detail */
	struct merge_serial serial;
};
/* A text of its detail; "" where it has none. */
void merge_text(const struct merge_telling *t, const char *name, char *out,
    size_t size);
/* Was it adopted just now? What was adopted before may be older than what
   operators have decided since. */
int merge_is_new(const struct merge_telling *t);
/* What it tells of devices, keys, secrets and CAs is done, or counted. */
int merge_decided(const struct merge_telling *t, const char *kind);
/* Counted, by its kind: to be done again by an operator. Always 1. */
int merge_undone(const struct merge_telling *t, const char *kind);

/* cert.c, folder.c, crl.c */
int merge_cert(struct merge *m, X509 *cert, const char *path);
int merge_folder(struct merge *m);
int merge_crl(struct merge *m, const char *path);

/* file.c: the whole of a file of at most ${max} octets, with a NUL behind it; to
   be freed with OPENSSL_free(). NULL raised ("merge.file: ..."). */
unsigned char *merge_file(const char *path, size_t max, size_t *len);

#endif
