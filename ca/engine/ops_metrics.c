#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/ops.h"

/*
 * "metrics": figures for whoever shows them, each row one series of a family
 * (inkan-wire(7)). The names are Prometheus'; what is asked for here must be
 * cheap, since it is asked every few seconds.
 */

struct series {			/* as in a row */
	const char *metric, *kind, *help;
	const char *label, *value;	/* NULL: no label */
	int64_t divisor;		/* of the value; 0: none */
};

#define CAS_MAX 200		/* told of: an answer has 1,000 rows at most */

#define GAUGE(name, help) {"inkan_ca_" name, "gauge", (help), NULL, NULL, 0}
#define COUNTER(name, help) {"inkan_ca_" name, "counter", (help), NULL, NULL, 0}

struct telling {
	struct ops_call *c;
	int failed;		/* out of memory */
};

static WIRE_FIELDS *
add_row(struct telling *k, const struct series *s)
{
	WIRE_FIELDS *l = message_add_row(k->c->answer);

	if (l != NULL && field_add_text(l, "metric", s->metric) &&
	    field_add_text(l, "kind", s->kind) &&
	    field_add_text(l, "help", s->help) &&
	    field_add_text(l, "label", s->label) &&
	    field_add_text(l, "label_value", s->value) &&
	    (s->divisor == 0 || field_add_int(l, "divisor", s->divisor)))
		return l;
	k->failed = 1;
	return NULL;
}

static void
tell(struct telling *k, struct series s, const char *label,
    const char *label_value, int64_t value)
{
	WIRE_FIELDS *l;

	s.label = label;
	s.value = label_value;
	l = add_row(k, &s);
	if (l != NULL && !field_add_int(l, "value", value))
		k->failed = 1;
}

static void
tell_histogram(struct telling *k, struct series s, const char *label,
    const char *label_value, struct prom_histogram *h)
{
	WIRE_FIELDS *l;
	size_t i;

	s.label = label;
	s.value = label_value;
	l = add_row(k, &s);
	if (l == NULL)
		return;
	for (i = 0; i <= h->n; i++)
		if ((i < h->n && !field_add_int(l, "bound", h->bounds[i])) ||
		    !field_add_int(l, "count",
		    (int64_t)atomic_load(&h->bucket[i])))
			k->failed = 1;
	if (!field_add_int(l, "sum", (int64_t)atomic_load(&h->sum)))
		k->failed = 1;
}

/* ---- work ---- */

static void
tell_issuing(struct telling *k)
{
	struct ca_load *l = &k->c->ca->load;
	int64_t wall, boot;
	char why[256];
	int may;

	ca_clocks(&wall, &boot);
	clock_stopped(&k->c->ca->clock, why, sizeof(why));
	if (why[0] == '\0' && !logpub_may_issue(k->c->ca->log, boot))
		report_last_text(why, sizeof(why));
	ERR_clear_error();
	may = why[0] == '\0';
	if (!field_add_text(k->c->answer->values, "status", may ? "ok" : why))
		k->failed = 1;
	tell(k, (struct series)GAUGE("issuing", "1: certificates are issued; "
	    "0: an operator, the clock or the log has stopped it."), NULL,
	    NULL, may);
	tell(k, (struct series)COUNTER("certificates_issued_total",
	    "Certificates issued since the start."), NULL, NULL,
	    (int64_t)atomic_load(&l->issued));
	tell(k, (struct series)COUNTER("certificates_aborted_total",
	    "Reservations that became no certificate."), NULL, NULL,
	    (int64_t)atomic_load(&l->aborted));
	tell(k, (struct series)GAUGE("start_time_seconds",
	    "When this inkan-ca was started."), NULL, NULL,
	    (int64_t)k->c->ca->started);
}

static void
tell_queues(struct telling *k)
{
	static const struct series waiting = GAUGE("queue_requests",
	    "Requests that wait for a worker.");
	struct ca_load *l = &k->c->ca->load;

	tell(k, waiting, "from", "devices",
	    (int64_t)atomic_load(&l->waiting[0]));
	tell(k, waiting, "from", "operators",
	    (int64_t)atomic_load(&l->waiting[1]));
	tell(k, (struct series)GAUGE("workers_busy",
	    "Requests that are being worked on."), NULL, NULL,
	    (int64_t)atomic_load(&l->busy));
	tell(k, (struct series)COUNTER("queue_refused_total",
	    "Requests that were refused because too many waited."), NULL, NULL,
	    (int64_t)atomic_load(&l->busy_answers));
}

static void
tell_steps(struct telling *k)
{
	static const struct series duration = {
	    "inkan_ca_issue_step_duration_seconds", "histogram",
	    "Of a certificate: reserved (durable), signed by the token, "
	    "recorded (durable).", NULL, NULL, 0};
	static const char *const names[LOAD_STEPS] = {"reserve", "sign",
	    "record"};
	int i;

	for (i = 0; i < LOAD_STEPS; i++)
		tell_histogram(k, duration, "step", names[i],
		    &k->c->ca->load.step[i]);
}

/* ---- tokens ---- */

struct sign_of_life { int ok; int64_t microseconds; };

static void
ask_token(struct ca_token *t, struct sign_of_life *out)
{
	uint64_t start = load_clock();
	struct hsm *hsm = t->hsm;

	/* Without the token's lock: who has it may be opening it. */
	out->ok = hsm != NULL && hsm_healthy(hsm);
	out->microseconds = (int64_t)(load_clock() - start);
	ERR_clear_error();
}

static void
tell_tokens(struct telling *k)
{
	static const struct series up = GAUGE("token_up",
	    "1: the token gives a sign of life.");
	static const struct series took = {"inkan_ca_token_answer_seconds",
	    "gauge", "How long the token's last sign of life took.", NULL,
	    NULL, 1000000};
	struct sign_of_life life[SETTINGS_TOKENS_MAX + 1];
	size_t i, n = k->c->ca->n_tokens;

	for (i = 0; i < n; i++) {
		ask_token(&k->c->ca->tokens[i], &life[i]);
		tell(k, up, "token", k->c->ca->tokens[i].conf->name,
		    life[i].ok);
	}
	for (i = 0; i < n; i++)
		if (life[i].ok)
			tell(k, took, "token",
			    k->c->ca->tokens[i].conf->name,
			    life[i].microseconds);
}

/* ---- store and log ---- */

static int64_t
file_size(const char *path, const char *ending)
{
	char name[PATH_MAX];
	struct stat st;
	int n = snprintf(name, sizeof(name), "%s%s", path, ending);

	return n > 0 && n < PATH_MAX && stat(name, &st) == 0 ?
	    (int64_t)st.st_size : 0;
}

static void
tell_store(struct telling *k)
{
	struct ca *ca = k->c->ca;
	struct store_stats s;

	store_stats(ca->store, &s);
	tell(k, (struct series)GAUGE("store_up",
	    "1: the last write to the store was committed."), NULL, NULL,
	    s.last_ok);
	tell(k, (struct series)GAUGE("store_bytes",
	    "Size of the store's files."), NULL, NULL,
	    file_size(ca->settings->store, "") +
	    file_size(ca->settings->store, "-wal"));
	tell(k, (struct series)GAUGE("store_free_bytes",
	    "Free disk space where the store lies; -1: unknown."), NULL, NULL,
	    store_disk_free(ca->store));
	tell(k, (struct series)COUNTER("store_writes_total",
	    "Changes of the store."), NULL, NULL, (int64_t)s.writes);
	tell(k, (struct series)COUNTER("store_commits_total",
	    "Durable transactions, each with one change or many."), NULL,
	    NULL, (int64_t)s.commits);
}

static void
tell_log(struct telling *k)
{
	struct logpub_view v;

	if (k->c->ca->log == NULL)
		return;
	logpub_look(k->c->ca->log, &v);
	tell(k, (struct series)GAUGE("log_up",
	    "1: the log is held against its anchors and is published."), NULL,
	    NULL, v.state == LOGPUB_GOING && v.trouble[0] == '\0');
	tell(k, (struct series)GAUGE("log_entries",
	    "Entries of the log in the store."), NULL, NULL, v.entries);
	tell(k, (struct series)GAUGE("log_lag_entries",
	    "Entries that no published checkpoint covers yet."), NULL, NULL,
	    v.entries > v.size ? v.entries - v.size : 0);
	tell(k, (struct series)GAUGE("log_checkpoint_timestamp_seconds",
	    "Time of the newest checkpoint."), NULL, NULL, v.time);
}

/* ---- CAs ---- */

struct ends {			/* of a CA's CRLs the one that ends first */
	const struct issuer_row *row;
	int64_t next_update;
};

static int
ends_tx(struct store_tx *tx, void *arg)
{
	struct ends *e = arg;
	struct crl_row crl;
	int i, n = crl_shard_count(e->row);

	e->next_update = INT64_MAX;
	for (i = 0; i < n; i++) {
		memset(&crl, 0, sizeof(crl));
		if (crls_last(tx, e->row->id, i, 0, &crl) < 0)
			return 0;
		if (crl.next_update < e->next_update)
			e->next_update = crl.next_update;
	}
	return 1;
}

static void
tell_crls(struct telling *k)
{
	static const struct series next = GAUGE(
	    "crl_next_update_timestamp_seconds",
	    "nextUpdate of the CA's CRL, of several the first; 0: none.");
	const struct issuer_set *set = &k->c->ca->issuers;
	size_t i, n = set->n < CAS_MAX ? set->n : CAS_MAX;
	struct ends e;

	for (i = 0; i < n; i++) {
		e.row = &set->item[i]->row;
		if (ops_read(k->c, ends_tx, &e) &&
		    e.next_update != INT64_MAX)
			tell(k, next, "ca", e.row->ident, e.next_update);
		ERR_clear_error();
	}
}

static void
tell_cas(struct telling *k)
{
	static const struct series until = GAUGE(
	    "certificate_expiry_timestamp_seconds",
	    "notAfter of the CA's certificate.");
	static const struct series key = GAUGE("key_up",
	    "1: the CA's key is at hand.");
	const struct issuer_set *set = &k->c->ca->issuers;
	size_t i, n = set->n < CAS_MAX ? set->n : CAS_MAX;

	for (i = 0; i < n; i++)
		tell(k, until, "ca", set->item[i]->row.ident,
		    set->item[i]->row.not_after);
	for (i = 0; i < n; i++)
		if (set->item[i]->row.state == ISSUER_ACTIVE)
			tell(k, key, "ca", set->item[i]->row.ident,
			    ca_issuer_has_key(set->item[i]));
}

int
ops_metrics(struct ops_call *c)
{
	struct telling k = {.c = c};

	tell_issuing(&k);
	tell_queues(&k);
	tell_steps(&k);
	tell_tokens(&k);
	tell_store(&k);
	tell_log(&k);
	tell_cas(&k);
	tell_crls(&k);
	return !k.failed;
}
