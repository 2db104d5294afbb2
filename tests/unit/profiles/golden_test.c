/*
 * Golden certificates and profiles: fixed keys, time and serial, compared octet
 * by octet with tests/golden. To write them anew after a change that is meant:
 *
 *     INKAN_GOLDEN=write build/tests/unit/profiles/golden_test
 *
 * and read the difference before it is committed. The text above the octets is
 * for the reader; it is compared only under the OpenSSL that printed it. Under
 * the EC issuer the TBS is kept, because its signature differs each time.
 */

#include "tests/unit/profiles/rig.h"

#define GOLDEN_MAX (64 * 1024)
#define GOLDEN_FIELDS 8
#define FIELDS_MAX 32
#define CLASS1_MAX 600

struct golden {
	const char *file, *profile, *issuer, *key;
	const char *csr, *san; /* csr NULL: key without a request */
	int attested, pss;
	struct build_field fields[GOLDEN_FIELDS];
	const struct build_field *registry; /* more of them, or NULL */
};

static const struct build_field pck[] = {
    {"registry.ppid", "00112233445566778899aabbccddeeff"},
    {"registry.tcb_comp01", "3"}, {"registry.tcb_comp02", "3"},
    {"registry.tcb_comp03", "2"}, {"registry.tcb_comp04", "2"},
    {"registry.tcb_comp05", "4"}, {"registry.tcb_comp06", "1"},
    {"registry.tcb_comp07", "0"}, {"registry.tcb_comp08", "5"},
    {"registry.tcb_comp09", "0"}, {"registry.tcb_comp10", "0"},
    {"registry.tcb_comp11", "0"}, {"registry.tcb_comp12", "0"},
    {"registry.tcb_comp13", "0"}, {"registry.tcb_comp14", "0"},
    {"registry.tcb_comp15", "0"}, {"registry.tcb_comp16", "255"},
    {"registry.pcesvn", "13"},
    {"registry.cpusvn", "03030202040100050000000000000000"},
    {"registry.pceid", "0000"}, {"registry.fmspc", "00906ed50000"},
    {"registry.sgx_type", "1"}, {"registry.dynamic_platform", "true"},
    {"registry.smt", "false"}, {NULL, NULL}};

static const struct build_field vcek[] = {{"registry.struct_version", "1"},
    {"registry.product", "Example-B0"}, {"registry.bl_spl", "3"},
    {"registry.tee_spl", "0"}, {"registry.snp_spl", "8"},
    {"registry.ucode_spl", "209"},
    {"registry.hwid",
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"},
    {NULL, NULL}};

static const struct golden goldens[] = {
    {"root-ca", "root-ca", NULL, "root", NULL, NULL, 0, 0,
	{{"request.c", "JP"}, {"request.o", "Example"},
	    {"request.cn", "Example Root G1"}},
	NULL},
    {"issuing-ca", "issuing-ca", "root", "device-p384", NULL, NULL, 0, 0,
	{{"request.o", "Example"}, {"request.cn", "Example Devices G1"}}, NULL},
    {"ocsp-responder", "ocsp-responder", "issuer-ed25519", "device-p256", NULL,
	NULL, 0, 0, {{"request.cn", "Example OCSP"}}, NULL},
    {"est-server", "est-server", "issuer-ed25519", "device-p256", NULL, NULL, 0,
	0,
	{{"request.cn", "localhost"}, {"request.dns", "localhost"},
	    {"request.ip", "127.0.0.1, ::1"}},
	NULL},
    {"device-idevid", "device-idevid", "issuer-ed25519", "device-p256", NULL,
	NULL, 0, 0,
	{{"request.o", "Example"}, {"identity.serial", "SN0001"},
	    {"registry.hw_serial", "HW-0001"}},
	NULL},
    {"device-ldevid", "device-ldevid", "issuer-ed25519", "device-p256",
	"CN=dev1", "DNS:dev1,DNS:dev1.lan,DNS:evil.example", 0, 0,
	{{"identity.device", "dev1"}, {"identity.cn", "dev1"}}, NULL},
    {"device-ldevid-rsa", "device-ldevid", "issuer-rsa", "device-rsa",
	"CN=dev1", NULL, 0, 0,
	{{"identity.device", "dev1"}, {"identity.serial", "SN0001"}}, NULL},
    {"device-ldevid-ec", "device-ldevid", "issuer-p256", "device-ed25519",
	"CN=dev1", NULL, 0, 0,
	{{"identity.device", "dev1"}, {"identity.cn", "dev1"}}, NULL},
    {"device-ldevid-pss", "device-ldevid", "issuer-rsa", "device-p256",
	"CN=dev1", NULL, 0, 1,
	{{"identity.device", "dev1"}, {"identity.cn", "dev1"}}, NULL},
    {"attestation-key", "attestation-key", "issuer-ed25519", "device-p256",
	"CN=ak", NULL, 0, 0, {{"identity.cn", "dev1-ak"}}, NULL},
    {"attestation-key-attested", "attestation-key", "issuer-ed25519",
	"device-p256", "CN=ak", NULL, 1, 0, {{"identity.cn", "dev1-ak"}}, NULL},
    {"code-signing", "code-signing", "issuer-ed25519", "device-p384",
	"O=Example,CN=Firmware Signer", NULL, 0, 0, {{NULL, NULL}}, NULL},
    {"sub-ca", "sub-ca", "root", "device-p384", NULL, NULL, 0, 0,
	{{"request.o", "Example"}, {"request.cn", "Example Sub CA G1"}}, NULL},
    {"cross", "cross", "root", "device-p384", NULL, NULL, 0, 0,
	{{"request.c", "JP"}, {"request.o", "Partner"},
	    {"request.cn", "Partner Root"}},
	NULL},
    {"link", "link", "root", "device-p384", NULL, NULL, 0, 0, {{NULL, NULL}},
	NULL},
    {"device-ldevid-class1", "device-ldevid-class1", "issuer-p256",
	"device-p256", "CN=dev1", "DNS:dev1", 0, 0,
	{{"identity.device", "dev1"}, {"identity.serial", "SN0001"}}, NULL},
    {"tpm-iak", "tpm-iak", "issuer-ed25519", "device-rsa", "CN=iak", NULL, 1, 0,
	{{"request.o", "Example"}, {"registry.model", "Model 1"},
	    {"identity.serial", "SN0001"},
	    {"registry.tpm_serial",
		"00001014:2f6d51db7736ecb92dcde2278031c8b1ecc387b4:4d5"}},
	NULL},
    {"tpm-iak-unverified", "tpm-iak", "issuer-ed25519", "device-rsa", "CN=iak",
	NULL, 0, 0,
	{{"request.o", "Example"}, {"registry.model", "Model 1"},
	    {"identity.serial", "SN0001"},
	    {"registry.tpm_serial",
		"00001014:2f6d51db7736ecb92dcde2278031c8b1ecc387b4:4d5"}},
	NULL},
    {"tpm-lak", "tpm-lak", "issuer-ed25519", "device-p256", "CN=lak", NULL, 1,
	0, {{"identity.cn", "dev1"}, {"identity.serial", "SN0001"}}, NULL},
    {"tpm-ak", "tpm-ak", "issuer-ed25519", "device-p256", "CN=ak", NULL, 1, 0,
	{{"identity.cn", "dev1"}, {"identity.serial", "SN0001"},
	    {"attested.tpm.ek.certificate",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8"
		"55"}},
	NULL},
    {"dice-alias", "dice-alias", "issuer-ed25519", "device-p256", "CN=alias",
	NULL, 0, 0,
	{{"identity.cn", "dev1"}, {"registry.vendor", "Example"},
	    {"registry.svn", "3"}, {"registry.layer", "1"},
	    {"registry.fwid",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8"
		"55"},
	    {"registry.flags", "0001"},
	    {"registry.ueid", "01deadbeefdeadbeef"}},
	NULL},
    {"dice-alias-attested", "dice-alias", "issuer-ed25519", "device-p256",
	"CN=alias", NULL, 1, 0,
	{{"identity.cn", "dev1"}, {"registry.svn", "3"}, {"attested.dice.svn", "4"}},
	NULL},
    {"fido-attestation", "fido-attestation", "issuer-ed25519", "device-p256",
	"CN=x", NULL, 0, 0,
	{{"request.c", "JP"}, {"request.o", "Example"},
	    {"request.cn", "Example Key 1"},
	    {"registry.aaguid", "00112233445566778899aabbccddeeff"}},
	NULL},
    {"pck-shaped", "pck-shaped", "issuer-ed25519", "device-p256", "CN=x", NULL,
	0, 0, {{"request.c", "JP"}}, pck},
    {"vcek-shaped", "vcek-shaped", "issuer-ed25519", "device-p384", "CN=x",
	NULL, 0, 0, {{"request.c", "JP"}}, vcek},
    {"mud-device", "mud-device", "issuer-ed25519", "device-p256", "CN=x", NULL,
	0, 0, {{"identity.serial", "SN0001"}}, NULL},
    {"mud-signer", "mud-signer", "issuer-ed25519", "device-p256", "CN=x", NULL,
	0, 0, {{NULL, NULL}}, NULL},
    {"suit-author", "suit-author", "issuer-ed25519", "device-ed25519",
	"O=Example,CN=Firmware Author", NULL, 0, 0, {{NULL, NULL}}, NULL},
    {"timestamping", "timestamping", "issuer-ed25519", "device-p384",
	"O=Example,CN=Example TSA", NULL, 0, 0, {{NULL, NULL}}, NULL},
    {"document-signing", "document-signing", "issuer-ed25519", "device-p256",
	"O=Example,CN=Taro Example", NULL, 0, 0,
	{{"request.email", "taro@example.com"}}, NULL},
    {"electronic-seal", "electronic-seal", "issuer-ed25519", "device-p256",
	"CN=Example Seal", NULL, 0, 0,
	{{"request.c", "JP"}, {"request.o", "Example"},
	    {"request.organization_identifier", "NTRJP-1234567890123"},
	    {"request.qc_type", "0.4.0.1862.1.6.2"}},
	NULL},
    {"tls-server", "tls-server", "issuer-ed25519", "device-p256",
	"CN=www.example", "DNS:www.example,DNS:example,IP:192.0.2.1", 0, 0,
	{{NULL, NULL}}, NULL},
    {"tls-client", "tls-client", "issuer-ed25519", "device-p256",
	"O=Example,CN=backup", "email:ops@example.com", 0, 0, {{NULL, NULL}},
	NULL},
    {"est-station", "est-station", "issuer-ed25519", "device-p256",
	"O=Example,CN=line-1", NULL, 0, 0, {{NULL, NULL}}, NULL},
    {"short-lived", "short-lived", "issuer-ed25519", "device-p256", "CN=dev1",
	NULL, 0, 0, {{"identity.cn", "dev1"}}, NULL},
};

static struct rig_ca root;

static int
setup(void **state)
{
	(void)state;
	rig_ca_init(&root, "root", 0);
	rig_ca_certify(&root, "root-ca", "Example Root G1", NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_ca_clear(&root);
	return 0;
}

static void
make_issuer(const struct golden *g, struct rig_ca *ca)
{
	const char *key = g->issuer != NULL ? g->issuer : "root";

	rig_ca_init(ca, key, g->pss);
	if (g->issuer == NULL)
		return;
	if (strcmp(key, "root") == 0)
		rig_ca_certify(ca, "root-ca", "Example Root G1", NULL);
	else
		rig_ca_certify(ca, "issuing-ca", "Example Issuing", &root);
}

/* Path validation by OpenSSL's strict rules, as a verifier would do it. */
static void
verify_chain(X509 *leaf, const struct rig_ca *ca, int below_root)
{
	X509 *top = rig_x509(root.cert, root.cert_len);
	X509 *mid = below_root ? NULL : rig_x509(ca->cert, ca->cert_len);
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;

	if (mid != NULL)
		sk_X509_push(chain, mid);
	X509_STORE_add_cert(store, top);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, chain), 1);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
	X509_VERIFY_PARAM_set_time(param, RIG_NOW + 60);
	if (X509_verify_cert(ctx) != 1)
		fail_msg("verify: %s",
		    X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(chain);
	X509_free(mid);
	X509_free(top);
}

static void
print_hex(BIO *out, const unsigned char *der, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		BIO_printf(out, "%02x%s", der[i],
		    i % 32 == 31 || i + 1 == len ? "\n" : "");
}

static char *
render(X509 *x, const unsigned char *der, size_t len, const char *what)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *data, *text;
	long n;

	BIO_printf(out, "Printed by OpenSSL %d.%d\n", OPENSSL_VERSION_MAJOR,
	    OPENSSL_VERSION_MINOR);
	X509_print_ex(
	    out, x, XN_FLAG_ONELINE, what[0] == 'T' ? X509_FLAG_NO_SIGDUMP : 0);
	BIO_printf(out, "%s:\n", what);
	print_hex(out, der, len);
	n = BIO_get_mem_data(out, &data);
	text = OPENSSL_strndup(data, (size_t)n);
	BIO_free(out);
	return text;
}

static void
compare_text(
    const char *path, const char *want, const char *got, const char *mark)
{
	const char *eol = strchr(want, '\n');

	assert_non_null(eol);
	if (strncmp(want, got, (size_t)(eol - want) + 1) != 0) {
		want = strstr(want, mark);
		got = strstr(got, mark);
		assert_non_null(want);
		assert_non_null(got);
	}
	if (strcmp(want, got) != 0)
		fail_msg("%s differs; got:\n%s", path, got);
}

static void
against_file(const char *path, const char *got, const char *mark)
{
	char *want = calloc(1, GOLDEN_MAX);
	FILE *f;

	if (getenv("INKAN_GOLDEN") != NULL) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(got, f);
		fclose(f);
	}
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s: missing", path);
	assert_true(fread(want, 1, GOLDEN_MAX - 1, f) > 0);
	fclose(f);
	compare_text(path, want, got, mark);
	free(want);
}

static size_t
gather(const struct golden *g, struct build_field fields[FIELDS_MAX])
{
	const struct build_field *f;
	size_t n = 0;

	for (f = g->fields; n < GOLDEN_FIELDS && f->name != NULL; f++)
		fields[n++] = *f;
	for (f = g->registry; f != NULL && f->name != NULL; f++)
		fields[n++] = *f;
	return n;
}

static void
one(const struct golden *g)
{
	EVP_PKEY *key = rig_key(g->key);
	struct profile *p = rig_profile(g->profile);
	struct csr *csr = g->csr != NULL ? rig_csr(key, g->csr, g->san) : NULL;
	unsigned char *spki, *cert, *tbs = NULL;
	struct build_field fields[FIELDS_MAX];
	struct rig_ca ca;
	struct build_request req = {.profile = p,
	    .issuer = &ca.issuer,
	    .csr = csr,
	    .fields = fields,
	    .serial = rig_serial,
	    .now = RIG_NOW,
	    .attested = g->attested};
	int ec = g->issuer != NULL && strcmp(g->issuer, "issuer-p256") == 0;
	int random = ec || g->pss;
	char path[128], *text;
	size_t len, tbs_len;
	X509 *x;

	req.n_fields = gather(g, fields);
	make_issuer(g, &ca);
	rig_spki(key, &spki, &req.spki_len);
	req.spki = spki;
	cert = rig_issue(&req, ca.key, &len);
	x = rig_x509(cert, len);
	if (strcmp(g->profile, "device-ldevid-class1") == 0)
		assert_true(len < CLASS1_MAX);
	if (g->issuer != NULL)
		verify_chain(x, &ca, strcmp(g->issuer, "root") == 0);
	assert_int_equal(build_tbs(&req, &tbs, &tbs_len, NULL), 1);
	snprintf(path, sizeof(path), "tests/golden/%s.txt", g->file);
	text = random ? render(x, tbs, tbs_len, "TBS")
		      : render(x, cert, len, "DER");
	against_file(path, text, random ? "\nTBS:\n" : "\nDER:\n");
	OPENSSL_free(text);
	X509_free(x);
	OPENSSL_free(tbs);
	OPENSSL_free(cert);
	OPENSSL_free(spki);
	rig_ca_clear(&ca);
	csr_free(csr);
	profile_free(p);
	EVP_PKEY_free(key);
}

static void
certificates_are_as_ever(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++)
		one(&goldens[i]);
}

static void
profiles_are_as_ever(void **state)
{
	static const char *const names[] = {"attestation-key", "code-signing",
	    "cross", "device-idevid", "device-ldevid", "device-ldevid-class1",
	    "dice-alias", "document-signing", "electronic-seal", "est-server",
	    "est-station", "fido-attestation", "issuing-ca", "link", "mud-device",
	    "mud-signer", "ocsp-responder", "pck-shaped", "root-ca",
	    "short-lived", "sub-ca", "suit-author", "timestamping",
	    "tls-client", "tls-server", "tpm-ak", "tpm-iak", "tpm-lak", "vcek-shaped"};
	char path[128], *text;
	struct profile *p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		p = rig_profile(names[i]);
		text = profile_dump(p);
		assert_non_null(text);
		snprintf(
		    path, sizeof(path), "tests/golden/%s.profile", names[i]);
		against_file(path, text, "\n");
		OPENSSL_free(text);
		profile_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		certificates_are_as_ever, setup, teardown),
	    cmocka_unit_test(profiles_are_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
