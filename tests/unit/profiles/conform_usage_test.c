#include "tests/unit/profiles/conform_case.h"

#define KU "2.5.29.15"
#define BC "2.5.29.19"
#define EKU "2.5.29.37"

/* ---- key usage -------------------------------------------------------- */

static void
ku_octets(struct make *m)
{
	swap(m, KU, 1, "04020780");
}

static void
ku_none(struct make *m)
{
	swap(m, KU, 1, "030100");
}

static void
ku_zero_bits(struct make *m)
{
	swap(m, KU, 1, "03020080");
}

static void
ku_one_zero_bit(struct make *m)
{
	swap(m, KU, 1, "03020680");
}

static void
ku_tenth_bit(struct make *m)
{
	swap(m, KU, 1, "0303068040");
}

static void
ku_three_octets(struct make *m)
{
	swap(m, KU, 1, "030400808080");
}

static void
ku_more(struct make *m)
{
	swap(m, KU, 1, "030206c0");
}

static void
ku_certsign(struct make *m)
{
	swap(m, KU, 1, "03020284");
}

static void
encipher(struct make *m)
{
	m->profile.key_usage |= KU_KEY_ENCIPHERMENT;
}

static void
agree(struct make *m)
{
	m->profile.key_usage |= KU_KEY_AGREEMENT;
}

static void
agree_rsa(struct make *m)
{
	agree(m);
	m->key = KEY_RSA;
}

static void
decipher_alone(struct make *m)
{
	m->profile.key_usage |= KU_DECIPHER_ONLY;
}

static void
encipher_rsa(struct make *m)
{
	encipher(m);
	m->key = KEY_RSA;
}

static void
agree_decipher(struct make *m)
{
	agree(m);
	decipher_alone(m);
}

/* ---- basic constraints ------------------------------------------------ */

static void
ca_false(struct make *m)
{
	swap(m, BC, 1, "3003010100");
}

static void
path_without_ca(struct make *m)
{
	swap(m, BC, 1, "3003020100");
}

static void
path_negative(struct make *m)
{
	swap(m, BC, 1, "30060101ff0201ff");
}

static void
bc_tail(struct make *m)
{
	swap(m, BC, 1, "30080101ff0201000500");
}

static void
ca_true(struct make *m)
{
	swap(m, BC, 1, "30030101ff");
}

static void
path_longer(struct make *m)
{
	swap(m, BC, 1, "30060101ff020101");
}

static void
path_absent(struct make *m)
{
	swap(m, BC, 1, "30030101ff");
}

static void
profile_says_certsign(struct make *m)
{
	m->profile.key_usage |= KU_KEY_CERT_SIGN | KU_CRL_SIGN;
}

static void
profile_forgets_certsign(struct make *m)
{
	m->profile.key_usage = KU_DIGITAL_SIGNATURE;
}

static void
plain_ca(struct make *m)
{
	m->profile.basic_constraints_critical = 0;
}

static void
ca_not_critical(struct make *m)
{
	swap(m, BC, 0, "30060101ff020100");
}

static void
shape_plain_ca(struct make *m)
{
	shape_ca(m);
	plain_ca(m);
}

static void
issuer_path_0(struct make *m)
{
	m->issuer.path_len = 0;
}

static void
path_unlimited(struct make *m)
{
	m->profile.path_len = -1;
}

/* ---- purposes --------------------------------------------------------- */

static void
eku_empty(struct make *m)
{
	swap(m, EKU, 0, "3000");
}

static void
eku_not_oid(struct make *m)
{
	swap(m, EKU, 0, "30020500");
}

static void
eku_twice(struct make *m)
{
	swap(m, EKU, 0,
	    "3014"
	    "06082b06010505070302"
	    "06082b06010505070302");
}

static void
eku_more(struct make *m)
{
	swap_text(m, NID_ext_key_usage, "clientAuth,serverAuth");
}

static void
eku_other(struct make *m)
{
	swap_text(m, NID_ext_key_usage, "serverAuth");
}

static void
eku_without_evidence(struct make *m)
{
	put_text(m, NID_ext_key_usage, "2.23.133.8.3");
	m->profile.eku_attested[0][0] = '1';
	m->profile.n_eku = 1;
	strcpy(m->profile.eku[0], "2.23.133.8.3");
}

static void
profile_purpose(struct make *m, const char *oid)
{
	strcpy(m->profile.eku[m->profile.n_eku++], oid);
}

static void
with_stamping(struct make *m)
{
	profile_purpose(m, "1.3.6.1.5.5.7.3.8");
}

static void
stamping_plain(struct make *m)
{
	m->profile.n_eku = 0;
	with_stamping(m);
}

static void
code_and_server(struct make *m)
{
	profile_purpose(m, "1.3.6.1.5.5.7.3.3");
}

static void
with_ocsp(struct make *m)
{
	profile_purpose(m, "1.3.6.1.5.5.7.3.9");
}

static void
any_critical(struct make *m)
{
	profile_purpose(m, "2.5.29.37.0");
	m->profile.eku_critical = 1;
}

static const struct conform_case cases[] = {
    {"usage.form", shape_ldevid, NULL, ku_octets, NULL},
    {"usage.form", shape_ldevid, NULL, ku_none, NULL},
    {"usage.form", shape_ldevid, NULL, ku_zero_bits, NULL},
    {"usage.form", shape_ldevid, NULL, ku_one_zero_bit, NULL},
    {"usage.form", shape_ldevid, NULL, ku_tenth_bit, NULL},
    {"usage.form", shape_ldevid, NULL, ku_three_octets, NULL},
    {"usage.profile", shape_ldevid, NULL, ku_more, NULL},
    {"usage.profile", shape_ldevid, NULL, ku_certsign, NULL},
    {"usage.key", shape_ldevid, encipher, NULL, NULL},
    {"usage.key", shape_code, agree, NULL, NULL},
    {"usage.key", shape_code, encipher, NULL, NULL},
    {"usage.key", shape_ldevid, agree_rsa, NULL, NULL},
    {"usage.key", shape_ldevid, decipher_alone, NULL, NULL},
    {"constraints.form", shape_ldevid, NULL, ca_false, NULL},
    {"constraints.form", shape_ldevid, NULL, path_without_ca, NULL},
    {"constraints.form", shape_ca, NULL, path_negative, NULL},
    {"constraints.form", shape_ca, NULL, bc_tail, NULL},
    {"constraints.profile", shape_ldevid, NULL, ca_true, NULL},
    {"constraints.profile", shape_ca, NULL, path_longer, NULL},
    {"constraints.profile", shape_ca, NULL, path_absent, NULL},
    {"constraints.ca", shape_ldevid, profile_says_certsign, NULL, NULL},
    {"constraints.ca", shape_ca, profile_forgets_certsign, NULL, NULL},
    {"constraints.path", shape_ca, issuer_path_0, NULL, NULL},
    {"constraints.path", shape_ca, path_unlimited, NULL, NULL},
    {"purposes.form", shape_ldevid, NULL, eku_empty, NULL},
    {"purposes.form", shape_ldevid, NULL, eku_not_oid, NULL},
    {"purposes.form", shape_ldevid, NULL, eku_twice, NULL},
    {"purposes.profile", shape_ldevid, NULL, eku_more, NULL},
    {"purposes.profile", shape_ldevid, NULL, eku_other, NULL},
    {"purposes.mix", shape_ldevid, with_stamping, NULL, NULL},
    {"purposes.mix", shape_ldevid, stamping_plain, NULL, NULL},
    {"purposes.mix", shape_est, code_and_server, NULL, NULL},
    {"purposes.mix", shape_ldevid, with_ocsp, NULL, NULL},
    {"purposes.mix", shape_ca, with_ocsp, NULL, NULL},
    {"purposes.mix", shape_ldevid, any_critical, NULL, NULL},
    {"purposes.attested", shape_attestation, NULL, eku_without_evidence, NULL},
};

static void
bad_usage(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_usage_rules);
}

/* A constraint that is not critical is followed, and still no CA. */
static void
bad_plain_ca(void **state)
{
	struct make *m = make_new(shape_plain_ca, NULL);

	(void)state;
	ca_not_critical(m);
	make_encode(m);
	must_refuse(m, "constraints.ca");
	make_free(m);
}

static void
good_usage(void **state)
{
	static void (*const more[])(struct make *) = {
	    encipher_rsa, agree, agree_decipher};
	struct make *m;
	size_t i;

	(void)state;
	for (i = 0; i < N_CASES(more); i++) {
		m = make_new(shape_ldevid, more[i]);
		must_pass(m, "usage");
		make_free(m);
	}
}

static void
path_one(struct make *m)
{
	m->issuer.path_len = -1;
	m->profile.path_len = -1;
}

static void
good_unlimited(void **state)
{
	struct make *m = make_new(shape_ca, path_one);

	(void)state;
	must_pass(m, "no path length under none");
	make_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_usage),
	    cmocka_unit_test(good_unlimited),
	    cmocka_unit_test(bad_usage),
	    cmocka_unit_test(bad_plain_ca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
