#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/crl.h"
#include "ca/engine/schedule.h"

#define CRL_RETRY 10		/* seconds after a CRL that failed */

struct schedule {
	struct ca *ca;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int stopping;
	time_t beat;		/* last heartbeat */
	time_t crl_failed;
	int was_stopped;
};

static void
heartbeat(struct schedule *s, time_t now)
{
	struct ca *ca = s->ca;
	int ok = ca_may_issue(ca);

	ERR_clear_error();
	if (ok && s->was_stopped)
		s->beat = 0;
	s->was_stopped = !ok;
	/* A view that we do not believe ourselves must not look fresh. */
	if (!ok || (now - s->beat < ca->settings->heartbeat && now >= s->beat))
		return;
	if (!status_heartbeat(ca->status, now) ||
	    !clock_save(&ca->clock, ca->store)) {
		report_errors(REPORT_ERROR, "heartbeat.failed", NULL);
		return;
	}
	s->beat = now;
}

static int
crl_is_due(struct ca *ca, const struct issuer *is, int wanted, time_t now)
{
	int64_t due;

	if (is->row.state != ISSUER_ACTIVE)
		return 0;
	return wanted || (crl_due(ca->store, is, &due) && due <= now);
}

static int
make_crl(struct ca *ca, const char *ident, time_t now)
{
	struct issuer *is = ca_issuer_lock(ca, ident, now);
	struct crl_row row;
	char number[24];
	int ok;

	if (is == NULL)
		return 0;
	pthread_mutex_lock(&ca->crl_lock);
	ok = crl_issue(ca->store, is, ca->settings->publish_dir, now, &row);
	pthread_mutex_unlock(&ca->crl_lock);
	ca_issuer_unlock(ca);
	if (!ok)
		return 0;
	OPENSSL_free(row.der);
	snprintf(number, sizeof(number), "%lld", (long long)row.number);
	report_event(REPORT_INFO, "crl.issued", "issuer", ident, "number",
	    number, NULL);
	return 1;
}

static void
crls(struct schedule *s, time_t now)
{
	struct ca *ca = s->ca;
	int wanted;
	size_t i;

	if (s->was_stopped || (now - s->crl_failed < CRL_RETRY &&
	    now >= s->crl_failed))
		return;
	wanted = atomic_exchange(&ca->crl_wanted, 0);
	for (i = 0; i < ca->issuers.n; i++) {
		const struct issuer *is = ca->issuers.item[i];

		if (!crl_is_due(ca, is, wanted, now) ||
		    make_crl(ca, is->row.ident, now))
			continue;
		report_errors(REPORT_ERROR, "crl.failed", "issuer",
		    is->row.ident, NULL);
		s->crl_failed = now;
		if (wanted)
			atomic_store(&ca->crl_wanted, 1);
	}
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

void
schedule_round(struct schedule *s, time_t now)
{
	ERR_clear_error();
	heartbeat(s, now);
	crls(s, now);
	refusals(s, now);
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
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 500 * 1000 * 1000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (!s->stopping)
			pthread_cond_timedwait(&s->wake, &s->lock, &until);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct schedule *
schedule_start(struct ca *ca)
{
	struct schedule *s = OPENSSL_zalloc(sizeof(*s));

	if (s == NULL)
		return NULL;
	s->ca = ca;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	if (pthread_create(&s->thread, NULL, run, s) == 0)
		return s;
	ca_raise(CA_E_INTERNAL, "no thread for the schedule");
	OPENSSL_free(s);
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
	pthread_join(s->thread, NULL);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->wake);
	OPENSSL_free(s);
}
