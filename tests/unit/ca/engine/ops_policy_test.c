#include "tests/unit/ca/engine/world.h"
#include "tests/unit/ca/engine/verifier_run.h"

/* Versions: files are proposals until they are activated. */

static const char *
change_of(WIRE_ANSWER *a, const char *path)
{
	size_t i;

	world_is(a, WIRE_OK);
	for (i = 0; i < message_n_rows(a); i++)
		if (strcmp(field_text(message_row(a, i), "path", ""), path) ==
		    0)
			return field_text(message_row(a, i), "change", "");
	return "absent";
}

static void
differences(void **state)
{
	struct world *w = *state;
	char text[1024];
	WIRE_ANSWER *a = world_admin(w, "policy.diff", "");

	assert_string_equal(change_of(a, "fleets/devices.conf"), "same");
	assert_int_equal(field_int(a->values, "active", 0), 1);
	WIRE_ANSWER_free(a);
	snprintf(text, sizeof(text), "%s# more\n", WORLD_FLEET);
	world_write(w, "fleets/devices.conf", text);
	world_sh("cp %s/profiles/code-signing.conf %s/profiles/second.conf && "
		 "rm %s/profiles/attestation-key.conf",
	    w->dir, w->dir, w->dir);
	a = world_admin(w, "policy.diff", "");
	assert_string_equal(change_of(a, "fleets/devices.conf"), "changed");
	assert_string_equal(change_of(a, "profiles/second.conf"), "added");
	assert_string_equal(
	    change_of(a, "profiles/attestation-key.conf"), "removed");
	assert_string_equal(change_of(a, "profiles/root-ca.conf"), "same");
	WIRE_ANSWER_free(a);
	world_sh("rm %s/profiles/second.conf; cp profiles/shipped/* "
		 "%s/profiles/",
	    w->dir, w->dir);
	world_write(w, "fleets/devices.conf", WORLD_FLEET);
	a = world_admin(w, "policy.diff", "");
	assert_string_equal(
	    change_of(a, "profiles/attestation-key.conf"), "same");
	WIRE_ANSWER_free(a);
}

static void
activated(void **state)
{
	struct world *w = *state;
	char text[1024];
	struct policy *p;
	WIRE_ANSWER *a;

	snprintf(text, sizeof(text), "%s# v2\n", WORLD_FLEET);
	world_write(w, "fleets/devices.conf", text);
	a = world_admin(w, "policy.activate", "t", "note", "a comment");
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "version", 0), 2);
	WIRE_ANSWER_free(a);
	p = ca_policy(w->ca);
	assert_int_equal(p->row.version, 2);
	assert_string_equal(p->row.note, "a comment");
	policy_put(p);
	assert_int_equal(world_log(w, "policy", "note=a comment"), 1);
	a = world_admin(w, "policy.show", "");
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "version", 0), 2);
	assert_non_null(
	    strstr(field_text(a->values, "author", ""), "admin:uid:"));
	WIRE_ANSWER_free(a);
}

/* The old version stays to be read, and certificates name theirs. */
static void
shown(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	char serial[64];
	struct cert_row row;

	a = world_admin(w, "policy.show", "it", "version", 1, "path",
	    "fleets/devices.conf");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "content", ""), WORLD_FLEET);
	assert_string_equal(field_text(a->values, "author", ""), "ceremony");
	WIRE_ANSWER_free(a);
	a = world_admin(w, "policy.show", "i", "version", 1);
	world_is(a, WIRE_OK);
	assert_true(message_n_rows(a) >= 8);
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "policy.show", "i", "version", 99),
	    WIRE_NOTFOUND, "no such version");
	world_refused(world_admin(w, "policy.show", "i", "version", -1),
	    WIRE_NOTFOUND, "no such version");
	world_refused(world_admin(w, "policy.show", "t", "path", "none"),
	    WIRE_NOTFOUND, "no file");
	world_issue(w, "by-two", serial);
	world_row(w, serial, &row);
	assert_int_equal(row.policy_version, 2);
}

static void
refused(struct world *w, const char *fleet, const char *word)
{
	struct policy *p;

	world_write(w, "fleets/devices.conf", fleet);
	world_refused(
	    world_admin(w, "policy.activate", ""), WIRE_BADREQUEST, word);
	p = ca_policy(w->ca);
	assert_int_equal(p->row.version, 2);
	policy_put(p);
}

static void
not_activated(void **state)
{
	struct world *w = *state;
	refused(w, "name = \"devices\"; nonsense = 1;\n", "unknown key");
	refused(w, "this is no libconfig", "devices.conf:");
	world_sh(
	    "cp %s/profiles/code-signing.conf %s/profiles/lost.conf && "
	    "sed -i 's/\"code\"/\"nobody\"/; s/name = \"code-signing\"/name = "
	    "\"lost\"/' %s/profiles/lost.conf",
	    w->dir, w->dir, w->dir);
	refused(w, WORLD_FLEET, "there is no CA");
	world_sh("rm %s/profiles/lost.conf", w->dir);
	world_sh("mv %s/profiles %s/away", w->dir, w->dir);
	refused(w, WORLD_FLEET, "");
	world_sh("mv %s/away %s/profiles", w->dir, w->dir);
	world_done(world_admin(w, "policy.activate", ""));
}

/* A root of ours as a maker's: our own certificates would enrol as theirs. */
static void
not_our_own_root(void **state)
{
	struct world *w = *state;

	world_sh("cp %s/root.pem %s/fleets/maker.pem", w->dir, w->dir);
	world_write(w, "fleets/devices.conf",
	    "name = \"devices\"; label = \"devices\"; default = true;\n"
	    "profile = \"device-ldevid\";\n"
	    "authenticate: { manufacturers = ( { name = \"us\"; anchors = "
	    "\"maker.pem\"; } ); };\n"
	    "registration = \"just-in-time\"; names = [ \"*\" ];\n"
	    "re_enrol = \"allow\"; renewal: { window = \"whole\"; };\n");
	world_refused(
	    world_admin(w, "policy.activate", ""), WIRE_BADREQUEST, "own");
	world_sh("rm %s/fleets/maker.pem", w->dir);
	world_write(w, "fleets/devices.conf", WORLD_FLEET);
	world_done(world_admin(w, "policy.activate", ""));
}

static int64_t
active(struct world *w)
{
	struct policy *p = ca_policy(w->ca);
	int64_t version = p->row.version;

	policy_put(p);
	return version;
}

/* Evidence of a maker that names no devices, by ${references}. */
static void
demand_evidence(struct world *w, const char *references)
{
	char fleet[1024];

	world_sh("openssl req -x509 -newkey ec -pkeyopt "
		 "ec_paramgen_curve:P-256 -nodes -keyout /dev/null "
		 "-subj '/CN=Evidence' -out %s/fleets/dice.pem 2>/dev/null",
	    w->dir);
	snprintf(fleet, sizeof(fleet),
	    "%sattest: { formats = [ \"dice\" ]; references = "
	    "\"d.attest\"; anchors = ( { format = \"dice\"; anchors = "
	    "\"dice.pem\"; } ); };\n",
	    WORLD_FLEET);
	world_write(w, "fleets/devices.conf", fleet);
	world_write(w, "fleets/d.attest", references);
}

/* What the verifier cannot read does not become the policy; what nobody could
   ask it about does, if the operator says so. */
static void
what_evidence_is_judged_by(void **state)
{
	struct world *w = *state;
	struct verifier was = w->ca->verifier;
	struct verifier_run run;
	int64_t before = active(w);
	WIRE_ANSWER *a;

	verifier_begin(&run);
	w->ca->verifier = run.v;
	demand_evidence(w, "dice: {\n  layers = ( { layr = 1; } );\n};\n");
	world_refused(world_admin(w, "policy.check", ""), WIRE_BADREQUEST,
	    "fleets/d.attest:2: ");
	world_refused(world_admin(w, "policy.activate", ""), WIRE_BADREQUEST,
	    "fleet devices: fleets/d.attest:2: ");
	/* Nobody's word counts against the verifier's. */
	world_refused(world_admin(w, "policy.activate", "f", "unchecked", 1),
	    WIRE_BADREQUEST, "fleets/d.attest:2: ");
	assert_int_equal(active(w), before);
	demand_evidence(w, "dice: { layers = ( { layer = 1; } ); };\n");
	a = world_admin(w, "policy.check", "");
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "fleets", 0), 1);
	WIRE_ANSWER_free(a);
	assert_int_equal(active(w), before);
	a = world_admin(w, "policy.activate", "f", "unchecked", 1);
	world_is(a, WIRE_OK);
	assert_null(field_find(a->values, "unchecked", 0));
	WIRE_ANSWER_free(a);
	assert_int_equal(active(w), before + 1);
	/* Without it, what it has read already can go on. */
	verifier_kill(&run);
	a = world_admin(w, "policy.activate", "");
	world_is(a, WIRE_OK);
	assert_null(field_find(a->values, "unchecked", 0));
	WIRE_ANSWER_free(a);
	before++;
	assert_int_equal(active(w), before + 1);
	demand_evidence(w, "dice: { layers = ( { layer = 2; } ); };\n");
	world_refused(world_admin(w, "policy.check", ""), WIRE_UNAVAILABLE,
	    "could not be asked");
	world_refused(world_admin(w, "policy.activate", ""), WIRE_UNAVAILABLE,
	    "could not be asked");
	assert_int_equal(active(w), before + 1);
	a = world_admin(w, "policy.activate", "f", "unchecked", 1);
	world_is(a, WIRE_OK);
	assert_non_null(strstr(
	    field_text(a->values, "unchecked", ""), "fleet devices"));
	WIRE_ANSWER_free(a);
	assert_int_equal(active(w), before + 2);
	verifier_end(&run);
	w->ca->verifier = was;
	world_sh("rm %s/fleets/d.attest %s/fleets/dice.pem", w->dir, w->dir);
	world_write(w, "fleets/devices.conf", WORLD_FLEET);
	world_done(world_admin(w, "policy.activate", ""));
}

static void
fleets_and_profiles(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a = world_admin(w, "fleet.list", "");

	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_string_equal(
	    field_text(message_row(a, 0), "re_enrol", ""), "allow");
	assert_int_equal(field_int(message_row(a, 0), "devices", -1), 0);
	WIRE_ANSWER_free(a);
	world_done(world_admin(
	    w, "device.add", "tt", "fleet", "devices", "name", "one"));
	a = world_admin(w, "fleet.list", "");
	assert_int_equal(field_int(message_row(a, 0), "devices", -1), 1);
	WIRE_ANSWER_free(a);
	a = world_admin(w, "fleet.show", "t", "name", "devices");
	world_is(a, WIRE_OK);
	assert_non_null(
	    strstr(field_text(a->values, "text", ""), "device-ldevid"));
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "fleet.show", "t", "name", "none"),
	    WIRE_NOTFOUND, "no fleet");
	a = world_admin(w, "profile.list", "");
	world_is(a, WIRE_OK);
	assert_true(message_n_rows(a) >= 8);
	WIRE_ANSWER_free(a);
	a = world_admin(w, "profile.show", "t", "name", "device-ldevid");
	world_is(a, WIRE_OK);
	assert_non_null(strstr(field_text(a->values, "text", ""), "ldevid"));
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "profile.show", "t", "name", "none"),
	    WIRE_NOTFOUND, "no profile");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(differences),
	    cmocka_unit_test(activated),
	    cmocka_unit_test(shown),
	    cmocka_unit_test(not_activated),
	    cmocka_unit_test(not_our_own_root),
	    cmocka_unit_test(what_evidence_is_judged_by),
	    cmocka_unit_test(fleets_and_profiles),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
