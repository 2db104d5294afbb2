#include "tests/unit/profiles/conform_case.h"

/*
 * Profiles that no compiler should let through: each certificate follows its
 * profile to the letter, and is refused because its class may not be so.
 */

static void
certifies(struct make *m)
{
	m->profile.has_basic_constraints = 1;
	m->profile.basic_constraints_critical = 1;
	m->profile.is_ca = 1;
	m->profile.key_usage |= KU_KEY_CERT_SIGN | KU_CRL_SIGN;
	m->issuer.path_len = -1;
}

static void
no_ca(struct make *m)
{
	m->profile.is_ca = 0;
	m->profile.path_len = -1;
	m->profile.key_usage = KU_DIGITAL_SIGNATURE;
}

static void
no_ca_cross(struct make *m)
{
	no_ca(m);
	m->profile.class = PROFILE_CROSS;
}

static void
nameless(struct make *m)
{
	m->profile.n_subject = 0;
	m->profile.san_critical = 1;
	san_rule(&m->profile, PROFILE_SAN_DNS, 0);
}

static void
usage_plain(struct make *m)
{
	m->profile.key_usage_critical = 0;
}

static void
no_signature(struct make *m)
{
	m->profile.key_usage = KU_KEY_AGREEMENT;
}

static void
no_serial_number(struct make *m)
{
	m->profile.n_subject = 1;
}

static void
san_critical(struct make *m)
{
	m->profile.san_critical = 1;
}

static void
no_end(struct make *m)
{
	m->profile.no_end = m->profile.may_outlive_issuer = 1;
}

static void
other_purpose(struct make *m)
{
	strcpy(m->profile.eku[0], "1.3.6.1.5.5.7.3.2");
}

static void
no_nocheck(struct make *m)
{
	m->profile.ocsp_nocheck = 0;
}

static void
nocheck(struct make *m)
{
	m->profile.ocsp_nocheck = 1;
}

static void
crl_address(struct make *m)
{
	m->profile.crl_dp = 1;
}

static void
ocsp_address(struct make *m)
{
	m->profile.aia_ocsp = 1;
}

static void
days_30_and_1_s(struct make *m)
{
	m->profile.duration = 30 * 86400 + 1;
}

static void
days_30(struct make *m)
{
	m->profile.duration = 30 * 86400;
}

static void
no_cmc_ra(struct make *m)
{
	m->profile.n_eku = 1;
}

static void
no_san(struct make *m)
{
	m->profile.n_san = 0;
}

static void
second_purpose(struct make *m)
{
	strcpy(m->profile.eku[m->profile.n_eku++], "1.3.6.1.5.5.7.3.4");
}

static void
purpose(struct make *m, const char *oid)
{
	strcpy(m->profile.eku[0], oid);
}

static void
client_auth(struct make *m)
{
	purpose(m, "1.3.6.1.5.5.7.3.2");
}

static void
cmc_ra(struct make *m)
{
	strcpy(m->profile.eku[m->profile.n_eku++], "1.3.6.1.5.5.7.3.28");
}

static void
time_plain(struct make *m)
{
	purpose(m, "1.3.6.1.5.5.7.3.36");
}

static void
with_agreement(struct make *m)
{
	m->profile.key_usage |= KU_KEY_AGREEMENT;
}

static void
no_identifier(struct make *m)
{
	m->profile.subject[2] = m->profile.subject[3];
	m->profile.n_subject = 3;
}

static void
no_mark(struct make *m)
{
	m->profile.no_rev_avail = 0;
}

static void
days_7_and_1_s(struct make *m)
{
	m->profile.duration = 7 * 86400 + 1;
}

static const struct conform_case cases[] = {
    {"class.ca", shape_ca, no_ca, NULL, NULL},
    {"class.ca", shape_ca, no_ca_cross, NULL, NULL},
    {"class.ca", shape_ca, nameless, NULL, NULL},
    {"class.ca", shape_ca, usage_plain, NULL, NULL},
    {"class.ca", shape_ldevid, certifies, NULL, NULL},
    {"class.ca", shape_idevid, certifies, NULL, NULL},
    {"class.idevid", shape_idevid, no_serial_number, NULL, NULL},
    {"class.idevid", shape_idevid, san_critical, NULL, NULL},
    {"class.idevid", shape_idevid, usage_plain, NULL, NULL},
    {"class.idevid", shape_idevid, no_signature, NULL, NULL},
    {"class.ldevid", shape_ldevid, no_end, NULL, NULL},
    {"class.ldevid", shape_ldevid, usage_plain, NULL, NULL},
    {"class.ldevid", shape_ldevid, no_signature, NULL, NULL},
    {"class.ocsp", shape_ocsp, other_purpose, NULL, NULL},
    {"class.ocsp", shape_ocsp, no_nocheck, NULL, NULL},
    {"class.ocsp", shape_ldevid, nocheck, NULL, NULL},
    {"class.ocsp", shape_ocsp, crl_address, NULL, NULL},
    {"class.ocsp", shape_ocsp, ocsp_address, NULL, NULL},
    {"class.ocsp", shape_ocsp, days_30_and_1_s, NULL, NULL},
    {"class.ocsp", shape_ocsp, usage_plain, NULL, NULL},
    {"class.est", shape_est, no_cmc_ra, NULL, NULL},
    {"class.est", shape_est, no_san, NULL, NULL},
    {"class.est", shape_est, usage_plain, NULL, NULL},
    {"class.code", shape_code, second_purpose, NULL, NULL},
    {"class.code", shape_code, other_purpose, NULL, NULL},
    {"class.code", shape_code, usage_plain, NULL, NULL},
    {"class.attestation", shape_attestation, usage_plain, NULL, NULL},
    {"class.attestation", shape_attestation, no_signature, NULL, NULL},
    {"class.tls", shape_tls, second_purpose, NULL, NULL},
    {"class.tls", shape_tls, cmc_ra, NULL, NULL},
    {"class.tls", shape_tls, time_plain, NULL, NULL},
    {"class.tls", shape_tls, no_san, NULL, NULL},
    {"class.tls", shape_tls, usage_plain, NULL, NULL},
    {"class.timestamping", shape_timestamping, time_plain, NULL, NULL},
    {"class.timestamping", shape_timestamping, with_agreement, NULL, NULL},
    {"class.timestamping", shape_timestamping, usage_plain, NULL, NULL},
    {"class.signing", shape_signing, client_auth, NULL, NULL},
    {"class.signing", shape_seal, client_auth, NULL, NULL},
    {"class.signing", shape_signing, nameless, NULL, NULL},
    {"class.signing", shape_signing, with_agreement, NULL, NULL},
    {"class.seal", shape_seal, no_identifier, NULL, NULL},
    {"class.short-lived", shape_short_lived, no_mark, NULL, NULL},
    {"class.short-lived", shape_short_lived, days_7_and_1_s, NULL, NULL},
    {"class.short-lived", shape_short_lived, usage_plain, NULL, NULL},
};

static void
good_classes(void **state)
{
	static void (*const shapes[])(struct make *) = {shape_tls,
	    shape_timestamping, shape_signing, shape_seal, shape_short_lived};
	struct make *m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		m = make_new(shapes[i], NULL);
		must_pass(m, "a class as it should be");
		make_free(m);
	}
}

static void
bad_classes(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_class_rules);
}

static void
good_30_days(void **state)
{
	struct make *m = make_new(shape_ocsp, days_30);

	(void)state;
	must_pass(m, "30 days");
	make_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_30_days),
	    cmocka_unit_test(good_classes),
	    cmocka_unit_test(bad_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
