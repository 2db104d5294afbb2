#include <openssl/sha.h>
#include "tests/unit/ca/store/temp.h"
#include "ca/store/devices.h"

static int
add_second_issuer(struct store_tx *tx, int64_t *id)
{
	struct issuer_row row = {.name = "code",
	    .generation = 1,
	    .ident = "code-g1",
	    .state = ISSUER_ACTIVE,
	    .cert = (unsigned char *)"other",
	    .cert_len = 5};
	int ok = issuers_add(tx, &row);

	*id = row.id;
	return ok;
}

static int
count_row(const struct cert_row *row, void *arg)
{
	assert_int_equal(row->serial_len, 20);
	++*(int *)arg;
	return 1;
}

static int
stop_at_once(const struct cert_row *row, void *arg)
{
	(void)row;
	++*(int *)arg;
	return 0;
}

static int
by_serial(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct cert_row a, b, out;
	int64_t code;
	int n = 0;

	temp_row(t, &a, 1);
	temp_row(t, &b, 1);
	assert_true(add_second_issuer(tx, &code));
	b.issuer = code;
	assert_true(certs_reserve(tx, &a) && certs_reserve(tx, &b));
	assert_int_equal(certs_by_serial(tx, code, a.serial, 20, &out), 1);
	assert_int_equal(out.id, b.id);
	assert_string_equal(out.issuer_ident, "code-g1");
	assert_int_equal(certs_by_serial(tx, t->issuer, a.serial, 19, &out), 0);
	assert_int_equal(certs_by_serial(tx, 99, a.serial, 20, &out), 0);
	assert_int_equal(
	    certs_all_by_serial(tx, a.serial, 20, count_row, &n), 2);
	assert_int_equal(n, 2);
	assert_int_equal(
	    certs_all_by_serial(tx, a.serial, 20, stop_at_once, &n), 1);
	a.serial[0]++;
	assert_int_equal(
	    certs_all_by_serial(tx, a.serial, 20, count_row, &n), 0);
	assert_int_equal(certs_by_id(tx, 99, &out), 0);
	return 1;
}

static int
by_sha256(struct store_tx *tx, void *arg)
{
	unsigned char md[32], *der = NULL;
	struct cert_row row, out;
	size_t len = 0;

	temp_row(arg, &row, 1);
	assert_true(certs_reserve(tx, &row));
	assert_int_equal(certs_der(tx, row.id, &der, &len), 0);
	SHA256((const unsigned char *)"the DER", 7, md);
	assert_int_equal(certs_by_sha256(tx, md, &out), 0);
	assert_true(
	    certs_record(tx, row.id, (const unsigned char *)"the DER", 7, NOW));
	assert_int_equal(certs_by_sha256(tx, md, &out), 1);
	assert_int_equal(out.id, row.id);
	assert_memory_equal(out.cert_sha256, md, 32);
	md[31]++;
	assert_int_equal(certs_by_sha256(tx, md, &out), 0);
	assert_int_equal(certs_der(tx, row.id, &der, &len), 1);
	assert_int_equal(len, 7);
	assert_memory_equal(der, "the DER", 7);
	OPENSSL_free(der);
	return 1;
}

static int
by_foreign_key(struct store_tx *tx, void *arg)
{
	struct cert_row row, out;

	temp_row(arg, &row, 1);
	assert_true(certs_reserve(tx, &row));
	assert_int_equal(
	    certs_by_foreign_key(tx, row.spki_sha256, "demo", "device-1", &out),
	    0);
	assert_int_equal(
	    certs_by_foreign_key(tx, row.spki_sha256, "demo", "device-2", &out),
	    1);
	assert_int_equal(out.id, row.id);
	assert_int_equal(certs_by_foreign_key(
			     tx, row.spki_sha256, "other", "device-1", &out),
	    1);
	assert_true(
	    certs_set_state(tx, row.id, CERT_ABORTED, CERT_REASON_NONE, NOW));
	assert_int_equal(
	    certs_by_foreign_key(tx, row.spki_sha256, "demo", "device-2", &out),
	    0);
	return 1;
}

static int64_t
add_device(struct store_tx *tx, const char *fleet, const char *name)
{
	struct device_row row = {.state = DEVICE_ENABLED, .created = NOW};

	strcpy(row.fleet, fleet);
	strcpy(row.name, name);
	assert_true(devices_add(tx, &row));
	return row.id;
}

/* A device that was handed on under its name is no other one there; one of
   that name that never was here is. */
static int
by_earlier_life(struct store_tx *tx, void *arg)
{
	struct cert_row row, out;
	int64_t here, there, third;

	temp_row(arg, &row, 1);
	assert_true(certs_reserve(tx, &row));
	here = add_device(tx, "demo", "device-1");
	there = add_device(tx, "other", "device-1");
	third = add_device(tx, "third", "device-1");
	assert_int_equal(certs_by_foreign_key(
			     tx, row.spki_sha256, "other", "device-1", &out),
	    1);
	assert_true(devices_set_retired(tx, here, NOW, there, 0));
	assert_int_equal(certs_by_foreign_key(
			     tx, row.spki_sha256, "other", "device-1", &out),
	    0);
	assert_int_equal(certs_by_foreign_key(
			     tx, row.spki_sha256, "third", "device-1", &out),
	    1);
	assert_true(devices_set_retired(tx, there, NOW, third, 0));
	assert_int_equal(certs_by_foreign_key(
			     tx, row.spki_sha256, "third", "device-1", &out),
	    0);
	assert_int_equal(certs_by_foreign_key(
			     tx, row.spki_sha256, "third", "device-2", &out),
	    1);
	/* A second one, of a stranger, is found behind the first. */
	temp_row(arg, &row, 2);
	memcpy(row.spki_sha256, out.spki_sha256, 32);
	assert_true(certs_reserve(tx, &row));
	assert_int_equal(certs_by_foreign_key(
			     tx, row.spki_sha256, "third", "device-1", &out),
	    1);
	assert_string_equal(out.device, "device-2");
	return 1;
}

static int
walks(struct store_tx *tx, void *arg)
{
	struct cert_row row, out;
	int64_t id[3];
	int i;

	for (i = 0; i < 3; i++) {
		temp_row(arg, &row, 1);
		row.serial[0] += (unsigned char)i;
		row.tbs_sha256[0] += (unsigned char)i;
		assert_true(certs_reserve(tx, &row));
		id[i] = row.id;
	}
	assert_true(certs_record(
	    tx, id[1], (const unsigned char *)"DER", 3, NOW));
	assert_int_equal(certs_next_of(tx, "demo", "device-1", 0, &out), 1);
	assert_int_equal(out.id, id[0]);
	assert_true(certs_set_state(tx, id[1], CERT_REVOKED, 1, NOW));
	assert_int_equal(certs_next_of(tx, "demo", "device-1", id[0], &out), 1);
	assert_int_equal(out.id, id[2]);
	assert_int_equal(certs_next_of(tx, "demo", "device-1", id[2], &out), 0);
	assert_int_equal(certs_next_of(tx, "demo", "device-2", 0, &out), 0);
	assert_int_equal(
	    certs_next_on_key(tx, row.spki_sha256, id[0], &out), 1);
	assert_int_equal(out.id, id[1]);
	assert_true(
	    certs_set_state(tx, id[2], CERT_ABORTED, CERT_REASON_NONE, NOW));
	assert_int_equal(
	    certs_next_on_key(tx, row.spki_sha256, id[1], &out), 0);
	row.spki_sha256[0]++;
	assert_int_equal(certs_next_on_key(tx, row.spki_sha256, 0, &out), 0);
	return 1;
}

static int
live(struct store_tx *tx, void *arg)
{
	struct cert_row row, out;
	int64_t end, first;

	temp_row(arg, &row, 1);
	end = row.not_after;
	assert_int_equal(certs_live_of(tx, "demo", "device-1", NOW, &out), 0);
	assert_true(temp_issue(tx, &row));
	first = row.id;
	assert_int_equal(certs_live_of(tx, "demo", "device-1", end, &out), 1);
	assert_int_equal(
	    certs_live_of(tx, "demo", "device-1", end + 1, &out), 0);
	assert_int_equal(certs_live_of(tx, "demo", "device-2", NOW, &out), 0);
	temp_row(arg, &row, 2);
	snprintf(row.device, sizeof(row.device), "device-1");
	assert_true(certs_reserve(tx, &row));
	assert_int_equal(certs_live_of(tx, "demo", "device-1", NOW, &out), 1);
	assert_int_equal(out.id, row.id);
	assert_true(certs_set_state(tx, row.id, CERT_ABORTED, 0, NOW));
	assert_true(certs_set_state(tx, first, CERT_HELD, 6, NOW));
	assert_int_equal(certs_live_of(tx, "demo", "device-1", NOW, &out), 1);
	assert_int_equal(out.id, first);
	assert_true(certs_set_state(tx, first, CERT_REVOKED, 1, NOW));
	assert_int_equal(certs_live_of(tx, "demo", "device-1", NOW, &out), 0);
	return 1;
}

static int
blocked(struct store_tx *tx, void *arg)
{
	unsigned char md[32] = {1};

	(void)arg;
	assert_int_equal(certs_key_blocked(tx, md), 0);
	assert_true(certs_block_key(tx, md, NOW, "keyCompromise"));
	assert_true(certs_block_key(tx, md, NOW + 1, NULL));
	assert_int_equal(certs_key_blocked(tx, md), 1);
	md[0]++;
	assert_int_equal(certs_key_blocked(tx, md), 0);
	return 1;
}

#define IN_STORE(fn)                                                           \
	static void fn##_in_store(void **state)                                \
	{                                                                      \
		struct temp *t = *state;                                       \
		RUN(t, fn, t);                                                 \
	}

IN_STORE(by_serial)
IN_STORE(by_sha256)
IN_STORE(by_foreign_key)
IN_STORE(by_earlier_life)
IN_STORE(walks)
IN_STORE(live)
IN_STORE(blocked)

#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f##_in_store, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(by_serial),
	    T(by_sha256),
	    T(by_foreign_key),
	    T(by_earlier_life),
	    T(walks),
	    T(live),
	    T(blocked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
