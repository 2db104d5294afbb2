#include "tests/unit/ca/engine/world.h"

/* Keys that are known to be bad, by the page. */

static int
spki_hash(EVP_PKEY *key, unsigned char md[32])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	assert_true(len > 0);
	assert_true(spki_sha256(der, (size_t)len, md));
	OPENSSL_free(der);
	return 32;
}

static WIRE_ANSWER *
issue(struct world *w, EVP_PKEY *key)
{
	unsigned char *csr;
	int len = world_csr(key, "k", &csr);
	WIRE_ANSWER *a = world_admin(w, "issue", "tb", "profile",
	    "device-ldevid", "csr", csr, len);

	OPENSSL_free(csr);
	return a;
}

static void
block_and_unblock(void **state)
{
	struct world *w = *state;
	EVP_PKEY *used = world_key(), *fresh = world_key();
	unsigned char md[64];
	char hex[65], serial[64];
	WIRE_ANSWER *a;

	spki_hash(used, md);
	spki_hash(fresh, md + 32);
	ops_hex(md + 32, 32, hex);
	a = issue(w, used);
	world_is(a, WIRE_OK);
	snprintf(serial, sizeof(serial), "%s",
	    field_text(a->values, "serial", ""));
	WIRE_ANSWER_free(a);
	a = world_admin(w, "key.block", "bt", "hashes", md, 64, "note", "leak");
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "added", 0), 2);
	assert_int_equal(field_int(a->values, "in_use", 0), 1);
	assert_string_equal(
	    field_text(message_row(a, 0), "serial", ""), serial);
	assert_string_equal(
	    field_text(message_row(a, 0), "state", ""), "valid");
	WIRE_ANSWER_free(a);
	a = world_admin(w, "key.block", "b", "hashes", md, 64);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "added", -1), 0);
	assert_int_equal(field_int(a->values, "known", 0), 2);
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "key.blocklist", "note=leak"), 1);
	world_refused(issue(w, fresh), WIRE_DENIED, "key.blocked");
	a = world_admin(w, "key.blocked", "i", "limit", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_non_null(message_next(a));
	WIRE_ANSWER_free(a);
	world_done(world_admin(w, "key.unblock", "tt", "hash", hex, "reason",
	    "not in the leak"));
	assert_int_equal(world_log(w, "key.unblock", "not in the leak"), 1);
	world_done(issue(w, fresh));
	world_refused(world_admin(w, "key.unblock", "tt", "hash", hex, "reason",
			  "x"),
	    WIRE_NOTFOUND, "key.unknown");
	/* What a certificate says is lost stays blocked. */
	world_done(world_admin(w, "revoke", "tt", "serial", serial, "reason",
	    "keyCompromise"));
	ops_hex(md, 32, hex);
	world_refused(world_admin(w, "key.unblock", "tt", "hash", hex, "reason",
			  "x"),
	    WIRE_DENIED, "key.compromised");
	EVP_PKEY_free(used);
	EVP_PKEY_free(fresh);
}

static void
mistakes(void **state)
{
	struct world *w = *state;

	world_refused(world_admin(w, "key.block", "b", "hashes", "short", 5),
	    WIRE_BADREQUEST, "32 octets");
	world_refused(world_admin(w, "key.block", "b", "hashes", "", 0),
	    WIRE_BADREQUEST, "32 octets");
	world_refused(world_admin(w, "key.unblock", "tt", "hash", "abcd",
			  "reason", "x"),
	    WIRE_BADREQUEST, "64 hexadecimal");
	world_refused(world_admin(w, "key.unblock", "t", "hash", "abcd"),
	    WIRE_BADREQUEST, "missing");
	world_refused(world_admin(w, "key.blocked", "t", "cursor", "zz"),
	    WIRE_BADREQUEST, "64 hexadecimal");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(block_and_unblock),
	    cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
