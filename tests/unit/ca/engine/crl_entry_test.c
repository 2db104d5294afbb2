#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>

#include "ca/engine/crl_entry.h"
#include "ca/error.h"
#include "ca/report/report.h"

/* The entry that is written by hand, read by OpenSSL's decoder. */

static struct cert_revoked
plain(void)
{
	struct cert_revoked r = {.serial_len = 20, .when = 1795000000,
	    .reason = CERT_REASON_NONE};

	memset(r.serial, 0x41, sizeof(r.serial));
	return r;
}

static X509_REVOKED *
written(const struct cert_revoked *r, size_t *len)
{
	unsigned char out[CRL_ENTRY_MAX + 1], again[CRL_ENTRY_MAX + 1];
	const unsigned char *p = out;
	unsigned char *w = again;
	X509_REVOKED *rev;

	out[CRL_ENTRY_MAX] = 0xee;
	*len = crl_entry_write(out, r);
	assert_true(*len > 0 && *len <= CRL_ENTRY_MAX);
	assert_int_equal(out[CRL_ENTRY_MAX], 0xee);
	rev = d2i_X509_REVOKED(NULL, &p, (long)*len);
	assert_non_null(rev);
	assert_ptr_equal(p, out + *len);
	/* DER: OpenSSL writes the same octets. */
	assert_int_equal(i2d_X509_REVOKED(rev, &w), *len);
	assert_memory_equal(out, again, *len);
	return rev;
}

static void
is_serial(const X509_REVOKED *rev, const unsigned char *p, size_t len)
{
	BIGNUM *have = ASN1_INTEGER_to_BN(
	    X509_REVOKED_get0_serialNumber(rev), NULL);
	BIGNUM *want = BN_bin2bn(p, (int)len, NULL);

	assert_int_equal(BN_cmp(have, want), 0);
	BN_free(have);
	BN_free(want);
}

static void
is_time(const ASN1_TIME *t, int64_t want)
{
	struct tm tm;

	assert_int_equal(ASN1_TIME_to_tm(t, &tm), 1);
	assert_int_equal(timegm(&tm), want);
}

static void
without_extensions(void **state)
{
	struct cert_revoked r = plain();
	X509_REVOKED *rev;
	size_t len;

	(void)state;
	rev = written(&r, &len);
	assert_int_equal(len, 2 + 22 + 15);
	is_serial(rev, r.serial, 20);
	is_time(X509_REVOKED_get0_revocationDate(rev), r.when);
	assert_null(X509_REVOKED_get0_extensions(rev));
	X509_REVOKED_free(rev);
	r.reason = CRL_REASON_UNSPECIFIED;
	rev = written(&r, &len);
	assert_null(X509_REVOKED_get0_extensions(rev));
	X509_REVOKED_free(rev);
}

static void
serials(void **state)
{
	static const struct {
		unsigned char p[20];
		size_t len;
	} of[] = {{{1}, 1}, {{0}, 1}, {{0x80}, 1}, {{0x7f, 0xff}, 2},
	    {{0, 0, 5}, 3}, {{0, 0x80}, 2}, {{0xff, 0xff}, 20}};
	struct cert_revoked r = plain();
	X509_REVOKED *rev;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		memcpy(r.serial, of[i].p, 20);
		r.serial_len = of[i].len;
		rev = written(&r, &len);
		is_serial(rev, of[i].p, of[i].len);
		X509_REVOKED_free(rev);
	}
}

static void
reasons(void **state)
{
	static const int good[] = {1, 2, 3, 4, 5, 6, 9, 10};
	struct cert_revoked r = plain();
	ASN1_ENUMERATED *e;
	X509_REVOKED *rev;
	int critical;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		r.reason = good[i];
		rev = written(&r, &len);
		e = X509_REVOKED_get_ext_d2i(rev, NID_crl_reason, &critical,
		    NULL);
		assert_non_null(e);
		assert_int_equal(critical, 0);
		assert_int_equal(ASN1_ENUMERATED_get(e), good[i]);
		assert_int_equal(X509_REVOKED_get_ext_count(rev), 1);
		ASN1_ENUMERATED_free(e);
		X509_REVOKED_free(rev);
	}
}

static void
invalidity(void **state)
{
	struct cert_revoked r = plain();
	ASN1_GENERALIZEDTIME *t;
	X509_REVOKED *rev;
	int critical;
	size_t len;

	(void)state;
	r.reason = CRL_REASON_KEY_COMPROMISE;
	r.invalidity = 1790000000;
	rev = written(&r, &len);
	t = X509_REVOKED_get_ext_d2i(rev, NID_invalidity_date, &critical,
	    NULL);
	assert_non_null(t);
	assert_int_equal(critical, 0);
	/* Always GeneralizedTime, also before 2050 (RFC 5280 5.3.2). */
	assert_int_equal(ASN1_STRING_type(t), V_ASN1_GENERALIZEDTIME);
	is_time(t, r.invalidity);
	assert_int_equal(X509_REVOKED_get_ext_count(rev), 2);
	ASN1_GENERALIZEDTIME_free(t);
	X509_REVOKED_free(rev);
	r.reason = CERT_REASON_NONE;
	rev = written(&r, &len);
	assert_int_equal(X509_REVOKED_get_ext_count(rev), 1);
	X509_REVOKED_free(rev);
}

/* Every day's date, by the C library's calendar. */
static void
dates(void **state)
{
	struct cert_revoked r = plain();
	X509_REVOKED *rev;
	const ASN1_TIME *t;
	size_t len;

	(void)state;
	for (r.when = -631152000; r.when < 4102444800; r.when += 86399 * 3) {
		rev = written(&r, &len);
		t = X509_REVOKED_get0_revocationDate(rev);
		is_time(t, r.when);
		assert_int_equal(ASN1_STRING_type(t), r.when < 2524608000 ?
		    V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME);
		X509_REVOKED_free(rev);
	}
	r.when = 2524607999;	/* the last second of 2049, and the next */
	rev = written(&r, &len);
	assert_int_equal(len, 39);
	X509_REVOKED_free(rev);
	r.when++;
	rev = written(&r, &len);
	assert_int_equal(len, 41);
	X509_REVOKED_free(rev);
	r.when = 253402300799;
	rev = written(&r, &len);
	is_time(X509_REVOKED_get0_revocationDate(rev), r.when);
	X509_REVOKED_free(rev);
}

/* The longest one fits. */
static void
longest(void **state)
{
	struct cert_revoked r = plain();
	X509_REVOKED *rev;
	size_t len;

	(void)state;
	memset(r.serial, 0xff, 20);
	r.when = 2600000000;
	r.invalidity = 2600000000;
	r.reason = CRL_REASON_AA_COMPROMISE;
	rev = written(&r, &len);
	assert_true(len <= CRL_ENTRY_MAX && len > 70);
	X509_REVOKED_free(rev);
}

static void
refused(const struct cert_revoked *r)
{
	unsigned char out[CRL_ENTRY_MAX];
	char why[256];

	assert_int_equal(crl_entry_write(out, r), 0);
	assert_int_equal(report_last_reason(), CA_E_INTERNAL);
	report_trace(why, sizeof(why));
	assert_non_null(strstr(why, "crl.entry: "));
	ERR_clear_error();
}

static void
refuses(void **state)
{
	static const int bad[] = {7, CRL_REASON_REMOVE_FROM_CRL, 11, 100};
	struct cert_revoked r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = plain();
		r.reason = bad[i];
		refused(&r);
	}
	r = plain();
	r.serial_len = 0;
	refused(&r);
	r.serial_len = 21;
	refused(&r);
	r = plain();
	r.when = -631152001;
	refused(&r);
	r.when = 253402300800;
	refused(&r);
	r = plain();
	r.invalidity = INT64_MAX;
	refused(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_extensions),
	    cmocka_unit_test(serials),
	    cmocka_unit_test(reasons),
	    cmocka_unit_test(invalidity),
	    cmocka_unit_test(dates),
	    cmocka_unit_test(longest),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
