#include "tests/unit/ca/engine/admit_change.h"

static void
no_credentials(void **state)
{
	struct world *w = *state;

	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	w->req.renew = 0;
	w->req.n_chain = 0;
	w->req.user = NULL;
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "credentials");
	assert_false(w->o.authenticated);
	assert_string_equal(w->o.who, "192.0.2.1");
	w->req.renew = 1;
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "credentials");
	w->req.renew = 0;
	use_basic(w, "user", NULL); /* a user without a secret is none */
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "credentials");
	w->req.user = NULL;
}

static void
renewal_wants_our_certificate(void **state)
{
	struct world *w = *state;
	char secret[64];

	add_secret(w, "renewer", "f", "", 1, secret);
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	w->req.renew = 1;
	use_basic(w, "renewer", secret);
	expect_refused(w, WIRE_DENIED, "authenticate", "renew.certificate");
	use_maker(w, "d");
	expect_refused(w, WIRE_DENIED, "authenticate", "renew.certificate");
	w->req.renew = 0;
	expect_ok(w);
}

/* The certificate decides, also when the secret would do. */
static void
certificate_before_basic(void **state)
{
	struct world *w = *state;
	struct make_spec s = {.subject = "serialNumber=x",
	    .issuer = w->ours,
	    .issuer_key = w->our_key,
	    .key = w->key[2]};
	char secret[64];

	add_secret(w, "both", "f", "", 1, secret);
	use_csr(w, w->key[0], "CN=cn", NULL, NULL);
	use_maker(w, "by-maker");
	w->req.user = "both";
	w->req.secret = "wrong";
	expect_ok(w);
	assert_string_equal(w->a->device, "by-maker");
	w->req.n_chain = 0;
	use_leaf(w, make_cert(&s, 77));
	w->req.secret = secret;
	expect_refused(
	    w, WIRE_DENIED, "authenticate", "certificate.unknown-maker");
	w->req.n_chain = 0;
	expect_ok(w);
	assert_string_equal(w->a->device, "cn");
	w->req.user = NULL;
}

static void
chains_have_limits(void **state)
{
	struct world *w = *state;
	static unsigned char big[20000];

	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	use_maker(w, "d");
	w->req.n_chain = ADMIT_CHAIN_MAX + 1;
	expect_refused(w, WIRE_BADREQUEST, "authenticate", "certificate.chain");
	w->req.n_chain = 2;
	w->req.chain[1] = big;
	w->req.chain_len[1] = sizeof(big);
	expect_refused(w, WIRE_BADREQUEST, "authenticate", "certificate.chain");
	w->req.chain_len[1] = 0;
	expect_refused(w, WIRE_BADREQUEST, "authenticate", "certificate.chain");
	w->req.n_chain = 1;
	expect_ok(w);
}

static void
explain_without_a_party(void **state)
{
	struct world *w = *state;

	w->env.explain = 1;
	w->req.n_chain = 0;
	w->req.user = NULL;
	use_csr(w, w->key[0], "CN=asked", NULL, NULL);
	expect_ok(w);
	assert_string_equal(w->a->device, "asked");
	w->req.renew = 1;
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "credentials");
	w->req.renew = 0;
	world_rules(w, "authenticate: { own_certificate = true; };");
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "credentials");
	w->env.explain = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(no_credentials),
	    world_test(renewal_wants_our_certificate),
	    world_test(certificate_before_basic),
	    world_test(chains_have_limits),
	    world_test(explain_without_a_party)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
