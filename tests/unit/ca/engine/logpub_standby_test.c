#include "tests/unit/ca/engine/twin.h"

/* The log goes on while its token is away, where another stands in for that. */

static int
setup(void **state)
{
	struct world *w;

	if (world_setup(state) != 0)
		return -1;
	w = *state;
	round_ok(w);
	twin_token(w);
	return 0;
}

static void
grow(struct world *w, const char *name)
{
	char serial[64];

	world_issue(w, name, serial);
	round_ok(w);
}

static struct hsm_key *
key_of_log(struct world *w)
{
	return hsm_provider_key(w->ca->log->key);
}

static size_t
claims_of(struct world *w, const char *where)
{
	struct logpub_claims *all = calloc(1, sizeof(*all));
	size_t i, n = 0;

	assert_true(logpub_claim_read(w->ca->log, w->now, all));
	for (i = 0; i < all->n; i++)
		n += strcmp(all->item[i].where, where) == 0;
	logpub_claim_clear(all);
	free(all);
	return n;
}

static void
both(void **state)
{
	struct world *w = *state;
	struct log_checkpoint c;
	struct logpub_view v;

	start_with(w, "first twin");
	grow(w, "both");
	assert_ptr_equal(key_of_log(w)->hsm, token_of(w, ""));
	assert_ptr_equal(key_of_log(w)->spare->hsm, token_of(w, "twin"));
	published(w, &c);
	assert_int_equal(c.size, entries(w));
	logpub_claim_put(w->ca->log, w->now, 1);
	logpub_look(w->ca->log, &v);
	assert_int_equal(v.token, 1);
	assert_int_equal(claims_of(w, "the token's anchor"), 1);
	assert_int_equal(claims_of(w, "the standby's anchor"), 1);
}

static void
standby_away(void **state)
{
	struct world *w = *state;
	struct logpub_view v;

	start_with(w, "first");
	grow(w, "first");
	assert_null(key_of_log(w)->spare);
	logpub_claim_put(w->ca->log, w->now, 1);
	logpub_look(w->ca->log, &v);
	assert_int_equal(v.token, -1);
	assert_int_equal(claims_of(w, "the token's anchor"), 1);
	assert_int_equal(claims_of(w, "the standby's anchor"), 0);
}

static void
own_away(void **state)
{
	struct world *w = *state;
	struct log_checkpoint was, now;
	EVP_PKEY *key;

	start_with(w, "first twin");
	grow(w, "before");
	published(w, &was);
	start_with(w, "twin");
	grow(w, "away");
	assert_ptr_equal(key_of_log(w)->hsm, token_of(w, "twin"));
	published(w, &now);
	assert_int_equal(now.size, entries(w));
	assert_true(now.size > was.size);
	assert_true(is_begun_by(w, &was, &now));
	assert_int_equal(claims_of(w, "the standby's anchor"), 1);
	/* What went well leaves no error behind. */
	assert_int_equal(ERR_peek_error(), 0);
	key = logpub_key_find(w->ca->log, w->now, 0);
	assert_non_null(key);
	EVP_PKEY_free(key);
	assert_int_equal(ERR_peek_error(), 0);
	/* It is looked for again after a while. */
	comes_back(w, "first");
	w->now += 31;
	grow(w, "back");
	assert_ptr_equal(key_of_log(w)->hsm, token_of(w, ""));
	assert_ptr_equal(key_of_log(w)->spare->hsm, token_of(w, "twin"));
}

/* Who knows nothing of the log does not let an older store go on. */
static void
without_anchor(void **state)
{
	struct world *w = *state;
	struct logpub_claims *all = calloc(1, sizeof(*all));

	start_with(w, "first twin");
	assert_true(hsm_data_set(token_of(w, "twin"), "inkan-log-anchor", NULL,
	    0));
	start_with(w, "twin");
	assert_false(logpub_claim_read(w->ca->log, w->now, all));
	logpub_claim_clear(all);
	free(all);
	world_raised(CA_E_SIGN, "token: ");
	assert_int_equal(logpub_round(w->ca->log, w->now), 0);
	ERR_clear_error();
}

static void
rolled_back(void **state)
{
	struct world *w = *state;

	start_with(w, "first twin");
	world_sh("cp %s/store.db %s/older.db", w->dir, w->dir);
	grow(w, "later");
	logpub_claim_put(w->ca->log, w->now, 1);
	ca_close(w->ca);
	w->ca = NULL;
	world_sh("cd %s && rm -f store.db-* && mv older.db store.db && "
	    "rm -r pub/log", w->dir);
	start_with(w, "twin");
	assert_state(w, LOGPUB_STOPPED, "log.rollback: the standby's anchor");
	refused(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both),
	    cmocka_unit_test(standby_away),
	    cmocka_unit_test(own_away),
	    cmocka_unit_test(without_anchor),
	    cmocka_unit_test(rolled_back),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
