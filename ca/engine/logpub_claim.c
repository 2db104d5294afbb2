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

/* The tokens that have an anchor: the log's, and the one that stands in for it.
   Returns how many. */
static size_t
anchor_tokens(const struct logpub *l, const char *token[2])
{
	token[0] = l->conf->token;
	token[1] = tokens_standby(l->ca, l->conf->token);
	return token[1] != NULL ? 2 : 1;
}

static const char *const anchor_where[2] = {
    "the token's anchor", "the standby's anchor"};

struct token_claim {
	struct logpub *l;
	logpub_claim_fn *cb;
	void *arg;
	const char *where;
	size_t n;
	int refused;
};

static int
take_data(const unsigned char *data, size_t len, void *arg)
{
	struct token_claim *c = arg;

	c->n++;
	c->refused = !c->cb(c->l, c->where, (const char *)data, len, c->arg);
	return !c->refused;
}

static int
read_token(struct token_claim *c, const char *token, time_t now)
{
	struct hsm *hsm = tokens_open(c->l->ca, token, now);
	char label[HSM_LABEL_MAX];

	token_label(c->l, label, sizeof(label));
	return hsm != NULL && hsm_data_get(hsm, label, take_data, c);
}

/* One of the two is enough; but when the log's own token is away, the other must
   know of the log. */
static int
token_claims(struct logpub *l, time_t now, logpub_claim_fn *cb, void *arg)
{
	struct token_claim c = {.l = l, .cb = cb, .arg = arg};
	const char *token[2];
	size_t n = anchor_tokens(l, token);
	int own, other;

	if (l->conf->token_anchor == 0)
		return 1;
	c.where = anchor_where[0];
	own = read_token(&c, token[0], now);
	if (c.refused || n == 1)
		return own;
	c.where = anchor_where[1];
	c.n = 0;
	ERR_set_mark();
	other = read_token(&c, token[1], now);
	if (c.refused) {
		ERR_clear_last_mark();
		return 0;
	}
	ERR_pop_to_mark();
	if (!own && other && c.n > 0) {
		own = 1;
		ERR_clear_error();
	}
	return own;
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
put_token(struct logpub *l, const char *token, time_t now, int *soft)
{
	struct hsm *hsm = tokens_open(l->ca, token, now);
	struct hsm_token_info info;
	char label[HSM_LABEL_MAX];

	token_label(l, label, sizeof(label));
	if (hsm == NULL ||
	    !hsm_data_set(hsm, label, l->note, strlen(l->note)))
		return 0;
	*soft |= hsm_token_info(hsm, &info) &&
	    strstr(info.manufacturer, "SoftHSM") != NULL;
	return 1;
}

static int
put_tokens(struct logpub *l, time_t now)
{
	const char *token[2];
	size_t i, n = anchor_tokens(l, token), done = 0;
	int soft = 0;

	for (i = 0; i < n; i++) {
		if (put_token(l, token[i], now, &soft))
			done++;
		else
			tell(l, anchor_where[i]);
	}
	pthread_mutex_lock(&l->lock);
	l->view.token = done == n ? 1 : -1;
	l->view.soft = soft;
	pthread_mutex_unlock(&l->lock);
	return done == n;
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
		if (put_tokens(l, now))
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
	const char *token[2];
	size_t i, n = l->conf->token_anchor != 0 ? anchor_tokens(l, token) : 0;
	struct hsm *hsm;

	ERR_set_mark();
	(void)logpub_claim_keep(l, "");
	for (i = 0; i < l->conf->n_anchors; i++)
		(void)unlink(l->conf->anchors[i]);
	token_label(l, label, sizeof(label));
	for (i = 0; i < n; i++)
		if ((hsm = tokens_open(l->ca, token[i], now)) != NULL)
			(void)hsm_data_set(hsm, label, NULL, 0);
	ERR_pop_to_mark();
}
