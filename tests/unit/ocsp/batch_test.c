#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/batch.h"
#include "tests/unit/ocsp/rig.h"

static struct rig *rig;
static struct frame_issuer issuer;

static int
setup(void **state)
{
	struct view *view;

	(void)state;
	rig = rig_make();
	view = state_view(rig->state);
	frame_issuer(&issuer, view_find_ident(view, "devices-g1"));
	view_free(view);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig);
	return 0;
}

static struct signer *
signer_of(EVP_PKEY *key)
{
	X509 *cert = pki_cert("OCSP", (const unsigned char *)"\x44", 1, key,
	    rig->pki.ca, rig->pki.ca_key, "OCSPSigning", -3600, 86400);
	struct signer *s = signer_new(key, cert, rig->pki.ca);

	assert_non_null(s);
	X509_free(cert);
	return s;
}

static struct batch *
batch_of(struct signer *signer)
{
	struct batch_terms t = {rig->now - 5, rig->now + 3600,
	    rig->now + 2700, .both_hashes = 4096};
	struct batch *b = batch_new(&issuer, signer, &t);

	assert_non_null(b);
	return b;
}

/* Signed, kept in its short form, put together, verified by OpenSSL. Many
   times: ECDSA's numbers have leading zeros and high bits now and then. */
static void
try_key(EVP_PKEY *key, size_t kept, int rounds)
{
	struct signer *s = signer_of(key);
	struct batch *b = batch_of(s);
	unsigned char sig[BATCH_SIGNATURE_MAX], serial[2] = {0x4f, 0};
	struct frame_cert cert = {
	    .serial = serial, .serial_len = 2, .reason = -1};
	OCSP_BASICRESP *basic;
	struct reply *reply;

	assert_int_equal(b->signature_len, kept);
	for (int i = 0; i < rounds; i++) {
		serial[1] = (unsigned char)i;
		cert.revoked = i & 1;
		cert.revoked_at = rig->now - 100;
		assert_true(batch_sign(b, &cert, sig));
		reply = batch_reply(b, &cert, sig);
		basic = pki_verify(
		    reply->data, reply->len, rig->pki.ca, rig->pki.root);
		assert_int_equal(OCSP_resp_count(basic), 2);
		assert_int_equal(pki_status(basic, 0, NULL), i & 1);
		assert_int_equal(pki_status(basic, 1, NULL), i & 1);
		OCSP_BASICRESP_free(basic);
		reply_free(reply);
	}
	batch_free(b);
	signer_free(s);
}

static void
test_p256(void **state)
{
	(void)state;
	try_key(EVP_EC_gen("P-256"), 64, 600);
}

static void
test_p384(void **state)
{
	(void)state;
	try_key(EVP_EC_gen("P-384"), 96, 20);
}

static void
test_ed25519(void **state)
{
	(void)state;
	try_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), 64, 4);
}

static void
test_rsa(void **state)
{
	(void)state;
	try_key(
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), 256, 4);
}

/* The head is the batch's, the tag the answer's own. */
static void
test_reply(void **state)
{
	struct signer *s = signer_of(EVP_EC_gen("P-256"));
	struct batch *b = batch_of(s);
	unsigned char sig[BATCH_SIGNATURE_MAX], *copy;
	struct frame_cert cert = {
	    .serial = rig_good, .serial_len = 2, .reason = -1};
	struct reply *reply, *whole;

	(void)state;
	assert_true(batch_sign(b, &cert, sig));
	reply = batch_reply(b, &cert, sig);
	copy = OPENSSL_memdup(reply->data, reply->len);
	whole = reply_new_stored(copy, reply->len, REPLY_TYPE_OCSP,
	    rig->now - 5, rig->now + 3600, rig->now + 2700);
	assert_string_equal(reply->etag, whole->etag);
	assert_string_equal(reply->last_modified, whole->last_modified);
	assert_string_equal(reply->expires_date, whole->expires_date);
	assert_int_equal(reply->refresh_at, whole->refresh_at);
	assert_int_equal(b->serve_until, rig->now + 3150);
	assert_true(reply->store);
	reply_free(reply);
	reply_free(whole);
	batch_free(b);
	signer_free(s);
}

/* A key that cannot sign: the public half alone. */
static void
test_no_key(void **state)
{
	struct batch_terms t = {
	    .this_update = 1, .next_update = 2, .refresh_at = 2};
	struct signer *s = signer_of(EVP_EC_gen("P-256"));
	X509_PUBKEY *pub = NULL;
	struct batch *b;
	unsigned char sig[BATCH_SIGNATURE_MAX];
	struct frame_cert cert = {
	    .serial = rig_good, .serial_len = 2, .reason = -1};
	EVP_PKEY *whole = s->key;

	(void)state;
	assert_int_equal(X509_PUBKEY_set(&pub, whole), 1);
	{
		unsigned char *der = NULL;
		const unsigned char *p;
		int n = i2d_X509_PUBKEY(pub, &der);

		p = der;
		s->key = d2i_PUBKEY(NULL, &p, n);
		OPENSSL_free(der);
	}
	b = batch_new(&issuer, s, &t);
	assert_true(b == NULL || !batch_sign(b, &cert, sig));
	assert_int_equal(pki_reason(), OCSP_E_DELEGATE);
	X509_PUBKEY_free(pub);
	EVP_PKEY_free(whole);
	batch_free(b);
	signer_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_p256),
	    cmocka_unit_test(test_p384),
	    cmocka_unit_test(test_ed25519),
	    cmocka_unit_test(test_rsa),
	    cmocka_unit_test(test_reply),
	    cmocka_unit_test(test_no_key),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
