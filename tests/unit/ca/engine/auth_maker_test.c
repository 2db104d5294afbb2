#include "tests/unit/ca/engine/admit_change.h"
#include "tests/unit/ca/engine/maker_crl.h"
#include <sys/stat.h>

#include "ca/engine/maker_crls.h"
#include "profiles/san.h"

static void
maker_is_accepted(void **state)
{
	struct world *w = *state;
	struct make_spec s = {.subject = "CN=x/serialNumber=m-1",
	    .issuer = w->sub,
	    .issuer_key = w->sub_key,
	    .key = w->key[3],
	    .ku = "critical,digitalSignature,keyAgreement",
	    .eku = "serverAuth,clientAuth",
	    .bc = "critical,CA:FALSE",
	    .to = 253402300799};

	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	w->req.n_chain = 0;
	use_leaf(w, make_cert(&s, 20));
	use_mid(w, w->sub);
	expect_ok(w);
	assert_string_equal(w->a->device, "m-1");
	assert_string_equal(w->a->serial, "m-1");
	assert_string_equal(w->a->auth, "manufacturer:maker");
	assert_string_equal(field_of(w->a, "identity.serial"), "m-1");
	assert_string_equal(field_of(w->a, "identity.device"), "m-1");
	assert_string_equal(field_of(w->a, "identity.cn"), "(absent)");
	assert_int_equal(w->a->renewal, 0);
	w->req.n_chain = 1; /* without the intermediate */
	expect_refused(
	    w, WIRE_DENIED, "authenticate", "certificate.unknown-maker");
}

static void
try_leaf(struct world *w, const struct make_spec *s, const char *rule)
{
	w->req.n_chain = 0;
	use_leaf(w, make_cert(s, ++w->serial));
	use_mid(w, w->sub);
	if (rule == NULL)
		expect_ok(w);
	else
		expect_refused(w, WIRE_DENIED, "authenticate", rule);
}

static void
maker_leaves(void **state)
{
	struct world *w = *state;
	const struct make_spec good = {.subject = "serialNumber=m-2",
	    .issuer = w->sub,
	    .issuer_key = w->sub_key,
	    .key = w->key[3]};
	struct make_spec s;

	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	try_leaf(w, &good, NULL);
#define WITH(member, value, rule)                                              \
	do {                                                                   \
		s = good;                                                      \
		s.member = (value);                                            \
		try_leaf(w, &s, rule);                                         \
	} while (0)
	WITH(to, NOW - 1, "certificate.expired");
	WITH(from, NOW + 10, "certificate.expired");
	WITH(issuer_key, w->key[1], "certificate.unknown-maker");
	WITH(eku, "serverAuth", "certificate.usage");
	WITH(eku, "anyExtendedKeyUsage", NULL);
	WITH(ku, "keyEncipherment", "certificate.usage");
	WITH(bc, "critical,CA:TRUE", "certificate.ca");
	WITH(subject, "CN=no-serial", "certificate.name");
	WITH(subject, "serialNumber=a/serialNumber=b", "certificate.name");
	WITH(subject, "serialNumber= a", "certificate.name");
#undef WITH
}

static void
maker_depth(void **state)
{
	struct world *w = *state;
	struct make_spec s = {.subject = "serialNumber=m-3",
	    .issuer = w->sub,
	    .issuer_key = w->sub_key,
	    .key = w->key[3]};

	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	world_rules(w,
	    "authenticate: { manufacturers = ( { name = \"maker\";"
	    " anchors = \"maker.pem\"; depth = 1; } ); };");
	try_leaf(w, &s, "certificate.unknown-maker");
	s.issuer = w->maker;
	s.issuer_key = w->maker_key;
	try_leaf(w, &s, NULL);
	world_rules(w,
	    "authenticate: { manufacturers = ( { name = \"maker\";"
	    " anchors = \"maker.pem\"; depth = 2; device_from = \"CN\"; } );"
	    " };");
	s.issuer = w->sub;
	s.issuer_key = w->sub_key;
	s.subject = "CN=by-cn/serialNumber=m-3";
	try_leaf(w, &s, NULL);
	assert_string_equal(w->a->device, "by-cn");
	world_rules(w, "");
}

/* Security level 1: no RSA below 80 bits of strength, no SHA-1. */
static void
weak_maker(void **state)
{
	struct world *w = *state;
	struct make_spec s = {.subject = "serialNumber=m-4",
	    .issuer = w->sub,
	    .issuer_key = w->sub_key};
	EVP_PKEY *weak = EVP_RSA_gen(768);

	assert_non_null(weak);
	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	s.key = weak;
	try_leaf(w, &s, "certificate.unknown-maker");
	EVP_PKEY_free(weak);
}

static void
maker_is_not_der(void **state)
{
	struct world *w = *state;
	unsigned char *longer;

	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	use_maker(w, "m-5");
	expect_ok(w);
	longer = OPENSSL_zalloc(w->req.chain_len[0] + 1);
	memcpy(longer, w->req.chain[0], w->req.chain_len[0]);
	w->req.chain[0] = longer;
	w->req.chain_len[0]++;
	expect_refused(w, WIRE_BADREQUEST, "authenticate", "certificate.der");
	w->req.chain_len[0] = 9;
	expect_refused(w, WIRE_BADREQUEST, "authenticate", "certificate.der");
	OPENSSL_free(longer);
	w->req.n_chain = 0;
}

#define MAKER(more)                                                            \
	"authenticate: { manufacturers = ( { name = \"maker\"; anchors ="      \
	" \"maker.pem\"; " more " } ); own_certificate = true; };"

static void
name_rules(void **state)
{
	struct world *w = *state;
	struct make_spec s = {.subject = "O=Acme North/serialNumber=n-1",
	    .issuer = w->sub,
	    .issuer_key = w->sub_key,
	    .key = w->key[3]};

	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	world_rules(w,
	    MAKER("subject = ( { attribute = \"O\"; match = [ \"Acme *\","
		  " \"Bcme\" ]; } ); issuer = ( { attribute = \"CN\"; match ="
		  " \"Maker *\"; } );"));
	try_leaf(w, &s, NULL);
	s.subject = "O=Bcme/serialNumber=n-1";
	try_leaf(w, &s, NULL);
	s.subject = "O=Acme/serialNumber=n-1";
	try_leaf(w, &s, "maker.subject");
	assert_string_equal(w->o.field, "tls.certificate.subject.O");
	s.subject = "serialNumber=n-1"; /* none at all */
	try_leaf(w, &s, "maker.subject");
	s.subject = "O=Bcme/O=Other/serialNumber=n-1"; /* one that fits, one not */
	try_leaf(w, &s, "maker.subject");
	world_rules(w,
	    MAKER("issuer = ( { attribute = \"CN\"; match = \"Other *\"; } );"));
	s.subject = "O=Bcme/serialNumber=n-1";
	try_leaf(w, &s, "maker.issuer");
	assert_string_equal(w->o.field, "tls.certificate.issuer.CN");
	/* The next maker with the same anchors may be the right one. */
	world_rules(w,
	    "authenticate: { manufacturers = ( { name = \"one\"; anchors ="
	    " \"maker.pem\"; subject = ( { attribute = \"O\"; match = \"A\";"
	    " } ); }, { name = \"two\"; anchors = \"maker.pem\"; subject = ("
	    " { attribute = \"O\"; match = \"B*\"; } ); } ); };");
	try_leaf(w, &s, NULL);
	assert_string_equal(w->a->auth, "manufacturer:two");
}

/* A leaf with HardwareModuleNames: pairs of hwType and value as san_make(). */
static void
hardware_leaf(struct world *w, const char *subject, const char *const *pair,
    size_t n, const char *rule)
{
	struct make_spec s = {.subject = subject,
	    .issuer = w->sub,
	    .issuer_key = w->sub_key,
	    .key = w->key[3]};
	GENERAL_NAMES *san = sk_GENERAL_NAME_new_null();
	X509 *cert = make_cert(&s, ++w->serial);
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		sk_GENERAL_NAME_push(san,
		    san_make(PROFILE_SAN_HW_MODULE_NAME, pair[i], pair[i + 1]));
	assert_int_equal(
	    X509_add1_ext_i2d(cert, NID_subject_alt_name, san, 0, 0), 1);
	assert_true(X509_sign(cert, w->sub_key, EVP_sha256()) > 0);
	GENERAL_NAMES_free(san);
	w->req.n_chain = 0;
	use_leaf(w, cert);
	use_mid(w, w->sub);
	if (rule == NULL)
		expect_ok(w);
	else
		expect_refused(w, WIRE_DENIED, "authenticate", rule);
}

/* The last refusal's detail, which its client does not see. */
static void
logged(struct world *w, const char *want)
{
	const char *data = "";
	int flags;

	ERR_peek_last_error_data(&data, &flags);
	if (strstr(data, w->o.rule) == NULL || strstr(data, want) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", data, want);
}

#define TYPE "1.3.6.1.4.1.32473.1.1"

static void
hardware_serials(void **state)
{
	static const char *const text[] = {TYPE, "HW-77"};
	static const char *const octets[] = {TYPE, "hex:00ff"};
	static const char *const other[] = {"1.2.3", "HW-77"};
	static const char *const mixed[] = {"1.2.3", "X", TYPE, "HW-78"};
	static const char *const twice[] = {TYPE, "A", TYPE, "B"};
	static const char *const blank[] = {TYPE, "hex:"
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"};
	struct world *w = *state;

	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	world_rules(w,
	    MAKER("device_from = \"hardware-module-name\"; hw_types ="
		  " [ \"" TYPE "\" ];"));
	hardware_leaf(w, "", text, 2, NULL);
	assert_string_equal(w->a->device, "HW-77");
	assert_string_equal(field_of(w->a, "identity.serial"), "HW-77");
	hardware_leaf(w, "", octets, 2, NULL);
	assert_string_equal(w->a->serial, "hex:00ff");
	hardware_leaf(w, "", mixed, 4, NULL);
	assert_string_equal(w->a->serial, "HW-78");
	hardware_leaf(w, "", other, 2, "maker.hw-type");
	assert_string_equal(w->o.field, "tls.certificate.san");
	hardware_leaf(w, "", twice, 4, "certificate.name");
	hardware_leaf(w, "", blank, 2, "certificate.name"); /* too long */
	hardware_leaf(w, "serialNumber=x", NULL, 0, "certificate.name");
	world_rules(w,
	    MAKER("serial_from = \"hardware-module-name\"; hw_types ="
		  " [ \"" TYPE "\" ];"));
	hardware_leaf(w, "serialNumber=dev", text, 2, NULL);
	assert_string_equal(w->a->device, "dev");
	assert_string_equal(w->a->serial, "HW-77");
}

static void
registry_says_the_serial(void **state)
{
	static const char *const right[] = {TYPE, "SN-9"};
	static const char *const wrong[] = {TYPE, "SN-8"};
	struct world *w = *state;
	struct cert_row row;
	struct device_row d;

	add_device(w, "f", "dev", NULL); /* serial SN-9 */
	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
#define HARD(more)                                                             \
	MAKER("serial_from = \"hardware-module-name\"; hw_types = [ \"" TYPE   \
	      "\" ];" more)
	world_rules(w, HARD(""));
	hardware_leaf(w, "serialNumber=dev", right, 2, NULL);
	assert_int_equal(reserve(w, w->a, &row), 1);
	set_cert(w, row.id, CERT_ABORTED);
	strcpy(w->a->serial, "SN-8"); /* changed since */
	assert_int_equal(reserve(w, w->a, &row), 0);
	ERR_clear_error();
	w->req.n_chain = 0;
	hardware_leaf(w, "serialNumber=new", wrong, 2, NULL); /* learnt */
	assert_int_equal(reserve(w, w->a, &row), 1);
	assert_int_equal(get_device(w, "f", "new", &d), 1);
	assert_string_equal(d.serial, "SN-8");
	use_csr(w, w->key[1], "CN=ignored", NULL, NULL);
	hardware_leaf(w, "serialNumber=dev", right, 2, NULL);
	world_rules(w, HARD(" registry_serial = \"ignored\";"));
	hardware_leaf(w, "serialNumber=dev", wrong, 2, NULL);
	world_rules(w, HARD(""));
	expect_refused(
	    w, WIRE_DENIED, "authorize", "device.serial-mismatch");
	/* Which they are is for the log, and for who asks explain. */
	assert_null(strstr(w->o.text, "SN-9"));
	logged(w, "SN-8 in the certificate, SN-9 in the registry");
	w->env.explain = 1;
	expect_refused(
	    w, WIRE_DENIED, "authorize", "device.serial-mismatch");
	assert_non_null(strstr(w->o.text, "SN-9"));
	w->env.explain = 0;
	world_rules(w, HARD(" registry_serial = \"required\";"));
	hardware_leaf(w, "serialNumber=dev", right, 2, NULL);
	w->req.n_chain = 0;
	{
		struct make_spec s = {.subject = "serialNumber=none",
		    .issuer = w->maker, .issuer_key = w->maker_key,
		    .key = w->key[3]};

		world_rules(w, MAKER("registry_serial = \"required\";"));
		use_leaf(w, make_cert(&s, ++w->serial));
		expect_refused(
		    w, WIRE_DENIED, "authorize", "device.serial-unknown");
	}
	assert_true(auth_serial_same("hex:0aff", "hex:0AFF"));
	assert_false(auth_serial_same("ab", "AB"));
}

static void
by_crl(void **state)
{
	struct world *w = *state;
	char dir[128];
	struct crl_spec root = {.issuer = w->maker, .key = w->maker_key};
	struct crl_spec sub = {.issuer = w->sub, .key = w->sub_key};
	struct make_spec s = {.subject = "serialNumber=c-1",
	    .issuer = w->sub,
	    .issuer_key = w->sub_key,
	    .key = w->key[3]};

	snprintf(dir, sizeof(dir), "%s/crls", w->dir);
	world_rules(w, MAKER("revocation = \"crl\";"));
	use_csr(w, w->key[0], "CN=ignored", NULL, NULL);
	w->req.n_chain = 0;
	use_leaf(w, make_cert(&s, 500));
	use_mid(w, w->sub);
	/* Nothing is configured: not a device's fault, so it may come again. */
	expect_refused(w, WIRE_UNAVAILABLE, "authenticate", "maker.crl");
	assert_int_equal(w->o.retry_after, 300);
	assert_null(strstr(w->o.text, "maker_crls"));
	logged(w, "maker_crls");
	assert_int_equal(mkdir(dir, 0700), 0);
	put_new_crl(dir, "root.crl", &root);
	put_new_crl(dir, "sub.crl", &sub);
	w->env.maker_crls = maker_crls_new(dir, NOW);
	expect_ok(w);
	assert_string_equal(w->a->deviations, "");
	/* A day later nobody has put a new one there. */
	w->env.now = NOW + DAY + 1;
	expect_refused(w, WIRE_UNAVAILABLE, "authenticate", "maker.crl");
	world_rules(w,
	    MAKER("revocation = \"crl\"; revocation_missing = \"pass\";"));
	expect_ok(w);
	assert_non_null(strstr(w->a->deviations, "no CRL of manufacturer maker"));
	sub.revoked[0] = 500;
	sub.number = 2;
	put_new_crl(dir, "sub.crl", &sub);
	w->env.now = NOW + MAKER_CRLS_EVERY;
	expect_refused(w, WIRE_DENIED, "authenticate", "maker.revoked");
	/* Neither is one forgiven that an old CRL tells of. */
	w->env.now = NOW + DAY + 1;
	expect_refused(w, WIRE_DENIED, "authenticate", "maker.revoked");
	maker_crls_free(w->env.maker_crls);
	w->env.maker_crls = NULL;
	snprintf(dir, sizeof(dir), "rm -rf %s/crls", w->dir);
	assert_int_equal(system(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(maker_is_accepted),
	    world_test(maker_leaves), world_test(maker_depth),
	    world_test(weak_maker), world_test(maker_is_not_der),
	    world_test(name_rules), world_test(hardware_serials),
	    world_test(registry_says_the_serial), world_test(by_crl)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
