#include "tests/unit/ca/engine/admit_change.h"

static void
fleet_wants_a_pin(void **state)
{
	struct world *w = *state;

	world_rules(w, "attest = \"pinned-key\";");
	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "attest", "attest.pinned-key");
	assert_non_null(strstr(w->o.text, "no key is pinned for device d"));
	add_device(w, "f", "d", NULL); /* a row without a key */
	expect_refused(w, WIRE_DENIED, "attest", "attest.pinned-key");
	add_device(w, "f", "e", w->key[0]);
	use_maker(w, "e");
	expect_ok(w);
	assert_int_equal(w->a->attested, 1);
	assert_string_equal(field_of(w->a, "attested.method"), "pinned-key");
	use_csr(w, w->key[1], "CN=e", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "attest", "attest.pinned-key");
	assert_non_null(strstr(w->o.text, "another key is pinned"));
}

/* A pin binds in every fleet. */
static void
pin_in_a_plain_fleet(void **state)
{
	struct world *w = *state;
	size_t i;

	add_device(w, "f", "d", w->key[0]);
	use_maker(w, "d");
	use_csr(w, w->key[1], "CN=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "attest", "attest.pinned-key");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(w->a->attested, 1);
	use_maker(w, "other");
	expect_ok(w);
	assert_int_equal(w->a->attested, 0);
	for (i = 0; i < w->a->n_fields; i++)
		assert_null(strstr(w->a->fields[i].name, "attested."));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(fleet_wants_a_pin), world_test(pin_in_a_plain_fleet)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
