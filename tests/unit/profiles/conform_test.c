#include "tests/unit/profiles/conform_case.h"

/* ---- what must pass --------------------------------------------------- */

static void
good_of_each_class(void **state)
{
	static const struct {
		const char *name;
		void (*shape)(struct make *);
	} all[] = {{"ca", shape_ca}, {"root", shape_root}, {"ocsp", shape_ocsp},
	    {"est", shape_est}, {"idevid", shape_idevid},
	    {"ldevid", shape_ldevid}, {"attestation", shape_attestation},
	    {"code", shape_code}};
	struct make *m;
	size_t i;

	(void)state;
	for (i = 0; i < N_CASES(all); i++) {
		m = make_new(all[i].shape, NULL);
		must_pass(m, all[i].name);
		make_free(m);
	}
}

static void
no_urls(struct make *m)
{
	m->issuer.crl_url = m->issuer.ocsp_url = m->issuer.issuer_url = NULL;
}

/* A flag whose address the issuer lacks means no extension. */
static void
good_without_addresses(void **state)
{
	struct make *m = make_new(shape_ldevid, no_urls);

	(void)state;
	assert_int_equal(X509_get_ext_by_NID(m->x, NID_info_access, -1), -1);
	must_pass(m, "no addresses");
	make_free(m);
}

static void
attest(struct make *m)
{
	m->ctx.attested = 1;
}

static void
good_with_evidence(void **state)
{
	struct make *m = make_new(shape_attestation, attest);

	(void)state;
	assert_true(X509_get_ext_by_NID(m->x, NID_ext_key_usage, -1) >= 0);
	must_pass(m, "attested");
	make_free(m);
}

/* ---- what must not ---------------------------------------------------- */

static void
cut_short(struct make *m)
{
	m->tbs_len--;
}

static void
huge(struct make *m)
{
	OPENSSL_free(m->tbs);
	m->tbs_len = BUILD_TBS_MAX + 1;
	m->tbs = OPENSSL_zalloc(m->tbs_len);
}

static void
wide_length(struct make *m)
{
	/* version: a0 03 02 01 02 written as a0 81 02 .. */
	overwrite(m, "a003020102", "a081020102");
}

static void
trailing(struct make *m)
{
	m->tbs = OPENSSL_realloc(m->tbs, m->tbs_len + 2);
	memcpy(m->tbs + m->tbs_len, "\5", 2);
	m->tbs_len += 2;
}

/* The two UTCTimes of the validity, 30 octets, become NULLs. */
static void
not_two_times(struct make *m)
{
	size_t at = find(m, "301e170d"), i;

	for (i = 0; i < 30; i += 2)
		memcpy(m->tbs + at + 2 + i, "\5", 2);
}

static void
set_of_two(struct make *m)
{
	/* Two octets of a PrintableString become one that is none. */
	overwrite(m, "13024a50", "13022a50");
}

/* Puts octets in front of the extensions and mends the outer length. */
static void
insert_uid(struct make *m, const char *hex)
{
	unsigned char *uid = NULL;
	size_t len, at = 0, i;

	set_hex(&uid, &len, hex);
	for (i = 4; i + 4 < m->tbs_len; i++)
		if (m->tbs[i] == 0xa3 && m->tbs[i + 1] == 0x82 &&
		    i + 4 + (m->tbs[i + 2] << 8 | m->tbs[i + 3]) == m->tbs_len)
			at = i;
	assert_true(at > 0 && m->tbs[1] == 0x82);
	m->tbs = OPENSSL_realloc(m->tbs, m->tbs_len + len);
	memmove(m->tbs + at + len, m->tbs + at, m->tbs_len - at);
	memcpy(m->tbs + at, uid, len);
	m->tbs_len += len;
	m->tbs[2] = (m->tbs_len - 4) >> 8;
	m->tbs[3] = (m->tbs_len - 4) & 0xff;
	OPENSSL_free(uid);
}

static void
issuer_uid(struct make *m)
{
	insert_uid(m, "81020055");
}

static void
subject_uid(struct make *m)
{
	insert_uid(m, "82020055");
}

static void
not_a_field(struct make *m)
{
	insert_uid(m, "0500");
}

static void
no_extensions(struct make *m)
{
	while (X509_get_ext_count(m->x) > 0)
		X509_EXTENSION_free(X509_delete_ext(m->x, 0));
}

static void
version_1(struct make *m)
{
	X509_set_version(m->x, X509_VERSION_1);
}

static void
version_2(struct make *m)
{
	X509_set_version(m->x, X509_VERSION_2);
}

static void
set_serial(struct make *m, const char *hex)
{
	ASN1_INTEGER *n;
	BIGNUM *bn = NULL;

	BN_hex2bn(&bn, hex);
	n = BN_to_ASN1_INTEGER(bn, NULL);
	X509_set_serialNumber(m->x, n);
	ASN1_INTEGER_free(n);
	BN_free(bn);
}

static void
serial_negative(struct make *m)
{
	set_serial(m, "-4142434445464748494a4b4c4d4e4f5051525354");
}

static void
serial_zero(struct make *m)
{
	set_serial(m, "0");
}

static void
serial_long(struct make *m)
{
	set_serial(m, "8142434445464748494a4b4c4d4e4f5051525354");
}

static void
serial_other(struct make *m)
{
	set_serial(m, "4142434445464748494a4b4c4d4e4f5051525355");
}

static void
serial_short(struct make *m)
{
	set_serial(m, "4142434445464748");
}

static void
serial_low(struct make *m)
{
	m->serial[0] = 0x01;
}

static void
issuer_reencoded(struct make *m)
{
	X509_NAME *name = X509_NAME_new();

	add_attr(name, NID_countryName, V_ASN1_PRINTABLESTRING, "JP");
	add_attr(name, NID_commonName, V_ASN1_PRINTABLESTRING, "devices-g1");
	X509_set_issuer_name(m->x, name);
	X509_NAME_free(name);
}

static void
issuer_empty(struct make *m)
{
	X509_NAME *name = X509_NAME_new();

	X509_set_issuer_name(m->x, name);
	X509_NAME_free(name);
}

static void
issuer_not_subject(struct make *m)
{
	issuer_reencoded(m);
}

static void
self_signed_by_profile(struct make *m)
{
	m->profile.issuer[0] = '\0';
}

/* Any CA may sign for a profile of class ocsp without an issuer, itself not. */
static void
any_issuer(struct make *m)
{
	m->profile.issuer[0] = '\0';
}

static void
device_by_itself(struct make *m)
{
	m->profile.issuer[0] = '\0';
	m->issuer.name = NULL;
}

static void
good_any_issuer(void **state)
{
	struct make *m = make_new(shape_ocsp, any_issuer);

	(void)state;
	must_pass(m, "any issuer");
	make_free(m);
}

static void
self_signed_by_call(struct make *m)
{
	m->issuer.name = NULL;
}

static const struct conform_case cases[] = {
    {"der", shape_ldevid, NULL, NULL, cut_short},
    {"der", shape_ldevid, NULL, NULL, huge},
    {"der", shape_ldevid, NULL, NULL, wide_length},
    {"der", shape_ca, NULL, NULL, set_of_two},
    {"structure", shape_ldevid, NULL, NULL, trailing},
    {"structure", shape_ldevid, NULL, NULL, issuer_uid},
    {"structure", shape_ldevid, NULL, NULL, subject_uid},
    {"structure", shape_ldevid, NULL, NULL, not_a_field},
    {"structure", shape_ldevid, NULL, NULL, not_two_times},
    {"structure", shape_ldevid, NULL, no_extensions, NULL},
    {"version", shape_ldevid, NULL, version_1, NULL},
    {"version", shape_ldevid, NULL, version_2, NULL},
    {"serial.form", shape_ldevid, NULL, serial_negative, NULL},
    {"serial.form", shape_ldevid, NULL, serial_zero, NULL},
    {"serial.form", shape_ldevid, NULL, serial_long, NULL},
    {"serial.reserved", shape_ldevid, NULL, serial_other, NULL},
    {"serial.reserved", shape_ldevid, NULL, serial_short, NULL},
    {"serial.reserved", shape_ldevid, serial_low, NULL, NULL},
    {"issuer", shape_ldevid, NULL, issuer_reencoded, NULL},
    {"issuer", shape_ldevid, NULL, issuer_empty, NULL},
    {"issuer", shape_root, NULL, issuer_not_subject, NULL},
    {"issuer", shape_ca, self_signed_by_profile, NULL, NULL},
    {"issuer", shape_ca, self_signed_by_call, NULL, NULL},
    {"issuer", shape_ldevid, device_by_itself, NULL, NULL},
    {"issuer", shape_attestation, device_by_itself, NULL, NULL},
    {"issuer", shape_ocsp, device_by_itself, NULL, NULL},
};

static void
bad_base(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_base_rules);
}

/* The text of a breach: name, citation, what was found. */
static void
says_what_and_why(void **state)
{
	struct make *m = make_new(shape_ldevid, NULL);
	const char *data = NULL;

	(void)state;
	version_1(m);
	make_encode(m);
	assert_false(conform_tbs(&m->ctx, m->tbs, m->tbs_len));
	ERR_peek_last_error_all(NULL, NULL, NULL, &data, NULL);
	assert_string_equal(
	    data, "conform.version: RFC 5280 4.1.2.1: version is not v3");
	make_free(m);
}

/* Every cut and every flipped bit of a good TBS is refused: nothing in it is
   free. */
static void
nothing_is_free(void **state)
{
	struct make *m = make_new(shape_idevid, NULL);
	size_t i, passed = 0;
	int bit;

	(void)state;
	for (i = 0; i < m->tbs_len; i++) {
		assert_false(conform_tbs(&m->ctx, m->tbs, i));
		for (bit = 0; bit < 8; bit++) {
			m->tbs[i] ^= 1u << bit;
			passed += conform_tbs(&m->ctx, m->tbs, m->tbs_len);
			m->tbs[i] ^= 1u << bit;
			ERR_clear_error();
		}
	}
	/* Texts of the device's own (serial number, hardware serial) may have
	   any value: "dev-1" and "SN001", no more than their bits. */
	assert_true(passed <= 8 * (5 + 5));
	must_pass(m, "unchanged");
	make_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_of_each_class),
	    cmocka_unit_test(good_without_addresses),
	    cmocka_unit_test(good_with_evidence),
	    cmocka_unit_test(good_any_issuer),
	    cmocka_unit_test(bad_base),
	    cmocka_unit_test(says_what_and_why),
	    cmocka_unit_test(nothing_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
