#include "ca/engine/crl_frame.h"
#include "profiles/der.h"
#include "tests/unit/ca/engine/soft_ca.h"

/* The two halves, taken apart without templates. */

static void
head(void **state)
{
	struct issuer *is = soft_ca("P-384");
	struct crl_spec spec = {.number = 9, .this_update = SOFT_NOW,
	    .next_update = SOFT_NOW + 60};
	struct der in, body, whole;
	unsigned char *out;
	size_t len;

	(void)state;
	assert_true(crl_frame_head(is, &spec, &out, &len));
	in = (struct der){out, len};
	assert_null(der_strict(in));
	assert_true(der_take(&in, DER_INTEGER, &body));
	assert_true(der_equal(&body, (const unsigned char *)"\x01", 1));
	assert_true(der_take_whole(&in, DER_SEQUENCE, &whole));
	assert_true(der_equal(&whole, is->build.sigalg,
	    is->build.sigalg_len));
	assert_true(der_take_whole(&in, DER_SEQUENCE, &whole));
	/* Byte by byte the CA's own name. */
	assert_true(der_equal(&whole, is->build.name, is->build.name_len));
	assert_true(der_take(&in, DER_UTCTIME, NULL));
	assert_true(der_take(&in, DER_UTCTIME, NULL));
	assert_int_equal(in.len, 0);
	OPENSSL_free(out);
	issuer_free(is);
}

static size_t
extensions(const struct issuer *is, const struct crl_spec *spec)
{
	struct der in, list, one, body, oid;
	unsigned char *out;
	size_t len, n;

	assert_true(crl_frame_tail(is, spec, &out, &len));
	in = (struct der){out, len};
	assert_true(der_only(in, DER_CONTEXT_CONS(0), &list));
	assert_true(der_only(list, DER_SEQUENCE, &body));
	for (n = 0; body.len > 0; n++) {
		assert_true(der_take(&body, DER_SEQUENCE, &one));
		assert_true(der_take(&one, DER_OID, &oid));
		/* Critical is the IDP alone; FALSE is never written. */
		assert_int_equal(der_take(&one, DER_BOOLEAN, NULL),
		    der_oid_is(&oid, "2.5.29.28"));
		assert_true(der_only(one, DER_OCTET_STRING, NULL));
	}
	OPENSSL_free(out);
	return n;
}

static void
tail(void **state)
{
	struct issuer *is = soft_ca("P-256");
	struct crl_spec spec = {.number = 9};

	(void)state;
	assert_int_equal(extensions(is, &spec), 2);
	spec.idp_url = "http://ca.example/crl/x-s0.crl";
	assert_int_equal(extensions(is, &spec), 3);
	spec.expired_from = SOFT_NOW;
	assert_int_equal(extensions(is, &spec), 4);
	issuer_free(is);
}

/* A name that is no DER cannot get into a CRL. */
static void
broken(void **state)
{
	struct issuer *is = soft_ca("P-256");
	struct crl_spec spec = {.number = 9, .this_update = SOFT_NOW,
	    .next_update = SOFT_NOW};
	unsigned char *out = NULL;
	size_t len;

	(void)state;
	is->build.name = (const unsigned char *)"\x30\x05xx";
	is->build.name_len = 4;
	assert_false(crl_frame_head(is, &spec, &out, &len));
	assert_null(crl_build_new(is, &spec));
	soft_raised(CA_E_INTERNAL, "head and extensions");
	issuer_free(is);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(head),
	    cmocka_unit_test(tail),
	    cmocka_unit_test(broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
