#include <sys/stat.h>
#include "ca/transcript/transcript.h"
#include "tests/unit/ca/engine/world.h"

/* A first ceremony from end to end; each test has tokens of its own. */

static int
prepare(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_prepare(w);
	*state = w;
	return 0;
}

static int
exists(const struct world *w, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	return access(path, F_OK) == 0;
}

static int
count_key(const struct hsm_key_info *info, void *arg)
{
	assert_true(info->sensitive && info->always_sensitive);
	assert_true(!info->extractable && info->never_extractable);
	assert_true(info->local);
	++*(int *)arg;
	return 1;
}

static int
keys_in(const struct settings_token *t)
{
	struct hsm_config cfg;
	struct hsm *hsm;
	int n = 0;

	settings_hsm(t, &cfg);
	hsm = hsm_open(&cfg);
	assert_non_null(hsm);
	assert_true(hsm_key_list(hsm, count_key, &n));
	hsm_close(hsm);
	return n;
}

/* Keys of the issuing token, with the log's, and of the root's. */
static void
keys_are(struct world *w, int issuing, int root)
{
	struct ceremony_file *f = ceremony_read(w->ceremony);

	assert_non_null(f);
	assert_int_equal(keys_in(&w->settings->token), issuing);
	assert_int_equal(keys_in(&f->root_token), root);
	OPENSSL_free(f);
}

static void
done_once(void **state)
{
	struct world *w = *state;
	struct stat st;
	char path[512];

	assert_true(world_ceremony(w));
	keys_are(w, 4, 1);
	assert_true(exists(w, "store.db"));
	assert_false(exists(w, "store.db.ceremony"));
	assert_true(exists(w, "root.pem"));
	assert_true(exists(w, "devices.pem"));
	assert_true(exists(w, "service.pem"));
	assert_true(exists(w, "pub/ca/root-g1.cer"));
	assert_true(exists(w, "pub/ca/code-g1.cer"));
	assert_true(exists(w, "pub/crl/root-g1.crl"));
	assert_true(exists(w, "pub/crl/attestation-g1.crl"));
	snprintf(path, sizeof(path), "%s/store.db", w->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
	snprintf(path, sizeof(path), "%s/pub/ca/root-g1.cer", w->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* And never again over what is there. */
	assert_false(world_ceremony(w));
	world_raised(CA_E_CONFIG, "exists already");
	keys_are(w, 4, 1);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
}

/* The daily program's token has no key of the root's, and its configuration
   does not know the root's token. */
static void
root_is_elsewhere(void **state)
{
	struct world *w = *state;
	struct hsm_config cfg;
	struct hsm *hsm;
	char cmd[512];

	assert_true(world_ceremony(w));
	settings_hsm(&w->settings->token, &cfg);
	hsm = hsm_open(&cfg);
	assert_non_null(hsm);
	assert_null(hsm_key_find(hsm, "pkcs11:object=inkan-root-g1"));
	ERR_clear_error();
	cfg.uri = "pkcs11:token=inkan-root";
	assert_null(hsm_open(&cfg));
	ERR_clear_error();
	hsm_close(hsm);
	snprintf(cmd, sizeof(cmd), "! grep -q root %s", w->conf);
	assert_int_equal(system(cmd), 0);
}

static size_t n_lines, n_records;
static char last_act[32];

static void
listen_to(const char *line)
{
	assert_null(strstr(line, "1234")); /* the PIN */
	n_lines++;
}

static int
take_record(const struct transcript_record *rec, void *arg)
{
	size_t i, *certs = arg;

	assert_int_equal(rec->n, ++n_records);
	*certs += strcmp(rec->act, "certificate") == 0;
	for (i = 0; i < rec->n_fields; i++)
		assert_string_not_equal(rec->field[i].value, "1234");
	snprintf(last_act, sizeof(last_act), "%s", rec->act);
	return 1;
}

static void
told_and_written(void **state)
{
	struct world *w = *state;
	struct transcript_text t;
	struct ceremony_file *f;
	char path[512], *text;
	size_t len, certs = 0;

	world_sh("sed -i '1i transcript = \"transcript\";' %s", w->ceremony);
	f = ceremony_read(w->ceremony);
	assert_non_null(f);
	assert_true(ceremony_run(f, w->settings,
	    &(struct ceremony_how){.discard = 0}, w->now, listen_to));
	assert_true(n_lines > 8);
	snprintf(path, sizeof(path), "%s/transcript", w->dir);
	text = transcript_slurp(path, TRANSCRIPT_MAX, &len);
	assert_non_null(text);
	assert_true(transcript_scan(text, len, &t, take_record, &certs));
	assert_int_equal(t.n, n_records);
	assert_false(t.dry);
	assert_true(certs >= f->n_issuers + f->n_services + 1);
	assert_string_equal(last_act, TRANSCRIPT_END);
	OPENSSL_free(text);
	OPENSSL_free(f);
}

/* It fails at its last act: nothing is left, and it can be run again. */
static void
rolled_back(void **state)
{
	struct world *w = *state;

	world_sh("mv %s/service.csr %s/away", w->dir, w->dir);
	assert_false(world_ceremony(w));
	world_raised(CA_E_CONFIG, "service.csr");
	keys_are(w, 0, 0);
	assert_false(exists(w, "store.db"));
	assert_false(exists(w, "store.db.ceremony"));
	assert_false(exists(w, "root.pem"));
	assert_false(exists(w, "devices.pem"));
	assert_false(exists(w, "pub/ca/root-g1.cer"));
	assert_false(exists(w, "pub/crl/devices-g1.crl"));
	assert_false(exists(w, "pub/ocsp/root-g1"));
	world_sh("mv %s/away %s/service.csr", w->dir, w->dir);
	assert_true(world_ceremony(w));
	keys_are(w, 4, 1);
}

static void
without_what_it_needs(void **state)
{
	struct world *w = *state;

	/* No policy. */
	world_sh("mv %s/profiles %s/away", w->dir, w->dir);
	assert_false(world_ceremony(w));
	ERR_clear_error();
	world_sh("mv %s/away %s/profiles", w->dir, w->dir);
	/* No root token: what the issuing one made is gone again. */
	world_sh(
	    "mv %s/t-root %s/away && mkdir %s/t-root", w->dir, w->dir, w->dir);
	assert_false(world_ceremony(w));
	ERR_clear_error();
	world_sh(
	    "rmdir %s/t-root && mv %s/away %s/t-root", w->dir, w->dir, w->dir);
	keys_are(w, 0, 0);
	/* No profile of the name that the file has. */
	world_sh("mv %s/profiles/issuing-ca.conf %s/", w->dir, w->dir);
	assert_false(world_ceremony(w));
	world_raised(CA_E_CONFIG, "no profile");
	keys_are(w, 0, 0);
	world_sh("mv %s/issuing-ca.conf %s/profiles/", w->dir, w->dir);
	assert_true(world_ceremony(w));
}

/* --discard where there is nothing to discard is an ordinary ceremony. */
static void
discarding_nothing(void **state)
{
	struct world *w = *state;
	struct ceremony_file *f = ceremony_read(w->ceremony);

	assert_non_null(f);
	assert_true(ceremony_run(f, w->settings,
	    &(struct ceremony_how){.discard = 1}, w->now, world_quiet));
	keys_are(w, 4, 1);
	assert_false(ceremony_run(f, w->settings,
	    &(struct ceremony_how){.discard = 1}, w->now, world_quiet));
	world_raised(CA_E_CONFIG, "exists already");
	keys_are(w, 4, 1);
	OPENSSL_free(f);
}

#define T(f) cmocka_unit_test_setup_teardown(f, prepare, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(done_once),
	    T(root_is_elsewhere),
	    T(told_and_written),
	    T(rolled_back),
	    T(without_what_it_needs),
	    T(discarding_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
