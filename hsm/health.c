#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "hsm/private.h"

/*
 * How a token is, as the calls that were made on it tell. A token that failed
 * is a circuit that is broken: calls are refused at once, and after a pause one
 * of them is let through to try (half open). What it meets closes the circuit,
 * or breaks it for longer.
 *
 * A wrong signature is another matter: it stops the token for signing until a
 * person says otherwise, also over a restart, by a file beside the PIN's, which
 * bears the token's serial number: tokens may share the PIN's.
 */

#define PAUSE_MIN 50000000LL  /* ns */
#define PAUSE_MAX 500000000LL /* ns */

/* Monotonic: only to space the attempts, no time of day is read here. */
long long
hsm_monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void
label_of(const struct hsm *hsm, char label[33])
{
	hsm_text_copy(label, hsm->token.label, sizeof(hsm->token.label));
}

/* No lock is held: who listens may ask for hsm_health(). */
static void
tell(struct hsm *hsm, enum hsm_event event, const char *why)
{
	if (hsm->notify != NULL)
		hsm->notify(event, why, hsm->notify_arg);
}

/* Health's lock held. 1 when the token is stopped by file ${path}: also by one that
   cannot be read. */
static int
read_stop_file(struct hsm_state *st, const char *path)
{
	FILE *f = path[0] != '\0' ? fopen(path, "r") : NULL;

	if (f == NULL && (path[0] == '\0' || errno == ENOENT))
		return 0;
	st->stopped = st->on_file = 1;
	snprintf(st->file, sizeof(st->file), "%s", path);
	if (f == NULL) {
		snprintf(st->why_stopped, sizeof(st->why_stopped),
		    "its file cannot be read: %s", strerror(errno));
		return 1;
	}
	if (fgets(st->why_stopped, sizeof(st->why_stopped), f) != NULL)
		st->why_stopped[strcspn(st->why_stopped, "\n")] = '\0';
	fclose(f);
	return 1;
}

/* "" where the path is too long. */
static void
stop_name(const char *state, const char *serial, char *out, size_t size)
{
	if (snprintf(out, size, "%s%s%s.stopped", state,
		serial[0] != '\0' ? "." : "", serial) >= (int)size)
		out[0] = '\0';
}

void
hsm_health_named(struct hsm *hsm)
{
	struct hsm_state *st = &hsm->health;
	char serial[33], hex[65], any[PATH_MAX];

	if (hsm->pin.state == NULL)
		return;
	hsm_text_copy(serial, hsm->token.serialNumber,
	    sizeof(hsm->token.serialNumber));
	hsm_key_id_hex(hex, sizeof(hex), (unsigned char *)serial,
	    strlen(serial));
	pthread_mutex_lock(&st->lock);
	stop_name(hsm->pin.state, hex, st->own_file, sizeof(st->own_file));
	stop_name(hsm->pin.state, "", any, sizeof(any));
	/* One without a serial number stops every token: it may be ours. */
	if (!read_stop_file(st, st->own_file))
		read_stop_file(st, any);
	pthread_mutex_unlock(&st->lock);
}

int
hsm_health_init(struct hsm *hsm)
{
	struct hsm_state *st = &hsm->health;

	if (pthread_mutex_init(&st->lock, NULL) != 0)
		return 0;
	st->state = HSM_WELL;
	return 1;
}

void
hsm_health_destroy(struct hsm *hsm)
{
	pthread_mutex_destroy(&hsm->health.lock);
}

/* Lock held. 1: the call is made. */
static int
may_call(struct hsm_state *st, size_t sessions, int *probe)
{
	if (st->state == HSM_WELL)
		return 1;
	/* Nothing to try with: they all wait for the token. */
	if (st->n_late >= sessions || st->probing ||
	    hsm_monotonic_ns() < st->retry_at)
		return 0;
	st->probing = *probe = 1;
	return 1;
}

int
hsm_health_enter(struct hsm *hsm, int *probe)
{
	struct hsm_state *st = &hsm->health;
	long long left;
	char why[256];
	size_t sessions;
	int ok, reason;

	pthread_mutex_lock(&hsm->pool.lock);
	sessions = hsm->pool.size;
	pthread_mutex_unlock(&hsm->pool.lock);
	*probe = 0;
	pthread_mutex_lock(&st->lock);
	ok = may_call(st, sessions, probe);
	left = (st->retry_at - hsm_monotonic_ns()) / 1000000 + 1;
	reason = st->reason;
	snprintf(why, sizeof(why), "%s", st->why);
	pthread_mutex_unlock(&st->lock);
	if (!ok && left > 0)
		hsm_raise(reason, "token is away, next attempt in %lld ms: %s",
		    left, why);
	else if (!ok)
		hsm_raise(reason, "token is away: %s", why);
	return ok;
}

/* A token that failed to sign is well when it signs, not when it answers. */
void
hsm_health_well(struct hsm *hsm, int probe, int signs)
{
	struct hsm_state *st = &hsm->health;
	int back;

	pthread_mutex_lock(&st->lock);
	back = st->state != HSM_WELL && (signs || !st->by_signature);
	if (probe)
		st->probing = 0;
	if (back) {
		st->state = HSM_WELL;
		st->pause = 0;
		st->told_stuck = 0;
		st->recoveries++;
	}
	pthread_mutex_unlock(&st->lock);
	if (back)
		tell(hsm, HSM_EVENT_BACK, "");
}

/* The call did not reach a verdict on the token: wrong key, no mechanism. */
void
hsm_health_no_matter(struct hsm *hsm, int probe)
{
	if (!probe)
		return;
	pthread_mutex_lock(&hsm->health.lock);
	hsm->health.probing = 0;
	pthread_mutex_unlock(&hsm->health.lock);
}

void
hsm_health_failed(struct hsm *hsm, int probe, int signs, int reason,
    const char *why, long long took)
{
	struct hsm_state *st = &hsm->health;
	int news;

	pthread_mutex_lock(&st->lock);
	if (probe)
		st->probing = 0;
	news = st->state == HSM_WELL;
	if (news)
		st->since = hsm_monotonic_ns();
	st->by_signature = signs || (!news && st->by_signature);
	st->state = HSM_AWAY;
	st->reason = reason;
	st->failures++;
	snprintf(st->why, sizeof(st->why), "%s", why);
	/* A slow one is not hammered: as long a pause as the try took. */
	st->pause = st->pause == 0 ? PAUSE_MIN : 2 * st->pause;
	if (st->pause > PAUSE_MAX)
		st->pause = PAUSE_MAX;
	st->retry_at =
	    hsm_monotonic_ns() + (took > st->pause ? took : st->pause);
	/* A PIN that is withheld costs no try, and may be put right any time. */
	if (reason == HSM_E_PIN)
		st->retry_at = st->pause = 0;
	pthread_mutex_unlock(&st->lock);
	if (news)
		tell(hsm, HSM_EVENT_AWAY, why);
}

void
hsm_health_left_alone(struct hsm *hsm)
{
	atomic_fetch_add(&hsm->module->n_late, 1);
	pthread_mutex_lock(&hsm->health.lock);
	hsm->health.n_late++;
	pthread_mutex_unlock(&hsm->health.lock);
}

void
hsm_health_late(
    struct hsm *hsm, int probe, int signs, const char *why, long long took)
{
	struct hsm_state *st = &hsm->health;
	int first;

	hsm_health_failed(hsm, probe, signs, HSM_E_TOKEN, why, took);
	pthread_mutex_lock(&st->lock);
	first = st->n_late > 0 && !st->told_stuck;
	st->told_stuck |= first;
	if (st->n_late == 0) /* it has just come back */
		st->retry_at = 0;
	pthread_mutex_unlock(&st->lock);
	hsm_pool_wake(&hsm->pool);
	if (first)
		tell(hsm, HSM_EVENT_STUCK, why);
}

void
hsm_health_returned(struct hsm *hsm)
{
	struct hsm_state *st = &hsm->health;

	atomic_fetch_sub(&hsm->module->n_late, 1);
	pthread_mutex_lock(&st->lock);
	st->n_late--;
	/* It moves again: whoever comes next may try. */
	st->retry_at = hsm_monotonic_ns();
	st->pause = 0;
	pthread_mutex_unlock(&st->lock);
}

int
hsm_health_all_late(struct hsm *hsm, size_t sessions)
{
	int all;

	pthread_mutex_lock(&hsm->health.lock);
	all = hsm->health.n_late >= sessions;
	pthread_mutex_unlock(&hsm->health.lock);
	return all;
}

/* 1 when the file stands on the disk: an empty one stops the token, too. */
static int
write_stop_file(const char *path, const char *why)
{
	int fd;

	if (path[0] == '\0')
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return 0;
	if (dprintf(fd, "%s\n", why) > 0)
		(void)fsync(fd);
	close(fd);
	return 1;
}

void
hsm_health_stop(struct hsm *hsm, const char *why)
{
	struct hsm_state *st = &hsm->health;
	int first;

	pthread_mutex_lock(&st->lock);
	first = !st->stopped;
	if (first) {
		st->stopped = 1;
		snprintf(st->why_stopped, sizeof(st->why_stopped), "%s", why);
		strcpy(st->file, st->own_file);
		st->on_file = write_stop_file(st->file, why);
	}
	pthread_mutex_unlock(&st->lock);
	if (first)
		tell(hsm, HSM_EVENT_WRONG, why);
}

/* Lock held. A file that a person took away is that person's word. */
static int
is_stopped(struct hsm_state *st)
{
	if (st->stopped && st->on_file && access(st->file, F_OK) != 0 &&
	    errno == ENOENT)
		st->stopped = st->on_file = 0;
	return st->stopped;
}

int
hsm_health_may_sign(struct hsm *hsm)
{
	struct hsm_state *st = &hsm->health;
	char label[33], why[256] = "";
	int stopped;

	pthread_mutex_lock(&st->lock);
	stopped = is_stopped(st);
	if (stopped)
		snprintf(why, sizeof(why), "%s", st->why_stopped);
	pthread_mutex_unlock(&st->lock);
	if (!stopped)
		return 1;
	label_of(hsm, label);
	hsm_raise(HSM_E_WRONG,
	    "token.stopped: token %s signs nothing until an operator resumes "
	    "it: %s%s%s",
	    label, why, st->on_file ? "; remove " : "",
	    st->on_file ? st->file : "");
	return 0;
}

/* A person's word that the PIN is right now costs one try of it. */
static int
forget_refusal(struct hsm *hsm)
{
	char serial[sizeof(hsm->token.serialNumber) + 1];

	/* Who holds it is about to look at the token anew. */
	if (pthread_rwlock_tryrdlock(&hsm->module->lock) != 0)
		return 1;
	hsm_text_copy(serial, hsm->token.serialNumber,
	    sizeof(hsm->token.serialNumber));
	pthread_rwlock_unlock(&hsm->module->lock);
	return hsm_pin_remember(&hsm->pin, serial, 1);
}

int
hsm_resume(struct hsm *hsm)
{
	struct hsm_state *st = &hsm->health;
	int ok = 1;

	pthread_mutex_lock(&st->lock);
	if (st->on_file && unlink(st->file) != 0 && errno != ENOENT) {
		ERR_raise_data(ERR_LIB_SYS, errno, "%s", st->file);
		hsm_raise(HSM_E_CONFIG, "token: %s cannot be removed, and "
		    "stops it again after a restart", st->file);
		ok = 0;
	}
	if (ok) {
		st->stopped = st->on_file = 0;
		st->retry_at = st->pause = 0;
	}
	pthread_mutex_unlock(&st->lock);
	return ok && forget_refusal(hsm);
}

void
hsm_health(struct hsm *hsm, struct hsm_health *out)
{
	struct hsm_state *st = &hsm->health;

	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&st->lock);
	out->state = is_stopped(st) ? HSM_STOPPED
	    : st->state == HSM_WELL ? HSM_WELL
	    : st->n_late > 0	    ? HSM_STUCK
				    : HSM_AWAY;
	snprintf(out->why, sizeof(out->why), "%s",
	    st->stopped ? st->why_stopped : st->state == HSM_WELL ? "" :
	    st->why);
	if (st->state != HSM_WELL)
		out->away_ms = (hsm_monotonic_ns() - st->since) / 1000000;
	out->late = st->n_late;
	out->failures = st->failures;
	out->recoveries = st->recoveries;
	pthread_mutex_unlock(&st->lock);
}
