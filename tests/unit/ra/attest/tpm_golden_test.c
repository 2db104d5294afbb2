#include "tests/unit/ra/attest/soft_tpm.h"

/* What swtpm said (tests/golden/attest/make-tpm): keys of three kinds, certified
   by attestation keys of four kinds, and quotes. */

static const char *const aks[] = { "ak-rsa", "ak-pss", "ak-p256", "ak-p384" };
static const char *const keys[] = { "rsa", "p256", "p384" };

/* The line "AK.KEY.WHAT", "AK.WHAT". */
static struct attest_octets
line(const char *ak, const char *key, const char *what)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s%s%s", ak, key ? key : "",
	    key ? "." : "", what);
	return golden("tpm.txt", name);
}

struct rig {
	struct attest_policy policy;
	struct attest_input in;
	struct attest_octets public, attest, signature, creation;
	struct attest_facts *facts;
	struct tpm_public ak, key;
};

static void
load(struct rig *r, const char *ak, const char *key)
{
	memset(r, 0, sizeof(*r));
	r->policy.formats = 1U << ATTEST_TPM;
	r->in.policy = &r->policy;
	r->in.now = NOW;
	r->in.nonce = golden("tpm.txt", "nonce");
	r->in.ak_public = line(ak, NULL, "pub");
	assert_true(tpm_public_read("t", "ak", r->in.ak_public, 0, &r->ak));
	r->in.ak_name = octets_of(r->ak.name, r->ak.name_len);
	r->facts = attest_facts_new();
	if (key == NULL)
		return;
	r->public = line(ak, key, "pub");
	assert_true(tpm_public_read("t", "key", r->public, 0, &r->key));
	r->in.spki = spki_of(r->key.key);
}

static int
judge(struct rig *r, enum attest_kind kind)
{
	struct der_out stmt = soft_stmt(
	    r->attest, r->signature, r->public, r->creation);
	struct attest_statement s = { kind, octets_of(stmt.p, stmt.len) };
	int ok = attest_appraise(&s, &r->in, r->facts);

	tpm_public_clear(&r->ak);
	tpm_public_clear(&r->key);
	return ok;
}

static int
certify(struct rig *r, const char *ak, const char *key)
{
	load(r, ak, key);
	r->attest = line(ak, key, "certify");
	r->signature = line(ak, key, "certify-sig");
	return judge(r, ATTEST_KIND_TPM_CERTIFY);
}

static void
load_creation(struct rig *r, const char *ak, const char *key)
{
	load(r, ak, key);
	r->attest = line(ak, key, "creation");
	r->signature = line(ak, key, "creation-sig");
	r->creation = line(ak, key, "creation-data");
}

static void
all_pairs(void **state)
{
	struct rig r;
	size_t i, j;

	(void)state;
	for (i = 0; i < 4; i++)
		for (j = 0; j < 3; j++) {
			if (!certify(&r, aks[i], keys[j]))
				assert_rule("nothing");
			assert_true(octets_equal(attest_facts_key(r.facts),
			    r.in.spki.p, r.in.spki.len));
			assert_string_equal(
			    attest_facts_get(r.facts, "tpm.ak.proof"),
			    "activation");
			attest_facts_free(r.facts);
			load_creation(&r, aks[i], keys[j]);
			if (!judge(&r, ATTEST_KIND_TPM_CERTIFY_CREATION))
				assert_rule("nothing");
			assert_non_null(attest_facts_get(
			    r.facts, "tpm.creation.parent"));
			attest_facts_free(r.facts);
		}
}

/* One is not the other, in both directions. */
static void
kinds(void **state)
{
	struct rig r;

	(void)state;
	load_creation(&r, "ak-rsa", "rsa");
	r.creation.len = 0;
	assert_false(judge(&r, ATTEST_KIND_TPM_CERTIFY));
	assert_rule("attest.tpm.type");
	attest_facts_free(r.facts);
	load(&r, "ak-rsa", "rsa");
	r.attest = line("ak-rsa", "rsa", "certify");
	r.signature = line("ak-rsa", "rsa", "certify-sig");
	assert_false(judge(&r, ATTEST_KIND_TPM_CERTIFY_CREATION));
	assert_rule("attest.tpm.type");
	attest_facts_free(r.facts);
}

static void
creation_of_another(void **state)
{
	struct rig r;

	(void)state;
	load_creation(&r, "ak-p256", "p256");
	r.creation = line("ak-p256", "p256", "pub");
	assert_false(judge(&r, ATTEST_KIND_TPM_CERTIFY_CREATION));
	assert_rule("attest.tpm.creation");
	attest_facts_free(r.facts);
	load_creation(&r, "ak-p256", "p256");
	r.creation = octets_of(memcpy(malloc(r.creation.len), r.creation.p,
				   r.creation.len), r.creation.len);
	((unsigned char *)r.creation.p)[r.creation.len - 1] ^= 1;
	assert_false(judge(&r, ATTEST_KIND_TPM_CERTIFY_CREATION));
	assert_rule("attest.tpm.creation");
	attest_facts_free(r.facts);
	free((void *)r.creation.p);
}

/* Real evidence of keys that are not good enough. */
static void
unfit(void **state)
{
	struct rig r;

	(void)state;
	assert_false(certify(&r, "ak-p256", "movable"));
	assert_rule("attest.tpm.attributes");
	attest_facts_free(r.facts);
	assert_false(certify(&r, "ak-loose", "p256"));
	assert_rule("attest.tpm.ak-attributes");
	attest_facts_free(r.facts);
}

/* Cut off anywhere, or with one octet more: never a structure. */
static void
cut(void **state)
{
	unsigned char longer[1024] = { 0 };
	struct rig r;
	size_t i, full;

	(void)state;
	full = line("ak-p256", "p256", "certify").len;
	for (i = 0; i <= full + 1; i++) {
		if (i == full)
			continue;
		load(&r, "ak-p256", "p256");
		r.attest = line("ak-p256", "p256", "certify");
		memcpy(longer, r.attest.p, full);
		r.attest = octets_of(longer, i);
		r.signature = line("ak-p256", "p256", "certify-sig");
		assert_false(judge(&r, ATTEST_KIND_TPM_CERTIFY));
		assert_rule("attest.tpm.stmt");
		attest_facts_free(r.facts);
	}
}

static void
cut_public(void **state)
{
	unsigned char longer[1024] = { 0 };
	struct attest_octets pub = line("ak-p256", "p256", "pub");
	struct tpm_public out;
	size_t i;

	(void)state;
	memcpy(longer, pub.p, pub.len);
	for (i = 0; i <= pub.len + 1; i++) {
		int ok = tpm_public_read("x", "pub", octets_of(longer, i), 0,
		    &out);

		assert_int_equal(ok, i == pub.len);
		tpm_public_clear(&out);
		if (!ok)
			assert_rule("attest.x");
	}
}

/* ---- Quotes ---- */

static void
load_pcrs(struct attest_pcr pcr[3], const char *state)
{
	static const unsigned index[] = { 0, 7, 16 };
	char name[16];
	size_t i;

	for (i = 0; i < 3; i++) {
		pcr[i].state = state;
		pcr[i].bank = NID_sha256;
		pcr[i].index = index[i];
		snprintf(name, sizeof(name), "pcr.%u", index[i]);
		memcpy(pcr[i].digest, golden("tpm.txt", name).p, 32);
	}
}

static int
quote(struct rig *r, const char *ak, const struct attest_pcr *pcr, size_t n)
{
	load(r, ak, NULL);
	r->policy.tpm.pcrs = pcr;
	r->policy.tpm.n_pcrs = n;
	r->attest = line(ak, NULL, "quote");
	r->signature = line(ak, NULL, "quote-sig");
	return judge(r, ATTEST_KIND_TPM_QUOTE);
}

static void
quotes(void **state)
{
	struct attest_pcr pcr[6] = { { 0 } };
	struct rig r;
	size_t i;

	(void)state;
	load_pcrs(pcr, "old");
	load_pcrs(pcr + 3, "new");
	pcr[0].digest[0] ^= 1; /* so that only the second state fits */
	for (i = 0; i < 4; i++) {
		if (!quote(&r, aks[i], pcr, 6))
			assert_rule("nothing");
		assert_string_equal(attest_facts_get(r.facts, "tpm.pcrs"),
		    "new");
		assert_int_equal(attest_facts_key(r.facts).len, 0);
		attest_facts_free(r.facts);
	}
}

static void
quotes_refused(void **state)
{
	struct attest_pcr pcr[3] = { { 0 } };
	struct rig r;

	(void)state;
	load_pcrs(pcr, "state");
	assert_false(quote(&r, "ak-rsa", NULL, 0));
	assert_rule("attest.tpm.pcrs");
	attest_facts_free(r.facts);
	assert_false(quote(&r, "ak-rsa", pcr, 2)); /* it is of one more */
	assert_rule("attest.tpm.pcr-select");
	attest_facts_free(r.facts);
	pcr[2].index = 17; /* of another */
	assert_false(quote(&r, "ak-rsa", pcr, 3));
	assert_rule("attest.tpm.pcr-select");
	attest_facts_free(r.facts);
	load_pcrs(pcr, "state");
	pcr[1].digest[5] ^= 1;
	assert_false(quote(&r, "ak-rsa", pcr, 3));
	assert_rule("attest.tpm.pcrs");
	attest_facts_free(r.facts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pairs), cmocka_unit_test(kinds),
		cmocka_unit_test(creation_of_another), cmocka_unit_test(unfit),
		cmocka_unit_test(cut), cmocka_unit_test(cut_public),
		cmocka_unit_test(quotes), cmocka_unit_test(quotes_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
