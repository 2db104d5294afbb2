#include "tests/unit/profiles/conform_case.h"

#define SKI "2.5.29.14"
#define AKI "2.5.29.35"
#define POLICIES "2.5.29.32"
#define P7 "300b06092b06010401868d1f07"
#define P8 "300b06092b06010401868d1f08"
#define A5_20 "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"

/* ---- key identifiers -------------------------------------------------- */

static void
ski_sha1(struct make *m)
{
	unsigned char md[20];
	char hex[60] = "0414";

	X509_pubkey_digest(m->x, EVP_sha1(), md, NULL);
	hex_of(md, 20, hex + 4);
	swap(m, SKI, 0, hex);
}

static void
ski_spki(struct make *m)
{
	unsigned char md[32];
	char hex[60] = "0414";

	/* Over the whole SubjectPublicKeyInfo: method 4, not 1. */
	EVP_Digest(m->spki, m->ctx.spki_len, md, NULL, EVP_sha256(), NULL);
	hex_of(md, 20, hex + 4);
	swap(m, SKI, 0, hex);
}

static void
ca_without_ski(struct make *m)
{
	m->profile.ski = 0;
}

static void
without_aki(struct make *m)
{
	m->profile.aki = 0;
}

static void
aki_other(struct make *m)
{
	swap(m, AKI, 0,
	    "30168014"
	    "a4a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5");
}

static void
aki_longer(struct make *m)
{
	swap(m, AKI, 0, "30198014" A5_20 "820101");
}

static void
aki_own(struct make *m)
{
	/* Self-signed, but another key's identifier. */
	swap(m, AKI, 0, "30168014" A5_20);
}

/* ---- addresses -------------------------------------------------------- */

static void
crl_text(struct make *m, const char *text)
{
	swap_text(m, NID_crl_distribution_points, text);
}

static void
crl_elsewhere(struct make *m)
{
	crl_text(m, "URI:http://localhost:8444/crl/devices-g2.crl");
}

static void
crl_two(struct make *m)
{
	crl_text(m,
	    "URI:http://localhost:8444/crl/devices-g1.crl,"
	    "URI:http://elsewhere.example/x.crl");
}

static void
crl_https(struct make *m)
{
	m->issuer.crl_url = "https://localhost:8444/crl/devices-g1.crl";
}

static void
crl_no_host(struct make *m)
{
	m->issuer.crl_url = "http:///crl/devices-g1.crl";
}

static void
aia_text(struct make *m, const char *text)
{
	swap_text(m, NID_info_access, text);
}

static void
aia_elsewhere(struct make *m)
{
	aia_text(m,
	    "OCSP;URI:http://elsewhere.example/ocsp,caIssuers;"
	    "URI:http://localhost:8444/ca/devices-g1.cer");
}

static void
aia_one(struct make *m)
{
	aia_text(m, "OCSP;URI:http://localhost:8444/ocsp");
}

static void
aia_twice(struct make *m)
{
	aia_text(m,
	    "OCSP;URI:http://localhost:8444/ocsp,"
	    "OCSP;URI:http://localhost:8444/ocsp");
}

static void
aia_other_method(struct make *m)
{
	aia_text(m,
	    "1.3.6.1.5.5.7.48.3;URI:http://localhost:8444/ocsp,"
	    "caIssuers;URI:http://localhost:8444/ca/devices-g1.cer");
}

static void
aia_dns(struct make *m)
{
	aia_text(m, "OCSP;DNS:localhost");
}

static void
aia_https(struct make *m)
{
	m->issuer.issuer_url = "https://localhost/ca/devices-g1.cer";
}

/* ---- policies --------------------------------------------------------- */

static void
policies_one(struct make *m)
{
	swap(m, POLICIES, 0, "300d" P7);
}

static void
policies_more(struct make *m)
{
	swap(m, POLICIES, 0, "3027" P7 P8 "300b06092b06010401868d1f09");
}

static void
policies_order(struct make *m)
{
	swap(m, POLICIES, 0, "301a" P8 P7);
}

static void
policies_twice(struct make *m)
{
	swap(m, POLICIES, 0, "301a" P7 P7);
}

static void
policies_qualifier(struct make *m)
{
	/* userNotice where the profile has nothing. */
	swap(m, POLICIES, 0,
	    "302a" P7 "301b06092b06010401868d1f08"
	    "300e300c06082b060105050702023000");
}

static void
cps(struct make *m)
{
	strcpy(m->profile.policies[1].cps, "http://c.example");
	swap(m, POLICIES, 0,
	    "303a" P7 "302b06092b06010401868d1f08"
	    "301e301c06082b06010505070201"
	    "1610687474703a2f2f632e6578616d706c65");
}

/* ---- the small ones --------------------------------------------------- */

static void
nocheck_not_null(struct make *m)
{
	swap(m, "1.3.6.1.5.5.7.48.1.5", 0, "3000");
}

static void
norev(struct make *m)
{
	m->profile.no_rev_avail = 1;
}

static void
norev_alone(struct make *m)
{
	norev(m);
	m->profile.crl_dp = m->profile.aia_ocsp = 0;
}

static void
norev_beside_ocsp(struct make *m)
{
	norev(m);
	m->profile.crl_dp = 0;
}

static void
norev_beside_crl(struct make *m)
{
	norev(m);
	m->profile.aia_ocsp = 0;
}

static void
shape_norev(struct make *m)
{
	shape_ldevid(m);
	norev_alone(m);
}

static void
norev_not_null(struct make *m)
{
	swap(m, OID_NO_REV_AVAIL, 0, "3000");
}

static void
mud_other(struct make *m)
{
	swap(m, OID_MUD, 0, "160868747470733a2f2f");
}

static void
mud_utf8(struct make *m)
{
	drop(m, OID_MUD);
	put(m, OID_MUD, 0, "0c0b68747470733a2f2f612e62");
	strcpy(m->profile.mud_url, "https://a.b");
}

static void
mud_http(struct make *m)
{
	strcpy(m->profile.mud_url, "http://maker.example/mud.json");
}

static const struct conform_case cases[] = {
    {"ski", shape_ldevid, NULL, ski_sha1, NULL},
    {"ski", shape_ldevid, NULL, ski_spki, NULL},
    {"ski", shape_ca, ca_without_ski, NULL, NULL},
    {"aki", shape_ldevid, without_aki, NULL, NULL},
    {"aki", shape_ldevid, NULL, aki_other, NULL},
    {"aki", shape_ldevid, NULL, aki_longer, NULL},
    {"aki", shape_root, NULL, aki_own, NULL},
    {"crldp", shape_ldevid, NULL, crl_elsewhere, NULL},
    {"crldp", shape_ldevid, NULL, crl_two, NULL},
    {"crldp", shape_ldevid, crl_https, NULL, NULL},
    {"crldp", shape_ldevid, crl_no_host, NULL, NULL},
    {"aia", shape_ldevid, NULL, aia_elsewhere, NULL},
    {"aia", shape_ldevid, NULL, aia_one, NULL},
    {"aia", shape_ldevid, NULL, aia_twice, NULL},
    {"aia", shape_ldevid, NULL, aia_other_method, NULL},
    {"aia", shape_ldevid, NULL, aia_dns, NULL},
    {"aia", shape_ldevid, aia_https, NULL, NULL},
    {"policies", shape_est, NULL, policies_one, NULL},
    {"policies", shape_est, NULL, policies_more, NULL},
    {"policies", shape_est, NULL, policies_order, NULL},
    {"policies.once", shape_est, NULL, policies_twice, NULL},
    {"policies", shape_est, NULL, policies_qualifier, NULL},
    {"nocheck", shape_ocsp, NULL, nocheck_not_null, NULL},
    {"norevavail", shape_ca, norev_alone, NULL, NULL},
    {"norevavail", shape_ldevid, norev_beside_ocsp, NULL, NULL},
    {"norevavail", shape_ldevid, norev_beside_crl, NULL, NULL},
    {"norevavail", shape_norev, NULL, norev_not_null, NULL},
    {"mud", shape_idevid, NULL, mud_other, NULL},
    {"mud", shape_idevid, NULL, mud_utf8, NULL},
    {"mud", shape_idevid, mud_http, NULL, NULL},
};

static void
bad_links(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_link_rules);
}

static void
good_links(void **state)
{
	struct make *m = make_new(shape_norev, NULL);

	(void)state;
	must_pass(m, "noRevAvail alone");
	make_free(m);
	m = make_new(shape_est, NULL);
	cps(m);
	make_encode(m);
	must_pass(m, "CPS qualifier");
	m->profile.policies[1].cps[7] = 'd';
	must_refuse(m, "policies");
	make_free(m);
}

/* A foreign CA's identifier is the one that was given, and only a CA's. */
static void
foreign_ski(void **state)
{
	static const unsigned char id[] = {1, 2, 3, 4};
	struct make *m = make_new(shape_ca, NULL);

	(void)state;
	swap(m, SKI, 0, "040401020304");
	make_encode(m);
	must_refuse(m, "ski");
	m->ctx.key_id = id;
	m->ctx.key_id_len = sizeof(id);
	must_pass(m, "the CA's own");
	m->ctx.key_id_len = 3;
	must_refuse(m, "ski");
	make_free(m);
	m = make_new(shape_ldevid, NULL);
	swap(m, SKI, 0, "040401020304");
	make_encode(m);
	m->ctx.key_id = id;
	m->ctx.key_id_len = sizeof(id);
	must_refuse(m, "ski");
	make_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_links),
	    cmocka_unit_test(bad_links),
	    cmocka_unit_test(foreign_ski),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
