#include "tests/unit/ca/engine/world.h"
#include "tests/unit/ca/engine/maker_crl.h"
#include "ca/engine/maker_crls.h"

/* The folder of manufacturers' CRLs, as an operator sees it. */

static void
lists(void **state)
{
	struct world *w = *state;
	char dir[256];
	EVP_PKEY *key = world_key();
	struct make_spec s = {.subject = "CN=Maker", .issuer_key = key,
	    .key = key};
	X509 *ca = make_cert(&s, 1);
	struct crl_spec crl = {.issuer = ca, .key = key, .number = 7,
	    .from = w->now - 60, .to = w->now + 3600, .revoked = {4, 5}};
	WIRE_ANSWER *a = world_admin(w, "maker.crl.list", "");

	world_is(a, WIRE_OK); /* none is configured */
	assert_int_equal(message_n_rows(a), 0);
	WIRE_ANSWER_free(a);
	snprintf(dir, sizeof(dir), "%s/crls", w->dir);
	world_sh("mkdir %s", dir);
	put_new_crl(dir, "a.crl", &crl);
	crl.to = w->now - 1;
	put_new_crl(dir, "b.crl", &crl);
	crl.from = w->now + 60;
	crl.to = w->now + 120;
	put_new_crl(dir, "c.crl", &crl);
	maker_crls_free(w->ca->maker_crls);
	w->ca->maker_crls = maker_crls_new(dir, w->now);
	a = world_admin(w, "maker.crl.list", "");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 3);
	assert_string_equal(field_text(message_row(a, 0), "file", ""), "a.crl");
	assert_string_equal(
	    field_text(message_row(a, 0), "issuer", ""), "/CN=Maker");
	assert_string_equal(field_text(message_row(a, 0), "number", ""), "7");
	assert_int_equal(field_int(message_row(a, 0), "entries", 0), 2);
	assert_string_equal(
	    field_text(message_row(a, 0), "state", ""), "current");
	assert_string_equal(field_text(message_row(a, 1), "state", ""), "over");
	assert_string_equal(
	    field_text(message_row(a, 2), "state", ""), "not yet");
	assert_int_equal(field_int(a->values, "left_out", -1), 0);
	WIRE_ANSWER_free(a);
	X509_free(ca);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lists)};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
