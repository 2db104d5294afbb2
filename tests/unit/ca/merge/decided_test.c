#include "rig.h"
#include "ca/store/blocked_keys.h"
#include "ca/store/records.h"

/* What had been decided after the backup, told by the export of the log. */

static char details[400];
static const unsigned char KEY[32] = {7}, LISTED[64] = {[0] = 8, [32] = 9};

struct told {
	const char *kind;
	const char *pair[8];	/* name, value */
	const unsigned char *md;
	size_t md_len;
	const char *md_name;
};

static int
entry_tx(struct store_tx *tx, void *arg)
{
	const struct told *e = arg;
	WIRE_FIELDS *l = field_list_new();
	size_t i;
	int ok = 1;

	for (i = 0; ok && i < 8 && e->pair[i] != NULL; i += 2)
		ok = field_add_text(l, e->pair[i], e->pair[i + 1]);
	ok = ok && (e->md == NULL ||
	    field_add_bytes(l, e->md_name, e->md, e->md_len)) &&
	    entries_append(tx, e->kind, NOW, l, NULL);
	field_list_free(l);
	return ok;
}

static void
entry(struct told e)
{
	WRITE(mr.r->t, entry_tx, &e);
}

static int
before_tx(struct store_tx *tx, void *arg)
{
	static const char *const name[] = {"retired", "moved", "cloned", "off"};
	struct secret_row s = {.user = "u", .fleets = "demo",
	    .kind = SECRET_RANDOM, .created = NOW};
	struct device_row d;
	size_t i;

	(void)arg;
	for (i = 0; i < 4; i++) {
		memset(&d, 0, sizeof(d));
		strcpy(d.fleet, "demo");
		strcpy(d.name, name[i]);
		d.state = DEVICE_ENABLED;
		d.created = NOW;
		d.has_key = i == 1;
		memcpy(d.key_sha256, KEY, sizeof(KEY));
		if (!devices_add(tx, &d))
			return 0;
	}
	return secrets_add(tx, &s);
}

static void
go_on(void)
{
	const char *ca = mr_row(10).issuer_ident;

	entry((struct told){"device.retire", {"fleet", "demo", "device",
	    "retired", "state", "disabled"}, NULL, 0, NULL});
	entry((struct told){"device.add", {"fleet", "other", "device", "moved",
	    "state", "enabled"}, KEY, 32, "key_sha256"});
	entry((struct told){"device.transfer", {"fleet", "demo", "device",
	    "moved", "next_fleet", "other", "next_device", "moved"}, NULL, 0,
	    NULL});
	entry((struct told){"alarm.clone", {"fleet", "demo", "device",
	    "cloned"}, NULL, 0, NULL});
	entry((struct told){"device.state", {"fleet", "demo", "device", "off",
	    "state", "disabled"}, NULL, 0, NULL});
	entry((struct told){"key.blocklist", {NULL}, LISTED, 64,
	    "spki_sha256"});
	entry((struct told){"secret.revoke", {"user", "u"}, NULL, 0, NULL});
	entry((struct told){"ca.disable", {"issuer", ca}, NULL, 0, NULL});
	entry((struct told){"ca.stop", {"who", "w"}, NULL, 0, NULL});
	entry((struct told){"device.set", {"device", "off"}, NULL, 0, NULL});
	entry((struct told){"device.set", {"device", "off"}, NULL, 0, NULL});
	entry((struct told){"request.run", {"who", "w"}, NULL, 0, NULL});
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
	WRITE(mr.r->t, before_tx, NULL);
}

static void
device_is(struct store_tx *tx, const char *fleet, const char *name,
    enum device_state state)
{
	struct device_row d;

	assert_int_equal(devices_get(tx, fleet, name, &d), 1);
	assert_int_equal(d.state, state);
}

static int
issuer_state(const struct issuer_row *row, void *arg)
{
	if (row->id == mr.r->t->issuer)
		*(int *)arg = (int)row->state;
	return 1;
}

static int
look_tx(struct store_tx *tx, void *arg)
{
	struct device_row d;
	struct secret_row s;
	int state = 0;

	(void)arg;
	device_is(tx, "demo", "retired", DEVICE_DISABLED);
	device_is(tx, "demo", "moved", DEVICE_DISABLED);
	device_is(tx, "demo", "cloned", DEVICE_PARKED);
	device_is(tx, "demo", "off", DEVICE_DISABLED);
	device_is(tx, "other", "moved", DEVICE_ENABLED);
	assert_int_equal(devices_get(tx, "other", "moved", &d), 1);
	assert_true(d.has_key);
	assert_memory_equal(d.key_sha256, KEY, 32);
	assert_int_equal(certs_key_blocked(tx, LISTED), 1);
	assert_int_equal(certs_key_blocked(tx, LISTED + 32), 1);
	assert_int_equal(secrets_get(tx, "u", &s), 1);
	assert_true(s.revoked);
	assert_true(issuers_list(tx, issuer_state, &state));
	assert_int_equal(state, ISSUER_DISABLED);
	return 1;
}

static void
is_left(const char *kind, int64_t n)
{
	size_t i;

	for (i = 0; i < mr.res.n_undone; i++)
		if (strcmp(mr.res.undone[i].kind, kind) == 0)
			break;
	assert_true(i < mr.res.n_undone);
	assert_int_equal(mr.res.undone[i].n, n);
}

static void
is_done(void **state)
{
	(void)state;
	go_on();
	mr_merged((struct merge_request){.details = details}, 1);
	assert_int_equal(mr.res.lost, 0);
	READ(mr.r->t, look_tx, NULL);
	/* The rest is left to an operator, and said. */
	assert_int_equal(mr.res.n_undone, 2);
	is_left("ca.stop", 1);
	is_left("device.set", 2);
}

/* The log first, the export when it is found: what forbids is done still. */
static void
is_done_later(void **state)
{
	(void)state;
	go_on();
	mr_merged((struct merge_request){.dry_run = 0}, 1);
	assert_true(mr.res.lost > 0);
	mr_merged((struct merge_request){.details = details}, 0);
	assert_int_equal(mr.res.lost, 0);
	READ(mr.r->t, look_tx, NULL);
}

/* What allows is left, where operators may have decided since. */
static void
allows_only_at_once(void **state)
{
	(void)state;
	entry((struct told){"device.state", {"fleet", "demo", "device", "off",
	    "state", "disabled"}, NULL, 0, NULL});
	entry((struct told){"device.state", {"fleet", "demo", "device", "off",
	    "state", "enabled"}, NULL, 0, NULL});
	entry((struct told){"key.block", {NULL}, KEY, 32, "spki_sha256"});
	entry((struct told){"key.unblock", {NULL}, KEY, 32, "spki_sha256"});
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
	WRITE(mr.r->t, before_tx, NULL);
	mr_merged((struct merge_request){.dry_run = 0}, 1);
	mr_merged((struct merge_request){.details = details}, 0);
	assert_int_equal(mr.res.n_undone, 2);
	is_left("device.state", 1);
	is_left("key.unblock", 1);
}

/* A CA that was made after the backup: there is no row to put it in. */
static void
tells_of_an_unknown_ca(void **state)
{
	(void)state;
	entry((struct told){"issue.recorded", {"issuer", "late-g1", "serial",
	    "41", "cert_sha256", "00"}, NULL, 0, NULL});
	entry((struct told){"revoke", {"issuer", "late-g1", "serial", "41",
	    "reason", "keyCompromise"}, NULL, 0, NULL});
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
	mr_merged((struct merge_request){.details = details}, 1);
	assert_int_equal(mr.res.opened, 2);
	assert_int_equal(mr.res.unseen + mr.res.unknown, 0);
	assert_int_equal(mr.res.n_undone, 2);
	is_left("issue.recorded", 1);
	is_left("revoke", 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(is_done),
	    MR_TEST(is_done_later),
	    MR_TEST(allows_only_at_once),
	    MR_TEST(tells_of_an_unknown_ca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
