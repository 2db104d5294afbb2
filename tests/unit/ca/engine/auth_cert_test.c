#include "tests/unit/ca/engine/admit_change.h"

static void
own_certificate_renews(void **state)
{
	struct world *w = *state;
	int64_t id = enrolled(w, "own-1", w->key[0], NULL);

	use_csr(w, w->key[1], "serialNumber=own-1", NULL, NULL);
	w->req.renew = 1;
	expect_ok(w);
	assert_int_equal(w->a->renewal, 1);
	assert_int_equal(w->a->predecessor.id, id);
	assert_string_equal(w->a->device, "own-1");
	assert_memory_equal(w->a->auth, "own:40", 6);
	assert_string_equal(field_of(w->a, "identity.device"), "own-1");
	/* Through simpleenroll too, and then it is a renewal. */
	w->req.renew = 0;
	expect_ok(w);
	assert_int_equal(w->a->renewal, 1);
}

static void
own_states(void **state)
{
	struct world *w = *state;
	int64_t id = enrolled(w, "own-2", w->key[0], NULL);

	use_csr(w, w->key[0], "serialNumber=own-2", NULL, NULL);
	expect_ok(w);
	set_cert(w, id, CERT_HELD);
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.held");
	set_cert(w, id, CERT_VALID);
	expect_ok(w);
	set_cert(w, id, CERT_REVOKED);
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.revoked");
	assert_false(w->o.authenticated);
}

/* One that is being made, or never was: nobody can show it, so the state is
   given here by hand. */
static void
own_that_never_came(void **state)
{
	struct world *w = *state;
	struct admitting t = {.o = &w->o, .stage = "authenticate"};
	struct cert_row row = {.state = CERT_ABORTED};

	outcome_init(&w->o);
	assert_int_equal(auth_refuse_state(&t, &row), 0);
	assert_int_equal(w->o.status, WIRE_DENIED);
	assert_string_equal(w->o.rule, "certificate.state");
	assert_string_equal(w->o.field, "tls.certificate");
}

static void
own_times(void **state)
{
	struct world *w = *state;

	enrolled(w, "own-3", w->key[1], NULL);
	use_csr(w, w->key[1], "serialNumber=own-3", NULL, NULL);
	w->env.now = NOW + 90 * DAY;
	expect_ok(w);
	w->env.now = NOW + 90 * DAY + 1;
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.expired");
	w->env.now = NOW - 301;
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.expired");
	w->env.now = NOW;
	expect_ok(w);
}

static void
own_of_another_fleet(void **state)
{
	struct world *w = *state;

	enrolled(w, "own-4", w->key[2], NULL);
	use_csr(w, w->key[2], "serialNumber=own-4", NULL, NULL);
	w->req.label = "g";
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.fleet");
	assert_true(w->o.authenticated);
	assert_string_equal(w->o.who, "f/own-4");
	w->req.label = "f";
	world_rules(w, "authenticate: { basic = true; };");
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.own");
	world_rules(w, "");
	expect_ok(w);
}

/* Only the exact octets are ours: a chain to our root says nothing. */
static void
ours_but_not_in_the_store(void **state)
{
	struct world *w = *state;
	struct make_spec s = {.subject = "serialNumber=own-1",
	    .issuer = w->ours,
	    .issuer_key = w->our_key,
	    .key = w->key[1]};
	X509 *copy = X509_dup(w->ours);
	char *pem;

	use_csr(w, w->key[0], "serialNumber=own-1", NULL, NULL);
	w->req.n_chain = 0;
	use_leaf(w, make_cert(&s, 4711));
	use_mid(w, w->ours);
	expect_refused(
	    w, WIRE_DENIED, "authenticate", "certificate.unknown-maker");
	w->req.n_chain = 0;
	use_leaf(w, copy);
	expect_refused(
	    w, WIRE_DENIED, "authenticate", "certificate.unknown-maker");
	/* Not even when our root stands among the anchors of a maker. */
	pem = make_pem(w->maker);
	assert_int_equal(
	    X509_STORE_add_cert(
		policy_fleet(w->policy, "f")->makers[0].anchors, w->ours),
	    1);
	use_leaf(w, make_cert(&s, 4712));
	expect_refused(
	    w, WIRE_DENIED, "authenticate", "certificate.unknown-maker");
	w->env.n_own_roots = 0;
	expect_ok(w);
	w->env.n_own_roots = 1;
	OPENSSL_free(pem);
	world_rules(w, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(own_certificate_renews),
	    world_test(own_states), world_test(own_that_never_came),
	    world_test(own_times),
	    world_test(own_of_another_fleet),
	    world_test(ours_but_not_in_the_store)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
