#include <sys/stat.h>
#include <sys/wait.h>
#include "tests/unit/ca/engine/live.h"

/* The frame of ceremonies on an instance: killed at any act, rolled back,
   finished, refused. */

#define NEXT LIVE_ROOT_SIGNS LIVE_URL "issuers = ( { name = \"devices\"; } );" \
	"disable = [ \"devices-g1\" ];"
#define REKEY LIVE_ROOT_SIGNS LIVE_URL "root: { " LIVE_TOKEN("root") " };"

static int kill_at;

static void
count_down(const char *line)
{
	(void)line;
	if (--kill_at == 0)
		_exit(9);
}

static int
run_apart(struct world *w, const char *kind, const char *text, int discard,
    int at)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		kill_at = at;
		status = live_run_at(w, kind, text, discard, w->now,
		    count_down) ? 0 : 1;
		ERR_clear_error();
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Killed at each act in turn: nothing is used, and --discard goes on. */
static void
killed(struct world *w, const char *kind, const char *text, const char *made,
    int least)
{
	int at, n, last = 0;

	for (at = 1; last != 1; at++) {
		if (at > 1)
			assert_int_equal(run_apart(w, kind, text, 0, 0), 1);
		/* With --discard its own line comes first. */
		if (run_apart(w, kind, text, at > 1, at + (at > 1)) != 9) {
			last = 1;
		} else if (live_issuer(w, made, &n) >= 0) {
			/* Killed at its very last word. */
			last = 1;
		} else {
			assert_int_equal(n, 4);
			assert_false(live_exists(w, "pub/ca/devices-g2.cer"));
			assert_false(live_exists(w, "pub/ca/root-g2.cer"));
		}
	}
	assert_true(at > least);
	assert_true(live_issuer(w, made, &n) >= 0);
	assert_int_equal(n, 5);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	ca_close(w->ca);
	w->ca = NULL;
}

static void
killed_intermediate(void **state)
{
	struct world *w = *state;

	killed(w, "intermediate", NEXT, "devices-g2", 5);
	assert_int_equal(live_keys(w, "ca"), 4);
	assert_true(live_exists(w, "pub/ca/devices-g2.cer"));
}

static void
killed_rekey(void **state)
{
	struct world *w = *state;

	killed(w, "root-rekey", REKEY, "root-g2", 8);
	assert_int_equal(live_keys(w, "root"), 2);
	assert_true(live_exists(w, "pub/ca/root-g2-with-root-g1.cer"));
}

/* What was signed in vain is revoked, and on the next CRL. */
static void
rolled_back(void **state)
{
	struct world *w = *state;

	live_refused(w, "intermediate", NEXT "services = ( { profile = "
	    "\"ocsp-responder\"; issuer = \"devices\"; csr = \"none\"; "
	    "certificate = \"x.pem\"; } );", "no PEM request");
	assert_non_null(strstr(live_said, "rolled back: 1 keys destroyed, 1 "
	    "certificates revoked"));
	assert_int_equal(live_keys(w, "ca"), 3);
	assert_int_equal(live_issuer(w, "devices-g1", NULL), ISSUER_ACTIVE);
	live_done(w, "crl", LIVE_ROOT_SIGNS);
	assert_non_null(strstr(live_said, "1 entries"));
	/* The number is not burnt. */
	live_done(w, "intermediate", NEXT);
	assert_int_equal(live_issuer(w, "devices-g2", NULL), ISSUER_ACTIVE);
}

/* It has happened, but could not be published: run again, it is finished and
   not done twice. */
static void
finished_later(void **state)
{
	struct world *w = *state;
	int n;

	world_sh("mv %s/pub %s/pub2 && touch %s/pub", w->dir, w->dir, w->dir);
	assert_false(live_run(w, "intermediate", NEXT));
	world_raised(CA_E_STORE, "it has happened");
	assert_int_equal(live_issuer(w, "devices-g2", &n), ISSUER_ACTIVE);
	world_sh("rm %s/pub && mv %s/pub2 %s/pub", w->dir, w->dir, w->dir);
	assert_false(live_exists(w, "pub/ca/devices-g2.cer"));
	live_done(w, "intermediate", NEXT);
	assert_non_null(strstr(live_said, "has happened"));
	assert_true(live_exists(w, "pub/ca/devices-g2.cer"));
	assert_true(live_exists(w, "pub/crl/devices-g2.crl"));
	assert_int_equal(live_issuer(w, "devices-g3", NULL), -1);
	assert_int_equal(live_keys(w, "ca"), 4);
}

/* A ceremony that could not publish; its files wait. */
static void
left_waiting(struct world *w, const char *kind, const char *text)
{
	world_sh("mv %s/pub %s/pub2 && touch %s/pub", w->dir, w->dir, w->dir);
	assert_false(live_run(w, kind, text));
	world_raised(CA_E_STORE, "it has happened");
	world_sh("rm %s/pub && mv %s/pub2 %s/pub", w->dir, w->dir, w->dir);
}

static int
waits_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	return store_meta_set(tx, CEREMONY_STATE, "done crl 0 -");
}

/* As it was, when newer CRLs have been published. */
static void
waits_again(struct world *w)
{
	struct store_config cfg = {.mode = STORE_WRITE, .now = w->now};
	char path[512];
	struct store *s;

	snprintf(path, sizeof(path), "%s/store.db", w->dir);
	cfg.path = path;
	s = store_open(&cfg);
	assert_non_null(s);
	assert_true(store_write(s, waits_tx, NULL, STORE_URGENT));
	store_close(s);
	world_sh("cp -a %s/kept.d %s/store.db.ceremony.d", w->dir, w->dir);
}

/* No CRL takes the place of a newer one, however long it has waited. */
static void
older_crl_stays(void **state)
{
	struct world *w = *state;

	left_waiting(w, "crl", LIVE_ROOT_SIGNS);
	world_sh("cp -a %s/store.db.ceremony.d %s/kept.d", w->dir, w->dir);
	live_done(w, "crl", LIVE_ROOT_SIGNS);
	world_sh("cmp %s/kept.d/crl/root-g1.crl %s/pub/crl/root-g1.crl",
	    w->dir, w->dir);
	live_done(w, "crl", LIVE_ROOT_SIGNS);
	world_sh("cp %s/pub/crl/root-g1.crl %s/newest", w->dir, w->dir);
	waits_again(w);
	live_done(w, "crl", LIVE_ROOT_SIGNS);
	assert_non_null(strstr(live_said, "crl/root-g1.crl: a newer CRL"));
	world_sh("cmp %s/newest %s/pub/crl/root-g1.crl", w->dir, w->dir);
	assert_false(live_exists(w, "store.db.ceremony.d"));
	/* What is no CRL of ours takes nobody's place at all. */
	waits_again(w);
	world_sh("echo x >%s/store.db.ceremony.d/crl/root-g1.crl", w->dir);
	assert_false(live_run(w, "crl", LIVE_ROOT_SIGNS));
	world_raised(CA_E_STORE, "is no CRL of a CA");
	world_sh("cmp %s/newest %s/pub/crl/root-g1.crl", w->dir, w->dir);
}

/* The folder in which they waited is gone: nothing is taken for published. */
static void
files_lost(void **state)
{
	struct world *w = *state;

	left_waiting(w, "intermediate", NEXT);
	world_sh("mv %s/store.db.ceremony.d %s/away", w->dir, w->dir);
	live_refused(w, "intermediate", NEXT, "ceremony.files");
	live_refused(w, "crl", LIVE_ROOT_SIGNS, "ceremony.files");
	world_sh("mv %s/away %s/store.db.ceremony.d", w->dir, w->dir);
	live_done(w, "intermediate", NEXT);
	assert_true(live_exists(w, "pub/ca/devices-g2.cer"));
	left_waiting(w, "crl", LIVE_ROOT_SIGNS);
	world_sh("rm -r %s/store.db.ceremony.d", w->dir);
	assert_true(live_run_at(
	    w, "crl", LIVE_ROOT_SIGNS, 1, w->now, live_listen));
	assert_non_null(strstr(live_said, "are given up"));
	live_done(w, "crl", LIVE_ROOT_SIGNS);
	assert_null(strstr(live_said, "has happened"));
}

static void
not_beside_inkan_ca(void **state)
{
	struct world *w = *state;

	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	live_refused(w, "crl", LIVE_ROOT_SIGNS, "inkan-ca stopped");
}

static void
not_with_a_wrong_clock(void **state)
{
	struct world *w = *state;

	w->now -= 3600;
	live_refused(w, "crl", LIVE_ROOT_SIGNS, "clock.back");
}

/* The key of an interrupted rekey is in the token that its file names. */
static void
discarded_by_its_own_file(void **state)
{
	struct world *w = *state;

	assert_int_equal(run_apart(w, "root-rekey", REKEY, 0, 2), 9);
	assert_false(live_run_at(w, "crl", LIVE_ROOT_SIGNS, 1, w->now,
	    live_listen));
	world_raised(CA_E_CONFIG, "run the file of that one");
	assert_int_equal(live_keys(w, "root"), 2);
	assert_int_equal(run_apart(w, "root-rekey", REKEY, 1, 0), 0);
	assert_int_equal(live_keys(w, "root"), 2);
}

static void
no_instance(void **state)
{
	struct world *w = *state;

	world_sh("rm %s/store.db*", w->dir);
	assert_false(live_run(w, "crl", LIVE_ROOT_SIGNS));
	world_raised(CA_E_CONFIG, "needs an instance");
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(killed_intermediate),
	    T(killed_rekey),
	    T(rolled_back),
	    T(finished_later),
	    T(older_crl_stays),
	    T(files_lost),
	    T(not_beside_inkan_ca),
	    T(not_with_a_wrong_clock),
	    T(discarded_by_its_own_file),
	    T(no_instance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
