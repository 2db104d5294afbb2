#include <openssl/evp.h>
#include "tests/unit/profiles/conform_case.h"

struct signed_cert {
	struct make *m;
	unsigned char *cert;
	int len;
	EVP_PKEY *key;
};

/* A whole certificate: the TBS of a device, signed by a key of this type. */
static void
sign_with(struct signed_cert *s, enum make_key key, const char *md, int pss)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;

	memset(s, 0, sizeof(*s));
	s->m = make_new(shape_ldevid, NULL);
	s->key = make_key(key);
	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, &pctx, md, NULL, NULL, s->key, NULL), 1);
	if (pss) {
		assert_true(EVP_PKEY_CTX_set_rsa_padding(
				pctx, RSA_PKCS1_PSS_PADDING) > 0);
		assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, pss) > 0);
	}
	assert_true(X509_sign_ctx(s->m->x, ctx) > 0);
	make_encode(s->m);
	s->len = i2d_X509(s->m->x, &s->cert);
	assert_true(s->len > 0);
	EVP_MD_CTX_free(ctx);
}

static void
signed_free(struct signed_cert *s)
{
	OPENSSL_free(s->cert);
	make_free(s->m);
}

static int
judge(const struct signed_cert *s)
{
	ERR_clear_error();
	return conform_signed(
	    s->cert, s->len, s->m->tbs, s->m->tbs_len, s->key);
}

static void
refused_as(const struct signed_cert *s, const char *rule)
{
	const char *data = NULL;

	assert_false(judge(s));
	ERR_peek_last_error_all(NULL, NULL, NULL, &data, NULL);
	if (strncmp(data, rule, strlen(rule)) != 0)
		fail_msg("expected %s but: %s", rule, data);
}

static void
good_signatures(void **state)
{
	static const struct {
		enum make_key key;
		const char *md;
		int pss;
	} all[] = {{KEY_P256, "SHA256", 0}, {KEY_P384, "SHA384", 0},
	    {KEY_RSA, "SHA256", 0}, {KEY_RSA, "SHA256", 32},
	    {KEY_RSA, "SHA384", 48}, {KEY_ED25519, NULL, 0}};
	struct signed_cert s;
	const char *data = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < N_CASES(all); i++) {
		sign_with(&s, all[i].key, all[i].md, all[i].pss);
		if (!judge(&s)) {
			ERR_peek_last_error_all(NULL, NULL, NULL, &data, NULL);
			fail_msg("case %zu: %s", i, data);
		}
		signed_free(&s);
	}
}

static void
bad_form(void **state)
{
	struct signed_cert s;

	(void)state;
	sign_with(&s, KEY_P256, "SHA256", 0);
	s.len--;
	refused_as(&s, "conform.signed.form: ");
	s.len++;
	s.cert = OPENSSL_realloc(s.cert, s.len + 1);
	s.cert[s.len++] = 0;
	refused_as(&s, "conform.signed.form: ");
	s.len = 0;
	refused_as(&s, "conform.signed.form: ");
	signed_free(&s);
}

/* A salt that is not as long as the hash is none of our algorithms. */
static void
bad_salt(void **state)
{
	struct signed_cert s;

	(void)state;
	sign_with(&s, KEY_RSA, "SHA256", 20);
	refused_as(&s, "conform.signed.form: ");
	signed_free(&s);
}

static void
other_tbs(void **state)
{
	struct signed_cert s;

	(void)state;
	sign_with(&s, KEY_P256, "SHA256", 0);
	s.m->tbs[s.m->tbs_len - 1] ^= 1;
	refused_as(&s, "conform.signed.tbs: ");
	s.m->tbs[s.m->tbs_len - 1] ^= 1;
	s.m->tbs_len--;
	refused_as(&s, "conform.signed.tbs: ");
	signed_free(&s);
}

static void
other_outer_algorithm(void **state)
{
	struct signed_cert s;

	(void)state;
	sign_with(&s, KEY_P256, "SHA256", 0);
	/* Behind the TBS: 4 octets of head, then the TBS, then SEQUENCE, OID.
	 */
	s.cert[4 + s.m->tbs_len + 11] = 3;
	refused_as(&s, "conform.signed.algorithm: ");
	signed_free(&s);
}

static void
bad_signature(void **state)
{
	static const enum make_key keys[] = {KEY_P256, KEY_RSA, KEY_ED25519};
	struct signed_cert s;
	size_t i;

	(void)state;
	for (i = 0; i < N_CASES(keys); i++) {
		sign_with(
		    &s, keys[i], keys[i] == KEY_ED25519 ? NULL : "SHA256", 0);
		s.cert[s.len - 3] ^= 0x10;
		refused_as(&s, "conform.signed.signature: ");
		s.cert[s.len - 3] ^= 0x10;
		assert_true(judge(&s));
		signed_free(&s);
	}
}

static void
other_keys(void **state)
{
	EVP_PKEY *other = EVP_EC_gen("P-256");
	struct signed_cert s;

	(void)state;
	sign_with(&s, KEY_P256, "SHA256", 0);
	s.key = other;
	refused_as(&s, "conform.signed.signature: ");
	s.key = make_key(KEY_RSA);
	refused_as(&s, "conform.signed.signature: ");
	s.key = make_key(KEY_ED25519);
	refused_as(&s, "conform.signed.signature: ");
	signed_free(&s);
	EVP_PKEY_free(other);
}

/* r and s as a token gives them, without the SEQUENCE around. */
static void
raw_ecdsa(void **state)
{
	struct signed_cert s;
	struct der in, seq, bits;
	size_t at;

	(void)state;
	sign_with(&s, KEY_P256, "SHA256", 0);
	in = (struct der){s.cert, s.len};
	assert_true(der_only(in, DER_SEQUENCE, &seq));
	assert_true(der_take(&seq, DER_SEQUENCE, NULL));
	assert_true(der_take(&seq, DER_SEQUENCE, NULL));
	assert_true(der_take(&seq, DER_BIT_STRING, &bits));
	at = bits.p - s.cert;
	s.cert[at + 1] = 0x31;
	refused_as(&s, "conform.signed.form: ");
	s.cert[at + 1] = 0x30;
	s.cert[at] = 1;
	refused_as(&s, "conform.signed.form: ");
	signed_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_signatures),
	    cmocka_unit_test(bad_form),
	    cmocka_unit_test(bad_salt),
	    cmocka_unit_test(other_tbs),
	    cmocka_unit_test(other_outer_algorithm),
	    cmocka_unit_test(bad_signature),
	    cmocka_unit_test(other_keys),
	    cmocka_unit_test(raw_ecdsa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
