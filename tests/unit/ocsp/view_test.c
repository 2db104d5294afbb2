#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/ocsp/rig.h"

static struct rig *rig;

static int
setup(void **state)
{
	(void)state;
	rig = rig_make();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig);
	return 0;
}

static const struct view_issuer *
find(const struct view *view, X509 *issuer, const EVP_MD *md)
{
	OCSP_CERTID *cid = pki_certid(issuer, rig_good, 2, md);
	const struct view_issuer *found;
	struct request_id id;

	assert_true(request_id_read(cid, &id));
	found = view_find_certid(view, &id);
	OPENSSL_free(id.der);
	OCSP_CERTID_free(cid);
	return found;
}

static void
test_find(void **state)
{
	struct view *view = state_view(rig->state);
	const struct view_issuer *ca = view_find_ident(view, "devices-g1");
	const struct view_issuer *root = view_find_ident(view, "root-g1");

	(void)state;
	assert_non_null(ca);
	assert_int_equal(ca->id, RIG_CA);
	assert_int_equal(ca->is_root, 0);
	assert_int_equal(root->is_root, 1);
	assert_null(view_find_ident(view, "devices-g2"));
	assert_ptr_equal(find(view, rig->pki.ca, EVP_sha1()), ca);
	assert_ptr_equal(find(view, rig->pki.ca, EVP_sha256()), ca);
	assert_ptr_equal(find(view, rig->pki.ca, EVP_sha384()), ca);
	assert_ptr_equal(find(view, rig->pki.root, EVP_sha512()), root);
	assert_null(find(view, rig->pki.ca, EVP_sha224()));
	assert_null(find(view, rig->pki.ocsp, EVP_sha1()));
	view_free(view);
}

/* The name of one issuer and the key of another. */
static void
test_mixed(void **state)
{
	struct view *view = state_view(rig->state);
	OCSP_CERTID *cid;
	struct request_id id;
	ASN1_INTEGER *one = ASN1_INTEGER_new();

	(void)state;
	ASN1_INTEGER_set(one, 1);
	cid = OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(rig->pki.ca),
	    X509_get0_pubkey_bitstr(rig->pki.root), one);
	assert_true(request_id_read(cid, &id));
	assert_null(view_find_certid(view, &id));
	OPENSSL_free(id.der);
	OCSP_CERTID_free(cid);
	ASN1_INTEGER_free(one);
	view_free(view);
}

static void
test_equal(void **state)
{
	struct status_reader *reader = status_reader_open(rig->db);
	struct view *a = view_read(reader), *b = view_read(reader), *c;

	(void)state;
	assert_true(view_equal(a, b));
	assert_true(view_equal(NULL, NULL));
	assert_false(view_equal(a, NULL));
	rig_put_issuer(rig, RIG_CA, "devices-g1", 0, rig->pki.ocsp);
	c = view_read(reader);
	assert_false(view_equal(a, c));
	view_free(a);
	view_free(b);
	view_free(c);
	status_reader_close(reader);
}

static void
test_refused(void **state)
{
	struct status_reader *reader = status_reader_open(rig->db);
	struct status_issuer i = {.id = 50,
	    .ident = "bad",
	    .cert = (unsigned char *)"no",
	    .cert_len = 2};

	(void)state;
	assert_true(status_begin(rig->writer));
	assert_true(status_put_issuer(rig->writer, &i));
	assert_true(status_commit(rig->writer, ++rig->change, rig->now));
	assert_null(view_read(reader));
	assert_int_equal(pki_reason(), OCSP_E_INTERNAL);
	status_reader_close(reader);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_find),
	    T(test_mixed),
	    T(test_equal),
	    T(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
