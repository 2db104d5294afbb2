#include "tests/unit/profiles/conform_case.h"

/* The whole of a certificate by P-256: header, TBS, algorithm (12 octets), and
   a BIT STRING of at most 72 octets and the count of unused bits. */
#define AROUND (4 + 12 + 2 + 1 + 72)

static void
too_small(struct make *m)
{
	m->profile.max_der = 128;
}

static void
short_address(struct make *m)
{
	m->profile.max_crl_url = strlen(m->issuer.crl_url) - 1;
}

static void
short_issuer(struct make *m)
{
	m->profile.max_issuer = m->issuer.name_len - 1;
}

static const struct conform_case cases[] = {
    {"size.budget", shape_ldevid, too_small, NULL, NULL},
    {"size.budget", shape_ldevid, short_address, NULL, NULL},
    {"size.budget", shape_ldevid, short_issuer, NULL, NULL},
};

static void
beyond_the_budget(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_size_rules);
}

static void
to_the_octet(void **state)
{
	struct make *m = make_new(shape_ldevid, NULL);

	(void)state;
	m->profile.max_crl_url = strlen(m->issuer.crl_url);
	m->profile.max_issuer = m->issuer.name_len;
	m->profile.max_der = m->tbs_len + AROUND;
	must_pass(m, "exactly the budget");
	m->profile.max_der--;
	must_refuse(m, "size.budget");
	m->issuer.sig_max = 71;
	must_pass(m, "a shorter signature");
	make_free(m);
}

/* Under RSA the signature is as long as the key, P-384's 104 octets. */
static void
by_algorithm(void **state)
{
	static const struct {
		const char *alg;
		size_t sig_max, around;
	} rows[] = {
	    {"300a06082a8648ce3d040303", 0, 4 + 12 + 2 + 1 + 104},
	    {"300506032b6570", 0, 4 + 7 + 2 + 1 + 64},
	    {"300d06092a864886f70d01010b0500", 0, 4 + 15 + 4 + 1 + 512},
	    {"300d06092a864886f70d01010b0500", 256, 4 + 15 + 4 + 1 + 256},
	};
	struct make *m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		m = make_new(shape_ldevid, NULL);
		set_algorithm(m, rows[i].alg);
		make_encode(m);
		m->issuer.sig_max = rows[i].sig_max;
		m->profile.max_der = m->tbs_len + rows[i].around;
		must_pass(m, rows[i].alg);
		m->profile.max_der--;
		must_refuse(m, "size.budget");
		make_free(m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(beyond_the_budget),
	    cmocka_unit_test(to_the_octet),
	    cmocka_unit_test(by_algorithm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
