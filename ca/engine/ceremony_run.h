#ifndef INKAN_CA_ENGINE_CEREMONY_RUN_H
#define INKAN_CA_ENGINE_CEREMONY_RUN_H

#include <stdio.h>
#include "ca/engine/ceremony.h"
#include "ca/engine/issue.h"
#include "ca/engine/policy.h"

/* One run of a ceremony; private to ceremony*.c. */

struct ceremony {
	const struct ceremony_file *f;
	const struct settings *s;
	time_t now;
	void (*act)(const char *line);
	char tmp[PATH_MAX];		/* the store while it is made */
	FILE *transcript;
	struct store *store;
	struct policy *policy;
	struct hsm *hsm;
	struct issuer *root;
	struct issuer_set issuers;
	unsigned char *spki[CEREMONY_ISSUERS_MAX];
	size_t spki_len[CEREMONY_ISSUERS_MAX];
	int owned;			/* ${tmp} is ours: to be rolled back */
	int root_key_made;
	size_t issuer_keys_made;
	char written[CEREMONY_SERVICES_MAX + CEREMONY_ISSUERS_MAX + 8]
	    [PATH_MAX];
	size_t n_written;
};

/* One line to the caller and the transcript. */
void ceremony_say(struct ceremony *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int ceremony_open_hsm(struct ceremony *r, const struct settings_token *t);
void ceremony_close_hsm(struct ceremony *r);
void ceremony_describe_key(struct ceremony *r, const char *what,
    EVP_PKEY *key);
void ceremony_ident(const struct ceremony_ca *ca, char *out, size_t size);

/* ceremony_certs.c: the root's token signs, then the issuing token. */
int ceremony_use_root(struct ceremony *r);
int ceremony_use_issuers(struct ceremony *r);

/* ceremony_undo.c */
int ceremony_may_run(struct ceremony *r, int discard);
/* Is there nothing that this ceremony would overwrite? 1, or 0 raised. */
int ceremony_is_clean(const struct ceremony *r);
/* Before keys are made: none of ${n} labels is in the open token, and the store
   knows, durably, that what bears them from now on is this ceremony's.
   CEREMONY_ISSUERS or CEREMONY_ROOT. */
#define CEREMONY_ISSUERS "ceremony.keys.issuers"
#define CEREMONY_ROOT "ceremony.keys.root"
int ceremony_claim(struct ceremony *r, const char *what,
    const struct ceremony_ca *ca, size_t n);
void ceremony_roll_back(struct ceremony *r);
void ceremony_remove_store(const char *path);

#endif
