#include "tests/unit/ca/engine/admit_change.h"

static int
count_alarm(const struct entry_row *row, void *arg)
{
	int *n = arg;

	*n += strcmp(row->kind, "alarm.clone") == 0;
	return 1;
}

static int
count_tx(struct store_tx *tx, void *arg)
{
	return entries_list(tx, 0, 1000, count_alarm, arg);
}

static int
alarms(struct world *w)
{
	int n = 0;

	assert_int_equal(store_read(w->store, count_tx, &n), 1);
	return n;
}

static void
second_key_parks_the_device(void **state)
{
	struct world *w = *state;
	struct device_row d;
	struct cert_row next;

	enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &next), 1);
	use_csr(w, w->key[2], "serialNumber=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.successor");
	assert_int_equal(admit_clone_alarm(w->store, &w->req, &w->o, NOW), 1);
	assert_int_equal(get_device(w, "f", "d", &d), 1);
	assert_int_equal(d.state, DEVICE_PARKED);
	assert_non_null(strstr(d.note, "clone"));
	assert_int_equal(alarms(w), 1);
	/* Once: the device is parked now. */
	assert_int_equal(admit_clone_alarm(w->store, &w->req, &w->o, NOW), 0);
	assert_int_equal(alarms(w), 1);
	expect_refused(w, WIRE_DENIED, "authorize", "device.parked");
}

static void
other_refusals_park_nobody(void **state)
{
	struct world *w = *state;
	struct device_row d;

	enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=x", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.subject");
	assert_int_equal(admit_clone_alarm(w->store, &w->req, &w->o, NOW), 0);
	outcome_refuse(
	    &w->o, WIRE_DENIED, "authorize", "renew.superseded", "", "x");
	assert_int_equal(admit_clone_alarm(w->store, &w->req, &w->o, NOW), 0);
	/* A certificate that is not ours names nobody. */
	outcome_refuse(
	    &w->o, WIRE_DENIED, "authorize", "renew.successor", "", "x");
	use_maker(w, "d");
	assert_int_equal(admit_clone_alarm(w->store, &w->req, &w->o, NOW), 0);
	w->req.n_chain = 0;
	assert_int_equal(admit_clone_alarm(w->store, &w->req, &w->o, NOW), 0);
	assert_int_equal(get_device(w, "f", "d", &d), 1);
	assert_int_equal(d.state, DEVICE_ENABLED);
	assert_int_equal(alarms(w), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(second_key_parks_the_device),
	    world_test(other_refusals_park_nobody)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
