#include <sys/stat.h>

#include "tests/unit/ca/engine/admit_change.h"

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
make_dirs(struct world *w, char dir[128], const char *name)
{
	char sub[160];

	snprintf(dir, 128, "%s/%s", w->dir, name);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(sub, sizeof(sub), "%s/fleets", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	snprintf(sub, sizeof(sub), "%s/profiles", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
}

static void
a_folder_is_a_proposal(void **state)
{
	struct world *w = *state;
	struct policy_file *files = NULL;
	char dir[128], *pem, *fleet;
	struct policy *p;
	size_t n = 0;

	make_dirs(w, dir, "good");
	pem = make_pem(w->maker);
	fleet = fleet_text("a", "");
	write_file(dir, "fleets/maker.pem", pem);
	write_file(dir, "fleets/a.conf", fleet);
	write_file(dir, "fleets/.a.conf.swp", "x");
	write_file(dir, "fleets/a.conf~", "x");
	write_file(dir, "fleets/README", "x");
	write_file(dir, "profiles/device-ldevid.conf", LDEVID_CONF);
	assert_int_equal(policy_load_dir(dir, &files, &n), 1);
	assert_int_equal(n, 3);
	assert_string_equal(files[0].path, "fleets/a.conf");
	assert_string_equal(files[1].path, "fleets/maker.pem");
	assert_string_equal(files[2].path, "profiles/device-ldevid.conf");
	assert_string_equal(files[2].text, LDEVID_CONF);
	assert_int_equal(files[2].len, strlen(LDEVID_CONF));
	policy_files_free(files, n);
	write_file(dir, "operators.conf", "operators = ( { name = \"a\"; "
	    "uid = 7; roles = [ \"admin\" ]; } );");
	assert_int_equal(policy_load_dir(dir, &files, &n), 1);
	assert_int_equal(n, 4);
	assert_string_equal(files[2].path, "operators.conf");
	policy_files_free(files, n);
	policy_files_free(NULL, 0);
	p = policy_read_dir(dir);
	assert_non_null(p);
	assert_non_null(policy_label(p, "a"));
	assert_int_equal(p->operators->item[0].uid, 7);
	policy_put(p);
	OPENSSL_free(pem);
	free(fleet);
}

static void
refused(const char *dir)
{
	struct policy_file *files = NULL;
	size_t n = 0;

	assert_int_equal(policy_load_dir(dir, &files, &n), 0);
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error()), PROFILE_E_CONFIG);
	ERR_clear_error();
	assert_null(policy_read_dir(dir));
	ERR_clear_error();
}

static void
what_cannot_be_read(void **state)
{
	struct world *w = *state;
	char dir[128], path[256], name[200];
	size_t i;
	FILE *f;

	snprintf(dir, sizeof(dir), "%s/absent", w->dir);
	refused(dir);
	make_dirs(w, dir, "odd");
	snprintf(path, sizeof(path), "%s/fleets/d.conf", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(dir);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(dir); /* and does not wait for a writer */
	assert_int_equal(unlink(path), 0);
	f = fopen(path, "w");
	for (i = 0; i < 1024 * 1024 / 16 + 1; i++)
		fputs("# 0123456789abc\n", f);
	fclose(f);
	refused(dir);
	assert_int_equal(unlink(path), 0);
	memset(name, 'n', sizeof(name));
	snprintf(name + 140, sizeof(name) - 140, ".conf");
	snprintf(path, sizeof(path), "fleets/%s", name);
	write_file(dir, path, "x");
	refused(dir);
}

/* The files that the quickstart activates, with a maker of our own. */
static void
the_demo(void **state)
{
	struct world *w = *state;
	const struct fleet *f;
	char dir[128], cmd[512], *pem;
	struct policy *p;

	make_dirs(w, dir, "demo");
	snprintf(cmd, sizeof(cmd),
	    "cp scripts/demo/fleets/*.conf %s/fleets/ "
	    "&& cp profiles/shipped/*.conf %s/profiles/",
	    dir, dir);
	assert_int_equal(system(cmd), 0);
	pem = make_pem(w->maker);
	write_file(dir, "fleets/maker.pem", pem);
	OPENSSL_free(pem);
	p = policy_read_dir(dir);
	if (p == NULL)
		ERR_print_errors_fp(stderr);
	assert_non_null(p);
	assert_int_equal(p->n_fleets, 4);
	f = policy_label(p, NULL);
	assert_ptr_equal(f, policy_label(p, "devices"));
	assert_string_equal(f->profile, "device-ldevid");
	assert_int_equal(f->re_enrol, FLEET_RE_ALLOW);
	assert_int_equal(f->window, FLEET_WINDOW_WHOLE);
	assert_true(f->basic && f->own && f->n_makers == 1 && f->san_optional &&
	    fleet_names_match(f, "any name"));
	f = policy_label(p, "windowed");
	assert_int_equal(f->window, FLEET_WINDOW_LAST_THIRD);
	f = policy_label(p, "strict");
	assert_int_equal(f->re_enrol, FLEET_RE_REFUSE);
	assert_int_equal(f->pop_link, FLEET_POP_IF_PRESENT);
	f = policy_label(p, "attestation");
	assert_string_equal(f->profile, "attestation-key");
	assert_int_equal(f->attest, FLEET_ATTEST_PINNED_KEY);
	assert_int_equal(f->registration, FLEET_PRE_REGISTERED);
	policy_put(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(a_folder_is_a_proposal),
	    world_test(what_cannot_be_read), world_test(the_demo)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
