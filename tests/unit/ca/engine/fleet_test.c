#include "tests/unit/ca/engine/admit_change.h"

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
	if (strstr(data, part) == NULL ||
	    strncmp(data, "fleets/f.conf:", 14) != 0)
		fail_msg("\"%s\" lacks \"%s\"", data, part);
	ERR_clear_error();
}

static void
everything_is_read(void **state)
{
	struct world *w = *state;
	const struct fleet *f;

	world_rules(w,
	    "registration = \"pre-registered\";\n"
	    "names = [ \"a-*\", \"b\" ]; idevid_key_reuse = true;\n"
	    "re_enrol = \"refuse\"; pop_link = \"required\";\n"
	    "renewal: { window = \"30d\"; san_optional = true;"
	    " san_subset = true; };\n attest = \"pinned-key\";\n"
	    "limits: { per_device_hour = 3; per_day = 9; };\n"
	    "answer_wrap = \"one-line\";\n");
	f = policy_fleet(w->policy, "f");
	assert_non_null(f);
	assert_string_equal(f->label, "f");
	assert_false(f->is_default);
	assert_string_equal(f->profile, "device-ldevid");
	assert_ptr_equal(
	    f->compiled, policy_profile(w->policy, "device-ldevid"));
	assert_int_equal(f->n_makers, 1);
	assert_string_equal(f->makers[0].name, "maker");
	assert_int_equal(f->makers[0].depth, 3);
	assert_int_equal(f->makers[0].name_nid, NID_serialNumber);
	assert_true(f->basic && f->own && f->idevid_key_reuse);
	assert_int_equal(f->registration, FLEET_PRE_REGISTERED);
	assert_int_equal(f->n_patterns, 2);
	assert_int_equal(f->re_enrol, FLEET_RE_REFUSE);
	assert_int_equal(f->window, FLEET_WINDOW_SECONDS);
	assert_int_equal(f->window_seconds, 30 * DAY);
	assert_true(f->san_optional && f->san_subset);
	assert_int_equal(f->pop_link, FLEET_POP_REQUIRED);
	assert_int_equal(f->attest, FLEET_ATTEST_PINNED_KEY);
	assert_int_equal(f->per_device_hour, 3);
	assert_int_equal(f->per_day, 9);
	assert_string_equal(f->answer_wrap, "one-line");
}

/* What is left out is the careful choice. */
static void
defaults(void **state)
{
	struct world *w = *state;
	const struct fleet *f;

	world_rules(w,
	    "authenticate: { basic = true; };\n"
	    "names = [ ];\nre_enrol = \"refuse\";");
	f = policy_fleet(w->policy, "f");
	assert_int_equal(f->re_enrol, FLEET_RE_REFUSE);
	assert_int_equal(f->pop_link, FLEET_POP_OFF);
	assert_int_equal(f->attest, FLEET_ATTEST_NONE);
	assert_int_equal(f->window, FLEET_WINDOW_WHOLE);
	assert_false(f->own || f->idevid_key_reuse || f->san_optional ||
	    f->san_subset || f->n_makers || f->per_day);
	assert_string_equal(f->answer_wrap, "auto");
}

static void
mistakes(void **state)
{
	static const char *const t[][2] = {
	    {"pop_lnk = \"off\";", "unknown key \"pop_lnk\""},
	    {"pop_lnk = \"off\";", "did you mean \"pop_link\""},
	    {"pop_link = \"never\";", "unknown value"},
	    {"pop_link = true;", "pop_link"},
	    {"profile = \"nix\";", "there is no profile \"nix\""},
	    {"profile = \"server\";", "not issued by EST"},
	    {"registration = \"any\";", "registration"},
	    {"re_enrol = \"never\";", "re_enrol"},
	    {"attest = \"tpm\";", "attest"},
	    {"answer_wrap = \"76\";", "answer_wrap"},
	    {"authenticate: { };", "no way to authenticate"},
	    {"authenticate: { basic = 1; };", "basic"},
	    {"authenticate: { cert = true; };", "unknown key \"cert\""},
	    {"renewal: { window = \"half\"; };", "window"},
	    {"renewal: { window = \"30x\"; };", "window"},
	    {"renewal: { when = \"30d\"; };", "unknown key \"when\""},
	    {"renewal: { superseded = \"never\"; };", "superseded"},
	    {"renewal: { superseded = \"revoke-after\"; };",
		"superseded_after"},
	    {"renewal: { superseded_after = \"1d\"; };", "superseded_after"},
	    {"renewal: { superseded = \"revoke-after\"; superseded_after = "
	     "\"soon\"; };",
		"superseded_after"},
	    {"limits: { per_address_minute = 0; };", "per_address_minute"},
	    {"limits: { per_day = 0; };", "per_day"},
	    {"limits: { per_week = 1; };", "unknown key \"per_week\""},
	    {"names = [ \"\" ];", "names"},
	    {"names = \"*\";", "names"},
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		refused(w, t[i][0], t[i][1]);
}

static struct fleet *
compile_named(struct world *w, const char *path, const char *text)
{
	struct policy_file file;

	put_file(&file, path, text);
	return fleet_compile(w->policy, &file);
}

#define REST                                                                   \
	"profile = \"device-ldevid\"; authenticate: { basic = true; };"        \
	"registration = \"just-in-time\";"

static void
names_and_labels(void **state)
{
	static const char *const bad[] = {
	    "name = \"x\"; label = \"simpleenroll\";" REST,
	    "name = \"x\"; label = \"a/b\";" REST,
	    "name = \"x\"; label = \"A\";" REST,
	    "name = \"y\"; label = \"x\";" REST,
	    "name = \"cacerts\"; label = \"x\";" REST,
	    "name = \"x\";" REST,
	    "name = \"x\"; label = \"x\"; profile = \"device-ldevid\";"
	    "authenticate: { basic = true; };",
	};
	struct world *w = *state;
	struct fleet *f;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(compile_named(w, "fleets/x.conf", bad[i]));
		assert_int_equal(
		    ERR_GET_REASON(ERR_peek_last_error()), PROFILE_E_CONFIG);
		ERR_clear_error();
	}
	f = compile_named(
	    w, "fleets/x.conf", "name = \"x\"; default = true;" REST);
	assert_non_null(f);
	assert_string_equal(f->label, "");
	fleet_free(f);
	fleet_free(NULL);
	assert_true(fleet_label_ok("a-1"));
	assert_false(fleet_label_ok(""));
	assert_false(fleet_label_ok("csrattrs"));
	assert_false(fleet_label_ok("0123456789012345678901234567890123456789"
				    "012345678901234567890123"));
}

static void
patterns(void **state)
{
	static const struct {
		const char *pattern, *name;
		int match;
	} t[] = {{"*", "x", 1}, {"a*", "abc", 1}, {"a*c", "abbc", 1},
	    {"a*c", "abcb", 0}, {"a", "a", 1}, {"a", "ab", 0}, {"a", "A", 0},
	    {"*-*-z", "1-2-3-z", 1}, {"a**", "a", 1}, {"*a", "", 0},
	    {"[a]", "a", 0}, {"?", "a", 0}};
	struct fleet *f = calloc(1, sizeof(*f));
	size_t i;

	(void)state;
	f->n_patterns = 1;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		strcpy(f->patterns[0], t[i].pattern);
		assert_int_equal(fleet_names_match(f, t[i].name), t[i].match);
	}
	f->n_patterns = 0;
	assert_false(fleet_names_match(f, "x"));
	free(f);
}

static void
keys_for_devices(void **state)
{
	struct world *w = *state;
	const struct fleet *f;

	world_rules(w, "serverkeygen: { };");
	f = policy_fleet(w->policy, "f");
	assert_true(f->keygen && !f->keygen_plain);
	assert_int_equal(f->keygen_types, f->compiled->key_types);
	assert_false(policy_fleet(w->policy, "g")->keygen);
	world_rules(w, "serverkeygen: { plain = true;"
		       " key_types = [ \"ec-p384\" ]; };");
	f = policy_fleet(w->policy, "f");
	assert_true(f->keygen && f->keygen_plain);
	assert_int_equal(f->keygen_types, SPKI_EC_P384);
	refused(w, "serverkeygen: { key_types = [ \"rsa-2048\" ]; };",
	    "takes no \"rsa-2048\" keys");
	refused(w, "serverkeygen: { key_types = [ \"dsa\" ]; };", "\"dsa\"");
	refused(w, "serverkeygen: { key = 1; };", "key");
	refused(w, "serverkeygen = true;", "serverkeygen");
}

static void
windows(void **state)
{
	struct fleet *f = calloc(1, sizeof(*f));

	(void)state;
	f->window = FLEET_WINDOW_WHOLE;
	assert_int_equal(fleet_window_opens(f, 100, 400), 100);
	f->window = FLEET_WINDOW_LAST_THIRD;
	assert_int_equal(fleet_window_opens(f, 100, 400), 300);
	f->window = FLEET_WINDOW_SECONDS;
	f->window_seconds = 50;
	assert_int_equal(fleet_window_opens(f, 100, 400), 350);
	f->window_seconds = 5000;
	assert_int_equal(fleet_window_opens(f, 100, 400), 100);
	free(f);
}

static void
renewals_after_the_end(void **state)
{
	struct world *w = *state;
	const struct fleet *f;

	world_rules(w, "renewal: { after_expiry = \"30d\"; };");
	f = policy_fleet(w->policy, "f");
	assert_int_equal(f->after_expiry, 30 * DAY);
	assert_int_equal(f->late_key, FLEET_LATE_ANY_KEY);
	assert_false(f->late_by_fleet || f->identity_update);
	world_rules(w,
	    "renewal: { after_expiry = \"1d\"; after_expiry_key = \"same\";"
	    " after_expiry_consent = \"fleet\"; identity_update = true; };");
	f = policy_fleet(w->policy, "f");
	assert_int_equal(f->late_key, FLEET_LATE_SAME_KEY);
	assert_true(f->late_by_fleet && f->identity_update);
	refused(w, "renewal: { after_expiry_key = \"new\"; };",
	    "after_expiry: must be there");
	refused(w, "renewal: { after_expiry_consent = \"fleet\"; };",
	    "after_expiry: must be there");
	refused(w, "renewal: { after_expiry = \"1d\"; after_expiry_key ="
	    " \"old\"; };", "after_expiry_key");
	refused(w, "renewal: { after_expiry = \"1d\";"
	    " after_expiry_consent = \"me\"; };", "after_expiry_consent");
	refused(w, "renewal: { after_expiry = \"soon\"; };", "after_expiry");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(everything_is_read),
	    world_test(renewals_after_the_end),
	    world_test(defaults), world_test(mistakes),
	    world_test(names_and_labels), world_test(patterns),
	    world_test(keys_for_devices),
	    world_test(windows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
