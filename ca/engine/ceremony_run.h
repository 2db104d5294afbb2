#ifndef INKAN_CA_ENGINE_CEREMONY_RUN_H
#define INKAN_CA_ENGINE_CEREMONY_RUN_H

#include <stdio.h>
#include "ca/engine/ceremony.h"
#include "ca/transcript/transcript.h"
#include "ca/engine/issue.h"
#include "ca/engine/policy.h"

/* One run of a ceremony; private to ceremony*.c. */

#define CEREMONY_MADE_MAX (CEREMONY_ISSUERS_MAX + 1)
#define CEREMONY_EXTRA_MAX 2	/* further certificates of CAs in one run */

struct ceremony {
	struct ceremony_file *f;
	const struct settings *s;
	const struct ceremony_how *how;
	time_t now;
	void (*act)(const char *line);
	char tmp[PATH_MAX];		/* init: the store while it is made */
	char stage[PATH_MAX];		/* else: where files wait; "" in init */
	struct transcript *transcript;	/* NULL: none was asked for */
	size_t acts;			/* so far */
	struct quorum_seen *approved;	/* who signed the file */
	int resumed;			/* goes on with an interrupted one */
	struct ceremony_memo *memo;	/* what that one signed */
	size_t n_memo;
	struct store *store;
	struct policy *policy;
	struct hsm *hsm;
	struct issuer_set issuers;	/* that are there; none in init */
	struct issuer *made[CEREMONY_MADE_MAX];	/* CAs that this run makes */
	size_t n_made;
	struct issuer *signer;		/* borrowed from ${issuers} */
	unsigned char *spki[CEREMONY_ISSUERS_MAX];
	size_t spki_len[CEREMONY_ISSUERS_MAX];
	int owned;			/* ${tmp} is ours: to be rolled back */
	int root_key_made, log_key_made;
	char key_made[CEREMONY_ISSUERS_MAX];	/* of f->issuers */
	size_t issuer_keys_made;
	size_t n_staged;		/* PEM files that wait */
	int64_t after_cert;		/* certs rows above are this run's, as
					   far as a ceremony asked for them */
	int64_t row;			/* what a kind has to remember for its
					   last transaction: ceremony_act */
	struct pending_ca_row pending;		/* csr */
	struct ca_cert_row extra[CEREMONY_EXTRA_MAX];
	size_t n_extra;
	char written[CEREMONY_SERVICES_MAX + CEREMONY_ISSUERS_MAX + 8 +
	    CEREMONY_BACKUPS_MAX * CEREMONY_MADE_MAX]
	    [PATH_MAX];
	size_t n_written;
};

/* ceremony_evidence.c: the transcript. Failures to write are told by
   ceremony_keep_transcript(), before anything is used. */
#define ceremony_record(r, ...)                                                \
	((void)(ceremony_act(r), (r)->transcript == NULL ? 0 :                 \
	    transcript_add((r)->transcript, ceremony_clock(r), __VA_ARGS__)))
/* An act begins: the tests kill here. */
void ceremony_act(struct ceremony *r);
time_t ceremony_clock(const struct ceremony *r);
/* Are there signatures enough on the file? Before a token is opened. 1, or 0
   raised: "quorum.*". */
int ceremony_quorum(struct ceremony *r);
/* A new transcript, and its first records. */
int ceremony_open_transcript(struct ceremony *r);
/* That of the interrupted ceremony, whose path the store remembers. */
int ceremony_reopen_transcript(struct ceremony *r, const char *path);
/* The policy, once it is known. */
void ceremony_record_policy(struct ceremony *r);
void ceremony_record_token(struct ceremony *r);
void ceremony_record_cert(struct ceremony *r, const struct issued *c,
    const char *issuer);
void ceremony_record_revoked(struct ceremony *r, const struct cert_row *row);
void ceremony_record_crl(struct ceremony *r, const struct crl_row *row,
    const char *issuer);
/* Data that was read from, or is written to, a file of that name. */
void ceremony_record_data(struct ceremony *r, const char *act,
    const char *name, const void *data, size_t len);
int ceremony_record_file(struct ceremony *r, const char *act,
    const char *path);
/* Every file of ocsp/<ident>. 1, or 0 raised. */
int ceremony_record_answers(struct ceremony *r, const char *ident);
/* No transcript that was asked for, no ceremony: what is written is durable. */
int ceremony_keep_transcript(struct ceremony *r);
/* Its last record. */
void ceremony_end_transcript(struct ceremony *r, const char *result);
/* Into the log's entry: the digest of what there is. */
int ceremony_log_transcript(struct ceremony *r, WIRE_FIELDS *l);

/* One line to the caller only: the transcript has it in a record of its own. */
void ceremony_tell(struct ceremony *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* One line to the caller and the transcript. */
void ceremony_say(struct ceremony *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int ceremony_open_hsm(struct ceremony *r, const struct settings_token *t);
/* The ${i}th of ca.conf, from 0, which is ${token}; NULL after the last. */
const struct settings_token *ceremony_token(const struct ceremony *r,
    size_t i);
void ceremony_close_hsm(struct ceremony *r);
void ceremony_describe_key(struct ceremony *r, const char *what,
    EVP_PKEY *key);
void ceremony_ident(const struct ceremony_ca *ca, char *out, size_t size);

/* ceremony_cert.c: one certificate. */

/* "cn=X" -> request.cn = X, and what every CA profile may want. */
struct ceremony_fields {
	struct build_field field[CEREMONY_SET_MAX + 2];
	char name[CEREMONY_SET_MAX][288];
	char generation[16];
	size_t n;
};

struct ceremony_job {			/* all borrowed */
	const struct profile *profile;
	struct issuer *issuer;
	const struct ceremony_fields *fields;	/* NULL: none */
	const unsigned char *spki; size_t spki_len;
	const struct csr *csr;			/* or: */
	const unsigned char *subject; size_t subject_len; /* NULL: by rules */
	const unsigned char *key_id; size_t key_id_len;	/* NULL: computed */
	int64_t not_after;	/* no later than this; 0: than the issuer */
};
void ceremony_fields(const struct ceremony_set *set,
    const struct ceremony_ca *ca, struct ceremony_fields *out);
/* A profile that a ceremony may issue by. PROFILE_CA or PROFILE_CROSS wants
   that class, PROFILE_OCSP any. NULL raised. */
const struct profile *ceremony_profile(struct ceremony *r, const char *name,
    enum profile_class class);
int ceremony_issue(struct ceremony *r, const struct ceremony_job *job,
    struct issued *out);
void ceremony_fill_row(const struct ceremony *r, const struct ceremony_ca *ca,
    struct issuer_row *row);
/* The row gets the certificate (given). */
void ceremony_take_cert(struct issuer_row *row, struct issued *c);
struct csr *ceremony_read_csr(struct ceremony *r, const char *path);
/* What the issuer lets no certificate of this profile do, in words that begin
   with the rule: path.length, validity.issuer, profile.issuer. 1 or 0 raised. */
int ceremony_may_certify(const struct ceremony *r, const struct issuer *is,
    const struct profile *p);

/* ceremony_out.c: files, written at once by init, and else when all is done. */
const char *ceremony_publish_dir(const struct ceremony *r);
/* Any octets, with an act of that name on record. */
int ceremony_write_data(struct ceremony *r, const char *act, const char *path,
    const void *data, size_t len);
int ceremony_write_request(struct ceremony *r, const char *path,
    const unsigned char *der, size_t len);
int ceremony_write_pem(struct ceremony *r, const char *path,
    const unsigned char *der, size_t len, const struct issuer *chain);
int ceremony_publish_ca(struct ceremony *r, const struct issuer_row *row);
/* A certificate as ca/NAME.cer. */
int ceremony_publish_cert(struct ceremony *r, const char *name,
    const unsigned char *der, size_t len);
int ceremony_stage_make(struct ceremony *r);
/* Bring what waits to where it belongs. Can be done again after a crash. */
int ceremony_stage_publish(struct ceremony *r);
void ceremony_stage_remove(struct ceremony *r);

/* ceremony_ca.c: CAs. */
/* Key and certificate of f->root in the open token; its name by the profile's
   rules, or ${name} as it is. Borrowed from r->made. NULL raised. */
struct issuer *ceremony_make_root(struct ceremony *r,
    const unsigned char *name, size_t len);
/* Certificate of f->issuers[i], whose key is made. */
int ceremony_make_issuer(struct ceremony *r, struct issuer *root, size_t i);
/* Published, and as PEM where the file says so. */
int ceremony_put_ca(struct ceremony *r, const struct issuer_row *row,
    const char *path);
/* ${row} goes into r->made. */
int ceremony_made(struct ceremony *r, const struct issuer_row *row);
void ceremony_drop_key(struct issuer *is);
void ceremony_say_root(struct ceremony *r, const struct issuer *root);
/* init: the root's token signs all that it signs, and is closed again. */
int ceremony_use_root(struct ceremony *r);

/* ceremony_news.c */
int ceremony_new_crl(struct ceremony *r, struct issuer *is);
/* Returned to be freed with X509_free(); NULL, nothing raised: none there. */
X509 *ceremony_read_cert(struct store_tx *tx, int64_t id);
/* CRL, and an OCSP answer for every certificate of a CA under it. */
int ceremony_root_news(struct ceremony *r, struct issuer *root);

/* ceremony_backup.c: the copies that the file asks for; before the last
   transaction, no token being open. */
int ceremony_back_up(struct ceremony *r);
/* Which token is copied. NULL raised. */
const struct settings_token *ceremony_backup_token(const struct ceremony *r,
    const struct ceremony_backup *b);

/* ceremony_issuers.c: what the issuing token does. */
int ceremony_make_keys(struct ceremony *r);
/* ceremony_log.c: the log's key in the token that inkan-ca.conf says, its name
   and its first entry. */
int ceremony_make_log(struct ceremony *r);
/* Is the store as new as what was published of it? */
int ceremony_log_ok(struct ceremony *r);
/* A service of ${is}, whose key is at hand. */
int ceremony_certify_service(struct ceremony *r,
    const struct ceremony_service *sv, struct issuer *is);
/* Their first CRLs, and the certificates of their services. */
int ceremony_use_issuers(struct ceremony *r);

/* ceremony_live.c: a ceremony on an instance that is there. */
int ceremony_live_run(struct ceremony *r);

/* ceremony_signer.c: the CA that the file names as signer, in r->signer, its
   token open and its key found. */
int ceremony_open_signer(struct ceremony *r);
struct issuer *ceremony_find_signer(struct ceremony *r);
/* Is it one that may still certify? 1, or 0 raised: signer.* */
int ceremony_signer_certifies(struct ceremony *r);
/* Where its key is. NULL raised. */
const struct settings_token *ceremony_signer_token(const struct ceremony *r);
void ceremony_close_signer(struct ceremony *r);
/* News of it: a root's CRL and answers, an issuing CA's CRL. */
int ceremony_signer_news(struct ceremony *r);

/* The certs row of a CA's certificate. 1, 0 not one of ours, -1 raised. */
int ceremony_row_of(struct ceremony *r, const struct issuer *is,
    struct cert_row *row);
/* For ca_certs, in the last transaction: what was signed, what was renewed. */
int ceremony_remember(struct ceremony *r, const char *kind, const char *name,
    int64_t subject, const struct issuer *signer, const struct issued *c);
int ceremony_remember_old(struct ceremony *r, const struct issuer *old,
    const struct cert_row *row);

/* ceremony_intermediate.c: generation and label where the file is silent. */
void ceremony_next_generation(const struct ceremony *r,
    struct ceremony_ca *ca);

/* What a kind does before, and in, the last transaction. */
struct ceremony_act {
	int (*work)(struct ceremony *r);
	int (*use)(struct store_tx *tx, struct ceremony *r); /* NULL: nothing */
};
extern const struct ceremony_act ceremony_crl_act, ceremony_intermediate_act,
    ceremony_renew_act, ceremony_rekey_act, ceremony_cross_act,
    ceremony_certify_act, ceremony_revoke_act, ceremony_csr_act,
    ceremony_delegate_act, ceremony_destroy_act;
/*
 * ceremony_resume.c: going on with one that was interrupted. Everything up to
 * the last transaction is done again, but a key that bears a claimed label is
 * taken as it is, and so is a certificate that this ceremony signed already.
 */
struct ceremony_memo;
/* For the store's meta: file and transcript of this run; and nothing more. */
#define CEREMONY_FILE "ceremony.file"
#define CEREMONY_DONE "ceremony.done"	/* a first one: but for its rename */
#define CEREMONY_TRANSCRIPT "ceremony.transcript"
int ceremony_remember_run(struct store_tx *tx, const struct ceremony *r);
int ceremony_forget_run(struct store_tx *tx);
/* In the store that was left; r->after_cert is known. 1, or 0 raised:
   "resume.*". */
int ceremony_resume(struct ceremony *r);
/* Was this label claimed by this ceremony? 1, 0, -1 raised. */
int ceremony_has_claimed(struct ceremony *r, const char *what,
    const char *label, const char *token);
/* A key that is claimed: the one that is there already, or a new one. */
EVP_PKEY *ceremony_make_key(struct ceremony *r,
    const struct settings_token *t, enum hsm_key_type type, const char *label);
/* What a run before this one made in the open token: 1 with *out, 0 nothing
   (also where this is no resumed one), -1 raised. ${type} 0: whatever it is. */
int ceremony_take_made(struct ceremony *r, enum hsm_key_type type,
    const char *label, EVP_PKEY **out);
/* The certificate that the job would make, where it was signed before. 1 with
   *out, 0 there is none, -1 raised. */
int ceremony_recall(struct ceremony *r, const struct issue_job *job,
    struct issued *out);
/* Was everything that was signed before asked for again? 1, or 0 raised. */
int ceremony_all_taken(struct ceremony *r);
/* A resumed one failed: nothing is undone. */
void ceremony_still_open(struct ceremony *r);

/* ceremony_undo.c */
int ceremony_may_run(struct ceremony *r);
/* Is there nothing that this ceremony would overwrite? 1, or 0 raised. */
int ceremony_is_clean(const struct ceremony *r);
/* Before keys are made: no label of those of ${n} CAs that belong into the open
   token, which is the one called ${token}, is there, and the store knows,
   durably, that what bears them there from now on is this ceremony's.
   CEREMONY_ISSUERS or CEREMONY_ROOT. */
#define CEREMONY_ISSUERS "ceremony.keys.issuers"
#define CEREMONY_ROOT "ceremony.keys.root"
int ceremony_claim(struct ceremony *r, const char *what,
    const struct ceremony_ca *ca, size_t n, const char *token);
/* Keys that this run made, and only those. */
int ceremony_destroy_keys(struct ceremony *r);
/* Those that a store remembers, one a line: the label, and for a token that has
   a name a tab and that. All these tokens
   are named in ca.conf, or nothing is done. */
#define CEREMONY_LABELS_MAX \
	((CEREMONY_ISSUERS_MAX + 1) * (HSM_LABEL_MAX + 66))
int ceremony_destroy_claimed(struct ceremony *r, const char *issuers,
    const char *root, size_t *n);
/* The transcript of one that is discarded says so, where it can. */
void ceremony_end_old(struct ceremony *r, const char *path);
void ceremony_roll_back(struct ceremony *r);
void ceremony_remove_store(const char *path);
/* A folder of plain files. */
void ceremony_remove_folder(const char *dir);

#endif
