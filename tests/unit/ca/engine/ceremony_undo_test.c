#include "ca/engine/ceremony_run.h"
#include "tests/unit/ca/engine/world.h"

/* What stands in a ceremony's way, and what is removed; see ceremony_crash_test
   for ceremonies that were killed. */

struct undo {
	struct world w;
	struct ceremony_file *f;
	struct ceremony r;
	struct ceremony_how how;
};

static int
prepare(void **state)
{
	struct undo *u = calloc(1, sizeof(*u));

	assert_non_null(u);
	world_prepare(&u->w);
	u->f = ceremony_read(u->w.ceremony);
	assert_non_null(u->f);
	u->r.f = u->f;
	u->r.s = u->w.settings;
	u->r.now = u->w.now;
	u->r.act = world_quiet;
	u->r.how = &u->how;
	snprintf(u->r.tmp, sizeof(u->r.tmp), "%s/store.db.ceremony", u->w.dir);
	*state = u;
	return 0;
}

static int
tear_down(void **state)
{
	struct undo *u = *state;

	OPENSSL_free(u->f);
	world_down(&u->w);
	free(u);
	return 0;
}

static int
may_run(struct undo *u, int discard)
{
	u->how.discard = discard;
	return ceremony_may_run(&u->r);
}

static void
in_the_way(struct undo *u, const char *name)
{
	world_write(&u->w, name, "");
	assert_false(ceremony_is_clean(&u->r));
	assert_int_equal(report_last_reason(), CA_E_CONFIG);
	ERR_clear_error();
	assert_false(may_run(u, 1));
	ERR_clear_error();
	world_sh("rm %s/%s", u->w.dir, name);
	assert_true(ceremony_is_clean(&u->r));
}

static void
nothing_is_overwritten(void **state)
{
	struct undo *u = *state;

	assert_true(ceremony_is_clean(&u->r));
	assert_true(may_run(u, 0));
	world_sh("mkdir -p %s/pub/ca %s/pub/crl", u->w.dir, u->w.dir);
	in_the_way(u, "store.db");
	in_the_way(u, "store.db-wal");
	in_the_way(u, "pub/ca/root-g1.cer");
	in_the_way(u, "pub/ca/code-g1.cer");
}

/* What no ceremony made is not discarded. */
static void
not_a_ceremonys(void **state)
{
	struct undo *u = *state;

	world_write(&u->w, "store.db.ceremony", "somebody's file");
	assert_false(may_run(u, 0));
	world_raised(CA_E_CONFIG, "--discard");
	assert_false(may_run(u, 1));
	assert_int_equal(report_last_reason(), CA_E_CONFIG);
	ERR_clear_error();
	assert_int_equal(access(u->r.tmp, F_OK), 0);
}

/* A store that is in use belongs to a ceremony that runs. */
static void
not_while_it_runs(void **state)
{
	struct undo *u = *state;
	struct store_config cfg = {
	    .path = u->r.tmp, .mode = STORE_CREATE, .now = u->w.now};
	struct store *store = store_open(&cfg);

	assert_non_null(store);
	assert_false(may_run(u, 1));
	assert_int_equal(report_last_reason(), CA_E_CONFIG);
	ERR_clear_error();
	assert_int_equal(access(u->r.tmp, F_OK), 0);
	store_close(store);
	assert_true(may_run(u, 1));
	assert_int_equal(access(u->r.tmp, F_OK), -1);
}

static int
count_key(const struct hsm_key_info *info, void *arg)
{
	(void)info;
	++*(int *)arg;
	return 1;
}

/* Keys that are claimed and made go; one that was there before stays. */
static void
own_keys_only(void **state)
{
	struct undo *u = *state;
	struct store_config cfg = {
	    .path = u->r.tmp, .mode = STORE_CREATE, .now = u->w.now};
	EVP_PKEY *key;
	int n = 0;

	u->r.store = store_open(&cfg);
	assert_non_null(u->r.store);
	assert_true(ceremony_open_hsm(&u->r, &u->w.settings->token));
	key = hsm_key_generate(u->r.hsm, HSM_KEY_EC_P256, "foreign");
	assert_non_null(key);
	EVP_PKEY_free(key);
	assert_true(ceremony_claim(&u->r, CEREMONY_ISSUERS, u->f->issuers, 2,
	    ""));
	key =
	    hsm_key_generate(u->r.hsm, HSM_KEY_EC_P256, u->f->issuers[0].label);
	assert_non_null(key);
	EVP_PKEY_free(key);
	/* Claimed already by somebody. */
	assert_false(ceremony_claim(&u->r, CEREMONY_ISSUERS, u->f->issuers, 2,
	    ""));
	world_raised(CA_E_CONFIG, "already");
	ceremony_close_hsm(&u->r);
	store_close(u->r.store);
	u->r.store = NULL;
	assert_true(may_run(u, 1));
	assert_true(ceremony_open_hsm(&u->r, &u->w.settings->token));
	assert_true(hsm_key_list(u->r.hsm, count_key, &n));
	assert_int_equal(n, 1);
	key = hsm_key_find(u->r.hsm, "pkcs11:object=foreign");
	assert_non_null(key);
	EVP_PKEY_free(key);
	ceremony_close_hsm(&u->r);
}

static int
complete_tx(struct store_tx *tx, void *arg)
{
	return store_meta_set(tx, CEREMONY_DONE, arg);
}

/* What is complete only wants its name. */
static void
not_what_is_complete(void **state)
{
	struct undo *u = *state;
	struct store_config cfg = {
	    .path = u->r.tmp, .mode = STORE_CREATE, .now = u->w.now};
	char init[] = "init";

	u->r.store = store_open(&cfg);
	assert_non_null(u->r.store);
	assert_true(store_write(u->r.store, complete_tx, init, 0));
	store_close(u->r.store);
	u->r.store = NULL;
	assert_false(may_run(u, 1));
	world_raised(CA_E_DENIED, "ceremony.complete: ");
	assert_int_equal(access(u->r.tmp, F_OK), 0);
}

static void
all_files_of_a_store(void **state)
{
	struct undo *u = *state;

	world_sh("cd %s && touch x x-wal x-shm x-journal x.lock xy", u->w.dir);
	snprintf(u->r.tmp, sizeof(u->r.tmp), "%s/x", u->w.dir);
	ceremony_remove_store(u->r.tmp);
	world_sh("cd %s && test $(ls -d x* | wc -l) = 1 && rm xy", u->w.dir);
}

#define T(f) cmocka_unit_test_setup_teardown(f, prepare, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(nothing_is_overwritten),
	    T(not_a_ceremonys),
	    T(not_while_it_runs),
	    T(own_keys_only),
	    T(not_what_is_complete),
	    T(all_files_of_a_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
