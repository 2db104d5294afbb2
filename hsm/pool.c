#include <time.h>
#include "hsm/private.h"

/* The sessions of a token: places, of which each call holds one. */

int
hsm_pool_init(struct hsm_pool *pool, size_t size)
{
	size_t i;

	if (pthread_mutex_init(&pool->lock, NULL) != 0)
		return 0;
	if (pthread_cond_init(&pool->freed, NULL) != 0) {
		pthread_mutex_destroy(&pool->lock);
		return 0;
	}
	pool->size = pool->n_idle = size;
	for (i = 0; i < size; i++)
		pool->idle[i] = size - 1 - i;
	return 1;
}

void
hsm_pool_destroy(struct hsm_pool *pool)
{
	pthread_cond_destroy(&pool->freed);
	pthread_mutex_destroy(&pool->lock);
}

void
hsm_pool_drop(struct hsm *hsm)
{
	size_t i;

	/* A restarted module may have given the same numbers to others. */
	for (i = 0; i < HSM_SESSIONS_MAX; i++) {
		if (hsm->pool.place[i] != 0 && hsm_is_attached(hsm))
			hsm->module->fn->C_CloseSession(hsm->pool.place[i]);
		hsm->pool.place[i] = 0;
	}
}

/*
 * Until a place is given back, or the last call that has one should have come
 * back. 0 when all of them are beyond that. Pool's lock held.
 */
static int
wait_for_place(struct hsm *hsm)
{
	struct hsm_pool *pool = &hsm->pool;
	struct timespec end;
	long long due = 0;
	size_t i;

	if (hsm_health_all_late(hsm, pool->size))
		return 0;
	if (hsm->limit == 0)
		return pthread_cond_wait(&pool->freed, &pool->lock) == 0;
	for (i = 0; i < HSM_SESSIONS_MAX; i++)
		if (pool->due[i] > due)
			due = pool->due[i];
	if (due <= hsm_monotonic_ns())
		return 0;
	end.tv_sec = due / 1000000000LL;
	end.tv_nsec = due % 1000000000LL;
	pthread_cond_clockwait(
	    &pool->freed, &pool->lock, CLOCK_MONOTONIC, &end);
	return 1;
}

/* The last one given back, since it is warm. A slow token may have a queue of any
   length. */
int
hsm_pool_take(struct hsm *hsm, long long limit, size_t *place)
{
	struct hsm_pool *pool = &hsm->pool;
	int ok = 1;

	pthread_mutex_lock(&pool->lock);
	while (pool->n_idle == 0 && ok)
		ok = wait_for_place(hsm);
	if (ok) {
		*place = pool->idle[--pool->n_idle];
		pool->due[*place] = hsm_monotonic_ns() + limit;
	}
	pthread_mutex_unlock(&pool->lock);
	return ok;
}

void
hsm_pool_wake(struct hsm_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pthread_cond_broadcast(&pool->freed);
	pthread_mutex_unlock(&pool->lock);
}

/* Pool's lock held. */
static void
put_back(struct hsm_pool *pool, size_t place)
{
	pool->idle[pool->n_idle++] = place;
	pool->due[place] = 0;
	pthread_cond_signal(&pool->freed);
}

/* One at a time, each to be used next: so it shows whether there is a session
   for it, or it goes again. Pool's lock held. */
static void
grow(struct hsm_pool *pool)
{
	long long now = hsm_monotonic_ns();

	if (now < pool->grow_at)
		return;
	pool->grow_at = now + HSM_POOL_REST;
	pool->size++;
	put_back(pool, pool->retired[--pool->n_retired]);
}

void
hsm_pool_give(struct hsm_pool *pool, size_t place)
{
	pthread_mutex_lock(&pool->lock);
	put_back(pool, place);
	if (pool->n_retired > 0)
		grow(pool);
	pthread_mutex_unlock(&pool->lock);
}

int
hsm_pool_retire(struct hsm_pool *pool, size_t place)
{
	int rc = 0;

	pthread_mutex_lock(&pool->lock);
	if (pool->size > 1) {
		pool->size--;
		pool->due[place] = 0;
		pool->retired[pool->n_retired++] = place;
		pool->grow_at = hsm_monotonic_ns() + HSM_POOL_REST;
		rc = 1;
		/* That may have been the last one with hope. */
		pthread_cond_broadcast(&pool->freed);
	}
	pthread_mutex_unlock(&pool->lock);
	return rc;
}
