#ifndef INKAN_HSM_HSM_H
#define INKAN_HSM_HSM_H

#include <stddef.h>
#include <openssl/evp.h>
#include "hsm/pin.h"

/*
 * Tokens and keys behind PKCS#11 (through p11-kit, managed modules only),
 * handed out as ordinary EVP_PKEYs.
 *
 * One struct hsm is one token, opened by PKCS#11 URI (RFC 7512), with a pool
 * of sessions. It is safe for use by many threads. Its keys sign through a
 * small built-in OpenSSL provider, so that X509_sign, X509_CRL_sign,
 * OCSP_basic_sign, CMS and TLS need no word about tokens.
 *
 * Important caveats: this layer never exports a private key, never prints or
 * logs, never forks; after fork() in the caller nothing here may be used by
 * the child. It does not decide *what* may be signed.
 *
 * Programs ignore SIGPIPE: p11-kit-client.so writes to a socket whose other end
 * may die. When an EVP_ function fails, what this layer raised stands in the
 * error queue, but with OpenSSL 3.5 not as the last entry: that is a line of
 * libcrypto's own.
 *
 * The first hsm_open() sets the default property query of the process to
 * "?provider=default", so that software keys stay with OpenSSL's own provider.
 */

struct hsm;

enum hsm_key_type {
	HSM_KEY_EC_P256 = 1,
	HSM_KEY_EC_P384,
	HSM_KEY_RSA_2048,
	HSM_KEY_RSA_3072,
	HSM_KEY_RSA_4096,
	HSM_KEY_ED25519
};

/*
 * How a token is. A token that failed is refused at once, and tried again by
 * one call after a pause of 50 to 500 ms, or as long as the last try took.
 */
enum hsm_health_state {
	HSM_WELL = 0,
	HSM_AWAY,	/* it failed; tried again from time to time */
	HSM_STUCK,	/* away, and a call has not come back */
	HSM_STOPPED	/* it made a wrong signature: hsm_resume() */
};

struct hsm_health {
	enum hsm_health_state state;
	char why[256];		/* "" when it is well */
	long long away_ms;	/* since it failed; 0 when it is well */
	size_t late;		/* calls that have not come back */
	unsigned long failures, recoveries; /* since hsm_open() */
};

enum hsm_event {
	HSM_EVENT_AWAY = 1,
	HSM_EVENT_STUCK,
	HSM_EVENT_BACK,
	HSM_EVENT_WRONG		/* an alarm */
};

/* Told once for each change, by the thread that met it, which may hold locks
   of the caller's: it must neither wait nor use the token. */
typedef void hsm_notify(enum hsm_event event, const char *why, void *arg);

struct hsm_config {
	const char *uri;	/* pkcs11:token=...; may carry module-path or
				   module-name; pin-value is refused, pin-source
				   (file: only) is an alternative to pin */
	const char *module;	/* path of the module; NULL: from the URI, else
				   whatever p11-kit has registered */
	const char *softhsm_conf; /* value for $SOFTHSM2_CONF, set before the
				   module is initialised; NULL: untouched.
				   SoftHSM reads one per process: call while
				   the process has one thread. Another one
				   than that of a handle that is open is
				   HSM_E_CONFIG */
	struct hsm_pin_source pin;
	size_t sessions;	/* pool size, 1..HSM_SESSIONS_MAX; 0 means 4 */
	int call_limit;		/* seconds that a call may take (opening, or
				   writing data: times 4; a new key, the end of
				   one, a list of them: times 24), 0:
				   HSM_CALL_LIMIT; -1: any time, in the
				   caller's own thread */
	hsm_notify *notify;	/* NULL: nobody is told */
	void *notify_arg;
};

#define HSM_CALL_LIMIT 5

/* The files that a URI names itself: that of pin-source and that of module-path,
   each in PATH_MAX octets, "" for none. Nothing is raised: where it cannot be
   read, hsm_open() says why. Whether they are there is not looked at. */
void hsm_uri_files(const char *uri, char *pin, char *module);

#define HSM_SESSIONS_MAX 256
#define HSM_LABEL_MAX 128
#define HSM_URI_MAX 1024

struct hsm_key_info {
	char label[HSM_LABEL_MAX];
	char id[2 * HSM_LABEL_MAX + 1];	/* lower-case hex */
	char uri[HSM_URI_MAX];		/* without PIN attributes */
	char type[16];			/* "ec-p256" ... or "unknown" */
	int sensitive, always_sensitive;
	int extractable, never_extractable;
	int local;			/* made inside the token */
	int wrap_with_trusted;		/* leaves it under trusted keys only */
};

struct hsm_token_info {
	char label[33], manufacturer[33], model[17], serial[17];
	char module[256];
	int logged_in;
	size_t sessions;		/* pool size in force */
};

/*
 * Open the token that ${cfg}->uri names and log in. Returns a handle to be
 * freed with hsm_close(), or NULL. The error tells absent module, absent
 * token (and lists the labels found), uninitialised token, PIN trouble apart.
 * Several handles may be open at once, also on different modules. A token that
 * is not found in a module where another one is open is looked for once more
 * after a restart of the module, from which the other recovers by itself.
 */
struct hsm *hsm_open(const struct hsm_config *cfg);
void hsm_close(struct hsm *hsm);	/* NULL is fine; all keys of this token
					   must have been freed */

/* What token this is, and whether it answers now (asks the token). */
int hsm_token_info(struct hsm *hsm, struct hsm_token_info *out);

/*
 * Ask the token for a sign of life. 1 or 0 with the reason raised. Cheap
 * (C_GetSessionInfo on a pooled session; sessions that died are reopened and
 * the login repeated - never with a PIN that was refused).
 */
int hsm_healthy(struct hsm *hsm);

/* How it is as far as is known: asks nothing, waits for nothing. */
void hsm_health(struct hsm *hsm, struct hsm_health *out);

/*
 * Every signature is verified under the key's public half before anybody gets
 * it. One that is wrong, or of the wrong length, is not given away; it stops
 * the token: it signs nothing (HSM_E_WRONG, "token.stopped: ...") until
 * hsm_resume(). Where the PIN has a state file, the stop is written to
 * <state>.<serial>.stopped (serial number in hexadecimals) and outlives the
 * program; to remove that file resumes, too. <state>.stopped stops all tokens
 * with that state file.
 * A PIN that was refused is tried once more after hsm_resume(): the security
 * officer may have set the token's to what the file says. 1, or 0 raised when a
 * file cannot be changed.
 */
int hsm_resume(struct hsm *hsm);

/*
 * The caller verifies all that ${key} signs, and the layer need not do it a
 * second time. Say so before others use the key. When a signature turns out to
 * be wrong the same thread calls hsm_key_wrong(), which stops the token that
 * made it.
 */
void hsm_key_caller_verifies(EVP_PKEY *key);
void hsm_key_wrong(EVP_PKEY *key, const char *why);

/*
 * Let token ${other} stand in for ${key}, whenever the key's own token cannot
 * sign: it must hold the same key, under the same label (and id, where the key
 * has one), as safe as hsm_key_find() wants it. Others may use the key meanwhile;
 * the first token that is found to hold it stays. ${other} must be closed after
 * the key was freed. 1, also when it is the key's own token; or 0 raised.
 */
int hsm_key_add_spare(EVP_PKEY *key, struct hsm *other);

/*
 * Find the private key that ${key_uri} names (object=, id=; token attributes
 * must match this token). Returned to be freed with EVP_PKEY_free(); it keeps
 * a reference on the token's internals, but hsm_close() must come later. The
 * public half comes from the public key object, else from the private key's
 * attributes or CKA_PUBLIC_KEY_INFO. HSM_E_NOKEY lists the keys that are there;
 * HSM_E_CONFIG when more than one matches; HSM_E_UNSAFE when the key is not
 * sensitive, or extractable without being CKA_WRAP_WITH_TRUSTED (as the token
 * tells it).
 */
EVP_PKEY *hsm_key_find(struct hsm *hsm, const char *key_uri);

/*
 * Generate a key pair named ${label} (CKA_LABEL; CKA_ID is random 16 octets):
 * token object, private, sensitive, not extractable, sign only. The attributes
 * are read back afterwards and asserted; a key that fails is destroyed and
 * HSM_E_UNSAFE raised. Refuses when a key of that label exists. Returned to be
 * freed with EVP_PKEY_free(). HSM_E_UNSUPPORTED when the token lacks the
 * mechanism (Ed25519 on some).
 */
EVP_PKEY *hsm_key_generate(struct hsm *hsm, enum hsm_key_type type,
    const char *label);

/*
 * The same, but for a backup: extractable, and that only wrapped under a key of
 * the token that its security officer marked CKA_TRUSTED (PKCS #11 v3.0 4.9).
 * Both are read back; a token that drops the second attribute is refused.
 */
EVP_PKEY *hsm_key_generate_wrappable(struct hsm *hsm, enum hsm_key_type type,
    const char *label);

/*
 * The private key ${label} wrapped under the token's secret key ${under}
 * (CKM_AES_KEY_WRAP_PAD; PKCS #8 in RFC 5649). *out is to be freed with
 * OPENSSL_free(). 1, or 0 raised: HSM_E_UNSAFE ("key.wrap: ...") when ${label}
 * is not wrap-with-trusted or ${under} not trusted; the token checks that again.
 */
int hsm_key_wrap(struct hsm *hsm, const char *label, const char *under,
    unsigned char **out, size_t *len);

/*
 * Destroy the pair named ${label}. For ceremonies that are rolled back.
 * Returns 1 also when there was none.
 */
int hsm_key_destroy(struct hsm *hsm, const char *label);

/* Call ${cb} for every private key; stops when it returns 0. 1, or 0 raised. */
int hsm_key_list(struct hsm *hsm,
    int (*cb)(const struct hsm_key_info *info, void *arg), void *arg);

/* What the token says of the key behind ${pkey} (made by this layer). */
int hsm_key_info(const EVP_PKEY *pkey, struct hsm_key_info *out);

/*
 * Small pieces of data kept in the token under a label (CKO_DATA, private, so
 * that only who is logged in reads and writes them). hsm_data_set() puts
 * ${data} in the place of what is there; NULL removes it. A crash meanwhile
 * leaves the old, the new, or both: hsm_data_get() calls ${cb} for each, stops
 * when that returns 0, and returns what it did; 1 also when there is none. 0
 * raised; HSM_E_UNSUPPORTED or HSM_E_TOKEN where the token keeps no data.
 */
#define HSM_DATA_MAX 4096
int hsm_data_get(struct hsm *hsm, const char *label,
    int (*cb)(const unsigned char *data, size_t len, void *arg), void *arg);
int hsm_data_set(struct hsm *hsm, const char *label, const void *data,
    size_t len);

/* Names as in profiles and ceremony files: "ec-p256" ... 0 if unknown. */
enum hsm_key_type hsm_key_type_of(const char *name);
const char *hsm_key_type_name(enum hsm_key_type type);

#endif
