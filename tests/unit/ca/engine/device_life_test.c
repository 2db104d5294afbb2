#include <openssl/x509v3.h>
#include "ca/engine/device_life.h"
#include "tests/unit/ca/engine/many.h"

/* Ends of a device. */

static struct life_request
request(struct world *w, const char *fleet, const char *name, int reason)
{
	struct life_request r = {
	    .note = "", .serial = "", .origin = "operator:7"};

	r.revoke.reason = reason;
	r.revoke.who = "test";
	r.revoke.policy = w->ca->policy;
	r.revoke.now = w->now + 60;
	r.device = many_device_row(w, fleet, name).id;
	return r;
}

static void
retires(void **state)
{
	struct world *w = *state;
	struct life_request r;
	struct life_result out;
	char a[64], b[64];
	int n = 0;

	many_device(w, "r-1", "X1", "1");
	many_issue(w, "device-ldevid", "r-1", NULL, a);
	many_issue(w, "device-idevid", "r-1", NULL, b);
	r = request(w, "devices", "r-1", CRL_REASON_CESSATION_OF_OPERATION);
	r.note = "scrapped";
	assert_true(life_retire(w->ca->store, &r, &out, many_count, &n));
	assert_int_equal(n, 2);
	assert_int_equal(out.revoked, 2);
	assert_int_equal(out.device.state, DEVICE_DISABLED);
	assert_int_equal(out.device.retired_at, r.revoke.now);
	assert_string_equal(out.device.note, "retired: scrapped");
	assert_int_equal(out.next.id, 0);
	assert_int_equal(many_state(w, b), CERT_REVOKED);
	assert_int_equal(world_log(w, "device.retire", "scrapped"), 1);
	assert_false(life_retire(w->ca->store, &r, &out, many_count, &n));
	world_raised(CA_E_DENIED, "device.retired");
	r.to = "devices";
	assert_false(life_transfer(w->ca->store, &r, &out, many_count, &n));
	world_raised(CA_E_DENIED, "device.retired");
	r.device = 9999;
	assert_false(life_retire(w->ca->store, &r, &out, many_count, &n));
	world_raised(CA_E_NOTFOUND, "no such device");
	/* Nothing enables it again. */
	world_refused(world_admin(w, "device.enable", "t", "name", "r-1"),
	    WIRE_DENIED, "device.retired");
	world_refused(world_admin(w, "device.disable", "t", "name", "r-1"),
	    WIRE_DENIED, "device.retired");
}

static void
replaces(void **state)
{
	static const unsigned char KEY[32] = {1, 2, 3};
	struct world *w = *state;
	struct life_request r;
	struct life_result out;
	char a[64];
	int n = 0;

	many_device(w, "p-1", "X1", "1.2");
	many_issue(w, "device-ldevid", "p-1", NULL, a);
	r = request(w, "devices", "p-1", CRL_REASON_SUPERSEDED);
	r.by = "p-1";
	assert_false(life_replace(w->ca->store, &r, &out, many_count, &n));
	world_raised(CA_E_DENIED, "device.duplicate");
	assert_int_equal(many_state(w, a), CERT_VALID);
	r.by = "p-2";
	r.serial = "SN-77";
	r.key_sha256 = KEY;
	assert_true(life_replace(w->ca->store, &r, &out, many_count, &n));
	assert_int_equal(n, 1);
	assert_string_equal(out.next.serial, "SN-77");
	assert_string_equal(out.next.origin, "operator:7");
	assert_memory_equal(out.next.key_sha256, KEY, 32);
	assert_int_equal(out.device.successor, out.next.id);
	assert_int_equal(many_state(w, a), CERT_REVOKED);
	world_done(world_admin(w, "device.show", "t", "name", "p-2"));
	r.by = "p-3";
	r.key_sha256 = NULL;
	assert_false(life_replace(w->ca->store, &r, &out, many_count, &n));
	world_raised(CA_E_DENIED, "device.replaced");
	/* A key that is pinned already. */
	many_device(w, "p-4", "X1", "1.2");
	r = request(w, "devices", "p-4", CRL_REASON_SUPERSEDED);
	r.by = "p-5";
	r.key_sha256 = KEY;
	assert_false(life_replace(w->ca->store, &r, &out, many_count, &n));
	world_raised(CA_E_DENIED, "key.duplicate");
	assert_int_equal(
	    many_device_row(w, "devices", "p-4").state, DEVICE_ENABLED);
}

static int
consent_tx(struct store_tx *tx, void *arg)
{
	return devices_set_late_renewal(tx, *(int64_t *)arg, 1);
}

/* The store does not ask whether there is such a fleet. */
static void
transfers(void **state)
{
	struct world *w = *state;
	struct life_request r;
	struct life_result out;
	struct cert_row row;
	char a[64], b[64];
	int n = 0;

	many_device(w, "t-1", "X2", "2.0");
	many_issue(w, "device-ldevid", "t-1", NULL, a);
	many_issue(w, "device-idevid", "t-1", NULL, b);
	r = request(w, "devices", "t-1", CRL_REASON_AFFILIATION_CHANGED);
	r.to = "devices";
	assert_false(life_transfer(w->ca->store, &r, &out, many_count, &n));
	world_raised(CA_E_DENIED, "fleet.same");
	r.to = "second";
	assert_int_equal(
	    store_write(w->ca->store, consent_tx, &r.device, 0), 1);
	assert_true(life_transfer(w->ca->store, &r, &out, many_count, &n));
	assert_int_equal(out.next.late_renewal, 0);
	assert_int_equal(out.revoked, 1);
	assert_int_equal(out.kept, 1);
	assert_string_equal(out.next.fleet, "second");
	assert_string_equal(out.next.serial, "t-1");
	assert_int_equal(out.next.state, DEVICE_ENABLED);
	assert_int_equal(out.device.successor, out.next.id);
	world_row(w, b, &row);
	assert_int_equal(row.state, CERT_VALID);
	assert_string_equal(row.fleet, "second");
	world_row(w, a, &row);
	assert_int_equal(row.state, CERT_REVOKED);
	assert_int_equal(row.reason, CRL_REASON_AFFILIATION_CHANGED);
	assert_string_equal(row.fleet, "devices");
	/* Back: the row that it had there, with what it has now. */
	r = request(w, "second", "t-1", CRL_REASON_AFFILIATION_CHANGED);
	r.to = "devices";
	assert_true(life_transfer(w->ca->store, &r, &out, many_count, &n));
	assert_int_equal(out.revoked, 0);
	assert_int_equal(out.kept, 1);
	assert_int_equal(out.next.id, many_device_row(w, "devices", "t-1").id);
	assert_int_equal(many_device_row(w, "devices", "t-1").retired_at, 0);
	assert_int_equal(many_device_row(w, "devices", "t-1").successor, 0);
	assert_int_equal(many_device_row(w, "devices", "t-1").late_renewal, 0);
	world_row(w, b, &row);
	assert_string_equal(row.fleet, "devices");
	assert_int_equal(world_log(w, "device.transfer", "t-1"), 2);
	/* Another device of that name stands in the way. */
	many_device(w, "t-2", "X2", "2.0");
	r = request(w, "devices", "t-2", CRL_REASON_AFFILIATION_CHANGED);
	r.to = "second";
	assert_true(life_transfer(w->ca->store, &r, &out, many_count, &n));
	assert_true(life_retire(w->ca->store,
	    &(struct life_request){
		.note = "", .revoke = r.revoke, .device = out.next.id},
	    &out, many_count, &n));
	many_device(w, "t-3", "X2", "2.0");
	r = request(w, "devices", "t-3", CRL_REASON_AFFILIATION_CHANGED);
	r.by = "t-4";
	assert_true(life_replace(w->ca->store, &r, &out, many_count, &n));
	r.device = out.next.id;
	r.to = "second";
	assert_true(life_transfer(w->ca->store, &r, &out, many_count, &n));
	assert_string_equal(out.next.name, "t-4");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(retires),
	    cmocka_unit_test(replaces),
	    cmocka_unit_test(transfers),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
