#ifndef INKAN_CA_ENGINE_CEREMONY_H
#define INKAN_CA_ENGINE_CEREMONY_H

#include <limits.h>
#include <time.h>
#include "ca/engine/settings.h"
#include "hsm/hsm.h"

/*
 * The first ceremony: a root (own token, own PIN), issuing CAs, certificates
 * for the keys that our services made themselves, root CRL and pre-signed root
 * OCSP answers, first CRLs, policy version 1. The file is inkan-ceremony.conf(5).
 *
 * Everything is made in "<store>.ceremony", which becomes the store by one
 * rename at the end. A ceremony that fails removes what it made, also the keys;
 * one that was killed is rolled back by running it again with --discard. It
 * refuses to run over an existing store. Tokens are opened one after the other,
 * never both: SoftHSM reads one configuration per process.
 */

#define CEREMONY_ISSUERS_MAX 32
#define CEREMONY_SERVICES_MAX 64
#define CEREMONY_SET_MAX 16

struct ceremony_set {		/* "field=value", becomes request.field */
	char text[CEREMONY_SET_MAX][256];
	size_t n;
};

struct ceremony_ca {
	char name[64];
	int generation;
	char profile[64];
	enum hsm_key_type key_type;
	char label[HSM_LABEL_MAX];
	char certificate[PATH_MAX];	/* PEM to write, "" none */
	struct ceremony_set set;
	int64_t crl_lifetime, crl_interval;
	int crl_shards;			/* 0: one full CRL */
	int keep_expired;		/* expiredCertsOnCRL from now on */
};

struct ceremony_service {
	char profile[64], issuer[64];
	char csr[PATH_MAX], certificate[PATH_MAX];
	struct ceremony_set set;
	int chain;			/* issuing CA's certificate behind it */
};

struct ceremony_file {
	char dir[PATH_MAX];
	char config[PATH_MAX];		/* ca.conf */
	char http_url[256];
	char transcript[PATH_MAX];
	struct settings_token root_token;
	struct ceremony_ca root;
	struct ceremony_ca issuers[CEREMONY_ISSUERS_MAX];
	size_t n_issuers;
	struct ceremony_service services[CEREMONY_SERVICES_MAX];
	size_t n_services;
};

/* Returned to be freed with OPENSSL_free(). */
struct ceremony_file *ceremony_read(const char *path);

/* Run it. 1, or 0 raised with everything rolled back. ${act} is told each act
   in one line. ${discard}: roll back an interrupted one first. */
int ceremony_run(const struct ceremony_file *f, const struct settings *s,
    int discard, time_t now, void (*act)(const char *line));

#endif
