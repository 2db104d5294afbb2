#include <openssl/x509v3.h>
#include "ca/engine/revoke.h"
#include "tests/unit/ca/engine/world.h"

/* Rules of revocation, asked of revoke.h itself. */

static struct revoke_request
request(struct world *w, const char *serial, int reason)
{
	struct revoke_request r = {.reason = reason,
	    .who = "test",
	    .policy = w->ca->policy,
	    .now = w->now + 60};
	struct cert_row row;

	world_row(w, serial, &row);
	r.cert = row.id;
	return r;
}

static int
do_revoke(struct world *w, const char *serial, int reason, struct cert_row *out)
{
	struct revoke_request r = request(w, serial, reason);

	return revoke_cert(w->ca->store, &r, out);
}

static enum status_state
status_of(struct world *w, const char *serial, int *reason, int64_t *when)
{
	struct status_reader *r = status_reader_open(w->settings->status_db);
	struct status_cert c;
	struct cert_row row;

	world_row(w, serial, &row);
	assert_non_null(r);
	assert_int_equal(
	    status_reader_find(r, row.issuer, row.serial, row.serial_len, &c),
	    1);
	status_reader_close(r);
	*reason = c.reason;
	*when = c.revoked_at;
	return c.state;
}

/* Durable in the store and in status.db when it returns. */
static void
everybody_knows(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char s[64];
	int64_t when;
	int reason;

	world_issue(w, "known", s);
	assert_int_equal(status_of(w, s, &reason, &when), STATUS_GOOD);
	assert_true(do_revoke(w, s, 4, &row));
	assert_int_equal(row.state, CERT_REVOKED);
	assert_int_equal(row.reason, 4);
	assert_int_equal(row.revoked_at, w->now + 60);
	assert_int_equal(status_of(w, s, &reason, &when), STATUS_REVOKED);
	assert_int_equal(reason, 4);
	assert_int_equal(when, w->now + 60);
	assert_int_equal(world_log(w, "revoke", s), 1);
}

/* Upwards once, and the time of the first revocation stays. */
static void
the_first_time_stays(void **state)
{
	struct world *w = *state;
	struct revoke_request r;
	struct cert_row row;
	char s[64];
	int64_t when;
	int reason;

	world_issue(w, "first", s);
	assert_true(do_revoke(w, s, 0, &row));
	r = request(w, s, 1);
	r.now = w->now + 5000;
	assert_true(revoke_cert(w->ca->store, &r, &row));
	assert_int_equal(row.reason, 1);
	assert_int_equal(row.revoked_at, w->now + 60);
	assert_int_equal(status_of(w, s, &reason, &when), STATUS_REVOKED);
	assert_int_equal(reason, 1);
	assert_false(do_revoke(w, s, 4, &row));
	world_raised(CA_E_DENIED, "revoke.reason");
	assert_false(do_revoke(w, s, 1, &row));
	world_raised(CA_E_DENIED, "revoke.reason");
	assert_false(do_revoke(w, s, 6, &row));
	world_raised(CA_E_DENIED, "revoke.hold");
	/* Nor is it downwards from another. */
	world_issue(w, "second", s);
	assert_true(do_revoke(w, s, 4, &row));
	assert_false(do_revoke(w, s, 5, &row));
	world_raised(CA_E_DENIED, "revoke.reason");
}

static void
hold(void **state)
{
	struct world *w = *state;
	struct revoke_request r;
	struct cert_row row;
	char s[64];
	int64_t when;
	int reason;

	world_issue(w, "hold", s);
	r = request(w, s, 0);
	assert_false(revoke_release(w->ca->store, &r, &row));
	world_raised(CA_E_DENIED, "release.state");
	assert_true(do_revoke(w, s, 6, &row));
	assert_int_equal(row.state, CERT_HELD);
	assert_int_equal(status_of(w, s, &reason, &when), STATUS_HELD);
	assert_true(revoke_release(w->ca->store, &r, &row));
	assert_int_equal(row.state, CERT_VALID);
	assert_int_equal(row.reason, CERT_REASON_NONE);
	assert_int_equal(row.revoked_at, 0);
	assert_int_equal(status_of(w, s, &reason, &when), STATUS_GOOD);
	assert_int_equal(world_log(w, "hold", s), 1);
	assert_int_equal(world_log(w, "release", s), 1);
	/* Revoked out of the hold: since the hold. */
	assert_true(do_revoke(w, s, 6, &row));
	r = request(w, s, 3);
	r.now = w->now + 900;
	assert_true(revoke_cert(w->ca->store, &r, &row));
	assert_int_equal(row.revoked_at, w->now + 60);
	assert_false(revoke_release(w->ca->store, &r, &row));
	world_raised(CA_E_DENIED, "release.state");
}

static void
no_hold_of_code_signing(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct cert_row row;
	unsigned char *csr;
	int len = world_csr(key, "Builder", &csr);
	WIRE_ANSWER *a = world_admin(
	    w, "issue", "tb", "profile", "code-signing", "csr", csr, len);
	char s[64];

	world_is(a, WIRE_OK);
	snprintf(s, sizeof(s), "%s", field_text(a->values, "serial", ""));
	WIRE_ANSWER_free(a);
	assert_false(do_revoke(w, s, 6, &row));
	world_raised(CA_E_DENIED, "revoke.hold");
	assert_true(do_revoke(w, s, 5, &row));
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

/* A CA's certificate, also when the policy has lost its profile. */
static void
not_a_ca(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a =
	    world_admin(w, "cert.list", "t", "profile", "issuing-ca");
	struct revoke_request r;
	struct cert_row row;
	size_t i;
	char s[64];

	world_is(a, WIRE_OK);
	snprintf(
	    s, sizeof(s), "%s", field_text(message_row(a, 0), "serial", ""));
	WIRE_ANSWER_free(a);
	assert_false(do_revoke(w, s, 1, &row));
	world_raised(CA_E_DENIED, "revoke.class");
	for (i = 0; i < w->ca->policy->n_profiles; i++)
		if (strcmp(w->ca->policy->profiles[i]->name, "issuing-ca") == 0)
			w->ca->policy->profiles[i]->name[0] = 'x';
	assert_null(policy_profile(w->ca->policy, "issuing-ca"));
	r = request(w, s, 1);
	assert_false(revoke_cert(w->ca->store, &r, &row));
	world_raised(CA_E_DENIED, "revoke.class");
}

static int
reserve_tx(struct store_tx *tx, void *arg)
{
	return certs_reserve(tx, arg);
}

static void
not_while_it_is_issued(void **state)
{
	struct world *w = *state;
	struct revoke_request r;
	struct cert_row row;
	char s[64];

	world_issue(w, "open", s);
	world_row(w, s, &row);
	row.serial[10] ^= 1;
	row.state = CERT_RESERVED;
	assert_true(store_write(w->ca->store, reserve_tx, &row, 0));
	r = request(w, s, 1);
	r.cert = row.id;
	assert_false(revoke_cert(w->ca->store, &r, &row));
	world_raised(CA_E_DENIED, "revoke.state");
	r.cert = 999999;
	assert_false(revoke_cert(w->ca->store, &r, &row));
	world_raised(CA_E_NOTFOUND, "no such certificate");
	assert_false(revoke_release(w->ca->store, &r, &row));
	world_raised(CA_E_NOTFOUND, "no such certificate");
}

/* keyCompromise blocks the key for whatever asks later. */
static void
a_lost_key(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct cert_row row;
	unsigned char *csr;
	int len = world_csr(key, "lost", &csr);
	WIRE_ANSWER *a = world_admin(
	    w, "issue", "tb", "profile", "device-ldevid", "csr", csr, len);
	char s[64];

	world_is(a, WIRE_OK);
	snprintf(s, sizeof(s), "%s", field_text(a->values, "serial", ""));
	WIRE_ANSWER_free(a);
	assert_true(do_revoke(w, s, 5, &row));
	world_done(world_admin(
	    w, "issue", "tb", "profile", "device-ldevid", "csr", csr, len));
	assert_true(do_revoke(w, s, 1, &row));
	world_refused(world_admin(w, "issue", "tb", "profile", "device-ldevid",
			  "csr", csr, len),
	    WIRE_DENIED, "key.blocked");
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

static void
enrolled(struct world *w, const char *device, char serial[64])
{
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, device, &csr);
	WIRE_ANSWER *a =
	    world_admin(w, "issue", "tbtt", "profile", "device-ldevid", "csr",
		csr, len, "fleet", "devices", "device", device);

	world_is(a, WIRE_OK);
	snprintf(serial, 64, "%s", field_text(a->values, "serial", ""));
	WIRE_ANSWER_free(a);
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

static int
count_rows(const struct cert_row *row, void *arg)
{
	assert_int_equal(row->state, CERT_REVOKED);
	++*(int *)arg;
	return 1;
}

struct device_of {
	const char *name;
	struct device_row row;
};

static int
device_tx(struct store_tx *tx, void *arg)
{
	struct device_of *d = arg;

	return devices_get(tx, "devices", d->name, &d->row) == 1;
}

static void
a_whole_device(void **state)
{
	struct world *w = *state;
	struct device_of d = {.name = "whole"}, other = {.name = "other"};
	struct revoke_request r = {
	    .reason = 5, .who = "test", .policy = w->ca->policy, .now = w->now};
	char a[64], b[64], c[64], foreign[64];
	struct cert_row row;
	int n = 0;

	world_done(world_admin(
	    w, "device.add", "tt", "fleet", "devices", "name", "whole"));
	world_done(world_admin(
	    w, "device.add", "tt", "fleet", "devices", "name", "other"));
	enrolled(w, "whole", a);
	enrolled(w, "whole", b);
	enrolled(w, "whole", c);
	enrolled(w, "other", foreign);
	assert_true(do_revoke(w, a, 4, &row));
	assert_true(do_revoke(w, b, 6, &row));
	assert_true(store_read(w->ca->store, device_tx, &d));
	assert_true(revoke_device(
	    w->ca->store, &r, d.row.id, 1, count_rows, &n));
	assert_int_equal(n, 2);
	world_row(w, a, &row);
	assert_int_equal(row.reason, 4);
	world_row(w, b, &row);
	assert_int_equal(row.state, CERT_REVOKED);
	world_row(w, foreign, &row);
	assert_int_equal(row.state, CERT_VALID);
	assert_true(store_read(w->ca->store, device_tx, &d));
	assert_int_equal(d.row.state, DEVICE_DISABLED);
	assert_true(store_read(w->ca->store, device_tx, &other));
	assert_int_equal(other.row.state, DEVICE_ENABLED);
	assert_false(revoke_device(
	    w->ca->store, &r, 999, 1, count_rows, &n));
	world_raised(CA_E_NOTFOUND, "no such device");
}

/* Since when it was not to be trusted (RFC 5280 5.3.2). */
static void
invalid_since(void **state)
{
	struct world *w = *state;
	struct revoke_request r;
	struct cert_row row;
	char s[64];

	world_issue(w, "since", s);
	r = request(w, s, 1);
	r.invalidity = r.now + 1;
	assert_false(revoke_cert(w->ca->store, &r, &row));
	world_raised(CA_E_DENIED, "revoke.invalidity");
	r.reason = 6;
	r.invalidity = r.now - 500;
	assert_false(revoke_cert(w->ca->store, &r, &row));
	world_raised(CA_E_DENIED, "revoke.invalidity");
	r.reason = 4;
	r.invalidity = 0;
	assert_true(revoke_cert(w->ca->store, &r, &row));
	assert_int_equal(row.invalidity, 0);
	/* Learned later; and then only that it was earlier still. */
	r.invalidity = r.now - 500;
	assert_true(revoke_cert(w->ca->store, &r, &row));
	assert_int_equal(row.invalidity, r.now - 500);
	assert_int_equal(row.reason, 4);
	assert_false(revoke_cert(w->ca->store, &r, &row));
	world_raised(CA_E_DENIED, "revoke.reason");
	r.reason = 1;
	r.invalidity = r.now - 400;
	assert_false(revoke_cert(w->ca->store, &r, &row));
	world_raised(CA_E_DENIED, "revoke.invalidity");
	r.invalidity = r.now - 600;
	assert_true(revoke_cert(w->ca->store, &r, &row));
	assert_int_equal(row.invalidity, r.now - 600);
	assert_int_equal(row.reason, 1);
	assert_int_equal(row.revoked_at, r.now);
	assert_int_equal(world_log(w, "revoke", "invalidity_date="), 2);
	world_row(w, s, &row);
	assert_int_equal(row.invalidity, r.now - 600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everybody_knows),
	    cmocka_unit_test(the_first_time_stays),
	    cmocka_unit_test(invalid_since),
	    cmocka_unit_test(hold),
	    cmocka_unit_test(no_hold_of_code_signing),
	    cmocka_unit_test(not_while_it_is_issued),
	    cmocka_unit_test(a_lost_key),
	    cmocka_unit_test(a_whole_device),
	    cmocka_unit_test(not_a_ca),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
