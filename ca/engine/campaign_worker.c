#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/campaign.h"

/* The thread that makes the steps, and tells of them. */

#define IDLE_MS 300
#define RETRY_MS 10000	   /* after a step that failed */
#define CRL_EVERY_MS 60000 /* while one runs; status.db knows at once */
#define SERVED_MAX 32	   /* campaigns whose pauses are kept at once */

struct campaign_worker {
	struct ca *ca;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int running, stopping;
	int64_t crl_at; /* ms, when a CRL was wanted last */
	struct served {
		int64_t campaign, until; /* ms, when its pause ends */
	} served[SERVED_MAX];
};

static int64_t
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
tell(const struct campaign_row *row, const char *event)
{
	char id[24], total[24], done[24], skipped[24];

	snprintf(id, sizeof(id), "%lld", (long long)row->id);
	snprintf(total, sizeof(total), "%lld", (long long)row->total);
	snprintf(done, sizeof(done), "%lld", (long long)row->done);
	snprintf(skipped, sizeof(skipped), "%lld", (long long)row->skipped);
	report_event(REPORT_INFO, event, "campaign", id, "total", total, "done",
	    done, "skipped", skipped, NULL);
}

/* How fast it is, for the next estimate. */
static void
note_rate(struct ca *ca, int64_t certs, int64_t ms)
{
	if (certs >= 10)
		atomic_store(&ca->revoke_rate,
		    (unsigned)(certs * 1000 / (ms > 0 ? ms : 1)));
}

static struct served *
find_served(struct campaign_worker *w, int64_t campaign)
{
	size_t i;

	for (i = 0; i < SERVED_MAX; i++)
		if (w->served[i].campaign == campaign)
			return &w->served[i];
	return NULL;
}

static int
is_pausing(const struct campaign_row *row, void *arg)
{
	const struct served *s = find_served(arg, row->id);

	return s != NULL && s->until > clock_ms();
}

/* In the place of the one whose pause ends first, if there is no other. */
static struct served *
begin(struct campaign_worker *w, const struct campaign_row *row)
{
	struct served *s = &w->served[0];
	size_t i;

	for (i = 1; i < SERVED_MAX; i++)
		if (w->served[i].until < s->until)
			s = &w->served[i];
	s->campaign = row->id;
	s->until = 0;
	tell(row, "campaign.begun");
	return s;
}

/* One step; how long to wait afterwards, in ms. */
static int64_t
work(struct campaign_worker *w)
{
	struct campaign_row row;
	struct served *served;
	int64_t from = clock_ms(), took;
	int did;

	ERR_clear_error();
	did = campaign_step(w->ca, time(NULL), is_pausing, w, &row);
	took = clock_ms() - from;
	if (did < 0) {
		report_errors(REPORT_ERROR, "campaign.failed", NULL);
		/* It may stand in the store although status.db was not told. */
		atomic_store(&w->ca->crl_wanted, 1);
		return RETRY_MS;
	}
	if (did == 0)
		return IDLE_MS;
	served = find_served(w, row.id);
	if (served == NULL)
		served = begin(w, &row);
	if (row.position == 0)
		return 0;
	note_rate(w->ca, row.stage, took);
	if (row.state == CAMPAIGN_DONE || from - w->crl_at >= CRL_EVERY_MS) {
		atomic_store(&w->ca->crl_wanted, 1);
		w->crl_at = from;
	}
	tell(&row,
	    row.state == CAMPAIGN_DONE ? "campaign.done" : "campaign.stage");
	served->until = clock_ms() + row.pause * 1000;
	return 0;
}

static void
wait_ms(struct campaign_worker *w, int64_t ms)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&w->lock);
	while (!w->stopping && rc != ETIMEDOUT)
		rc = pthread_cond_clockwait(
		    &w->wake, &w->lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&w->lock);
}

static int
is_stopping(struct campaign_worker *w)
{
	int stopping;

	pthread_mutex_lock(&w->lock);
	stopping = w->stopping;
	pthread_mutex_unlock(&w->lock);
	return stopping;
}

static void *
run(void *arg)
{
	struct campaign_worker *w = arg;

	while (!is_stopping(w))
		wait_ms(w, work(w));
	ERR_clear_error();
	return NULL;
}

struct campaign_worker *
campaign_worker_start(struct ca *ca)
{
	struct campaign_worker *w = OPENSSL_zalloc(sizeof(*w));

	if (w == NULL)
		return NULL;
	w->ca = ca;
	w->crl_at = clock_ms();
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->running = pthread_create(&w->thread, NULL, run, w) == 0;
	if (w->running)
		return w;
	ca_raise(CA_E_INTERNAL, "no thread for campaigns");
	campaign_worker_stop(w);
	return NULL;
}

void
campaign_worker_stop(struct campaign_worker *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = 1;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	if (w->running)
		pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	OPENSSL_free(w);
}
