#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/logpub_run.h"
#include "ca/engine/publish.h"

/* Who else knows how large the log was: published files, anchors, evidence. */

static int
file_claim(struct logpub *l, const char *where, const char *path,
    logpub_claim_fn *cb, void *arg)
{
	char *note = OPENSSL_malloc(NOTE_MAX + 1);
	size_t len = 0;
	int rc = note == NULL ? -1 :
	    logpub_file_read(path, note, NOTE_MAX + 1, &len);

	if (rc == 1)
		rc = cb(l, where, note, len, arg) ? 1 : -1;
	OPENSSL_free(note);
	return rc >= 0;
}

static void
token_label(const struct logpub *l, char *out, size_t size)
{
	snprintf(out, size, "%.*s-anchor", HSM_LABEL_MAX - 8, l->conf->key);
}

struct token_claim {
	struct logpub *l;
	logpub_claim_fn *cb;
	void *arg;
};

static int
take_data(const unsigned char *data, size_t len, void *arg)
{
	struct token_claim *c = arg;

	return c->cb(c->l, "the token's anchor", (const char *)data, len,
	    c->arg);
}

static int
token_claims(struct logpub *l, time_t now, logpub_claim_fn *cb, void *arg)
{
	struct token_claim c = {l, cb, arg};
	char label[HSM_LABEL_MAX];
	struct ca_token *t;
	int ok;

	if (l->conf->token_anchor == 0)
		return 1;
	if ((t = tokens_lock(l->ca, l->conf->token, now)) == NULL)
		return 0;
	token_label(l, label, sizeof(label));
	ok = hsm_data_get(t->hsm, label, take_data, &c);
	tokens_unlock(t);
	return ok;
}

static int
evidence_tx(struct store_tx *tx, void *arg)
{
	return store_meta_get(tx, LOGPUB_EVIDENCE, arg, NOTE_MAX) >= 0;
}

static int
evidence_claim(struct logpub *l, logpub_claim_fn *cb, void *arg)
{
	char *note = OPENSSL_zalloc(NOTE_MAX);
	int ok;

	ok = note != NULL && store_read(l->ca->store, evidence_tx, note) &&
	    (note[0] == '\0' || cb(l, "a cosigned checkpoint", note,
	    strlen(note), arg));
	OPENSSL_free(note);
	return ok;
}

int
logpub_claim_each(struct logpub *l, time_t now, logpub_claim_fn *cb, void *arg)
{
	static const char *const names[] = {LOGPUB_CHECKPOINT,
	    LOGPUB_WITNESSED};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < 2; i++)
		if (!logpub_file_path(l, names[i], path) ||
		    !file_claim(l, names[i], path, cb, arg))
			return 0;
	for (i = 0; i < l->conf->n_anchors; i++)
		if (!file_claim(l, l->conf->anchors[i], l->conf->anchors[i],
		    cb, arg))
			return 0;
	return token_claims(l, now, cb, arg) && evidence_claim(l, cb, arg);
}

struct origins {
	const char *origin;
	int found;
};

static int
look_for(const struct log_row *row, void *arg)
{
	struct origins *o = arg;

	o->found |= strcmp(row->origin, o->origin) == 0;
	return 1;
}

static int
look_tx(struct store_tx *tx, void *arg)
{
	return logs_list(tx, look_for, arg);
}

/* Of a log of ours that ended before this one? Then it says nothing more. */
static int
is_past(struct logpub *l, const char *note, size_t len)
{
	struct log_checkpoint c;
	struct origins o = {c.origin, 0};
	struct note n;
	int ok;

	if (!note_parse(&n, note, len))
		return 0;
	ok = checkpoint_parse(&c, n.text) &&
	    strcmp(c.origin, l->row.origin) != 0 &&
	    store_read(l->ca->store, look_tx, &o) && o.found;
	note_clear(&n);
	return ok;
}

static int
add(struct logpub *l, const char *where, const char *note, size_t len,
    void *arg)
{
	struct logpub_claims *all = arg;
	struct logpub_claim c = {.note = NULL};
	size_t i;

	if (l->row.id == 0)
		return logpub_deny(l, "log.rollback: %s tells of a log that "
		    "the store does not know", where);
	if (is_past(l, note, len))
		return 1;
	if (!checkpoint_open(&c.c, note, len, &l->vkey)) {
		return logpub_deny(l, "log.anchor: %s does not hold a "
		    "checkpoint of the log %s", where, l->row.origin);
	}
	if (all->n == LOGPUB_CLAIMS_MAX ||
	    (c.note = OPENSSL_strndup(note, len)) == NULL)
		return 0;
	snprintf(c.where, sizeof(c.where), "%s", where);
	for (i = all->n++; i > 0 && all->item[i - 1].c.size > c.c.size; i--)
		all->item[i] = all->item[i - 1];
	all->item[i] = c;
	return 1;
}

int
logpub_claim_read(struct logpub *l, time_t now, struct logpub_claims *out)
{
	memset(out, 0, sizeof(*out));
	return logpub_claim_each(l, now, add, out);
}

void
logpub_claim_clear(struct logpub_claims *c)
{
	while (c->n > 0)
		OPENSSL_free(c->item[--c->n].note);
}

/* Anchors are to be found again by who looks for them: their trouble is told of
   by "status", once in the log, and stops nothing. */
static void
tell(struct logpub *l, const char *where)
{
	char why[256], lost[320];
	int news;

	report_last_text(why, sizeof(why));
	snprintf(lost, sizeof(lost), "%s: %s", where, why);
	pthread_mutex_lock(&l->lock);
	news = strcmp(l->view.lost, lost) != 0;
	memcpy(l->view.lost, lost, sizeof(lost));
	pthread_mutex_unlock(&l->lock);
	if (news)
		report_errors(REPORT_ERROR, "log.anchor.failed", "anchor",
		    where, NULL);
	ERR_clear_error();
}

static size_t
put_files(struct logpub *l)
{
	char dir[PATH_MAX];
	const char *name;
	size_t i, n = 0;

	for (i = 0; i < l->conf->n_anchors; i++) {
		snprintf(dir, sizeof(dir), "%s", l->conf->anchors[i]);
		name = strrchr(l->conf->anchors[i], '/') + 1;
		dir[name - l->conf->anchors[i] - 1] = '\0';
		if (publish_file(dir[0] == '\0' ? "/" : dir, name, l->note,
		    strlen(l->note)))
			n++;
		else
			tell(l, l->conf->anchors[i]);
	}
	return n;
}

static int
put_token(struct logpub *l, time_t now)
{
	struct ca_token *t = tokens_lock(l->ca, l->conf->token, now);
	struct hsm_token_info info;
	char label[HSM_LABEL_MAX];
	int ok = 0, soft = 0;

	token_label(l, label, sizeof(label));
	if (t != NULL) {
		ok = hsm_data_set(t->hsm, label, l->note, strlen(l->note));
		soft = ok && hsm_token_info(t->hsm, &info) &&
		    strstr(info.manufacturer, "SoftHSM") != NULL;
		tokens_unlock(t);
	}
	pthread_mutex_lock(&l->lock);
	l->view.token = ok ? 1 : -1;
	l->view.soft = soft;
	pthread_mutex_unlock(&l->lock);
	if (!ok)
		tell(l, "the token's anchor");
	return ok;
}

/* Tokens are not made for being written every second. */
static int
is_token_due(const struct logpub *l, time_t now)
{
	return l->conf->token_anchor != 0 &&
	    l->anchored_size != l->last.size && (l->anchored == 0 ||
	    now < l->anchored || now - l->anchored >= l->conf->token_anchor);
}

void
logpub_claim_put(struct logpub *l, time_t now, int all)
{
	int had_trouble, in_files = !l->shown;
	size_t n = l->conf->n_anchors;

	if (l->note == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	had_trouble = l->view.lost[0] != '\0';
	pthread_mutex_unlock(&l->lock);
	if (in_files || had_trouble)
		n = put_files(l);
	if (is_token_due(l, now) || (all && l->conf->token_anchor != 0 &&
	    l->anchored_size != l->last.size)) {
		l->anchored = now;
		if (put_token(l, now))
			l->anchored_size = l->last.size;
	}
	pthread_mutex_lock(&l->lock);
	l->view.files = n;
	if (n == l->conf->n_anchors && l->view.token >= 0)
		l->view.lost[0] = '\0';
	pthread_mutex_unlock(&l->lock);
}

static int
forget_tx(struct store_tx *tx, void *arg)
{
	return store_meta_set(tx, LOGPUB_EVIDENCE, arg);
}

int
logpub_claim_keep(struct logpub *l, const char *note)
{
	return store_write(l->ca->store, forget_tx, (void *)note,
	    STORE_URGENT);
}

/* They belong to a log that has ended. */
void
logpub_claim_forget(struct logpub *l, time_t now)
{
	char label[HSM_LABEL_MAX];
	struct ca_token *t = NULL;
	size_t i;

	ERR_set_mark();
	(void)logpub_claim_keep(l, "");
	for (i = 0; i < l->conf->n_anchors; i++)
		(void)unlink(l->conf->anchors[i]);
	if (l->conf->token_anchor != 0)
		t = tokens_lock(l->ca, l->conf->token, now);
	if (t != NULL) {
		token_label(l, label, sizeof(label));
		(void)hsm_data_set(t->hsm, label, NULL, 0);
		tokens_unlock(t);
	}
	ERR_pop_to_mark();
}
