#include "tests/unit/ra/attest/evidence.h"

/* Paths: depth, revocation, critical extensions, weak keys, what is denied. */

static struct chain_rules
rules_of(struct attest_trust *trust)
{
	return (struct chain_rules){ "tpm.ak-path", trust, NULL, 0, 0 };
}

static X509_CRL *
crl_of(const struct maker *m, const X509 *revoked)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *r;
	ASN1_TIME *t = ASN1_TIME_set(NULL, NOW - 60);

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(m->root));
	X509_CRL_set1_lastUpdate(crl, t);
	if (revoked) {
		r = X509_REVOKED_new();
		X509_REVOKED_set_serialNumber(
		    r, (ASN1_INTEGER *)X509_get0_serialNumber(revoked));
		X509_REVOKED_set_revocationDate(r, t);
		X509_CRL_add0_revoked(crl, r);
	}
	ASN1_TIME_set(t, NOW + 3600);
	X509_CRL_set1_nextUpdate(crl, t);
	ASN1_TIME_free(t);
	assert_true(X509_CRL_sign(crl, m->key, EVP_sha256()) > 0);
	return crl;
}

static void
revocation(void **state)
{
	struct maker m = new_maker("Maker");
	EVP_PKEY *key = new_key("P-256");
	X509 *cert = leaf(&m, "leaf", key, NULL, 0);
	struct attest_trust trust = { .anchors = m.anchors };
	struct chain_rules rules = rules_of(&trust);

	(void)state;
	trust.crls = sk_X509_CRL_new_null(); /* wanted, and there is none */
	assert_false(chain_check(&rules, cert, NULL, NOW, NULL));
	assert_rule("attest.tpm.ak-path");
	sk_X509_CRL_push(trust.crls, crl_of(&m, NULL));
	assert_true(chain_check(&rules, cert, NULL, NOW, NULL));
	X509_CRL_free(sk_X509_CRL_pop(trust.crls));
	sk_X509_CRL_push(trust.crls, crl_of(&m, cert));
	assert_false(chain_check(&rules, cert, NULL, NOW, NULL));
	assert_rule("attest.tpm.ak-path");
	sk_X509_CRL_pop_free(trust.crls, X509_CRL_free);
	X509_free(cert);
	EVP_PKEY_free(key);
	free_maker(&m);
}

static void
critical(void **state)
{
	static const char *const known[] = { "1.2.3.4", NULL };
	const struct ext ext = { "1.2.3.4", 1, "\x05\x00", 2 };
	struct maker m = new_maker("Maker");
	EVP_PKEY *key = new_key("P-256");
	X509 *cert = leaf(&m, "leaf", key, &ext, 1);
	struct attest_trust trust = { .anchors = m.anchors };
	struct chain_rules rules = rules_of(&trust);

	(void)state;
	assert_false(chain_check(&rules, cert, NULL, NOW, NULL));
	assert_rule("attest.tpm.ak-path");
	rules.critical = known;
	assert_true(chain_check(&rules, cert, NULL, NOW, NULL));
	X509_free(cert);
	EVP_PKEY_free(key);
	free_maker(&m);
}

/* The maker's CA below its root: sent along, or known to us. */
static void
intermediates(void **state)
{
	struct maker m = new_maker("Root");
	EVP_PKEY *ca_key = new_key("P-256"), *key = new_key("P-256");
	struct want w = { .cn = "CA", .key = ca_key, .issuer = m.root,
		.issuer_key = m.key, .ca = 1 };
	X509 *ca = new_cert(&w), *cert;
	struct attest_trust trust = { .anchors = m.anchors };
	struct chain_rules rules = rules_of(&trust);
	STACK_OF(X509) *list = sk_X509_new_null(), *path = NULL;
	unsigned char md[1][32];

	(void)state;
	w = (struct want){ .cn = "leaf", .key = key, .issuer = ca,
		.issuer_key = ca_key };
	cert = new_cert(&w);
	sk_X509_push(list, ca);
	assert_false(chain_check(&rules, cert, NULL, NOW, NULL));
	assert_rule("attest.tpm.ak-path");
	assert_true(chain_check(&rules, cert, list, NOW, &path));
	assert_int_equal(sk_X509_num(path), 3);
	sk_X509_pop_free(path, X509_free);
	trust.intermediates = list;
	assert_true(chain_check(&rules, cert, NULL, NOW, NULL));
	trust.anchors = list; /* a CA below the root may be the anchor */
	trust.intermediates = NULL;
	assert_true(chain_check(&rules, cert, NULL, NOW, NULL));
	assert_true(attest_key_sha256(ca_key, md[0]));
	trust.denied = (const unsigned char(*)[32])md;
	trust.n_denied = 1;
	assert_false(chain_check(&rules, cert, NULL, NOW, NULL));
	assert_rule("attest.tpm.ak-path");
	sk_X509_pop_free(list, X509_free);
	X509_free(cert);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
	free_maker(&m);
}

/* A pin needs no path; a leaf of ours cannot be an issuer. */
static void
pins_and_leaves(void **state)
{
	struct maker m = new_maker("Root"), other = new_maker("Other");
	EVP_PKEY *key = new_key("P-256"), *below = new_key("P-256");
	X509 *cert = leaf(&m, "leaf", key, NULL, 0), *forged;
	struct want w = { .cn = "forged", .key = below, .issuer = cert,
		.issuer_key = key };
	struct attest_trust trust = { .anchors = m.anchors };
	struct chain_rules rules = rules_of(&trust);
	STACK_OF(X509) *list = sk_X509_new_null();
	unsigned char md[1][32];

	(void)state;
	forged = new_cert(&w);
	sk_X509_push(list, cert);
	assert_false(chain_check(&rules, forged, list, NOW, NULL));
	assert_rule("attest.tpm.ak-path");
	trust.anchors = other.anchors;
	assert_true(attest_key_sha256(key, md[0]));
	trust.pinned = (const unsigned char(*)[32])md;
	trust.n_pinned = 1;
	assert_true(chain_check(&rules, cert, NULL, NOW, NULL));
	assert_false(chain_check(&rules, forged, list, NOW, NULL));
	assert_rule("attest.tpm.ak-path");
	trust.denied = trust.pinned; /* what is denied is no pin any more */
	trust.n_denied = 1;
	assert_false(chain_check(&rules, cert, NULL, NOW, NULL));
	assert_rule("attest.tpm.ak-path");
	trust.n_denied = trust.n_pinned = 0;
	trust.anchors = NULL; /* nobody is trusted */
	assert_false(chain_check(&rules, cert, NULL, NOW, NULL));
	assert_rule("attest.tpm.ak-path");
	sk_X509_pop_free(list, X509_free);
	X509_free(forged);
	EVP_PKEY_free(key);
	EVP_PKEY_free(below);
	free_maker(&m);
	free_maker(&other);
}

/* Time is not looked at where the policy says so; an extension twice is none. */
static void
times_and_doubles(void **state)
{
	static const struct ext twice[] = { { "1.2.3.4", 0, "\x05\x00", 2 },
		{ "1.2.3.4", 0, "\x05\x00", 2 } };
	struct maker m = new_maker("Maker");
	EVP_PKEY *key = new_key("P-256");
	struct want w = { .cn = "old", .key = key, .issuer = m.root,
		.issuer_key = m.key, .from = 1, .to = 100 };
	X509 *old = new_cert(&w), *doubled;
	struct attest_trust trust = { .anchors = m.anchors };
	struct chain_rules rules = rules_of(&trust);
	struct attest_octets out = { NULL, 0 };
	int critical = 7;

	(void)state;
	assert_false(chain_check(&rules, old, NULL, NOW, NULL));
	assert_rule("attest.tpm.ak-path");
	trust.ignore_expiry = 1;
	assert_true(chain_check(&rules, old, NULL, NOW, NULL));
	assert_int_equal(chain_extension(old, "1.2.3.4", &out, &critical), 0);
	doubled = leaf(&m, "doubled", key, twice, 1);
	assert_int_equal(
	    chain_extension(doubled, "1.2.3.4", &out, &critical), 1);
	assert_int_equal(critical, 0);
	assert_int_equal(out.len, 2);
	X509_free(doubled);
	doubled = leaf(&m, "doubled", key, twice, 2);
	assert_int_equal(
	    chain_extension(doubled, "1.2.3.4", &out, &critical), -1);
	X509_free(doubled);
	X509_free(old);
	EVP_PKEY_free(key);
	free_maker(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(revocation), cmocka_unit_test(critical),
		cmocka_unit_test(intermediates),
		cmocka_unit_test(pins_and_leaves),
		cmocka_unit_test(times_and_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
