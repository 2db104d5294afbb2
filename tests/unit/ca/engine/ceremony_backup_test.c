#include "tests/unit/ca/engine/live.h"

/* Backups: what comes out of them, and what must not go in. Restored and used:
   tests/integration/ceremony_backup.sh. Wrapped keys: hsm/wrap_test.c. */

#define MORE LIVE_ROOT_SIGNS LIVE_URL \
	"issuers = ( { name = \"more\"; set = [ \"cn=More\" ]; } );\n"

static void
a_safe(struct world *w)
{
	world_sh("openssl req -x509 -newkey rsa:2048 -nodes -keyout "
	    "%s/safe.key -out %s/safe.pem -days 9 -subj /CN=safe 2>/dev/null",
	    w->dir, w->dir);
}

static void
a_folder(void **state)
{
	struct world *w = *state;

	a_safe(w);
	live_done(w, "intermediate", MORE "backups = ( { kind = "
	    "\"softhsm-folder\"; token = \"signer\"; recipients = [ "
	    "\"safe.pem\" ]; file = \"root.cms\"; } );");
	assert_true(live_exists(w, "root.cms"));
	world_sh("cd %s && openssl cms -decrypt -inform DER -in root.cms "
	    "-inkey safe.key -recip safe.pem -binary -out t.tar && "
	    "tar -tf t.tar | grep -q object", w->dir);
	assert_non_null(strstr(live_said, "encrypted to 1 recipients"));
}

/* Without the backup, no ceremony. */
static void
all_or_nothing(void **state)
{
	struct world *w = *state;
	int keys = live_keys(w, "ca");

	live_refused(w, "intermediate", MORE "backups = ( { kind = "
	    "\"softhsm-folder\"; recipients = [ \"nobody.pem\" ]; file = "
	    "\"x\"; } );", "backup.recipient");
	assert_int_equal(live_keys(w, "ca"), keys);
	live_refused(w, "intermediate", MORE "backups = ( { kind = "
	    "\"wrapped\"; wrapping_key = \"none\"; file = \"x\"; } );",
	    "no key named none");
	assert_int_equal(live_keys(w, "ca"), keys);
	live_refused(w, "intermediate", MORE "backups = ( { kind = "
	    "\"wrapped\"; token = \"signer\"; wrapping_key = \"none\"; file = "
	    "\"x\"; } );", "backup.keys");
	live_refused(w, "intermediate", MORE "backups = ( { kind = \"token\"; "
	    "token = \"other\"; words = \"x\"; } );", "backup.token");
	live_refused(w, "intermediate", MORE "backups = ( { kind = \"token\"; "
	    "} );", "words: missing");
}

static void
in_words(void **state)
{
	struct world *w = *state;

	live_done(w, "intermediate", MORE "backups = ( { kind = \"token\"; "
	    "words = \"card 7\"; } );");
	assert_non_null(strstr(live_said, "by the token's own means: card 7"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_folder),
	    T(all_or_nothing),
	    T(in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
