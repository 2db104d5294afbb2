#include "tests/unit/ca/store/temp.h"
#include "ca/engine/attest_nonce.h"
#include "ca/engine/verifier.h"

/* Nonces of the plain kind; those of an activation are tried with a TPM that runs
   (tests/integration/attest_tpm.sh). */

static struct fleet_evidence policy = {
    .nonce_lifetime = 60, .max_outstanding = 3, .max_per_key = 1};
static struct fleet fleet = {.name = "f", .evidence = &policy};
static struct fleet other = {.name = "g", .evidence = &policy};
static const struct verifier nobody = {"", 1, "1.2.3", NULL};

static struct admit_env
env_of(const struct temp *t, time_t now)
{
	struct admit_env env = {
	    .store = t->store, .now = now, .verifier = &nobody};

	return env;
}

static void
give(const struct temp *t, const unsigned char *client, int64_t len,
    struct nonce_given *out)
{
	struct nonce_ask ask = {.fleet = &fleet, .client = client, .len = len};
	struct admit_env env = env_of(t, NOW);
	struct outcome o;

	outcome_init(&o);
	assert_true(attest_nonce_give(&env, &ask, out, &o));
}

static int
take(const struct temp *t, const struct fleet *f, const char *token,
    const unsigned char *client, unsigned char request, time_t now,
    const struct nonce_given *wanted)
{
	unsigned char md[32], expected[NONCE_LEN_MAX];
	struct admit_env env = env_of(t, now);
	struct nonce_row row;
	size_t len = 0;
	int ok;

	memset(md, request, sizeof(md));
	ok = attest_nonce_take(
	    &env, f, token, client, md, &row, expected, &len);
	if (ok) {
		assert_int_equal(len, wanted->nonce_len);
		assert_memory_equal(expected, wanted->nonce, len);
		nonce_row_clear(&row);
	}
	return ok;
}

static void
is_used_once(void **state)
{
	struct temp *t = *state;
	struct nonce_given g;

	give(t, NULL, 0, &g);
	assert_int_equal(g.nonce_len, 32);
	assert_int_equal(g.lifetime, 60);
	assert_true(take(t, &fleet, g.token, NULL, 1, NOW + 1, &g));
	/* The same request again, also when its time is over by now. */
	assert_true(take(t, &fleet, g.token, NULL, 1, NOW + 100, &g));
	assert_false(take(t, &fleet, g.token, NULL, 2, NOW + 2, &g));
	assert_raised(CA_E_DENIED, "attest.nonce-used");
}

static void
is_of_one_session(void **state)
{
	unsigned char me[32] = {1}, you[32] = {2};
	struct temp *t = *state;
	struct nonce_given g;
	char wrong[ATTEST_TOKEN_TEXT + 1];

	give(t, me, 48, &g);
	assert_int_equal(g.nonce_len, 48);
	assert_false(take(t, &fleet, NULL, me, 1, NOW, &g));
	assert_raised(CA_E_DENIED, "attest.session");
	assert_false(take(t, &fleet, "abc", me, 1, NOW, &g));
	assert_raised(CA_E_DENIED, "attest.session");
	strcpy(wrong, g.token);
	wrong[0] = wrong[0] == '0' ? '1' : '0';
	assert_false(take(t, &fleet, wrong, me, 1, NOW, &g));
	assert_raised(CA_E_DENIED, "attest.nonce-unknown");
	assert_false(take(t, &fleet, g.token, you, 1, NOW, &g));
	assert_raised(CA_E_DENIED, "attest.nonce-client");
	assert_false(take(t, &fleet, g.token, NULL, 1, NOW, &g));
	assert_raised(CA_E_DENIED, "attest.nonce-client");
	assert_false(take(t, &other, g.token, me, 1, NOW, &g));
	assert_raised(CA_E_DENIED, "attest.nonce-fleet");
	assert_true(take(t, &fleet, g.token, me, 1, NOW, &g));
}

/* Too late, and it is no better afterwards. */
static void
expires(void **state)
{
	struct temp *t = *state;
	struct nonce_given g;

	give(t, NULL, 1, &g);
	assert_int_equal(g.nonce_len, ATTEST_NONCE_LEAST);
	assert_false(take(t, &fleet, g.token, NULL, 1, NOW + 60, &g));
	assert_raised(CA_E_DENIED, "attest.nonce-expired");
	assert_false(take(t, &fleet, g.token, NULL, 2, NOW + 1, &g));
	assert_raised(CA_E_DENIED, "attest.nonce-used");
}

static int
look(struct store_tx *tx, void *arg)
{
	struct nonce_given *g = arg;
	int64_t n = 9;

	assert_int_equal(sql_number(tx, &n,
	    "SELECT count(*) FROM nonces WHERE hash = ? OR sealed = ?", "bb",
	    g->nonce, g->nonce_len, g->nonce, g->nonce_len), 1);
	assert_int_equal(n, 0);
	return 1;
}

/* Neither of them stands in the store. */
static void
is_not_kept(void **state)
{
	struct temp *t = *state;
	struct nonce_given g;

	give(t, NULL, 0, &g);
	assert_true(store_read(t->store, look, &g));
}

static int
count_open(struct store_tx *tx, void *arg)
{
	return nonces_count_open(tx, "f", NOW, arg);
}

/* The oldest makes room; nobody is turned away. */
static void
is_bounded(void **state)
{
	struct temp *t = *state;
	struct nonce_given g[4];
	int64_t n = 0;
	int i;

	for (i = 0; i < 4; i++)
		give(t, NULL, 0, &g[i]);
	assert_true(store_read(t->store, count_open, &n));
	assert_int_equal(n, 3);
	assert_false(take(t, &fleet, g[0].token, NULL, 1, NOW, &g[0]));
	assert_raised(CA_E_DENIED, "attest.nonce-unknown");
	for (i = 1; i < 4; i++)
		assert_true(take(t, &fleet, g[i].token, NULL, 1, NOW, &g[i]));
}

static void
refuse(const struct temp *t, const char *type, enum wire_status status,
    const char *rule)
{
	struct nonce_ask ask = {.fleet = &fleet, .type = type,
	    .ak_public = {(const unsigned char *)"x", 1}};
	struct admit_env env = env_of(t, NOW);
	struct nonce_given g;
	struct outcome o;

	outcome_init(&o);
	assert_false(attest_nonce_give(&env, &ask, &g, &o));
	assert_int_equal(o.status, status);
	assert_string_equal(o.rule, rule);
	ERR_clear_error();
}

static void
needs_to_know_the_type(void **state)
{
	struct temp *t = *state;

	refuse(t, "1.2.3.2", WIRE_BADREQUEST, "attest.request-type");
	refuse(t, "1.2.3.1", WIRE_DENIED, "attest.activation");
	policy.activation = 1;
	refuse(t, "1.2.3.1", WIRE_UNAVAILABLE, "attest.unavailable");
	policy.activation = 0;
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {EACH(is_used_once),
	    EACH(is_of_one_session), EACH(expires), EACH(is_not_kept),
	    EACH(is_bounded), EACH(needs_to_know_the_type)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
