#include "ca/engine/retire.h"
#include "tests/unit/ca/engine/foreign.h"

/* How long a disabled CA goes on. */

static void
looks(void **state)
{
	struct world *w = *state;
	const struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	struct cert_row row;
	struct retire r;
	char serial[64];

	world_issue(w, "one", serial);
	world_row(w, serial, &row);
	assert_true(retire_look(w->ca, is, &r));
	assert_int_equal(r.last, row.not_after);
	assert_int_equal(r.n[CERT_VALID], 2); /* and the EST server's */
	world_done(world_admin(w, "revoke", "t", "serial", serial));
	assert_true(retire_look(w->ca, is, &r));
	assert_int_equal(r.n[CERT_REVOKED], 1);
	assert_int_equal(r.last, row.not_after);
}

static void
ends(void **state)
{
	struct world *w = *state;
	struct issuer is = *issuer_set_find(&w->ca->issuers, "devices");
	struct retire r = {.last = 1000};
	int64_t life = is.row.crl_lifetime;

	assert_false(retire_is_over(&is, &r, 1000 + 2 * life));
	is.row.state = ISSUER_DISABLED;
	assert_false(retire_is_over(&is, &r, 1000));
	/* It stands on one more CRL. */
	assert_false(retire_is_over(&is, &r, 1000 + life));
	assert_true(retire_is_over(&is, &r, 1001 + life));
	is.row.expired_from = 1;
	assert_false(retire_is_over(&is, &r, 1001 + life));
	is.row.expired_from = 0;
	r.last = BUILD_NO_END;
	assert_false(retire_is_over(&is, &r, BUILD_NO_END));
	is.row.state = ISSUER_ROOT;
	r.last = 0;
	assert_false(retire_is_over(&is, &r, 1001 + life));
}

/* Delegates of a CA that issued nothing else keep it from nothing. */
static void
delegates(void **state)
{
	struct world *w = *state;
	struct issuer *was = issuer_set_find(&w->ca->issuers, "code");
	struct issuer_row row = was->row;
	struct retire r;

	assert_true(retire_needs_crls(w->ca, was, w->now));
	row.state = ISSUER_DISABLED;
	issuer_set_replace(&w->ca->issuers, was, issuer_changed(was, &row));
	was = issuer_set_find(&w->ca->issuers, "code");
	assert_true(retire_look(w->ca, was, &r));
	assert_int_equal(r.last, 0);
	assert_false(retire_needs_crls(w->ca, was, w->now));
	assert_false(retire_needs_crls(w->ca,
	    issuer_set_find(&w->ca->issuers, "root"), w->now));
}

static void
watches(void **state)
{
	struct world *w = *state;
	struct retire_watch *watch = calloc(1, sizeof(*watch));
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	struct issuer_row row = is->row;
	time_t end = w->now + 20 * 365 * 86400L;

	row.state = ISSUER_DISABLED;
	assert_false(retire_watch_over(watch, w->ca, 1, w->now));
	assert_ptr_equal(w->ca->issuers.item[1], is);
	issuer_set_replace(&w->ca->issuers, is, issuer_changed(is, &row));
	assert_false(retire_watch_over(watch, w->ca, 1, w->now));
	assert_true(retire_watch_over(watch, w->ca, 1, end));
	/* Not asked again for a while, but for a clock that went back. */
	assert_true(retire_watch_over(watch, w->ca, 1, end + 1));
	assert_false(retire_watch_over(watch, w->ca, 1, w->now));
	assert_false(
	    retire_watch_over(watch, w->ca, 1, w->now + RETIRE_EVERY - 1));
	/* A root's CRLs are not its business. */
	assert_false(retire_watch_over(watch, w->ca, 0, w->now));
	free(watch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(looks),
	    cmocka_unit_test(ends),
	    cmocka_unit_test(delegates),
	    cmocka_unit_test(watches),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
