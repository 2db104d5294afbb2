#include "tests/unit/ca/engine/logpub.h"

static char said[8192];

static void
act(const char *line)
{
	if (strlen(said) + strlen(line) + 2 < sizeof(said))
		sprintf(said + strlen(said), "%s\n", line);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_prepare(w);
	*state = w;
	said[0] = '\0';
	return 0;
}

static int
run(struct world *w)
{
	struct ceremony_file *f = ceremony_read(w->ceremony);
	int ok = f != NULL && ceremony_run(f, w->settings,
	    &(struct ceremony_how){.discard = 0}, w->now, act);

	OPENSSL_free(f);
	return ok;
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	return logs_last(tx, arg) == 1;
}

static void
begun(struct world *w, const char *origin)
{
	struct log_row row;

	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_true(store_read(w->ca->store, last_tx, &row));
	assert_int_equal(row.id, 1);
	assert_string_equal(row.origin, origin);
	assert_non_null(strstr(said, row.vkey));
	assert_state(w, LOGPUB_GOING, "");
	round_ok(w);
	assert_int_equal(world_log(w, "log.begin", "who=ceremony"), 1);
}

/* Named by the address; Ed25519, and the transcript has the key. */
static void
by_default(void **state)
{
	struct world *w = *state;

	assert_true(run(w));
	assert_non_null(strstr(said, "key of the log: "));
	assert_null(strstr(said, "public witnesses"));
	begun(w, "localhost:8444/log");
}

static void
as_configured(void **state)
{
	struct world *w = *state;

	strcpy(w->settings->log.origin, "log.example/ca");
	strcpy(w->settings->log.key, "its-key");
	w->settings->log.key_type = HSM_KEY_EC_P256;
	assert_true(run(w));
	assert_non_null(strstr(said, "the log's key is ec-p256: public "
	    "witnesses take Ed25519 only"));
	begun(w, "log.example/ca");
}

static int
count(const struct hsm_key_info *info, void *arg)
{
	(void)info;
	++*(int *)arg;
	return 1;
}

static int
n_keys(struct world *w)
{
	struct hsm_config cfg;
	struct hsm *hsm;
	int n = 0;

	settings_hsm(&w->settings->token, &cfg);
	hsm = hsm_open(&cfg);
	assert_non_null(hsm);
	assert_true(hsm_key_list(hsm, count, &n));
	hsm_close(hsm);
	return n;
}

/* A key of that name is another log's: it stays, and all of ours goes. */
static void
key_is_there(void **state)
{
	struct world *w = *state;
	struct hsm_config cfg;
	struct hsm *hsm;
	EVP_PKEY *key;

	settings_hsm(&w->settings->token, &cfg);
	hsm = hsm_open(&cfg);
	assert_non_null(hsm);
	key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "inkan-log");
	assert_non_null(key);
	EVP_PKEY_free(key);
	hsm_close(hsm);
	assert_false(run(w));
	world_raised(CA_E_CONFIG, "inkan-log");
	assert_int_equal(n_keys(w), 1);
}

/* What fails later takes its key along. */
static void
rolled_back(void **state)
{
	struct world *w = *state;

	world_sh("rm %s/service.csr", w->dir);
	assert_false(run(w));
	ERR_clear_error();
	assert_non_null(strstr(said, "key of the log: "));
	assert_int_equal(n_keys(w), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(by_default),
	    T(as_configured),
	    T(key_is_there),
	    T(rolled_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
