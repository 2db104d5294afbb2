#include "ca/engine/enrol_ask.h"
#include "tests/unit/ca/engine/admit_change.h"

/* What makes a request the same one, and what people see of it. */

/* The request at hand as far as stage approve: to be cleared with its parts. */
static void
ask(struct world *w, struct enrol_ask *out)
{
	static const struct stage stages[] = {
	    {"authenticate", stage_authenticate}, {"possess", stage_possess},
	    {"authorize", stage_authorize}, {"attest", stage_attest}};
	struct admitting t;

	memset(&t, 0, sizeof(t));
	outcome_init(&w->o);
	t.env = &w->env;
	t.req = &w->req;
	t.o = &w->o;
	t.fleet = policy_fleet(w->policy, "f");
	t.a = stage_admission(&w->env, "ra:uid:1");
	t.a->fleet = t.fleet;
	t.a->profile = t.fleet->compiled;
	if (!stage_run(&t, stages, 4))
		fail_msg("%s: %s", w->o.rule, w->o.text);
	assert_int_equal(enrol_ask_make(&t, out), 1);
	admit_free(t.a);
}

static void
same_as_at(struct world *w, const struct enrol_ask *was, int same,
    int credential, int rests, int line)
{
	struct enrol_ask q;

	ask(w, &q);
	if ((memcmp(q.same, was->same, 32) == 0) != same ||
	    (memcmp(q.credential, was->credential, 32) == 0) != credential ||
	    (q.rests_len == was->rests_len &&
		memcmp(q.rests_der, was->rests_der, q.rests_len) == 0) != rests)
		fail_msg("line %d", line);
	enrol_ask_clear(&q);
}

/* (the same request, the same credential, it rests on the same) */
#define same_as(w, q, a, b, c) same_as_at(w, q, a, b, c, __LINE__)

static void
by_a_makers_certificate(void **state)
{
	struct world *w = *state;
	struct enrol_ask q;

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", "DNS:d.test", NULL);
	ask(w, &q);
	assert_string_equal(q.op, "enroll");
	same_as(w, &q, 1, 1, 1);
	use_csr(w, w->key[0], "CN=d", "DNS:d.test", "challenge");
	same_as(w, &q, 1, 1, 1);
	w->req.address = "198.51.100.7";
	same_as(w, &q, 1, 1, 1);
	use_csr(w, w->key[1], "CN=d", "DNS:d.test", NULL);
	same_as(w, &q, 0, 1, 0);
	use_csr(w, w->key[0], "CN=e", "DNS:d.test", NULL);
	same_as(w, &q, 0, 1, 0);
	use_csr(w, w->key[0], "CN=d", "DNS:d2.test", NULL);
	same_as(w, &q, 0, 1, 0);
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	same_as(w, &q, 0, 1, 0);
	/* Another certificate of the same device. */
	use_csr(w, w->key[0], "CN=d", "DNS:d.test", NULL);
	use_maker(w, "d");
	same_as(w, &q, 0, 0, 0);
	enrol_ask_clear(&q);
}

static void
by_a_secret(void **state)
{
	struct world *w = *state;
	char one[64], two[64];
	struct enrol_ask q;

	add_secret(w, "one", "f", "", 1, one);
	add_secret(w, "two", "f", "", 1, two);
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	use_basic(w, "one", one);
	ask(w, &q);
	same_as(w, &q, 1, 1, 1);
	use_basic(w, "two", two);
	same_as(w, &q, 0, 0, 1);
	enrol_ask_clear(&q);
}

static void
of_a_renewal(void **state)
{
	struct world *w = *state;
	const unsigned char *p;
	struct enrol_ask q;
	size_t len;

	enrolled(w, "d", w->key[0], NULL);
	w->req.renew = 1;
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	ask(w, &q);
	assert_string_equal(q.op, "reenroll");
	assert_int_equal(strncmp(field_text(q.rests, "renews", ""), "own:", 4),
	    0);
	p = field_bytes(q.rests, "subject", &len);
	assert_true(p != NULL && len > 0);
	enrol_ask_clear(&q);
}

static void
with_a_key_made_here(void **state)
{
	struct world *w = *state;
	struct enrol_ask q;

	world_rules(w, "serverkeygen: { plain = true; };");
	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	w->req.keygen = 1;
	ask(w, &q);
	assert_string_equal(q.op, "keygen");
	same_as(w, &q, 1, 1, 1); /* although each has another key */
	use_csr(w, w->key[0], "CN=e", NULL, NULL);
	same_as(w, &q, 0, 1, 0);
	enrol_ask_clear(&q);
}

static void
what_people_see(void **state)
{
	struct world *w = *state;
	WIRE_FIELDS *l, *in;
	const unsigned char *p;
	struct enrol_ask q;
	size_t len;

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", "DNS:d.test,DNS:e.test", NULL);
	ask(w, &q);
	l = field_list_decode(q.args, q.args_len);
	assert_non_null(l);
	assert_string_equal(field_text(l, "fleet", ""), "f");
	assert_string_equal(field_text(l, "device", ""), "d");
	assert_string_equal(field_text(l, "auth", ""), "manufacturer:maker");
	assert_string_equal(field_text(l, "client_issuer", ""),
	    "/CN=Maker Root");
	assert_string_equal(field_text(l, "client_serial", ""), "65");
	assert_string_equal(field_text(l, "address", ""), "192.0.2.1");
	assert_int_equal(field_int(l, "policy", 0), 1);
	p = field_bytes(l, "csr", &len);
	assert_int_equal(len, w->req.csr_len);
	assert_memory_equal(p, w->req.csr, len);
	field_list_free(l);
	assert_string_equal(field_text(q.rests, "csr_subject", ""), "CN=d");
	assert_string_equal(field_text(q.rests, "csr_names", ""),
	    "DNS:d.test, DNS:e.test");
	assert_string_equal(field_text(q.rests, "profile", ""),
	    "device-ldevid");
	p = field_bytes(q.rests, "identity", &len);
	in = field_list_decode(p, len);
	assert_non_null(in);
	assert_string_equal(field_text(in, "identity.serial", ""), "d");
	field_list_free(in);
	enrol_ask_clear(&q);
}

/* Registered by what came to nothing: the same still. */
static void
registered_meanwhile(void **state)
{
	struct world *w = *state;
	struct enrol_ask q;
	struct cert_row row;

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	ask(w, &q);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	set_cert(w, row.id, CERT_ABORTED);
	same_as(w, &q, 1, 1, 1);
	enrol_ask_clear(&q);
}

static void
stands_under_a_policy(void **state)
{
	struct world *w = *state;
	struct enrol_ask q;

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	ask(w, &q);
	assert_int_equal(enrol_ask_stands(q.rests, w->policy), 1);
	w->policy->row.version++; /* of something else */
	assert_int_equal(enrol_ask_stands(q.rests, w->policy), 1);
	world_rules(w, "pop_link = \"required\";");
	assert_int_equal(enrol_ask_stands(q.rests, w->policy), 0);
	enrol_ask_clear(&q);
	q.rests = field_list_new();
	assert_int_equal(enrol_ask_stands(q.rests, w->policy), 0);
	enrol_ask_clear(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(by_a_makers_certificate), world_test(by_a_secret),
	    world_test(of_a_renewal), world_test(with_a_key_made_here),
	    world_test(what_people_see), world_test(registered_meanwhile),
	    world_test(stands_under_a_policy)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
