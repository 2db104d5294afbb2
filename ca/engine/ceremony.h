#ifndef INKAN_CA_ENGINE_CEREMONY_H
#define INKAN_CA_ENGINE_CEREMONY_H

#include <limits.h>
#include <time.h>
#include "ca/engine/settings.h"
#include "ca/transcript/quorum.h"
#include "hsm/hsm.h"

/*
 * Ceremonies: acts on the hierarchy, each in a file, inkan-ceremony.conf(5).
 *
 * The first (kind init) makes a root (own token, own PIN), issuing CAs,
 * certificates for the keys that our services made themselves, root CRL and
 * pre-signed root OCSP answers, first CRLs, policy version 1. It makes them in
 * "<store>.ceremony", which becomes the store by one rename at the end, and
 * refuses to run over an existing store.
 *
 * All others work on the store of an instance whose inkan-ca does not run. What
 * they issue stands in the store at once, as everything that was ever signed
 * does; what makes it used is one transaction at the end. Files wait in
 * "<store>.ceremony.d" until then. One that fails destroys its keys, revokes
 * its certificates and publishes nothing.
 *
 * One that was killed is finished by running the same file again with resume,
 * or rolled back by running it with discard; where its last transaction was
 * written, it is finished by running it again. Tokens are opened one after the
 * other, never both: SoftHSM reads one configuration per process.
 *
 * A file may name participants, of whom k must have signed its SHA-256 before a
 * token is opened (ca/transcript/quorum.h). All acts stand in a transcript
 * (ca/transcript/transcript.h), whose digest is in the log.
 */

enum ceremony_kind {
	CEREMONY_INIT,
	CEREMONY_CRL,		/* a root's CRL and pre-signed answers anew */
	CEREMONY_INTERMEDIATE,	/* more issuing CAs, or next generations */
	CEREMONY_RENEW,		/* same key and name, new validity */
	CEREMONY_ROOT_REKEY,	/* next root, with link certificates */
	CEREMONY_CROSS,		/* a foreign CA is certified by one of ours */
	CEREMONY_CERTIFY,	/* a foreign sub-CA's request */
	CEREMONY_REVOKE,	/* a certificate of a CA */
	CEREMONY_OFFLINE,	/* "root": a first one that makes a root only */
	CEREMONY_CSR,		/* key and request, for a CA elsewhere to certify;
				   may be a first one */
	CEREMONY_DELEGATE,	/* "ocsp-delegate" of a CA that is offline */
	CEREMONY_DESTROY	/* the key of a CA that is no longer needed */
};
#define CEREMONY_KINDS 12

/* Store's meta while a ceremony on an instance is under way: "open ..." until its
   last transaction, then "done ..." until its files are published. */
#define CEREMONY_STATE "ceremony.live"

/* "init" ...; -1 for what is none. */
const char *ceremony_kind_name(enum ceremony_kind kind);
int ceremony_kind_of(const char *name);

#define CEREMONY_ISSUERS_MAX 32
#define CEREMONY_SERVICES_MAX 64
#define CEREMONY_SET_MAX 16
#define CEREMONY_DISABLE_MAX 16
#define CEREMONY_IDENT_MAX 80

struct ceremony_set {		/* "field=value", becomes request.field */
	char text[CEREMONY_SET_MAX][256];
	size_t n;
};

struct ceremony_ca {
	char name[64];
	int generation;			/* 0: next after the highest */
	char profile[64];
	enum hsm_key_type key_type;
	char label[HSM_LABEL_MAX];	/* "": by name and generation */
	char certificate[PATH_MAX];	/* PEM to write, "" none */
	struct ceremony_set set;
	char token[64];			/* of ca.conf; "": its ${token} */
	int64_t crl_lifetime, crl_interval;	/* 0: as the generation before */
	int crl_shards;			/* 0: one full CRL; -1: as before */
	int keep_expired;		/* expiredCertsOnCRL from now on; -1 */
};

struct ceremony_service {
	char profile[64], issuer[64];
	char csr[PATH_MAX], certificate[PATH_MAX];
	struct ceremony_set set;
	int chain;			/* issuing CA's certificate behind it */
};

/* A CA of ours that signs, or a certificate that is asked for. */
struct ceremony_signer {
	char ca[CEREMONY_IDENT_MAX];	/* ident or name */
	int has_token;			/* else the issuing token */
	struct settings_token token;
};

struct ceremony_subject {		/* renew, cross, certify */
	char name[CEREMONY_IDENT_MAX];	/* our CA; a name for a foreign one */
	char profile[64];		/* "": that of the old certificate */
	char csr[PATH_MAX];		/* PEM */
	char foreign[PATH_MAX];		/* PEM: the foreign CA's certificate */
	char certificate[PATH_MAX];	/* PEM to write, "" none */
	struct ceremony_set set;
	int chain;
	int needs_path_len;		/* -1: as its certificate says */
};

struct ceremony_links {
	char profile[64];
	char old_with_new[PATH_MAX], new_with_old[PATH_MAX];	/* PEM, or "" */
};

struct ceremony_revoked {
	unsigned char serial[20];
	size_t serial_len;
	int reason;			/* CRLReason */
};

#define CEREMONY_BACKUPS_MAX 4
#define CEREMONY_RECIPIENTS_MAX 8
enum ceremony_backup_kind {
	CEREMONY_BACKUP_TOKEN,		/* by the token's own cloning */
	CEREMONY_BACKUP_WRAPPED,	/* keys under a trusted key */
	CEREMONY_BACKUP_FOLDER		/* "softhsm-folder" */
};

struct ceremony_backup {
	enum ceremony_backup_kind kind;
	char token[64];			/* "root", "signer", of ca.conf; "" */
	char words[512];		/* token: the operator's */
	char file[PATH_MAX];		/* wrapped: FILE.<label> */
	char wrapping_key[HSM_LABEL_MAX];
	char recipient[CEREMONY_RECIPIENTS_MAX][PATH_MAX];	/* PEM */
	size_t n_recipients;
};

struct ceremony_file {
	enum ceremony_kind kind;
	char path[PATH_MAX];		/* of the file itself, absolute */
	char sha256[65];		/* over it, hex */
	char vkey[QUORUM_MAX][NOTE_VKEY_MAX];	/* participants */
	size_t n_participants;
	int quorum;			/* k; 0: nobody need sign */
	char dir[PATH_MAX];
	char config[PATH_MAX];		/* ca.conf */
	char http_url[256];
	char transcript[PATH_MAX];
	struct ceremony_signer signer;	/* all but init */
	struct settings_token root_token;
	struct ceremony_ca root;	/* init, root-rekey */
	struct ceremony_ca issuers[CEREMONY_ISSUERS_MAX];
	size_t n_issuers;
	struct ceremony_service services[CEREMONY_SERVICES_MAX];
	size_t n_services;
	char disable[CEREMONY_DISABLE_MAX][CEREMONY_IDENT_MAX];
	size_t n_disable;
	struct ceremony_subject subject;
	struct ceremony_links links;
	struct ceremony_revoked revoked;
	struct ceremony_backup backups[CEREMONY_BACKUPS_MAX];
	size_t n_backups;
	int path_len;			/* csr: asked for */
	char request[PATH_MAX];		/* csr: PEM to write */
	char reason[512];		/* destroy: though something is valid */
	int64_t crl_lifetime;		/* crl; 0: as it is */
};

/* Does it make an instance? (A request may, too, where there is none.) */
int ceremony_is_first(const struct ceremony_file *f);

/* Returned to be freed with OPENSSL_free(). */
struct ceremony_file *ceremony_read(const char *path);

/* How it is run; zeros for a plain run. */
#define CEREMONY_SIGNATURES_MAX 16
struct ceremony_how {
	int discard;		/* roll back an interrupted one first */
	int resume;		/* finish an interrupted one */
	/* Files with participants' signatures; none: <file>.sigs */
	const char *signatures[CEREMONY_SIGNATURES_MAX];
	size_t n_signatures;
	time_t (*clock)(void);	/* for the transcript's times; NULL: ${now} */
	int dry;		/* ceremony_rehearse() sets it */
	const char *dry_root;	/* and where PEM files go then */
};

/* Run it, whatever its kind. 1, or 0 raised with everything rolled back, or
   told how to go on. ${act} is told each act in one line. */
int ceremony_run(const struct ceremony_file *f, const struct settings *s,
    const struct ceremony_how *how, time_t now,
    void (*act)(const char *line));

/*
 * The same on throw-away SoftHSM tokens and on a copy of the store in a
 * temporary folder, which is removed: no token that the files name is opened,
 * no PIN is asked, nothing is changed, and inkan-ca may run. Stand-ins with keys
 * of the same type take the place of the CAs' keys. The transcript goes to
 * ${transcript} (NULL: "<the file's>.dry-run") and is that of the real run but
 * for its first line, keys, serials, signatures and times. ${module}: SoftHSM's
 * library; NULL: where Debian has it.
 */
int ceremony_rehearse(const struct ceremony_file *f,
    const struct settings *s, const struct ceremony_how *how,
    const char *module, const char *transcript, time_t now,
    void (*act)(const char *line));

#endif
