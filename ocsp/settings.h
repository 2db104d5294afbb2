#ifndef INKAN_OCSP_SETTINGS_H
#define INKAN_OCSP_SETTINGS_H

#include <stddef.h>
#include <time.h>
#include "hsm/hsm.h"
#include "ocsp/policy.h"

/*
 * ocsp.conf, read strictly (profiles/conf.h): inkan-ocsp.conf(5) lists the
 * keys. Relative paths are relative to the file's folder.
 * Not checked here: whether paths exist, whether the token has the keys.
 */

#define SETTINGS_LISTEN_MAX 16
#define SETTINGS_THREADS_MAX 64
#define SETTINGS_DELEGATES_MAX 64
#define SETTINGS_ADDRESS_MAX 64 /* octets of a numeric address */

struct settings_listen {
	char host[SETTINGS_ADDRESS_MAX]; /* numeric, without brackets */
	char port[6];			 /* "0": any free one */
};

struct settings_delegate {
	const char *issuer;	   /* ident in status.db */
	const char *key;	   /* PKCS#11 URI as written */
	char label[HSM_LABEL_MAX]; /* its object= */
	enum hsm_key_type type;
	const char *certificate, *csr; /* paths */
	int prepare;		       /* sign all answers ahead */
	struct policy policy;
};

struct settings {
	struct conf *conf; /* texts are borrowed from it ... */
	char *paths[3 * SETTINGS_DELEGATES_MAX + 16]; /* ... or from here */
	size_t n_paths;

	struct settings_listen listen[SETTINGS_LISTEN_MAX];
	size_t n_listen;
	int has_metrics;
	struct settings_listen metrics;
	const char *status_db, *publish_dir;
	const char *svc_socket; /* NULL: no renewal */
	int have_token;
	struct hsm_config token;
	struct settings_delegate delegates[SETTINGS_DELEGATES_MAX];
	size_t n_delegates;

	time_t validity, unknown_validity, refresh, max_stale; /* seconds */
	time_t request_timeout, idle_timeout, crl_max_age;
	size_t threads, max_request, max_certids, max_connections, max_cache;
	size_t prepare_share; /* per cent of one core for signing ahead */
	struct policy policy; /* of issuers without one of their own */
	struct confine *confine; /* what the program gives up */
};

/* Returned to be freed with settings_free(), or NULL raised. */
struct settings *settings_read(const char *path);
void settings_free(struct settings *set); /* NULL is fine */

/* Which delegate is that issuer's? Its place in the list, or n_delegates. */
size_t settings_delegate_of(const struct settings *set, const char *ident);

#endif
