#include "tests/unit/ca/engine/admit_change.h"
#include "ca/engine/fleet_attest.h"

static struct policy *
compile(const struct world *w, const char *rules)
{
	char *maker = make_pem(w->maker), *ek = make_pem(w->ours);
	char *f = fleet_text("f", rules);
	struct policy_file files[6];
	struct policy *p;

	put_file(&files[0], "fleets/ek.pem", ek);
	put_file(&files[1], "fleets/f.conf", f);
	put_file(&files[2], "fleets/maker.pem", maker);
	put_file(&files[3], "fleets/tpm.attest", "");
	put_file(&files[4], "profiles/ak.conf", AK_CONF);
	put_file(&files[5], "profiles/device-ldevid.conf", LDEVID_CONF);
	p = policy_compile(files, 6);
	if (p == NULL)
		ERR_print_errors_fp(stderr);
	assert_non_null(p);
	OPENSSL_free(maker);
	OPENSSL_free(ek);
	free(f);
	return p;
}

static void
dumps(struct world *w, const char *rules, const char *want)
{
	struct policy *p = compile(w, rules);
	BIO *b = BIO_new(BIO_s_mem());
	char *data;
	long n;

	fleet_attest_dump(b, policy_fleet(p, "f")->evidence);
	n = BIO_get_mem_data(b, &data);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(data, want, strlen(want));
	BIO_free(b);
	policy_put(p);
}

#define DRAFTS                                                                 \
	"attest.draft = csr-attestation-2026-06-16\n"                          \
	"attest.draft = attestation-freshness-2026-07-21\n"

static void
all_of_it(void **state)
{
	dumps(*state,
	    "attest: { formats = [ \"tpm\", \"eat\" ]; activation = true;\n"
	    "anchors = ( { format = \"tpm-ek\"; anchors = \"ek.pem\"; } );\n"
	    "own_keys = [ \"ak\" ]; references = \"tpm.attest\"; require = "
	    "( { fact = \"a\"; one_of = [ \"x\", \"y\" ]; }, { fact = \"b\"; "
	    "at_least = 4; } ); facts = [ \"tpm.maker\" ];\n"
	    "nonce_lifetime = \"90s\"; max_outstanding = 7; max_per_key = 2;\n"
	    "on_unavailable = \"park\"; keep = \"hash\"; retention = "
	    "\"30d\"; };",
	    DRAFTS "attest.format = tpm\nattest.format = eat\n"
	    "attest.anchor.tpm-ek = CN=Our CA\nattest.own_keys = ak\n"
	    "attest.references = fleets/tpm.attest\n"
	    "attest.require.a = x\nattest.require.a = y\n"
	    "attest.require.b = at least 4\nattest.facts = tpm.maker\n"
	    "attest.activation = true\nattest.nonce_lifetime = 90s\n"
	    "attest.max_outstanding = 7\nattest.max_per_key = 2\n"
	    "attest.on_unavailable = park\nattest.keep = hash\n"
	    "attest.retention = 2592000s\n");
}

static void
what_is_not_said(void **state)
{
	dumps(*state, "attest: { formats = [ \"tpm\" ]; own_keys = [ \"ak\" ]; };",
	    DRAFTS "attest.format = tpm\nattest.own_keys = ak\n"
	    "attest.activation = false\nattest.nonce_lifetime = 300s\n"
	    "attest.max_outstanding = 10000\nattest.max_per_key = 4\n"
	    "attest.on_unavailable = refuse\nattest.keep = whole\n"
	    "attest.retention = 0s\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    world_test(all_of_it), world_test(what_is_not_said)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
