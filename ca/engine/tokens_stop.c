#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/records.h"
#include "ca/engine/ca.h"
#include "ca/engine/tokens.h"

/*
 * A token that is stopped (hsm_resume()) stands in the log: that it is, and that
 * it is no more. The thread that met the wrong signature cannot write it, so the
 * state of the token is held against what was written last, which the store
 * remembers: a stop just before the end of the program is written by the next.
 */

struct stop {
	const char *name;	/* of the token; "" */
	const char *kind, *who, *text;
	const char *mark;	/* the store's meta; "" not stopped */
	time_t now;
};

static void
mark_name(const char *token, char *out, size_t size)
{
	snprintf(out, size, "token.stopped.%s", token);
}

static int
stop_tx(struct store_tx *tx, void *arg)
{
	const struct stop *s = arg;
	WIRE_FIELDS *l = field_list_new();
	char mark[96];
	int ok;

	mark_name(s->name, mark, sizeof(mark));
	ok = l != NULL && field_add_text(l, "token", s->name) &&
	    (s->who == NULL || field_add_text(l, "who", s->who)) &&
	    field_add_text(l, "text", s->text) &&
	    entries_append(tx, s->kind, s->now, l, NULL) &&
	    store_meta_set(tx, mark, s->mark);
	field_list_free(l);
	return ok;
}

struct asking {
	const char *name;
	int marked;
};

static int
mark_tx(struct store_tx *tx, void *arg)
{
	struct asking *a = arg;
	char mark[96], text[8] = "";
	int found;

	mark_name(a->name, mark, sizeof(mark));
	found = store_meta_get(tx, mark, text, sizeof(text));
	a->marked = found == 1 && text[0] != '\0';
	return found >= 0;
}

/* What the log says, read once. ${t}->stop_lock held. */
static int
read_mark(struct ca *ca, struct ca_token *t)
{
	struct asking a = {.name = t->conf->name};

	if (t->stop_read)
		return 1;
	if (!store_read(ca->store, mark_tx, &a))
		return 0;
	t->stop_logged = a.marked;
	t->stop_read = 1;
	return 1;
}

static int
write_stop(struct ca *ca, struct ca_token *t, const struct stop *s)
{
	if (!store_write(ca->store, stop_tx, (void *)(uintptr_t)s,
	    STORE_URGENT))
		return 0;
	t->stop_logged = s->mark[0] != '\0';
	return 1;
}

/* Hold the token against the log. ${t}->stop_lock held. 1, or 0 raised. */
static int
settle(struct ca *ca, struct ca_token *t, const struct hsm_health *h,
    time_t now)
{
	struct stop s = {.name = t->conf->name, .now = now};

	if (!read_mark(ca, t))
		return 0;
	if ((h->state == HSM_STOPPED) == t->stop_logged)
		return 1;
	if (h->state == HSM_STOPPED) {
		s.kind = "alarm.token";
		s.text = h->why;
		s.mark = "1";
	} else {
		s.kind = "token.resume";
		s.who = "file";
		s.text = "the file that kept it stopped was removed";
		s.mark = "";
	}
	return write_stop(ca, t, &s);
}

/* Read lock of the token held. */
static void
watch(struct ca *ca, struct ca_token *t, time_t now)
{
	struct hsm_health h;

	pthread_mutex_lock(&t->stop_lock);
	/* Only now: an operator who had the lock may have let it go on. */
	hsm_health(t->hsm, &h);
	if (settle(ca, t, &h, now)) {
		t->stop_told = 0;
	} else {
		if (!t->stop_told)
			report_errors(REPORT_ERROR, "token.unlogged", "token",
			    t->conf->name, NULL);
		t->stop_told = 1;
		ERR_clear_error();
	}
	pthread_mutex_unlock(&t->stop_lock);
}

void
tokens_watch(struct ca *ca, time_t now)
{
	struct ca_token *t;
	size_t i;

	for (i = 0; i < ca->n_tokens; i++) {
		t = &ca->tokens[i];
		/* Who has it for writing opens it: the next round sees. */
		if (pthread_rwlock_tryrdlock(&t->lock) != 0)
			continue;
		if (t->hsm != NULL)
			watch(ca, t, now);
		pthread_rwlock_unlock(&t->lock);
	}
}

/* On record first: what cannot be written is not resumed. Read lock of the token
   and its stop_lock held. */
static int
resume(struct ca *ca, struct ca_token *t, const struct token_resume *r)
{
	struct stop s = {.name = t->conf->name, .kind = "token.resume",
	    .who = r->who, .text = r->text, .mark = "", .now = r->now};
	struct hsm_health h;

	hsm_health(t->hsm, &h);
	if (h.state == HSM_WELL) {
		ca_raise(CA_E_DENIED, "token.resume: the token is well; there "
		    "is nothing to resume");
		return 0;
	}
	return settle(ca, t, &h, r->now) && write_stop(ca, t, &s) &&
	    hsm_resume(t->hsm);
}

int
tokens_resume(struct ca *ca, struct ca_token *t, const struct token_resume *r)
{
	int ok = 0;

	pthread_rwlock_rdlock(&t->lock);
	pthread_mutex_lock(&t->stop_lock);
	if (t->hsm != NULL)
		ok = resume(ca, t, r);
	else
		ca_raise(CA_E_SIGN, "token.resume: the token is not open, and "
		    "is tried again by itself: %s", t->error);
	pthread_mutex_unlock(&t->stop_lock);
	pthread_rwlock_unlock(&t->lock);
	return ok;
}
