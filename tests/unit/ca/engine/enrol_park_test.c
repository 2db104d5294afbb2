#include "tests/unit/ca/engine/admit_park.h"

/* Requests that wait: the same one, another one, and what becomes of them. */

#define FIRST "approve = \"first\"; re_enrol = \"refuse\"; "

static void
begin(struct world *w, const char *rules)
{
	world_rules(w, rules);
	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
}

static void
the_same_goes_on_waiting(void **state)
{
	struct world *w = *state;
	int64_t id, newest;

	begin(w, FIRST);
	id = expect_parked(w, "approve.first");
	assert_non_null(strstr(w->trace, "approve/park/approve.first"));
	assert_int_equal(w->o.retry_after, 60);
	assert_int_equal(expect_parked(w, "approve.first"), id);
	/* Signed anew, with another challengePassword. */
	use_csr(w, w->key[0], "CN=d", NULL, "anything");
	assert_int_equal(expect_parked(w, "approve.first"), id);
	assert_int_equal(n_parked(w, &newest), 1);
	/* Of another device nothing is known. */
	use_maker(w, "e");
	use_csr(w, w->key[1], "CN=e", NULL, NULL);
	assert_int_not_equal(expect_parked(w, "approve.first"), id);
}

static void
approved_and_used_up(void **state)
{
	struct world *w = *state;
	struct admission *second;
	struct cert_row row, other;
	int64_t id;

	begin(w, FIRST);
	id = expect_parked(w, "approve.first");
	decide(w, id, PARKED_APPROVED, "");
	expect_ok(w);
	assert_int_equal(w->a->parked, id);
	assert_int_equal(w->a->existing, 0);
	second = w->a;
	w->a = NULL;
	expect_ok(w);	/* both have seen the approval */
	assert_int_equal(reserve(w, w->a, &row), 1);
	assert_int_equal(state_of(w, id), PARKED_DONE);
	assert_int_equal(reserve(w, second, &other), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), CA_E_BUSY);
	ERR_clear_error();
	expect_refused(w, WIRE_UNAVAILABLE, "authorize", "enrol.busy");
	/* What came to nothing is approved again. */
	assert_int_equal(store_write(w->store, abort_tx, &row, 0), 1);
	assert_int_equal(state_of(w, id), PARKED_APPROVED);
	expect_ok(w);
	assert_int_equal(w->a->parked, id);
	admit_free(second);
}

/* Decided between the look and the reservation. */
static void
denied_at_the_last_moment(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	int64_t id;

	begin(w, FIRST);
	id = expect_parked(w, "approve.first");
	decide(w, id, PARKED_APPROVED, "");
	expect_ok(w);
	decide(w, id, PARKED_DENIED, "no");
	assert_int_equal(reserve(w, w->a, &row), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), CA_E_BUSY);
	ERR_clear_error();
	expect_refused(w, WIRE_DENIED, "approve", "approve.denied");
}

static void
denied(void **state)
{
	struct world *w = *state;
	int64_t id;

	begin(w, FIRST "approval: { lifetime = \"1h\"; };");
	id = expect_parked(w, "approve.first");
	decide(w, id, PARKED_DENIED, "not in our plant");
	expect_refused(w, WIRE_DENIED, "approve", "approve.denied");
	assert_non_null(strstr(w->o.text, "not in our plant"));
	decide(w, id, PARKED_DENIED, "");
	expect_refused(w, WIRE_DENIED, "approve", "approve.denied");
	assert_non_null(strstr(w->o.text, "no reason"));
	/* As long as it would have waited; another request is another. */
	w->env.now += 3599;
	expect_refused(w, WIRE_DENIED, "approve", "approve.denied");
	w->env.now++;
	assert_int_not_equal(expect_parked(w, "approve.first"), id);
}

static void
expired(void **state)
{
	struct world *w = *state;
	int64_t id;

	begin(w, FIRST "approval: { lifetime = \"1h\"; };");
	id = expect_parked(w, "approve.first");
	w->env.now += 3599;
	expect_parked(w, "approve.first");
	assert_int_equal(w->o.retry_after, 1);
	w->env.now++;
	expect_refused(w, WIRE_DENIED, "approve", "approve.expired");
	assert_int_equal(state_of(w, id), PARKED_EXPIRED);
	assert_int_not_equal(expect_parked(w, "approve.first"), id);
	/* An approval that nobody fetched ends as well. */
	n_parked(w, &id);
	decide(w, id, PARKED_APPROVED, "");
	w->env.now += 3600;
	expect_refused(w, WIRE_DENIED, "approve", "approve.expired");
}

static void
another_key(void **state)
{
	struct world *w = *state;
	int64_t first, second;

	begin(w, FIRST);
	first = expect_parked(w, "approve.first");
	use_csr(w, w->key[1], "CN=d", NULL, NULL);
	second = expect_parked(w, "approve.first");
	assert_int_not_equal(first, second);
	assert_int_equal(state_of(w, first), PARKED_VOID);
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "approve", "approve.replaced");
	/* Other wishes on the key are another request, too. */
	use_csr(w, w->key[1], "CN=d", "DNS:d.test", NULL);
	first = expect_parked(w, "approve.first");
	assert_int_equal(state_of(w, second), PARKED_VOID);
	/* Another credential waits until that is over. */
	use_maker(w, "d");
	expect_refused(w, WIRE_DENIED, "approve", "approve.waiting");
	decide(w, first, PARKED_DENIED, "");
	expect_parked(w, "approve.first");
}

/* A change of what was approved makes it void, and it waits anew. */
static void
what_it_rests_on(void **state)
{
	struct world *w = *state;
	int64_t first, second;

	begin(w, FIRST);
	first = expect_parked(w, "approve.first");
	decide(w, first, PARKED_APPROVED, "");
	world_rules(w, FIRST "pop_link = \"verify-if-present\";");
	second = expect_parked(w, "approve.first");
	assert_int_not_equal(first, second);
	assert_int_equal(state_of(w, first), PARKED_VOID);
	decide(w, second, PARKED_APPROVED, "");
	expect_ok(w);
	/* The registry says another thing of the device. */
	add_device(w, "f", "d", NULL);
	assert_int_not_equal(expect_parked(w, "approve.first"), second);
	assert_int_equal(state_of(w, second), PARKED_VOID);
}

static void
limits(void **state)
{
	struct world *w = *state;

	begin(w, FIRST "approval: { max_waiting = 1; per_device_day = 2; };");
	expect_parked(w, "approve.first");
	use_csr(w, w->key[1], "CN=d", NULL, NULL);
	expect_parked(w, "approve.first"); /* in the place of the first */
	use_csr(w, w->key[2], "CN=d", NULL, NULL);
	expect_refused(w, WIRE_LIMITED, "approve", "approve.per_device_day");
	assert_int_equal(w->o.retry_after, 86400 - NOW % 86400);
	use_csr(w, w->key[1], "CN=d", NULL, NULL);
	expect_parked(w, "approve.first"); /* that was undone whole */
	use_maker(w, "e");
	use_csr(w, w->key[0], "CN=e", NULL, NULL);
	expect_refused(w, WIRE_LIMITED, "approve", "approve.max_waiting");
	assert_int_equal(w->o.retry_after, 60);
	assert_int_equal(n_parked(w, NULL), 2);
}

/* A one-time secret: not burnt by waiting, and for one device. */
static void
one_time_secret(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char secret[64];
	int64_t id;

	world_rules(w, FIRST);
	add_secret(w, "once", "f", "", 0, secret);
	use_basic(w, "once", secret);
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	id = expect_parked(w, "approve.first");
	expect_parked(w, "approve.first");
	use_csr(w, w->key[1], "CN=e", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "approve", "approve.secret");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	decide(w, id, PARKED_APPROVED, "");
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	OPENSSL_free(record(w, &row, w->key[0], "CN=d", NULL, &(size_t){0}));
	expect_ok(w);
	assert_int_equal(w->a->existing, row.id);
	use_csr(w, w->key[1], "CN=e", NULL, NULL);
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.used");
}

static void
explained(void **state)
{
	struct world *w = *state;
	int64_t id;

	begin(w, FIRST);
	w->env.explain = 1;
	expect_refused(w, WIRE_PENDING, "approve", "approve.first");
	assert_int_equal(n_parked(w, NULL), 0);
	w->env.explain = 0;
	id = expect_parked(w, "approve.first");
	decide(w, id, PARKED_APPROVED, "");
	w->env.explain = 1;
	expect_ok(w);
}

static void
retry_grows(void **state)
{
	struct fleet f = {.approval = {.retry_after = 60}};

	(void)state;
	assert_int_equal(enrol_park_retry(&f, NOW, NOW + DAY, NOW), 60);
	assert_int_equal(
	    enrol_park_retry(&f, NOW, NOW + DAY, NOW + 1600), 200);
	assert_int_equal(
	    enrol_park_retry(&f, NOW, NOW + 9 * DAY, NOW + DAY), 3600);
	assert_int_equal(
	    enrol_park_retry(&f, NOW, NOW + DAY, NOW + DAY - 7), 7);
	assert_int_equal(enrol_park_retry(&f, NOW, NOW + DAY, NOW + DAY), 1);
	f.approval.retry_after = 7200;
	assert_int_equal(
	    enrol_park_retry(&f, NOW, NOW + 9 * DAY, NOW + DAY), 7200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(the_same_goes_on_waiting),
	    world_test(approved_and_used_up),
	    world_test(denied_at_the_last_moment), world_test(denied),
	    world_test(expired), world_test(another_key),
	    world_test(what_it_rests_on), world_test(limits),
	    world_test(one_time_secret), world_test(explained),
	    cmocka_unit_test(retry_grows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
