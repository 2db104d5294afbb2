#ifndef INKAN_CA_ENGINE_TOKENS_H
#define INKAN_CA_ENGINE_TOKENS_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include "ca/engine/issuer.h"
#include "ca/engine/settings.h"

/*
 * The tokens of an instance, and the keys of its CAs in them. Each token has a
 * lock of its own, is opened and opened again by itself, and one that is away
 * stops nobody but the CAs whose keys it holds.
 */

struct ca;

struct ca_token {
	const struct settings_token *conf;
	pthread_rwlock_t lock;	/* of all below, and its issuers' keys; never
				   taken twice: writers go first */
	struct hsm *_Atomic hsm;	/* NULL: token away. Set once, when its keys
				   were looked for, and open until
				   tokens_stop(): who has seen it may ask it
				   without the lock */
	char error[256];	/* why, or which key is missing, for status */
	int away;		/* it, or a key of an active CA */
	atomic_int no_standby;	/* a key is not in the token that stands in, or
				   that is away */
	int pin_refused;	/* at the last try */
	time_t tried;
	pthread_mutex_t stop_lock;	/* of what follows; taken after ${lock} */
	int stop_read;		/* ${stop_logged} is known */
	int stop_logged;	/* the log's last word is that it is stopped */
	int stop_told;		/* that it could not be written was said */
};

/* Why a CA's key is wanted. */
enum issuer_use {
	ISSUER_TO_ISSUE,	/* certificates: only by an active CA */
	ISSUER_TO_VOUCH		/* CRLs, and delegates that answer for it: by a
				   disabled one too, for what it issued */
};

/* Open them all and find the keys of active and disabled CAs. A token that is
   absent is no failure (it is tried again); 0 raised when a PIN was refused
   (HSM_E_PIN), or memory is short. */
int tokens_start(struct ca *ca, time_t now);
/* Frees keys and tokens; the set of issuers must be cleared already. */
void tokens_stop(struct ca *ca);

/* By its name in inkan-ca.conf, "" being the one of ${token}. NULL, nothing
   raised, when there is none. */
struct ca_token *tokens_find(struct ca *ca, const char *name);

/* The read lock of a token that is open; it is opened again where it was away.
   NULL raised (CA_E_CONFIG no such token, CA_E_SIGN), lock not held. */
struct ca_token *tokens_lock(struct ca *ca, const char *name, time_t now);
void tokens_unlock(struct ca_token *t);
/* The same, but what is found is used without the lock. NULL raised. */
struct hsm *tokens_open(struct ca *ca, const char *name, time_t now);
/* Its name for the log; NULL: the one of ${token} has none. */
const char *tokens_name(const struct ca_token *t);

/*
 * The issuer of that ident or name, with its key at hand; its token is opened
 * again where it was away. Its token's read lock is held while it signs, and
 * given back by ca_issuer_unlock(). A CA cannot be disabled meanwhile. NULL
 * raised, lock not held: CA_E_NOTFOUND, CA_E_SIGN, CA_E_DENIED with
 * "issuer.disabled" or "issuer.root".
 */
struct issuer *ca_issuer_lock_for(struct ca *ca, const char *name,
    enum issuer_use use, time_t now);
/* To issue certificates. */
struct issuer *ca_issuer_lock(struct ca *ca, const char *name, time_t now);
void ca_issuer_unlock(struct ca *ca, struct issuer *is);

/*
 * tokens_standby.c: a token that stands in for another one. Each key of a CA
 * signs in both: in that one's stead, or, where the other was away when the
 * program started, the other way round, until it starts again.
 */
/* Has ${is} a key that a token is to hold? */
int tokens_has_key_of(const struct issuer *is);
/* ${is} brings a key that nobody uses yet: the token's standby is to sign for it,
   too. Where it cannot, that is told of as at the start ("token.no-standby").
   The token's lock held. */
void tokens_add_key(struct ca *ca, struct issuer *is);
/* The same for all keys of ${t}; those that it cannot give, for it is away, are
   taken from its standby. Its lock for writing held, or at the start. */
void tokens_stand_in(struct ca *ca, struct ca_token *t);
/* For the schedule: what could not stand in is tried again. */
void tokens_standby_round(struct ca *ca, time_t now);
/* Name of the token that stands in for that one; NULL: none does. */
const char *tokens_standby(struct ca *ca, const char *name);

/* For the schedule: that a token was stopped, or is stopped no more because its
   file was removed, is written to the log ("alarm.token", "token.resume"). What
   cannot be written is tried again in the next round. */
void tokens_watch(struct ca *ca, time_t now);
/* An operator lets it go on (hsm_resume()): an entry "token.resume", then it is
   done. 1, or 0 raised: CA_E_DENIED "token.resume: ..." when it is well,
   CA_E_SIGN when it is not open, CA_E_STORE. */
struct token_resume { const char *who, *text; time_t now; };
int tokens_resume(struct ca *ca, struct ca_token *t,
    const struct token_resume *r);

/* Is the key at hand now? Waits for nobody: the token may be being opened, and
   hang. */
int ca_issuer_has_key(const struct issuer *is);
/* Is its token open, and the key was not found there? The same. */
int ca_issuer_lacks_key(const struct issuer *is);

#endif
