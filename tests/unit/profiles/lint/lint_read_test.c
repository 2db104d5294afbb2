#include "tests/unit/profiles/lint/samples.h"
#include "profiles/lint/lint_part.h"

/* The view: every part where it belongs. */

static unsigned char *der;
static struct lint_view v;

static void
read_sample(const char *base, const char *change, const char *part)
{
	size_t len = sample_make(base, change, part, der);

	memset(&v, 0, sizeof(v));
	if (is_crl(base))
		lint_read_crl(&v, (struct der){der, len});
	else
		lint_read_cert(
		    &v, (struct der){der, len}, strcmp(part, "$tbs") == 0);
}

static void
certificate(void **state)
{
	(void)state;
	read_sample("end", NULL, "$cert");
	assert_null(v.broken);
	assert_true(v.signed_ && v.has_version && v.has_exts && !v.trailing);
	assert_int_equal(v.serial.len, 20);
	assert_int_equal(v.issuer.n, 2);
	assert_int_equal(v.subject.n, 2);
	assert_int_equal(v.subject.attr[1].rdn, 1);
	assert_int_equal(v.key, LINT_K_EC);
	assert_int_equal(v.key_bits.len, 66);
	assert_int_equal(v.n_exts, 8);
	assert_true(v.time[0].ok && v.time[1].seconds > v.time[0].seconds);
	read_sample("end", NULL, "$tbs");
	assert_true(!v.broken && !v.signed_);
	read_sample("end", "cert=30( $tbs $out $sig ) 00", "$cert");
	assert_true(!v.broken && v.trailing);
	read_sample("end", "uid=81020055 82020055", "$cert");
	assert_true(!v.broken && v.has_uid);
	read_sample("end", "sub=30( 31() )", "$cert");
	assert_true(!v.broken && v.subject.bad);
	read_sample("end", "spki=30( 3000 )", "$cert");
	assert_true(!v.broken && !v.key_ok);
	read_sample("end", "out=", "$cert");
	assert_non_null(v.broken);
}

static void
keys(void **state)
{
	static const struct {
		const char *oid;
		enum lint_key key;
	} all[] = {{"2a864886f70d010101", LINT_K_RSA},
	    {"2a864886f70d01010a", LINT_K_PSS}, {"2b6570", LINT_K_ED},
	    {"2b656f", LINT_K_X}, {"608648016503040311", LINT_K_PQ_SIGN},
	    {"60864801650304031f", LINT_K_PQ_SIGN},
	    {"608648016503040320", LINT_K_UNKNOWN},
	    {"608648016503040310", LINT_K_UNKNOWN},
	    {"608648016503040403", LINT_K_PQ_KEM},
	    {"608648016503040404", LINT_K_UNKNOWN},
	    {"6086480165030403", LINT_K_UNKNOWN}};
	char change[128];
	size_t i;

	(void)state;
	for (i = 0; i < N(all); i++) {
		snprintf(change, sizeof(change),
		    "spki=30( 30( 06( %s )) 03( 0011 ))", all[i].oid);
		read_sample("end", change, "$cert");
		assert_int_equal(v.key, all[i].key);
	}
}

static void
list(void **state)
{
	(void)state;
	read_sample("crl", NULL, "$crl");
	assert_null(v.broken);
	assert_true(v.has_revoked && v.revoked.len > 0);
	assert_true(v.time[0].ok && v.time[1].ok);
	assert_int_equal(v.n_exts, 3);
	assert_int_equal(v.classes, 0);
	read_sample("delta", NULL, "$crl");
	assert_int_equal(v.classes, LINT_IS_DELTA);
	read_sample("crl", "revoked=;next=", "$crl");
	assert_true(!v.broken && !v.has_revoked && v.time[1].tag == 0);
	read_sample("crl", "alg=0500;out=3000", "$crl");
	assert_non_null(v.broken);
}

static int
start(void **state)
{
	(void)state;
	return (der = malloc(SAMPLE_MAX)) == NULL;
}

static int
stop(void **state)
{
	(void)state;
	free(der);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(certificate),
	    cmocka_unit_test(keys), cmocka_unit_test(list)};

	return cmocka_run_group_tests(tests, start, stop);
}
