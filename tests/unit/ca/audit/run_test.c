#include "rig.h"

#define BOTH (OF_STORE | OF_LOG)

static void
finds_nothing_in_a_log_that_is_well(void **state)
{
	struct rig *r = *state;
	struct log_checkpoint since = {.origin = ORIGIN};

	rig_publish(r);		/* of nothing */
	rig_is_well(r, BOTH);
	rig_add(r, 0, 3);
	rig_publish(r);
	since.size = r->n;
	since.root = rig_root(r, 0, r->n);
	rig_add(r, 3, 140);
	WRITE(r->t, rig_revoke, &(int64_t){2});
	rig_publish(r);
	rig_is_well(r, OF_STORE);
	rig_is_well(r, OF_LOG);
	rig_audit(r, BOTH, &since);
	assert_string_equal(r->found, "");
	assert_int_equal(r->result.published, 281);
	assert_int_equal(r->result.entries, 281);
	assert_int_equal(r->result.checkpoints, 3);
	assert_int_equal(r->result.certs, 140);
	since.root = rig_root(r, 0, 281);
	assert_memory_equal(r->result.root.b, since.root.b, LOG_HASH);
	/* Entries behind the last checkpoint are no finding. */
	rig_add(r, 140, 141);
	rig_is_well(r, BOTH);
}

static void
names_a_deleted_entry(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 5);
	rig_publish(r);
	rig_sql(r, "DELETE FROM entries WHERE idx = 3");
	rig_audit(r, BOTH, NULL);
	rig_has(r, "missing 3  : issue.recorded of 2026-11-18T");
	rig_has(r, "missing -1 devices-g1 4141414141414141414141414141414100"
	    "000001: no entry issue.recorded\n");
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "missing 3  : the store has no entries 3 to 3");
	/* Closed up, so that no gap is left. */
	rig_sql(r, "UPDATE entries SET idx = idx - 1 WHERE idx > 3");
	rig_audit(r, BOTH, NULL);
	rig_has(r, "re-ordered 3 devices-g1 41414141414141414141414141414141"
	    "00000002: issue.reserved: its leaf is that of entry 4");
	rig_has(r, "re-ordered 3 devices-g1 41414141414141414141414141414141"
	    "00000002: issue.reserved: was published as entry 4");
	rig_has(r, "missing 3  : issue.recorded");
	rig_has(r, "missing 9  : the store ends after 9 entries, but");
}

static void
names_a_changed_entry(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 5);
	rig_publish(r);
	rig_sql(r, "UPDATE entries SET detail = x'3000' WHERE idx = 4");
	rig_audit(r, BOTH, NULL);
	rig_has(r, "changed 4  : issue.reserved: kind, time, salt or detail");
	rig_sql(r, "UPDATE entries SET kind = 'crl' WHERE idx = 5");
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "changed 5 devices-g1 4141414141414141414141414141414100"
	    "000002: crl: kind, time, salt or detail is not what its leaf "
	    "commits to (leaf: issue.recorded)");
}

/* Somebody who knows the format makes another entry that is right in itself. */
static int
forge(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	(void)arg;
	assert_true(field_add_text(l, "text", "forged"));
	ok = sql_run(tx, "DELETE FROM entries WHERE idx >= 6", "") &&
	    entries_append(tx, "ca.stop", NOW, l, NULL);
	field_list_free(l);
	return ok;
}

static void
names_a_forged_entry(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 2);
	rig_publish(r);
	rig_add(r, 2, 4);
	rig_publish(r);
	WRITE(r->t, forge, NULL);
	rig_audit(r, BOTH, NULL);
	rig_has(r, "changed 6  : ca.stop: was published as another entry "
	    "(issue.reserved");
	rig_has(r, "missing 7  : the store ends after 7 entries");
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "missing 7  : the store ends after 7 entries, but the "
	    "store's checkpoint of " ORIGIN " is over 8");
	/* One that tells nobody of its own: the signed roots know. */
	rig_sql(r, "INSERT INTO entries SELECT idx + 1, time, kind, salt,"
	    " detail, leaf FROM entries WHERE idx = 6");
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "forked -1  : the store does not have the root of the "
	    "store's checkpoint of " ORIGIN " over 8 entries: one or more of "
	    "entries 4 to 7 changed");
}

static void
names_swapped_entries(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 4);
	rig_publish(r);
	rig_sql(r, "UPDATE entries SET idx = 100 WHERE idx = 2;"
	    "UPDATE entries SET idx = 2 WHERE idx = 5;"
	    "UPDATE entries SET idx = 5 WHERE idx = 100");
	rig_audit(r, BOTH, NULL);
	rig_has(r, "re-ordered 2 devices-g1 41414141414141414141414141414141"
	    "00000002: issue.recorded: was published as entry 5");
	rig_has(r, "re-ordered 5 devices-g1 41414141414141414141414141414141"
	    "00000001: issue.reserved: was published as entry 2");
	assert_null(strstr(r->found, "missing"));
	assert_null(strstr(r->found, "was never"));
}

static void
names_an_inserted_entry(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 3);
	rig_publish(r);
	rig_sql(r, "UPDATE entries SET idx = idx + 1001 WHERE idx >= 3;"
	    "UPDATE entries SET idx = idx - 1000 WHERE idx > 1000;"
	    "INSERT INTO entries SELECT 3, time, 'ca.stop', salt, x'3000', leaf"
	    " FROM entries WHERE idx = 0");
	rig_audit(r, BOTH, NULL);
	rig_has(r, "re-ordered 3  : ca.stop: its leaf is that of entry 0");
	rig_has(r, "re-ordered 6 devices-g1 41414141414141414141414141414141"
	    "00000002: issue.recorded: its leaf is that of entry 5");
	rig_has(r, "forked -1  : the store does not have the root of");
}

static void
names_a_store_that_went_back(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 3);
	rig_publish(r);
	rig_add(r, 3, 4);
	rig_publish(r);
	rig_sql(r, "DELETE FROM entries WHERE idx >= 6;"
	    "DELETE FROM cert_der WHERE cert = 4; DELETE FROM certs WHERE id = "
	    "4; DELETE FROM log_checkpoints WHERE size > 6");
	rig_is_well(r, OF_STORE);
	rig_audit(r, BOTH, NULL);
	rig_has(r, "missing 6  : the store ends after 6 entries, but the "
	    "published checkpoint is over 8: it is older than");
	rig_has(r, "missing 7  : issue.recorded of");
}

static void
compares_certificates(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 6);
	WRITE(r->t, rig_revoke, &(int64_t){1});
	rig_publish(r);
	rig_is_well(r, BOTH);
	rig_sql(r, "UPDATE certs SET state = 2, reason = -1 WHERE id = 1;"
	    "UPDATE certs SET state = 4, reason = 1 WHERE id = 2;"
	    "UPDATE cert_der SET der = x'3000' WHERE cert = 3;"
	    "UPDATE certs SET tbs_sha256 = zeroblob(32) WHERE id = 4;"
	    "DELETE FROM cert_der WHERE cert = 5; DELETE FROM certs WHERE id ="
	    " 5; INSERT INTO certs SELECT 9, issuer, x'0102', state, reason,"
	    " revoked_at, not_before, not_after, subject, profile,"
	    " policy_version, fleet, device, requester, auth, deviations,"
	    " spki_sha256, tbs_sha256, zeroblob(32), predecessor, successor,"
	    " reserved_at, 0, 99, shard, invalidity FROM certs WHERE id = 6");
	rig_audit(r, OF_STORE, NULL);
#define CERT(n) " devices-g1 414141414141414141414141414141410000000" n ": "
	rig_has(r, "changed -1" CERT("0") "valid in the store, revoked by");
	rig_has(r, "changed -1" CERT("1") "revoked in the store, valid by");
	rig_has(r, "changed -1" CERT("2") "the certificate in the store is not");
	rig_has(r, "changed 6" CERT("3") "issue.reserved: tbs_sha256 is not");
	rig_has(r, "missing 9" CERT("4") "issue.recorded: the store has no "
	    "such certificate");
	rig_has(r, "missing -1 devices-g1 0102: the store has this certificate "
	    "(valid), the log has no entry of it");
	rig_sql(r, "UPDATE certs SET state = 4, reason = 1 WHERE id = 1");
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "changed -1" CERT("0") "reason keyCompromise in the store, "
	    "superseded by");
}

static void
looks_at_signatures_of_checkpoints(void **state)
{
	struct rig *r = *state;
	EVP_PKEY *other = ed25519(9);
	struct note_key mine = r->key;

	rig_add(r, 0, 2);
	rig_publish(r);
	rig_sql(r, "UPDATE log_checkpoints SET note = replace(note, '4', '5')");
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "unsigned -1  : checkpoint over 4 entries of " ORIGIN);
	rig_sql(r, "UPDATE log_checkpoints SET root = zeroblob(32)");
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "forked -1  : the store does not have the root of");
	assert_true(note_key_set(&r->key, ORIGIN, other, 0));
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "changed -1  : the store's log is " ORIGIN "+");
	note_key_clear(&r->key);
	r->key = mine;
	EVP_PKEY_free(other);
}

/* ---- the published log -------------------------------------------------- */

static void
run_sh(struct rig *r, const char *fmt)
{
	char cmd[1024];

	snprintf(cmd, sizeof(cmd), "cd %s && %s", r->pub, fmt);
	assert_int_equal(system(cmd), 0);
}

static void
names_cut_and_missing_files(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 140);
	rig_publish(r);
	run_sh(r, "cp -r tile ../whole");
	run_sh(r, "truncate -s 100 tile/0/001.p/24");
	rig_audit(r, OF_LOG, NULL);
	rig_has(r, "missing -1  : tile/0/001.p/24: the tile has 100 octets, not "
	    "768");
	run_sh(r, "rm tile/0/001.p/24");
	rig_audit(r, OF_LOG, NULL);
	rig_has(r, "missing -1  : tile/0/001.p/24: the file is not there");
	run_sh(r, "rm -r tile && cp -r ../whole tile &&"
	    " truncate -s 300 tile/entries/001.p/24");
	rig_audit(r, BOTH, NULL);
	rig_has(r, "missing 259  : the bundle is cut: entries 259 to 279 cannot "
	    "be read");
	run_sh(r, "rm tile/entries/001.p/24");
	rig_audit(r, OF_LOG, NULL);
	rig_has(r, "missing -1  : tile/entries/001.p/24: the file is not");
	run_sh(r, "rm -r tile && cp -r ../whole tile &&"
	    " printf x >>tile/entries/000 && printf x >>tile/1/000.p/1");
	rig_audit(r, OF_LOG, NULL);
	rig_has(r, "extra -1  : tile/entries/000: 1 octets behind");
	rig_has(r, "extra -1  : tile/1/000.p/1: the tile has 33 octets");
	run_sh(r, "rm -r tile && cp -r ../whole tile");
	rig_is_well(r, BOTH);
}

static void
names_changed_tiles(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 140);
	rig_publish(r);
	run_sh(r, "cp -r tile ../whole");
	run_sh(r, "printf XXXX | dd of=tile/0/000 bs=1 seek=325 conv=notrunc "
	    "status=none");
	rig_audit(r, OF_LOG, NULL);
	rig_has(r, "changed 10  : its leaf in the bundle is not the one of the "
	    "tree: issue.reserved");
	rig_has(r, "forked -1  : the published log does not have the root of "
	    "the published checkpoint over 280 entries");
	run_sh(r, "rm -r tile && cp -r ../whole tile &&"
	    " printf XXXX | dd of=tile/1/000.p/1 bs=1 seek=3 conv=notrunc "
	    "status=none");
	rig_audit(r, OF_LOG, NULL);
	rig_has(r, "changed -1  : tile/1/000.p/1: hash 0 is not that");
	run_sh(r, "rm -r tile && cp -r ../whole tile &&"
	    " printf XXXX | dd of=tile/entries/000 bs=1 seek=40 conv=notrunc "
	    "status=none");
	rig_audit(r, BOTH, NULL);
	rig_has(r, "changed 0  : its leaf in the bundle is not the one");
}

static void
finds_a_fork_since_a_checkpoint(void **state)
{
	struct rig *r = *state;
	struct log_checkpoint since = {.origin = ORIGIN, .size = 2};

	rig_add(r, 0, 2);
	rig_publish(r);
	since.root = r->hash[0];
	rig_audit(r, OF_LOG, &since);
	rig_has(r, "forked -1  : the published log does not have the root of the "
	    "checkpoint of --since over 2 entries");
	since.size = 9;
	rig_audit(r, OF_LOG, &since);
	rig_has(r, "missing 4  : the published log ends after 4 entries, but the "
	    "checkpoint of --since is over 9");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(finds_nothing_in_a_log_that_is_well),
	    TEST(names_a_deleted_entry),
	    TEST(names_a_changed_entry),
	    TEST(names_a_forged_entry),
	    TEST(names_swapped_entries),
	    TEST(names_an_inserted_entry),
	    TEST(names_a_store_that_went_back),
	    TEST(compares_certificates),
	    TEST(looks_at_signatures_of_checkpoints),
	    TEST(names_cut_and_missing_files),
	    TEST(names_changed_tiles),
	    TEST(finds_a_fork_since_a_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
