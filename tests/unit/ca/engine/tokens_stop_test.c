#include "tests/unit/ca/engine/world.h"
#include "ca/engine/tokens.h"

static void
stop(struct world *w)
{
	struct issuer *is = ca_issuer_lock(w->ca, "devices", w->now);

	assert_non_null(is);
	hsm_key_wrong(is->key, "it does not verify");
	ca_issuer_unlock(w->ca, is);
}

static void
stands_in_the_log(void **state)
{
	struct world *w = *state;
	struct token_resume r = {"test", "the cable", w->now};
	struct ca_token *t = tokens_find(w->ca, "");

	tokens_watch(w->ca, w->now);
	assert_int_equal(world_log(w, "alarm.token", ""), 0);
	stop(w);
	tokens_watch(w->ca, w->now);
	tokens_watch(w->ca, w->now);
	assert_int_equal(world_log(w, "alarm.token", "it does not verify"), 1);
	assert_true(tokens_resume(w->ca, t, &r));
	assert_int_equal(world_log(w, "token.resume", "the cable"), 1);
	tokens_watch(w->ca, w->now);
	assert_int_equal(world_log(w, "token.resume", ""), 1);
	/* Once more, before anybody has looked: both are on record. */
	stop(w);
	assert_true(tokens_resume(w->ca, t, &r));
	assert_int_equal(world_log(w, "alarm.token", ""), 2);
	assert_int_equal(world_log(w, "token.resume", ""), 2);
}

/* The next program finds it stopped, or not. */
static void
outlives_the_program(void **state)
{
	struct world *w = *state;
	struct ca_token *t = tokens_find(w->ca, "");

	stop(w);
	tokens_watch(w->ca, w->now);
	t->stop_read = t->stop_logged = 0;
	tokens_watch(w->ca, w->now);
	assert_int_equal(world_log(w, "alarm.token", ""), 1);
	assert_true(hsm_resume(t->hsm));
	t->stop_read = t->stop_logged = 0;
	tokens_watch(w->ca, w->now);
	assert_int_equal(world_log(w, "token.resume", "file"), 1);
}

static void *
watch_it(void *arg)
{
	struct world *w = arg;

	tokens_watch(w->ca, w->now);
	return NULL;
}

/* The schedule looks while an operator lets it go on. */
static void
resumed_meanwhile(void **state)
{
	struct world *w = *state;
	struct ca_token *t = tokens_find(w->ca, "");
	pthread_t thread;
	int i;

	stop(w);
	tokens_watch(w->ca, w->now);
	pthread_mutex_lock(&t->stop_lock);
	assert_int_equal(pthread_create(&thread, NULL, watch_it, w), 0);
	/* Until it is on its way to the lock that we have. */
	for (i = 0; i < 200; i++) {
		if (pthread_rwlock_trywrlock(&t->lock) != 0)
			break;
		pthread_rwlock_unlock(&t->lock);
		usleep(10000);
	}
	t->stop_logged = 0;	/* as the entry token.resume was written */
	assert_true(hsm_resume(t->hsm));
	pthread_mutex_unlock(&t->stop_lock);
	pthread_join(thread, NULL);
	assert_int_equal(world_log(w, "alarm.token", ""), 1);
	tokens_watch(w->ca, w->now);
	assert_int_equal(world_log(w, "token.resume", ""), 0);
	/* But a stop that comes again is told of again. */
	stop(w);
	tokens_watch(w->ca, w->now);
	assert_int_equal(world_log(w, "alarm.token", ""), 2);
}

static void
refuses_what_is_not_stopped(void **state)
{
	struct world *w = *state;
	struct token_resume r = {"test", "x", w->now};
	struct ca_token *t = tokens_find(w->ca, "");
	struct hsm *hsm = t->hsm;

	assert_false(tokens_resume(w->ca, t, &r));
	world_raised(CA_E_DENIED, "token.resume: the token is well");
	t->hsm = NULL;
	assert_false(tokens_resume(w->ca, t, &r));
	world_raised(CA_E_SIGN, "token.resume: the token is not open");
	t->hsm = hsm;
	assert_int_equal(world_log(w, "token.resume", ""), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(stands_in_the_log),
	    TEST(outlives_the_program),
	    TEST(resumed_meanwhile),
	    TEST(refuses_what_is_not_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
