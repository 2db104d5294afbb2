#include "alone.h"

struct part {
	struct temp *t;
	const char *const *kinds;	/* about certificate 0, ended by NULL;
					   "" is one whose detail is lost */
};

static int
replay_tx(struct store_tx *tx, void *arg)
{
	struct part *p = arg;
	struct replay *r = replay_new(alone_begin(), tx);
	WIRE_FIELDS *l = field_list_new();
	struct entry_row e = {.index = 0};
	struct cert_row row;
	size_t i;

	assert_non_null(r);
	assert_int_equal(certs_by_id(tx, 1, &row), 1);
	assert_true(field_add_text(l, "issuer", "devices-g1"));
	rig_detail_hex(l, "serial", row.serial, row.serial_len);
	rig_detail_hex(l, "tbs_sha256", row.tbs_sha256, 32);
	rig_detail_hex(l, "cert_sha256", row.cert_sha256, 32);
	assert_true(field_add_text(l, "reason", "superseded"));
	for (i = 0; p->kinds[i] != NULL; i++, e.index++) {
		if (p->kinds[i][0] == '\0')
			replay_lost(r);
		snprintf(e.kind, sizeof(e.kind), "%s", p->kinds[i]);
		assert_true(replay_entry(r, &e, l));
	}
	assert_true(replay_end(r));
	replay_free(r);
	field_list_free(l);
	return 1;
}

#define CERT "devices-g14141414141414141414141414141414100000000"
#define KINDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
follow(struct rig *r, const char *const *kinds, const char *found)
{
	struct part p = {r->t, kinds};

	READ(r->t, replay_tx, &p);
	assert_found(found);
}

static int
hold_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	return certs_set_state(tx, 1, CERT_HELD, 4, NOW);
}

static void
follows_a_certificate(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 1);
	follow(r, KINDS("start", "issue.reserved", "crl", "issue.recorded"), "");
	follow(r, KINDS("issue.reserved", "issue.recorded", "hold", "release"),
	    "");
	follow(r, KINDS("issue.reserved", "issue.recorded", "hold"),
	    "changed -1 " CERT ": valid in the store, held by the log's "
	    "entries\n");
	follow(r, KINDS("issue.reserved"), "missing -1 " CERT ": no entry "
	    "issue.recorded\nchanged -1 " CERT ": valid in the store, reserved "
	    "by the log's entries\n");
	WRITE(r->t, hold_tx, NULL);
	follow(r, KINDS("issue.reserved", "issue.recorded", "hold"), "");
	follow(r, KINDS("issue.reserved", "issue.recorded", "hold", "revoke"),
	    "changed -1 " CERT ": held in the store, revoked by the log's "
	    "entries\n");
}

static void
names_what_does_not_follow(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 1);
	follow(r, KINDS("issue.recorded"), "extra 0 " CERT ": issue.recorded: "
	    "it does not follow from the entries before it\n");
	follow(r, KINDS("issue.reserved", "issue.recorded", "issue.recorded"),
	    "extra 2 " CERT ": issue.recorded: it does not follow from the "
	    "entries before it\n");
	follow(r, KINDS("issue.reserved", "issue.reserved", "issue.recorded"),
	    "extra 1 " CERT ": issue.reserved: it does not follow from the "
	    "entries before it\n");
	follow(r, KINDS("", "hold", "release"), "");
	follow(r, KINDS("hold", "release"), "missing -1 " CERT ": the store "
	    "has this certificate (valid), the log has no entry of it\n");
	follow(r, KINDS("start"), "missing -1 " CERT ": the store has this "
	    "certificate (valid), the log has no entry of it\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(follows_a_certificate),
	    TEST(names_what_does_not_follow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
