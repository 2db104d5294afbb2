#include "tests/unit/ca/engine/admit_change.h"

static void
refused(struct world *w, const char *stations, const char *part)
{
	char rules[512];
	const char *data = "";
	struct policy *p;
	int flags = 0;

	snprintf(rules, sizeof(rules), "authenticate: { stations = ( %s ); };",
	    stations);
	p = world_compile(w, rules);
	if (p != NULL) {
		policy_put(p);
		fail_msg("accepted: %s", stations);
	}
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error_data(&data, &flags)),
	    PROFILE_E_CONFIG);
	if (strstr(data, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", data, part);
	ERR_clear_error();
}

static void
all_is_read(void **state)
{
	struct world *w = *state;
	const struct fleet_station *s;
	const struct fleet *f;
	char *text;

	world_rules(w,
	    "authenticate: { stations = ( { name = \"line-1\"; per_shift = 7; "
	    "}, { name = \"B_2.x\"; per_shift = 1; shift = \"8h\"; device_from "
	    "= \"CN\"; anchors = \"maker.pem\"; depth = 2; } ); };");
	f = policy_fleet(w->policy, "f");
	assert_int_equal(f->n_stations, 2);
	s = fleet_station(f, "line-1");
	assert_non_null(s);
	assert_null(s->anchors);
	assert_int_equal(s->name_nid, NID_serialNumber);
	assert_int_equal(s->per_shift, 7);
	assert_int_equal(s->shift, DAY);
	s = fleet_station(f, "B_2.x");
	assert_non_null(s->anchors);
	assert_int_equal(s->depth, 2);
	assert_int_equal(s->name_nid, NID_commonName);
	assert_int_equal(s->shift, 8 * 3600);
	assert_null(fleet_station(f, "line"));
	text = policy_fleet_dump(f);
	assert_non_null(
	    strstr(text, "authenticate.station.B_2.x.shift = 28800s\n"));
	assert_non_null(strstr(text, "authenticate.station.B_2.x.anchor = "));
	OPENSSL_free(text);
}

static void
mistakes(void **state)
{
	struct world *w = *state;

	refused(w, "{ name = \"a\"; }", "missing key \"per_shift\"");
	refused(w, "{ per_shift = 1; }", "missing key \"name\"");
	refused(w, "{ name = \"\"; per_shift = 1; }", "name");
	refused(w, "{ name = \"a b\"; per_shift = 1; }", "1 to 48");
	refused(w, "{ name = \"a\"; per_shift = 0; }", "per_shift");
	refused(w, "{ name = \"a\"; per_shift = 1; shift = \"25h\"; }",
	    "shift");
	refused(w, "{ name = \"a\"; per_shift = 1; device_from = \"UID\"; }",
	    "device_from");
	refused(w, "{ name = \"a\"; per_shift = 1; anchors = \"x.pem\"; }",
	    "there is no file");
	refused(w, "{ name = \"a\"; per_shift = 1; depth = 2; }", "depth");
	refused(w, "{ name = \"a\"; per_shift = 1; revocation = \"crl\"; }",
	    "revocation: belongs to anchors");
	refused(w,
	    "{ name = \"a\"; per_shift = 1; anchors = \"maker.pem\";"
	    " revocation_missing = \"pass\"; }",
	    "belongs to revocation");
	refused(w,
	    "{ name = \"a\"; per_shift = 1; }, { name = \"a\"; per_shift = 2; }",
	    "given twice");
}

/* A CA of ours is no anchor of a station's either. */
static void
own_anchor(void **state)
{
	static const char rules[] =
	    "authenticate: { stations = ( { name = \"a\"; per_shift = 1; "
	    "anchors = \"maker.pem\"; } ); };";
	struct world *w = *state;
	unsigned char md[1][32];

	world_rules(w, rules);
	assert_int_equal(policy_refuse_own(w->policy,
			     (const unsigned char(*)[32])w->own, 1),
	    1);
	assert_int_equal(X509_digest(w->maker, EVP_sha256(), md[0], NULL), 1);
	assert_int_equal(policy_refuse_own(
			     w->policy, (const unsigned char(*)[32])md, 1),
	    0);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(all_is_read), world_test(mistakes), world_test(own_anchor)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
