#include "tests/unit/ca/engine/world.h"
#include "tests/unit/ca/engine/verifier_run.h"

/* What "status" tells of fleets that demand evidence: asked of inkan-verifier
   itself, of the policy that is active, however it became so. */

/* A policy in place of the active one, as a ceremony makes it active: nobody was
   asked. Reference values NULL: no fleet demands evidence. */
static void
use_policy(struct world *w, const char *references)
{
	struct policy_file *files = NULL;
	struct policy *p;
	char text[1024];
	size_t n;

	snprintf(text, sizeof(text), "%s%s", WORLD_FLEET,
	    references == NULL ? "" :
	    "attest: { formats = [ \"dice\" ]; references = \"d.attest\"; "
	    "own_keys = [ \"tpm-lak\" ]; };\n");
	world_write(w, "fleets/devices.conf", text);
	world_write(w, "fleets/d.attest", references ? references : "");
	assert_int_equal(policy_load_dir(w->dir, &files, &n), 1);
	p = policy_compile(files, n);
	if (p == NULL)
		report_fatal("policy");
	pthread_mutex_lock(&w->ca->policy_lock);
	policy_put(w->ca->policy);
	w->ca->policy = p;
	pthread_mutex_unlock(&w->ca->policy_lock);
	policy_files_free(files, n);
}

static void
row_is(struct world *w, const char *check, const char *level, const char *text)
{
	WIRE_ANSWER *a = world_admin(w, "status", "");
	const WIRE_FIELDS *row = NULL;
	size_t i, found = 0;

	world_is(a, WIRE_OK);
	for (i = 0; i < message_n_rows(a); i++)
		if (strcmp(field_text(message_row(a, i), "check", ""), check) ==
		    0) {
			row = message_row(a, i);
			found++;
		}
	assert_int_equal(found, level != NULL);
	if (level != NULL) {
		assert_string_equal(field_text(row, "level", ""), level);
		if (strstr(field_text(row, "text", ""), text) == NULL)
			fail_msg("\"%s\" lacks \"%s\"",
			    field_text(row, "text", ""), text);
	}
	if (level != NULL && strcmp(level, "fail") == 0)
		assert_string_equal(field_text(a->values, "level", ""), "fail");
	WIRE_ANSWER_free(a);
}

static void
told_is(struct world *w, const char *level, const char *text)
{
	row_is(w, "evidence", level, text);
}

/* How old the list is by which phones are judged. */
static void
the_list_of_phones_has_an_age(void **state)
{
	struct world *w = *state;
	struct phone_list *was = w->ca->verifier.phones;
	char path[PATH_MAX];

	use_policy(w, "");
	row_is(w, "android.status", NULL, "");
	world_write(w, "list.json", "{}");
	snprintf(path, sizeof(path), "%s/list.json", w->dir);
	w->ca->verifier.phones = phone_list_new(path);
	world_sh("touch -d @%lld %s", (long long)w->now - 7260, path);
	row_is(w, "android.status", "ok", "fetched 2 hours ago");
	world_sh("touch -d @%lld %s", (long long)w->now - 2 * 86400 - 60, path);
	row_is(w, "android.status", "warn", "fetched 48 hours ago");
	use_policy(w, NULL);
	row_is(w, "android.status", NULL, "");
	phone_list_free(w->ca->verifier.phones);
	w->ca->verifier.phones = was;
}

static void
the_active_policy_is_asked_about(void **state)
{
	struct world *w = *state;
	struct verifier was = w->ca->verifier;
	struct verifier_run run;

	told_is(w, NULL, "");
	use_policy(w, "dice: { layers = ( { layer = 1; } ); };\n");
	told_is(w, "fail", "policy.unchecked: fleet devices: inkan-verifier "
	    "could not be asked");
	verifier_begin(&run);
	w->ca->verifier = run.v;
	told_is(w, "ok", "judged by (fleets: 1)");
	use_policy(w, "\ndice: { layer = 1; };\n");
	told_is(w, "fail", "policy.references: fleet devices: "
	    "fleets/d.attest:2: ");
	verifier_kill(&run);
	told_is(w, "fail", "policy.unchecked: ");
	use_policy(w, NULL);
	told_is(w, NULL, "");
	verifier_end(&run);
	w->ca->verifier = was;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_active_policy_is_asked_about),
	    cmocka_unit_test(the_list_of_phones_has_an_age)};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
