#include "tests/unit/ca/engine/foreign.h"

/* ca.show. */

static void
one_of_ours(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	const WIRE_FIELDS *v, *r;
	char serial[64];
	size_t len;

	world_issue(w, "one", serial);
	world_done(world_admin(w, "revoke", "t", "serial", serial));
	a = world_admin(w, "ca.show", "t", "name", "devices");
	world_is(a, WIRE_OK);
	v = a->values;
	assert_string_equal(field_text(v, "ident", ""), "devices-g1");
	assert_string_equal(field_text(v, "state", ""), "active");
	assert_string_equal(field_text(v, "subject", ""), "CN=Test Devices");
	assert_string_equal(field_text(v, "issued_by", ""), "CN=Test Root");
	assert_string_equal(field_text(v, "key_type", ""), "ec-p256");
	assert_string_equal(field_text(v, "key_state", ""), "ok");
	assert_string_equal(field_text(v, "token", "x"), "");
	assert_int_equal(field_int(v, "crl_lifetime", 0), 86400);
	assert_int_equal(field_int(v, "crl_shards", -1), 0);
	assert_non_null(strstr(field_text(v, "profiles", ""),
	    "device-ldevid"));
	assert_null(strstr(field_text(v, "profiles", ""), "code-signing"));
	assert_int_equal(field_int(v, "certs_valid", -1), 1);
	assert_int_equal(field_int(v, "certs_revoked", -1), 1);
	assert_int_equal(field_int(v, "certs_held", -1), 0);
	assert_true(field_time(v, "next_crl", 0) > w->now);
	assert_true(field_time(v, "last_expiry", 0) > w->now);
	assert_int_equal(strlen(field_text(v, "sha256", "")), 64);
	assert_non_null(field_bytes(v, "der", &len));
	assert_int_equal(message_n_rows(a), 1);
	r = message_row(a, 0);
	assert_string_equal(field_text(r, "kind", ""), "chain");
	assert_string_equal(field_text(r, "subject", ""), "CN=Test Root");
	WIRE_ANSWER_free(a);
	a = world_admin(w, "ca.show", "t", "name", "root-g1");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "key_state", ""), "offline");
	assert_int_equal(message_n_rows(a), 0);
	WIRE_ANSWER_free(a);
}

static void
a_foreign_one(void **state)
{
	struct world *w = *state;
	struct pending_ca_row row;
	struct foreign root;
	struct issuer *is;
	X509 *cert;
	WIRE_ANSWER *a;

	foreign_ca(&root, NULL, "Foreign Root", (struct foreign_how){0},
	    w->now);
	assert_true(foreign_request(w, "sub", &row));
	pending_cas_row_clear(&row);
	a = world_admin(w, "ca.show", "t", "name", "sub");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "pending");
	WIRE_ANSWER_free(a);
	is = foreign_sub(w, &root, "sub");
	cert = foreign_cert(&root, NULL, is->verify,
	    X509_get_subject_name(is->cert), (struct foreign_how){.from = -30},
	    w->now);
	assert_true(foreign_import(w, "sub", cert, NULL, &is));
	a = world_admin(w, "ca.show", "t", "name", "sub-g1");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 2);
	assert_string_equal(
	    field_text(message_row(a, 0), "kind", ""), "chain");
	assert_string_equal(
	    field_text(message_row(a, 0), "subject", ""), "CN=Foreign Root");
	assert_string_equal(
	    field_text(message_row(a, 1), "kind", ""), "renewed");
	WIRE_ANSWER_free(a);
	X509_free(cert);
	foreign_free(&root);
}

static void
one_that_is_over(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;

	world_done(world_admin(w, "ca.disable", "t", "name", "code"));
	a = world_admin(w, "ca.show", "t", "name", "code");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "disabled");
	assert_non_null(strstr(field_text(a->values, "crls", ""),
	    "none needed"));
	assert_int_equal(field_time(a->values, "next_crl", 0), 0);
	WIRE_ANSWER_free(a);
}

static void
none(void **state)
{
	struct world *w = *state;

	world_refused(world_admin(w, "ca.show", "t", "name", "nobody"),
	    WIRE_NOTFOUND, "no CA");
	world_refused(world_admin(w, "ca.show", ""), WIRE_BADREQUEST,
	    "missing");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_of_ours),
	    cmocka_unit_test(a_foreign_one),
	    cmocka_unit_test(one_that_is_over),
	    cmocka_unit_test(none),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
