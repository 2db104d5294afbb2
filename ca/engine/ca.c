#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/crl.h"
#include "ca/engine/mirror.h"
#include "ca/engine/publish.h"
#include "ca/report/report.h"
#include "hsm/error.h"
#include "ca/engine/ca.h"

#define TOKEN_RETRY 2		/* seconds between tries to open the token */

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

static int
load_issuers(struct ca *ca)
{
	size_t i;

	if (!issuer_set_load(&ca->issuers, ca->store))
		return 0;
	if (ca->issuers.n == 0) {
		ca_raise(CA_E_CONFIG, "%s: the store holds no CA; run "
		    "`inkan ca init` first", ca->settings->store);
		return 0;
	}
	ca->own_roots = OPENSSL_zalloc(ca->issuers.n * 32);
	if (ca->own_roots == NULL)
		return 0;
	for (i = 0; i < ca->issuers.n; i++)
		memcpy(ca->own_roots[i], ca->issuers.item[i]->sha256, 32);
	return 1;
}

static void
drop_keys(struct ca *ca)
{
	size_t i;

	for (i = 0; i < ca->issuers.n; i++) {
		EVP_PKEY_free(ca->issuers.item[i]->key);
		ca->issuers.item[i]->key = NULL;
	}
}

/* Write lock held. Opens the token and finds every active issuer's key. */
static int
open_token(struct ca *ca, time_t now)
{
	struct hsm_config cfg;
	struct issuer *is;
	size_t i;
	int ok = 1;

	ca->token_tried = now;
	if (ca->hsm == NULL) {
		settings_hsm(&ca->settings->token, &cfg);
		ca->hsm = hsm_open(&cfg);
	}
	/* One CA's key that is missing does not stop the others. */
	for (i = 0; ca->hsm != NULL && i < ca->issuers.n; i++) {
		is = ca->issuers.item[i];
		if (is->row.state == ISSUER_ACTIVE && is->key == NULL)
			ok &= issuer_take_key(is, ca->hsm);
	}
	if (ca->hsm != NULL && ok) {
		ca->token_error[0] = '\0';
		return 1;
	}
	ca->token_pin_refused = report_last_reason() == HSM_E_PIN;
	report_trace(ca->token_error, sizeof(ca->token_error));
	return 0;
}

static int
start_token(struct ca *ca, time_t now)
{
	if (open_token(ca, now))
		return 1;
	if (ca->token_pin_refused)
		return 0;	/* the caller ends with HSM_EXIT_PIN */
	report_errors(REPORT_ERROR, "token.absent", NULL);
	return 1;
}

int
ca_policy_reload(struct ca *ca)
{
	struct policy *fresh = policy_read_store(ca->store), *old;

	if (fresh == NULL)
		return 0;
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
	pthread_rwlock_init(&ca->token_lock, NULL);
	pthread_mutex_init(&ca->policy_lock, NULL);
	pthread_mutex_init(&ca->crl_lock, NULL);
	ca->limits = auth_limits_new();
	ca->anchors = anchors_new();
	if (ca->limits == NULL || ca->anchors == NULL || !open_store(ca, now) ||
	    !load_issuers(ca) || !clock_load(&ca->clock, ca->store) ||
	    !ca_policy_reload(ca) || !close_open(ca, now) ||
	    !publish_prepare(settings->publish_dir) || !start_token(ca, now)) {
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
	drop_keys(ca);
	issuer_set_clear(&ca->issuers);
	hsm_close(ca->hsm);
	store_close(ca->store);
	status_writer_close(ca->status);
	policy_put(ca->policy);
	auth_limits_free(ca->limits);
	anchors_free(ca->anchors);
	OPENSSL_free(ca->own_roots);
	pthread_rwlock_destroy(&ca->token_lock);
	pthread_mutex_destroy(&ca->policy_lock);
	pthread_mutex_destroy(&ca->crl_lock);
	OPENSSL_free(ca);
}

/* The token was away: try again, but not more often than TOKEN_RETRY. */
static void
revive_token(struct ca *ca, time_t now)
{
	pthread_rwlock_wrlock(&ca->token_lock);
	if (now - ca->token_tried >= TOKEN_RETRY || now < ca->token_tried) {
		if (open_token(ca, now))
			report_event(REPORT_INFO, "token.back", NULL);
		else
			report_errors(REPORT_ERROR, "token.absent", NULL);
	}
	pthread_rwlock_unlock(&ca->token_lock);
}

struct issuer *
ca_issuer_lock(struct ca *ca, const char *name, time_t now)
{
	struct issuer *is = issuer_set_find(&ca->issuers, name);

	if (is == NULL) {
		ca_raise(CA_E_NOTFOUND, "issuer: no CA \"%s\"", name);
		return NULL;
	}
	if (is->row.state != ISSUER_ACTIVE) {
		ca_raise(CA_E_DENIED, "issuer: CA \"%s\" does not issue here",
		    is->row.ident);
		return NULL;
	}
	pthread_rwlock_rdlock(&ca->token_lock);
	if (is->key == NULL) {
		pthread_rwlock_unlock(&ca->token_lock);
		revive_token(ca, now);
		pthread_rwlock_rdlock(&ca->token_lock);
	}
	if (is->key != NULL)
		return is;
	ca_raise(CA_E_SIGN, "token: %s", ca->token_error);
	pthread_rwlock_unlock(&ca->token_lock);
	return NULL;
}

void
ca_issuer_unlock(struct ca *ca)
{
	pthread_rwlock_unlock(&ca->token_lock);
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
	char why[128];

	judge_clock(ca);
	clock_stopped(&ca->clock, why, sizeof(why));
	if (why[0] == '\0')
		return 1;
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
