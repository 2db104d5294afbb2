#include <openssl/pem.h>

#include "tests/unit/ra/attest/evidence.h"
#include "profiles/der.h"
#include "ra/attest/bundle.h"
#include "ra/attest/tpm.h"

/* A sample of the draft (tests/golden/attest/csr-attestation.pem): of an older
   shape, with a signature that needs a quirk, and no proof of anything. */

struct sample {
	struct bundle *bundle;
	struct attest_statement s;
	struct attest_octets attest, signature, public;
	X509_REQ *req;
};

static void
load(struct sample *p, unsigned char **der)
{
	FILE *f = fopen("tests/golden/attest/csr-attestation.pem", "r");
	struct attest_octets attribute;
	struct der in, body, part;
	int len;

	assert_non_null(f);
	p->req = PEM_read_X509_REQ(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(p->req);
	*der = NULL;
	len = i2d_X509_REQ(p->req, der);
	assert_int_equal(bundle_find(*der, (size_t)len, &attribute), 1);
	/* Then a SEQUENCE of bundles stood where one bundle does now. */
	assert_null(bundle_parse(attribute.p, attribute.len, 0));
	assert_rule("attest.bundle.der");
	in = (struct der){ attribute.p, attribute.len };
	assert_true(der_only(in, DER_SEQUENCE, &body));
	assert_true(der_take(&body, DER_OID, &part));
	assert_true(der_only(body, DER_SET, &part));
	assert_true(der_only(part, DER_SEQUENCE, &body));
	p->bundle = bundle_parse(body.p, body.len, 0);
	assert_non_null(p->bundle);
	assert_int_equal(bundle_count(p->bundle), 1);
	assert_int_equal(sk_X509_num(bundle_certs(p->bundle)), 2);
	bundle_statement(p->bundle, 0, NULL, &p->s);
	assert_int_equal(p->s.kind, ATTEST_KIND_TPM_CERTIFY);
	in = (struct der){ p->s.stmt.p, p->s.stmt.len };
	assert_true(der_only(in, DER_SEQUENCE, &body));
	assert_true(der_take(&body, DER_OCTET_STRING, &part));
	p->attest = octets_of(part.p, part.len);
	assert_true(der_take(&body, DER_OCTET_STRING, &part));
	p->signature = octets_of(part.p, part.len);
	assert_true(der_take(&body, DER_OCTET_STRING, &part));
	p->public = octets_of(part.p, part.len);
}

static void
parts(void **state)
{
	struct sample p;
	struct tpm_public key;
	unsigned char *der;
	TPM2_ALG_ID hash;
	TPMS_ATTEST a;
	EVP_PKEY *ak;

	(void)state;
	load(&p, &der);
	ak = X509_get0_pubkey(sk_X509_value(bundle_certs(p.bundle), 0));
	assert_true(tpm_attest_read("tpm.stmt", "a", p.attest, &a));
	assert_int_equal(a.magic, TPM2_GENERATED_VALUE);
	assert_int_equal(a.extraData.size, 4); /* the tool's constant */
	assert_memory_equal(a.extraData.buffer, "\x00\xff\x55\xaa", 4);
	/* With the size in front that its text says is not there. */
	assert_false(tpm_public_read("tpm.key", "p", p.public, 0, &key));
	assert_rule("attest.tpm.key");
	p.public = octets_of(p.public.p + 2, p.public.len - 2);
	assert_true(tpm_public_read("tpm.key", "p", p.public, 0, &key));
	assert_true(octets_equal(octets_of(a.attested.certify.name.name,
				     a.attested.certify.name.size),
	    key.name, key.name_len));
	assert_int_equal(EVP_PKEY_eq(key.key, X509_REQ_get0_pubkey(p.req)), 1);
	assert_false(tpm_signature_check("tpm.signature", p.signature, ak, NULL,
	    0, p.attest, &hash));
	assert_rule("attest.tpm.signature");
	assert_true(tpm_signature_check("tpm.signature", p.signature, ak, NULL,
	    ATTEST_QUIRK_RAW_SIGNATURE, p.attest, &hash));
	tpm_public_clear(&key);
	bundle_free(p.bundle);
	X509_REQ_free(p.req);
	OPENSSL_free(der);
}

static void
whole(void **state)
{
	struct attest_policy policy = { .formats = 1U << ATTEST_TPM,
		.quirks = ATTEST_QUIRK_RAW_SIGNATURE };
	struct attest_input in = { .policy = &policy, .now = NOW,
		.nonce = text_of("a nonce of ours") };
	struct attest_facts *facts = attest_facts_new();
	unsigned char *der;
	struct sample p;

	(void)state;
	load(&p, &der);
	in.spki = spki_of(X509_REQ_get0_pubkey(p.req));
	assert_false(bundle_appraise(p.bundle, &in, facts));
	assert_rule("attest.tpm.ak");
	attest_facts_free(facts);
	bundle_free(p.bundle);
	X509_REQ_free(p.req);
	OPENSSL_free(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts), cmocka_unit_test(whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
