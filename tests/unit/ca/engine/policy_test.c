#include "tests/unit/ca/engine/admit_change.h"

static char *texts[4];

static void
fill(struct world *w, struct policy_file files[5])
{
	texts[0] = fleet_text("a", "default = true;\n");
	texts[1] = fleet_text("b", "");
	texts[2] = make_pem(w->maker);
	put_file(&files[0], "fleets/a.conf", texts[0]);
	put_file(&files[1], "fleets/b.conf", texts[1]);
	put_file(&files[2], "fleets/maker.pem", texts[2]);
	put_file(&files[3], "profiles/device-ldevid.conf", LDEVID_CONF);
	put_file(&files[4], "profiles/server.conf", SERVER_CONF);
}

static void
drop(void)
{
	free(texts[0]);
	free(texts[1]);
	OPENSSL_free(texts[2]);
	ERR_clear_error();
}

static void
refused(const struct policy_file *files, size_t n, const char *part)
{
	struct policy *p = policy_compile(files, n);
	const char *data = "";
	int flags = 0;

	if (p != NULL) {
		policy_put(p);
		fail_msg("accepted, wanted: %s", part);
	}
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error_data(&data, &flags)),
	    PROFILE_E_CONFIG);
	if (strstr(data, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", data, part);
	ERR_clear_error();
}

static void
look_ups(void **state)
{
	struct world *w = *state;
	struct policy_file files[5];
	unsigned char md[32];
	struct policy *p;

	fill(w, files);
	p = policy_compile(files, 5);
	assert_non_null(p);
	assert_int_equal(p->row.version, 0);
	assert_int_equal(policies_hash(files, 5, md), 1);
	assert_memory_equal(p->row.sha256, md, 32);
	assert_int_equal(p->n_profiles, 2);
	assert_int_equal(p->n_fleets, 2);
	assert_int_equal(p->n_files, 5);
	assert_string_equal(policy_label(p, NULL)->name, "a");
	assert_string_equal(policy_label(p, "")->name, "a");
	assert_string_equal(policy_label(p, "b")->name, "b");
	assert_null(policy_label(p, "c"));
	assert_null(policy_fleet(p, "c"));
	assert_null(policy_profile(p, "c"));
	assert_ptr_equal(policy_ref(p), p);
	policy_put(p);
	assert_string_equal(policy_fleet(p, "b")->label, "b");
	policy_put(p);
	policy_put(NULL);
	assert_null(policy_ref(NULL));
	drop();
}

static void
contradictions(void **state)
{
	struct world *w = *state;
	struct policy_file files[5];
	char *two, *same;

	fill(w, files);
	two = fleet_text("b", "default = true;\n");
	put_file(&files[1], "fleets/b.conf", two);
	refused(files, 5, "the default already");
	same = calloc(1, 4096);
	snprintf(same, 4096, "name = \"b\"; label = \"a\";%s",
	    strchr(texts[1], '\n'));
	put_file(&files[1], "fleets/b.conf", same);
	refused(files, 5, "has the label \"a\" already");
	put_file(&files[1], "fleets/b.conf", texts[1]);
	put_file(&files[4], "profiles/second.conf", LDEVID_CONF);
	refused(files, 5, "already");
	put_file(&files[4], "profiles/server.conf", "name = 1;");
	refused(files, 5, "profiles/server.conf");
	free(two);
	free(same);
	drop();
}

static void
foreign_files(void **state)
{
	static const char *const paths[] = {"ca.conf", "fleets/x/y.conf",
	    "profiles/x.pem", "fleets/.conf", "keys/a.pem"};
	struct world *w = *state;
	struct policy_file files[5];
	size_t i;

	fill(w, files);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		put_file(&files[4], paths[i], "x");
		refused(files, 5, "is no file of a policy");
	}
	put_file(&files[4], "fleets/key.pem",
	    "-----BEGIN EC PRIVATE KEY-----\nMA==\n");
	refused(files, 5, "private key");
	files[4].len = 2 * 1024 * 1024;
	refused(files, 5, "larger than 1 MiB");
	drop();
}

static void
without_fleets(void **state)
{
	struct policy_file file;
	struct policy *p;

	(void)state;
	put_file(&file, "profiles/device-ldevid.conf", LDEVID_CONF);
	p = policy_compile(&file, 1);
	assert_non_null(p);
	assert_null(policy_label(p, NULL));
	policy_put(p);
}

struct adding {
	struct policy_row row;
	struct policy_file *files;
};

static int
add_tx(struct store_tx *tx, void *arg)
{
	struct adding *a = arg;

	return policies_add(tx, &a->row, a->files, 5);
}

static void
active_version(void **state)
{
	struct world *w = *state;
	struct policy_file files[5];
	struct adding a = {.files = files};
	struct policy *p;

	assert_null(policy_read_store(w->store));
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), CA_E_NOTFOUND);
	ERR_clear_error();
	fill(w, files);
	strcpy(a.row.author, "me");
	a.row.time = NOW;
	assert_int_equal(store_write(w->store, add_tx, &a, 0), 1);
	p = policy_read_store(w->store);
	assert_non_null(p);
	assert_int_equal(p->row.version, 1);
	assert_string_equal(p->row.author, "me");
	assert_string_equal(policy_label(p, NULL)->name, "a");
	policy_put(p);
	drop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(look_ups),
	    world_test(contradictions), world_test(foreign_files),
	    world_test(without_fleets), world_test(active_version)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
