#include "tests/unit/ca/engine/admit_park.h"

/* Which requests wait for people. */

static void
what_is_asked_for(void **state)
{
	struct world *w = *state;

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w);
	world_rules(w, "approve = \"none\";");
	expect_ok(w);
	world_rules(w, "approve = \"all\"; approval: { number = 3; };");
	assert_int_equal(need_of(w, expect_parked(w, "approve.all")), 3);
	world_rules(w, "approve = \"first\";");
	assert_int_equal(need_of(w, expect_parked(w, "approve.first")), 1);
}

/* What repeats an answered request waits for nobody. */
static void
a_repetition(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char secret[64];
	int64_t id;

	world_rules(w, "approve = \"all\";");
	add_secret(w, "s", "f", "", 1, secret);
	use_basic(w, "s", secret);
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	id = expect_parked(w, "approve.all");
	decide(w, id, PARKED_APPROVED, "");
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	OPENSSL_free(record(w, &row, w->key[0], "CN=d", NULL, &(size_t){0}));
	expect_ok(w);
	assert_int_equal(w->a->existing, row.id);
	w->env.now += FLEET_RETRY_WINDOW;
	assert_int_not_equal(expect_parked(w, "approve.all"), id);
}

/* A renewal: with "all" only, and one on the same key is the same again. */
static void
renewals(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	int64_t id, old;

	old = enrolled(w, "d", w->key[0], NULL);
	w->req.renew = 1;
	world_rules(w, "approve = \"first\";");
	expect_ok(w);
	world_rules(w, "approve = \"all\";");
	id = expect_parked(w, "approve.all");
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	assert_int_not_equal(expect_parked(w, "approve.all"), id);
	assert_int_equal(state_of(w, id), PARKED_VOID);
	n_parked(w, &id);
	decide(w, id, PARKED_APPROVED, "");
	expect_ok(w);
	assert_int_equal(w->a->predecessor.id, old);
	assert_int_equal(reserve(w, w->a, &row), 1);
	OPENSSL_free(record(
	    w, &row, w->key[1], "serialNumber=d", NULL, &(size_t){0}));
	expect_ok(w);
	assert_int_equal(w->a->existing, row.id);
}

static void
a_device_that_has_one(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	int64_t id;

	world_rules(w, "re_enrol = \"approve\";");
	enrolled(w, "d", w->key[0], NULL);
	use_maker(w, "d");
	use_csr(w, w->key[1], "CN=d", NULL, NULL);
	id = expect_parked(w, "re_enrol");
	decide(w, id, PARKED_APPROVED, "");
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	assert_int_equal(state_of(w, id), PARKED_DONE);
}

/* It came meanwhile: asked again, the request waits. */
static void
a_device_that_just_got_one(void **state)
{
	struct world *w = *state;
	struct admission *first;
	struct cert_row row;

	world_rules(w, "re_enrol = \"approve\";");
	use_maker(w, "e");
	use_csr(w, w->key[2], "CN=e", NULL, NULL);
	expect_ok(w);
	first = w->a;
	w->a = NULL;
	enrolled(w, "e", w->key[1], NULL);
	assert_int_equal(reserve(w, first, &row), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), CA_E_BUSY);
	ERR_clear_error();
	admit_free(first);
	use_maker(w, "e");
	use_csr(w, w->key[2], "CN=e", NULL, NULL);
	expect_parked(w, "re_enrol");
}

/* A reusable secret opens the door once, unless somebody opens it again. */
static void
a_reusable_secret(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char secret[64];

	world_rules(w, "re_enrol = \"approve\";");
	add_secret(w, "s", "f", "", 1, secret);
	use_basic(w, "s", secret);
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	OPENSSL_free(record(w, &row, w->key[0], "CN=d", NULL, &(size_t){0}));
	set_cert(w, row.id, CERT_REVOKED);
	expect_parked(w, "re_enrol");
	world_rules(w, "re_enrol = \"refuse\";");
	expect_refused(w, WIRE_DENIED, "authorize", "secret.first");
}

/* A key that is made here: the template stands for it. */
static void
keys_that_are_made(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	int64_t id;

	world_rules(w, "approve = \"all\"; re_enrol = \"refuse\"; "
	    "serverkeygen: { plain = true; };");
	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	w->req.keygen = 1;
	id = expect_parked(w, "approve.all");
	assert_int_equal(expect_parked(w, "approve.all"), id);
	use_csr(w, w->key[1], "CN=d", NULL, NULL); /* its key is no matter */
	assert_int_equal(expect_parked(w, "approve.all"), id);
	decide(w, id, PARKED_APPROVED, "");
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	assert_int_equal(state_of(w, id), PARKED_DONE);
	/* Asked again while it is signed, and after that: the key is gone. */
	world_rules(w, "approve = \"all\"; re_enrol = \"allow\"; "
	    "serverkeygen: { plain = true; };");
	expect_refused(w, WIRE_UNAVAILABLE, "approve", "enrol.busy");
	assert_int_equal(w->o.retry_after, 2);
	OPENSSL_free(record(w, &row, w->key[2], "CN=d", NULL, &(size_t){0}));
	assert_int_not_equal(expect_parked(w, "approve.all"), id);
}

/* --- an earlier stage can park, too --- */

static int
attest_pending(struct admitting *t)
{
	return stage_park(t, "attest.pending", 2);
}

static void
another_stage(void **state)
{
	static const struct stage stages[] = {
	    {"authenticate", stage_authenticate}, {"possess", stage_possess},
	    {"authorize", stage_authorize}, {"attest", attest_pending},
	    {"approve", stage_approve}};
	struct world *w = *state;
	struct admitting t;
	int i;

	world_rules(w, "approve = \"all\";");
	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	for (i = 0; i < 2; i++) {
		memset(&t, 0, sizeof(t));
		outcome_init(&w->o);
		t.env = &w->env;
		t.req = &w->req;
		t.o = &w->o;
		t.fleet = policy_fleet(w->policy, "f");
		t.a = stage_admission(&w->env, "ra:uid:1");
		t.a->fleet = t.fleet;
		t.a->profile = t.fleet->compiled;
		assert_int_equal(stage_run(&t, stages, 5), i);
		if (i == 0) {
			int64_t id;

			assert_int_equal(w->o.status, WIRE_PENDING);
			assert_string_equal(w->o.stage, "attest");
			assert_string_equal(w->o.rule, "attest.pending");
			assert_int_equal(n_parked(w, &id), 1);
			assert_int_equal(need_of(w, id), 2);
			decide(w, id, PARKED_APPROVED, "");
		} else /* one decision for both stages */
			assert_int_equal(n_parked(w, NULL), 1);
		admit_free(t.a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(what_is_asked_for),
	    world_test(a_repetition), world_test(renewals),
	    world_test(a_device_that_has_one),
	    world_test(a_device_that_just_got_one),
	    world_test(a_reusable_secret),
	    world_test(keys_that_are_made), world_test(another_stage)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
