#include "tests/unit/profiles/profile_case.h"
#include "profiles/profile_part.h"

#define EE(class, more)                                                        \
	"name = \"p\";\n"                                                      \
	"class = \"" class "\";\n"                                             \
			   "issued_by = [ \"operator\" ];\n"                   \
			   "issuer = \"code\";\n"                              \
			   "key_types = [ \"ec-p256\" ];\n"                    \
			   "validity: { duration = \"7d\"; };\n"               \
			   "subject = ( { attribute = \"CN\"; from = "         \
			   "\"csr.CN\"; } );\n"                                \
			   "key_usage: { bits = [ \"digitalSignature\" ]; "    \
			   "};\n" more
#define PURPOSE(p) "extended_key_usage: { purposes = [ \"" p "\" ]; };\n"
#define TLS_BASE                                                               \
	EE("tls",                                                              \
	    PURPOSE("serverAuth") "san = ( { type = \"dns\"; from = "          \
				  "\"csr.san\"; } );\n")
#define STATION_BASE EE("tls", PURPOSE("clientAuth\", \"cmcRA"))
#define TSA_BASE                                                               \
	EE("timestamping",                                                     \
	    "extended_key_usage: { critical = true; purposes = [ "             \
	    "\"timeStamping\" ]; };\n")
#define SIGN_BASE EE("signing", PURPOSE("documentSigning"))
#define SHORT_BASE EE("short-lived", "no_rev_avail = true;\n")
#define CN "subject = ( { attribute = \"CN\"; from = \"csr.CN\"; } );\n"
#define SEAL_CN                                                                \
	"subject = ( { attribute = \"C\"; value = \"JP\"; }, "                 \
	"{ attribute = \"O\"; value = \"X\"; }, "                              \
	"{ attribute = \"organizationIdentifier\"; value = \"NTRJP-1\"; }, "   \
	"{ attribute = \"CN\"; from = \"csr.CN\"; } );\n"
#define SIG "digitalSignature"
#define BITS "bits = [ \"digitalSignature\" ];"

static void
arcs_are_cut_at_dots(void **state)
{
	(void)state;
	assert_true(profile_under("1.2.3", "1.2.3"));
	assert_true(profile_under("1.2.3.4", "1.2.3"));
	assert_false(profile_under("1.2.34", "1.2.3"));
	assert_false(profile_under("1.2", "1.2.3"));
}

static void
tls_is_for_tls(void **state)
{
	(void)state;
	accepted(TLS_BASE, NULL, "");
	refused(TLS_BASE, "serverAuth", "emailProtection",
	    "extended_key_usage: class tls has serverAuth, clientAuth");
	refused(TLS_BASE, "\"serverAuth\"", "\"serverAuth\", \"1.2.3\"",
	    "extended_key_usage: class tls");
	accepted(TLS_BASE, "\"serverAuth\"", "\"serverAuth\", \"clientAuth\"");
	refused(TLS_BASE, "from = \"csr.san\";",
	    "from = \"csr.san\"; optional = true;",
	    "san: a TLS server needs a dns or ip rule");
	/* A client may ask for others, when an operator makes it. */
	accepted(STATION_BASE, NULL, "");
	refused(STATION_BASE, "issued_by = [ \"operator\" ]",
	    "issued_by = [ \"operator\", \"est\" ]",
	    "issued_by: est does not make who may ask for others");
	refused(STATION_BASE, "\"clientAuth\", ", "", "class tls has");
	refused(TLS_BASE, "\"serverAuth\"", "\"serverAuth\", \"cmcRA\"",
	    "class tls has");
	refused(TLS_BASE, "\"serverAuth\"",
	    "\"serverAuth\", \"clientAuth\", \"cmcRA\"", "class tls has");
	accepted(TLS_BASE, "\"dns\"", "\"ip\"");
	refused(TLS_BASE, "\"dns\"", "\"uri\"", "san: a TLS server");
	refused(TLS_BASE, SIG, "keyAgreement", "class tls needs");
	refused(TLS_BASE, BITS, BITS " critical = false;", "class tls needs");
}

static void
time_stamps_stand_alone(void **state)
{
	(void)state;
	accepted(TSA_BASE, NULL, "");
	accepted(TSA_BASE, SIG, "nonRepudiation");
	refused(TSA_BASE, "critical = true; p", "p",
	    "timeStamping must be alone and critical");
	refused(TSA_BASE, "timeStamping", "documentSigning",
	    "class timestamping needs timeStamping alone and critical");
	refused(TSA_BASE, SIG "\"", SIG "\", \"keyAgreement\"",
	    "class timestamping signs, and only that");
	refused(TSA_BASE, "\"operator\"", "\"est\"",
	    "issued_by: class timestamping does not allow est");
}

static void
signers_do_nothing_else(void **state)
{
	static const char *const never[] = {
	    "serverAuth", "clientAuth", "codeSigning", "OCSPSigning"};
	size_t i;

	(void)state;
	accepted(SIGN_BASE, NULL, "");
	accepted(SIGN_BASE, PURPOSE("documentSigning"), "");
	accepted(SIGN_BASE, SIG "\"", SIG "\", \"nonRepudiation\"");
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		refused(SIGN_BASE, "documentSigning", never[i],
		    "extended_key_usage: ");
	refused(SIGN_BASE, "csr.CN\";", "csr.CN\"; optional = true;",
	    "subject: class signing needs an attribute");
	refused(SIGN_BASE, BITS, BITS " critical = false;",
	    "class signing signs, and only that, critical");
	refused(SIGN_BASE, "\"operator\"", "\"est\"",
	    "issued_by: class signing does not allow est");
}

static void
seals_name_the_legal_person(void **state)
{
	(void)state;
	accepted(EE("seal", ""), CN, SEAL_CN);
	refused(EE("seal", ""), NULL, "",
	    "subject: class seal needs C, O, organizationIdentifier and CN");
	refused(EE("seal", PURPOSE("clientAuth")), CN, SEAL_CN,
	    "class seal must not have");
	refused(EE("seal", ""), "\"operator\"", "\"est\"",
	    "issued_by: class seal does not allow est");
}

static void
short_lived_is_short(void **state)
{
	(void)state;
	accepted(SHORT_BASE, NULL, "");
	accepted(SHORT_BASE, "\"operator\"", "\"est\"");
	refused(SHORT_BASE, "no_rev_avail = true;", "",
	    "no_rev_avail: class short-lived needs it");
	refused(SHORT_BASE, "\"7d\"", "\"8d\"", "duration: at most 7d");
	refused(SHORT_BASE, NULL, "crl_distribution_point = true;\n",
	    "no_rev_avail: not beside a CRL or OCSP address");
	refused(SHORT_BASE, SIG, "nonRepudiation", "class short-lived signs");
}

static void
tpm_policies_need_evidence(void **state)
{
	(void)state;
	refused(BASE, NULL, "policies = ( { oid = \"2.23.133.11.1.1\"; } );\n",
	    "if_attested: 2.23.133.11.1.1 says where a key was seen to live");
	accepted(BASE, NULL,
	    "policies = ( { oid = \"2.23.133.11.1.1\"; if_attested = true; } "
	    ");\n");
	refused(BASE, NULL,
	    "policies = ( { oid = \"1.2.3\"; if_attested = true; "
	    "unless_attested = true; } );\n",
	    "if_attested: not beside unless_attested");
}

/* An arc can be written with zeros before it: it is the same OID. */
static void
zeros_hide_no_oid(void **state)
{
	struct profile *p;

	(void)state;
	refused(BASE, NULL,
	    "policies = ( { oid = \"2.23.133.011.1.1\"; } );\n",
	    "if_attested: 2.23.133.11.1.1 says where a key was seen to live");
	refused(BASE, "clientAuth", "2.23.133.8.003",
	    "2.23.133.8.3 belongs into if_attested");
	refused(SIGN_BASE, "documentSigning", "1.3.6.1.5.5.7.03.1",
	    "extended_key_usage: ");
	refused(BASE, NULL,
	    "extensions = ( { oid = \"2.5.29.046\"; type = \"null\"; } );\n",
	    "2.5.29.46 has a key of its own");
	refused(BASE, NULL,
	    "extensions = ( { oid = \"1.2.3\"; type = \"oid\"; value = "
	    "\"1.2.0840.113741.1\"; } );\n",
	    "vendor");
	refused(BASE, NULL,
	    "policies = ( { oid = \"1.2.3\"; }, { oid = \"1.2.03\"; } );\n",
	    "1.2.3 twice");
	p = compiles(
	    BASE, NULL, "policies = ( { oid = \"1.2.00999.10\"; } );\n");
	assert_string_equal(p->policies[0].oid, "1.2.999.10");
	profile_free(p);
}

static void
no_end_for_makers_attestation_keys(void **state)
{
	char *text = replaced(
	    EE("attestation", ""), "duration = \"7d\"", "not_after = \"none\"");

	(void)state;
	accepted(text, NULL, "");
	refused(text, "\"operator\"", "\"est\"", "not_after: no end is for");
	free(text);
	refused(EE("signing", ""), "duration = \"7d\"", "not_after = \"none\"",
	    "not_after: no end is for");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arcs_are_cut_at_dots),
	    cmocka_unit_test(tls_is_for_tls),
	    cmocka_unit_test(time_stamps_stand_alone),
	    cmocka_unit_test(signers_do_nothing_else),
	    cmocka_unit_test(seals_name_the_legal_person),
	    cmocka_unit_test(short_lived_is_short),
	    cmocka_unit_test(tpm_policies_need_evidence),
	    cmocka_unit_test(zeros_hide_no_oid),
	    cmocka_unit_test(no_end_for_makers_attestation_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
