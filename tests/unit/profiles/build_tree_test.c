#include "tests/unit/profiles/build_case.h"

#define OID "1.3.6.1.4.1.32473.9"
#define EXT(body) "extensions = ( { oid = \"" OID "\"; " body " } );\n"

/* The extension's value as hex, "" when it is not there. */
static void
value_is(struct job *j, const char *want)
{
	X509 *x = job_x509(j);
	ASN1_OBJECT *obj = OBJ_txt2obj(OID, 1);
	int at = X509_get_ext_by_OBJ(x, obj, -1), i;
	const ASN1_OCTET_STRING *s;
	char hex[1024] = "";

	if (at >= 0) {
		s = X509_EXTENSION_get_data(X509_get_ext(x, at));
		for (i = 0; i < ASN1_STRING_length(s); i++)
			snprintf(hex + 2 * i, 3, "%02x",
			    ASN1_STRING_get0_data(s)[i]);
	}
	if (strcmp(hex, want) != 0)
		fail_msg("value is %s, wanted %s", hex, want);
	ASN1_OBJECT_free(obj);
	X509_free(x);
}

static void
makes(const char *body, const char *want)
{
	struct job j;
	char text[1024];

	snprintf(text, sizeof(text),
	    "extensions = ( { oid = \"" OID "\"; %s } );\n", body);
	job_open(&j, compiles(BASE, NULL, text), "CN=dev1", NULL);
	job_field(&j, "registry.a", "5");
	job_field(&j, "attested.b", "7");
	job_field(&j, "registry.b", "6");
	job_field(&j, "registry.none", "");
	job_builds(&j);
	value_is(&j, want);
	job_close(&j);
}

/* Worked out by hand from X.690. */
static void
leaves_are_der(void **state)
{
	(void)state;
	makes("type = \"boolean\"; value = true;", "0101ff");
	makes("type = \"boolean\"; value = false;", "010100");
	makes("type = \"integer\"; value = 0;", "020100");
	makes("type = \"integer\"; value = 127;", "02017f");
	makes("type = \"integer\"; value = 128;", "02020080");
	makes("type = \"integer\"; value = -128;", "020180");
	makes("type = \"integer\"; value = -129;", "0202ff7f");
	makes("type = \"integer\"; value = \"18446744073709551615\";",
	    "020900ffffffffffffffff");
	makes("type = \"integer\"; value = "
	      "\"-170141183460469231731687303715884105728\";",
	    "021080000000000000000000000000000000");
	makes("type = \"enumerated\"; value = 10;", "0a010a");
	makes("type = \"null\";", "0500");
	makes("type = \"oid\"; value = \"2.5.4.3\";", "0603550403");
	makes("type = \"octet-string\"; value = \"0aFF\";", "04020aff");
	makes("type = \"bit-string\"; value = \"1\";", "03020780");
	makes("type = \"bit-string\"; value = \"00000010\";", "03020002");
	makes("type = \"bit-string\"; value = \"101000000\";", "030307a000");
	makes("type = \"utf8\"; value = \"\\xc3\\xa9\";", "0c02c3a9");
	makes("type = \"printable\"; value = \"A\";", "130141");
	makes("type = \"ia5\"; value = \"@\";", "160140");
	makes("type = \"time\"; value = \"20260101000000Z\";",
	    "180f32303236303130313030303030305a");
}

static void
tags_stand_in_place_or_around(void **state)
{
	(void)state;
	makes("type = \"integer\"; value = 5; tag = 0;", "800105");
	makes("type = \"integer\"; value = 5; tag = 30; explicit = true;",
	    "be03020105");
	makes("type = \"sequence\"; tag = 2; items = ( { type = \"null\"; } );",
	    "a2020500");
	makes("type = \"sequence\"; tag = 2; explicit = true; items = ( "
	      "{ type = \"null\"; } );",
	    "a20430020500");
	makes("type = \"octet-string\"; tag = 1; items = ( "
	      "{ type = \"null\"; } );",
	    "81020500");
}

static void
nodes_hold_what_is_there(void **state)
{
	(void)state;
	makes("type = \"sequence\";", "3000");
	makes("type = \"octet-string\"; items = ( { type = \"octet-string\"; "
	      "value = \"01\"; } );",
	    "0403040101");
	/* SET OF: in order of octets, whatever the profile's is. */
	makes("type = \"set\"; items = ( { type = \"integer\"; value = 300; }, "
	      "{ type = \"integer\"; value = 2; }, { type = \"integer\"; "
	      "value = 1; } );",
	    "310a0201010201020202012c");
	makes("type = \"set\"; items = ( { type = \"integer\"; value = 1; }, "
	      "{ type = \"integer\"; value = 1; } );",
	    "3106020101020101");
}

/* subjectDirectoryAttributes (RFC 5280 4.2.1.8) with a TPM specification: a list
   of attributes, each an OID and a set of values. */
static void
directory_attributes(void **state)
{
	(void)state;
	makes("type = \"sequence\"; items = ( { type = \"sequence\"; items = ( "
	      "{ type = \"oid\"; value = \"2.23.133.2.16\"; }, "
	      "{ type = \"set\"; items = ( { type = \"sequence\"; items = ( "
	      "{ type = \"utf8\"; value = \"2.0\"; }, "
	      "{ type = \"integer\"; value = 0; }, "
	      "{ type = \"integer\"; value = 138; } ); } ); } ); } );",
	    "301930170605678105"
	    "0210"
	    "310e300c0c03322e30"
	    "020100"
	    "0202008a");
}

#define FIELD(n) "{ type = \"integer\"; from = \"registry." n "\"; }"
#define MAYBE_FIELD(n)                                                         \
	"{ type = \"integer\"; from = \"registry." n "\"; optional = true; }"
#define FIXED "{ type = \"null\"; }"

static void
fields_come_in(void **state)
{
	(void)state;
	makes("type = \"integer\"; from = \"registry.a\";", "020105");
	/* The first that is given. */
	makes("type = \"integer\"; from = [ \"attested.b\", \"registry.b\" ];",
	    "020107");
	makes("type = \"integer\"; from = [ \"attested.x\", \"registry.b\" ];",
	    "020106");
	makes("type = \"sequence\"; items = ( " MAYBE_FIELD("none") ", " FIELD(
		  "a") " );",
	    "3003020105");
	makes("type = \"sequence\"; items = ( " MAYBE_FIELD("none") " );",
	    "3000");
}

/* An optional node goes with its fields; what is fixed does not keep it. */
static void
nodes_are_left_out_whole(void **state)
{
	(void)state;
	makes("type = \"integer\"; from = \"registry.none\"; optional = true;",
	    "");
	makes("type = \"sequence\"; optional = true; items = ( " FIXED
	      ", " FIELD("none") " );",
	    "");
	makes("type = \"sequence\"; optional = true; items = ( " FIXED
	      ", " FIELD("a") " );",
	    "30050500020105");
	makes("type = \"sequence\"; items = ( { type = \"sequence\"; tag = 1; "
	      "optional = true; items = ( " FIXED ", " FIELD("none") " ); } );",
	    "3000");
}

static void
breaks(const char *body, const char *field, const char *value, const char *want)
{
	struct job j;
	char text[1024];

	snprintf(text, sizeof(text),
	    "extensions = ( { oid = \"" OID "\"; %s } );\n", body);
	job_open(&j, compiles(BASE, NULL, text), "CN=dev1", NULL);
	if (field != NULL)
		job_field(&j, field, value);
	job_refused(&j, PROFILE_E_REFUSED, want);
	job_close(&j);
}

static void
what_breaks_the_syntax_is_refused_by_name(void **state)
{
	(void)state;
	breaks("type = \"integer\"; from = \"registry.svn\";", "registry.svn",
	    "three", "extension." OID ": registry.svn: not an integer");
	breaks("type = \"integer\"; from = \"registry.svn\";", NULL, NULL,
	    "extension." OID ": registry.svn: not given");
	breaks("type = \"octet-string\"; size = 16; from = \"request.id\";",
	    "request.id", "0011",
	    "extension." OID ": request.id: not of the right size");
	breaks("type = \"boolean\"; from = \"registry.b\";", "registry.b", "1",
	    "registry.b: neither true nor false");
	breaks("type = \"oid\"; from = \"registry.o\";", "registry.o", "x",
	    "registry.o: not a dotted OID");
	breaks("type = \"ia5\"; from = \"registry.t\";", "registry.t",
	    "\xc3\xa9", "registry.t: not printable ASCII");
	/* There, but one of its fields is not. */
	breaks("type = \"sequence\"; optional = true; items = ( " FIELD(
		   "a") ", " FIELD("b") " );",
	    "registry.a", "1", "registry.b: not given");
	/* The second counts only when the first is not given. */
	breaks("type = \"integer\"; from = [ \"attested.a\", \"registry.a\" ];",
	    "attested.a", "x", "attested.a: not an integer");
}

/* 8 values of 1024 octets are more than an extension may have. */
static void
size_ends(void **state)
{
	char text[1200] = "extensions = ( { oid = \"" OID
			  "\"; type = \"sequence\"; items = ( ",
	     big[1025];
	struct job j;
	size_t i;

	(void)state;
	for (i = 0; i < 8; i++)
		strcat(strcat(text, i > 0 ? ", " : ""),
		    "{ type = \"ia5\"; from = \"registry.a\"; }");
	strcat(text, " ); } );\n");
	memset(big, 'a', 1024);
	big[1024] = '\0';
	job_open(&j, compiles(BASE, NULL, text), "CN=dev1", NULL);
	job_field(&j, "registry.a", big);
	job_refused(
	    &j, PROFILE_E_REFUSED, "extension." OID ": value: too long");
	big[1000] = '\0';
	job_builds(&j);
	job_close(&j);
}

static void
criticality_is_the_profiles(void **state)
{
	struct job j;
	X509 *x;
	ASN1_OBJECT *obj = OBJ_txt2obj(OID, 1);
	int at;

	(void)state;
	job_open(&j,
	    compiles(BASE, NULL, EXT("critical = true; type = \"null\";")),
	    "CN=dev1", NULL);
	job_builds(&j);
	x = job_x509(&j);
	at = X509_get_ext_by_OBJ(x, obj, -1);
	assert_true(at >= 0);
	assert_true(X509_EXTENSION_get_critical(X509_get_ext(x, at)));
	ASN1_OBJECT_free(obj);
	X509_free(x);
	job_close(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(leaves_are_der),
	    cmocka_unit_test(tags_stand_in_place_or_around),
	    cmocka_unit_test(nodes_hold_what_is_there),
	    cmocka_unit_test(directory_attributes),
	    cmocka_unit_test(fields_come_in),
	    cmocka_unit_test(nodes_are_left_out_whole),
	    cmocka_unit_test(what_breaks_the_syntax_is_refused_by_name),
	    cmocka_unit_test(size_ends),
	    cmocka_unit_test(criticality_is_the_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
