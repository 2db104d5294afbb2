#include "tests/unit/ca/engine/admit_change.h"

static void
labels(void **state)
{
	struct world *w = *state;

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w);
	assert_string_equal(w->a->fleet->name, "f");
	assert_ptr_equal(w->a->profile, w->a->fleet->compiled);
	assert_string_equal(w->a->requester, "ra:uid:1");
	w->req.label = NULL;
	expect_ok(w);
	assert_string_equal(w->a->fleet->name, "g");
	w->req.label = "";
	expect_ok(w);
	assert_string_equal(w->a->fleet->name, "g");
	w->req.label = "nowhere";
	expect_refused(w, WIRE_NOTFOUND, "authorize", "label");
	admit_free(NULL);
}

static void
every_stage_is_traced(void **state)
{
	struct world *w = *state;

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, "x");
	expect_ok(w);
	assert_string_equal(w->trace,
	    "authenticate/pass//\n"
	    "possess/pass/deviation/\npossess/pass//\nauthorize/pass//\n"
	    "attest/pass//\napprove/pass//\n");
	use_csr(w, w->key[3], "CN=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "key.idevid-reuse");
	assert_string_equal(w->trace,
	    "authenticate/pass//\npossess/pass//\n"
	    "authorize/refuse/key.idevid-reuse/csr.key\nattest/skip//\n"
	    "approve/skip//\n");
}

/* A request keeps the policy that it began with. */
static void
policy_is_held(void **state)
{
	struct world *w = *state;

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w);
	world_rules(w, "re_enrol = \"refuse\";");
	assert_int_equal(w->a->fleet->re_enrol, FLEET_RE_ALLOW);
	assert_int_equal(w->a->policy->row.version, 1);
}

static void
fields_have_a_limit(void **state)
{
	struct world *w = *state;
	struct admission *a = stage_admission(&w->env, NULL);
	char name[32];
	int i;

	for (i = 0; i < ADMIT_FIELDS_MAX; i++) {
		snprintf(name, sizeof(name), "request.f%d", i);
		assert_int_equal(stage_field(a, name, "v"), 1);
	}
	assert_int_equal(stage_field(a, "request.more", "v"), 0);
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error()), CA_E_BADREQUEST);
	assert_string_equal(a->requester, "");
	ERR_clear_error();
	admit_free(a);
}

static void
names_and_times(void **state)
{
	char when[STAGE_TIME_MAX], wide[257];
	size_t i;

	(void)state;
	stage_time(0, when);
	assert_string_equal(when, "1970-01-01T00:00:00Z");
	stage_time(253402300799, when);
	assert_string_equal(when, "9999-12-31T23:59:59Z");
	assert_true(stage_name_ok("a b"));
	assert_false(stage_name_ok(""));
	assert_false(stage_name_ok("a\x7f"));
	assert_false(stage_name_ok("01234567890123456789012345678901234567"
				   "89012345678901234567890123-"));
	/* 64 characters of four octets do not fit a name of the registry. */
	for (i = 0; i < 64; i++)
		memcpy(wide + 4 * i, "\xf0\x9f\x98\x80", 4);
	wide[256] = '\0';
	assert_false(stage_name_ok(wide));
	assert_true(stage_name_ok(wide + 4));
}

/* What is admitted is what the profile needs to build. */
static void
builds(struct world *w, const char *subject, const char *san)
{
	static const unsigned char serial[BUILD_SERIAL_LEN] = {0x40};
	static const unsigned char id[20] = {1};
	unsigned char *name = NULL, *alg = NULL, *tbs = NULL;
	struct build_issuer issuer = {.key_id = id,
	    .key_id_len = sizeof(id),
	    .not_after = BUILD_NO_END,
	    .path_len = -1};
	struct build_request req = {.profile = w->a->profile,
	    .issuer = &issuer,
	    .csr = w->a->csr,
	    .fields = w->a->fields,
	    .n_fields = w->a->n_fields,
	    .serial = serial,
	    .now = NOW,
	    .subject = w->a->subject,
	    .subject_len = w->a->subject_len,
	    .san = w->a->san,
	    .san_len = w->a->san_len};
	X509_NAME *want = make_name(subject);
	unsigned char *der = NULL;
	size_t len;
	int n;

	n = i2d_X509_NAME(X509_get_subject_name(w->ours), &name);
	issuer.name = name;
	issuer.name_len = (size_t)n;
	assert_int_equal(
	    build_sigalg(w->our_key, 0, &alg, &issuer.sigalg_len), 1);
	issuer.sigalg = alg;
	if (!build_tbs(&req, &tbs, &len, NULL)) {
		ERR_print_errors_fp(stderr);
		fail();
	}
	n = i2d_X509_NAME(want, &der);
	assert_non_null(memmem(tbs, len, der, (size_t)n));
	if (san != NULL)
		assert_non_null(memmem(tbs, len, san, strlen(san)));
	X509_NAME_free(want);
	OPENSSL_free(name);
	OPENSSL_free(alg);
	OPENSSL_free(tbs);
	OPENSSL_free(der);
}

static void
admitted_can_be_built(void **state)
{
	struct world *w = *state;
	char secret[64];

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=x/O=y", "DNS:d.example", NULL);
	expect_ok(w);
	builds(w, "serialNumber=d", "d.example");
	add_secret(w, "u", "f", "", 1, secret);
	use_basic(w, "u", secret);
	use_csr(w, w->key[0], "CN=x/O=y", "DNS:x.example", NULL);
	expect_ok(w);
	builds(w, "CN=x", "x.example");
	enrolled(w, "r", w->key[1], "DNS:old.example");
	use_csr(w, w->key[2], "serialNumber=r", "DNS:old.example", NULL);
	expect_ok(w);
	builds(w, "serialNumber=r", "old.example");
}

/* explain changes nothing: no device, no secret used, no failure counted. */
static void
admission_writes_nothing(void **state)
{
	struct world *w = *state;
	struct store_stats before, after;
	char secret[64];

	add_secret(w, "u", "f", "", 0, secret);
	store_stats(w->store, &before);
	w->env.explain = 1;
	use_basic(w, "u", NULL);
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w);
	store_stats(w->store, &after);
	assert_int_equal(before.writes, after.writes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(labels),
	    world_test(every_stage_is_traced), world_test(policy_is_held),
	    world_test(fields_have_a_limit), world_test(names_and_times),
	    world_test(admitted_can_be_built),
	    world_test(admission_writes_nothing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
