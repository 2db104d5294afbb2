#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "hsm/error.h"
#include "ca/engine/ca.h"
#include "ca/engine/tokens.h"

#define TOKEN_RETRY 2		/* seconds between tries to open a token */

struct ca_token *
tokens_find(struct ca *ca, const char *name)
{
	size_t i;

	for (i = 0; i < ca->n_tokens; i++)
		if (strcmp(ca->tokens[i].conf->name, name) == 0)
			return &ca->tokens[i];
	return NULL;
}

int
tokens_has_key_of(const struct issuer *is)
{
	return is->row.state == ISSUER_ACTIVE ||
	    is->row.state == ISSUER_DISABLED;
}

const char *
tokens_name(const struct ca_token *t)
{
	return t->conf->name[0] != '\0' ? t->conf->name : NULL;
}

/* A thread that signs calls this: it only writes to the log. */
static void
tell(enum hsm_event event, const char *why, void *arg)
{
	static const struct {
		enum report_level level;
		const char *name;
	} AS[] = {
	    [HSM_EVENT_AWAY] = {REPORT_ERROR, "token.away"},
	    [HSM_EVENT_STUCK] = {REPORT_ERROR, "token.stuck"},
	    [HSM_EVENT_BACK] = {REPORT_INFO, "token.back"},
	    [HSM_EVENT_WRONG] = {REPORT_ERROR, "token.wrong-signature"},
	};

	report_event(AS[event].level, AS[event].name, "token", tokens_name(arg),
	    "error", why[0] != '\0' ? why : NULL, NULL);
}

/* One CA's key that is missing does not stop the others; that of a disabled one
   may be gone for good reason. */
static int
take_keys(struct ca *ca, struct ca_token *t, struct hsm *hsm, int *all)
{
	struct issuer *is;
	size_t i;
	int ok = 1;

	for (i = 0; i < ca->issuers.n; i++) {
		is = ca->issuers.item[i];
		if (is->token != t || is->key != NULL ||
		    !tokens_has_key_of(is))
			continue;
		if (issuer_take_key(is, hsm)) {
			/* issue.c and crl_build.c do. */
			hsm_key_caller_verifies(is->key);
			continue;
		}
		*all = 0;
		ok &= is->row.state == ISSUER_DISABLED;
	}
	return ok;
}

/* Write lock held. Opens the token and finds its issuers' keys. */
static int
open_token(struct ca *ca, struct ca_token *t, time_t now)
{
	struct hsm *hsm = t->hsm;
	struct hsm_config cfg;
	int all = 1, ok;

	t->tried = now;
	if (hsm == NULL) {
		settings_hsm(t->conf, &cfg);
		cfg.notify = tell;
		cfg.notify_arg = t;
		hsm = hsm_open(&cfg);
	}
	ok = hsm != NULL && take_keys(ca, t, hsm, &all);
	t->hsm = hsm;
	t->pin_refused = !ok && report_last_reason() == HSM_E_PIN;
	t->away = !ok;
	t->error[0] = '\0';
	if (t->hsm == NULL || !all)
		report_trace(t->error, sizeof(t->error));
	if (ok)
		ERR_clear_error();
	return ok;
}

static void
say_absent(const struct ca_token *t)
{
	report_errors(REPORT_ERROR, "token.absent", "token", tokens_name(t),
	    NULL);
}

/*
 * Who has the keys for writing, to open the token or to change a CA, must not
 * starve behind a stream of enrolments. So whoever waits for the read lock may
 * wait for a writer that waits for a reader: nobody takes it twice, or while
 * he holds what a reader waits for.
 */
static void
init_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
	    &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(lock, &attr);
	pthread_rwlockattr_destroy(&attr);
}

static int
make_tokens(struct ca *ca)
{
	const struct settings *s = ca->settings;
	size_t i;

	ca->tokens = OPENSSL_zalloc((1 + s->n_tokens) * sizeof(*ca->tokens));
	if (ca->tokens == NULL)
		return 0;
	for (i = 0; i < 1 + s->n_tokens; i++) {
		ca->tokens[i].conf = i == 0 ? &s->token : &s->tokens[i - 1];
		init_lock(&ca->tokens[i].lock);
		pthread_mutex_init(&ca->tokens[i].stop_lock, NULL);
	}
	ca->n_tokens = 1 + s->n_tokens;
	return 1;
}

static void
assign_issuers(struct ca *ca)
{
	struct issuer *is;
	size_t i;

	for (i = 0; i < ca->issuers.n; i++) {
		is = ca->issuers.item[i];
		if (!tokens_has_key_of(is))
			continue;
		is->token = tokens_find(ca, is->row.token);
		if (is->token == NULL)
			report_event(REPORT_ERROR, "token.unknown", "issuer",
			    is->row.ident, "token", is->row.token, NULL);
	}
}

int
tokens_start(struct ca *ca, time_t now)
{
	struct ca_token *t;
	size_t i;

	if (!make_tokens(ca))
		return 0;
	assign_issuers(ca);
	for (i = 0; i < ca->n_tokens; i++) {
		t = &ca->tokens[i];
		if (open_token(ca, t, now))
			continue;
		if (t->pin_refused)
			return 0;	/* the caller ends: HSM_EXIT_PIN */
		say_absent(t);
	}
	for (i = 0; i < ca->n_tokens; i++)
		tokens_stand_in(ca, &ca->tokens[i]);
	return 1;
}

void
tokens_stop(struct ca *ca)
{
	size_t i;

	for (i = 0; i < ca->n_tokens; i++) {
		hsm_close(ca->tokens[i].hsm);
		pthread_rwlock_destroy(&ca->tokens[i].lock);
		pthread_mutex_destroy(&ca->tokens[i].stop_lock);
	}
	OPENSSL_free(ca->tokens);
	ca->tokens = NULL;
	ca->n_tokens = 0;
}

/* Lock held. Also when the clock went back. */
static int
is_due(const struct ca_token *t, time_t now)
{
	return now - t->tried >= TOKEN_RETRY || now < t->tried;
}

/* Write lock held. What is still as it was told of is not told again. */
static void
try_again(struct ca *ca, struct ca_token *t, time_t now)
{
	int was_away = t->away;
	char told[sizeof(t->error)];

	memcpy(told, t->error, sizeof(told));
	if (open_token(ca, t, now))
		tokens_stand_in(ca, t);
	else if (!was_away || strcmp(told, t->error) != 0)
		say_absent(t);
	else
		ERR_clear_error();
	if (!t->away && was_away)
		report_event(REPORT_INFO, "token.back", "token",
		    tokens_name(t), NULL);
}

/* The token, or a key, was away: try again, but not more often than
   TOKEN_RETRY. Read lock held, which is given back meanwhile: who signs waits
   only for a try that is made. */
static void
revive(struct ca *ca, struct ca_token *t, time_t now)
{
	if (!is_due(t, now))
		return;
	pthread_rwlock_unlock(&t->lock);
	pthread_rwlock_wrlock(&t->lock);
	if (is_due(t, now))
		try_again(ca, t, now);
	pthread_rwlock_unlock(&t->lock);
	pthread_rwlock_rdlock(&t->lock);
}

struct ca_token *
tokens_lock(struct ca *ca, const char *name, time_t now)
{
	struct ca_token *t = tokens_find(ca, name);

	if (t == NULL) {
		ca_raise(CA_E_CONFIG, "token.unknown: inkan-ca.conf names no "
		    "token \"%s\"", name);
		return NULL;
	}
	pthread_rwlock_rdlock(&t->lock);
	if (t->hsm == NULL)
		revive(ca, t, now);
	if (t->hsm != NULL)
		return t;
	ca_raise(CA_E_SIGN, "token: %s", t->error);
	pthread_rwlock_unlock(&t->lock);
	return NULL;
}

void
tokens_unlock(struct ca_token *t)
{
	pthread_rwlock_unlock(&t->lock);
}

struct hsm *
tokens_open(struct ca *ca, const char *name, time_t now)
{
	struct ca_token *t = tokens_lock(ca, name, now);
	struct hsm *hsm = t == NULL ? NULL : t->hsm;

	if (t != NULL)
		tokens_unlock(t);
	return hsm;
}

static struct issuer *
find(struct ca *ca, const char *name)
{
	struct issuer *is = issuer_set_find(&ca->issuers, name);

	if (is == NULL)
		ca_raise(CA_E_NOTFOUND, "issuer: no CA \"%s\"", name);
	else if (is->row.state == ISSUER_ROOT)
		ca_raise(CA_E_DENIED, "issuer.root: CA \"%s\" does not issue "
		    "here", is->row.ident);
	else if (is->token == NULL)
		ca_raise(CA_E_SIGN, "token: CA %s has its key in token \"%s\", "
		    "which inkan-ca.conf does not name", is->row.ident,
		    is->row.token);
	else
		return is;
	return NULL;
}

static int
may(const struct issuer *is, enum issuer_use use)
{
	if (use == ISSUER_TO_VOUCH || is->row.state == ISSUER_ACTIVE)
		return 1;
	ca_raise(CA_E_DENIED, "issuer.disabled: CA %s is disabled: it issues "
	    "nothing, and only vouches for what it issued", is->row.ident);
	return 0;
}

/* Read lock of its token held. */
static struct issuer *
with_key(struct ca *ca, struct issuer *is, enum issuer_use use)
{
	/* It may have been replaced before we had the lock. */
	struct issuer *now = issuer_set_by_id(&ca->issuers, is->row.id);

	if (!may(now, use))
		return NULL;
	if (now->key == NULL)
		ca_raise(CA_E_SIGN, "token: %s", now->token->error);
	return now->key == NULL ? NULL : now;
}

struct issuer *
ca_issuer_lock_for(struct ca *ca, const char *name, enum issuer_use use,
    time_t now)
{
	struct issuer *is = find(ca, name), *got;
	struct ca_token *t;

	if (is == NULL || !may(is, use))
		return NULL;
	t = is->token;
	pthread_rwlock_rdlock(&t->lock);
	if (is->key == NULL)
		revive(ca, t, now);
	got = with_key(ca, is, use);
	if (got == NULL)
		pthread_rwlock_unlock(&t->lock);
	return got;
}

struct issuer *
ca_issuer_lock(struct ca *ca, const char *name, time_t now)
{
	return ca_issuer_lock_for(ca, name, ISSUER_TO_ISSUE, now);
}

void
ca_issuer_unlock(struct ca *ca, struct issuer *is)
{
	(void)ca;
	pthread_rwlock_unlock(&is->token->lock);
}

int
ca_issuer_has_key(const struct issuer *is)
{
	return is->token != NULL && is->key != NULL;
}

int
ca_issuer_lacks_key(const struct issuer *is)
{
	return is->token != NULL && is->token->hsm != NULL && is->key == NULL;
}
