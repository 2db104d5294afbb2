#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/answer.h"
#include "ocsp/frame.h"
#include "tests/unit/ocsp/rig.h"

/* What frames write, held against the templates of answer.c and against
   OpenSSL. Ed25519 signs the same octets the same way each time, so whole
   answers can be compared. */

#define CUTOFF 1700000000

static struct rig *rig;
static struct frame_issuer issuer;
static struct frame shape = {.n_hashes = FRAME_HASHES};
static struct signer *ed25519;
static const unsigned char algorithm[] = {0x30, 5, 6, 3, 0x2b, 0x65, 0x70};

static int
setup(void **state)
{
	struct view *view;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *cert;

	(void)state;
	rig = rig_make();
	view = state_view(rig->state);
	frame_issuer(&issuer, view_find_ident(view, "devices-g1"));
	view_free(view);
	cert = pki_cert("OCSP Ed", (const unsigned char *)"\x44", 1, key,
	    rig->pki.ca, rig->pki.ca_key, "OCSPSigning", -3600, 86400);
	ed25519 = signer_new(key, cert, rig->pki.ca);
	assert_non_null(ed25519);
	X509_free(cert);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	signer_free(ed25519);
	rig_free(rig);
	return 0;
}

static struct frame
frame_at(time_t from, time_t to)
{
	struct frame f = {.issuer = &issuer,
	    .n_hashes = shape.n_hashes,
	    .extended_revoke = shape.extended_revoke,
	    .has_cutoff = shape.has_cutoff,
	    .key_hash = ed25519->key_hash,
	    .algorithm = algorithm,
	    .algorithm_len = sizeof(algorithm),
	    .cert = ed25519->cert,
	    .cert_len = ed25519->cert_len};

	assert_true(frame_time(from, f.this_update));
	assert_true(frame_time(to, f.next_update));
	assert_true(frame_time(CUTOFF, f.cutoff));
	return f;
}

static int
certid_of(const unsigned char *serial, size_t len, const EVP_MD *md,
    unsigned char **out)
{
	OCSP_CERTID *id = pki_certid(rig->pki.ca, serial, len, md);
	int n;

	*out = NULL;
	n = i2d_OCSP_CERTID(id, out);
	OCSP_CERTID_free(id);
	return n;
}

/* The whole answer by templates. */
static unsigned char *
by_templates(const struct frame_cert *cert, time_t from, time_t to, size_t *len)
{
	struct answer_single singles[2];
	struct answer a = {.singles = singles,
	    .n_singles = shape.n_hashes,
	    .extended_revoke = shape.extended_revoke,
	    .this_update = from,
	    .next_update = to};
	unsigned char *ids[2], *out;
	size_t i;

	for (i = 0; i < 2; i++) {
		singles[i] = (struct answer_single){
		    .status = cert->revoked ? ANSWER_REVOKED : ANSWER_GOOD,
		    .reason = cert->reason,
		    .archive_cutoff = shape.has_cutoff ? CUTOFF : 0,
		    .revoked_at = cert->revoked_at};
		singles[i].certid_len = (size_t)certid_of(cert->serial,
		    cert->serial_len, i == 0 ? EVP_sha256() : EVP_sha1(),
		    &ids[i]);
		singles[i].certid = ids[i];
	}
	assert_true(answer_sign(&a, ed25519, &out, len));
	OPENSSL_free(ids[0]);
	OPENSSL_free(ids[1]);
	return out;
}

static void
same_as_templates(const struct frame_cert *cert)
{
	time_t from = rig->now - 40, to = rig->now + 3600;
	struct frame f = frame_at(from, to);
	unsigned char data[FRAME_DATA_MAX], sig[64], *a, *b;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n, a_len, b_len, sig_len = sizeof(sig);

	n = frame_data(&f, cert, data);
	assert_in_range(n, 100, FRAME_DATA_MAX);
	EVP_DigestSignInit(ctx, NULL, NULL, NULL, ed25519->key);
	assert_int_equal(EVP_DigestSign(ctx, sig, &sig_len, data, n), 1);
	EVP_MD_CTX_free(ctx);
	a = frame_response(&f, cert, sig, sig_len, &a_len);
	b = by_templates(cert, from, to, &b_len);
	assert_int_equal(a_len, b_len);
	assert_memory_equal(a, b, a_len);
	OCSP_BASICRESP_free(pki_verify(a, a_len, rig->pki.ca, rig->pki.root));
	OPENSSL_free(a);
	OPENSSL_free(b);
}

/* Serials of all lengths, with and without the highest bit; all statuses. */
static void
test_same_as_templates(void **state)
{
	unsigned char serial[20];
	struct frame_cert c = {.serial = serial, .reason = -1};

	(void)state;
	for (size_t len = 1; len <= sizeof(serial); len++) {
		memset(serial, (int)(0x7b + len), sizeof(serial));
		c.serial_len = len;
		c.revoked = len % 3 != 0;
		c.reason = (int)len % 11 - 1;
		c.revoked_at = rig->now - (time_t)len * 100000;
		same_as_templates(&c);
	}
}

/* One hash, archiveCutoff, extended-revoke, and all of them. */
static void
test_shapes(void **state)
{
	const struct frame before = shape;
	unsigned i;

	for (i = 0; i < 8; i++) {
		shape.n_hashes = i & 1 ? 1 : FRAME_HASHES;
		shape.has_cutoff = i >> 1 & 1;
		shape.extended_revoke = i >> 2 & 1;
		test_same_as_templates(state);
	}
	shape = before;
}

static void
test_far_times(void **state)
{
	unsigned char out[FRAME_TIME_LEN];
	struct frame_cert c = {.serial = rig_good,
	    .serial_len = 2,
	    .revoked = 1,
	    .reason = 1,
	    .revoked_at = 0};

	(void)state;
	same_as_templates(&c);
	c.revoked_at = 253402300799; /* the last second of 9999 */
	same_as_templates(&c);
	assert_false(frame_time(253402300800, out));
}

static void
matches(const EVP_MD *md, const unsigned char *serial, size_t len, int want)
{
	const unsigned char *found = NULL, *certid;
	unsigned char *der;
	size_t found_len = 0, certid_len, which = 9;
	int n = pki_request(rig->pki.ca, serial, len, md, 0, &der);

	certid = frame_request_certid(der, (size_t)n, &certid_len);
	assert_int_equal(certid != NULL &&
		frame_match(
		    &issuer, certid, certid_len, &which, &found, &found_len),
	    want);
	if (want) {
		assert_int_equal(which, md == EVP_sha1());
		assert_int_equal(found_len, len);
		assert_memory_equal(found, serial, len);
	}
	OPENSSL_free(der);
}

static void
test_match(void **state)
{
	unsigned char serial[20];

	(void)state;
	memset(serial, 0x91, sizeof(serial));
	for (size_t len = 1; len <= sizeof(serial); len++) {
		matches(EVP_sha1(), serial, len, 1);
		matches(EVP_sha256(), serial, len, 1);
		matches(EVP_sha384(), serial, len, 0);
	}
	matches(EVP_sha1(), (const unsigned char *)"\x7f", 1, 1);
}

/* Whatever octet is changed, whatever is cut off or put on: either it is the
   serial that is another, or it does not match. What a request says beside the
   CertID makes it another request. */
static void
test_match_no_other(void **state)
{
	const unsigned char *found, *certid;
	unsigned char *der, serial[] = {0x5a, 1, 2, 3}, longer[256];
	size_t len, n, certid_len, i, which;

	(void)state;
	n = (size_t)pki_request(
	    rig->pki.ca, serial, sizeof(serial), EVP_sha256(), 0, &der);
	assert_true(n < sizeof(longer) - 1);
	for (i = 0; i < n - sizeof(serial); i++) {
		der[i] ^= 1;
		certid = frame_request_certid(der, n, &certid_len);
		assert_false(certid != NULL &&
		    frame_match(&issuer, certid, certid_len, &which, &found, &len));
		der[i] ^= 1;
	}
	for (i = 0; i < n; i++)
		assert_null(frame_request_certid(der, i, &certid_len));
	memcpy(longer, der, n);
	longer[n] = 0;
	assert_null(frame_request_certid(longer, n + 1, &certid_len));
	OPENSSL_free(der);
	n = (size_t)pki_request(
	    rig->pki.ca, serial, sizeof(serial), EVP_sha256(), 16, &der);
	assert_null(frame_request_certid(der, n, &certid_len));
	OPENSSL_free(der);
}

static void
test_match_minimal(void **state)
{
	static const unsigned char ends[][4] = {
	    {2, 1, 0}, {2, 1, 0x80}, {2, 2, 0, 0x7f}, {2, 0}, {4, 1, 5}};
	static const size_t lens[] = {3, 3, 4, 2, 3};
	const unsigned char *found;
	unsigned char der[128];
	size_t i, n, len, which;

	(void)state;
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		n = issuer.prefix_len[0];
		der[0] = 0x30;
		der[1] = (unsigned char)(n + lens[i]);
		memcpy(der + 2, issuer.prefix[0], n);
		memcpy(der + 2 + n, ends[i], lens[i]);
		assert_false(frame_match(
		    &issuer, der, 2 + n + lens[i], &which, &found, &len));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_as_templates),
	    cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_far_times),
	    cmocka_unit_test(test_match),
	    cmocka_unit_test(test_match_no_other),
	    cmocka_unit_test(test_match_minimal),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
