#include "tests/unit/ca/engine/checks.h"
#include "tests/unit/ca/engine/second_token.h"

/* A token is being opened, and that takes its time: who only asks how things are
   does not wait for it, nor does another token whose standby it is. */

#define SOON 2000		/* times 10 ms */

static int
setup(void **state)
{
	if (world_setup(state) != 0)
		return -1;
	second_token(*state);
	return 0;
}

/* As who opens it; but not for ever, so that a test that waits for him ends. */
struct opener {
	struct ca_token *t;
	pthread_t thread;
	atomic_int holds, over;
};

static void *
hold(void *arg)
{
	struct opener *o = arg;
	int i;

	pthread_rwlock_wrlock(&o->t->lock);
	atomic_store(&o->holds, 1);
	for (i = 0; i < SOON && !atomic_load(&o->over); i++)
		usleep(10000);
	atomic_store(&o->holds, 0);
	pthread_rwlock_unlock(&o->t->lock);
	return NULL;
}

static void
begin(struct opener *o)
{
	assert_int_equal(pthread_create(&o->thread, NULL, hold, o), 0);
	while (!atomic_load(&o->holds))
		usleep(1000);
}

/* Is he still at it? */
static int
end(struct opener *o)
{
	int holds = atomic_load(&o->holds);

	atomic_store(&o->over, 1);
	pthread_join(o->thread, NULL);
	return holds;
}

/* The figure of ${metric} with that label value. */
static int64_t
figure(const WIRE_ANSWER *a, const char *metric, const char *value)
{
	const WIRE_FIELDS *row;
	size_t i;

	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		if (strcmp(field_text(row, "metric", ""), metric) == 0 &&
		    strcmp(field_text(row, "label_value", ""), value) == 0)
			return field_int(row, "value", -99);
	}
	return -1;
}

static void
keys_are_told_of(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	struct opener o = {.t = is->token};
	int has, lacks;

	begin(&o);
	has = ca_issuer_has_key(is);
	lacks = ca_issuer_lacks_key(is);
	assert_int_equal(end(&o), 1);
	assert_int_equal(has, 1);
	assert_int_equal(lacks, 0);
	assert_int_equal(ca_issuer_has_key(
	    issuer_set_find(&w->ca->issuers, "root")), 0);
}

static void
metrics(void **state)
{
	struct world *w = *state;
	struct ca_token *t = &w->ca->tokens[0];
	struct hsm *hsm = t->hsm;
	struct opener o = {.t = t};
	WIRE_ANSWER *well, *away;

	begin(&o);
	/* A writer alone is no token that is away. */
	well = world_ask(w, OPS_RA, "metrics", "");
	t->hsm = NULL;
	away = world_ask(w, OPS_RA, "metrics", "");
	t->hsm = hsm;
	assert_int_equal(end(&o), 1);
	world_is(well, WIRE_OK);
	assert_int_equal(figure(well, "inkan_ca_token_up", ""), 1);
	assert_int_equal(figure(well, "inkan_ca_token_up", "hsm2"), 1);
	assert_int_equal(figure(well, "inkan_ca_key_up", "devices-g1"), 1);
	assert_int_equal(figure(away, "inkan_ca_token_up", ""), 0);
	assert_int_equal(figure(away, "inkan_ca_token_up", "hsm2"), 1);
	WIRE_ANSWER_free(well);
	WIRE_ANSWER_free(away);
}

static void
status(void **state)
{
	struct world *w = *state;
	struct ca_token *t = &w->ca->tokens[0];
	struct hsm *hsm = t->hsm;
	struct opener o = {.t = t};
	WIRE_ANSWER *well, *away;

	begin(&o);
	well = world_admin(w, "status", "");
	t->hsm = NULL;
	away = world_admin(w, "status", "");
	t->hsm = hsm;
	assert_int_equal(end(&o), 1);
	world_is(well, WIRE_OK);
	assert_string_equal(level_of(well, "token"), "ok");
	assert_string_equal(level_of(well, "ca:devices-g1"), "ok");
	assert_string_equal(level_of(away, "token"), "fail");
	assert_string_equal(level_of(away, "token:hsm2"), "ok");
	WIRE_ANSWER_free(well);
	WIRE_ANSWER_free(away);
}

static int
signs(struct world *w, const char *name, time_t now)
{
	struct issuer *is = ca_issuer_lock(w->ca, name, now);

	if (is != NULL)
		ca_issuer_unlock(w->ca, is);
	return is != NULL;
}

static void
lose_key(struct world *w, const char *name)
{
	struct issuer *is = issuer_set_find(&w->ca->issuers, name);

	EVP_PKEY_free(is->key);
	is->key = NULL;
	is->token->tried = w->now;
}

static void *
open_second(void *arg)
{
	struct world *w = arg;
	struct ca_token *t = tokens_lock(w->ca, "hsm2", w->now + 9);

	if (t != NULL)
		tokens_unlock(t);
	return t;
}

/* The first token is taken back while its standby is opened (for a sanitizer of
   threads), or held by who opens it. It signs without. */
static void
of_the_standby(void **state)
{
	struct world *w = *state;
	struct settings_token *conf = &w->settings->token;
	struct opener o = {.t = &w->ca->tokens[1]};
	pthread_t thread;
	void *got = NULL;
	int i;

	conf->has_standby = 1;
	snprintf(conf->standby, sizeof(conf->standby), "hsm2");
	report_init("test", REPORT_ERROR + 1, 2);
	for (i = 0; i < 5; i++) {
		hsm_close(w->ca->tokens[1].hsm);
		w->ca->tokens[1].hsm = NULL;
		w->ca->tokens[1].tried = w->now;
		lose_key(w, "code");
		assert_int_equal(
		    pthread_create(&thread, NULL, open_second, w), 0);
		assert_true(signs(w, "code", w->now + 9));
		pthread_join(thread, &got);
		assert_ptr_equal(got, &w->ca->tokens[1]);
		/* The standby lacks the key. */
		assert_int_equal(w->ca->tokens[0].no_standby, 1);
	}
	lose_key(w, "code");
	begin(&o);
	i = signs(w, "code", w->now + 9);
	assert_int_equal(end(&o), 1);
	assert_true(i);
	conf->has_standby = 0;
	report_init("test", REPORT_ERROR, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_told_of),
	    cmocka_unit_test(metrics),
	    cmocka_unit_test(status),
	    cmocka_unit_test(of_the_standby),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
