#include <signal.h>
#include <string.h>
#include <time.h>
#include "hsm/private.h"

/*
 * A token is opened in a thread of its own, so that a module that does not come
 * back from C_Initialize or C_Login keeps nobody waiting for longer than the
 * limit. What comes late is closed again by that thread; until then nobody tries
 * the same token once more, which could only get stuck behind it.
 */

#define TEXTS 5

struct opening {
	pthread_mutex_t lock;
	pthread_cond_t change;
	int done, abandoned;
	hsm_open_fn *open;
	struct hsm_config cfg;	/* with texts of its own */
	char *text[TEXTS];
	struct hsm *hsm;
	struct hsm_said said;
	struct opening *next;	/* of those that are late */
};

static pthread_mutex_t late_lock = PTHREAD_MUTEX_INITIALIZER;
static struct opening *late;

static int
is_late(const char *uri)
{
	const struct opening *o;
	int found = 0;

	pthread_mutex_lock(&late_lock);
	for (o = late; o != NULL; o = o->next)
		found |= strcmp(o->cfg.uri, uri) == 0;
	pthread_mutex_unlock(&late_lock);
	return found;
}

static void
opening_free(struct opening *o)
{
	size_t i;

	for (i = 0; i < TEXTS; i++)
		OPENSSL_free(o->text[i]);
	pthread_cond_destroy(&o->change);
	pthread_mutex_destroy(&o->lock);
	OPENSSL_free(o);
}

/* The caller's configuration may be gone before a late one ends. */
static int
copy_texts(struct opening *o)
{
	const char **p[TEXTS] = {&o->cfg.uri, &o->cfg.module,
	    &o->cfg.softhsm_conf, &o->cfg.pin.name, &o->cfg.pin.state};
	size_t i;

	for (i = 0; i < TEXTS; i++) {
		if (*p[i] == NULL)
			continue;
		if ((o->text[i] = OPENSSL_strdup(*p[i])) == NULL)
			return 0;
		*p[i] = o->text[i];
	}
	return 1;
}

static struct opening *
opening_new(const struct hsm_config *cfg, hsm_open_fn *open)
{
	struct opening *o = OPENSSL_zalloc(sizeof(*o));

	if (o == NULL)
		return NULL;
	o->open = open;
	o->cfg = *cfg;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->change, NULL);
	if (copy_texts(o))
		return o;
	opening_free(o);
	return NULL;
}

static void
forget_late(struct opening *o)
{
	struct opening **p;

	pthread_mutex_lock(&late_lock);
	for (p = &late; *p != NULL; p = &(*p)->next)
		if (*p == o) {
			*p = o->next;
			break;
		}
	pthread_mutex_unlock(&late_lock);
}

static void *
serve(void *arg)
{
	struct opening *o = arg;
	struct hsm *hsm = o->open(&o->cfg);
	int abandoned;

	pthread_mutex_lock(&o->lock);
	o->hsm = hsm;
	if (hsm == NULL)
		hsm_said_collect(&o->said);
	o->done = 1;
	abandoned = o->abandoned;
	pthread_cond_signal(&o->change);
	pthread_mutex_unlock(&o->lock);
	if (!abandoned)
		return NULL;
	hsm_close(hsm);
	forget_late(o);
	opening_free(o);
	return NULL;
}

static int
begin(struct opening *o, pthread_t *thread)
{
	sigset_t all, before;
	int rc;

	/* Signals are the program's, not ours. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(thread, NULL, serve, o);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0;
}

/* 1 when it is done; else it is the thread's from now on. */
static int
wait_for(struct opening *o, long long limit)
{
	struct timespec end;
	long long ns = hsm_monotonic_ns() + limit;
	int rc = 0, done;

	end.tv_sec = ns / 1000000000LL;
	end.tv_nsec = ns % 1000000000LL;
	pthread_mutex_lock(&o->lock);
	while (!o->done && rc == 0)
		rc = pthread_cond_clockwait(
		    &o->change, &o->lock, CLOCK_MONOTONIC, &end);
	done = o->done;
	if (!done) {
		o->abandoned = 1;
		pthread_mutex_lock(&late_lock);
		o->next = late;
		late = o;
		pthread_mutex_unlock(&late_lock);
	}
	pthread_mutex_unlock(&o->lock);
	return done;
}

struct hsm *
hsm_opening_run(
    const struct hsm_config *cfg, hsm_open_fn *open, long long limit)
{
	struct opening *o;
	struct hsm *hsm;
	pthread_t thread;

	if (cfg->uri != NULL && is_late(cfg->uri)) {
		hsm_raise(HSM_E_TOKEN, "token: an earlier opening of it has "
		    "not come back");
		return NULL;
	}
	if ((o = opening_new(cfg, open)) == NULL || !begin(o, &thread)) {
		hsm_raise(HSM_E_TOKEN, "token: no thread to open it");
		if (o != NULL)
			opening_free(o);
		return NULL;
	}
	if (!wait_for(o, limit)) {
		pthread_detach(thread);
		hsm_raise(HSM_E_TOKEN, "token: opening: no answer within %lld "
		    "s", limit / 1000000000LL);
		return NULL;
	}
	pthread_join(thread, NULL);
	hsm = o->hsm;
	if (hsm == NULL)
		hsm_said_again(&o->said);
	opening_free(o);
	return hsm;
}
