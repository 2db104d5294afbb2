#include "tests/unit/ca/engine/world.h"
#include <sys/stat.h>
#include <sys/wait.h>

/* A ceremony that is killed at any of its acts is rolled back by --discard, and
   by nothing else; what is not its own stays. */

static int kill_at;

static void
count_down(const char *line)
{
	(void)line;
	if (--kill_at == 0)
		_exit(9);
}

static int
run(struct world *w, int discard, void (*act)(const char *line))
{
	struct ceremony_file *f = ceremony_read(w->ceremony);
	int ok = f != NULL && ceremony_run(f, w->settings,
	    &(struct ceremony_how){.discard = discard}, w->now,
	    act);

	OPENSSL_free(f);
	return ok;
}

/* In a process of its own: the child's exit status. */
static int
run_apart(struct world *w, int discard, int at)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		kill_at = at;
		status = run(w, discard, count_down) ? 0 : 1;
		ERR_clear_error();
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
count_key(const struct hsm_key_info *info, void *arg)
{
	(void)info;
	++*(int *)arg;
	return 1;
}

static struct hsm *
open_token(struct world *w)
{
	struct hsm_config cfg;
	struct hsm *hsm;

	settings_hsm(&w->settings->token, &cfg);
	hsm = hsm_open(&cfg);
	assert_non_null(hsm);
	return hsm;
}

static int
n_keys(struct world *w)
{
	struct hsm *hsm = open_token(w);
	int n = 0;

	assert_true(hsm_key_list(hsm, count_key, &n));
	hsm_close(hsm);
	return n;
}

static int
exists(struct world *w, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	return access(path, F_OK) == 0;
}

static void
killed_at_each_act(void **state)
{
	struct world *w = *state;
	int at, last = 0;

	for (at = 1; last != 1; at++) {
		/* The first is refused without --discard, once one is left. */
		if (at > 1)
			assert_int_equal(run_apart(w, 0, 0), 1);
		if (run_apart(w, at > 1, at) == 9) {
			assert_false(exists(w, "store.db"));
			assert_true(exists(w, "store.db.ceremony"));
			continue;
		}
		last = 1;
	}
	assert_true(at > 6);
	assert_true(exists(w, "store.db"));
	assert_false(exists(w, "store.db.ceremony"));
	assert_int_equal(n_keys(w), 4);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
}

/* A key of another's that bears our label is neither used nor destroyed. */
static void
a_foreign_key_stays(void **state)
{
	struct world *w = *state;
	struct hsm *hsm = open_token(w);
	EVP_PKEY *key = hsm_key_generate(hsm, HSM_KEY_EC_P256,
	    "inkan-code-g1");

	assert_non_null(key);
	EVP_PKEY_free(key);
	hsm_close(hsm);
	assert_int_equal(run_apart(w, 0, 0), 1);
	assert_int_equal(n_keys(w), 1);
	assert_false(exists(w, "store.db.ceremony"));
	assert_int_equal(run_apart(w, 1, 0), 1);
	assert_int_equal(n_keys(w), 1);
}

static void
published_state_stays(void **state)
{
	struct world *w = *state;

	world_sh("mkdir -p %s/pub/ca", w->dir);
	world_write(w, "pub/ca/devices-g1.cer", "somebody's");
	assert_false(run(w, 0, world_quiet));
	ERR_clear_error();
	assert_true(exists(w, "pub/ca/devices-g1.cer"));
	assert_false(exists(w, "pub/ca/root-g1.cer"));
	assert_int_equal(n_keys(w), 0);
}

static void
no_transcript_no_ceremony(void **state)
{
	struct world *w = *state;

	world_sh("sed -i '1i transcript = \"missing/transcript\";' %s",
	    w->ceremony);
	assert_false(run(w, 0, world_quiet));
	assert_int_equal(report_last_reason(), CA_E_CONFIG);
	ERR_clear_error();
	assert_int_equal(n_keys(w), 0);
	assert_false(exists(w, "store.db.ceremony"));
}

static int
prepare(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_prepare(w);
	*state = w;
	return 0;
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, prepare, world_teardown)
	const struct CMUnitTest tests[] = {
	    T(killed_at_each_act),
	    T(a_foreign_key_stays),
	    T(published_state_stays),
	    T(no_transcript_no_ceremony),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
