#include "tests/unit/ca/engine/admit_change.h"

#define MAKER(more)                                                            \
	"authenticate: { manufacturers = ( { name = \"maker\"; anchors ="      \
	" \"maker.pem\"; " more " } ); };"
#define TYPES "hw_types = [ \"1.3.6.1.4.1.32473.1\", \"1.2.3\" ];"

static void
refused(struct world *w, const char *rules, const char *part)
{
	struct policy *p = world_compile(w, rules);
	const char *data = "";
	int flags = 0;

	if (p != NULL) {
		policy_put(p);
		fail_msg("accepted: %s", rules);
	}
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error_data(&data, &flags)),
	    PROFILE_E_CONFIG);
	if (strstr(data, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", data, part);
	ERR_clear_error();
}

static const struct fleet_maker *
read_maker(struct world *w, const char *rules)
{
	world_rules(w, rules);
	return &policy_fleet(w->policy, "f")->makers[0];
}

static void
nothing_said(void **state)
{
	const struct fleet_maker *m = read_maker(*state, MAKER(""));

	assert_int_equal(m->name_nid, NID_serialNumber);
	assert_int_equal(m->serial_nid, NID_serialNumber);
	assert_int_equal(m->serial, FLEET_SERIAL_IGNORED);
	assert_int_equal(m->n_rules + m->n_hw_types, 0);
	assert_false(m->revocation.crls);
	assert_int_equal(m->revocation.missing, FLEET_MISSING_REFUSE);
	/* The serial number is what names the device. */
	m = read_maker(*state, MAKER("device_from = \"CN\";"));
	assert_int_equal(m->serial_nid, NID_commonName);
}

static void
serials(void **state)
{
	const struct fleet_maker *m;

	m = read_maker(*state, MAKER("serial_from = \"serialNumber\";"));
	assert_int_equal(m->serial, FLEET_SERIAL_IF_KNOWN);
	m = read_maker(*state,
	    MAKER("device_from = \"CN\"; serial_from ="
		  " \"hardware-module-name\"; registry_serial = \"required\";"
		  TYPES));
	assert_int_equal(m->name_nid, NID_commonName);
	assert_int_equal(m->serial_nid, NID_undef);
	assert_int_equal(m->serial, FLEET_SERIAL_REQUIRED);
	assert_int_equal(m->n_hw_types, 2);
	assert_string_equal(m->hw_types[1], "1.2.3");
	refused(*state, MAKER("serial_from = \"OU\";"), "serial_from");
	refused(*state, MAKER("registry_serial = \"maybe\";"),
	    "registry_serial");
	refused(*state, MAKER("device_from = \"hardware-module-name\";"),
	    "hw_types: 1 to 8 OIDs");
	refused(*state, MAKER(TYPES), "hw_types: 1 to 8 OIDs");
	refused(*state,
	    MAKER("device_from = \"hardware-module-name\"; hw_types ="
		  " [ \"acme\" ];"),
	    "is no OID");
}

static void
names(void **state)
{
	const struct fleet_maker *m = read_maker(*state,
	    MAKER("subject = ( { attribute = \"O\"; match = \"Acme*\"; } );"
		  " issuer = ( { attribute = \"CN\"; match = [ \"a\", \"b\" ]; },"
		  " { attribute = \"C\"; match = \"DE\"; } );"));

	assert_int_equal(m->n_rules, 3);
	assert_false(m->rules[0].of_issuer);
	assert_int_equal(m->rules[0].nid, NID_organizationName);
	assert_string_equal(m->rules[0].match[0], "Acme*");
	assert_true(m->rules[1].of_issuer);
	assert_int_equal(m->rules[1].n_match, 2);
	refused(*state,
	    MAKER("subject = ( { attribute = \"shoe\"; match = \"x\"; } );"),
	    "\"shoe\" is no attribute");
	refused(*state, MAKER("subject = ( { attribute = \"O\"; } );"), "match");
	refused(*state,
	    MAKER("issuer = ( { attribute = \"O\"; match = [ \"1\", \"2\","
		  " \"3\", \"4\", \"5\" ]; } );"),
	    "1 to 4 patterns");
}

static void
revocation(void **state)
{
	const struct fleet_maker *m;

	m = read_maker(*state, MAKER("revocation = \"crl\";"));
	assert_true(m->revocation.crls);
	assert_int_equal(m->revocation.missing, FLEET_MISSING_REFUSE);
	m = read_maker(*state,
	    MAKER("revocation = \"crl\"; revocation_missing = \"pass\";"));
	assert_int_equal(m->revocation.missing, FLEET_MISSING_PASS);
	refused(*state, MAKER("revocation = \"ocsp\";"), "revocation");
	refused(*state, MAKER("revocation_missing = \"pass\";"),
	    "belongs to revocation");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(nothing_said),
	    world_test(serials), world_test(names), world_test(revocation)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
