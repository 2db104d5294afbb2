#ifndef INKAN_HSM_PRIVATE_H
#define INKAN_HSM_PRIVATE_H

/* What the files of hsm/ share. Nobody outside hsm/ and its tests reads it. */

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include "hsm/error.h"
#include "hsm/hsm.h"

/* Returned by an operation that has raised its own error already. */
#define HSM_RV_RAISED (CKR_VENDOR_DEFINED | 0x494bUL)

#define HSM_ID_MAX HSM_LABEL_MAX /* octets of CKA_ID that we can name */
#define HSM_PUB_MAX 2048	 /* octets of any public attribute we read */
#define HSM_SIG_MAX 1024	 /* octets of a signature: RSA-8192 */
#define HSM_NAMES_MAX 400	 /* octets of a «found instead» list */

/* ---- uri.c ------------------------------------------------------------- */

struct hsm_uri {
	P11KitUri *p11;
	char module_path[PATH_MAX]; /* "" if the URI has none */
	char module_name[64];	    /* likewise */
	char pin_path[PATH_MAX];    /* file that pin-source names */
};

/* Parse and check ${text}. 1, or 0 with HSM_E_CONFIG raised. */
int hsm_uri_parse(struct hsm_uri *uri, const char *text);
void hsm_uri_clear(struct hsm_uri *uri);
int hsm_uri_matches_token(const struct hsm_uri *uri, CK_SLOT_ID slot,
    const CK_SLOT_INFO *slot_info, const CK_TOKEN_INFO *token);

/* Copy a blank-padded PKCS#11 text; ${out} holds ${in_len} + 1 octets. */
void hsm_text_copy(char *out, const unsigned char *in, size_t in_len);

/* Append ${name} in quotes to a list of names that is cut when it is full. */
void hsm_names_add(char *list, size_t size, const char *name);

/* ---- module.c ---------------------------------------------------------- */

/*
 * A module is one per process, whatever the number of tokens that are open in
 * it: a list of them is the only global state of this folder, and it cannot
 * be otherwise, since C_Initialize knows one state per process. Entries live
 * as long as the process (modules do not survive dlclose).
 */
struct hsm_module {
	char name[PATH_MAX];	     /* real path, or p11-kit's name */
	char softhsm_conf[PATH_MAX]; /* "" when none was asked for */
	CK_FUNCTION_LIST *managed;   /* as p11-kit gave it */
	CK_FUNCTION_LIST *fn;	     /* the table to call through */
	size_t users;		     /* under the list's lock */
	atomic_int running;	     /* C_Initialize has succeeded */
	unsigned long gen;	     /* restarts so far; under ${lock} */
	pthread_rwlock_t lock;	     /* read: in a call; write: restart */
	atomic_size_t n_late;	     /* calls that have not come back */
	struct hsm_module *next;
};

#define HSM_MODULES_MAX 32

struct hsm_module *hsm_module_open(const char *path, const char *conf);
/*
 * Open what p11-kit has registered, only module ${name} if that is not "".
 * Modules that cannot be initialised are left out. Returns how many.
 */
size_t hsm_module_open_registered(
    const char *name, const char *conf, struct hsm_module **list, size_t max);
void hsm_module_close(struct hsm_module *m);
/* Is a token of it open beside the caller's? */
int hsm_module_is_shared(struct hsm_module *m);
/*
 * The write lock, within ${seconds}, in each of which the calls of others wait
 * behind it. 0 raised, at once when calls in the module do not come back: those
 * hold the read lock.
 */
int hsm_module_lock(struct hsm_module *m, int seconds);
#define HSM_LOCK_WAIT 1	      /* s */
#define HSM_LOCK_WAIT_OPEN 20 /* s: another token may be opened first */
/* C_Finalize and C_Initialize. The caller holds the write lock. */
CK_RV hsm_module_restart(struct hsm_module *m);

/* ---- slot.c ------------------------------------------------------------ */

struct hsm_slot {
	CK_SLOT_ID id;
	CK_TOKEN_INFO token;
};

/* What a search met, for the error's words. */
struct hsm_slot_seen {
	size_t n_match, n_blank, n_tokens;
	int named_blank; /* the URI's slot-id is a blank token's */
	char labels[HSM_NAMES_MAX];
};

CK_RV hsm_slot_search(CK_FUNCTION_LIST *fn, const struct hsm_uri *uri,
    struct hsm_slot *out, struct hsm_slot_seen *seen);
/* Raise what is wrong with what was seen; 1 if nothing is. */
int hsm_slot_check(
    const struct hsm_slot_seen *seen, const char *where, const char *what);

/* ---- open.c, session.c, recover.c -------------------------------------- */

enum hsm_cap {
	HSM_CAP_ECDSA = 1,
	HSM_CAP_RSA_PKCS = 2,
	HSM_CAP_RSA_PSS = 4,
	HSM_CAP_RSA_RAW = 8,
	HSM_CAP_EDDSA = 16,
	HSM_CAP_EC_GEN = 32,
	HSM_CAP_RSA_GEN = 64,
	HSM_CAP_ED_GEN = 128
};

struct hsm_pool {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	size_t size; /* sessions in force */
	size_t n_idle, n_retired;
	size_t idle[HSM_SESSIONS_MAX]; /* stack of free places */
	size_t retired[HSM_SESSIONS_MAX];
	long long grow_at; /* ns: then one of them is tried again */
	long long due[HSM_SESSIONS_MAX]; /* ns: who has it should be back */
	/* A place is touched by who holds it, or under the write lock. */
	CK_SESSION_HANDLE place[HSM_SESSIONS_MAX]; /* 0: not open */
};

/* health.c: how the token is. */
struct hsm_state {
	pthread_mutex_t lock;	/* last of all, but for the notice's */
	enum hsm_health_state state; /* HSM_WELL or HSM_AWAY */
	int probing;		/* one call has been let through to try */
	long long retry_at, pause, since; /* ns, monotonic */
	size_t n_late;		/* calls that have not come back */
	int told_stuck;
	int by_signature;	/* only a signature makes it well again */
	int reason;		/* enum hsm_reason of why[] */
	char why[256];
	unsigned long failures, recoveries;
	int stopped, on_file;	/* by a wrong signature; file[] says so too */
	char why_stopped[256];
	char own_file[PATH_MAX]; /* "": none, stopped only until the end */
	char file[PATH_MAX];	/* by which it is stopped: that, or all's */
};

struct hsm_helper;

struct hsm {
	atomic_uint refs; /* of the memory: handle and keys */
	struct hsm_module *module;
	struct hsm_uri uri;
	struct hsm_pin_source pin;
	char pin_name[PATH_MAX], pin_state[PATH_MAX];

	/* Written under the module's write lock only. */
	atomic_int closed;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO token;
	CK_SESSION_HANDLE anchor; /* keeps the login alive */
	atomic_int logged_in;
	atomic_uint caps;	  /* enum hsm_cap */
	atomic_ulong gen;	  /* a key handle of an older one is
				     void */
	unsigned long module_gen; /* of the module when we attached */

	struct hsm_pool pool;
	pthread_mutex_t recover; /* one recovery at a time */
	long long retry_at;	 /* ns, monotonic: no restart before */
	long long backoff;	 /* ns */
	pthread_mutex_t told;	 /* of the two below; held for a moment only */
	char away[256];		 /* why the last restart was of no use */
	int recovered;		 /* the last recovery helped */

	struct hsm_state health;
	hsm_notify *notify;
	void *notify_arg;
	long long limit; /* ns that a bounded call may take; 0: any */
	/* Touched by who holds the place. */
	struct hsm_helper *helpers[HSM_SESSIONS_MAX];
};

struct hsm *hsm_ref(struct hsm *hsm);
void hsm_unref(struct hsm *hsm);

/* A session in use. Its holder also holds the module's read lock. */
struct hsm_session {
	struct hsm *hsm;
	CK_FUNCTION_LIST *fn;
	CK_SESSION_HANDLE h;
	size_t place;
	const atomic_int *late;	/* nobody waits any more; NULL: somebody does */
};

/* For an ${op} that changes something: does nobody want it any more? */
static inline int
hsm_session_is_late(const struct hsm_session *s)
{
	return s->late != NULL && atomic_load(s->late);
}

typedef CK_RV hsm_op(struct hsm_session *s, void *arg);

/*
 * Run ${op} on a session, ${what} being its name in errors, in a thread of its
 * own and for no longer than the token's limit. When the token lost the session
 * or the login, put that right and run ${op} again, so ${op} must be repeatable
 * and must raise nothing but with HSM_RV_RAISED. Inside ${op} no other operation
 * may be run. 1, or 0 with the reason raised: ${arg} is the caller's again. -1
 * raised when the time is over: ${op} still runs then, and ${arg} is the
 * layer's, which calls ${release} for it when ${op} comes back at last. So
 * ${arg} must hold or own all that ${op} touches.
 */
int hsm_session_ask(struct hsm *hsm, const char *what, hsm_op *op, void *arg,
    void (*release)(void *));
/* The same of a signature. */
int hsm_session_sign(
    struct hsm *hsm, hsm_op *op, void *arg, void (*release)(void *));
/* Of what looks at many objects: for HSM_MAKE_TIMES the limit. */
int hsm_session_look(struct hsm *hsm, const char *what, hsm_op *op, void *arg,
    void (*release)(void *));
/* Of what changes something: on a read-write session of its own, ${op} runs once
   at most, for ${times} the limit. */
int hsm_session_make(struct hsm *hsm, const char *what, int times, hsm_op *op,
    void *arg, void (*release)(void *));

enum hsm_verdict {
	HSM_CALL_OK,
	HSM_CALL_FAILED,	/* the token failed */
	HSM_CALL_NO_MATTER,	/* the call failed, the token is well */
	HSM_CALL_NO_SESSION,	/* the token grants no more sessions */
	HSM_CALL_LATE		/* it has not come back */
};

struct hsm_call {
	const char *what;
	hsm_op *op;
	void *arg;
	void (*release)(void *);
	int signs;		/* it is a signature */
	long long limit;	/* ns; 0: the token's */
	const atomic_int *late;	/* helper.c sets it for the session */
};

/* Opening a token, writing a piece of data, and making or destroying a key take
   longer than a signature: so many times the limit of a call they may. */
#define HSM_OPEN_TIMES 4
#define HSM_DATA_TIMES 4
#define HSM_MAKE_TIMES 24

/* said.c: lines of the error queue on their way to another thread. */
#define HSM_SAID_MAX 8
struct hsm_said_line { int lib, reason; char text[384]; };
struct hsm_said { struct hsm_said_line line[HSM_SAID_MAX]; size_t n; };
void hsm_said_collect(struct hsm_said *said);	/* empties the queue */
void hsm_said_again(const struct hsm_said *said);

/* opening.c: ${open} in a thread of its own, for no longer than ${limit} ns.
   NULL raised, also where it is late: it is then closed when it comes. */
typedef struct hsm *hsm_open_fn(const struct hsm_config *cfg);
struct hsm *hsm_opening_run(
    const struct hsm_config *cfg, hsm_open_fn *open, long long limit);

/* Run ${call} at ${place}, with all attempts; raises in this thread. */
enum hsm_verdict hsm_call_run(
    struct hsm *hsm, size_t place, const struct hsm_call *call);
/* helper.c: the same in the place's thread, within the limit. After
   HSM_CALL_LATE, which raises nothing, the place is the call's. */
enum hsm_verdict hsm_helper_run(
    struct hsm *hsm, size_t place, const struct hsm_call *call);
void hsm_helpers_end(struct hsm *hsm);

/* Is the session alive, and logged in where it should be? */
CK_RV hsm_session_check(struct hsm_session *s);
/* ---- pool.c ------------------------------------------------------------ */

int hsm_pool_init(struct hsm_pool *pool, size_t size);
void hsm_pool_destroy(struct hsm_pool *pool);
/*
 * Wait for a free place, for a call that should be back within ${limit} ns. 0,
 * nothing raised, when those who have them all should have been back.
 */
int hsm_pool_take(struct hsm *hsm, long long limit, size_t *place);
/* Give a place back. */
void hsm_pool_give(struct hsm_pool *pool, size_t place);
/*
 * The token grants no more sessions: go on with one place less, as long as
 * there is another. 1 when the caller's ${place} has been given up. Others may
 * have had those sessions for a while: each HSM_POOL_REST one place comes back.
 */
#define HSM_POOL_REST 60000000000LL /* ns */
int hsm_pool_retire(struct hsm_pool *pool, size_t place);
/* Who waits for a place looks again whether there is hope. */
void hsm_pool_wake(struct hsm_pool *pool);
/* Close all sessions and forget them; the caller holds the write lock. */
void hsm_pool_drop(struct hsm *hsm);

/* Raise ${rv} as what it means for the caller. Always 0. */
int hsm_raise_rv(CK_RV rv, const char *what);

/* Find the token, open the anchor session, log in. Write lock held. */
int hsm_attach(struct hsm *hsm, int first);
void hsm_detach(struct hsm *hsm);
/* Do the session handles belong to this run of the module? Any lock held. */
int hsm_is_attached(const struct hsm *hsm);
/* Bring the token back; ${gen} is the state that the caller found broken. */
int hsm_recover(struct hsm *hsm, unsigned long gen, int hard);

/* What the last recovery that ended met, when it did not help; else ${why}
   stays. Does not wait for one that goes on: the module may hang in it. */
void hsm_recover_reason(struct hsm *hsm, char *why, size_t size);

/* ---- health.c ---------------------------------------------------------- */

int hsm_health_init(struct hsm *hsm);
void hsm_health_destroy(struct hsm *hsm);
/* The token is found for the first time: is it stopped from before? */
void hsm_health_named(struct hsm *hsm);
/*
 * May a call be made now? 0 raised when the circuit is broken. *probe is 1 for
 * the one call that is let through to try; it goes to one of the four below,
 * of which exactly one follows.
 */
int hsm_health_enter(struct hsm *hsm, int *probe);
void hsm_health_well(struct hsm *hsm, int probe, int signs);
void hsm_health_no_matter(struct hsm *hsm, int probe);
/* ${signs}: it was a signature. ${took}: ns that the call took. */
void hsm_health_failed(struct hsm *hsm, int probe, int signs, int reason,
    const char *why, long long took);
void hsm_health_late(
    struct hsm *hsm, int probe, int signs, const char *why, long long took);
/* A call is waited for no longer; then hsm_health_late() tells of it. */
void hsm_health_left_alone(struct hsm *hsm);
/* One that was left alone has come back. */
void hsm_health_returned(struct hsm *hsm);
/* Do ${sessions} calls or more wait for a token that does not answer? */
int hsm_health_all_late(struct hsm *hsm, size_t sessions);
/* It made a wrong signature: it signs no more. */
void hsm_health_stop(struct hsm *hsm, const char *why);
int hsm_health_may_sign(struct hsm *hsm); /* 0 raised: HSM_E_WRONG */
long long hsm_monotonic_ns(void);

/* ---- login.c ----------------------------------------------------------- */

/* Log in on the anchor session. 1, or 0 raised. ${first}: a person waits. */
int hsm_login(struct hsm *hsm, int first);

/* ---- object.c ---------------------------------------------------------- */

/* Read one attribute into ${buf}; CKR_BUFFER_TOO_SMALL when it is longer. */
CK_RV hsm_object_bytes(struct hsm_session *s, CK_OBJECT_HANDLE o,
    CK_ATTRIBUTE_TYPE type, unsigned char *buf, size_t size, size_t *out_len);
/* Read a flag: 1, 0, or -1 when the token does not tell. */
int hsm_object_flag(
    struct hsm_session *s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type);
CK_RV hsm_object_ulong(struct hsm_session *s, CK_OBJECT_HANDLE o,
    CK_ATTRIBUTE_TYPE type, CK_ULONG *out);
/*
 * Find objects of ${class} with ${label} and ${id} (each NULL for any). At
 * most ${max} handles go to ${out}; ${out_n} is how many there were, up to
 * ${max}.
 */
CK_RV hsm_object_find(struct hsm_session *s, CK_OBJECT_CLASS class,
    const char *label, const unsigned char *id, size_t id_len,
    CK_OBJECT_HANDLE *out, size_t max, size_t *out_n);

#define HSM_KEYS_MAX 1024 /* private keys looked at in one token */

/* ---- key.c, keyinfo.c, keygen.c, public.c ------------------------------ */

/*
 * What an EVP_PKEY of ours holds. ${hsm} is NULL for a public key that
 * OpenSSL brought in for comparison.
 */
struct hsm_key {
	atomic_uint refs;
	struct hsm *hsm;
	EVP_PKEY *pub; /* plain, of the default provider */
	int type;      /* EVP_PKEY_EC, _RSA, _ED25519 */
	size_t size;   /* octets: modulus, or order of the
			  curve */
	char label[HSM_LABEL_MAX];
	unsigned char id[HSM_ID_MAX];
	size_t id_len;
	struct hsm_key_info info;

	pthread_mutex_t lock; /* for the two below */
	CK_OBJECT_HANDLE handle;
	unsigned long gen; /* hsm->gen in which ${handle} holds */

	atomic_int caller_verifies;
	/* Set once, also while others use it. */
	struct hsm_key *_Atomic spare; /* the same key in another token */
};

struct hsm_key *hsm_key_new(struct hsm *hsm, EVP_PKEY *pub);
struct hsm_key *hsm_key_ref(struct hsm_key *key);
void hsm_key_free(struct hsm_key *key);
/* The handle of today, looked up again after a recovery. */
CK_RV hsm_key_handle(
    struct hsm_key *key, struct hsm_session *s, CK_OBJECT_HANDLE *out);
/* Read label, id and handle of object ${o} and load the public half. */
CK_RV hsm_key_load(
    struct hsm_session *s, CK_OBJECT_HANDLE o, struct hsm_key **out);

int hsm_key_id_hex(
    char *out, size_t size, const unsigned char *id, size_t id_len);
CK_RV hsm_key_info_read(
    struct hsm_session *s, CK_OBJECT_HANDLE o, struct hsm_key_info *out);
/* Is the key as safe as a found (or, ${made}, a generated) one must be? */
CK_RV hsm_key_assert(struct hsm_session *s, CK_OBJECT_HANDLE o, int made);

/* Public half of private key ${o}: HSM_RV_RAISED when there is none. */
CK_RV hsm_public_load(struct hsm_session *s, CK_OBJECT_HANDLE o,
    const char *label, const unsigned char *id, size_t id_len, EVP_PKEY **out);

/* ---- sign.c, encode.c -------------------------------------------------- */

struct hsm_sign_how {
	const EVP_MD *md;   /* hash that made the input; NULL: none */
	const EVP_MD *mgf1; /* PSS only; NULL: as md */
	int padding;	    /* RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING */
	int salt_len;	    /* octets, PSS only */
};

/*
 * Sign ${in}: a digest for EC and RSA, the whole text for Ed25519. ${sig} has
 * room for ${size} octets. 1, or 0 raised. May be called by many threads.
 */
int hsm_sign(struct hsm_key *key, const struct hsm_sign_how *how,
    const unsigned char *in, size_t in_len, unsigned char *sig, size_t size,
    size_t *out_len);
size_t hsm_sign_size(const struct hsm_key *key); /* upper bound, octets */
/* verify.c: is ${sig} one of ${in} (as in hsm_sign()) by ${pub}? 1 or 0. */
int hsm_verify(EVP_PKEY *pub, const struct hsm_sign_how *how,
    const unsigned char *in, size_t in_len, const unsigned char *sig,
    size_t sig_len);

/* DER SEQUENCE of the two halves of ${raw}; 0 when there is no room. */
int hsm_encode_ecdsa(const unsigned char *raw, size_t raw_len,
    unsigned char *out, size_t size, size_t *out_len);
/* DigestInfo (RFC 8017, 9.2) of ${digest}. */
int hsm_encode_digest_info(const EVP_MD *md, const unsigned char *digest,
    size_t digest_len, unsigned char *out, size_t size, size_t *out_len);
/* EMSA-PSS-ENCODE (RFC 8017, 9.1.1) into ${out}, (${bits} + 7) / 8 octets. */
int hsm_encode_pss(const struct hsm_sign_how *how, const unsigned char *digest,
    size_t digest_len, size_t bits, unsigned char *out);

/* ---- provider.c, prov_key.c, prov_sig.c, prov_param.c ------------------ */

#define HSM_PROVIDER "inkan-hsm"
#define HSM_PARAM_KEY "inkan-hsm-key"

/* Make the provider known, once per process. 1, or 0 raised. */
int hsm_provider_load(void);
/* An EVP_PKEY over ${key}, which is taken over also on failure. */
EVP_PKEY *hsm_provider_pkey(struct hsm_key *key);
/* The key behind ${pkey}, borrowed; NULL raised when it is not ours. */
struct hsm_key *hsm_provider_key(const EVP_PKEY *pkey);

extern const OSSL_DISPATCH hsm_prov_key_ec[], hsm_prov_key_rsa[],
    hsm_prov_key_ed25519[];
extern const OSSL_DISPATCH hsm_prov_sig_ecdsa[], hsm_prov_sig_rsa[],
    hsm_prov_sig_ed25519[];

struct hsm_sig {
	struct hsm_key *key;
	int type; /* EVP_PKEY_… of the algorithm */
	EVP_MD *md, *mgf1;
	EVP_MD_CTX *hash; /* of digest_sign and digest_verify */
	int fresh;	  /* ${hash} has been initialised, not fed */
	int padding;
	int salt_len; /* octets, or RSA_PSS_SALTLEN_… */
};

int hsm_sig_set_params(void *vsig, const OSSL_PARAM params[]);
int hsm_sig_get_params(void *vsig, OSSL_PARAM params[]);
const OSSL_PARAM *hsm_sig_settable(void *vsig, void *provctx);
const OSSL_PARAM *hsm_sig_gettable(void *vsig, void *provctx);
int hsm_sig_set_md(struct hsm_sig *sig, const char *name);
void hsm_sig_how(const struct hsm_sig *sig, struct hsm_sign_how *how);
/* DER AlgorithmIdentifier of what ${sig} makes; ${out} is to be freed. */
int hsm_sig_algorithm(const struct hsm_sig *sig, unsigned char **out);

#endif
