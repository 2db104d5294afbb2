#include <openssl/ocsp.h>
#include "ca/engine/presign.h"
#include "tests/unit/ca/engine/world.h"

/* OCSP answers signed in advance by the CA's own key. */

static OCSP_RESPONSE *
answer(
    struct world *w, const char *ident, const X509 *subject, const char *hash)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(subject), NULL);
	char *hex = BN_bn2hex(bn), path[512];
	OCSP_RESPONSE *resp;
	BIO *bio;

	snprintf(path, sizeof(path), "%s/pub/ocsp/%s/%s-%s.der", w->dir, ident,
	    hex, hash);
	bio = BIO_new_file(path, "rb");
	assert_non_null(bio);
	resp = d2i_OCSP_RESPONSE_bio(bio, NULL);
	assert_non_null(resp);
	BIO_free(bio);
	OPENSSL_free(hex);
	BN_free(bn);
	return resp;
}

static X509 *
service(struct world *w)
{
	char path[512];
	X509 *x;
	FILE *f;

	snprintf(path, sizeof(path), "%s/service.pem", w->dir);
	f = fopen(path, "r");
	assert_non_null(f);
	x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(x);
	return x;
}

static time_t
seconds(const ASN1_GENERALIZEDTIME *t)
{
	struct tm tm;

	assert_non_null(t);
	assert_int_equal(ASN1_TIME_to_tm(t, &tm), 1);
	return timegm(&tm);
}

static void
good_by(struct world *w, struct issuer *is, X509 *subject, const char *hash,
    const EVP_MD *md, time_t now, int64_t lifetime)
{
	OCSP_RESPONSE *resp = answer(w, is->row.ident, subject, hash);
	OCSP_BASICRESP *bs = OCSP_response_get1_basic(resp);
	OCSP_CERTID *id = OCSP_cert_to_id(md, subject, is->cert);
	const ASN1_OCTET_STRING *by_key;
	const X509_NAME *by_name;
	ASN1_GENERALIZEDTIME *this, *next;
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *certs = sk_X509_new_null();
	int status, reason;

	assert_int_equal(OCSP_response_status(resp), 0);
	assert_int_equal(OCSP_resp_count(bs), 1);
	assert_int_equal(
	    OCSP_resp_find_status(bs, id, &status, &reason, NULL, &this, &next),
	    1);
	assert_int_equal(status, V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(seconds(this), now);
	assert_int_equal(seconds(next), now + lifetime);
	assert_int_equal(OCSP_resp_get0_id(bs, &by_key, &by_name), 1);
	assert_non_null(by_key); /* RFC 9919: by key */
	assert_null(by_name);
	sk_X509_push(certs, is->cert);
	assert_int_equal(OCSP_basic_verify(
			     bs, certs, store, OCSP_NOINTERN | OCSP_TRUSTOTHER),
	    1);
	sk_X509_free(certs);
	X509_STORE_free(store);
	OCSP_CERTID_free(id);
	OCSP_BASICRESP_free(bs);
	OCSP_RESPONSE_free(resp);
}

static void
both_hashes(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	X509 *x = service(w);

	world_sh("mkdir %s/pub/ocsp/devices-g1", w->dir);
	assert_true(
	    presign_one(is, &(struct presign_subject){.cert = x}, w->settings->publish_dir, w->now, 86400));
	good_by(w, is, x, "sha1", EVP_sha1(), w->now, 86400);
	good_by(w, is, x, "sha256", EVP_sha256(), w->now, 86400);
	X509_free(x);
}

/* Those of the ceremony: each issuing CA's, by the root. */
static void
of_the_root(void **state)
{
	struct world *w = *state;
	struct issuer *root = issuer_set_find(&w->ca->issuers, "root");
	size_t i;

	for (i = 0; i < w->ca->issuers.n; i++)
		if (w->ca->issuers.item[i] != root) {
			good_by(w, root, w->ca->issuers.item[i]->cert, "sha1",
			    EVP_sha1(), w->now, 180 * 86400);
			good_by(w, root, w->ca->issuers.item[i]->cert, "sha256",
			    EVP_sha256(), w->now, 180 * 86400);
		}
}

static void
failures(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	EVP_PKEY *key = is->key, *foreign = world_key();
	X509 *x = service(w);

	assert_false(presign_one(is, &(struct presign_subject){.cert = x}, "/nonexistent", w->now, 86400));
	assert_int_equal(report_last_reason(), CA_E_SIGN);
	ERR_clear_error();
	is->key = NULL;
	assert_false(
	    presign_one(is, &(struct presign_subject){.cert = x}, w->settings->publish_dir, w->now, 86400));
	assert_int_equal(report_last_reason(), CA_E_SIGN);
	ERR_clear_error();
	is->key = foreign; /* does not fit the certificate */
	assert_false(
	    presign_one(is, &(struct presign_subject){.cert = x}, w->settings->publish_dir, w->now, 86400));
	assert_int_equal(report_last_reason(), CA_E_SIGN);
	ERR_clear_error();
	is->key = key;
	EVP_PKEY_free(foreign);
	X509_free(x);
}

static void
when_they_end(void **state)
{
	struct world *w = *state;
	int64_t from, until;
	size_t n;

	assert_true(presign_ends(
	    w->settings->publish_dir, "root-g1", &n, &from, &until));
	assert_int_equal(n, 8);
	assert_int_equal(from, w->now);
	assert_int_equal(until, w->now + 180 * 86400);
	world_sh("echo rubbish >%s/pub/ocsp/root-g1/00-sha1.der", w->dir);
	assert_false(presign_ends(
	    w->settings->publish_dir, "root-g1", &n, &from, &until));
	ERR_clear_error();
	world_sh("rm %s/pub/ocsp/root-g1/00-sha1.der", w->dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_hashes),
	    cmocka_unit_test(of_the_root),
	    cmocka_unit_test(failures),
	    cmocka_unit_test(when_they_end),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
