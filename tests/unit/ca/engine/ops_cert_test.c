#include "tests/unit/ca/engine/foreign.h"
#include "tests/unit/ca/engine/world.h"

static void
state_is(struct world *w, const char *serial, const char *want,
    const char *reason)
{
	WIRE_ANSWER *a = world_admin(w, "cert.show", "t", "serial", serial);
	const char *r;

	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), want);
	r = field_text(a->values, "reason", NULL);
	if (reason == NULL)
		assert_null(r);
	else
		assert_string_equal(r, reason);
	WIRE_ANSWER_free(a);
}

static WIRE_ANSWER *
revoke_it(struct world *w, const char *serial, const char *reason)
{
	return world_admin(w, "revoke", "tt", "serial", serial, "reason",
	    reason);
}

static void
only_upwards(void **state)
{
	struct world *w = *state;
	char s[64];

	world_issue(w, "up", s);
	world_done(revoke_it(w, s, "superseded"));
	state_is(w, s, "revoked", "superseded");
	world_refused(revoke_it(w, s, "superseded"), WIRE_DENIED, "revoke.reason");
	world_refused(revoke_it(w, s, "certificateHold"), WIRE_DENIED,
	    "revoke.hold");
	world_done(revoke_it(w, s, "keyCompromise"));
	state_is(w, s, "revoked", "keyCompromise");
	world_refused(revoke_it(w, s, "cACompromise"), WIRE_DENIED,
	    "revoke.reason");
	world_refused(world_admin(w, "release", "t", "serial", s), WIRE_DENIED,
	    "release.state");
}

static void
hold_and_release(void **state)
{
	struct world *w = *state;
	char s[64];

	world_issue(w, "hold", s);
	world_refused(world_admin(w, "release", "t", "serial", s), WIRE_DENIED,
	    "release.state");
	world_done(revoke_it(w, s, "certificateHold"));
	state_is(w, s, "held", "certificateHold");
	world_refused(revoke_it(w, s, "certificateHold"), WIRE_DENIED,
	    "revoke.hold");
	world_done(world_admin(w, "release", "t", "serial", s));
	state_is(w, s, "valid", NULL);
	world_done(revoke_it(w, s, "certificateHold"));
	world_done(revoke_it(w, s, "affiliationChanged"));
	state_is(w, s, "revoked", "affiliationChanged");
}

static void
reasons_by_the_book(void **state)
{
	struct world *w = *state;
	char s[64];

	world_issue(w, "reasons", s);
	world_refused(revoke_it(w, s, "removeFromCRL"), WIRE_BADREQUEST, "reason");
	world_refused(revoke_it(w, s, "because"), WIRE_BADREQUEST, "reason");
	world_done(world_admin(w, "revoke", "t", "serial", s));
	state_is(w, s, "revoked", "unspecified");
}

static void
not_a_ca_certificate(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a = world_admin(w, "cert.list", "t", "profile",
	    "issuing-ca");
	char s[64];

	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 3);
	snprintf(s, sizeof(s), "%s", field_text(message_row(a, 0), "serial",
	    ""));
	WIRE_ANSWER_free(a);
	world_refused(revoke_it(w, s, "keyCompromise"), WIRE_DENIED,
	    "revoke.class");
}

static void
no_hold_of_code_signing(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "Build", &csr);
	WIRE_ANSWER *a;
	char s[64];

	/* The shipped profile wants an organisation too. */
	a = world_admin(w, "issue", "tb", "profile", "code-signing", "csr",
	    csr, len);
	if (message_answer_status(a) == WIRE_OK) {
		snprintf(s, sizeof(s), "%s", field_text(a->values, "serial",
		    ""));
		WIRE_ANSWER_free(a);
		world_refused(revoke_it(w, s, "certificateHold"), WIRE_DENIED,
		    "revoke.hold");
	} else {
		world_refused(a, WIRE_DENIED, "subject.O");
	}
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

static void
issuing_is_refused(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "no", &csr);

	world_refused(world_admin(w, "issue", "tb", "profile", "root-ca",
	    "csr", csr, len), WIRE_DENIED, "issued_by");
	world_refused(world_admin(w, "issue", "tb", "profile",
	    "ocsp-responder", "csr", csr, len), WIRE_DENIED, "issued_by");
	world_refused(world_admin(w, "issue", "tb", "profile", "none", "csr",
	    csr, len), WIRE_NOTFOUND, "profile");
	csr[len - 1] ^= 1;
	world_refused(world_admin(w, "issue", "tb", "profile", "device-ldevid",
	    "csr", csr, len), WIRE_BADREQUEST, "csr.signature");
	world_refused(world_admin(w, "issue", "tb", "profile", "device-ldevid",
	    "csr", "garbage", 7), WIRE_BADREQUEST, "csr");
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

static WIRE_ANSWER *
once(struct world *w, const unsigned char *csr, int len, int flag)
{
	return world_admin(w, "issue", "tbf", "profile", "device-ldevid", "csr",
	    csr, len, "once", flag);
}

static void
serial_of(WIRE_ANSWER *a, char serial[64])
{
	world_is(a, WIRE_OK);
	snprintf(serial, 64, "%s", field_text(a->values, "serial", ""));
	WIRE_ANSWER_free(a);
}

/* A batch that was cut off asks again. */
static void
issued_once(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "once", &csr);
	char s[64], again[64];

	serial_of(once(w, csr, len, 1), s);
	serial_of(once(w, csr, len, 1), again);
	assert_string_equal(s, again);
	/* Another profile is another certificate. */
	serial_of(world_admin(w, "issue", "tbf", "profile", "tls-client", "csr",
		      csr, len, "once", 1),
	    again);
	assert_string_not_equal(s, again);
	serial_of(once(w, csr, len, 0), again);
	assert_string_not_equal(s, again);
	serial_of(once(w, csr, len, 1), again);
	assert_string_equal(s, again);
	world_done(revoke_it(w, s, "superseded"));
	serial_of(once(w, csr, len, 1), again);
	assert_string_not_equal(s, again);
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

/* Without a profile it is that of the fleet. */
static void
profile_of_the_fleet(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "x", &csr);
	WIRE_ANSWER *a;

	world_done(world_admin(w, "device.add", "tt", "fleet", "devices",
	    "name", "pf-1"));
	a = world_admin(w, "issue", "ttb", "fleet", "devices", "device", "pf-1",
	    "csr", csr, len);
	world_done(a);
	world_refused(world_admin(w, "issue", "b", "csr", csr, len),
	    WIRE_BADREQUEST, "neither a profile");
	world_refused(world_admin(w, "issue", "ttb", "fleet", "none", "device",
			  "pf-1", "csr", csr, len),
	    WIRE_BADREQUEST, "neither a profile");
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

static size_t
listed(WIRE_ANSWER *a)
{
	size_t n;

	world_is(a, WIRE_OK);
	n = message_n_rows(a);
	WIRE_ANSWER_free(a);
	return n;
}

/* A name means all its generations. */
static void
list_of_generations(void **state)
{
	struct world *w = *state;
	struct foreign root = {0};
	char s[64];

	world_issue(w, "of-g1", s);
	foreign_ca(
	    &root, NULL, "Foreign Root", (struct foreign_how){0}, w->now);
	assert_string_equal(
	    foreign_sub(w, &root, "devices")->row.ident, "devices-g2");
	assert_int_equal(listed(world_admin(w, "cert.list", "tt", "subject",
			     "of-g1", "issuer", "devices")),
	    1);
	assert_int_equal(listed(world_admin(w, "cert.list", "tt", "serial", s,
			     "issuer", "devices")),
	    1);
	assert_int_equal(listed(world_admin(w, "cert.list", "tt", "serial", s,
			     "issuer", "devices-g1")),
	    1);
	assert_int_equal(
	    listed(world_admin(w, "cert.list", "t", "issuer", "devices-g2")),
	    0);
	assert_int_equal(listed(world_admin(w, "cert.list", "tt", "serial", s,
			     "issuer", "devices-g2")),
	    0);
	world_refused(world_admin(w, "cert.list", "t", "issuer", "nobody"),
	    WIRE_NOTFOUND, "nobody");
	foreign_free(&root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_upwards),
	    cmocka_unit_test(hold_and_release),
	    cmocka_unit_test(reasons_by_the_book),
	    cmocka_unit_test(not_a_ca_certificate),
	    cmocka_unit_test(no_hold_of_code_signing),
	    cmocka_unit_test(issuing_is_refused),
	    cmocka_unit_test(issued_once),
	    cmocka_unit_test(profile_of_the_fleet),
	    cmocka_unit_test(list_of_generations),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
