#include "tests/unit/ca/engine/checks.h"
#include "tests/unit/ca/engine/foreign.h"

/* What ends: CAs, CRLs, OCSP answers, certificates of services. */

static void
crls_run_out(void **state)
{
	struct world *w = *state;
	time_t now = w->now;

	w->now += 13 * 3600;
	expect(w, "crl:devices-g1", "warn");
	expect(w, "crl:root-g1", "ok");
	w->now = now + 25 * 3600;
	expect(w, "crl:devices-g1", "fail");
	w->now = now;
	expect(w, "crl:devices-g1", "ok");
}

/* Some are told one by one, all of them as one line. */
static void
shards(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "code");
	const char *check;
	WIRE_ANSWER *a;
	size_t i, n = 0;

	is->row.crl_shards = 30;
	expect(w, "crl:code-g1", "fail");
	expect(w, "crl:code-g1-s1", "fail");
	a = world_admin(w, "status", "");
	for (i = 0; i < message_n_rows(a); i++) {
		check = field_text(message_row(a, i), "check", "");
		n += strncmp(check, "crl:code-g1-s", 13) == 0;
	}
	assert_int_equal(n, 8);
	WIRE_ANSWER_free(a);
	world_done(world_admin(w, "crl.issue", "t", "issuer", "code"));
	expect(w, "crl:code-g1", "ok");
	expect(w, "crl:code-g1-s1", "absent");
	/* Late: overdue by a tenth of the interval. */
	w->now += is->row.crl_interval + is->row.crl_interval / 10 - 1;
	expect(w, "crl:code-g1", "ok");
	w->now += 1;
	expect(w, "crl:code-g1-s29", "absent");
	expect(w, "crl:code-g1-s0", "warn");
	w->now -= is->row.crl_interval + is->row.crl_interval / 10;
	is->row.crl_shards = 0;
	expect(w, "crl:code-g1", "ok");
}

static void
certificates_expire(void **state)
{
	struct world *w = *state;
	time_t now = w->now;

	w->now = now + 80 * 86400;
	expect(w, "service:CN=localhost", "warn");
	expect(w, "ca:devices-g1", "ok");
	w->now = now + 91 * 86400;
	expect(w, "service:CN=localhost", "fail");
	w->now = issuer_set_find(&w->ca->issuers, "devices")->row.not_after + 1;
	expect(w, "ca:devices-g1", "fail");
	w->now -= 86400;
	expect(w, "ca:devices-g1", "warn");
	w->now = now;
}

/* The root's OCSP answers, signed in its ceremony for 180 days. */
static void
answers_run_out(void **state)
{
	struct world *w = *state;
	time_t now = w->now;
	char dir[512];

	expect(w, "presigned:root-g1", "ok");
	expect(w, "presigned:devices-g1", "absent");
	w->now = now + 150 * 86400;
	expect(w, "presigned:root-g1", "warn");
	w->now = now + 181 * 86400;
	expect(w, "presigned:root-g1", "fail");
	w->now = now;
	snprintf(dir, sizeof(dir), "%s/pub/ocsp/root-g1", w->dir);
	world_sh("mv %s %s.away", dir, dir);
	expect(w, "presigned:root-g1", "fail");
	world_sh("mkdir %s && echo x >%s/1-sha1.der", dir, dir);
	expect(w, "presigned:root-g1", "fail");
	world_sh("rm -r %s && mv %s.away %s", dir, dir, dir);
	expect(w, "presigned:root-g1", "ok");
}

/* A CA is worth what is above it. */
static void
a_foreign_root_ends(void **state)
{
	struct world *w = *state;
	struct foreign good, late;

	foreign_ca(&good, NULL, "Good Root", (struct foreign_how){0}, w->now);
	foreign_ca(&late, NULL, "Late Root",
	    (struct foreign_how){.from = -300L * 86400, .to = 20L * 86400},
	    w->now);
	foreign_sub(w, &good, "good");
	foreign_sub(w, &late, "late");
	world_done(world_admin(w, "crl.issue", "t", "issuer", "good"));
	world_done(world_admin(w, "crl.issue", "t", "issuer", "late"));
	expect(w, "ca:good-g1", "ok");
	expect(w, "crl:good-g1", "ok");
	expect(w, "ca:late-g1", "warn");
	foreign_free(&good);
	foreign_free(&late);
}

/* Disabled, and over: its CRL and its delegates may run out. */
static void
a_disabled_ca(void **state)
{
	struct world *w = *state;
	time_t now = w->now;

	world_done(world_admin(w, "ca.disable", "t", "name", "code"));
	w->now += 30 * 86400;
	expect(w, "ca:code-g1", "ok");
	expect(w, "crl:code-g1", "absent");
	world_done(world_admin(w, "ca.enable", "t", "name", "code"));
	expect(w, "crl:code-g1", "fail");
	w->now = now;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(crls_run_out),
	    cmocka_unit_test(shards),
	    cmocka_unit_test(certificates_expire),
	    cmocka_unit_test(answers_run_out),
	    cmocka_unit_test(a_foreign_root_ends),
	    cmocka_unit_test(a_disabled_ca),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
