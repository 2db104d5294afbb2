#include "tests/unit/ca/engine/admit_change.h"
#include "ca/engine/superseded.h"

/* What becomes of a certificate that was renewed. */

struct looking {
	int64_t id;
	struct cert_row row;
};

static int
look_tx(struct store_tx *tx, void *arg)
{
	struct looking *l = arg;

	return certs_by_id(tx, l->id, &l->row) == 1;
}

static void
state_is(struct world *w, int64_t id, enum cert_state state)
{
	struct looking l = {.id = id};

	assert_int_equal(store_read(w->store, look_tx, &l), 1);
	assert_int_equal(l.row.state, state);
	if (state == CERT_REVOKED)
		assert_int_equal(l.row.reason, 4);
}

static size_t
go(struct world *w, int64_t after)
{
	size_t n = 99;

	assert_int_equal(
	    superseded_round(w->store, w->policy, w->env.now + after, &n), 1);
	return n;
}

/* Device d on key 0 renews on key 1: the old row, and the new one reserved. */
static int64_t
renewed(struct world *w, const char *rules, struct cert_row *next)
{
	int64_t old;

	world_rules(w, rules);
	old = enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, next), 1);
	return old;
}

static void
recorded(struct world *w, const struct cert_row *row)
{
	unsigned char *der;
	size_t len;

	der = record(w, row, w->key[1], "serialNumber=d", NULL, &len);
	use_own(w, der, len);
}

static void
kept(void **state)
{
	struct world *w = *state;
	struct cert_row next;
	int64_t old = renewed(w, "renewal: { superseded = \"keep\"; };", &next);

	recorded(w, &next);
	expect_ok(w);
	superseded_contact(w->store, w->o.succeeded, NOW);
	assert_int_equal(go(w, 80 * DAY), 0);
	state_is(w, old, CERT_VALID);
}

static void
after_a_time(void **state)
{
	static const char rules[] = "renewal: { superseded = \"revoke-after\";"
				    " superseded_after = \"2d\"; };";
	struct world *w = *state;
	struct cert_row next;
	int64_t old = renewed(w, rules, &next);

	/* Nobody is left without one that works. */
	assert_int_equal(go(w, 3 * DAY), 0);
	state_is(w, old, CERT_VALID);
	recorded(w, &next);
	assert_int_equal(go(w, 2 * DAY - 1), 0);
	assert_int_equal(go(w, 2 * DAY), 1);
	state_is(w, old, CERT_REVOKED);
	state_is(w, next.id, CERT_VALID);
	assert_int_equal(go(w, 3 * DAY), 0);
}

static void
after_the_first_use(void **state)
{
	static const char rules[] =
	    "renewal: { superseded = \"revoke-after-first-use\"; };";
	struct world *w = *state;
	struct cert_row next;
	int64_t old = renewed(w, rules, &next);

	/* The contact with the old one was none with the new one. */
	superseded_contact(w->store, w->o.succeeded, NOW);
	recorded(w, &next);
	assert_int_equal(go(w, 80 * DAY), 0);
	/* Refused, but authenticated. */
	use_csr(w, w->key[2], "serialNumber=other", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.subject");
	assert_int_equal(w->o.succeeded, old);
	superseded_contact(w->store, w->o.succeeded, NOW);
	assert_int_equal(go(w, 0), 1);
	state_is(w, old, CERT_REVOKED);
	superseded_contact(w->store, 0, NOW);
	assert_int_equal(go(w, 0), 0);
}

static void
came_to_nothing(void **state)
{
	static const char rules[] = "renewal: { superseded = \"revoke-after\";"
				    " superseded_after = \"1d\"; };";
	struct world *w = *state;
	struct cert_row next;
	int64_t old = renewed(w, rules, &next);

	set_cert(w, next.id, CERT_ABORTED);
	assert_int_equal(go(w, 2 * DAY), 0);
	state_is(w, old, CERT_VALID);
	/* It is renewed again, and that counts. */
	use_csr(w, w->key[2], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &next), 1);
	recorded(w, &next);
	assert_int_equal(go(w, 2 * DAY), 1);
	state_is(w, old, CERT_REVOKED);
}

/* Somebody was faster. */
static void
revoked_before(void **state)
{
	static const char rules[] = "renewal: { superseded = \"revoke-after\";"
				    " superseded_after = \"1d\"; };";
	struct world *w = *state;
	struct cert_row next;
	int64_t old = renewed(w, rules, &next);

	recorded(w, &next);
	set_cert(w, old, CERT_REVOKED);
	assert_int_equal(go(w, 2 * DAY), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(kept),
	    world_test(after_a_time), world_test(after_the_first_use),
	    world_test(came_to_nothing), world_test(revoked_before)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
