#include "tests/unit/profiles/conform_case.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16
#define U16                                                                    \
	"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"     \
	"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
#define U64 U16 U16 U16 U16

struct one {
	int nid, type;
	const char *text;
};

static void
set_name(struct make *m, const struct one *a, size_t n)
{
	X509_NAME *name = X509_NAME_new();
	size_t i;

	for (i = 0; i < n; i++)
		add_attr(name, a[i].nid, a[i].type, a[i].text);
	X509_set_subject_name(m->x, name);
	X509_NAME_free(name);
}

#define NAME(m, ...)                                                           \
	set_name((m), (const struct one[]){__VA_ARGS__},                       \
	    sizeof((const struct one[]){__VA_ARGS__}) / sizeof(struct one))
#define DEVICES                                                                \
	{                                                                      \
		NID_organizationalUnitName, V_ASN1_UTF8STRING, "Devices"       \
	}
#define CN(type, text)                                                         \
	{                                                                      \
		NID_commonName, (type), (text)                                 \
	}

/* ---- what must pass --------------------------------------------------- */

static void
longest(struct make *m)
{
	NAME(m, {NID_countryName, V_ASN1_PRINTABLESTRING, "DE"},
	    {NID_organizationalUnitName, V_ASN1_UTF8STRING, U64}, DEVICES,
	    {NID_serialNumber, V_ASN1_PRINTABLESTRING, A64},
	    CN(V_ASN1_PRINTABLESTRING, A64));
}

static void
shortest(struct make *m)
{
	NAME(m, DEVICES);
}

static void
mailbox(struct make *m)
{
	NAME(m, DEVICES,
	    {NID_pkcs9_emailAddress, V_ASN1_IA5STRING, "a@b.example"});
}

/* A renewal keeps the order and text of an older profile. */
static void
renewed(struct make *m)
{
	m->ctx.renewed = 1;
	NAME(m, CN(V_ASN1_UTF8STRING, "dev-1"),
	    {NID_organizationalUnitName, V_ASN1_UTF8STRING, "Old"});
}

static void
good_names(void **state)
{
	static void (*const spoil[])(struct make *) = {
	    longest, shortest, mailbox, renewed};
	struct make *m;
	size_t i;

	(void)state;
	for (i = 0; i < N_CASES(spoil); i++) {
		m = make_new(shape_ldevid, NULL);
		spoil[i](m);
		make_encode(m);
		must_pass(m, "name");
		make_free(m);
	}
}

/* ---- what must not ---------------------------------------------------- */

static void
two_in_one_rdn(struct make *m)
{
	X509_NAME *name = X509_NAME_new();

	add_attr(
	    name, NID_organizationalUnitName, V_ASN1_UTF8STRING, "Devices");
	assert_true(X509_NAME_add_entry_by_NID(name, NID_commonName,
	    V_ASN1_UTF8STRING, (const unsigned char *)"dev-1", -1, -1, -1));
	X509_set_subject_name(m->x, name);
	X509_NAME_free(name);
}

static void
too_many(struct make *m)
{
	X509_NAME *name = X509_NAME_new();
	int i;

	for (i = 0; i <= CONFORM_ATTRS_MAX; i++)
		add_attr(name, NID_commonName, V_ASN1_UTF8STRING, "x");
	X509_set_subject_name(m->x, name);
	X509_NAME_free(name);
}

static void
foreign(struct make *m)
{
	NAME(m, DEVICES, {NID_organizationName, V_ASN1_UTF8STRING, "Foreign"});
}

static void
twice(struct make *m)
{
	NAME(
	    m, DEVICES, CN(V_ASN1_UTF8STRING, "a"), CN(V_ASN1_UTF8STRING, "b"));
}

static void
misordered(struct make *m)
{
	NAME(m, CN(V_ASN1_UTF8STRING, "dev-1"), DEVICES);
}

static void
missing(struct make *m)
{
	NAME(m, CN(V_ASN1_UTF8STRING, "dev-1"));
}

static void
other_text(struct make *m)
{
	NAME(m, {NID_organizationalUnitName, V_ASN1_UTF8STRING, "Admins"});
}

static void
swapped_text(struct make *m)
{
	NAME(m, DEVICES,
	    {NID_organizationalUnitName, V_ASN1_UTF8STRING, "Admins"});
}

static void
country_utf8(struct make *m)
{
	NAME(m, {NID_countryName, V_ASN1_UTF8STRING, "DE"}, DEVICES);
}

static void
serial_utf8(struct make *m)
{
	NAME(m, DEVICES, {NID_serialNumber, V_ASN1_UTF8STRING, "1"});
}

static void
cn_ia5(struct make *m)
{
	NAME(m, DEVICES, CN(V_ASN1_IA5STRING, "dev-1"));
}

static void
email_utf8(struct make *m)
{
	NAME(m, DEVICES,
	    {NID_pkcs9_emailAddress, V_ASN1_UTF8STRING, "a@b.example"});
}

static void
cn_65(struct make *m)
{
	NAME(m, DEVICES, CN(V_ASN1_UTF8STRING, A64 "a"));
}

static void
ou_65(struct make *m)
{
	NAME(m, {NID_organizationalUnitName, V_ASN1_UTF8STRING, U64 "a"},
	    DEVICES);
}

static void
serial_65(struct make *m)
{
	NAME(m, DEVICES, {NID_serialNumber, V_ASN1_PRINTABLESTRING, A64 "a"});
}

static void
country_3(struct make *m)
{
	NAME(m, {NID_countryName, V_ASN1_PRINTABLESTRING, "DEU"}, DEVICES);
}

static void
email_256(struct make *m)
{
	NAME(m, DEVICES,
	    {NID_pkcs9_emailAddress, V_ASN1_IA5STRING,
		A64 A64 A64 A16 A16 A16 "aaaaaaaa@b.examp"});
}

static void
cn_empty(struct make *m)
{
	NAME(m, DEVICES, CN(V_ASN1_UTF8STRING, ""));
}

/* What a shape's profile lacks: O, ST, L, DC beyond their bounds. */
static void
more_attributes(struct make *m)
{
	m->profile.n_subject = 0;
	subject_rule(
	    &m->profile, NID_organizationName, PROFILE_FROM_CSR, "csr.O", 0);
	subject_rule(&m->profile, NID_stateOrProvinceName, PROFILE_FROM_CSR,
	    "csr.ST", 1);
	subject_rule(
	    &m->profile, NID_localityName, PROFILE_FROM_CSR, "csr.L", 1);
	subject_rule(
	    &m->profile, NID_domainComponent, PROFILE_FROM_CSR, "csr.DC", 1);
}

static void
shape_more(struct make *m)
{
	shape_ldevid(m);
	more_attributes(m);
}

static void
o_65(struct make *m)
{
	NAME(m, {NID_organizationName, V_ASN1_UTF8STRING, A64 "a"});
}

static void
st_129(struct make *m)
{
	NAME(m, {NID_organizationName, V_ASN1_UTF8STRING, "O"},
	    {NID_stateOrProvinceName, V_ASN1_UTF8STRING, A64 A64 "a"});
}

static void
l_129(struct make *m)
{
	NAME(m, {NID_organizationName, V_ASN1_UTF8STRING, "O"},
	    {NID_localityName, V_ASN1_UTF8STRING, A64 A64 "a"});
}

static void
dc_utf8(struct make *m)
{
	NAME(m, {NID_organizationName, V_ASN1_UTF8STRING, "O"},
	    {NID_domainComponent, V_ASN1_UTF8STRING, "example"});
}

static void
newline(struct make *m)
{
	NAME(m, DEVICES, CN(V_ASN1_UTF8STRING, "dev\n1"));
}

static void
nul(struct make *m)
{
	X509_NAME *name = X509_NAME_new();

	add_attr(
	    name, NID_organizationalUnitName, V_ASN1_UTF8STRING, "Devices");
	assert_true(X509_NAME_add_entry_by_NID(name, NID_commonName,
	    V_ASN1_UTF8STRING, (const unsigned char *)"dev\0-2", 6, -1, 0));
	X509_set_subject_name(m->x, name);
	X509_NAME_free(name);
}

static void
c1_control(struct make *m)
{
	NAME(m, DEVICES, CN(V_ASN1_UTF8STRING, "dev\xc2\x9b"));
}

static void
space_first(struct make *m)
{
	NAME(m, DEVICES, CN(V_ASN1_UTF8STRING, " dev-1"));
}

static void
space_last(struct make *m)
{
	NAME(m, DEVICES, CN(V_ASN1_UTF8STRING, "dev-1 "));
}

static void
country_lower(struct make *m)
{
	NAME(m, {NID_countryName, V_ASN1_PRINTABLESTRING, "de"}, DEVICES);
}

static const struct conform_case cases[] = {
    {"subject.form", shape_ldevid, NULL, two_in_one_rdn, NULL},
    {"subject.form", shape_ldevid, NULL, too_many, NULL},
    {"subject.attributes", shape_ldevid, NULL, foreign, NULL},
    {"subject.attributes", shape_ldevid, NULL, twice, NULL},
    {"subject.rules", shape_ldevid, NULL, misordered, NULL},
    {"subject.rules", shape_ldevid, NULL, missing, NULL},
    {"subject.rules", shape_ldevid, NULL, other_text, NULL},
    {"subject.rules", shape_ldevid, NULL, swapped_text, NULL},
    {"subject.type", shape_ldevid, NULL, country_utf8, NULL},
    {"subject.type", shape_ldevid, NULL, serial_utf8, NULL},
    {"subject.type", shape_ldevid, NULL, cn_ia5, NULL},
    {"subject.type", shape_ldevid, NULL, email_utf8, NULL},
    {"subject.type", shape_more, NULL, dc_utf8, NULL},
    {"subject.length", shape_ldevid, NULL, cn_65, NULL},
    {"subject.length", shape_ldevid, NULL, ou_65, NULL},
    {"subject.length", shape_ldevid, NULL, serial_65, NULL},
    {"subject.length", shape_ldevid, NULL, country_3, NULL},
    {"subject.length", shape_ldevid, NULL, email_256, NULL},
    {"subject.length", shape_ldevid, NULL, cn_empty, NULL},
    {"subject.length", shape_more, NULL, o_65, NULL},
    {"subject.length", shape_more, NULL, st_129, NULL},
    {"subject.length", shape_more, NULL, l_129, NULL},
    {"subject.text", shape_ldevid, NULL, newline, NULL},
    {"subject.text", shape_ldevid, NULL, nul, NULL},
    {"subject.text", shape_ldevid, NULL, c1_control, NULL},
    {"subject.text", shape_ldevid, NULL, space_first, NULL},
    {"subject.text", shape_ldevid, NULL, space_last, NULL},
    {"subject.country", shape_ldevid, NULL, country_lower, NULL},
};

static void
bad_names(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_name_rules);
}

/* A renewal keeps its name, but not what the profile does not know. */
static void
bad_renewed(void **state)
{
	struct make *m = make_new(shape_ldevid, NULL);

	(void)state;
	m->ctx.renewed = 1;
	foreign(m);
	make_encode(m);
	must_refuse(m, "subject.attributes");
	make_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_names),
	    cmocka_unit_test(bad_names),
	    cmocka_unit_test(bad_renewed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
