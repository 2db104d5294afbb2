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

static void
maker_is_accepted(void **state)
{
	struct world *w = *state;
	struct make_spec s = {.subject = "CN=x/serialNumber=m-1",
	    .issuer = w->sub,
	    .issuer_key = w->sub_key,
	    .key = w->key[3],
	    .ku = "critical,digitalSignature,keyAgreement",
	    .eku = "serverAuth,clientAuth",
	    .bc = "critical,CA:FALSE",
	    .to = 253402300799};

	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	w->req.n_chain = 0;
	use_leaf(w, make_cert(&s, 20));
	use_mid(w, w->sub);
	expect_ok(w);
	assert_string_equal(w->a->device, "m-1");
	assert_string_equal(w->a->serial, "m-1");
	assert_string_equal(w->a->auth, "manufacturer:maker");
	assert_string_equal(field_of(w->a, "identity.serial"), "m-1");
	assert_string_equal(field_of(w->a, "identity.device"), "m-1");
	assert_string_equal(field_of(w->a, "identity.cn"), "(absent)");
	assert_int_equal(w->a->renewal, 0);
	w->req.n_chain = 1; /* without the intermediate */
	expect_refused(
	    w, WIRE_DENIED, "authenticate", "certificate.unknown-maker");
}

static void
try_leaf(struct world *w, const struct make_spec *s, const char *rule)
{
	w->req.n_chain = 0;
	use_leaf(w, make_cert(s, ++w->serial));
	use_mid(w, w->sub);
	if (rule == NULL)
		expect_ok(w);
	else
		expect_refused(w, WIRE_DENIED, "authenticate", rule);
}

static void
maker_leaves(void **state)
{
	struct world *w = *state;
	const struct make_spec good = {.subject = "serialNumber=m-2",
	    .issuer = w->sub,
	    .issuer_key = w->sub_key,
	    .key = w->key[3]};
	struct make_spec s;

	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	try_leaf(w, &good, NULL);
#define WITH(member, value, rule)                                              \
	do {                                                                   \
		s = good;                                                      \
		s.member = (value);                                            \
		try_leaf(w, &s, rule);                                         \
	} while (0)
	WITH(to, NOW - 1, "certificate.expired");
	WITH(from, NOW + 10, "certificate.expired");
	WITH(issuer_key, w->key[1], "certificate.unknown-maker");
	WITH(eku, "serverAuth", "certificate.usage");
	WITH(eku, "anyExtendedKeyUsage", NULL);
	WITH(ku, "keyEncipherment", "certificate.usage");
	WITH(bc, "critical,CA:TRUE", "certificate.ca");
	WITH(subject, "CN=no-serial", "certificate.name");
	WITH(subject, "serialNumber=a/serialNumber=b", "certificate.name");
	WITH(subject, "serialNumber= a", "certificate.name");
#undef WITH
}

static void
maker_depth(void **state)
{
	struct world *w = *state;
	struct make_spec s = {.subject = "serialNumber=m-3",
	    .issuer = w->sub,
	    .issuer_key = w->sub_key,
	    .key = w->key[3]};

	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	world_rules(w,
	    "authenticate: { manufacturers = ( { name = \"maker\";"
	    " anchors = \"maker.pem\"; depth = 1; } ); };");
	try_leaf(w, &s, "certificate.unknown-maker");
	s.issuer = w->maker;
	s.issuer_key = w->maker_key;
	try_leaf(w, &s, NULL);
	world_rules(w,
	    "authenticate: { manufacturers = ( { name = \"maker\";"
	    " anchors = \"maker.pem\"; depth = 2; device_from = \"CN\"; } );"
	    " };");
	s.issuer = w->sub;
	s.issuer_key = w->sub_key;
	s.subject = "CN=by-cn/serialNumber=m-3";
	try_leaf(w, &s, NULL);
	assert_string_equal(w->a->device, "by-cn");
	world_rules(w, "");
}

/* Security level 1: no RSA below 80 bits of strength, no SHA-1. */
static void
weak_maker(void **state)
{
	struct world *w = *state;
	struct make_spec s = {.subject = "serialNumber=m-4",
	    .issuer = w->sub,
	    .issuer_key = w->sub_key};
	EVP_PKEY *weak = EVP_RSA_gen(768);

	assert_non_null(weak);
	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	s.key = weak;
	try_leaf(w, &s, "certificate.unknown-maker");
	EVP_PKEY_free(weak);
}

static void
maker_is_not_der(void **state)
{
	struct world *w = *state;
	unsigned char *longer;

	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	use_maker(w, "m-5");
	expect_ok(w);
	longer = OPENSSL_zalloc(w->req.chain_len[0] + 1);
	memcpy(longer, w->req.chain[0], w->req.chain_len[0]);
	w->req.chain[0] = longer;
	w->req.chain_len[0]++;
	expect_refused(w, WIRE_BADREQUEST, "authenticate", "certificate.der");
	w->req.chain_len[0] = 9;
	expect_refused(w, WIRE_BADREQUEST, "authenticate", "certificate.der");
	OPENSSL_free(longer);
	w->req.n_chain = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(own_certificate_renews),
	    world_test(own_states), world_test(own_that_never_came),
	    world_test(own_times),
	    world_test(own_of_another_fleet),
	    world_test(ours_but_not_in_the_store),
	    world_test(maker_is_accepted), world_test(maker_leaves),
	    world_test(maker_depth), world_test(weak_maker),
	    world_test(maker_is_not_der)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
