#include "tests/unit/profiles/profile_case.h"

#define EKU "extended_key_usage: { purposes = [ \"clientAuth\" ]; };"
#define NO_END "validity: { not_after = \"none\"; };"
#define END "validity: { duration = \"30d\"; };"

static void
power_is_not_given_from_outside(void **state)
{
	static const char *const bases[] = {CA_BASE, OCSP_BASE};
	static const char *const by[] = {"\"ceremony\"", "\"service\""};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		refused(bases[i], by[i], "\"est\"", "issued_by: class");
		refused(bases[i], by[i], "\"ceremony\", \"operator\"",
		    "p.conf:3: issued_by: class");
		accepted(bases[i], by[i], "\"ceremony\", \"service\"");
	}
	refused(CA_BASE, "\"ca\";\nissued_by = [ \"ceremony\"",
	    "\"cross\";\nissued_by = [ \"est\"", "issued_by: class cross");
	refused(CODE_BASE, "\"operator\"", "\"est\", \"operator\"",
	    "issued_by: class code-signing does not allow est");
}

static void
an_issuer_is_named(void **state)
{
	struct profile *p;

	(void)state;
	refused(BASE, "issuer = \"devices\";", "", "missing key \"issuer\"");
	p = compiles(CA_BASE, "issuer = \"root\";", "");
	assert_true(profile_is_self_signed(p));
	profile_free(p);
	p = compiles(CA_BASE, NULL, "");
	assert_false(profile_is_self_signed(p));
	profile_free(p);
	p = compiles(OCSP_BASE, NULL, "");
	assert_false(profile_is_self_signed(p));
	profile_free(p);
}

static void
only_idevids_and_cas_have_no_end(void **state)
{
	const char *idevid = "name = \"i\"; class = \"idevid\";\n"
			     "issued_by = [ \"operator\" ]; issuer = \"d\";\n"
			     "key_types = [ \"ec-p256\" ];\n" NO_END
			     "subject = ( { attribute = \"serialNumber\"; "
			     "from = \"identity.serial\"; } );\n"
			     "key_usage: { bits = [ \"digitalSignature\" ]; "
			     "};\n";

	(void)state;
	accepted(idevid, NULL, "");
	accepted(CA_BASE, END, NO_END);
	refused(BASE, END, NO_END, "p.conf:6: not_after: no end is for class");
	refused(OCSP_BASE, "duration = \"14d\";", "not_after = \"none\";",
	    "not_after: no end is for class");
}

static void
ca_rules(void **state)
{
	(void)state;
	refused(CA_BASE, "ca = true;", "ca = false;",
	    "basic_constraints: class ca must be a CA");
	refused(CA_BASE, "basic_constraints: { ca = true; };", "",
	    "basic_constraints: class ca must be a CA");
	refused(BASE, NULL, "basic_constraints: { ca = true; };",
	    "basic_constraints: class ldevid must not be a CA");
	accepted(BASE, NULL, "basic_constraints: { ca = false; };");
	refused(CA_BASE, "\"keyCertSign\", ", "", "needs keyCertSign");
	refused(CA_BASE, "key_usage: { bits",
	    "key_usage: { critical = false; bits",
	    "critical: must be true for a CA");
	refused(CA_BASE, NULL, "subject_key_identifier = false;",
	    "subject_key_identifier: a CA needs it");
	refused(CA_BASE, NULL, "authority_key_identifier = false;",
	    "authority_key_identifier: needed");
	refused(CA_BASE, "{ attribute = \"CN\"; value = \"CA\"; }",
	    "{ attribute = \"CN\"; from = \"request.cn\"; optional = true; }",
	    "subject: a CA needs a subject");
	refused(BASE, "\"digitalSignature\"",
	    "\"digitalSignature\", \"keyCertSign\"",
	    "keyCertSign and cRLSign are for CAs");
}

static void
purposes_that_stand_alone(void **state)
{
	(void)state;
	refused(BASE, "\"clientAuth\"", "\"OCSPSigning\"",
	    "OCSPSigning is for class ocsp alone");
	refused(CA_BASE, NULL,
	    "extended_key_usage: { purposes = [ \"OCSPSigning\" ]; };",
	    "OCSPSigning is for class ocsp alone");
	refused(BASE, EKU,
	    "extended_key_usage: { critical = true; purposes = [ "
	    "\"timeStamping\", \"clientAuth\" ]; };",
	    "timeStamping must be alone");
	refused(BASE, "\"clientAuth\"", "\"timeStamping\"",
	    "timeStamping must be alone and critical");
	accepted(BASE, EKU,
	    "extended_key_usage: { critical = true; purposes = [ "
	    "\"timeStamping\" ]; };");
	refused(BASE, "\"clientAuth\"", "\"codeSigning\", \"serverAuth\"",
	    "codeSigning must not stand beside serverAuth");
	refused(CODE_BASE, "\"codeSigning\"", "\"codeSigning\", \"clientAuth\"",
	    "class code-signing needs codeSigning alone");
	refused(BASE, "\"clientAuth\"", "\"2.23.133.8.3\"",
	    "belongs into if_attested");
}

static void
ocsp_delegates(void **state)
{
	(void)state;
	refused(OCSP_BASE, "\"14d\"", "\"31d\"", "duration: at most 30d");
	accepted(OCSP_BASE, "\"14d\"", "\"30d\"");
	refused(OCSP_BASE, "ocsp_nocheck = true;", "",
	    "ocsp_nocheck: class ocsp needs it");
	refused(OCSP_BASE, NULL, "crl_distribution_point = true;",
	    "crl_distribution_point: not beside");
	refused(OCSP_BASE, NULL, "authority_info_access: { ocsp = true; };",
	    "authority_info_access: ocsp not beside");
	refused(OCSP_BASE, "\"OCSPSigning\"", "\"OCSPSigning\", \"clientAuth\"",
	    "class ocsp needs OCSPSigning alone");
	refused(BASE, NULL, "ocsp_nocheck = true;",
	    "ocsp_nocheck: only in class ocsp");
}

static void
end_entities(void **state)
{
	(void)state;
	refused(BASE, "\"ldevid\"", "\"idevid\"",
	    "subject: class idevid needs serialNumber");
	refused(BASE, "key_usage: { bits",
	    "key_usage: { critical = false; bits",
	    "class ldevid needs digitalSignature, critical");
	refused(BASE, "digitalSignature", "keyAgreement",
	    "class ldevid needs digitalSignature, critical");
	refused(CODE_BASE, "digitalSignature", "nonRepudiation",
	    "class code-signing needs digitalSignature");
	refused(OCSP_BASE, "\"ocsp\";\nissued_by", "\"est-server\";\nissued_by",
	    "OCSPSigning is for class ocsp alone");
	refused(BASE, "\"ldevid\";\nissued_by = [ \"est\" ]",
	    "\"est-server\";\nissued_by = [ \"service\" ]",
	    "class est-server needs serverAuth and cmcRA");
}

static void
somebody_is_named(void **state)
{
	(void)state;
	refused(BASE,
	    "subject = ( { attribute = \"CN\"; from = \"identity.cn\"; } );",
	    "", "no subject and no san rule");
	accepted(BASE,
	    "subject = ( { attribute = \"CN\"; from = \"identity.cn\"; } );",
	    "san = ( { type = \"dns\"; from = \"identity.device\"; } );");
}

static void
no_rev_avail(void **state)
{
	(void)state;
	accepted(BASE, NULL, "no_rev_avail = true;");
	accepted(BASE, NULL,
	    "no_rev_avail = true; authority_info_access: { issuer = true; };");
	refused(BASE, NULL,
	    "no_rev_avail = true; crl_distribution_point = true;",
	    "no_rev_avail: not beside");
	refused(BASE, NULL,
	    "no_rev_avail = true; authority_info_access: { ocsp = true; };",
	    "no_rev_avail: not beside");
	refused(CA_BASE, NULL, "no_rev_avail = true;",
	    "no_rev_avail: not in a CA's certificate");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(power_is_not_given_from_outside),
	    cmocka_unit_test(an_issuer_is_named),
	    cmocka_unit_test(only_idevids_and_cas_have_no_end),
	    cmocka_unit_test(ca_rules),
	    cmocka_unit_test(purposes_that_stand_alone),
	    cmocka_unit_test(ocsp_delegates),
	    cmocka_unit_test(end_entities),
	    cmocka_unit_test(somebody_is_named),
	    cmocka_unit_test(no_rev_avail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
