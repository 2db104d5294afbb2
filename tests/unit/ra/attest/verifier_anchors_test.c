#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/verifier_anchors.h"

/* What is kept is found by all its octets, and by nothing less. */

static size_t
encode(X509 *cert, unsigned char out[2048])
{
	unsigned char *p = out;
	int len = i2d_X509(cert, &p);

	assert_true(len > 0 && len < 2000);
	return (size_t)len;
}

static X509 *
get(struct verifier_anchors *a, const unsigned char *der, size_t len)
{
	X509 *cert = verifier_anchor(a, der, len);

	assert_non_null(cert);
	X509_free(cert); /* if it is kept it stays */
	return cert;
}

static void
kept(void **state)
{
	struct verifier_anchors *a = verifier_anchors_new();
	struct maker m = new_maker("Maker"), other = new_maker("Another");
	unsigned char der[2048], same[2048];
	size_t len = encode(m.root, der), n = encode(other.root, same);
	X509 *first;

	(void)state;
	first = get(a, der, len);
	assert_ptr_equal(get(a, der, len), first);
	assert_int_equal(X509_cmp(first, m.root), 0);
	/* Another one that falls on the same place takes it. */
	memcpy(same + n - 2, der + len - 2, 2);
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(get(a, same, n)),
	    X509_get_subject_name(other.root)), 0);
	assert_int_equal(X509_cmp(get(a, der, len), m.root), 0);
	verifier_anchors_free(a);
	free_maker(&m);
	free_maker(&other);
}

/* One octet more, fewer or another: not the one that is kept. */
static void
not_kept(void **state)
{
	struct verifier_anchors *a = verifier_anchors_new();
	struct maker m = new_maker("Maker");
	unsigned char der[2048], changed[2048];
	size_t len = encode(m.root, der);
	X509 *first = get(a, der, len);

	(void)state;
	der[len] = der[len - 2];
	der[len + 1] = der[len - 1];
	assert_null(verifier_anchor(a, der, len + 2));
	assert_null(verifier_anchor(a, der, len - 1));
	assert_null(verifier_anchor(a, der, 1));
	assert_null(verifier_anchor(a, der, 0));
	assert_ptr_equal(get(a, der, len), first);
	memcpy(changed, der, len);
	changed[len - 10] ^= 1; /* of the signature */
	assert_ptr_not_equal(get(a, changed, len), first);
	ERR_clear_error();
	verifier_anchors_free(a);
	verifier_anchors_free(NULL);
	free_maker(&m);
}

static void
nothing_is_kept_without_a_place(void **state)
{
	struct maker m = new_maker("Maker");
	unsigned char der[2048];
	size_t len = encode(m.root, der);
	X509 *one = verifier_anchor(NULL, der, len),
	     *two = verifier_anchor(NULL, der, len);

	(void)state;
	assert_non_null(one);
	assert_non_null(two);
	assert_ptr_not_equal(one, two);
	assert_null(verifier_anchor(NULL, der, len + 1));
	ERR_clear_error();
	X509_free(one);
	X509_free(two);
	free_maker(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept), cmocka_unit_test(not_kept),
		cmocka_unit_test(nothing_is_kept_without_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
