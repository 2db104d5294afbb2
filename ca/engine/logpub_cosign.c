#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/logpub_run.h"
#include "ca/engine/publish.h"

/* What witnesses say of a checkpoint. */

struct cosigning {
	struct logpub *l;
	struct log_checkpoint c;	/* as it came */
	struct log_checkpoint_row row;	/* as we signed it */
	int64_t log, size;
	int found;
	const char *merged;
	size_t n;
};

static int
row_tx(struct store_tx *tx, void *arg)
{
	struct cosigning *g = arg;

	g->found = logs_checkpoint_get(tx, g->log, g->size, 0, &g->row);
	return g->found >= 0;
}

static int
merged_tx(struct store_tx *tx, void *arg)
{
	struct cosigning *g = arg;

	return logs_checkpoint_set_note(tx, g->log, g->size, g->merged,
	    (int)g->n);
}

/* 1 the witness has signed it, 0 not, -1 raised. */
static int
has_signed(const struct note *n, const struct note_key *w)
{
	return note_verify(n, w, NULL);
}

static int
count(struct logpub *l, const char *text, size_t *out)
{
	struct note n;
	size_t i;
	int rc = 0;

	*out = 0;
	if (!note_parse(&n, text, strlen(text)))
		return 0;
	for (i = 0; i < l->n_witnesses; i++) {
		rc = has_signed(&n, &l->witness[i]);
		if (rc < 0)
			break;
		*out += rc == 1;
	}
	note_clear(&n);
	return rc >= 0;
}

static int
is_witness(struct logpub *l, const struct note_signature *s)
{
	size_t i;

	for (i = 0; i < l->n_witnesses; i++)
		if (l->witness[i].id == s->id &&
		    strcmp(l->witness[i].name, s->name) == 0)
			return 1;
	return 0;
}

/* The text with the lines of our witnesses alone; others' are not kept. To be
   freed; NULL raised. */
static char *
only_witnesses(struct logpub *l, const char *text)
{
	const char *p, *end;
	struct note n;
	size_t i, at;
	char *out;

	if (!note_parse(&n, text, strlen(text)))
		return NULL;
	at = n.text_len + 1;
	out = OPENSSL_zalloc(strlen(text) + 1);
	if (out != NULL)
		memcpy(out, text, at);
	for (i = 0, p = text + at; out != NULL && i < n.n; i++, p = end + 1) {
		end = strchr(p, '\n');
		if (!is_witness(l, &n.sig[i]))
			continue;
		memcpy(out + at, p, (size_t)(end - p) + 1);
		at += (size_t)(end - p) + 1;
	}
	note_clear(&n);
	return out;
}

/* We have signed it, and the store knows nothing of it. */
static int
evidence(struct logpub *l, const char *note, const char *rule,
    const struct log_checkpoint *c)
{
	(void)logpub_claim_keep(l, note);
	return logpub_deny(l, "%s: a checkpoint of %" PRIu64 " entries came "
	    "that this log signed, and the store does not know it", rule,
	    c->size);
}

/* The row of it, or what it means that there is none. */
static int
find_row(struct cosigning *g, const char *note)
{
	struct logpub *l = g->l;

	g->log = l->row.id;
	g->size = (int64_t)g->c.size;
	if (g->c.size > l->last.size)
		return evidence(l, note, "log.rollback", &g->c);
	if (!store_read(l->ca->store, row_tx, g))
		return 0;
	if (g->found == 1 && memcmp(g->row.root, g->c.root.b, LOG_HASH) == 0)
		return 1;
	ERR_set_mark();
	if (!logpub_sign_continues(l, &g->c, &l->last) &&
	    report_last_reason() == CA_E_BADREQUEST) {
		ERR_pop_to_mark();
		return evidence(l, note, "log.fork", &g->c);
	}
	ERR_pop_to_mark();
	ca_raise(CA_E_NOTFOUND, "log.unknown: no checkpoint of %" PRIu64
	    " entries is kept; cosign a newer one", g->c.size);
	return 0;
}

static int
show(struct cosigning *g)
{
	struct logpub *l = g->l;
	const char *dir = l->ca->settings->publish_dir;
	struct logpub_view v;
	char *note;

	logpub_look(l, &v);
	if (g->c.size == l->last.size) {
		note = OPENSSL_strdup(g->merged);
		if (note == NULL)
			return 0;
		OPENSSL_free(l->note);
		l->note = note;
		if (!logpub_sign_show(l))
			return 0;
	}
	if (g->size < v.cosigned)
		return 1;
	if (!publish_file(dir, LOGPUB_WITNESSED, g->merged,
	    strlen(g->merged)))
		return 0;
	pthread_mutex_lock(&l->lock);
	l->view.cosigned = g->size;
	l->view.cosigned_at = g->row.time;
	pthread_mutex_unlock(&l->lock);
	return 1;
}

static int
keep(struct cosigning *g, const char *text)
{
	struct logpub *l = g->l;
	char *more = only_witnesses(l, text), *merged = NULL;
	int ok = 0;

	if (more != NULL)
		merged = note_merge(g->row.note, more);
	g->merged = merged;
	if (merged != NULL && count(l, merged, &g->n))
		ok = store_write(l->ca->store, merged_tx, g, STORE_URGENT) &&
		    show(g);
	OPENSSL_free(merged);
	OPENSSL_free(more);
	return ok;
}

static int
cosign(struct cosigning *g, const char *note)
{
	struct logpub *l = g->l;
	size_t n;

	if (l->row.id == 0 || l->tree == NULL) {
		ca_raise(CA_E_STOPPED, "log.check: the log is not going");
		return 0;
	}
	if (!checkpoint_open(&g->c, note, strlen(note), &l->vkey) ||
	    !find_row(g, note) || !count(l, note, &n))
		return 0;
	if (n > 0)
		return keep(g, note);
	ca_raise(CA_E_DENIED, "log.witness: no witness that inkan-ca.conf "
	    "names has signed it");
	return 0;
}

int
logpub_cosign(struct logpub *l, const char *note, struct logpub_cosigned *out)
{
	struct cosigning g = {.l = l};
	int ok;

	pthread_mutex_lock(&l->turn);
	ok = cosign(&g, note);
	if (l->denied) {
		/* Told to those who look after us, and to who asked. */
		logpub_settle(l, 0);
		ca_raise(CA_E_DENIED, "%s", l->view.why);
	}
	logs_checkpoint_clear(&g.row);
	pthread_mutex_unlock(&l->turn);
	out->size = g.size;
	out->witnesses = g.n;
	return ok;
}
