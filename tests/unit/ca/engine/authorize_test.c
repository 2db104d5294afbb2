#include "tests/unit/ca/engine/admit_change.h"

static void
device_states(void **state)
{
	struct world *w = *state;
	int64_t id = add_device(w, "f", "d", NULL);

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(w->a->device_id, id);
	set_device(w, id, DEVICE_PARKED);
	expect_refused(w, WIRE_DENIED, "authorize", "device.parked");
	set_device(w, id, DEVICE_DISABLED);
	expect_refused(w, WIRE_DENIED, "authorize", "device.disabled");
	assert_true(w->o.authenticated);
	assert_string_equal(w->o.who, "f/d");
	set_device(w, id, DEVICE_ENABLED);
	expect_ok(w);
}

static void
registry_fields(void **state)
{
	struct world *w = *state;

	add_device(w, "f", "d", NULL);
	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w);
	assert_string_equal(field_of(w->a, "registry.model"), "X1");
	assert_string_equal(field_of(w->a, "registry.serial"), "SN-9");
	use_maker(w, "e");
	expect_ok(w);
	assert_int_equal(w->a->device_id, 0);
	/* What will stand there once it is registered. */
	assert_string_equal(field_of(w->a, "registry.serial"), "e");
}

static void
registration(void **state)
{
	struct world *w = *state;

	world_rules(w,
	    "registration = \"pre-registered\";"
	    "names = [ \"ok-*\" ];");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	use_maker(w, "d");
	expect_refused(w, WIRE_DENIED, "authorize", "device.unregistered");
	use_maker(w, "ok-1");
	expect_ok(w);
	add_device(w, "g", "d", NULL); /* of another fleet */
	use_maker(w, "d");
	expect_refused(w, WIRE_DENIED, "authorize", "device.unregistered");
	add_device(w, "f", "d", NULL);
	expect_ok(w);
}

static void
live_certificate(void **state)
{
	struct world *w = *state;
	int64_t id;

	world_rules(w, "re_enrol = \"refuse\";");
	id = enrolled(w, "d", w->key[0], NULL);
	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "re_enrol");
	set_cert(w, id, CERT_HELD); /* on hold is live */
	expect_refused(w, WIRE_DENIED, "authorize", "re_enrol");
	set_cert(w, id, CERT_REVOKED);
	expect_ok(w);
	world_rules(w, "re_enrol = \"allow\";");
	expect_ok(w);
}

static void
re_enrol_allowed(void **state)
{
	struct world *w = *state;

	enrolled(w, "d", w->key[0], NULL);
	use_maker(w, "d");
	use_csr(w, w->key[1], "CN=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(w->a->renewal, 0);
}

static void
keys_of_others(void **state)
{
	struct world *w = *state;
	int64_t id = enrolled(w, "d", w->key[0], NULL);

	use_maker(w, "e");
	use_csr(w, w->key[0], "CN=e", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "key.duplicate");
	set_cert(w, id, CERT_REVOKED); /* it stays that device's key */
	expect_refused(w, WIRE_DENIED, "authorize", "key.duplicate");
	use_csr(w, w->key[1], "CN=e", NULL, NULL);
	expect_ok(w);
	block_key(w, w->key[1]);
	expect_refused(w, WIRE_DENIED, "authorize", "key.blocked");
}

static void
key_of_the_maker(void **state)
{
	struct world *w = *state;

	use_maker(w, "d"); /* on key 3 */
	use_csr(w, w->key[3], "CN=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "key.idevid-reuse");
	world_rules(w, "idevid_key_reuse = true;");
	expect_ok(w);
}

/* A reusable secret: the first certificate of names known before. */
static void
reusable_secrets(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char secret[64];

	add_secret(w, "many", "f", "", 1, secret);
	world_rules(w, "re_enrol = \"refuse\"; names = [ \"n-*\" ];");
	use_basic(w, "many", secret);
	use_csr(w, w->key[0], "CN=x-1", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "secret.name");
	use_csr(w, w->key[0], "CN=n-1", NULL, NULL);
	expect_ok(w);
	assert_int_equal(w->a->secret_id, 0);
	assert_int_equal(reserve(w, w->a, &row), 1);
	expect_refused(w, WIRE_UNAVAILABLE, "authorize", "enrol.busy");
	use_csr(w, w->key[1], "CN=n-1", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "re_enrol");
	use_csr(w, w->key[0], "CN=n-1", NULL, NULL);
	set_cert(w, row.id, CERT_ABORTED); /* never left us */
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	OPENSSL_free(record(w, &row, w->key[0], "CN=n-1", NULL, &(size_t){0}));
	set_cert(w, row.id, CERT_REVOKED);
	expect_refused(w, WIRE_DENIED, "authorize", "secret.first");
	use_csr(w, w->key[1], "CN=x-2", NULL, NULL);
	add_device(w, "f", "x-2", NULL);
	expect_ok(w);
	world_rules(w, "re_enrol = \"allow\"; names = [ \"n-*\" ];");
	use_csr(w, w->key[0], "CN=n-1", NULL, NULL);
	expect_ok(w);
}

static void
one_time_secret_may_repeat(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char a[64], b[64];

	add_secret(w, "once-a", "f", "d", 0, a);
	add_secret(w, "once-b", "f", "d", 0, b);
	world_rules(w, "re_enrol = \"refuse\"; names = [ ];");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	use_basic(w, "once-a", a);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	set_cert(w, row.id, CERT_ABORTED);
	use_basic(w, "once-b", b);
	expect_ok(w);
}

static void
renewal_of_a_disabled_device(void **state)
{
	struct world *w = *state;
	struct device_row d;

	enrolled(w, "d", w->key[0], NULL);
	assert_int_equal(get_device(w, "f", "d", &d), 1);
	assert_string_equal(d.serial, "d");
	assert_string_equal(d.origin, "manufacturer:maker");
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	set_device(w, d.id, DEVICE_DISABLED);
	expect_refused(w, WIRE_DENIED, "authorize", "device.disabled");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(device_states),
	    world_test(registry_fields), world_test(registration),
	    world_test(live_certificate), world_test(re_enrol_allowed),
	    world_test(keys_of_others), world_test(key_of_the_maker),
	    world_test(reusable_secrets),
	    world_test(one_time_secret_may_repeat),
	    world_test(renewal_of_a_disabled_device)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
