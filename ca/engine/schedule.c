#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/certs.h"
#include "ca/engine/mirror.h"
#include "ca/engine/parking.h"
#include "ca/engine/retire.h"
#include "ca/engine/schedule_crl.h"
#include "ca/engine/schedule.h"
#include "ca/engine/superseded.h"

#define BEAT_RETRY 5		/* seconds after a heartbeat that failed */
#define OPEN_MAX 600		/* a reservation that is older is nobody's */
#define OPEN_EVERY 60
#define TOKEN_EVERY 30
#define PARKED_EVERY 15
#define SUPERSEDED_EVERY 5
#define CLIENTS_EVERY 60

struct schedule {
	struct ca *ca;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int running, stopping;
	time_t beat;		/* last heartbeat */
	time_t beat_failed;
	time_t open_looked;
	time_t token_looked;
	time_t parked_looked;
	time_t superseded_looked;
	time_t clients_written;
	struct schedule_crl *crls;
	struct retire_watch watch;	/* CAs whose key may be gone */
	int was_stopped;
	char told[128];		/* what status.db knows of a stop */
	int has_told;
	int64_t generation;	/* of status.db; 0 not seen yet */
};

/* Did less than ${seconds} go by since ${then}? No, if the clock went back. */
static int
is_within(time_t now, time_t then, int64_t seconds)
{
	return now >= then && now - then < seconds;
}

/* status.db knows of a clock that is not believed, also after it was made anew
   or could not be written when that began or ended. */
static int
tell_stop(struct schedule *s)
{
	char why[sizeof(s->told)];

	clock_distrusted(&s->ca->clock, why, sizeof(why));
	if (s->has_told && strcmp(s->told, why) == 0)
		return 1;
	s->has_told = 0;
	if (!status_set_stopped(s->ca->status, why))
		return 0;
	memcpy(s->told, why, sizeof(s->told));
	s->has_told = 1;
	return 1;
}

static int
last_change_tx(struct store_tx *tx, void *arg)
{
	return certs_last_change(tx, arg);
}

/* A view that is behind the store, or of a time that we do not believe
   ourselves, must not look fresh. What was changed before the save is in
   status.db after it, because its commit makes a status.db that could not be
   written catch up; one that was made anew is filled here. */
static int
beat(struct schedule *s, int ok, time_t now)
{
	struct ca *ca = s->ca;
	struct status_head head;
	int64_t last;

	if (!tell_stop(s) || !store_read(ca->store, last_change_tx, &last) ||
	    !clock_save(&ca->clock, ca->store) ||
	    !status_writer_head(ca->status, &head))
		return 0;
	if (head.change < last && (!mirror_catch_up(ca->store) ||
	    !status_writer_head(ca->status, &head)))
		return 0;
	if (head.change < last) {
		ca_raise(CA_E_STORE, "status.db: it is behind the store");
		return 0;
	}
	return !ok || status_heartbeat(ca->status, now);
}

/* Was status.db made anew, because it was deleted under us? Then it knows of
   nothing and nobody may believe it, until the next beat. */
static int
is_anew(struct schedule *s)
{
	int64_t before = s->generation;
	struct status_head head;

	if (!status_writer_head(s->ca->status, &head) ||
	    head.generation == before)
		return 0;
	s->generation = head.generation;
	s->has_told = 0;
	if (before != 0)
		report_event(REPORT_WARN, "status.rebuilt", NULL);
	return 1;
}

static void
heartbeat(struct schedule *s, time_t now)
{
	int ok = ca_may_vouch(s->ca);
	int anew = is_anew(s);

	ERR_clear_error();
	if (ok == s->was_stopped || anew)
		s->beat = 0;
	s->was_stopped = !ok;
	if (is_within(now, s->beat, s->ca->settings->heartbeat) ||
	    is_within(now, s->beat_failed, BEAT_RETRY))
		return;
	if (!beat(s, ok, now)) {
		report_errors(REPORT_ERROR, "heartbeat.failed", NULL);
		s->beat_failed = now;
		return;
	}
	s->beat = now;
	s->beat_failed = 0;
}

/* An abort that could not be written (disk full) leaves a reservation open,
   which stands in its device's way. One that is closed here while its signature
   is still being made comes to nothing: it can be recorded no more. */
static void
close_open(struct schedule *s, time_t now)
{
	char text[32];
	size_t n = 0;

	if (s->was_stopped || is_within(now, s->open_looked, OPEN_EVERY))
		return;
	s->open_looked = now;
	if (!issue_close_stale(s->ca->store, now, now - OPEN_MAX, &n)) {
		report_errors(REPORT_ERROR, "issue.unclosed", NULL);
		return;
	}
	snprintf(text, sizeof(text), "%zu", n);
	if (n > 0)
		report_event(REPORT_WARN, "issue.aborted", "count", text,
		    NULL);
}

static void
crls(struct schedule *s, time_t now)
{
	if (!s->was_stopped)
		schedule_crl_round(s->crls, now);
}

/* The key of a CA that signs nothing any more may be destroyed: to look for it
   over and over would only hold up who signs with the token's other keys. */
static int
is_retired(struct schedule *s, size_t i, time_t now)
{
	return ca_issuer_lacks_key(s->ca->issuers.item[i]) &&
	    retire_watch_over(&s->watch, s->ca, i, now);
}

/* A token that was away is taken back before somebody needs it. */
static void
token(struct schedule *s, time_t now)
{
	struct issuer *is, *got;
	size_t i;

	if (is_within(now, s->token_looked, TOKEN_EVERY))
		return;
	s->token_looked = now;
	for (i = 0; i < s->ca->issuers.n; i++) {
		is = s->ca->issuers.item[i];
		if (is->row.state == ISSUER_ROOT || is_retired(s, i, now))
			continue;
		got = ca_issuer_lock_for(s->ca, is->row.ident,
		    ISSUER_TO_VOUCH, now);
		if (got != NULL)
			ca_issuer_unlock(s->ca, got);
	}
	ERR_clear_error();
	tokens_standby_round(s->ca, now);
}

/* Refusals of parties that nobody knows: one summed entry an hour. */
static void
refusals(struct schedule *s, time_t now)
{
	struct ca *ca = s->ca;
	time_t hour = now - now % 3600;
	uint64_t n;
	WIRE_FIELDS *l;

	if (ca->refused_hour == 0)
		ca->refused_hour = hour;
	if (hour == ca->refused_hour)
		return;
	ca->refused_hour = hour;
	n = atomic_exchange(&ca->refused, 0);
	if (n == 0)
		return;
	l = field_list_new();
	if (l == NULL || !field_add_int(l, "count", (int64_t)n) ||
	    !ca_log(ca, "refusals", l, now, 0))
		report_errors(REPORT_ERROR, "refusals.unlogged", NULL);
}

/* Requests whose time is over are ended, and the log tells. */
static void
requests(struct schedule *s, time_t now)
{
	if (s->was_stopped || is_within(now, s->parked_looked, PARKED_EVERY))
		return;
	s->parked_looked = now;
	if (!parking_sweep(s->ca->store, now))
		report_errors(REPORT_ERROR, "request.unswept", NULL);
}

/* Certificates that have been renewed, where their fleet has them revoked. */
static void
superseded(struct schedule *s, time_t now)
{
	struct policy *policy;
	size_t n;

	if (s->was_stopped ||
	    is_within(now, s->superseded_looked, SUPERSEDED_EVERY))
		return;
	s->superseded_looked = now;
	policy = ca_policy(s->ca);
	if (!superseded_round(s->ca->store, policy, now, &n))
		report_errors(REPORT_ERROR, "superseded.failed", NULL);
	if (n > 0)
		atomic_store(&s->ca->crl_wanted, 1);
	policy_put(policy);
}

/* What was counted of clients, at most once a minute, and at the end. */
static void
clients(struct schedule *s, time_t now, int end)
{
	if (s->was_stopped || s->ca->clients == NULL ||
	    (!end && is_within(now, s->clients_written, CLIENTS_EVERY)))
		return;
	s->clients_written = now;
	if (!clients_flush(s->ca->clients, s->ca->store, now))
		report_errors(REPORT_WARN, "clients.unwritten", NULL);
}

void
schedule_round(struct schedule *s, time_t now)
{
	ERR_clear_error();
	heartbeat(s, now);
	token(s, now);
	tokens_watch(s->ca, now);
	crls(s, now);
	close_open(s, now);
	superseded(s, now);
	refusals(s, now);
	requests(s, now);
	clients(s, now, 0);
	ERR_clear_error();
}

static void *
run(void *arg)
{
	struct schedule *s = arg;
	struct timespec until;

	pthread_mutex_lock(&s->lock);
	while (!s->stopping) {
		pthread_mutex_unlock(&s->lock);
		schedule_round(s, time(NULL));
		pthread_mutex_lock(&s->lock);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += 500 * 1000 * 1000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		/* A wall clock that is put back must not make it sleep that
		   long. */
		if (!s->stopping)
			pthread_cond_clockwait(&s->wake, &s->lock,
			    CLOCK_MONOTONIC, &until);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct schedule *
schedule_new(struct ca *ca)
{
	struct schedule *s = OPENSSL_zalloc(sizeof(*s));

	if (s == NULL)
		return NULL;
	s->ca = ca;
	s->crls = schedule_crl_new(ca);
	if (s->crls == NULL) {
		OPENSSL_free(s);
		return NULL;
	}
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	return s;
}

struct schedule *
schedule_start(struct ca *ca)
{
	struct schedule *s = schedule_new(ca);

	if (s == NULL)
		return NULL;
	s->running = pthread_create(&s->thread, NULL, run, s) == 0;
	if (s->running)
		return s;
	ca_raise(CA_E_INTERNAL, "no thread for the schedule");
	schedule_stop(s);
	return NULL;
}

void
schedule_stop(struct schedule *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = 1;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (s->running)
		pthread_join(s->thread, NULL);
	if (s->running)
		clients(s, time(NULL), 1);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->wake);
	schedule_crl_free(s->crls);
	OPENSSL_free(s);
}
