#include "rig.h"
#include "ca/audit/prove.h"

#define SERIAL(n) "414141414141414141414141414141410000000" n

static void
proves_from_a_store(void **state)
{
	struct rig *r = *state;
	struct log_proof p;
	char *proof;

	rig_add(r, 0, 7);
	rig_publish(r);
	assert_non_null(proof = prove_from_store(r->t->store, NULL,
	    SERIAL("3")));
	assert_int_equal(proof_parse(&p, proof, strlen(proof)), 1);
	assert_int_equal(p.index, 7);
	proof_clear(&p);
	OPENSSL_free(proof);
	assert_non_null(proof = prove_from_store(r->t->store, "devices",
	    SERIAL("0")));
	OPENSSL_free(proof);
	assert_non_null(proof = prove_from_store(r->t->store, "devices-g1",
	    SERIAL("6")));
	OPENSSL_free(proof);
}

static void
refuses_what_it_cannot_prove(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 2);
	assert_null(prove_from_store(r->t->store, NULL, SERIAL("1")));
	assert_raised(CA_E_NOTFOUND, "log.checkpoint: the store has none");
	rig_publish(r);
	assert_null(prove_from_store(r->t->store, NULL, SERIAL("2")));
	assert_raised(CA_E_NOTFOUND, "serial: no certificate");
	assert_null(prove_from_store(r->t->store, "code", SERIAL("1")));
	assert_raised(CA_E_NOTFOUND, "serial: no certificate");
	rig_add(r, 2, 3);
	assert_null(prove_from_store(r->t->store, NULL, SERIAL("2")));
	assert_raised(CA_E_NOTFOUND, "log.checkpoint: the store has none over "
	    "entry 5");
	rig_sql(r, "DELETE FROM entries WHERE idx = 3");
	assert_null(prove_from_store(r->t->store, NULL, SERIAL("1")));
	assert_raised(CA_E_NOTFOUND, "log.entry: ");
	assert_null(prove_from_store(r->t->store, NULL, SERIAL("0")));
	assert_raised(CA_E_STORE, "log: entries from 2 on are not all there");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(proves_from_a_store),
	    TEST(refuses_what_it_cannot_prove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
