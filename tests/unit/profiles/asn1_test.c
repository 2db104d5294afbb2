#include "tests/unit/profiles/rig.h"

#include "profiles/asn1.h"

/* What the templates read they write again, octet by octet. */
static void
certificates_come_back(void **state)
{
	unsigned char *again = NULL;
	const unsigned char *p;
	struct rig_ca ca;
	INKAN_CERT *cert;
	INKAN_TBS *tbs;
	ASN1_STRING *s;
	int n;

	(void)state;
	rig_ca_init(&ca, "root", 0);
	rig_ca_certify(&ca, "root-ca", "Root", NULL);
	p = ca.cert;
	cert = d2i_INKAN_CERT(NULL, &p, (long)ca.cert_len);
	assert_non_null(cert);
	n = i2d_INKAN_CERT(cert, &again);
	assert_int_equal(n, ca.cert_len);
	assert_memory_equal(again, ca.cert, n);
	OPENSSL_free(again);
	assert_int_equal(ASN1_TYPE_get(cert->tbs), V_ASN1_SEQUENCE);
	s = cert->tbs->value.sequence;
	p = ASN1_STRING_get0_data(s);
	tbs = d2i_INKAN_TBS(NULL, &p, ASN1_STRING_length(s));
	assert_non_null(tbs);
	again = NULL;
	n = i2d_INKAN_TBS(tbs, &again);
	assert_int_equal(n, ASN1_STRING_length(s));
	assert_memory_equal(again, ASN1_STRING_get0_data(s), n);
	assert_int_equal(ASN1_TYPE_get(tbs->spki), V_ASN1_SEQUENCE);
	assert_null(tbs->issuer_uid);
	OPENSSL_free(again);
	INKAN_TBS_free(tbs);
	INKAN_CERT_free(cert);
	rig_ca_clear(&ca);
}

static void
requests_come_back(void **state)
{
	EVP_PKEY *key = rig_key("device-ed25519");
	struct csr *csr = rig_csr(key, "CN=a", "DNS:a");
	const unsigned char *der, *p;
	unsigned char *again = NULL;
	INKAN_CSR *outer;
	INKAN_CRI *cri;
	ASN1_STRING *s;
	size_t len;
	int n;

	(void)state;
	p = der = csr_der(csr, &len);
	outer = d2i_INKAN_CSR(NULL, &p, (long)len);
	assert_non_null(outer);
	s = outer->cri->value.sequence;
	p = ASN1_STRING_get0_data(s);
	cri = d2i_INKAN_CRI(NULL, &p, ASN1_STRING_length(s));
	assert_non_null(cri);
	assert_int_equal(sk_X509_ATTRIBUTE_num(cri->attributes), 1);
	n = i2d_INKAN_CRI(cri, &again);
	assert_int_equal(n, ASN1_STRING_length(s));
	assert_memory_equal(again, ASN1_STRING_get0_data(s), n);
	OPENSSL_free(again);
	INKAN_CRI_free(cri);
	INKAN_CSR_free(outer);
	csr_free(csr);
	EVP_PKEY_free(key);
}

static void
other_shapes_are_refused(void **state)
{
	static const unsigned char empty[] = {0x30, 0x00};
	const unsigned char *p = empty;

	(void)state;
	assert_null(d2i_INKAN_CERT(NULL, &p, sizeof(empty)));
	p = empty;
	assert_null(d2i_INKAN_TBS(NULL, &p, sizeof(empty)));
	p = empty;
	assert_null(d2i_INKAN_CSR(NULL, &p, sizeof(empty)));
	p = empty;
	assert_null(d2i_INKAN_CRI(NULL, &p, sizeof(empty)));
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(certificates_come_back),
	    cmocka_unit_test(requests_come_back),
	    cmocka_unit_test(other_shapes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
