#include "ca/engine/crl_build.h"
#include "tests/unit/ca/engine/soft_ca.h"

/* What is written as a stream, read as objects. */

static struct crl_spec
plain(void)
{
	return (struct crl_spec){.number = 4711, .this_update = SOFT_NOW,
	    .next_update = SOFT_NOW + 86400};
}

static struct cert_revoked
entry(int i)
{
	struct cert_revoked r = {.serial_len = 20, .when = SOFT_NOW - i,
	    .reason = i % 2 ? CRL_REASON_SUPERSEDED : CERT_REASON_NONE};

	r.serial[0] = 0x40;
	r.serial[17] = (unsigned char)(i >> 16);
	r.serial[18] = (unsigned char)(i >> 8);
	r.serial[19] = (unsigned char)i;
	return r;
}

/* Built with ${n} entries, signed, decoded; held against OpenSSL's encoder. */
static X509_CRL *
built(const struct issuer *is, const struct crl_spec *spec, int n)
{
	struct crl_build *b = crl_build_new(is, spec);
	const unsigned char *der, *p;
	unsigned char *again = NULL;
	struct cert_revoked r;
	X509_CRL *crl, *copy;
	int i, tag, class;
	size_t len;
	long inner;

	assert_non_null(b);
	for (i = 0; i < n; i++) {
		r = entry(i);
		assert_true(crl_build_add(b, &r));
	}
	assert_int_equal(crl_build_entries(b), n);
	if (!crl_build_sign(b))
		report_fatal("sign");
	p = der = crl_build_der(b, &len);
	crl = d2i_X509_CRL(NULL, &p, (long)len);
	assert_non_null(crl);
	assert_ptr_equal(p, der + len);
	assert_int_equal(X509_CRL_verify(crl, is->verify), 1);
	/* Decoded and encoded without what was kept of the octets. */
	copy = X509_CRL_dup(crl);
	assert_int_equal(i2d_X509_CRL(copy, &again), len);
	assert_memory_equal(again, der, len);
	OPENSSL_free(again);
	again = NULL;
	p = der;
	assert_int_equal(ASN1_get_object(&p, &inner, &tag, &class,
	    (long)len), V_ASN1_CONSTRUCTED);
	i = i2d_re_X509_CRL_tbs(copy, &again);
	assert_true(i > 0 && i < inner);
	assert_memory_equal(again, p, i);
	OPENSSL_free(again);
	X509_CRL_free(copy);
	crl_build_free(b);
	return crl;
}

static void
every_key(void **state)
{
	static const char *const kinds[] = {"P-256", "P-384", "rsa",
	    "ed25519"};
	struct crl_spec spec = plain();
	struct issuer *is;
	X509_CRL *crl;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		is = soft_ca(kinds[i]);
		crl = built(is, &spec, 3);
		assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(
		    crl)), 3);
		X509_CRL_free(crl);
		issuer_free(is);
	}
}

static void
empty(void **state)
{
	struct issuer *is = soft_ca("P-256");
	struct crl_spec spec = plain();
	X509_CRL *crl = built(is, &spec, 0);
	ASN1_INTEGER *number;
	int64_t n;

	(void)state;
	assert_null(X509_CRL_get_REVOKED(crl));
	assert_int_equal(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
	assert_int_equal(X509_NAME_cmp(X509_CRL_get_issuer(crl),
	    X509_get_subject_name(is->cert)), 0);
	assert_int_equal(X509_CRL_get_ext_count(crl), 2);
	number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	assert_int_equal(ASN1_INTEGER_get_int64(&n, number), 1);
	assert_int_equal(n, spec.number);
	ASN1_INTEGER_free(number);
	X509_CRL_free(crl);
	issuer_free(is);
}

/* Each length that a header's size depends on. */
static void
many_sizes(void **state)
{
	struct issuer *is = soft_ca("P-256");
	struct crl_spec spec = plain();
	int n, counts[] = {1, 2, 4, 5, 6, 1500, 1700, 40000};
	STACK_OF(X509_REVOKED) *all;
	X509_CRL *crl;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		n = counts[i];
		crl = built(is, &spec, n);
		all = X509_CRL_get_REVOKED(crl);
		assert_int_equal(sk_X509_REVOKED_num(all), n);
		assert_int_equal(X509_REVOKED_get_ext_count(
		    sk_X509_REVOKED_value(all, n - 1)), (n - 1) % 2);
		X509_CRL_free(crl);
	}
	issuer_free(is);
}

static void
scope(void **state)
{
	static const char url[] = "http://ca.example/crl/soft-g1-s3.crl";
	struct issuer *is = soft_ca("P-256");
	struct crl_spec spec = plain();
	ISSUING_DIST_POINT *idp;
	const GENERAL_NAME *gn;
	const ASN1_STRING *uri;
	X509_CRL *crl;
	int critical, type;

	(void)state;
	spec.idp_url = url;
	crl = built(is, &spec, 2);
	idp = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point,
	    &critical, NULL);
	assert_non_null(idp);
	assert_int_equal(critical, 1);
	assert_int_equal(idp->distpoint->type, 0);
	assert_int_equal(sk_GENERAL_NAME_num(idp->distpoint->name.fullname),
	    1);
	gn = sk_GENERAL_NAME_value(idp->distpoint->name.fullname, 0);
	uri = GENERAL_NAME_get0_value(gn, &type);
	assert_int_equal(type, GEN_URI);
	assert_int_equal(ASN1_STRING_length(uri), strlen(url));
	assert_memory_equal(ASN1_STRING_get0_data(uri), url, strlen(url));
	assert_false(idp->onlyuser || idp->onlyCA || idp->indirectCRL ||
	    idp->onlyattr);
	assert_null(idp->onlysomereasons);
	ISSUING_DIST_POINT_free(idp);
	X509_CRL_free(crl);
	issuer_free(is);
}

static void
expired(void **state)
{
	struct issuer *is = soft_ca("P-256");
	ASN1_OBJECT *oid = OBJ_txt2obj("2.5.29.60", 1);
	struct crl_spec spec = plain();
	ASN1_GENERALIZEDTIME *t;
	const unsigned char *p;
	X509_EXTENSION *ext;
	X509_CRL *crl;
	struct tm tm;
	int i;

	(void)state;
	spec.expired_from = SOFT_NOW - 5000;
	crl = built(is, &spec, 1);
	i = X509_CRL_get_ext_by_OBJ(crl, oid, -1);
	assert_true(i >= 0);
	ext = X509_CRL_get_ext(crl, i);
	assert_false(X509_EXTENSION_get_critical(ext));
	p = ASN1_STRING_get0_data(X509_EXTENSION_get_data(ext));
	t = d2i_ASN1_GENERALIZEDTIME(NULL, &p,
	    ASN1_STRING_length(X509_EXTENSION_get_data(ext)));
	assert_non_null(t);
	assert_int_equal(ASN1_TIME_to_tm(t, &tm), 1);
	assert_int_equal(timegm(&tm), spec.expired_from);
	ASN1_GENERALIZEDTIME_free(t);
	X509_CRL_free(crl);
	spec.expired_from = 0;
	crl = built(is, &spec, 1);
	assert_int_equal(X509_CRL_get_ext_by_OBJ(crl, oid, -1), -1);
	X509_CRL_free(crl);
	ASN1_OBJECT_free(oid);
	issuer_free(is);
}

/* Beyond 2049 the times are GeneralizedTime. */
static void
far_times(void **state)
{
	struct issuer *is = soft_ca("P-256");
	struct crl_spec spec = plain();
	X509_CRL *crl;

	(void)state;
	spec.next_update = INT64_C(2524608000);
	crl = built(is, &spec, 1);
	assert_int_equal(ASN1_STRING_type(X509_CRL_get0_lastUpdate(crl)),
	    V_ASN1_UTCTIME);
	assert_int_equal(ASN1_STRING_type(X509_CRL_get0_nextUpdate(crl)),
	    V_ASN1_GENERALIZEDTIME);
	X509_CRL_free(crl);
	issuer_free(is);
}

static void
not_signed(void **state)
{
	struct issuer *is = soft_ca("P-256");
	EVP_PKEY *own = is->key, *foreign = soft_key("P-256");
	EVP_PKEY *other_kind = soft_key("ed25519");
	struct crl_spec spec = plain();
	EVP_PKEY *keys[] = {NULL, foreign, other_kind};
	struct cert_revoked bad = entry(1);
	struct crl_build *b;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		is->key = keys[i];
		b = crl_build_new(is, &spec);
		assert_non_null(b);
		assert_false(crl_build_sign(b));
		soft_raised(CA_E_SIGN, "cannot be signed");
		crl_build_free(b);
	}
	is->key = own;
	b = crl_build_new(is, &spec);
	bad.reason = CRL_REASON_REMOVE_FROM_CRL;
	assert_false(crl_build_add(b, &bad));
	soft_raised(CA_E_INTERNAL, "crl.entry: ");
	assert_int_equal(crl_build_entries(b), 0);
	crl_build_free(b);
	crl_build_free(NULL);
	EVP_PKEY_free(foreign);
	EVP_PKEY_free(other_kind);
	issuer_free(is);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_key),
	    cmocka_unit_test(empty),
	    cmocka_unit_test(many_sizes),
	    cmocka_unit_test(scope),
	    cmocka_unit_test(expired),
	    cmocka_unit_test(far_times),
	    cmocka_unit_test(not_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
