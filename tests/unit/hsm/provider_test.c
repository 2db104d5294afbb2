#include "token.h"
#include <pthread.h>
#include <openssl/cms.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* What the programs do with a key, done with keys in a token. */

static struct token tok;
static struct hsm *hsm;
static EVP_PKEY *ec, *ec384, *rsa, *ed;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "use", URI("use"));
	tok.cfg.sessions = 3;
	hsm = hsm_open(&tok.cfg);
	must(hsm != NULL);
	must((ec = hsm_key_generate(hsm, HSM_KEY_EC_P256, "ec")) != NULL);
	must((ec384 = hsm_key_generate(hsm, HSM_KEY_EC_P384, "ec384")) != NULL);
	must((rsa = hsm_key_generate(hsm, HSM_KEY_RSA_2048, "rsa")) != NULL);
	must((ed = hsm_key_generate(hsm, HSM_KEY_ED25519, "ed")) != NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(ec);
	EVP_PKEY_free(ec384);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
	hsm_close(hsm);
	token_remove(&tok);
	return 0;
}

/* The public half as anybody else would have it. */
static EVP_PKEY *
plain(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	EVP_PKEY *pub;
	int len = i2d_PUBKEY(key, &der);

	must(len > 0);
	p = der;
	must((pub = d2i_PUBKEY(NULL, &p, len)) != NULL);
	assert_ptr_equal(p, der + len);
	OPENSSL_free(der);
	assert_string_equal(
	    OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(pub)), "default");
	return pub;
}

static X509 *
new_cert(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_NAME_new();

	assert_non_null(x);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			     (const unsigned char *)"test", -1, -1, 0),
	    1);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_set_issuer_name(x, name);
	X509_set_subject_name(x, name);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	must(X509_set_pubkey(x, key) == 1);
	X509_NAME_free(name);
	return x;
}

/* Self-signed; the copy comes from DER and knows nothing of tokens. */
static X509 *
make_cert(EVP_PKEY *key, const EVP_MD *md)
{
	X509 *x = new_cert(key), *copy;
	unsigned char *der = NULL;
	const unsigned char *p;
	int len;

	must(X509_sign(x, key, md) > 0);
	must((len = i2d_X509(x, &der)) > 0);
	p = der;
	must((copy = d2i_X509(NULL, &p, len)) != NULL);
	OPENSSL_free(der);
	X509_free(x);
	return copy;
}

static void
check_cert(EVP_PKEY *key, const EVP_MD *md, int nid)
{
	X509 *x = make_cert(key, md);
	EVP_PKEY *pub = plain(key);

	must(X509_verify(x, pub) == 1);
	must(X509_check_private_key(x, key) == 1);
	assert_int_equal(X509_get_signature_nid(x), nid);
	must(EVP_PKEY_eq(key, pub) == 1);
	must(EVP_PKEY_eq(pub, key) == 1);
	/* The token's key verifies, too: through its public half. */
	must(X509_verify(x, key) == 1);
	assert_int_equal(ERR_peek_error(), 0);
	EVP_PKEY_free(pub);
	X509_free(x);
}

static void
test_certificates(void **state)
{
	(void)state;
	check_cert(ec, NULL, NID_ecdsa_with_SHA256);
	check_cert(ec, EVP_sha256(), NID_ecdsa_with_SHA256);
	check_cert(ec, EVP_sha384(), NID_ecdsa_with_SHA384);
	check_cert(ec384, NULL, NID_ecdsa_with_SHA384);
	check_cert(ec384, EVP_sha256(), NID_ecdsa_with_SHA256);
	check_cert(rsa, NULL, NID_sha256WithRSAEncryption);
	check_cert(rsa, EVP_sha384(), NID_sha384WithRSAEncryption);
	check_cert(ed, NULL, NID_ED25519);
}

static void
test_wrong_key(void **state)
{
	X509 *x = make_cert(ec, NULL);
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	(void)state;
	assert_int_equal(X509_check_private_key(x, ec384), 0);
	assert_int_equal(X509_check_private_key(x, rsa), 0);
	assert_int_not_equal(EVP_PKEY_eq(ec, other), 1);
	assert_int_not_equal(EVP_PKEY_eq(other, ec), 1);
	assert_int_not_equal(X509_verify(x, other), 1);
	ERR_clear_error();
	assert_int_equal(X509_sign(x, ed, EVP_sha256()), 0);
	ERR_clear_error();
	EVP_PKEY_free(other);
	X509_free(x);
}

static void
test_requests_and_crls(void **state)
{
	EVP_PKEY *keys[] = {ec, ec384, rsa, ed}, *pub;
	X509_REQ *req;
	X509_CRL *crl;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		pub = plain(keys[i]);
		req = X509_REQ_new();
		must(X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1);
		must(X509_REQ_set_pubkey(req, keys[i]) == 1);
		must(X509_REQ_sign(req, keys[i], NULL) > 0);
		must(X509_REQ_verify(req, pub) == 1);
		must(X509_REQ_verify(req, keys[i]) == 1);
		crl = X509_CRL_new();
		must(X509_CRL_sign(crl, keys[i], NULL) > 0);
		must(X509_CRL_verify(crl, pub) == 1);
		X509_REQ_free(req);
		X509_CRL_free(crl);
		EVP_PKEY_free(pub);
	}
}

static void
test_ocsp(void **state)
{
	EVP_PKEY *keys[] = {ec, rsa};
	OCSP_BASICRESP *bs;
	X509 *x;
	STACK_OF(X509) * certs;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		x = make_cert(keys[i], NULL);
		bs = OCSP_BASICRESP_new();
		must(OCSP_basic_sign(bs, x, keys[i], EVP_sha256(), NULL,
			 OCSP_RESPID_KEY) == 1);
		certs = sk_X509_new_null();
		sk_X509_push(certs, x);
		must(OCSP_basic_verify(bs, certs, NULL,
			 OCSP_TRUSTOTHER | OCSP_NOVERIFY) == 1);
		sk_X509_free(certs);
		OCSP_BASICRESP_free(bs);
		X509_free(x);
	}
}

static void
check_cms(EVP_PKEY *key, unsigned flags)
{
	X509 *x = make_cert(key, NULL);
	BIO *in = BIO_new_mem_buf("hello", 5);
	CMS_ContentInfo *cms;

	must((cms = CMS_sign(x, key, NULL, in, CMS_BINARY | flags)) != NULL);
	must(CMS_verify(cms, NULL, NULL, NULL, NULL,
		 CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) == 1);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	X509_free(x);
}

static void
test_cms(void **state)
{
	(void)state;
	check_cms(ec, 0);
	check_cms(ec384, 0);
	check_cms(rsa, 0);
	check_cms(ec, CMS_NOATTR);
	check_cms(rsa, CMS_NOATTR);
}

static void
check_pss(int salt, const char *mgf1, int want_nid)
{
	X509 *x = new_cert(rsa);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	EVP_PKEY *pub = plain(rsa);

	must(EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL, rsa) == 1);
	must(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1);
	must(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) == 1);
	if (mgf1 != NULL)
		must(EVP_PKEY_CTX_set_rsa_mgf1_md_name(pctx, mgf1, NULL) == 1);
	must(X509_sign_ctx(x, ctx) > 0);
	assert_int_equal(X509_get_signature_nid(x), want_nid);
	must(X509_verify(x, pub) == 1);
	EVP_PKEY_free(pub);
	EVP_MD_CTX_free(ctx);
	X509_free(x);
}

static void
test_pss_certificates(void **state)
{
	(void)state;
	check_pss(RSA_PSS_SALTLEN_DIGEST, NULL, NID_rsassaPss);
	check_pss(RSA_PSS_SALTLEN_MAX, NULL, NID_rsassaPss);
	check_pss(20, NULL, NID_rsassaPss);
	check_pss(RSA_PSS_SALTLEN_DIGEST, "SHA384", NID_rsassaPss);
}

static void
pump(SSL *client, SSL *server)
{
	int i, c = 0, s = 0;

	for (i = 0; i < 20 && (c != 1 || s != 1); i++) {
		c = SSL_do_handshake(client);
		s = SSL_do_handshake(server);
	}
	must(c == 1 && s == 1);
}

static void
check_tls(EVP_PKEY *key, int version, const char *sigalgs)
{
	SSL_CTX *sctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX *cctx = SSL_CTX_new(TLS_client_method());
	X509 *x = make_cert(key, NULL);
	SSL *server, *client;
	BIO *a = NULL, *b = NULL;

	must(SSL_CTX_use_certificate(sctx, x) == 1);
	must(SSL_CTX_use_PrivateKey(sctx, key) == 1);
	must(SSL_CTX_check_private_key(sctx) == 1);
	SSL_CTX_set_min_proto_version(cctx, version);
	SSL_CTX_set_max_proto_version(cctx, version);
	must(SSL_CTX_set1_sigalgs_list(cctx, sigalgs) == 1);
	server = SSL_new(sctx);
	client = SSL_new(cctx);
	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	pump(client, server);
	assert_int_equal(SSL_version(client), version);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(sctx);
	SSL_CTX_free(cctx);
	X509_free(x);
}

static void
test_tls(void **state)
{
	(void)state;
	check_tls(ec, TLS1_3_VERSION, "ecdsa_secp256r1_sha256");
	check_tls(ec, TLS1_2_VERSION, "ECDSA+SHA256");
	check_tls(ec384, TLS1_3_VERSION,
	    "ecdsa_secp384r1_sha384:"
	    "ecdsa_secp256r1_sha256");
	check_tls(rsa, TLS1_3_VERSION, "rsa_pss_rsae_sha256");
	check_tls(rsa, TLS1_2_VERSION, "rsa_pss_rsae_sha384");
	check_tls(rsa, TLS1_2_VERSION, "RSA+SHA256");
	check_tls(ed, TLS1_3_VERSION, "ed25519:ecdsa_secp256r1_sha256");
}

/* Software keys stay in OpenSSL's own hands. */
static void
test_software_keys(void **state)
{
	EVP_PKEY *soft[3];
	unsigned char sig[512];
	EVP_MD_CTX *ctx;
	size_t i, len;

	(void)state;
	soft[0] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	soft[1] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	soft[2] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	for (i = 0; i < 3; i++) {
		must(soft[i] != NULL);
		assert_string_equal(
		    OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(soft[i])),
		    "default");
		ctx = EVP_MD_CTX_new();
		len = sizeof(sig);
		must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, soft[i]) == 1);
		must(EVP_DigestSign(
			 ctx, sig, &len, (const unsigned char *)"x", 1) == 1);
		EVP_MD_CTX_free(ctx);
		EVP_PKEY_free(soft[i]);
	}
}

/* Neither PEM nor parameters nor a copy in another provider has the key. */
static void
test_no_export(void **state)
{
	BIO *out = BIO_new(BIO_s_mem());
	BIGNUM *d = NULL;
	unsigned char *der = NULL;

	(void)state;
	assert_int_equal(
	    PEM_write_bio_PrivateKey(out, ec, NULL, NULL, 0, NULL, NULL), 0);
	assert_int_equal(BIO_pending(out), 0);
	assert_true(i2d_PrivateKey(rsa, &der) <= 0);
	assert_int_equal(EVP_PKEY_get_bn_param(rsa, "d", &d), 0);
	assert_int_equal(EVP_PKEY_get_bn_param(ec, "priv", &d), 0);
	ERR_clear_error();
	BIO_free(out);
}

static void
test_dup(void **state)
{
	EVP_PKEY *copy = EVP_PKEY_dup(ec);
	X509 *x;

	(void)state;
	must(copy != NULL);
	x = make_cert(copy, NULL);
	must(X509_verify(x, ec) == 1);
	X509_free(x);
	EVP_PKEY_free(copy);
}

struct worker {
	pthread_t thread;
	EVP_PKEY *key, *pub;
	int bad;
};

static void *
work(void *arg)
{
	struct worker *w = arg;
	unsigned char sig[512], text[16];
	EVP_MD_CTX *ctx;
	size_t len;
	int i;

	for (i = 0; i < 40; i++) {
		memset(text, i, sizeof(text));
		ctx = EVP_MD_CTX_new();
		len = sizeof(sig);
		if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, w->key) != 1 ||
		    EVP_DigestSign(ctx, sig, &len, text, sizeof(text)) != 1)
			w->bad++;
		EVP_MD_CTX_reset(ctx);
		if (EVP_DigestVerifyInit(ctx, NULL,
			EVP_PKEY_is_a(w->key, "ED25519")       ? NULL
			    : EVP_PKEY_get_bits(w->key) == 384 ? EVP_sha384()
							       : EVP_sha256(),
			NULL, w->pub) != 1 ||
		    EVP_DigestVerify(ctx, sig, len, text, sizeof(text)) != 1)
			w->bad++;
		EVP_MD_CTX_free(ctx);
	}
	return NULL;
}

/* More threads than sessions, all four keys at once. */
static void
test_threads(void **state)
{
	EVP_PKEY *keys[] = {ec, ec384, rsa, ed};
	struct worker w[12];
	size_t i;

	(void)state;
	for (i = 0; i < 12; i++) {
		w[i].key = keys[i % 4];
		w[i].pub = plain(keys[i % 4]);
		w[i].bad = 0;
		assert_int_equal(
		    pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	for (i = 0; i < 12; i++) {
		pthread_join(w[i].thread, NULL);
		EVP_PKEY_free(w[i].pub);
		assert_int_equal(w[i].bad, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_certificates),
	    cmocka_unit_test(test_wrong_key),
	    cmocka_unit_test(test_requests_and_crls),
	    cmocka_unit_test(test_ocsp),
	    cmocka_unit_test(test_cms),
	    cmocka_unit_test(test_pss_certificates),
	    cmocka_unit_test(test_tls),
	    cmocka_unit_test(test_software_keys),
	    cmocka_unit_test(test_no_export),
	    cmocka_unit_test(test_dup),
	    cmocka_unit_test(test_threads),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
