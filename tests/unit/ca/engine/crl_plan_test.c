#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ca/engine/crl_plan.h"

/* Figures worked out by hand. */

#define DAY 86400

static struct crl_plan_in
fleet(double n, double rate)
{
	return (struct crl_plan_in){.fleet = n, .rate = rate,
	    .validity = 730 * DAY, .interval = DAY / 4, .base_octets = 450,
	    .entry_octets = 50, .entry_seconds = 2e-6, .sign_seconds = 0.01,
	    .signature_seconds = 0.001,
	    .answer_validity = 3600, .answer_octets = 1000};
}

static void
near(double have, double want)
{
	if (have < want * 0.999 || have > want * 1.001)
		fail_msg("%f is not %f", have, want);
}

static void
formulae(void **state)
{
	struct crl_plan_in in = fleet(100000, 0.02);
	const struct crl_plan_row *r;
	struct crl_plan p;

	(void)state;
	crl_plan(&in, &p);
	near(p.entries, 2000);		/* 2000 a year, one year each */
	assert_false(p.grows);
	r = &p.row[CRL_PLAN_FULL];
	near(r->octets, 450 + 2000 * 50);
	near(r->verifier_day, 4 * r->octets);
	near(r->signatures_day, 4 + 2000 / 365.0);
	near(r->seconds_day, r->signatures_day * (0.01 + 2000 * 2e-6));
	r = &p.row[CRL_PLAN_SHARDS];	/* 100 kB in two of 50 kB */
	assert_int_equal(r->shards, 2);
	near(r->entries, 1000);
	near(r->signatures_day, 8 + 2000 / 365.0);
	near(p.row[CRL_PLAN_SHORT_LIFE].signatures_day,
	    100000 / (7 * 2.0 / 3));
	near(p.row[CRL_PLAN_OCSP].signatures_day, 100000 * 24.0);
	near(p.row[CRL_PLAN_OCSP].verifier_day, 24000);
	near(p.row[CRL_PLAN_OCSP].seconds_day, 2400);
}

static enum crl_plan_way
best(struct crl_plan_in in)
{
	struct crl_plan p;

	crl_plan(&in, &p);
	assert_non_null(p.advice);
	return p.best;
}

static void
choices(void **state)
{
	struct crl_plan_in in = fleet(1000, 0.01);
	struct crl_plan p;

	(void)state;
	assert_int_equal(best(in), CRL_PLAN_FULL);
	in.fleet = 1e6;
	assert_int_equal(best(in), CRL_PLAN_SHARDS);
	crl_plan(&in, &p);
	assert_true(p.row[CRL_PLAN_SHARDS].octets <= CRL_PLAN_SMALL);
	assert_null(p.deltas);
	/* Short already. */
	in.validity = 5 * DAY;
	assert_int_equal(best(in), CRL_PLAN_SHORT_LIFE);
	/* Too many for shards: 100 M, each tenth revoked. */
	in = fleet(1e8, 0.1);
	crl_plan(&in, &p);
	assert_false(p.row[CRL_PLAN_FULL].fits);
	assert_false(p.row[CRL_PLAN_SHARDS].fits);
	assert_non_null(p.deltas);
	/* With a fast token the answers can be signed. */
	in.ocsp = 1;
	in.signature_seconds = 1e-6;
	assert_int_equal(best(in), CRL_PLAN_OCSP);
	in.ocsp = 0;
	assert_int_equal(best(in), CRL_PLAN_SHORT_LIFE);
}

static void
never_ending(void **state)
{
	struct crl_plan_in in = fleet(10000, 0.01);
	struct crl_plan p;

	(void)state;
	in.keep_expired = 1;
	crl_plan(&in, &p);
	assert_true(p.grows);
	near(p.entries, 10000 * 0.01 * CRL_PLAN_YEARS);
	assert_non_null(p.beside);
	in.keep_expired = 0;
	in.validity = 0;
	crl_plan(&in, &p);
	assert_true(p.grows);
	assert_false(p.row[CRL_PLAN_SHORT_LIFE].fits);
}

/* Nothing at all is no special case. */
static void
nothing(void **state)
{
	struct crl_plan_in in = fleet(0, 0);
	struct crl_plan p;

	(void)state;
	crl_plan(&in, &p);
	assert_int_equal(p.best, CRL_PLAN_FULL);
	near(p.row[CRL_PLAN_FULL].octets, 450);
	assert_string_equal(crl_plan_name(CRL_PLAN_OCSP), "OCSP");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(formulae),
	    cmocka_unit_test(choices),
	    cmocka_unit_test(never_ending),
	    cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
