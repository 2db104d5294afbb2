#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/logpub_run.h"

#define THIN_EVERY 3600
#define THIN_AFTER 3600

int
logpub_deny(struct logpub *l, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ca_raise(CA_E_DENIED, "%s", text);
	l->denied = 1;
	return 0;
}

static int64_t
boot_now(void)
{
	int64_t wall, boot;

	ca_clocks(&wall, &boot);
	return boot;
}

struct rows {
	struct log_row log;
	struct log_checkpoint_row newest, cosigned;
	int n, n_cosigned;
};

static int
rows_tx(struct store_tx *tx, void *arg)
{
	struct rows *r = arg;
	int found = logs_last(tx, &r->log);

	if (found != 1)
		return found == 0;
	r->n = logs_checkpoint_get(tx, r->log.id, -1, 0, &r->newest);
	r->n_cosigned = r->n < 0 ? -1 :
	    logs_checkpoint_get(tx, r->log.id, -1, 1, &r->cosigned);
	return r->n >= 0 && r->n_cosigned >= 0;
}

static void
show_rows(struct logpub *l, const struct rows *r)
{
	pthread_mutex_lock(&l->lock);
	snprintf(l->view.origin, sizeof(l->view.origin), "%s", l->row.origin);
	logpub_key_type(&l->vkey, l->view.key_type, sizeof(l->view.key_type));
	l->view.size = r->newest.size;
	l->view.time = r->newest.time;
	l->view.cosigned = r->cosigned.size;
	l->view.cosigned_at = r->cosigned.time;
	pthread_mutex_unlock(&l->lock);
}

int
logpub_read_rows(struct logpub *l)
{
	struct rows r = {.n = 0};
	int ok = store_read(l->ca->store, rows_tx, &r);

	if (ok) {
		l->row = r.log;
		ok = logpub_key_load(l);
	}
	OPENSSL_free(l->note);
	l->note = NULL;
	memset(&l->last, 0, sizeof(l->last));
	l->shown = 0;
	if (ok && r.n == 1) {
		snprintf(l->last.origin, sizeof(l->last.origin), "%s",
		    l->row.origin);
		l->last.size = (uint64_t)r.newest.size;
		memcpy(l->last.root.b, r.newest.root, LOG_HASH);
		l->note = r.newest.note;
		r.newest.note = NULL;
	}
	if (ok)
		show_rows(l, &r);
	logs_checkpoint_clear(&r.newest);
	logs_checkpoint_clear(&r.cosigned);
	return ok;
}

void
logpub_reset(struct logpub *l)
{
	logpub_tree_free(l->tree);
	l->tree = NULL;
	EVP_PKEY_free(l->key);
	l->key = NULL;
	l->anchored = 0;
	l->anchored_size = 0;
	pthread_mutex_lock(&l->lock);
	l->view.state = LOGPUB_CHECKING;
	l->view.why[0] = '\0';
	pthread_mutex_unlock(&l->lock);
}

/* A thing that is told once, when it begins. */
static void
tell(int stopped, int news, const char *why)
{
	if (!news)
		ERR_clear_error();
	else if (stopped)
		report_errors(REPORT_ERROR, "log.stopped", "why", why, NULL);
	else
		report_errors(REPORT_ERROR, "log.unpublished", "why", why, NULL);
}

static void
settle_bad(struct logpub *l)
{
	struct logpub_view *v = &l->view;
	char why[sizeof(v->why)];
	int news, stopped = l->denied;

	report_last_text(why, sizeof(why));
	pthread_mutex_lock(&l->lock);
	if (stopped)
		v->state = LOGPUB_STOPPED;
	if (v->state == LOGPUB_GOING) {
		news = v->trouble[0] == '\0';
		memcpy(v->trouble, why, sizeof(why));
	} else {
		news = strcmp(v->why, why) != 0;
		memcpy(v->why, why, sizeof(why));
	}
	pthread_mutex_unlock(&l->lock);
	tell(stopped, news, why);
	/* Of what is in memory nobody knows how far it got. */
	logpub_tree_free(l->tree);
	l->tree = NULL;
	EVP_PKEY_free(l->key);	/* looked for again, and missed by its name */
	l->key = NULL;
	l->denied = 0;
}

void
logpub_settle(struct logpub *l, int ok)
{
	struct logpub_view *v = &l->view;
	int64_t boot = boot_now();
	int back;

	if (!ok) {
		settle_bad(l);
		return;
	}
	ERR_clear_error();
	pthread_mutex_lock(&l->lock);
	back = v->trouble[0] != '\0' || v->state != LOGPUB_GOING;
	v->state = LOGPUB_GOING;
	v->why[0] = v->trouble[0] = '\0';
	v->fine_at = boot;
	pthread_mutex_unlock(&l->lock);
	if (back)
		report_event(REPORT_INFO, "log.going", NULL);
}

static int
count_tx(struct store_tx *tx, void *arg)
{
	return entries_count(tx, arg);
}

static int
thin_tx(struct store_tx *tx, void *arg)
{
	struct log_row *row = arg;

	return logs_checkpoint_thin(tx, row->id, row->time);
}

static int
thin(struct logpub *l, time_t now)
{
	struct log_row upto = {.id = l->row.id, .time = now - THIN_AFTER};

	if (l->thinned != 0 && now >= l->thinned &&
	    now - l->thinned < THIN_EVERY)
		return 1;
	l->thinned = now;
	return store_write(l->ca->store, thin_tx, &upto, 0);
}

/* A store from before there was a log gets its key and its name here. */
static int
begin(struct logpub *l, time_t now)
{
	struct logpub_begin b = {.who = "inkan-ca", .now = now};

	return l->row.id != 0 || (logpub_begin(l, &b) && logpub_read_rows(l) &&
	    logpub_file_own(l));
}

/* What a crash left undone, or a disk that was full. */
static int
show(struct logpub *l, time_t now)
{
	if (l->note != NULL && !l->shown) {
		if (!logpub_sign_show(l))
			return 0;
		logpub_claim_put(l, now, 0);
		l->shown = 1;
	}
	logpub_claim_put(l, now, 0);
	return 1;
}

/* 1, 2 there is more, 0 raised. */
static int
publish(struct logpub *l, time_t now)
{
	int64_t n = 0, upto;

	if ((l->tree == NULL && !logpub_check(l, now, 1)) || !begin(l, now) ||
	    !logpub_key_ensure(l, now) || !show(l, now) ||
	    !store_read(l->ca->store, count_tx, &n))
		return 0;
	pthread_mutex_lock(&l->lock);
	l->view.entries = n;
	pthread_mutex_unlock(&l->lock);
	upto = n - (int64_t)l->tree->size > LOGPUB_BATCH ?
	    (int64_t)l->tree->size + LOGPUB_BATCH : n;
	if (!logpub_check_feed(l, (uint64_t)upto) ||
	    (l->tree->size > l->last.size && !logpub_sign(l, now)) ||
	    !thin(l, now))
		return 0;
	return upto < n ? 2 : 1;
}

int
logpub_round(struct logpub *l, time_t now)
{
	int rc = 0;

	pthread_mutex_lock(&l->turn);
	ERR_clear_error();
	if (l->view.state != LOGPUB_STOPPED) {
		rc = publish(l, now);
		logpub_settle(l, rc);
	}
	pthread_mutex_unlock(&l->turn);
	return rc;
}

static void
add_cpu(struct logpub *l)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) == 0)
		l->view.cpu_us = (int64_t)ts.tv_sec * 1000000 +
		    ts.tv_nsec / 1000;
}

static void *
run(void *arg)
{
	struct logpub *l = arg;
	struct timespec until;
	int rc;

	pthread_mutex_lock(&l->lock);
	while (!l->stopping) {
		pthread_mutex_unlock(&l->lock);
		rc = logpub_round(l, time(NULL));
		pthread_mutex_lock(&l->lock);
		add_cpu(l);
		if (rc == 2)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += l->conf->interval;
		while (!l->stopping && pthread_cond_clockwait(&l->wake,
		    &l->lock, CLOCK_MONOTONIC, &until) == 0)
			;
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

int
logpub_start(struct logpub *l)
{
	if (pthread_create(&l->thread, NULL, run, l) != 0) {
		ca_raise(CA_E_INTERNAL, "no thread for the log");
		return 0;
	}
	(void)pthread_setname_np(l->thread, "log");
	pthread_mutex_lock(&l->lock);
	l->running = l->view.running = 1;
	pthread_mutex_unlock(&l->lock);
	return 1;
}

void
logpub_stop(struct logpub *l)
{
	if (l == NULL || !l->running)
		return;
	pthread_mutex_lock(&l->lock);
	l->stopping = 1;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	l->running = 0;
	/* What was written last is in the anchors too. */
	(void)logpub_round(l, time(NULL));
	pthread_mutex_lock(&l->turn);
	if (l->view.state == LOGPUB_GOING && l->shown)
		logpub_claim_put(l, time(NULL), 1);
	pthread_mutex_unlock(&l->turn);
	ERR_clear_error();
}

static int
load_witnesses(struct logpub *l)
{
	for (; l->n_witnesses < l->conf->n_witnesses; l->n_witnesses++)
		if (!note_key_parse(&l->witness[l->n_witnesses],
		    l->conf->witnesses[l->n_witnesses]))
			return 0;
	return 1;
}

struct logpub *
logpub_new(struct ca *ca, time_t now)
{
	struct logpub *l = OPENSSL_zalloc(sizeof(*l));
	int rc;

	if (l == NULL)
		return NULL;
	l->ca = ca;
	l->conf = &ca->settings->log;
	l->view.fine_at = boot_now();
	pthread_mutex_init(&l->turn, NULL);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->wake, NULL);
	if (!load_witnesses(l)) {
		logpub_free(l);
		return NULL;
	}
	rc = logpub_check(l, now, 0);
	if (rc >= 0)
		logpub_settle(l, rc);
	else
		snprintf(l->view.why, sizeof(l->view.why), "log.check: the "
		    "tiles are held against the store");
	return l;
}

void
logpub_free(struct logpub *l)
{
	size_t i;

	if (l == NULL)
		return;
	logpub_stop(l);
	for (i = 0; i < l->n_witnesses; i++)
		note_key_clear(&l->witness[i]);
	logpub_tree_free(l->tree);
	EVP_PKEY_free(l->key);
	note_key_clear(&l->vkey);
	OPENSSL_free(l->note);
	pthread_mutex_destroy(&l->turn);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->wake);
	OPENSSL_free(l);
}

void
logpub_look(struct logpub *l, struct logpub_view *out)
{
	pthread_mutex_lock(&l->lock);
	*out = l->view;
	pthread_mutex_unlock(&l->lock);
}

int
logpub_may_issue(struct logpub *l, int64_t boot)
{
	struct logpub_view v;

	if (l == NULL)
		return 1;
	logpub_look(l, &v);
	if (v.state != LOGPUB_GOING) {
		ca_raise(CA_E_STOPPED, "%s", v.why);
		return 0;
	}
	if ((!v.running && v.trouble[0] == '\0') ||
	    boot - v.fine_at <= l->conf->fail_after)
		return 1;
	ca_raise(CA_E_STOPPED, "log.unpublished: for %lld s the log could not "
	    "be published: %s", (long long)(boot - v.fine_at),
	    v.trouble[0] != '\0' ? v.trouble : "no round has ended");
	return 0;
}
