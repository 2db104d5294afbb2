#include "tests/unit/profiles/rig.h"
#include "profiles/name_constraint.h"

/*
 * Each row is judged by name_constraint_check() and by OpenSSL's own check of a
 * certificate with these names: the verifiers of the world must not refuse what
 * we let through. Where we are stricter, the row says so.
 */

#define OURS 2 /* refused by us alone */

static const struct {
	const char *constraints; /* as openssl.cnf writes them */
	const char *subject, *san;
	int good;
} rows[] = {
    {"permitted;DNS:a.example", "CN=x", "DNS:a.example", 1},
    {"permitted;DNS:a.example", "CN=x", "DNS:b.A.Example", 1},
    {"permitted;DNS:a.example", "CN=x", "DNS:ba.example", 0},
    {"permitted;DNS:a.example", "CN=x", "DNS:a.example,DNS:c.example", 0},
    {"permitted;DNS:a.example", "CN=x", "email:a@b.example", 1},
    {"permitted;DNS:a.example", "CN=x", NULL, 1},
    {"permitted;DNS:a.example", "CN=www.b.example", NULL, 0},
    {"permitted;DNS:a.example", "CN=www.a.example", NULL, 1},
    {"permitted;DNS:a.example", "CN=sensor_1.b.example", NULL, 0},
    {"permitted;DNS:a.example", "CN=sensor_1.a.example", NULL, 1},
    {"permitted;DNS:a.example", "CN=sensor_1.b.example", "DNS:a.example", 1},
    {"excluded;DNS:plant-a", "CN=sensor_1.plant-a", NULL, 0},
    {"excluded;DNS:plant-a", "CN=_1.plant-a", NULL, 0},
    {"permitted;DNS:a.example", "CN=sensor_1", NULL, 1},
    {"permitted;DNS:a.example", "CN=a--b.b.example", NULL, 0},
    {"permitted;DNS:a.example", "CN=a-.b.example", NULL, 1},
    {"permitted;DNS:a.example", "CN=a..example", NULL, 1},
    {"permitted;DNS:a.example", "CN=.b.example", NULL, 1},
    {"permitted;DNS:a.example", "CN=b.example.", NULL, 1},
    {"permitted;DNS:a.example", "CN=b example.c", NULL, 1},
    {"permitted;DNS:a.example", "CN=*.b.example", NULL, OURS},
    {"excluded;DNS:a.example", "CN=x", "DNS:b.a.example", 0},
    {"excluded;DNS:a.example", "CN=x", "DNS:b.example", 1},
    {"permitted;DNS:example,excluded;DNS:a.example", "CN=x", "DNS:b.a.example",
	0},
    {"permitted;email:a@b.example", "CN=x", "email:a@B.example", 1},
    {"permitted;email:a@b.example", "CN=x", "email:A@b.example", 0},
    {"permitted;email:b.example", "CN=x", "email:a@b.example", 1},
    {"permitted;email:b.example", "CN=x", "email:a@c.b.example", 0},
    {"permitted;email:.b.example", "CN=x", "email:a@c.b.example", 1},
    {"permitted;email:.b.example", "CN=x", "email:a@b.example", 0},
    {"excluded;email:b.example", "emailAddress=a@b.example", NULL, 0},
    {"permitted;URI:a.example", "CN=x", "URI:https://a.example/p", 1},
    {"permitted;URI:a.example", "CN=x", "URI:https://u@a.example:1/p", OURS},
    {"permitted;URI:a.example", "CN=x", "URI:https://a.example:8443/p", 1},
    {"permitted;URI:a.example", "CN=x", "URI:https://a.example:1@evil.test/",
	OURS},
    {"permitted;URI:a.example", "CN=x", "URI:https://b.a.example/p", 0},
    {"permitted;URI:.a.example", "CN=x", "URI:https://b.a.example/p", 1},
    {"permitted;URI:a.example", "CN=x", "URI:urn:a.example", 0},
    {"excluded;URI:a.example", "CN=x", "URI:urn:b", 0},
    {"excluded;URI:a.example", "CN=x", "URI:https://192.0.2.1/", OURS},
    {"excluded;URI:a.example", "CN=x", "URI:https://192.0.2.1", OURS},
    {"permitted;IP:10.0.0.0/255.0.0.0", "CN=x", "IP:10.1.2.3", 1},
    {"permitted;IP:10.0.0.0/255.0.0.0", "CN=x", "IP:11.1.2.3", 0},
    {"permitted;IP:10.0.0.0/255.0.0.0", "CN=x", "IP:fd00::1", 0},
    {"excluded;IP:10.0.0.0/255.0.0.0", "CN=x", "IP:fd00::1", 1},
    {"excluded;IP:fd00::/ff00::", "CN=x", "IP:fd00::1", 0},
    {"excluded;IP:fd00::/ff00::", "CN=x", "IP:253.0.0.1", 1},
    {"permitted;IP:fd00::/ff00::", "CN=x", "IP:253.0.0.1", 0},
    {"permitted;RID:1.2.3", "CN=x", "RID:1.2.3", 0},
    {"permitted;RID:1.2.3", "CN=x", "DNS:a.example", 1},
};

static X509 *
make_cert(const char *subject, const char *san)
{
	static const int nids[] = {NID_subject_alt_name};
	EVP_PKEY *key = rig_key("device-p256");
	struct csr *csr = rig_csr_ext(key, subject, san != NULL, nids, &san);
	X509 *x = X509_new(), *out;
	unsigned char *der = NULL;
	int len;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_set_subject_name(x, csr_subject(csr));
	X509_set_issuer_name(x, csr_subject(csr));
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 60);
	X509_set_pubkey(x, key);
	if (san != NULL)
		assert_true(X509_add_ext(
		    x, sk_X509_EXTENSION_value(csr_extensions(csr), 0), -1));
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	len = i2d_X509(x, &der);
	X509_free(x);
	out = rig_x509(der, (size_t)len);
	X509_check_purpose(out, -1, 0); /* fills OpenSSL's cache */
	OPENSSL_free(der);
	csr_free(csr);
	EVP_PKEY_free(key);
	return out;
}

/* What OpenSSL 3.0 checks of the end of a chain. */
static int
openssl_says(X509 *x, NAME_CONSTRAINTS *nc)
{
	GENERAL_NAMES *san =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	int i, dns = 0, rc = NAME_CONSTRAINTS_check(x, nc);

	for (i = 0; i < sk_GENERAL_NAME_num(san); i++)
		dns |= sk_GENERAL_NAME_value(san, i)->type == GEN_DNS;
	if (rc == X509_V_OK && !dns)
		rc = NAME_CONSTRAINTS_check_CN(x, nc);
	GENERAL_NAMES_free(san);
	return rc == X509_V_OK;
}

static int
we_say(X509 *x, const ASN1_OCTET_STRING *nc)
{
	const ASN1_OCTET_STRING *san = NULL;
	unsigned char *subject = NULL;
	int at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1), ok, len;

	if (at >= 0)
		san = X509_EXTENSION_get_data(X509_get_ext(x, at));
	len = i2d_X509_NAME(X509_get_subject_name(x), &subject);
	ok = name_constraint_check(ASN1_STRING_get0_data(nc),
	    (size_t)ASN1_STRING_length(nc), subject, (size_t)len,
	    san != NULL ? ASN1_STRING_get0_data(san) : NULL,
	    san != NULL ? (size_t)ASN1_STRING_length(san) : 0);
	OPENSSL_free(subject);
	return ok;
}

static void
openssl_agrees(void **state)
{
	X509_EXTENSION *ext;
	NAME_CONSTRAINTS *nc;
	size_t i;
	X509 *x;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ext = X509V3_EXT_conf_nid(
		    NULL, NULL, NID_name_constraints, rows[i].constraints);
		assert_non_null(ext);
		nc = X509V3_EXT_d2i(ext);
		x = make_cert(rows[i].subject, rows[i].san);
		ERR_clear_error();
		if (we_say(x, X509_EXTENSION_get_data(ext)) !=
		    (rows[i].good == 1))
			fail_msg("%s, %s, %s: not %d", rows[i].constraints,
			    rows[i].subject, rows[i].san, rows[i].good);
		if (rows[i].good != 1)
			assert_raised(PROFILE_E_REFUSED, "name.constraints: ");
		if (rows[i].good != OURS && openssl_says(x, nc) != rows[i].good)
			fail_msg("OpenSSL: %s, %s, %s: not %d",
			    rows[i].constraints, rows[i].subject, rows[i].san,
			    rows[i].good);
		X509_free(x);
		NAME_CONSTRAINTS_free(nc);
		X509_EXTENSION_free(ext);
	}
}

/* NameConstraints with one directory name, permitted or excluded. */
static ASN1_OCTET_STRING *
directory(const char *const rdns[][2], size_t n, int excluded)
{
	NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();
	GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();
	X509_NAME *name = X509_NAME_new();
	ASN1_OCTET_STRING *out = ASN1_OCTET_STRING_new();
	STACK_OF(GENERAL_SUBTREE) *list = sk_GENERAL_SUBTREE_new_null();
	unsigned char *der = NULL;
	size_t i;
	int len;

	for (i = 0; i < n; i++)
		X509_NAME_add_entry_by_txt(name, rdns[i][0], MBSTRING_UTF8,
		    (const unsigned char *)rdns[i][1], -1, -1, 0);
	GENERAL_NAME_set0_value(tree->base, GEN_DIRNAME, name);
	sk_GENERAL_SUBTREE_push(list, tree);
	if (excluded)
		nc->excludedSubtrees = list;
	else
		nc->permittedSubtrees = list;
	len = ASN1_item_i2d(
	    (ASN1_VALUE *)nc, &der, ASN1_ITEM_rptr(NAME_CONSTRAINTS));
	ASN1_OCTET_STRING_set(out, der, len);
	OPENSSL_free(der);
	NAME_CONSTRAINTS_free(nc);
	return out;
}

static void
directory_names_begin_alike(void **state)
{
	static const char *const base[][2] = {{"C", "JP"}, {"O", "Example"}};
	ASN1_OCTET_STRING *in = directory(base, 2, 0);
	ASN1_OCTET_STRING *out = directory(base, 2, 1);
	static const struct {
		const char *subject;
		int within;
	} names[] = {{"C=JP,O=Example,CN=x", 1}, {"C=JP,O=EXAMPLE,CN=x", 1},
	    {"C=JP,O=Example", 1}, {"C=JP", 0}, {"O=Example,C=JP,CN=x", 0},
	    {"C=JP,O=Other,CN=x", 0}};
	size_t i;
	X509 *x;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		x = make_cert(names[i].subject, NULL);
		assert_int_equal(we_say(x, in), names[i].within);
		assert_int_equal(we_say(x, out), !names[i].within);
		X509_free(x);
	}
	ASN1_OCTET_STRING_free(in);
	ASN1_OCTET_STRING_free(out);
}

static void
what_cannot_be_judged_is_refused(void **state)
{
	/* permitted dns "a" with minimum 1; trailing octet; not DER; empty */
	static const unsigned char minimum[] = {0x30, 0x0a, 0xa0, 0x08, 0x30,
	    0x06, 0x82, 0x01, 'a', 0x80, 0x01, 0x01};
	static const unsigned char trail[] = {0x30, 0x02, 0x05, 0x00};
	static const unsigned char name[] = {0x30, 0x00};
	static const unsigned char san[] = {0x30, 0x03, 0x82, 0x01, 'a'};

	(void)state;
	assert_int_equal(name_constraint_check(minimum, sizeof(minimum), name,
			     sizeof(name), san, sizeof(san)),
	    0);
	assert_raised(PROFILE_E_REFUSED, "cannot be held against");
	assert_int_equal(
	    name_constraint_check(trail, sizeof(trail), name, 2, NULL, 0), 0);
	assert_int_equal(name_constraint_check(trail, 1, name, 2, NULL, 0), 0);
	assert_raised(PROFILE_E_REFUSED, "constraints cannot be read");
	assert_int_equal(name_constraint_check(name, 2, name, 1, NULL, 0), 0);
	assert_raised(PROFILE_E_REFUSED, "the subject cannot be read");
	assert_int_equal(name_constraint_check(name, 2, name, 2, san, 4), 0);
	assert_raised(PROFILE_E_REFUSED, "alternative names cannot be read");
	assert_int_equal(name_constraint_check(name, 2, name, 2, san, 5), 1);
}

static int
judged(const unsigned char *nc, size_t nc_len, const unsigned char *san,
    size_t san_len)
{
	static const unsigned char name[] = {0x30, 0x00};

	return name_constraint_check(nc, nc_len, name, 2, san, san_len);
}

/* An address that is none, and a base that is none, are not simply "not in it". */
static void
addresses_have_their_length(void **state)
{
	static const unsigned char not_10[] = {0x30, 0x0e, 0xa1, 0x0c, 0x30,
	    0x0a, 0x87, 0x08, 10, 0, 0, 0, 255, 0, 0, 0};
	static const unsigned char longer[] = {0x30, 0x10, 0xa1, 0x0e, 0x30,
	    0x0c, 0x87, 0x0a, 10, 0, 0, 0, 255, 0, 0, 0, 0, 0};
	static const unsigned char of_4[] = {0x30, 0x06, 0x87, 4, 11, 0, 0, 1};
	static const unsigned char of_5[] = {0x30, 7, 0x87, 5, 11, 0, 0, 1, 2};

	(void)state;
	assert_true(judged(not_10, sizeof(not_10), of_4, sizeof(of_4)));
	assert_false(judged(not_10, sizeof(not_10), of_5, sizeof(of_5)));
	assert_raised(PROFILE_E_REFUSED, "IP address cannot be held against");
	assert_false(judged(longer, sizeof(longer), of_4, sizeof(of_4)));
	assert_raised(PROFILE_E_REFUSED, "IP address cannot be held against");
}

/* A NUL ends no host, as it does for who reads the URI as a C string. */
static void
a_host_has_no_nul(void **state)
{
	static const unsigned char in_a[] = {
	    0x30, 0x07, 0xa0, 0x05, 0x30, 0x03, 0x86, 1, 'a'};
	static const unsigned char a[] = {
	    0x30, 0x09, 0x86, 7, 's', ':', '/', '/', 'a', '/', 'b'};
	static const unsigned char nul[] = {
	    0x30, 0x09, 0x86, 7, 's', ':', '/', '/', 'a', '\0', 'b'};

	(void)state;
	assert_true(judged(in_a, sizeof(in_a), a, sizeof(a)));
	assert_false(judged(in_a, sizeof(in_a), nul, sizeof(nul)));
	assert_raised(PROFILE_E_REFUSED, "form [6] cannot be held against");
}

/* A DNS name of no octets is above all of them. */
static void
an_empty_base_has_all(void **state)
{
	static const unsigned char permitted[] = {
	    0x30, 0x06, 0xa0, 0x04, 0x30, 0x02, 0x82, 0x00};
	static const unsigned char excluded[] = {
	    0x30, 0x06, 0xa1, 0x04, 0x30, 0x02, 0x82, 0x00};
	static const unsigned char san[] = {
	    0x30, 0x05, 0x82, 0x03, 'a', '.', 'b'};

	(void)state;
	assert_true(judged(permitted, sizeof(permitted), san, sizeof(san)));
	assert_false(judged(excluded, sizeof(excluded), san, sizeof(san)));
	assert_raised(PROFILE_E_REFUSED, "\"a.b\" ");
}

static void
bases_are_what_can_be_written(void **state)
{
	(void)state;
	assert_null(name_constraint_breach(PROFILE_SUBTREE_DNS, "a.example"));
	assert_non_null(
	    name_constraint_breach(PROFILE_SUBTREE_DNS, ".a.example"));
	assert_null(name_constraint_breach(PROFILE_SUBTREE_EMAIL, "a@b.test"));
	assert_null(name_constraint_breach(PROFILE_SUBTREE_EMAIL, ".b.test"));
	assert_non_null(
	    name_constraint_breach(PROFILE_SUBTREE_EMAIL, "a@b@c.test"));
	assert_null(name_constraint_breach(PROFILE_SUBTREE_URI, ".b.test"));
	assert_non_null(
	    name_constraint_breach(PROFILE_SUBTREE_URI, "a@b.test"));
	assert_null(name_constraint_breach(PROFILE_SUBTREE_IP, "10.0.0.0/8"));
	assert_non_null(name_constraint_breach(PROFILE_SUBTREE_IP, "10.0.0.0"));
	assert_non_null(
	    name_constraint_breach(PROFILE_SUBTREE_DIRECTORY, "cn=x"));
}

static void
cidr_is_address_and_mask(void **state)
{
	static const unsigned char v4[] = {10, 128, 0, 0, 255, 128, 0, 0};
	unsigned char out[32];

	(void)state;
	assert_int_equal(name_constraint_cidr("10.128.0.0/9", out), 8);
	assert_memory_equal(out, v4, 8);
	assert_int_equal(name_constraint_cidr("::/0", out), 32);
	assert_int_equal(out[31], 0);
	assert_int_equal(name_constraint_cidr("::1/128", out), 32);
	assert_int_equal(out[31], 0xff);
	assert_int_equal(name_constraint_cidr("10.64.0.0/9", out), 0);
	assert_int_equal(name_constraint_cidr("::1/129", out), 0);
	assert_int_equal(name_constraint_cidr("10.0.0.0", out), 0);
	assert_int_equal(name_constraint_cidr("0.0.0.0/", out), 0);
	assert_int_equal(name_constraint_cidr("10.0.0.0/0008", out), 0);
	assert_int_equal(name_constraint_cidr("10.0.0.0/8x", out), 0);
	assert_int_equal(name_constraint_cidr("10.0.0.0/-0", out), 0);
	assert_int_equal(name_constraint_cidr("10.0.0/8", out), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(openssl_agrees),
	    cmocka_unit_test(directory_names_begin_alike),
	    cmocka_unit_test(what_cannot_be_judged_is_refused),
	    cmocka_unit_test(addresses_have_their_length),
	    cmocka_unit_test(a_host_has_no_nul),
	    cmocka_unit_test(an_empty_base_has_all),
	    cmocka_unit_test(bases_are_what_can_be_written),
	    cmocka_unit_test(cidr_is_address_and_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
