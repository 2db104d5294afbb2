#include <stdio.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include "hsm/private.h"

/*
 * Calls that are bounded in time. A C_Sign that does not come back cannot be
 * called off, so it is made by a thread of the place whose session it uses, and
 * the caller waits no longer than the limit. What is late keeps thread, place
 * and arguments until it comes back; nobody waits for it.
 */

enum turn { TURN_IDLE, TURN_POSTED, TURN_DONE, TURN_QUIT };

struct hsm_helper {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	enum turn turn;
	atomic_int abandoned;
	struct hsm *hsm;
	size_t place;
	struct hsm_call call;
	enum hsm_verdict verdict;
	struct hsm_said said;
};

static void
helper_free(struct hsm_helper *h)
{
	pthread_cond_destroy(&h->change);
	pthread_mutex_destroy(&h->lock);
	OPENSSL_free(h);
}

/* Nobody waits any more: put away what was lent. Lock held, and held again. */
static void
come_back_late(struct hsm_helper *h)
{
	struct hsm *hsm = h->hsm;
	size_t place = h->place;

	if (h->call.release != NULL)
		h->call.release(h->call.arg);
	h->abandoned = 0;
	h->turn = TURN_IDLE;
	pthread_mutex_unlock(&h->lock);
	hsm_health_returned(hsm);
	hsm_pool_give(&hsm->pool, place);
	pthread_mutex_lock(&h->lock);
}

/* hsm_close() did not wait for it, and nobody knows it any more. */
static void
bury(struct hsm_helper *h)
{
	struct hsm *hsm = h->hsm;

	if (h->call.release != NULL)
		h->call.release(h->call.arg);
	hsm_health_returned(hsm);
	helper_free(h);
	hsm_unref(hsm);
}

static void *
serve(void *arg)
{
	struct hsm_helper *h = arg;
	struct hsm *hsm = NULL;
	int orphan = 0;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		while (h->turn != TURN_POSTED && h->turn != TURN_QUIT)
			pthread_cond_wait(&h->change, &h->lock);
		if (h->turn == TURN_QUIT)
			break;
		pthread_mutex_unlock(&h->lock);
		ERR_clear_error();
		h->verdict = hsm_call_run(h->hsm, h->place, &h->call);
		pthread_mutex_lock(&h->lock);
		hsm_said_collect(&h->said);
		if (!h->abandoned) {
			h->turn = TURN_DONE;
			pthread_cond_signal(&h->change);
			continue;
		}
		hsm = h->hsm;
		orphan = h->turn == TURN_QUIT;
		if (orphan)
			break;
		come_back_late(h);
		hsm_unref(hsm);
	}
	pthread_mutex_unlock(&h->lock);
	if (orphan)
		bury(h);
	return NULL;
}

static struct hsm_helper *
helper_new(struct hsm *hsm, size_t place)
{
	struct hsm_helper *h = OPENSSL_zalloc(sizeof(*h));
	sigset_t all, before;
	int rc;

	if (h == NULL)
		return NULL;
	h->hsm = hsm;
	h->place = place;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->change, NULL);
	/* Signals are the program's, not ours. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&h->thread, NULL, serve, h);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		helper_free(h);
		return NULL;
	}
	return h;
}

static void
until(long long ns, struct timespec *ts)
{
	ns += hsm_monotonic_ns();
	ts->tv_sec = ns / 1000000000LL;
	ts->tv_nsec = ns % 1000000000LL;
}

/* Lock held. 1 when it came back in time. */
static int
wait_for(struct hsm_helper *h, long long limit)
{
	struct timespec end;
	int rc = 0;

	until(limit, &end);
	while (h->turn != TURN_DONE && rc == 0)
		rc = pthread_cond_clockwait(&h->change, &h->lock,
		    CLOCK_MONOTONIC, &end);
	return h->turn == TURN_DONE;
}

enum hsm_verdict
hsm_helper_run(struct hsm *hsm, size_t place, const struct hsm_call *call)
{
	struct hsm_helper *h = hsm->helpers[place];
	enum hsm_verdict verdict = HSM_CALL_LATE;

	if (h == NULL &&
	    (h = hsm->helpers[place] = helper_new(hsm, place)) == NULL) {
		hsm_raise(HSM_E_TOKEN, "token: no thread for %s", call->what);
		return HSM_CALL_NO_MATTER;
	}
	pthread_mutex_lock(&h->lock);
	h->call = *call;
	h->call.late = &h->abandoned;
	h->turn = TURN_POSTED;
	pthread_cond_signal(&h->change);
	if (wait_for(h, call->limit > 0 ? call->limit : hsm->limit)) {
		verdict = h->verdict;
		hsm_said_again(&h->said);
		h->turn = TURN_IDLE;
	} else {
		h->abandoned = 1;
		hsm_ref(hsm);
		hsm_health_left_alone(hsm);
	}
	pthread_mutex_unlock(&h->lock);
	return verdict;
}

static void
helper_end(struct hsm_helper *h)
{
	pthread_t thread;
	int idle;

	pthread_mutex_lock(&h->lock);
	idle = h->turn == TURN_IDLE;
	thread = h->thread;
	h->turn = TURN_QUIT;
	pthread_cond_signal(&h->change);
	/* What is late ends by itself, and takes ${h} with it. */
	if (!idle)
		pthread_detach(thread);
	pthread_mutex_unlock(&h->lock);
	if (!idle)
		return;
	pthread_join(thread, NULL);
	helper_free(h);
}

/* Those that do not come back are left alone. */
void
hsm_helpers_end(struct hsm *hsm)
{
	size_t i;

	for (i = 0; i < HSM_SESSIONS_MAX; i++) {
		if (hsm->helpers[i] != NULL)
			helper_end(hsm->helpers[i]);
		hsm->helpers[i] = NULL;
	}
}
