#include <openssl/x509v3.h>
#include "tests/unit/ca/engine/world.h"

/* What a ceremony signs. */

static X509 *
published(struct world *w, const char *name)
{
	unsigned char buf[8192];
	const unsigned char *p = buf;
	char path[512];
	X509 *x;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/pub/ca/%s.cer", w->dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	x = d2i_X509(NULL, &p, (long)n);
	assert_non_null(x);
	assert_ptr_equal(p, buf + n);
	return x;
}

static X509 *
pem(struct world *w, const char *name, int which)
{
	char path[512];
	X509 *x = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	for (; which >= 0; which--) {
		X509_free(x);
		x = PEM_read_X509(f, NULL, NULL, NULL);
	}
	fclose(f);
	ERR_clear_error();
	return x;
}

/* By the strict rules, from ${leaf} through ${mid} (or NULL) to ${root}. */
static int
verifies(X509 *leaf, X509 *mid, X509 *root)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	int ok;

	if (mid != NULL)
		sk_X509_push(chain, mid);
	X509_STORE_add_cert(store, root);
	X509_STORE_set_flags(
	    store, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
	X509_STORE_CTX_init(ctx, store, leaf, chain);
	ok = X509_verify_cert(ctx);
	if (ok != 1)
		print_message("verify: %s\n",
		    X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(chain);
	return ok;
}

static void
the_chain(void **state)
{
	static const char *const names[] = {
	    "devices-g1", "attestation-g1", "code-g1"};
	struct world *w = *state;
	X509 *root = published(w, "root-g1"), *ca;
	size_t i;

	assert_int_equal(X509_self_signed(root, 1), 1);
	assert_int_equal(verifies(root, NULL, root), 1);
	for (i = 0; i < 3; i++) {
		ca = published(w, names[i]);
		assert_int_equal(verifies(ca, NULL, root), 1);
		assert_int_equal(X509_check_ca(ca), 1);
		assert_int_equal(X509_get_pathlen(ca), 0);
		X509_free(ca);
	}
	X509_free(root);
}

static int
holds(X509 *x, int nid, const char *text)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int i = X509_get_ext_by_NID(x, nid, -1), found;
	char *p;
	long n;

	if (i >= 0)
		X509V3_EXT_print(bio, X509_get_ext(x, i), 0, 0);
	BIO_write(bio, "", 1);
	n = BIO_get_mem_data(bio, &p);
	found = n > 1 && strstr(p, text) != NULL;
	BIO_free(bio);
	return found;
}

/* Addresses bear the generation of the CA that signed. */
static void
addresses(void **state)
{
	struct world *w = *state;
	X509 *ca = published(w, "devices-g1"), *leaf = pem(w, "service.pem", 0);

	assert_true(holds(ca, NID_crl_distribution_points,
	    "http://localhost:8444/crl/root-g1.crl"));
	assert_true(
	    holds(ca, NID_info_access, "http://localhost:8444/ca/root-g1.cer"));
	assert_true(holds(leaf, NID_crl_distribution_points,
	    "http://localhost:8444/crl/devices-g1.crl"));
	assert_true(holds(
	    leaf, NID_info_access, "http://localhost:8444/ocsp/devices-g1"));
	X509_free(leaf);
	X509_free(ca);
}

static void
the_service(void **state)
{
	struct world *w = *state;
	X509 *root = pem(w, "root.pem", 0), *ca = pem(w, "devices.pem", 0);
	X509 *leaf = pem(w, "service.pem", 0);

	assert_int_equal(verifies(leaf, ca, root), 1);
	assert_int_equal(X509_check_private_key(leaf, w->service_key), 1);
	assert_int_equal(X509_check_host(leaf, "localhost", 0, 0, NULL), 1);
	assert_null(pem(w, "service.pem", 1)); /* chain was not asked for */
	X509_free(leaf);
	X509_free(ca);
	X509_free(root);
}

/* Each is in the store, as what it is, and in the log. */
static void
on_record(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a = world_admin(w, "cert.list", "");
	size_t i;

	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 5);
	for (i = 0; i < 5; i++) {
		assert_string_equal(
		    field_text(message_row(a, i), "state", ""), "valid");
		assert_string_equal(
		    field_text(message_row(a, i), "requester", ""), "ceremony");
	}
	WIRE_ANSWER_free(a);
	assert_int_equal(
	    world_log(w, "issue.reserved", "requester=ceremony"), 5);
	assert_int_equal(world_log(w, "issue.recorded", ""), 5);
	assert_int_equal(world_log(w, "crl", "issuer=root-g1"), 1);
	assert_int_equal(world_log(w, "ceremony", "kind=init"), 1);
}

static void
first_crls_and_answers(void **state)
{
	static const char *const names[] = {
	    "root-g1", "devices-g1", "attestation-g1", "code-g1"};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < 4; i++)
		world_sh("openssl crl -inform DER -in %s/pub/crl/%s.crl -noout",
		    w->dir, names[i]);
	world_sh("test $(ls %s/pub/ocsp/root-g1/*-sha1.der | wc -l) = 4 && "
		 "test $(ls %s/pub/ocsp/root-g1/*-sha256.der | wc -l) = 4",
	    w->dir, w->dir);
}

/* --- what it does not sign --- */

static int
prepare(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_prepare(w);
	*state = w;
	return 0;
}

static void
fails(struct world *w, const char *edit, const char *word)
{
	char trace[1024];

	world_sh("cp %s %s.was && sed -i '%s' %s", w->ceremony, w->ceremony,
	    edit, w->ceremony);
	assert_false(world_ceremony(w));
	report_trace(trace, sizeof(trace));
	if (strstr(trace, word) == NULL)
		fail_msg("no \"%s\" in: %s", word, trace);
	ERR_clear_error();
	world_sh("mv %s.was %s", w->ceremony, w->ceremony);
}

static void
refusals(void **state)
{
	struct world *w = *state;

	fails(w, "s/issuer = \"devices\"/issuer = \"nobody\"/", "no CA");
	/* The root signs CAs, in its own step. */
	fails(w, "s/issuer = \"devices\"/issuer = \"root\"/", "");
	/* A service is no CA, and a device is not certified here. */
	fails(w, "s/profile = \"est-server\"/profile = \"issuing-ca\"/",
	    "ceremony");
	fails(w, "s/profile = \"est-server\"/profile = \"device-ldevid\"/",
	    "issued_by");
	fails(w, "s/, \"dns=localhost\"//", "dns");
	fails(w,
	    "s/name = \"code\";/name = \"code\"; profile = "
	    "\"est-server\";/",
	    "class");
}

static void
a_spoiled_request(void **state)
{
	struct world *w = *state;
	EVP_PKEY *other = world_key();
	unsigned char *der;
	int len = world_csr(other, "localhost", &der);
	char path[512];
	FILE *f;

	der[len - 1] ^= 1;
	snprintf(path, sizeof(path), "%s/service.csr", w->dir);
	f = fopen(path, "w");
	assert_true(PEM_write(f, "CERTIFICATE REQUEST", "", der, len) > 0);
	fclose(f);
	fails(w, "s/x/x/", "csr.signature");
	OPENSSL_free(der);
	EVP_PKEY_free(other);
}

#define A(f) cmocka_unit_test(f)
#define B(f) cmocka_unit_test_setup_teardown(f, prepare, world_teardown)

int
main(void)
{
	const struct CMUnitTest made[] = {
	    A(the_chain),
	    A(addresses),
	    A(the_service),
	    A(on_record),
	    A(first_crls_and_answers),
	};
	const struct CMUnitTest not_made[] = {
	    B(refusals),
	    B(a_spoiled_request),
	};
	int failed;

	failed = cmocka_run_group_tests(made, world_setup, world_teardown);
	return failed + cmocka_run_group_tests(not_made, NULL, NULL);
}
