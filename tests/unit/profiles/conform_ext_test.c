#include "tests/unit/profiles/conform_case.h"

static void
empty_list(struct make *m)
{
	/* All extensions gone, the SEQUENCE stays: [3] { SEQUENCE {} }. */
	size_t i;

	for (i = 4; i + 4 < m->tbs_len; i++)
		if (m->tbs[i] == 0xa3 && m->tbs[i + 1] == 0x82 &&
		    i + 4 + (m->tbs[i + 2] << 8 | m->tbs[i + 3]) == m->tbs_len)
			break;
	memcpy(m->tbs + i, "\xa3\x02\x30\x00", 4);
	/* Under 256 octets of contents now: one octet of length less. */
	assert_in_range(i, 0x80, 0xff);
	memmove(m->tbs + 3, m->tbs + 4, i);
	m->tbs[1] = 0x81;
	m->tbs[2] = i;
	m->tbs_len = i + 3;
}

/* "critical FALSE" written out: DER leaves a default out. */
static void
critical_false(struct make *m)
{
	overwrite(m, "0603551d0f0101ff", "0603551d0f010100");
}

static void
value_not_der(struct make *m)
{
	swap(m, "2.5.29.15", 1,
	    "03820002"
	    "0780");
}

static void
value_with_tail(struct make *m)
{
	swap(m, "2.5.29.15", 1, "030207800500");
}

static void
value_empty(struct make *m)
{
	swap(m, "2.5.29.15", 1, "");
}

static void
known_twice(struct make *m)
{
	put_text(m, NID_key_usage, "critical,digitalSignature");
}

static void
unknown_twice(struct make *m)
{
	put(m, "1.3.6.1.4.1.99999.5", 0, "0500");
	put(m, "1.3.6.1.4.1.99999.5", 0, "0500");
}

static void
unknown(struct make *m)
{
	put(m, "1.3.6.1.4.1.99999.5", 0, "0500");
}

static void
issuer_alt_name(struct make *m)
{
	put_text(m, NID_issuer_alt_name, "DNS:ca.example");
}

static void
name_constraints(struct make *m)
{
	put(m, "2.5.29.30", 1, "3000");
}

static void
ski_critical(struct make *m)
{
	char hex[60] = "0414";
	unsigned char md[32];

	X509_pubkey_digest(m->x, EVP_sha256(), md, NULL);
	hex_of(md, 20, hex + 4);
	swap(m, "2.5.29.14", 1, hex);
}

static void
crldp_critical(struct make *m)
{
	swap_text(m, NID_crl_distribution_points,
	    "critical,URI:http://localhost:8444/crl/devices-g1.crl");
}

static void
no_names_at_all(struct make *m)
{
	m->profile.n_subject = m->profile.n_san = 0;
}

/* The subject empty, its SAN there but not critical. */
static void
empty_and_plain_san(struct make *m)
{
	m->profile.n_subject = 0;
}

static void
ku_missing(struct make *m)
{
	drop(m, "2.5.29.15");
}

static void
ski_missing(struct make *m)
{
	drop(m, "2.5.29.14");
}

static void
crldp_missing(struct make *m)
{
	drop(m, "2.5.29.31");
}

static void
aia_missing(struct make *m)
{
	drop(m, "1.3.6.1.5.5.7.1.1");
}

static void
eku_missing(struct make *m)
{
	drop(m, "2.5.29.37");
}

static void
mud_missing(struct make *m)
{
	drop(m, OID_MUD);
}

static void
nocheck_missing(struct make *m)
{
	drop(m, "1.3.6.1.5.5.7.48.1.5");
}

static void
policy_there(struct make *m)
{
	put(m, "2.5.29.32", 0, "300d300b06092b06010401868d1f09");
}

/* The policy "unverified" in a certificate with evidence. */
static void
unverified_with_evidence(struct make *m)
{
	m->ctx.attested = 1;
}

static void
mud_there(struct make *m)
{
	put(m, OID_MUD, 0, "1603414243");
}

static void
bc_there(struct make *m)
{
	put(m, "2.5.29.19", 1, "3000");
}

static void
san_there(struct make *m)
{
	put_text(m, NID_subject_alt_name, "DNS:evil.example");
}

static void
address_lost(struct make *m)
{
	m->issuer.crl_url = NULL;
}

static void
ku_plain(struct make *m)
{
	swap(m, "2.5.29.15", 0, "03020780");
}

static void
eku_critical(struct make *m)
{
	swap_text(m, NID_ext_key_usage, "critical,clientAuth");
}

static void
san_critical(struct make *m)
{
	swap_text(m, NID_subject_alt_name, "critical,DNS:dev-1.example");
}

static void
mud_critical(struct make *m)
{
	drop(m, OID_MUD);
	m->profile.mud_url[0] = 'h';
	put(m, OID_MUD, 1, "1603414243");
}

static void
policies_critical(struct make *m)
{
	drop(m, "2.5.29.32");
	put(m, "2.5.29.32", 1, "300d300b06092b06010401868d1f09");
}

static const struct conform_case cases[] = {
    {"extension.form", shape_ldevid, NULL, NULL, empty_list},
    {"extension.form", shape_ldevid, NULL, NULL, critical_false},
    {"extension.form", shape_ldevid, NULL, value_not_der, NULL},
    {"extension.form", shape_ldevid, NULL, value_with_tail, NULL},
    {"extension.form", shape_ldevid, NULL, value_empty, NULL},
    {"extension.once", shape_ldevid, NULL, known_twice, NULL},
    {"extension.once", shape_ldevid, NULL, unknown_twice, NULL},
    {"extension.known", shape_ldevid, NULL, unknown, NULL},
    {"extension.known", shape_ldevid, NULL, issuer_alt_name, NULL},
    {"extension.set", shape_ca, NULL, name_constraints, NULL},
    {"extension.criticality", shape_ldevid, NULL, ski_critical, NULL},
    {"extension.criticality", shape_ldevid, NULL, crldp_critical, NULL},
    {"extension.criticality", shape_ldevid, no_names_at_all, NULL, NULL},
    {"extension.criticality", shape_est, empty_and_plain_san, NULL, NULL},
    {"extension.set", shape_ldevid, NULL, ku_missing, NULL},
    {"extension.set", shape_ldevid, NULL, ski_missing, NULL},
    {"extension.set", shape_ldevid, NULL, crldp_missing, NULL},
    {"extension.set", shape_ldevid, NULL, aia_missing, NULL},
    {"extension.set", shape_ldevid, NULL, eku_missing, NULL},
    {"extension.set", shape_idevid, NULL, mud_missing, NULL},
    {"extension.set", shape_ocsp, NULL, nocheck_missing, NULL},
    {"extension.set", shape_code, NULL, policy_there, NULL},
    {"extension.set", shape_ldevid, NULL, mud_there, NULL},
    {"extension.set", shape_code, NULL, bc_there, NULL},
    {"extension.set", shape_code, NULL, san_there, NULL},
    {"extension.set", shape_attestation, NULL, unverified_with_evidence, NULL},
    {"extension.set", shape_ldevid, NULL, address_lost, NULL},
    {"extension.critical", shape_ldevid, NULL, ku_plain, NULL},
    {"extension.critical", shape_ldevid, NULL, eku_critical, NULL},
    {"extension.critical", shape_ldevid, NULL, san_critical, NULL},
    {"extension.critical", shape_idevid, NULL, mud_critical, NULL},
    {"extension.critical", shape_attestation, NULL, policies_critical, NULL},
};

static void
bad_extensions(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_ext_rules);
}

/* An empty subject with a critical SAN is what RFC 5280 4.1.2.6 asks for. */
static void
empty_and_critical_san(struct make *m)
{
	m->profile.n_subject = 0;
	m->profile.san_critical = 1;
}

static void
good_empty_subject(void **state)
{
	struct make *m = make_new(shape_est, empty_and_critical_san);

	(void)state;
	must_pass(m, "empty subject");
	make_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_empty_subject),
	    cmocka_unit_test(bad_extensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
