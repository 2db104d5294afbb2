#include "rig.h"
#include "ca/log/leaf.h"

static const unsigned char detail[] = {0x30, 0x0f, 0x30, 0x0d, 0x0c, 0x06, 'i',
    's', 's', 'u', 'e', 'r', 0x0c, 0x03, 'a', '-', '1'};

static struct log_opening
opening(void)
{
	struct log_opening o = {.kind = "crl", .time = 1795000000};

	memset(o.salt, 7, sizeof(o.salt));
	o.detail = OPENSSL_memdup(detail, sizeof(detail));
	o.detail_len = sizeof(detail);
	return o;
}

static void
encodes_and_decodes_a_leaf(void **state)
{
	struct log_leaf a = {.index = 300, .time = 1795000000, .kind = "crl"};
	struct log_leaf b;
	unsigned char *der = NULL;
	size_t len = 0;

	(void)state;
	memset(a.commitment, 9, sizeof(a.commitment));
	assert_int_equal(log_leaf_encode(&a, &der, &len), 1);
	assert_int_equal(len, 65);
	assert_int_equal(log_leaf_decode(&b, der, len), 1);
	assert_memory_equal(&a, &b, sizeof(a));
	OPENSSL_free(der);
}

static void
refuses_another_leaf(void **state)
{
	static const struct { size_t at; unsigned char to; } bad[] = {
	    {4, 2},		/* version */
	    {7, 0x81},		/* a negative index */
	    {9, 0x16},		/* kind as IA5String */
	    {30, '+'},		/* time with an offset */
	    {32, 31}};		/* a shorter commitment */
	struct log_leaf a = {.index = 300, .time = 1795000000, .kind = "crl"};
	unsigned char *der = NULL, copy[70];
	size_t len = 0, i;

	(void)state;
	assert_int_equal(log_leaf_encode(&a, &der, &len), 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(copy, der, len);
		copy[bad[i].at] = bad[i].to;
		if (log_leaf_decode(&a, copy, len))
			fail_msg("%zu was decoded", i);
		assert_refused("leaf.format: ");
	}
	memcpy(copy, der, len);
	copy[len] = 0;
	assert_int_equal(log_leaf_decode(&a, copy, len + 1), 0);
	assert_int_equal(log_leaf_decode(&a, copy, len - 1), 0);
	assert_int_equal(log_leaf_decode(&a, copy, 0), 0);
	/* BER: a length in two octets. */
	memmove(copy + 3, copy + 2, len - 2);
	copy[2] = copy[1];
	copy[1] = 0x81;
	assert_int_equal(log_leaf_decode(&a, copy, len + 1), 0);
	assert_refused("leaf.format: ");
	OPENSSL_free(der);
}

static void
opens_a_leaf(void **state)
{
	struct log_opening o = opening(), p;
	unsigned char *der = NULL, *leaf = NULL, *again = NULL;
	size_t len = 0, leaf_len = 0, again_len = 0;
	struct log_leaf l;

	(void)state;
	assert_int_equal(log_opening_encode(&o, &der, &len), 1);
	assert_int_equal(log_opening_decode(&p, der, len), 1);
	assert_string_equal(p.kind, "crl");
	assert_int_equal(p.time, o.time);
	assert_int_equal(p.detail_len, sizeof(detail));
	assert_memory_equal(p.detail, detail, sizeof(detail));
	assert_int_equal(log_opening_leaf(&o, 12, &leaf, &leaf_len), 1);
	assert_int_equal(log_opening_leaf(&p, 12, &again, &again_len), 1);
	assert_int_equal(leaf_len, again_len);
	assert_memory_equal(leaf, again, leaf_len);
	OPENSSL_free(again);
	assert_int_equal(log_leaf_decode(&l, leaf, leaf_len), 1);
	assert_int_equal(l.index, 12);
	p.salt[15] ^= 1;
	assert_int_equal(log_opening_leaf(&p, 12, &again, &again_len), 1);
	assert_memory_not_equal(leaf, again, leaf_len);
	OPENSSL_free(again);
	assert_int_equal(log_opening_leaf(&p, UINT64_MAX, &again, &again_len),
	    0);
	assert_refused("leaf.format: ");
	OPENSSL_free(leaf);
	OPENSSL_free(der);
	log_opening_clear(&o);
	log_opening_clear(&p);
	log_opening_clear(&p);
}

/* Whatever octet is changed: another opening, or none. */
static void
refuses_a_cut_opening(void **state)
{
	struct log_opening o = opening(), p;
	unsigned char *der = NULL;
	size_t len = 0, i;

	(void)state;
	assert_int_equal(log_opening_encode(&o, &der, &len), 1);
	for (i = 0; i < len; i++) {
		assert_int_equal(log_opening_decode(&p, der, i), 0);
		assert_refused("opening.format: ");
	}
	der[4] = 2;
	assert_int_equal(log_opening_decode(&p, der, len), 0);
	assert_refused("opening.format: ");
	OPENSSL_free(der);
	log_opening_clear(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(encodes_and_decodes_a_leaf),
	    cmocka_unit_test(refuses_another_leaf),
	    cmocka_unit_test(opens_a_leaf),
	    cmocka_unit_test(refuses_a_cut_opening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
