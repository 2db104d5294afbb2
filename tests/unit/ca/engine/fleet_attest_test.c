#include "tests/unit/ca/engine/admit_change.h"
#include "ca/engine/fleet_attest.h"

#define ATTEST(more) "attest: { formats = [ \"tpm\" ]; " more " };"
#define OWN "own_keys = [ \"ak\" ]; "

static void
assert_raised_text(const char *part)
{
	const char *data = "";
	int flags = 0;

	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error_data(&data, &flags)),
	    PROFILE_E_CONFIG);
	if (strstr(data, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", data, part);
	ERR_clear_error();
}

static void
refused(struct world *w, const char *rules, const char *part)
{
	struct policy *p = world_compile(w, rules);

	if (p != NULL) {
		policy_put(p);
		fail_msg("accepted: %s", rules);
	}
	assert_raised_text(part);
}

static void
is_read(void **state)
{
	struct world *w = *state;
	const struct fleet_evidence *e;

	world_rules(w, ATTEST(OWN "drafts = [ \"csr-attestation-2026-06-16\", "
	    "\"attestation-freshness-2026-07-21\" ]; require = ( { fact = \"a\"; one_of = "
	    "[ \"x\", \"y\" ]; }, { fact = \"b\"; at_least = 4; } ); "
	    "facts = [ \"tpm.maker\" ]; nonce_lifetime = \"90s\"; "
	    "on_unavailable = \"park\"; keep = \"hash\"; "
	    "retention = \"30d\";"));
	e = policy_fleet(w->policy, "f")->evidence;
	assert_non_null(e);
	assert_int_equal(
	    policy_fleet(w->policy, "f")->attest, FLEET_ATTEST_EVIDENCE);
	assert_int_equal(e->n_require, 2);
	assert_int_equal(e->nonce_lifetime, 90);
	assert_int_equal(e->unavailable, FLEET_AWAY_PARK);
	assert_false(e->keep_whole);
	assert_int_equal(e->retention, 30 * DAY);
	assert_string_equal(e->facts[0], "tpm.maker");
}

static void
is_refused(void **state)
{
	struct world *w = *state;

	refused(w, "attest: { };", "formats");
	refused(w, "attest: { formats = [ \"tmp\" ]; };", "no format");
	refused(w, ATTEST(""), "neither anchors nor own_keys");
	refused(w, ATTEST("own_keys = [ \"device-ldevid\" ];"),
	    "class attestation");
	refused(w, ATTEST(OWN "activation = true;"), "tpm-ek");
	refused(w, ATTEST(OWN "references = \"none.attest\";"),
	    "there is no file");
	refused(w, ATTEST(OWN "require = ( { fact = \"a\"; } );"),
	    "either values");
	refused(w, ATTEST(OWN "on_unavailable = \"pass\";"),
	    "unknown value");
	refused(w, ATTEST(OWN "drafts = [ \"csr-attestation-2027-01-01\" ];"),
	    "\"csr-attestation-2027-01-01\" is not spoken here");
	refused(w, "attest = \"tpm\";", "unknown value");
	refused(w, "attest = 3;", "a text, or a group");
	/* Who names devices does not vouch for their hardware. */
	refused(w, ATTEST("anchors = ( { format = \"tpm-ek\"; anchors = "
	    "\"maker.pem\"; } );"), "is one of manufacturer");
}

/* A profile that only evidence fills, and a fleet that does not take the fact. */
static void
facts_of_the_profile_are_taken(void **state)
{
	static const char with[] =
	    "name = \"ek\"; class = \"attestation\"; issued_by = [ \"est\" ];\n"
	    "issuer = \"devices\"; key_types = [ \"ec-p256\" ];\n"
	    "validity: { duration = \"9d\"; };\n"
	    "subject = ( { attribute = \"CN\"; from = \"identity.cn\"; },\n"
	    "  { attribute = \"OU\"; from = \"attested.tpm.model\"; optional = "
	    "true; } );\n"
	    "san = ( { type = \"permanent-id\"; from = "
	    "\"attested.tpm.ek.certificate\"; } );\n"
	    "key_usage: { bits = [ \"digitalSignature\" ]; };\n";
	static const char *const rules[] = {"", "facts = [ \"tpm.model\" ];",
	    "facts = [ \"tpm.ek.certificate\" ];"};
	struct world *w = *state;
	struct policy_file files[4];
	char *pem, *f, text[256];
	struct policy *p;
	size_t i;

	for (i = 0; i < 3; i++) {
		pem = make_pem(w->maker);
		snprintf(text, sizeof(text), "profile = \"ek\";\n"
		    ATTEST(OWN "%s"), rules[i]);
		f = fleet_text("f", text);
		put_file(&files[0], "fleets/f.conf", f);
		put_file(&files[1], "fleets/maker.pem", pem);
		put_file(&files[2], "profiles/ak.conf", AK_CONF);
		put_file(&files[3], "profiles/ek.conf", with);
		p = policy_compile(files, 4);
		if (i < 2)
			assert_raised_text("facts: profile "
			    "\"ek\" needs attested.tpm.ek.certificate");
		assert_int_equal(p != NULL, i == 2);
		policy_put(p);
		OPENSSL_free(pem);
		free(f);
	}
}

/* ${n} roots of one key, one after the other, in PEM; to be freed. */
static char *
roots(struct world *w, unsigned n)
{
	struct make_spec s = {.subject = "CN=Root",
	    .key = w->our_key,
	    .issuer_key = w->our_key,
	    .bc = "critical,CA:TRUE",
	    .to = NOW + 3650LL * DAY};
	char *all = calloc(n, 2048), *pem;
	X509 *cert;

	assert_non_null(all);
	while (n > 0) {
		cert = make_cert(&s, 1000 + n--);
		pem = make_pem(cert);
		strcat(all, pem);
		OPENSSL_free(pem);
		X509_free(cert);
	}
	return all;
}

/* As many as a question has room for: three sets of ${n}. */
static int
anchors_are_taken(struct world *w, unsigned n)
{
	char *pem = make_pem(w->maker), *many = roots(w, n), *f;
	struct policy_file files[5];
	struct policy *p;

	f = fleet_text("f", "attest: { formats = [ \"dice\" ]; anchors = ( "
	    "{ format = \"dice\"; anchors = \"many.pem\"; }, "
	    "{ format = \"eat\"; anchors = \"many.pem\"; }, "
	    "{ format = \"android\"; anchors = \"many.pem\"; } ); };");
	put_file(&files[0], "fleets/f.conf", f);
	put_file(&files[1], "fleets/maker.pem", pem);
	put_file(&files[2], "fleets/many.pem", many);
	put_file(&files[3], "profiles/ak.conf", AK_CONF);
	put_file(&files[4], "profiles/device-ldevid.conf", LDEVID_CONF);
	p = policy_compile(files, 5);
	policy_put(p);
	OPENSSL_free(pem);
	free(many);
	free(f);
	return p != NULL;
}

static void
anchors_have_room(void **state)
{
	struct world *w = *state;

	assert_true(anchors_are_taken(w, FLEET_EVIDENCE_ANCHORS_MAX / 3));
	assert_false(anchors_are_taken(w, FLEET_EVIDENCE_ANCHORS_MAX / 3 + 1));
	assert_raised_text("162 certificates of ");
}

static void
rules_hold(void **state)
{
	struct fleet_require r;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.at_least = 10;
	assert_true(fleet_require_met(&r, "10"));
	assert_false(fleet_require_met(&r, "9"));
	assert_false(fleet_require_met(&r, ""));
	assert_false(fleet_require_met(&r, "99999999999999999999"));
	r.n_one_of = 1;
	strcpy(r.one_of[0], "a");
	assert_true(fleet_require_met(&r, "a"));
	assert_false(fleet_require_met(&r, "A"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(is_read),
	    world_test(is_refused),
	    world_test(facts_of_the_profile_are_taken),
	    world_test(anchors_have_room), cmocka_unit_test(rules_hold)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
