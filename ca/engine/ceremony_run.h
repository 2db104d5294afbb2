#ifndef INKAN_CA_ENGINE_CEREMONY_RUN_H
#define INKAN_CA_ENGINE_CEREMONY_RUN_H

#include <stdio.h>
#include "ca/engine/ceremony.h"
#include "ca/engine/issue.h"
#include "ca/engine/policy.h"

/* One run of a ceremony; private to ceremony*.c. */

#define CEREMONY_MADE_MAX (CEREMONY_ISSUERS_MAX + 1)
#define CEREMONY_EXTRA_MAX 2	/* further certificates of CAs in one run */

struct ceremony {
	struct ceremony_file *f;
	const struct settings *s;
	time_t now;
	void (*act)(const char *line);
	char tmp[PATH_MAX];		/* init: the store while it is made */
	char stage[PATH_MAX];		/* else: where files wait; "" in init */
	FILE *transcript;
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
	struct ca_cert_row extra[CEREMONY_EXTRA_MAX];
	size_t n_extra;
	char written[CEREMONY_SERVICES_MAX + CEREMONY_ISSUERS_MAX + 8]
	    [PATH_MAX];
	size_t n_written;
};

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
struct csr *ceremony_read_csr(const char *path);
/* What the issuer lets no certificate of this profile do, in words that begin
   with the rule: path.length, validity.issuer, profile.issuer. 1 or 0 raised. */
int ceremony_may_certify(const struct ceremony *r, const struct issuer *is,
    const struct profile *p);

/* ceremony_out.c: files, written at once by init, and else when all is done. */
const char *ceremony_publish_dir(const struct ceremony *r);
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

/* ceremony_issuers.c: what the issuing token does. */
int ceremony_make_keys(struct ceremony *r);
/* ceremony_log.c: the log's key in the token that inkan-ca.conf says, its name
   and its first entry. */
int ceremony_make_log(struct ceremony *r);
/* Their first CRLs, and the certificates of their services. */
int ceremony_use_issuers(struct ceremony *r);

/* ceremony_live.c: a ceremony on an instance that is there. */
int ceremony_live_run(struct ceremony *r, int discard);

/* ceremony_signer.c: the CA that the file names as signer, in r->signer, its
   token open and its key found. */
int ceremony_open_signer(struct ceremony *r);
struct issuer *ceremony_find_signer(struct ceremony *r);
/* Is it one that may still certify? 1, or 0 raised: signer.* */
int ceremony_signer_certifies(struct ceremony *r);
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
    ceremony_certify_act, ceremony_revoke_act;
/* No transcript that was asked for, no ceremony. */
int ceremony_keep_transcript(struct ceremony *r);

/* ceremony_undo.c */
int ceremony_may_run(struct ceremony *r, int discard);
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
void ceremony_roll_back(struct ceremony *r);
void ceremony_remove_store(const char *path);
/* A folder of plain files. */
void ceremony_remove_folder(const char *dir);

#endif
