#include "tests/unit/ca/engine/world.h"
#include "ca/engine/issue.h"
#include "ca/engine/revoke.h"
#include "ca/store/devices.h"

/*
 * What a reservation that came to nothing gives back: its one-time secret and
 * its place in the way of others; with a real instance.
 */

static const struct cert_row EMPTY;

static int
reserve_tx(struct store_tx *tx, void *arg)
{
	return certs_reserve(tx, arg);
}

/* A reservation for a device by a secret, as a crash would leave it. */
static void
reserve(struct world *w, const char *device, const char *auth, time_t when,
    struct cert_row *row)
{
	static unsigned char n = 1;

	*row = EMPTY;
	row->issuer = issuer_set_find(&w->ca->issuers, "devices")->row.id;
	strcpy(row->issuer_ident, "devices-g1");
	row->serial[0] = 0x41;
	row->serial[19] = n++;
	row->serial_len = 20;
	strcpy(row->profile, "device-ldevid");
	strcpy(row->fleet, "devices");
	strcpy(row->device, device);
	strcpy(row->auth, auth);
	row->not_before = when;
	row->not_after = when + 86400;
	row->reserved_at = when;
	row->spki_sha256[0] = row->serial[19];
	assert_true(store_write(w->ca->store, reserve_tx, row, 0));
}

static int
reload_tx(struct store_tx *tx, void *arg)
{
	struct cert_row *row = arg;

	return certs_by_id(tx, row->id, row) == 1;
}

static enum cert_state
state_of(struct world *w, struct cert_row *row)
{
	assert_true(store_read(w->ca->store, reload_tx, row));
	return row->state;
}

static int
secret_tx(struct store_tx *tx, void *arg)
{
	struct secret_row *row = arg;

	return secrets_get(tx, row->user, row) == 1;
}

static int
use_tx(struct store_tx *tx, void *arg)
{
	struct secret_row *row = arg;

	return secrets_use(tx, row->id, row->used_at);
}

/* A one-time secret of that user, used at ${when}. */
static void
used_secret(struct world *w, const char *user, time_t when)
{
	struct secret_row row;

	strcpy(row.user, user);
	world_done(world_admin(w, "secret.new", "tt", "fleet", "devices",
	    "user", user));
	assert_true(store_read(w->ca->store, secret_tx, &row));
	assert_int_equal(row.used_at, 0);
	row.used_at = when;
	assert_true(store_write(w->ca->store, use_tx, &row, 0));
}

static int64_t
used_at(struct world *w, const char *user)
{
	struct secret_row row;

	strcpy(row.user, user);
	assert_true(store_read(w->ca->store, secret_tx, &row));
	return row.used_at;
}

static void
a_crash_gives_the_secret_back(void **state)
{
	struct world *w = *state;
	struct cert_row row, other;
	size_t n = 0;

	used_secret(w, "once", w->now - 50);
	reserve(w, "dev-1", "secret:once", w->now - 50, &row);
	/* Another reservation of that user at another time is not this use. */
	reserve(w, "dev-2", "secret:once", w->now - 49, &other);
	assert_true(issue_close_stale(w->ca->store, w->now, w->now - 100, &n));
	assert_int_equal(n, 0);
	assert_int_equal(state_of(w, &row), CERT_RESERVED);
	assert_int_equal(used_at(w, "once"), w->now - 50);
	assert_true(issue_close_stale(w->ca->store, w->now, w->now - 49, &n));
	assert_int_equal(n, 1);
	assert_int_equal(state_of(w, &row), CERT_ABORTED);
	assert_int_equal(used_at(w, "once"), 0);
	assert_true(issue_close_open(w->ca->store, w->now, &n));
	assert_int_equal(n, 1);
	assert_int_equal(state_of(w, &other), CERT_ABORTED);
}

static void
another_use_stays(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	size_t n = 0;

	used_secret(w, "once", w->now - 7);
	reserve(w, "dev-1", "secret:once", w->now - 50, &row);
	assert_true(issue_close_open(w->ca->store, w->now, &n));
	assert_int_equal(n, 1);
	assert_int_equal(used_at(w, "once"), w->now - 7);
}

/* A device is revoked while a certificate is being made for it. */
static void
revoking_stops_what_is_being_made(void **state)
{
	struct world *w = *state;
	struct cert_row row;

	world_done(world_admin(w, "device.add", "tt", "fleet", "devices",
	    "name", "dev-1"));
	reserve(w, "dev-1", "secret:x", w->now, &row);
	world_done(world_admin(w, "device.revoke", "tt", "name", "dev-1",
	    "reason", "keyCompromise"));
	assert_int_equal(state_of(w, &row), CERT_ABORTED);
}

/* It came to nothing as after a crash: what it used up is not lost, another use
   of it is not given back. */
static void
revoking_gives_the_secret_back(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char spki[65];

	world_done(world_admin(w, "device.add", "tt", "fleet", "devices",
	    "name", "dev-3"));
	used_secret(w, "of-device", w->now - 50);
	used_secret(w, "of-key", w->now - 40);
	reserve(w, "dev-3", "secret:of-device", w->now - 40, &row);
	world_done(world_admin(w, "revoke.device", "t", "name", "dev-3"));
	assert_int_equal(state_of(w, &row), CERT_ABORTED);
	assert_int_equal(used_at(w, "of-device"), w->now - 50);
	reserve(w, "dev-3", "secret:of-device", w->now - 50, &row);
	world_done(world_admin(w, "revoke.device", "t", "name", "dev-3"));
	assert_int_equal(state_of(w, &row), CERT_ABORTED);
	assert_int_equal(used_at(w, "of-device"), 0);
	reserve(w, "dev-3", "secret:of-key", w->now - 40, &row);
	ops_hex(row.spki_sha256, 32, spki);
	world_done(world_admin(w, "revoke.key", "t", "spki", spki));
	assert_int_equal(state_of(w, &row), CERT_ABORTED);
	assert_int_equal(used_at(w, "of-key"), 0);
}

/* A CA's certificate is not revoked here, even if no profile says what it is. */
static void
a_ca_is_known_by_its_certificate(void **state)
{
	struct world *w = *state;
	char serial[64];
	WIRE_ANSWER *a;
	size_t i;

	a = world_admin(w, "cert.list", "t", "profile", "issuing-ca");
	assert_true(message_n_rows(a) > 0);
	snprintf(serial, sizeof(serial), "%s",
	    field_text(message_row(a, 0), "serial", ""));
	WIRE_ANSWER_free(a);
	for (i = 0; i < w->ca->policy->n_profiles; i++)
		if (strcmp(w->ca->policy->profiles[i]->name, "issuing-ca") == 0)
			strcpy(w->ca->policy->profiles[i]->name, "gone");
	world_refused(world_admin(w, "revoke", "tt", "serial", serial,
	    "reason", "superseded"), WIRE_DENIED, "revoke.class");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(a_crash_gives_the_secret_back),
	    T(another_use_stays),
	    T(revoking_stops_what_is_being_made),
	    T(revoking_gives_the_secret_back),
	    T(a_ca_is_known_by_its_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
