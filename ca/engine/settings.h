#ifndef INKAN_CA_ENGINE_SETTINGS_H
#define INKAN_CA_ENGINE_SETTINGS_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>
#include "hsm/hsm.h"

/*
 * ca.conf: where things lie and who may ask. What may be issued is not here
 * but in the policy. The format is inkan-ca.conf(5). Relative paths are
 * relative to the file's folder.
 */

#define SETTINGS_PEERS_MAX 16

struct settings_peer {		/* a user, or a group ("@name") */
	int is_group;
	uid_t uid;
	gid_t gid;
	char profiles[8][64];	/* svc only: what it may renew */
	size_t n_profiles;
};

struct settings_peers {
	struct settings_peer peer[SETTINGS_PEERS_MAX];
	size_t n;
};

#define SETTINGS_TOKENS_MAX 15	/* beside ${token} */

struct settings_token {		/* a hsm_config with its own texts */
	char name[64];		/* "" that of ${token} */
	char uri[HSM_URI_MAX];
	char module[PATH_MAX], softhsm_conf[PATH_MAX];
	char pin[PATH_MAX], pin_state[PATH_MAX];
	enum hsm_pin_kind pin_kind;
	size_t sessions;
	int call_limit;		/* seconds */
	int has_standby;
	char standby[64];	/* name of a token that holds the same keys */
};

#define SETTINGS_ANCHORS_MAX 8
#define SETTINGS_WITNESSES_MAX 16
#define SETTINGS_ORIGIN_MAX 200
#define SETTINGS_VKEY_MAX 512

struct settings_log {		/* the log and its checkpoints */
	char origin[SETTINGS_ORIGIN_MAX];	/* "": by the first CA's
						   address */
	char token[64];		/* that has the key; "" ${token} */
	char key[HSM_LABEL_MAX];
	enum hsm_key_type key_type;	/* 0: Ed25519 where the token has it,
					   else P-256 */
	int64_t interval;	/* seconds between checkpoints, 1..10 */
	int64_t fail_after;	/* seconds without any: issuing stops */
	int64_t token_anchor;	/* seconds between two; 0: none */
	char anchors[SETTINGS_ANCHORS_MAX][PATH_MAX];
	size_t n_anchors;
	char witnesses[SETTINGS_WITNESSES_MAX][SETTINGS_VKEY_MAX];
	size_t n_witnesses;
};

struct settings {
	char dir[PATH_MAX];
	char store[PATH_MAX], status_db[PATH_MAX], publish_dir[PATH_MAX];
	char policy_dir[PATH_MAX];
	char maker_crls[PATH_MAX];	/* folder; "": none */
	char verifier_sock[PATH_MAX];	/* of inkan-verifier; "": none */
	int64_t verifier_limit;	/* seconds that one question may take */
	char attest_arc[64];	/* OID below which our own types of the nonce
				   dialogue stand; "": none */
	char android_status[PATH_MAX];	/* file; "": none */
	char ra_sock[PATH_MAX], svc_sock[PATH_MAX], admin_sock[PATH_MAX];
	struct settings_peers ra, svc, admin;
	struct settings_token token;	/* of CAs that name no other */
	struct settings_token *tokens;	/* further ones, by name */
	size_t n_tokens;
	size_t workers;
	int64_t heartbeat;	/* seconds, <= 60 */
	int64_t min_free;	/* octets */
	struct settings_log log;
	struct confine *confine; /* what inkan-ca gives up: ca/confine */
};

/* Returned to be freed with settings_free(); PROFILE_E_CONFIG raised. */
struct settings *settings_read(const char *path);
void settings_free(struct settings *s);
/* By its name, "" being the one of ${token}. NULL, nothing raised: none. */
const struct settings_token *settings_find_token(const struct settings *s,
    const char *name);
/* The token part as the HSM layer wants it; borrows from ${t}. */
void settings_hsm(const struct settings_token *t, struct hsm_config *out);
/* A path relative to ${dir} made absolute into out[PATH_MAX]. */
int settings_path(const char *dir, const char *path, char *out);

struct conf_group;
/* A token group, as in ca.conf; also used by ceremony files. */
int settings_read_token(const struct conf_group *g, const char *dir,
    struct settings_token *out);
/* settings_log.c: group ${log}, NULL where there is none; the tokens are read
   already. */
int settings_read_log(const struct conf_group *g, struct settings *s);
/* The folder of a file, absolute, into out[PATH_MAX]. */
int settings_dir_of(const char *file, char *out);

#endif
