#include "ca/engine/crl.h"
#include "ca/engine/crl_run.h"
#include "tests/unit/ca/engine/world.h"

/* CRLs by operation: one for each CA, and one for each shard. */

static void
issued_and_shown(void **state)
{
	struct world *w = *state;
	const unsigned char *p;
	char number[32];
	X509_CRL *crl;
	WIRE_ANSWER *a;
	size_t len;

	a = world_admin(w, "crl.issue", "");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 3); /* the root's is not ours */
	WIRE_ANSWER_free(a);
	a = world_admin(w, "crl.issue", "t", "issuer", "code");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	snprintf(number, sizeof(number), "%s",
	    field_text(message_row(a, 0), "number", ""));
	WIRE_ANSWER_free(a);
	a = world_admin(w, "crl.show", "t", "issuer", "code-g1");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "number", ""), number);
	assert_non_null(strstr(field_text(a->values, "file", ""),
	    "/crl/code-g1.crl"));
	assert_int_equal(strlen(field_text(a->values, "sha256", "")), 64);
	p = field_bytes(a->values, "der", &len);
	assert_int_equal(field_int(a->values, "octets", 0), len);
	crl = d2i_X509_CRL(NULL, &p, (long)len);
	assert_non_null(crl);
	X509_CRL_free(crl);
	WIRE_ANSWER_free(a);
	world_done(world_admin(w, "crl.show", "t", "issuer", "root"));
	a = world_admin(w, "crl.show", "");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 4);
	assert_null(field_bytes(message_row(a, 0), "der", &len));
	WIRE_ANSWER_free(a);
}

static void
refusals(void **state)
{
	struct world *w = *state;

	world_refused(world_admin(w, "crl.issue", "t", "issuer", "root"),
	    WIRE_DENIED, "does not issue here");
	world_refused(world_admin(w, "crl.issue", "t", "issuer", "none"),
	    WIRE_NOTFOUND, "no CA");
	world_refused(world_admin(w, "crl.show", "t", "issuer", "none"),
	    WIRE_NOTFOUND, "no CA");
	world_refused(world_admin(w, "crl.show", "ti", "issuer", "code",
	    "shard", 0), WIRE_NOTFOUND, "has 0 shards");
	world_refused(world_admin(w, "crl.show", "i", "shard", 0),
	    WIRE_BADREQUEST, "of which CA");
}

/* The count of a CA that has issued is in its certificates. */
static void
counts_are_fixed(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	size_t before = world_log(w, "crl.shards", "");

	world_refused(world_admin(w, "crl.shards", "ti", "issuer", "devices",
	    "shards", 4), WIRE_DENIED, "crl.shards");
	assert_int_equal(is->row.crl_shards, 0);
	world_refused(world_admin(w, "crl.shards", "ti", "issuer", "code",
	    "shards", 1), WIRE_BADREQUEST, "2 to 256");
	world_refused(world_admin(w, "crl.shards", "ti", "issuer", "code",
	    "shards", 257), WIRE_BADREQUEST, "2 to 256");
	world_refused(world_admin(w, "crl.shards", "ti", "issuer", "code",
	    "shards", -2), WIRE_BADREQUEST, "2 to 256");
	world_refused(world_admin(w, "crl.shards", "ti", "issuer", "none",
	    "shards", 2), WIRE_NOTFOUND, "no CA");
	assert_int_equal(world_log(w, "crl.shards", ""), before);
}

static void
shards(void **state)
{
	struct world *w = *state;
	const struct issuer *is;
	const WIRE_FIELDS *r;
	WIRE_ANSWER *a;
	size_t len;

	a = world_admin(w, "crl.shards", "ti", "issuer", "attestation",
	    "shards", 3);
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_int_equal(field_int(message_row(a, 0), "shards", 0), 3);
	WIRE_ANSWER_free(a);
	is = issuer_set_find(&w->ca->issuers, "attestation");
	assert_int_equal(is->row.crl_shards, 3);
	assert_int_equal(world_log(w, "crl.shards", "issuer=attestation-g1"),
	    1);
	assert_int_equal(world_log(w, "crl", "shard=2"), 1);
	a = world_admin(w, "crl.show", "t", "issuer", "attestation");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 3);
	r = message_row(a, 2);
	assert_int_equal(field_int(r, "shard", 0), 2);
	assert_non_null(strstr(field_text(r, "url", ""),
	    "/crl/attestation-g1-s2.crl"));
	WIRE_ANSWER_free(a);
	a = world_admin(w, "crl.show", "ti", "issuer", "attestation", "shard",
	    1);
	world_is(a, WIRE_OK);
	assert_non_null(field_bytes(a->values, "der", &len));
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "crl.show", "ti", "issuer",
	    "attestation", "shard", 3), WIRE_NOTFOUND, "has 3 shards");
	/* In a list of all CAs it is one row. */
	a = world_admin(w, "crl.show", "");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 4);
	WIRE_ANSWER_free(a);
	/* And back, since it still has issued nothing. */
	world_done(world_admin(w, "crl.shards", "ti", "issuer", "attestation",
	    "shards", 0));
	is = issuer_set_find(&w->ca->issuers, "attestation");
	assert_int_equal(is->row.crl_shards, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(issued_and_shown),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(counts_are_fixed),
	    cmocka_unit_test(shards),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
