#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/campaign.h"
#include "ca/engine/crl.h"
#include "ca/engine/mirror.h"
#include "ca/engine/publish.h"
#include "ca/report/report.h"
#include "ca/engine/parking.h"
#include "ca/engine/ca.h"
#include "ca/engine/maker_crls.h"

void
ca_clocks(int64_t *wall, int64_t *boot)
{
	struct timespec ts;

	*wall = (int64_t)time(NULL);
	clock_gettime(CLOCK_BOOTTIME, &ts);
	*boot = (int64_t)ts.tv_sec;
}

static int
open_store(struct ca *ca, time_t now)
{
	struct store_config cfg = {
	    .path = ca->settings->store,
	    .mode = STORE_WRITE,
	    .readers = ca->settings->workers < 8 ? ca->settings->workers : 8,
	    .reserve_free = ca->settings->min_free,
	    .now = now,
	};

	ca->store = store_open(&cfg);
	if (ca->store == NULL)
		return 0;
	ca->status = status_writer_open(ca->settings->status_db);
	return ca->status != NULL && mirror_start(ca->store, ca->status);
}

#define OWN_MORE ISSUERS_MAX	/* renewed while the program runs */

static int
has_own_room(struct ca *ca)
{
	if (ca->n_own_roots < ca->own_roots_max)
		return 1;
	ca_raise(CA_E_DENIED, "issuer.limit: too many CA certificates came "
	    "since the start; restart inkan-ca");
	return 0;
}

/* Stored before it is counted: others read without a lock. */
static int
add_own(struct ca *ca, const unsigned char sha256[32])
{
	size_t n = atomic_load(&ca->n_own_roots);

	if (!has_own_room(ca))
		return 0;
	memcpy(ca->own_roots[n], sha256, 32);
	atomic_store_explicit(&ca->n_own_roots, n + 1, memory_order_release);
	return 1;
}

struct own_certs {
	struct ca *ca;
	size_t n;
	int add;
};

/* What was certified of a CA of ours is ours too. */
static int
own_cert(const struct ca_cert_row *row, void *arg)
{
	struct own_certs *o = arg;

	if (row->subject == 0)
		return 1;
	o->n++;
	return !o->add || add_own(o->ca, row->sha256);
}

static int
own_certs_tx(struct store_tx *tx, void *arg)
{
	return ca_certs_list(tx, NULL, own_cert, arg);
}

static int
load_own_roots(struct ca *ca)
{
	struct own_certs count = {ca, 0, 0}, all = {ca, 0, 1};
	size_t i, n = ca->issuers.n;

	if (!store_read(ca->store, own_certs_tx, &count))
		return 0;
	ca->own_roots_max = n + count.n + OWN_MORE;
	ca->own_roots = OPENSSL_zalloc(ca->own_roots_max * 32);
	if (ca->own_roots == NULL)
		return 0;
	for (i = 0; i < n; i++)
		if (!add_own(ca, ca->issuers.item[i]->sha256))
			return 0;
	return store_read(ca->store, own_certs_tx, &all);
}

static int
count_pending(const struct pending_ca_row *row, void *arg)
{
	(void)row;
	++*(int *)arg;
	return 1;
}

/* One that a ceremony requested may be all that there is: it waits for its
   certificate (inkan ca import). */
static int
pending_tx(struct store_tx *tx, void *arg)
{
	int n = 0;

	(void)arg;
	return pending_cas_list(tx, count_pending, &n) && n > 0;
}

static int
load_issuers(struct ca *ca)
{
	if (!issuer_set_load(&ca->issuers, ca->store))
		return 0;
	if (ca->issuers.n == 0 && !store_read(ca->store, pending_tx, NULL)) {
		ca_raise(CA_E_CONFIG, "%s: the store holds no CA; run "
		    "`inkan ca init` first", ca->settings->store);
		return 0;
	}
	return load_own_roots(ca);
}

int
ca_issuer_room(struct ca *ca, int more)
{
	return (!more || issuer_set_room(&ca->issuers)) && has_own_room(ca);
}

int
ca_issuer_add(struct ca *ca, struct issuer *is)
{
	return ca_issuer_room(ca, 1) && add_own(ca, is->sha256) &&
	    issuer_set_add(&ca->issuers, is);
}

int
ca_issuer_replace(struct ca *ca, struct issuer *was, struct issuer *fresh)
{
	if (memcmp(was->sha256, fresh->sha256, 32) != 0 &&
	    !add_own(ca, fresh->sha256))
		return 0;
	issuer_set_replace(&ca->issuers, was, fresh);
	return 1;
}

/* The rules have changed since it was activated: it goes on, but not in
   silence. */
static void
say_breaches(const struct policy *p)
{
	char version[24];
	size_t i;

	snprintf(version, sizeof(version), "%lld", (long long)p->row.version);
	for (i = 0; i < p->n_profiles; i++)
		if (p->profiles[i]->breach[0] != '\0')
			report_event(REPORT_ERROR, "policy.breach", "version",
			    version, "profile", p->profiles[i]->name, "text",
			    p->profiles[i]->breach, NULL);
}

int
ca_policy_reload(struct ca *ca)
{
	struct policy *fresh = policy_read_store(ca->store), *old;

	if (fresh == NULL)
		return 0;
	say_breaches(fresh);
	/* Of two that load at once, the older version must not come last. */
	pthread_mutex_lock(&ca->policy_lock);
	old = fresh;
	if (ca->policy == NULL ||
	    ca->policy->row.version < fresh->row.version) {
		old = ca->policy;
		ca->policy = fresh;
	}
	pthread_mutex_unlock(&ca->policy_lock);
	policy_put(old);
	return 1;
}

struct policy *
ca_policy(struct ca *ca)
{
	struct policy *p;

	pthread_mutex_lock(&ca->policy_lock);
	p = policy_ref(ca->policy);
	pthread_mutex_unlock(&ca->policy_lock);
	return p;
}

/* A file that differs from the active version is reported; the active version
   goes on. */
static void
report_drift(struct ca *ca)
{
	struct policy_file *files = NULL;
	unsigned char md[32];
	size_t n = 0;

	if (policy_load_dir(ca->settings->policy_dir, &files, &n) &&
	    policies_hash(files, n, md) &&
	    memcmp(md, ca->policy->row.sha256, 32) != 0)
		report_event(REPORT_WARN, "policy.differs", "dir",
		    ca->settings->policy_dir, NULL);
	ERR_clear_error();
	policy_files_free(files, n);
}

static void
republish(struct ca *ca)
{
	size_t i;

	for (i = 0; i < ca->issuers.n; i++)
		if (!crl_republish(ca->store, ca->issuers.item[i],
		    ca->settings->publish_dir))
			report_errors(REPORT_ERROR, "publish.failed", "issuer",
			    ca->issuers.item[i]->row.ident, NULL);
}

static int
close_open(struct ca *ca, time_t now)
{
	char text[32];
	size_t n = 0;

	if (!issue_close_open(ca->store, now, &n))
		return 0;
	snprintf(text, sizeof(text), "%zu", n);
	if (n > 0)
		report_event(REPORT_WARN, "issue.aborted", "count", text,
		    NULL);
	if (!campaign_close_open(ca->store, now) ||
	    !parking_recover(ca->store, now, &n))
		return 0;
	snprintf(text, sizeof(text), "%zu", n);
	if (n > 0)
		report_event(REPORT_WARN, "request.interrupted", "count",
		    text, NULL);
	return 1;
}

struct ca *
ca_open(struct settings *settings, time_t now)
{
	struct ca *ca = OPENSSL_zalloc(sizeof(*ca));

	if (ca == NULL)
		return NULL;
	ca->settings = settings;
	ca->started = now;
	load_init(&ca->load);
	pthread_mutex_init(&ca->issuers_lock, NULL);
	pthread_mutex_init(&ca->policy_lock, NULL);
	pthread_mutex_init(&ca->crl_lock, NULL);
	ca->limits = auth_limits_new();
	ca->anchors = anchors_new();
	ca->verifier.socket = settings->verifier_sock;
	ca->verifier.limit = (int)settings->verifier_limit;
	ca->verifier.arc = settings->attest_arc;
	ca->verifier.phones = phone_list_new(settings->android_status);
	ca->maker_crls = maker_crls_new(settings->maker_crls, now);
	ca->clients = clients_new();
	ca->told = told_new();
	if (ca->limits == NULL || ca->anchors == NULL ||
	    ca->verifier.phones == NULL || ca->maker_crls == NULL ||
	    ca->clients == NULL || ca->told == NULL ||
	    !open_store(ca, now) ||
	    !load_issuers(ca) || !clock_load(&ca->clock, ca->store) ||
	    !ca_policy_reload(ca) || !close_open(ca, now) ||
	    !publish_prepare(settings->publish_dir) || !tokens_start(ca, now)) {
		ca_close(ca);
		return NULL;
	}
	ca->log = logpub_new(ca, now);
	if (ca->log == NULL) {
		ca_close(ca);
		return NULL;
	}
	report_drift(ca);
	republish(ca);
	return ca;
}

void
ca_close(struct ca *ca)
{
	if (ca == NULL)
		return;
	logpub_free(ca->log);
	issuer_set_clear(&ca->issuers);
	tokens_stop(ca);
	store_close(ca->store);
	status_writer_close(ca->status);
	policy_put(ca->policy);
	auth_limits_free(ca->limits);
	anchors_free(ca->anchors);
	maker_crls_free(ca->maker_crls);
	phone_list_free(ca->verifier.phones);
	clients_free(ca->clients);
	told_free(ca->told);
	OPENSSL_free(ca->own_roots);
	pthread_mutex_destroy(&ca->issuers_lock);
	pthread_mutex_destroy(&ca->policy_lock);
	pthread_mutex_destroy(&ca->crl_lock);
	OPENSSL_free(ca);
}

/* A stop that begins here is put on record; what fails of that is done again by
   the schedule. */
static void
judge_clock(struct ca *ca)
{
	int64_t wall, boot;
	char why[128];
	int changed;

	ca_clocks(&wall, &boot);
	(void)clock_check(&ca->clock, wall, boot, &changed);
	if (!changed)
		return;
	clock_distrusted(&ca->clock, why, sizeof(why));
	report_event(REPORT_ERROR, "clock.stopped", "why", why, NULL);
	(void)clock_save(&ca->clock, ca->store);
	(void)status_set_stopped(ca->status, why);
}

int
ca_may_issue(struct ca *ca)
{
	int64_t wall, boot;
	char why[128];

	judge_clock(ca);
	clock_stopped(&ca->clock, why, sizeof(why));
	ca_clocks(&wall, &boot);
	if (why[0] == '\0')
		return logpub_may_issue(ca->log, boot);
	ca_raise(CA_E_STOPPED, "stopped: %s", why);
	return 0;
}

int
ca_may_vouch(struct ca *ca)
{
	char why[128];

	judge_clock(ca);
	clock_distrusted(&ca->clock, why, sizeof(why));
	if (why[0] == '\0')
		return 1;
	ca_raise(CA_E_STOPPED, "stopped: %s", why);
	return 0;
}

struct logging {
	const char *kind;
	const WIRE_FIELDS *detail;
	time_t now;
};

static int
log_tx(struct store_tx *tx, void *arg)
{
	struct logging *l = arg;

	return entries_append(tx, l->kind, l->now, l->detail, NULL);
}

int
ca_log(struct ca *ca, const char *kind, WIRE_FIELDS *detail, time_t now,
    int flags)
{
	struct logging l = {kind, detail, now};
	int ok = detail != NULL && store_write(ca->store, log_tx, &l, flags);

	field_list_free(detail);
	return ok;
}
