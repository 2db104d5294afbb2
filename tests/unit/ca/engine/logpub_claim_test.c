#include "tests/unit/ca/engine/logpub.h"

static int
setup(void **state)
{
	struct world *w;

	if (world_setup(state) != 0)
		return -1;
	w = *state;
	snprintf(w->settings->log.anchors[0], PATH_MAX, "%s/anchor", w->dir);
	w->settings->log.n_anchors = 1;
	reopen(w);
	round_ok(w);
	return 0;
}

static void
grow(struct world *w)
{
	char serial[64];

	world_issue(w, "grow", serial);
	round_ok(w);
}

static size_t
claims(struct world *w, struct logpub_claims *all)
{
	assert_true(logpub_claim_read(w->ca->log, w->now, all));
	return all->n;
}

/* The file has each checkpoint, the token one in a minute, and the last. */
static void
anchors(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	struct logpub_claims *all = calloc(1, sizeof(*all));
	uint64_t first = l->last.size;
	char *text;

	assert_int_equal(claims(w, all), 3);
	logpub_claim_clear(all);
	grow(w);
	text = read_text(w, "anchor");
	assert_string_equal(text, l->note);
	free(text);
	assert_int_equal(claims(w, all), 3);
	/* By size: the token is behind. */
	assert_string_equal(all->item[0].where, "the token's anchor");
	assert_int_equal(all->item[0].c.size, first);
	assert_int_equal(all->item[2].c.size, first + 2);
	logpub_claim_clear(all);
	logpub_claim_put(l, w->now + 59, 0);
	assert_int_equal(l->anchored_size, first);
	logpub_claim_put(l, w->now + 60, 0);
	assert_int_equal(l->anchored_size, first + 2);
	grow(w);
	logpub_claim_put(l, w->now, 1);
	assert_int_equal(l->anchored_size, first + 4);
	free(all);
}

/* What holds something else is not passed over. */
static void
refuses_others(void **state)
{
	struct world *w = *state;
	struct logpub_claims *all = calloc(1, sizeof(*all));

	world_write(w, "anchor", "a/log\n1\nAAAA\n\nnothing\n");
	assert_false(logpub_claim_read(w->ca->log, w->now, all));
	logpub_claim_clear(all);
	world_raised(CA_E_DENIED, "log.anchor: ");
	w->ca->log->denied = 0;
	reopen(w);
	assert_state(w, LOGPUB_STOPPED, "log.anchor: ");
	world_sh("rm %s/anchor && mkdir %s/anchor", w->dir, w->dir);
	reopen(w);
	/* Not to be read now: not a matter for a decision. */
	assert_state(w, LOGPUB_CHECKING, "log: read ");
	world_sh("rmdir %s/anchor", w->dir);
	round_ok(w);
	assert_state(w, LOGPUB_GOING, "");
	free(all);
}

/* An anchor that cannot be written stops nothing, and is told of. */
static void
tells_of_loss(void **state)
{
	struct world *w = *state;
	struct logpub_view v;

	snprintf(w->settings->log.anchors[0], PATH_MAX, "%s/gone/anchor",
	    w->dir);
	report_init("test", REPORT_ERROR + 1, 2);
	grow(w);
	logpub_look(w->ca->log, &v);
	assert_non_null(strstr(v.lost, "/gone/anchor: "));
	assert_int_equal(v.files, 0);
	world_sh("mkdir %s/gone", w->dir);
	round_ok(w);
	report_init("test", REPORT_ERROR, 2);
	logpub_look(w->ca->log, &v);
	assert_string_equal(v.lost, "");
	assert_int_equal(v.files, 1);
}

static void
keeps_and_forgets(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	struct logpub_claims *all = calloc(1, sizeof(*all));
	size_t n = claims(w, all);

	logpub_claim_clear(all);
	assert_true(logpub_claim_keep(l, l->note));
	assert_int_equal(claims(w, all), n + 1);
	logpub_claim_clear(all);
	logpub_claim_forget(l, w->now);
	/* Only the published file is left. */
	assert_int_equal(claims(w, all), 1);
	assert_string_equal(all->item[0].where, "log/checkpoint");
	logpub_claim_clear(all);
	free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(anchors),
	    cmocka_unit_test(refuses_others),
	    cmocka_unit_test(tells_of_loss),
	    cmocka_unit_test(keeps_and_forgets),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
