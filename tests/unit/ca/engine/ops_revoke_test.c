#include "tests/unit/ca/engine/foreign.h"
#include "tests/unit/ca/engine/many.h"

/* Revocation over the admin socket. */

static void
by_serial(void **state)
{
	struct world *w = *state;
	char s[64];
	WIRE_ANSWER *a;

	world_issue(w, "by-serial", s);
	world_refused(
	    world_admin(w, "revoke", "tt", "serial", s, "reason", "sneeze"),
	    WIRE_BADREQUEST, "sneeze");
	world_refused(
	    world_admin(w, "revoke", "tt", "serial", s, "issuer", "nobody"),
	    WIRE_NOTFOUND, "issuer");
	a = world_admin(w, "revoke", "tt", "serial", s, "reason", "superseded");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "revoked");
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "release", "t", "serial", s), WIRE_DENIED,
	    "release.state");
	world_issue(w, "held", s);
	world_done(world_admin(
	    w, "revoke", "tt", "serial", s, "reason", "certificateHold"));
	world_done(world_admin(w, "release", "t", "serial", s));
	assert_int_equal(many_state(w, s), CERT_VALID);
	/* It is an operator's business. */
	world_refused(world_ask(w, OPS_RA, "revoke", "t", "serial", s),
	    WIRE_DENIED, "ops.table");
}

static void
unknown(void **state)
{
	static const char LOST[] = "4fee00000000000000000000000000000000a1b2";
	struct world *w = *state;
	WIRE_ANSWER *a;

	world_refused(world_admin(w, "revoke", "t", "serial", LOST),
	    WIRE_NOTFOUND, "--unknown");
	world_refused(
	    world_admin(w, "revoke", "tf", "serial", LOST, "unknown", 1),
	    WIRE_BADREQUEST, "which CA");
	world_refused(world_admin(w, "revoke", "tft", "serial", LOST, "unknown",
			  1, "issuer", "nobody"),
	    WIRE_NOTFOUND, "issuer");
	world_refused(world_admin(w, "revoke", "tft", "serial", LOST, "unknown",
			  1, "issuer", "root"),
	    WIRE_DENIED, "revoke.class");
	a = world_admin(w, "revoke", "tft", "serial", LOST, "unknown", 1,
	    "issuer", "devices");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "serial", ""), LOST);
	assert_non_null(field_text(a->values, "warning", NULL));
	WIRE_ANSWER_free(a);
	assert_int_equal(many_state(w, LOST), CERT_REVOKED);
}

/* A name means all its generations, where the certificate is known. */
static void
of_generations(void **state)
{
	static const char LOST[] = "4fee00000000000000000000000000000000a1b3";
	struct world *w = *state;
	struct foreign root = {0};
	char s[64];

	world_issue(w, "by-g1", s);
	foreign_ca(
	    &root, NULL, "Foreign Root", (struct foreign_how){0}, w->now);
	assert_string_equal(
	    foreign_sub(w, &root, "devices")->row.ident, "devices-g2");
	/* No second row takes its place. */
	world_refused(world_admin(w, "revoke", "ttf", "serial", s, "issuer",
			  "devices-g2", "unknown", 1),
	    WIRE_NOTFOUND, "one of devices-g1");
	assert_int_equal(many_state(w, s), CERT_VALID);
	world_done(world_admin(w, "revoke", "ttf", "serial", s, "issuer",
	    "devices", "unknown", 1));
	assert_int_equal(many_state(w, s), CERT_REVOKED);
	/* Which one issued what is not known must be said. */
	world_refused(world_admin(w, "revoke", "ttf", "serial", LOST, "issuer",
			  "devices", "unknown", 1),
	    WIRE_BADREQUEST, "ca.generation");
	world_done(world_admin(w, "revoke", "ttf", "serial", LOST, "issuer",
	    "devices-g1", "unknown", 1));
	assert_int_equal(many_state(w, LOST), CERT_REVOKED);
	foreign_free(&root);
}

static void
by_device(void **state)
{
	struct world *w = *state;
	char s[64];
	WIRE_ANSWER *a;

	many_device(w, "dev-a", "X1", "1");
	many_issue(w, "device-ldevid", "dev-a", NULL, s);
	world_refused(world_admin(w, "revoke.device", "tt", "name", "dev-a",
			  "reason", "certificateHold"),
	    WIRE_BADREQUEST, "certificateHold");
	world_refused(world_admin(w, "revoke.device", "t", "name", "nobody"),
	    WIRE_NOTFOUND, "nobody");
	a = world_admin(w, "revoke.device", "t", "name", "dev-a");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_string_equal(
	    field_text(a->values, "device_state", ""), "enabled");
	WIRE_ANSWER_free(a);
	assert_int_equal(many_state(w, s), CERT_REVOKED);
	a = world_admin(w, "device.revoke", "t", "name", "dev-a");
	world_is(a, WIRE_OK);
	assert_string_equal(
	    field_text(a->values, "device_state", ""), "disabled");
	WIRE_ANSWER_free(a);
}

static void
by_key(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char md[32], *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	char s[64], hex[65];
	WIRE_ANSWER *a;

	many_device(w, "dev-k", "X1", "1");
	many_issue(w, "device-ldevid", "dev-k", key, s);
	many_spki(key, md);
	ops_hex(md, 32, hex);
	world_refused(
	    world_admin(w, "revoke.key", ""), WIRE_BADREQUEST, "one of them");
	world_refused(
	    world_admin(w, "revoke.key", "tb", "spki", hex, "key", der, len),
	    WIRE_BADREQUEST, "one of them");
	world_refused(world_admin(w, "revoke.key", "t", "spki", "00ff"),
	    WIRE_BADREQUEST, "SHA-256");
	world_refused(world_admin(w, "revoke.key", "tt", "spki", hex, "reason",
			  "certificateHold"),
	    WIRE_BADREQUEST, "certificateHold");
	assert_int_equal(many_state(w, s), CERT_VALID);
	a = world_admin(w, "revoke.key", "b", "key", der, len);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "spki_sha256", ""), hex);
	assert_int_equal(field_int(a->values, "revoked", 0), 1);
	assert_int_equal(field_int(a->values, "ca_certificates", 9), 0);
	assert_string_equal(
	    field_text(message_row(a, 0), "reason", ""), "keyCompromise");
	WIRE_ANSWER_free(a);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_serial),
	    cmocka_unit_test(unknown),
	    cmocka_unit_test(by_device),
	    cmocka_unit_test(by_key),
	    cmocka_unit_test(of_generations),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
