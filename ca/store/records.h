#ifndef INKAN_CA_STORE_RECORDS_H
#define INKAN_CA_STORE_RECORDS_H

#include "ca/store/store.h"
#include "ca/wire/field.h"

/* Issuing CAs and the root, policy versions, CRLs, and the log's entries. */

enum issuer_state { ISSUER_ACTIVE = 1, ISSUER_DISABLED, ISSUER_ROOT };

struct issuer_row {
	int64_t id;
	char name[64];			/* "devices" */
	int generation;
	char ident[80];			/* "devices-g1" */
	enum issuer_state state;
	char key_uri[1024];
	char crl_url[256], ocsp_url[256], issuer_url[256];
	int64_t crl_lifetime, crl_interval;	/* seconds */
	char token[64];			/* of inkan-ca.conf; "" the only one */
	int crl_shards;			/* 0: one full CRL */
	int64_t expired_from;		/* expiredCertsOnCRL; 0: not kept */
	int64_t parent;			/* issuers row, 0 for a root */
	int64_t not_before, not_after;
	unsigned char *cert;		/* DER; issuers_row_clear() frees */
	size_t cert_len;
};
void issuers_row_clear(struct issuer_row *row);
int issuers_add(struct store_tx *tx, struct issuer_row *row);
/* A root is added before it can sign itself; its certificate follows. */
int issuers_set_cert(struct store_tx *tx, const struct issuer_row *row);
/* A row for a CA that is being made: what it signs refers to it, and nobody
   lists it until its certificate follows. Takes over the row that an earlier try
   left. row->id is set; row->cert is not looked at. */
int issuers_reserve(struct store_tx *tx, struct issuer_row *row);
/* Another certificate, with its validity and who signed it (parent). */
int issuers_certify(struct store_tx *tx, const struct issuer_row *row);
int issuers_set_lifetime(struct store_tx *tx, int64_t id,
    int64_t crl_lifetime);
int issuers_list(struct store_tx *tx,
    int (*cb)(const struct issuer_row *row, void *arg), void *arg);
/* 1; 0 raised, CA_E_NOTFOUND when there is no such row. */
int issuers_set_state(struct store_tx *tx, int64_t id, enum issuer_state state);

/*
 * Further certificates that say something about a CA of ours or above us: what
 * was renewed, links between generations, cross certificates, foreign CAs.
 */
#define CA_CERT_RENEWED "renewed"
#define CA_CERT_OLD_WITH_NEW "old-with-new"
#define CA_CERT_NEW_WITH_OLD "new-with-old"
#define CA_CERT_CROSS "cross"
#define CA_CERT_SUB_CA "sub-ca"
#define CA_CERT_FOREIGN "foreign"

struct ca_cert_row {
	int64_t id;
	char kind[32];			/* CA_CERT_... */
	int64_t subject, signer;	/* issuers rows, 0: not a CA of ours */
	int64_t cert;			/* certs row of what we signed, or 0 */
	char name[256];			/* of the subject, for people */
	int64_t not_before, not_after;
	unsigned char sha256[32];	/* over the certificate */
	unsigned char *der;		/* ca_certs_row_clear() frees */
	size_t der_len;
};
void ca_certs_row_clear(struct ca_cert_row *row);
/* row->id is set. A certificate that is there already: CA_E_DENIED
   ("ca_cert.duplicate"). */
int ca_certs_add(struct store_tx *tx, struct ca_cert_row *row);
/* In order of their arrival; ${kind} NULL: all. The rows are borrowed. */
int ca_certs_list(struct store_tx *tx, const char *kind,
    int (*cb)(const struct ca_cert_row *row, void *arg), void *arg);
/* Is this certificate there, as whatever kind? 1, 0, -1 raised. */
int ca_certs_has(struct store_tx *tx, const unsigned char sha256[32]);

/* CAs whose key is made and whose certificate a CA above them has yet to issue:
   what becomes their issuers row, and the request. */
struct pending_ca_row {
	char ident[80], name[64];
	int generation;
	char token[64], key_uri[1024];
	char crl_url[256], ocsp_url[256], issuer_url[256];
	int64_t crl_lifetime, crl_interval;	/* seconds */
	int crl_shards;
	int64_t expired_from, created;
	unsigned char *csr;		/* DER; pending_cas_row_clear() frees */
	size_t csr_len;
};
void pending_cas_row_clear(struct pending_ca_row *row);
/* CA_E_DENIED where the ident is a CA's or another pending one's. */
int pending_cas_add(struct store_tx *tx, const struct pending_ca_row *row);
/* By ident, or by name: then the highest generation. 1 with *out to be cleared,
   0, -1 raised. */
int pending_cas_get(struct store_tx *tx, const char *name,
    struct pending_ca_row *out);
int pending_cas_list(struct store_tx *tx,
    int (*cb)(const struct pending_ca_row *row, void *arg), void *arg);
/* 1; 0 raised, CA_E_NOTFOUND when there is none. */
int pending_cas_remove(struct store_tx *tx, const char *ident);

/* Policy versions: files are proposals, the highest version is active. */
struct policy_row {
	int64_t version, time;
	char author[128], note[256];
	unsigned char sha256[32];	/* over the sorted "path\0len\0content" */
};
struct policy_file { char path[128]; char *text; size_t len; };
/* Adds the next version; row->version is set. Files are borrowed. */
int policies_add(struct store_tx *tx, struct policy_row *row,
    const struct policy_file *files, size_t n);
int policies_active(struct store_tx *tx, struct policy_row *out); /* 1, 0, -1 */
int policies_get(struct store_tx *tx, int64_t version, struct policy_row *out);
/* Files of a version in order of path; each cb borrows. */
int policies_files(struct store_tx *tx, int64_t version,
    int (*cb)(const struct policy_file *file, void *arg), void *arg);
/* SHA-256 of a set of files, as stored in policy_row. Sorts a copy by path. */
int policies_hash(const struct policy_file *files, size_t n,
    unsigned char md[32]);

struct crl_row {
	int64_t issuer, number, this_update, next_update, n_entries;
	int shard;			/* 0 where there is one full CRL */
	int64_t octets;			/* size of the CRL */
	unsigned char sha256[32];
	unsigned char *der; size_t der_len;	/* NULL where not asked, and
						   where it is in its file only */
};
/* Insert; refuses a number that is not above the last of its shard. Keeps the
   DER of the newest CRL of each shard only. */
int crls_add(struct store_tx *tx, const struct crl_row *row);
/* Newest of a shard; der is to be freed with OPENSSL_free() when ${with_der}.
   1, 0, -1. */
int crls_last(struct store_tx *tx, int64_t issuer, int shard, int with_der,
    struct crl_row *out);

/* CRLs that do not show yet what was changed. A revocation, hold or release
   notes its shard in its own transaction, so that a crash forgets none. */
int crls_owe(struct store_tx *tx, int64_t cert);
/* The same without a change of a certificate. */
int crls_owe_shard(struct store_tx *tx, int64_t issuer, int shard);
/* Every shard that is owed a CRL, in order. Stops when ${cb} returns 0. */
int crls_owed(struct store_tx *tx,
    int (*cb)(int64_t issuer, int shard, void *arg), void *arg);
/* A CRL with all changes up to ${change} was made; later ones stay owed. */
int crls_paid(struct store_tx *tx, int64_t issuer, int shard, int64_t change);
/* How many shards the CA's CRLs have from now on; each is owed one. Refused (CA_E_DENIED,
   "crl.shards: ...") once it has a certificate: their addresses are in them. */
int crls_set_shards(struct store_tx *tx, int64_t issuer, int shards);
/* The shard of a serial number, where a CA has so many: ca/engine/crl_shard.h.
   Pure. */
int crls_shard_of(int shards, const unsigned char *serial, size_t len);

/*
 * The log. An entry's leaf is a commitment (docs/log.md):
 *   Leaf ::= SEQUENCE { version INTEGER (1), index INTEGER, kind UTF8String,
 *                       time GeneralizedTime, commitment OCTET STRING }
 *   commitment = SHA-256(salt || detail), salt 16 random octets,
 *   detail = DER of Fields
 * Indexes start at 0 and have no gaps. Appended inside the transaction of the
 * change that it tells of.
 */
struct entry_row {
	int64_t index, time;
	char kind[64];
	unsigned char salt[16];
	unsigned char *detail; size_t detail_len;
	unsigned char *leaf; size_t leaf_len;	/* DER; entries_row_clear() */
};
void entries_row_clear(struct entry_row *row);
int entries_append(struct store_tx *tx, const char *kind, int64_t time,
    const WIRE_FIELDS *detail, int64_t *index);
int entries_list(struct store_tx *tx, int64_t from, size_t limit,
    int (*cb)(const struct entry_row *row, void *arg), void *arg);
/* The same, but of each only the leaf, which is borrowed: all that the tree is
   made of. Stops when ${cb} returns 0, and returns what it did. */
int entries_leaves(struct store_tx *tx, int64_t from, size_t limit,
    int (*cb)(int64_t index, const unsigned char *leaf, size_t len, void *arg),
    void *arg);
int entries_count(struct store_tx *tx, int64_t *out);
/* Recompute leaf and commitment of a row; 1 same, 0 raised. Pure. */
int entries_check(const struct entry_row *row);
/* The first entry of ${kind} with this issuer and serial in its detail, written
   at ${when} or about then (0: not known; then, and where it is not found there,
   all entries are read). 1 with *out to be cleared, 0 none, -1 raised. */
int entries_about(struct store_tx *tx, const char *kind, const char *issuer,
    const char *serial, int64_t when, struct entry_row *out);
/* The last entry from ${from} on that revoked, held or released this certificate,
   as far as details are known. Reads all of them. As above. */
int entries_last_state(struct store_tx *tx, int64_t from, const char *issuer,
    const char *serial, struct entry_row *out);
/* The first entry of ${when} or later, where times rise: by halving. 1, or 0
   raised. */
int entries_at(struct store_tx *tx, int64_t when, int64_t *out);
/* The hash of the complete subtree of leaves ${index} << ${level} and on; reads
   them all. A log_read_fn whose ${arg} is the struct store_tx. */
struct log_hash;
int entries_hash(unsigned level, uint64_t index, struct log_hash *out,
    void *arg);

#endif
