#include <openssl/err.h>

#include "ca/report/report.h"
#include "ca/engine/ca.h"
#include "ca/engine/tokens.h"

static struct ca_token *
standby_of(struct ca *ca, const struct ca_token *t)
{
	return t->conf->has_standby ? tokens_find(ca, t->conf->standby) : NULL;
}

const char *
tokens_standby(struct ca *ca, const char *name)
{
	struct ca_token *t = tokens_find(ca, name);

	return t != NULL && t->conf->has_standby ? t->conf->standby : NULL;
}

static int
signs(struct ca_token *t, const struct issuer *is)
{
	struct hsm *hsm = t->hsm;

	return hsm != NULL && hsm_key_add_spare(is->key, hsm);
}

/*
 * Both are to sign for the key: to the one that it is of, that says nothing. No
 * lock of the other is taken: who opens it may take long. NULL, or the one that
 * does not, for it is away, or with the reason raised.
 */
static struct ca_token *
lacking(struct ca *ca, const struct issuer *is)
{
	struct ca_token *t = is->token, *other = standby_of(ca, t);

	return !signs(other, is) ? other : !signs(t, is) ? t : NULL;
}

/* It signs without, too: what is wrong is said, and stops nothing. That its own
   token is away was said. */
static void
stand_in(struct ca *ca, struct issuer *is)
{
	struct ca_token *t = is->token, *which;

	if (!t->conf->has_standby || t->hsm == NULL ||
	    (which = lacking(ca, is)) == NULL)
		return;
	t->no_standby = 1;
	report_errors(REPORT_ERROR, "token.no-standby", "issuer",
	    is->row.ident, "token", tokens_name(which), NULL);
}

void
tokens_add_key(struct ca *ca, struct issuer *is)
{
	/* issue.c and crl_build.c do. */
	hsm_key_caller_verifies(is->key);
	stand_in(ca, is);
}

/* The token is away, and its standby is there. */
static void
borrow(struct ca *ca, struct ca_token *t, struct hsm *other)
{
	struct issuer *is;
	size_t i;

	for (i = 0; i < ca->issuers.n; i++) {
		is = ca->issuers.item[i];
		if (is->token != t || is->key != NULL ||
		    !tokens_has_key_of(is) || !issuer_take_key(is, other))
			continue;
		hsm_key_caller_verifies(is->key);
		report_event(REPORT_WARN, "token.standby", "issuer",
		    is->row.ident, "token", t->conf->standby, NULL);
	}
	ERR_clear_error();
}

void
tokens_stand_in(struct ca *ca, struct ca_token *t)
{
	struct ca_token *other = standby_of(ca, t);
	struct issuer *is;
	size_t i;

	t->no_standby = 0;
	if (other != NULL && t->hsm == NULL && other->hsm != NULL)
		borrow(ca, t, other->hsm);
	for (i = 0; i < ca->issuers.n; i++) {
		is = ca->issuers.item[i];
		if (is->token == t && is->key != NULL)
			stand_in(ca, is);
	}
}

/* Quietly, for it was told of. Without the token's lock: a key stays once it is
   there, and others sign with it meanwhile. */
static int
all_stand_in(struct ca *ca, struct ca_token *t)
{
	struct issuer *is;
	size_t i;

	for (i = 0; i < ca->issuers.n; i++) {
		is = ca->issuers.item[i];
		if (is->token == t && is->key != NULL &&
		    lacking(ca, is) != NULL)
			return 0;
	}
	return 1;
}

static int
lacks_keys(struct ca *ca, const struct ca_token *t)
{
	const struct issuer *is;
	size_t i;

	for (i = 0; i < ca->issuers.n; i++) {
		is = ca->issuers.item[i];
		if (is->token == t && is->key == NULL && tokens_has_key_of(is))
			return 1;
	}
	return 0;
}

static void
try_again(struct ca *ca, struct ca_token *t, time_t now)
{
	struct hsm *own = tokens_open(ca, t->conf->name, now);
	struct hsm *other = tokens_open(ca, t->conf->standby, now);

	if (own == NULL && other != NULL && lacks_keys(ca, t)) {
		pthread_rwlock_wrlock(&t->lock);
		borrow(ca, t, other);
		pthread_rwlock_unlock(&t->lock);
	}
	if (own == NULL || other == NULL || !t->no_standby)
		return;
	t->no_standby = 0;
	if (all_stand_in(ca, t))
		report_event(REPORT_INFO, "token.stands-in", "token",
		    tokens_name(t), "standby", t->conf->standby, NULL);
	else
		t->no_standby = 1;
}

void
tokens_standby_round(struct ca *ca, time_t now)
{
	struct ca_token *t;
	size_t i;

	for (i = 0; i < ca->n_tokens; i++) {
		t = &ca->tokens[i];
		if (t->conf->has_standby && (t->no_standby || t->hsm == NULL))
			try_again(ca, t, now);
	}
	ERR_clear_error();
}
