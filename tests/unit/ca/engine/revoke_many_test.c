#include <openssl/x509v3.h>
#include "ca/engine/issuer.h"
#include "ca/engine/revoke.h"
#include "tests/unit/ca/engine/many.h"

static struct revoke_request
request(struct world *w, int reason)
{
	struct revoke_request r = {.reason = reason,
	    .who = "test",
	    .policy = w->ca->policy,
	    .now = w->now + 60};

	return r;
}

/* The device stays what it is, unless it is to be disabled. */
static void
a_device(void **state)
{
	struct world *w = *state;
	struct revoke_request r = request(w, 4);
	struct device_row d;
	char a[64], b[64], other[64];
	int n = 0;

	many_device(w, "many-1", "X1", "1");
	many_device(w, "many-2", "X1", "1");
	many_issue(w, "device-ldevid", "many-1", NULL, a);
	many_issue(w, "device-ldevid", "many-1", NULL, b);
	many_issue(w, "device-ldevid", "many-2", NULL, other);
	d = many_device_row(w, "devices", "many-1");
	assert_true(revoke_device(w->ca->store, &r, d.id, 0, many_count, &n));
	assert_int_equal(n, 2);
	assert_int_equal(many_state(w, b), CERT_REVOKED);
	assert_int_equal(many_state(w, other), CERT_VALID);
	d = many_device_row(w, "devices", "many-1");
	assert_int_equal(d.state, DEVICE_ENABLED);
	assert_true(revoke_device(w->ca->store, &r, d.id, 1, many_count, &n));
	assert_int_equal(n, 2);
	d = many_device_row(w, "devices", "many-1");
	assert_int_equal(d.state, DEVICE_DISABLED);
	assert_false(revoke_device(w->ca->store, &r, 999, 0, many_count, &n));
	world_raised(CA_E_NOTFOUND, "no such device");
}

static int
blocked_tx(struct store_tx *tx, void *arg)
{
	return certs_key_blocked(tx, arg);
}

static void
a_key(void **state)
{
	struct world *w = *state;
	struct revoke_request r = request(w, CRL_REASON_KEY_COMPROMISE);
	EVP_PKEY *key = world_key();
	struct cert_row row;
	unsigned char md[32];
	size_t n = 0, left = 9;
	char a[64], b[64];
	int seen = 0;

	many_device(w, "key-1", "X1", "1");
	many_issue(w, "device-ldevid", "key-1", key, a);
	many_issue(w, "device-ldevid", "key-1", key, b);
	many_spki(key, md);
	world_row(w, b, &row);
	assert_memory_equal(md, row.spki_sha256, 32);
	/* One is revoked for less: it is raised. */
	r.cert = row.id;
	r.reason = CRL_REASON_SUPERSEDED;
	assert_true(revoke_cert(w->ca->store, &r, &row));
	r.reason = CRL_REASON_KEY_COMPROMISE;
	assert_true(
	    revoke_key(w->ca->store, &r, md, many_count, &seen, &n, &left));
	assert_int_equal(n, 2);
	assert_int_equal(seen, 2);
	assert_int_equal(left, 0);
	world_row(w, b, &row);
	assert_int_equal(row.reason, CRL_REASON_KEY_COMPROMISE);
	assert_true(store_read(w->ca->store, blocked_tx, md));
	assert_true(
	    revoke_key(w->ca->store, &r, md, many_count, &seen, &n, &left));
	assert_int_equal(n, 0);
	/* One that nobody has a certificate on is blocked as well, once. */
	md[0] ^= 1;
	assert_false(store_read(w->ca->store, blocked_tx, md));
	r.reason = CRL_REASON_SUPERSEDED;
	assert_true(
	    revoke_key(w->ca->store, &r, md, many_count, &seen, &n, &left));
	assert_true(store_read(w->ca->store, blocked_tx, md));
	assert_int_equal(world_log(w, "key.block", "superseded"), 1);
	EVP_PKEY_free(key);
}

/* Keys of CAs are blocked, their certificates are left to the ceremony. */
static void
a_key_of_a_ca(void **state)
{
	struct world *w = *state;
	struct revoke_request r = request(w, CRL_REASON_SUPERSEDED);
	struct issuer *is = issuer_set_find(&w->ca->issuers, "code");
	unsigned char md[32];
	size_t n = 9, left = 0;
	int seen = 0;

	many_spki(is->verify, md);
	assert_true(
	    revoke_key(w->ca->store, &r, md, many_count, &seen, &n, &left));
	assert_int_equal(n, 0);
	assert_int_equal(left, 1);
}

static void
an_unknown_serial(void **state)
{
	static const unsigned char SERIAL[20] = {0x4f, 1, 2, 3};
	static const unsigned char HIGH[20] = {0x8f, 1};
	struct world *w = *state;
	struct revoke_request r = request(w, CRL_REASON_KEY_COMPROMISE);
	const struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	const struct issuer *root = issuer_set_find(&w->ca->issuers, "root");
	struct store *s = w->ca->store;
	struct status_reader *reader;
	struct status_cert c;
	struct cert_row row;

	r.invalidity = w->now - 5;
	assert_true(revoke_unknown(s, &r, is, SERIAL, 20, &row));
	assert_int_equal(row.state, CERT_REVOKED);
	assert_int_equal(row.not_after, BUILD_NO_END);
	assert_int_equal(row.invalidity, w->now - 5);
	reader = status_reader_open(w->settings->status_db);
	assert_non_null(reader);
	assert_int_equal(
	    status_reader_find(reader, is->row.id, SERIAL, 20, &c), 1);
	assert_int_equal(c.state, STATUS_REVOKED);
	status_reader_close(reader);
	assert_int_equal(world_log(w, "revoke", "note=not in the store"), 1);
	assert_false(revoke_unknown(s, &r, is, SERIAL, 20, &row));
	world_raised(CA_E_STORE, "serial.duplicate");
	assert_false(revoke_unknown(s, &r, is, HIGH, 20, &row));
	world_raised(CA_E_DENIED, "revoke.serial");
	assert_false(revoke_unknown(s, &r, is, SERIAL, 21, &row));
	world_raised(CA_E_DENIED, "revoke.serial");
	assert_false(revoke_unknown(s, &r, is, SERIAL + 4, 1, &row));
	world_raised(CA_E_DENIED, "revoke.serial");
	assert_false(revoke_unknown(s, &r, root, SERIAL, 19, &row));
	world_raised(CA_E_DENIED, "revoke.class");
	r.invalidity = r.now + 1;
	assert_false(revoke_unknown(s, &r, is, SERIAL, 19, &row));
	world_raised(CA_E_DENIED, "revoke.invalidity");
	/* No CRL of its shard could be made any more. */
	r.invalidity = -1;
	assert_false(revoke_unknown(s, &r, is, SERIAL, 19, &row));
	world_raised(CA_E_DENIED, "revoke.invalidity: the invalidity date is "
				  "before 1970");
	r.reason = CRL_REASON_CERTIFICATE_HOLD;
	assert_false(revoke_unknown(s, &r, is, SERIAL, 19, &row));
	world_raised(CA_E_DENIED, "revoke.hold");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_device),
	    cmocka_unit_test(a_key),
	    cmocka_unit_test(a_key_of_a_ca),
	    cmocka_unit_test(an_unknown_serial),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
