#include "tests/unit/profiles/profile_case.h"
#include "profiles/trial_part.h"

/* The fields that a trial gives, of a profile that compiles. */

struct rig {
	struct profile *p;
	struct trial t;
};

static void
rig_begin(struct rig *r, const char *from, const char *to)
{
	memset(r, 0, sizeof(*r));
	r->p = compiles(BASE, from, to);
	r->t.p = *r->p;
	assert_true(trial_fields(&r->t));
}

static void
rig_end(struct rig *r)
{
	free(r->t.field);
	profile_free(r->p);
}

static void
assert_field(
    const struct rig *r, const char *name, const char *value, int needed)
{
	size_t i, found = 0;

	for (i = 0; i < r->t.n; i++) {
		if (strcmp(r->t.field[i].name, name) != 0)
			continue;
		assert_string_equal(r->t.field[i].value, value);
		assert_int_equal(r->t.field[i].needed, needed);
		found++;
	}
	if (found != 1)
		fail_msg("%s: %zu times", name, found);
}

#define CN "( { attribute = \"CN\"; from = \"identity.cn\"; } )"

static void
of_the_subject(void **state)
{
	struct rig r;

	(void)state;
	rig_begin(&r, CN,
	    "( { attribute = \"C\"; from = \"registry.c\"; optional = true; },"
	    "  { attribute = \"DC\"; from = \"registry.dc\"; },"
	    "  { attribute = \"emailAddress\"; from = \"registry.mail\"; },"
	    "  { attribute = \"O\"; value = \"Example\"; },"
	    "  { attribute = \"serialNumber\"; from = \"csr.serialNumber\"; } )");
	assert_int_equal(r.t.n, 4);
	assert_field(&r, "registry.c", "JP", 0);
	assert_field(&r, "registry.dc", "device", 1);
	assert_field(&r, "registry.mail", "device@example.com", 1);
	assert_field(&r, "request.subject-4", "SN0001", 1);
	/* The rule reads the field now; a fixed one is as it was. */
	assert_int_equal(r.t.p.subject[4].kind, PROFILE_FROM_FIELD);
	assert_string_equal(r.t.p.subject[4].source, "request.subject-4");
	assert_int_equal(r.t.p.subject[3].kind, PROFILE_FROM_FIXED);
	rig_end(&r);
}

static void
of_other_names(void **state)
{
	struct rig r;

	(void)state;
	rig_begin(&r, NULL,
	    "san = ( { type = \"dns\"; from = \"csr.san\"; "
	    "    match = \"{identity.device}.*,*.b\"; optional = true; },"
	    "  { type = \"ip\"; from = \"csr.san\"; match = \"10.*\"; },"
	    "  { type = \"uri\"; from = \"registry.uri\"; },"
	    "  { type = \"email\"; value = \"a@b.example\"; },"
	    "  { type = \"dns\"; from = \"csr.san\";"
	    "    match = \"{registry.uri}.*\"; },"
	    "  { type = \"dns\"; from = \"csr.san\";"
	    "    match = \"a.{identity.cn}.example\"; } );");
	assert_field(&r, "registry.uri", "urn:example:device", 1);
	assert_field(&r, "request.san-0", "device.a", 0);
	/* "10.a" is no address, "urn:example:device.a" no name of a host: then
	   one that fits the type. */
	assert_field(&r, "request.san-1", "192.0.2.1", 1);
	assert_field(&r, "request.san-4", "device.example", 1);
	assert_field(&r, "request.san-5", "a.SN0001.example", 1);
	assert_int_equal(r.t.n, 6);
	assert_int_equal(r.t.p.san[0].kind, PROFILE_FROM_FIELD);
	assert_string_equal(r.t.p.san[0].match, "");
	assert_int_equal(r.t.p.san[3].kind, PROFILE_FROM_FIXED);
	rig_end(&r);
}

/* What more is asked for decides, in whichever order. */
static void
used_twice(void **state)
{
	struct rig r;

	(void)state;
	rig_begin(&r, CN,
	    "( { attribute = \"CN\"; from = \"registry.a\"; optional = true; },"
	    "  { attribute = \"C\"; from = \"registry.b\"; } );"
	    "san = ( { type = \"dns\"; from = \"registry.a\"; },"
	    "  { type = \"permanent-id\"; from = \"registry.b\"; } )");
	assert_field(&r, "registry.a", "device.example", 1);
	assert_field(&r, "registry.b", "JP", 1);
	assert_int_equal(r.t.n, 2);
	rig_end(&r);
}

#define LEAF LEAF_FROM_FIELD

static void
of_leaves(void **state)
{
	static const char ext[] =
	    "extensions = ( { oid = \"1.2.3.4\"; type = \"sequence\"; items = ("
	    LEAF("boolean", "") "," LEAF("integer", "") ","
	    LEAF("bit-string", "") "," LEAF("octet-string", "") ","
	    LEAF("oid", "") "," LEAF("enumerated", "") ","
	    LEAF("utf8", "size = 3; ") "," LEAF("printable", "") ","
	    LEAF("ia5", "") "," LEAF("time", "") ", { type = \"null\"; },"
	    "{ type = \"octet-string\"; size = 3; from = \"registry.o\"; }"
	    "); } );";
	struct rig r;

	(void)state;
	rig_begin(&r, NULL, ext);
	assert_field(&r, "registry.boolean", "true", 1);
	assert_field(&r, "registry.integer", "1", 1);
	assert_field(&r, "registry.bit-string", "1", 1);
	assert_field(&r, "registry.octet-string",
	    "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", 1);
	assert_field(&r, "registry.oid", "2.999.1", 1);
	assert_field(&r, "registry.enumerated", "1", 1);
	assert_field(&r, "registry.utf8", "aaa", 1);
	assert_field(&r, "registry.printable", "device", 1);
	assert_field(&r, "registry.ia5", "https://device.example/", 1);
	assert_field(&r, "registry.time", "20260101000000Z", 1);
	assert_field(&r, "registry.o", "aaaaaa", 1);
	rig_end(&r);
}

static void
below_what_is_optional(void **state)
{
	struct rig r;

	(void)state;
	rig_begin(&r, NULL,
	    "extensions = ( { oid = \"1.2.3.4\"; type = \"sequence\"; items = "
	    "( { type = \"integer\"; from = [ \"registry.a\", \"registry.b\" ]; "
	    "}, { type = \"integer\"; from = \"registry.c\"; optional = true; "
	    "}, { type = \"sequence\"; optional = true; items = ( { type = "
	    "\"integer\"; from = \"registry.d\"; } ); }, { type = \"utf8\"; "
	    "from = \"identity.cn\"; optional = true; } ); }, { oid = "
	    "\"1.2.3.5\"; type = \"integer\"; optional = true; from = "
	    "\"registry.e\"; } ); san = ( { type = \"ip\"; from = "
	    "\"registry.e\"; optional = true; } );");
	assert_field(&r, "registry.a", "1", 1);
	assert_field(&r, "registry.b", "1", 0);
	assert_field(&r, "registry.c", "1", 0);
	assert_field(&r, "registry.d", "1", 0);
	/* The subject's rule needs it; an address stays one. */
	assert_field(&r, "identity.cn", "device", 1);
	assert_field(&r, "registry.e", "192.0.2.1", 0);
	rig_end(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_the_subject),
	    cmocka_unit_test(of_other_names),
	    cmocka_unit_test(used_twice),
	    cmocka_unit_test(of_leaves),
	    cmocka_unit_test(below_what_is_optional),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
