#include "tests/unit/profiles/conform_case.h"

#define SHA256_NULL "300d06096086480165030402010500"
#define SHA256_NONE "300b0609608648016503040201"
#define PSS                                                                    \
	"3041"                                                                 \
	"06092a864886f70d01010a"
#define PSS_PARAMS(hash, mgf, salt)                                            \
	"3034a00f" hash "a11c301a06092a864886f70d010108" mgf "a203" salt
#define PSS_GOOD PSS PSS_PARAMS(SHA256_NULL, SHA256_NULL, "020120")

/* ---- algorithms ------------------------------------------------------- */

static void
known_algorithms(void **state)
{
	static const char *const good[] = {"300a06082a8648ce3d040302",
	    "300a06082a8648ce3d040303", "300a06082a8648ce3d040304",
	    "300d06092a864886f70d01010b0500", "300d06092a864886f70d01010c0500",
	    "300d06092a864886f70d01010d0500", "300506032b6570", PSS_GOOD};
	struct make *m;
	size_t i;

	(void)state;
	for (i = 0; i < N_CASES(good); i++) {
		m = make_new(shape_ldevid, NULL);
		set_algorithm(m, good[i]);
		make_encode(m);
		must_pass(m, good[i]);
		make_free(m);
	}
}

static void
wrong_algorithms(void **state)
{
	static const char *const bad[] = {
	    "300c06082a8648ce3d0403020500",   /* ECDSA with NULL */
	    "300706032b65700500",	      /* Ed25519 with NULL */
	    "300b06092a864886f70d01010b",     /* RSA without */
	    "300d06092a864886f70d0101050500", /* SHA-1 */
	    "300906072a8648ce3d0401",	      /* ECDSA with SHA-1 */
	    "300b06092a864886f70d01010a",     /* PSS without */
	    "300d06092a864886f70d01010a3000", /* PSS: all defaults */
	    PSS PSS_PARAMS(SHA256_NULL, SHA256_NULL, "02011f"),
	    PSS PSS_PARAMS(
		SHA256_NULL, "300d06096086480165030402020500", "020120"),
	    "300506032b6571", /* Ed448 */
	};
	struct make *m;
	size_t i;

	(void)state;
	for (i = 0; i < N_CASES(bad); i++) {
		m = make_new(shape_ldevid, NULL);
		set_algorithm(m, bad[i]);
		make_encode(m);
		must_refuse(m, "algorithm");
		make_free(m);
	}
}

static void
other_algorithm(struct make *m)
{
	X509_ALGOR *a = (X509_ALGOR *)X509_get0_tbs_sigalg(m->x);

	X509_ALGOR_set0(
	    a, OBJ_nid2obj(NID_ecdsa_with_SHA384), V_ASN1_UNDEF, NULL);
}

/* ---- keys ------------------------------------------------------------- */

static void
keys_of_all_types(void **state)
{
	struct make *m;
	int k;

	(void)state;
	for (k = 0; k < N_KEYS; k++) {
		m = make_new(shape_ldevid, NULL);
		drop(m, "2.5.29.14");
		m->profile.ski = 0;
		set_key(m, k);
		make_encode(m);
		must_pass(m, "key type");
		make_free(m);
	}
}

static void
other_key(struct make *m)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");

	X509_set_pubkey(m->x, pkey);
	EVP_PKEY_free(pkey);
}

/* The key that was asked for is itself bad, and is copied faithfully. */
static void
use_pkey(struct make *m, EVP_PKEY *pkey)
{
	assert_non_null(pkey);
	assert_true(X509_set_pubkey(m->x, pkey));
	OPENSSL_free(m->spki);
	m->spki = NULL;
	m->ctx.spki_len = i2d_PUBKEY(pkey, &m->spki);
	m->ctx.spki = m->spki;
	EVP_PKEY_free(pkey);
}

static void
key_p521(struct make *m)
{
	use_pkey(m, EVP_EC_gen("P-521"));
}

static void
key_rsa_1024(struct make *m)
{
	use_pkey(m, EVP_RSA_gen(1024));
}

static void
key_rsa_exponent_3(struct make *m)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;
	BIGNUM *e = BN_new();

	BN_set_word(e, 3);
	assert_true(EVP_PKEY_keygen_init(ctx) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) > 0);
	assert_true(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) > 0);
	assert_true(EVP_PKEY_generate(ctx, &pkey) > 0);
	use_pkey(m, pkey);
	BN_free(e);
	EVP_PKEY_CTX_free(ctx);
}

static void
key_x25519(struct make *m)
{
	use_pkey(m, EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
}

/* Spoils the request's key and the certificate's alike. */
static void
patch_key(struct make *m, const char *hex, const char *with)
{
	unsigned char *want = NULL, *p = NULL;
	size_t len, i;

	overwrite(m, hex, with);
	set_hex(&want, &len, hex);
	set_hex(&p, &len, with);
	for (i = 0; i + len <= m->ctx.spki_len; i++)
		if (memcmp(m->spki + i, want, len) == 0)
			memcpy(m->spki + i, p, len);
	OPENSSL_free(want);
	OPENSSL_free(p);
}

static void
point_compressed(struct make *m)
{
	patch_key(m, "03420004", "03420002");
}

static void
even_exponent(struct make *m)
{
	patch_key(m, "0203010001", "0203010002");
}

static void
small_exponent(struct make *m)
{
	patch_key(m, "0203010001", "0203007fff");
}

static void
rsa_null_parameters(struct make *m)
{
	patch_key(
	    m, "06092a864886f70d0101010500", "06092a864886f70d0101010400");
}

static void
rsa_oaep(struct make *m)
{
	patch_key(
	    m, "06092a864886f70d0101010500", "06092a864886f70d0101070500");
}

static void
only_rsa(struct make *m)
{
	m->profile.key_types = SPKI_RSA_2048 | SPKI_RSA_3072;
}

/* A public key with any odd (or even) modulus of so many bits. */
static EVP_PKEY *
rsa_of(int bits, int odd)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	unsigned char n[520] = {0}, e[] = {1, 0, 1};
	OSSL_PARAM params[3];
	EVP_PKEY *pkey = NULL;

	/* Native order of OSSL_PARAM: little-endian here. */
	n[0] = odd;
	n[(bits - 1) / 8] |= 1u << ((bits - 1) % 8);
	params[0] = OSSL_PARAM_construct_BN("n", n, (bits + 7) / 8);
	params[1] = OSSL_PARAM_construct_BN("e", e, sizeof(e));
	params[2] = OSSL_PARAM_construct_end();
	assert_true(EVP_PKEY_fromdata_init(ctx) > 0);
	assert_true(
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) > 0);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static void
rsa_sizes(void **state)
{
	static const struct {
		int bits, odd, good;
	} all[] = {{2048, 1, 1}, {3072, 1, 1}, {4096, 1, 1}, {2047, 1, 0},
	    {2056, 1, 0}, {3071, 1, 0}, {4104, 1, 0}, {2048, 0, 0}};
	struct make *m;
	size_t i;

	(void)state;
	for (i = 0; i < N_CASES(all); i++) {
		m = make_new(shape_ldevid, NULL);
		drop(m, "2.5.29.14");
		m->profile.ski = 0;
		m->profile.key_types |= SPKI_RSA_3072 | SPKI_RSA_4096;
		use_pkey(m, rsa_of(all[i].bits, all[i].odd));
		make_encode(m);
		if (all[i].good)
			must_pass(m, "RSA");
		else
			must_refuse(m, "key.form");
		make_free(m);
	}
}

static const struct conform_case cases[] = {
    {"algorithm", shape_ldevid, NULL, other_algorithm, NULL},
    {"key.same", shape_ldevid, NULL, other_key, NULL},
    {"key.form", shape_ldevid, NULL, key_p521, NULL},
    {"key.form", shape_ldevid, NULL, key_rsa_1024, NULL},
    {"key.form", shape_ldevid, NULL, key_rsa_exponent_3, NULL},
    {"key.form", shape_ldevid, NULL, key_x25519, NULL},
    {"key.form", shape_ldevid, NULL, NULL, point_compressed},
    {"key.form", shape_ocsp, NULL, NULL, even_exponent},
    {"key.form", shape_ocsp, NULL, NULL, small_exponent},
    {"key.form", shape_ocsp, NULL, NULL, rsa_null_parameters},
    {"key.form", shape_ocsp, NULL, NULL, rsa_oaep},
    {"key.type", shape_ldevid, only_rsa, NULL, NULL},
};

static void
bad_keys(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_key_rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_algorithms),
	    cmocka_unit_test(wrong_algorithms),
	    cmocka_unit_test(keys_of_all_types),
	    cmocka_unit_test(rsa_sizes),
	    cmocka_unit_test(bad_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
