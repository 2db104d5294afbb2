#include <string.h>

#include <openssl/crypto.h>

#include "ra/error.h"
#include "ra/metrics_private.h"

/* What refusals name, here and in inkan-ca; the last one is for what is not
   among them. */
const char *const metrics_stages[METRICS_STAGES] = {"-", "http", "route",
    "body", "authenticate", "possess", "authorize", "attest", "approve",
    "build", "conform", "reserve", "sign", "record", "ca", "answer", "log",
    "other"};

static struct metrics_fleet *
fleet_new(const char *name)
{
	size_t size = strlen(name) + 1;
	struct metrics_fleet *f =
	    OPENSSL_zalloc(sizeof(struct metrics_fleet) + size);

	if (f != NULL)
		memcpy(f->name, name, size);
	return f;
}

static void
histogram(struct prom_histogram *h)
{
	prom_histogram_init(h, PROM_BOUNDS_SLOW, PROM_BOUNDS_SLOW_N);
}

struct metrics *
metrics_new(time_t started)
{
	struct metrics *m = OPENSSL_zalloc(sizeof(*m));
	int i;

	if (m != NULL)
		m->none = fleet_new("-");
	if (m == NULL || m->none == NULL ||
	    pthread_mutex_init(&m->lock, NULL) != 0) {
		if (m != NULL)
			OPENSSL_free(m->none);
		OPENSSL_free(m);
		ra_raise(RA_E_INTERNAL, "out of memory");
		return NULL;
	}
	m->started = started;
	histogram(&m->ca_calls);
	histogram(&m->handshakes);
	for (i = 0; i < METRICS_OPS; i++)
		histogram(&m->requests[i]);
	return m;
}

void
metrics_free(struct metrics *m)
{
	struct metrics_fleet *f, *next;

	if (m == NULL)
		return;
	for (f = atomic_load(&m->fleets); f != NULL; f = next) {
		next = f->next;
		OPENSSL_free(f);
	}
	OPENSSL_free(m->none);
	pthread_mutex_destroy(&m->lock);
	OPENSSL_free(m);
}

static struct metrics_fleet *
find(struct metrics *m, const char *name)
{
	struct metrics_fleet *f = atomic_load(&m->fleets);

	while (f != NULL && strcmp(f->name, name) != 0)
		f = f->next;
	return f;
}

/* A fleet that is gone keeps its place: counters never fall. */
struct metrics_fleet *
metrics_fleet(struct metrics *m, const char *name)
{
	struct metrics_fleet *f;

	if (m == NULL || name == NULL || name[0] == '\0')
		return NULL;
	pthread_mutex_lock(&m->lock);
	f = find(m, name);
	if (f == NULL && m->n_fleets < METRICS_FLEETS_MAX &&
	    (f = fleet_new(name)) != NULL) {
		f->next = atomic_load(&m->fleets);
		atomic_store(&m->fleets, f);
		m->n_fleets++;
	}
	pthread_mutex_unlock(&m->lock);
	return f;
}

static size_t
stage_of(const char *stage)
{
	size_t i;

	if (stage == NULL || stage[0] == '\0')
		return 0;
	for (i = 1; i < METRICS_STAGES - 1; i++)
		if (strcmp(stage, metrics_stages[i]) == 0)
			break;
	return i;
}

static enum metrics_outcome
outcome_of(int http)
{
	if (http == 0)
		return OUTCOME_GONE;
	if (http == 202)
		return OUTCOME_PARKED;
	if (http < 400)
		return OUTCOME_OK;
	if (http == 429)
		return OUTCOME_LIMITED;
	if (http == 503)
		return OUTCOME_UNAVAILABLE;
	return http < 500 || http == 501 ? OUTCOME_REFUSED : OUTCOME_FAILED;
}

void
metrics_request(struct metrics *m, struct metrics_fleet *fleet,
    enum route_op op, int http, const char *stage, uint64_t microseconds)
{
	if (m == NULL || (size_t)op >= METRICS_OPS)
		return;
	if (fleet == NULL)
		fleet = m->none;
	atomic_fetch_add(
	    &fleet->cell[op][stage_of(stage)][outcome_of(http)], 1);
	prom_observe(&m->requests[op], microseconds);
}

void
metrics_count(struct metrics *m, enum metrics_event e)
{
	if (m != NULL && e < METRICS_EVENTS)
		atomic_fetch_add(&m->event[e], 1);
}

uint64_t
metrics_counted(const struct metrics *m, enum metrics_event e)
{
	return m == NULL ? 0 : atomic_load(&m->event[e]);
}

void
metrics_phase(struct metrics *m, int from, int to)
{
	if (m == NULL || from == to)
		return;
	if (from >= 0)
		atomic_fetch_sub(&m->phase[from], 1);
	if (to >= 0)
		atomic_fetch_add(&m->phase[to], 1);
}

struct prom_histogram *
metrics_ca_calls(struct metrics *m)
{
	return m == NULL ? NULL : &m->ca_calls;
}

struct prom_histogram *
metrics_handshakes(struct metrics *m)
{
	return m == NULL ? NULL : &m->handshakes;
}
