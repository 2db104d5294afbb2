#include "tests/unit/profiles/lint/samples.h"
#include "profiles/lint/lint_part.h"

/* One extension, and what a certificate is because of its extensions. */

static void
one(void **state)
{
	static const unsigned char ku[] = {0x06, 3, 0x55, 0x1d, 0x0f, 1, 1,
	    0xff, 4, 4, 3, 2, 7, 0x80};
	static const unsigned char other[] = {
	    0x06, 2, 0x2a, 3, 1, 1, 0, 4, 0};
	struct lint_ext x;

	(void)state;
	assert_true(lint_ext_read((struct der){ku, sizeof(ku)}, &x));
	assert_int_equal(x.id, LINT_X_KU);
	assert_true(x.critical && x.said && x.value.len == 4);
	assert_string_equal(lint_ext_name(&x), "keyUsage");
	assert_true(lint_ext_read((struct der){other, sizeof(other)}, &x));
	assert_int_equal(x.id, LINT_X_N);
	assert_true(!x.critical && x.said && x.value.len == 0);
	assert_false(lint_ext_read((struct der){ku, 8}, &x));
	assert_false(lint_ext_read((struct der){ku, sizeof(ku) - 1}, &x));
	assert_false(lint_ext_read((struct der){ku + 5, 9}, &x));
}

static void
limits(void **state)
{
	unsigned char *der = malloc(SAMPLE_MAX);
	struct lint_view v = {.classes = 0};
	size_t len;

	(void)state;
	len = sample_make("end",
	    "more=$x3$x3$x3$x3;x3=$x2$x2$x2$x2;x2=$x1$x1$x1$x1;x1="
	    EXT("2a03", "0500"), "$cert", der);
	lint_read_cert(&v, (struct der){der, len}, 0);
	assert_null(v.broken);
	assert_int_equal(v.n_exts, LINT_EXTS_MAX);
	assert_non_null(v.limit);
	free(der);
}

static void
constraints(void **state)
{
	static const struct {
		const char *value;
		int ok, is_ca;
		long path;
	} all[] = {{"3000", 1, 0, -1}, {"30( 0101ff )", 1, 1, -1},
	    {"30( 0101ff 020100 )", 1, 1, 0},
	    {"30( 0101ff 02020100 )", 1, 1, 256},
	    {"30( 0101ff 0201ff )", 0, 0, 0},
	    {"30( 0101ff 020500ffffffff )", 0, 0, 0}, {"0500", 0, 0, 0},
	    {"30( 0101ff 0500 )", 0, 0, 0}};
	unsigned char *der = malloc(SAMPLE_MAX);
	struct lint_view v;
	char change[128];
	int is_ca;
	size_t i, len;
	long path;

	(void)state;
	for (i = 0; i < N(all); i++) {
		memset(&v, 0, sizeof(v));
		snprintf(change, sizeof(change), "bc=30( 0603551d13 04( %s ))",
		    all[i].value);
		len = sample_make("end", change, "$cert", der);
		lint_read_cert(&v, (struct der){der, len}, 0);
		assert_int_equal(lint_bc(&v, &is_ca, &path), all[i].ok);
		if (!all[i].ok)
			continue;
		assert_int_equal(is_ca, all[i].is_ca);
		assert_int_equal(path, all[i].path);
	}
	free(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(one),
	    cmocka_unit_test(limits), cmocka_unit_test(constraints)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
