#ifndef TESTS_UNIT_CA_ENGINE_OPENING_H
#define TESTS_UNIT_CA_ENGINE_OPENING_H

#include <pthread.h>
#include <semaphore.h>
#include "ca/engine/tokens.h"

/* Another thread that opens a token, and is not done before it is told so. */

struct opening {
	struct ca_token *t;
	pthread_t thread;
	sem_t begun, end;
};

static void *
opening_run(void *arg)
{
	struct opening *o = arg;

	pthread_rwlock_wrlock(&o->t->lock);
	sem_post(&o->begun);
	while (sem_wait(&o->end) != 0)
		;
	pthread_rwlock_unlock(&o->t->lock);
	return NULL;
}

static void
opening_begin(struct opening *o, struct ca_token *t)
{
	o->t = t;
	assert_int_equal(sem_init(&o->begun, 0, 0), 0);
	assert_int_equal(sem_init(&o->end, 0, 0), 0);
	assert_int_equal(pthread_create(&o->thread, NULL, opening_run, o), 0);
	while (sem_wait(&o->begun) != 0)
		;
}

static void
opening_end(struct opening *o)
{
	sem_post(&o->end);
	assert_int_equal(pthread_join(o->thread, NULL), 0);
	sem_destroy(&o->begun);
	sem_destroy(&o->end);
}

#endif
