#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/ops_status.h"
#include "ca/engine/told.h"

/*
 * tell-own: a responder says how it is; "status" passes it on. A responder goes
 * on without us, so that it can only be us who hear of it.
 */

/* A responder tells every 20 seconds; this long without is worth a word. */
#define SILENCE 90
#define VALIDITY_MAX (7 * 86400) /* of inkan-ocsp.conf */
#define RATE_MAX 1000000000	 /* signatures a second */

static void
copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text == NULL ? "" : text);
}

/* The lists are parallel: the i-th of each is about the i-th issuer. */
static int
take_issuer(struct ops_call *c, size_t i, struct told_issuer *out)
{
	const WIRE_FIELD *state = field_find(c->args, "state", i);
	const WIRE_FIELD *rate = field_find(c->args, "rate", i);
	const WIRE_FIELD *budget = field_find(c->args, "budget", i);

	if (state == NULL || rate == NULL || budget == NULL)
		return ops_bad(c, "issuer", "each needs state, rate and "
		    "budget");
	copy(out->ident, sizeof(out->ident),
	    field_get_text(field_find(c->args, "issuer", i)));
	copy(out->state, sizeof(out->state), field_get_text(state));
	out->rate = field_get_int(rate);
	out->budget = field_get_int(budget);
	if (out->rate < 0 || out->rate > RATE_MAX)
		return ops_bad(c, "rate", "0 to %d", RATE_MAX);
	if (out->budget < 0 || out->budget > RATE_MAX)
		return ops_bad(c, "budget", "0 to %d", RATE_MAX);
	return 1;
}

static int
take_told(struct ops_call *c, struct told *t)
{
	size_t i, n = field_count(c->args, "issuer");

	if (n > TOLD_ISSUERS_MAX)
		return ops_bad(c, "issuer", "more than %d", TOLD_ISSUERS_MAX);
	t->uid = c->peer->uid;
	t->at = c->now;
	copy(t->name, sizeof(t->name), ops_text(c, "name"));
	copy(t->view, sizeof(t->view), ops_text(c, "view"));
	t->age = field_int(c->args, "age", 0);
	t->validity = field_int(c->args, "validity", 0);
	t->refresh = field_int(c->args, "refresh", 0);
	/* As inkan-ocsp.conf has them: "ocsp plan" divides by their difference. */
	if (t->validity < 10 || t->validity > VALIDITY_MAX)
		return ops_bad(c, "validity", "10 seconds to 7 days");
	if (t->refresh < 0 || t->refresh > t->validity / 2)
		return ops_bad(c, "refresh", "at most half of validity");
	for (i = 0; i < n; i++)
		if (!take_issuer(c, i, &t->issuer[i]))
			return 0;
	t->n = n;
	return 1;
}

int
ops_tell_own(struct ops_call *c)
{
	struct told *t = OPENSSL_zalloc(sizeof(*t));
	int ok = t != NULL && take_told(c, t);

	if (ok && c->ca->told != NULL)
		told_put(c->ca->told, t);
	OPENSSL_free(t);
	return ok;
}

/* What it cannot sign, one by one; how many it can. */
static size_t
say_issuers(struct checking *k, const struct told *t)
{
	char check[2 * TOLD_NAME_MAX + 16];
	size_t i, good = 0;

	for (i = 0; i < t->n; i++) {
		if (strcmp(t->issuer[i].state, "ok") == 0) {
			good++;
			continue;
		}
		snprintf(check, sizeof(check), "ocsp:%s %s", t->name,
		    t->issuer[i].ident);
		ops_say(k, check, FAIL, 0, "signs nothing: %s; answers in "
		    "memory go on until their nextUpdate, new ones are "
		    "tryLater", t->issuer[i].state);
	}
	return good;
}

static void
say_told(struct checking *k, const struct told *t)
{
	long long silent = (long long)(k->c->now - t->at);
	char check[TOLD_NAME_MAX + 16];
	size_t good;

	snprintf(check, sizeof(check), "ocsp:%s", t->name);
	if (silent > SILENCE) {
		ops_say(k, check, WARN, 0, "has told nothing for %lld s: it is "
		    "down, or cut off from svc.sock", silent);
		return;
	}
	good = say_issuers(k, t);
	if (strcmp(t->view, "ok") != 0)
		ops_say(k, check, FAIL, 0, "says nothing new: %s", t->view);
	else
		ops_say(k, check, OK, 0, "sees status.db as of %lld s before, "
		    "signs for %zu of %zu issuers",
		    (long long)t->age, good, t->n);
}

void
ops_status_told(struct checking *k)
{
	struct told *t = OPENSSL_zalloc(sizeof(*t));
	size_t i;

	for (i = 0; t != NULL && told_get(k->c->ca->told, i, k->c->now, t); i++)
		say_told(k, t);
	if (t == NULL)
		k->failed = 1;
	OPENSSL_free(t);
}
