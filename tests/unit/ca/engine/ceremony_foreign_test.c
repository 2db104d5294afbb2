#include "tests/unit/ca/engine/live.h"

/* Kinds cross and certify: CAs that are not ours. */

static void
add_ext(X509 *x, int nid, int critical, void *value)
{
	assert_int_equal(X509_add1_ext_i2d(x, nid, value, critical, 0), 1);
}

static void
put(struct world *w, const char *name, X509 *x)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, x), 1);
	fclose(f);
}

/* A self-signed CA with a key identifier of its own making. */
static X509 *
make_ca(struct world *w, const char *name, EVP_PKEY *key, int ca, long days)
{
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	X509 *x = X509_new();

	bc->ca = ca ? 0xff : 0;
	assert_int_equal(ASN1_OCTET_STRING_set(id,
	    (const unsigned char *)"my own id", 9), 1);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 77);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_UTF8, (const unsigned char *)"Foreign", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	ASN1_TIME_set(X509_getm_notBefore(x), w->now - 86400);
	ASN1_TIME_set(X509_getm_notAfter(x), w->now + days * 86400);
	X509_set_pubkey(x, key);
	add_ext(x, NID_basic_constraints, 1, bc);
	add_ext(x, NID_subject_key_identifier, 0, id);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	put(w, name, x);
	BASIC_CONSTRAINTS_free(bc);
	ASN1_OCTET_STRING_free(id);
	return x;
}

#define CROSS(more) LIVE_ROOT_SIGNS "name = \"partner\"; needs_path_len = 0; " \
	more

/* Name, key and identifier are theirs, and it does not outlive their own. */
static void
as_they_are(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	X509 *theirs = make_ca(w, "foreign.pem", key, 1, 100), *made;
	X509 *root = live_cert(w, "root-g1");

	live_done(w, "cross", CROSS("foreign = \"foreign.pem\"; certificate = "
	    "\"cross.pem\";"));
	made = live_cert(w, "cross-partner");
	assert_non_null(made);
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(made),
	    X509_get_subject_name(theirs)), 0);
	assert_int_equal(ASN1_OCTET_STRING_cmp(X509_get0_subject_key_id(made),
	    X509_get0_subject_key_id(theirs)), 0);
	assert_int_equal(ASN1_TIME_compare(X509_get0_notAfter(made),
	    X509_get0_notAfter(theirs)), 0);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(made), key), 1);
	assert_int_equal(X509_verify(made, X509_get0_pubkey(root)), 1);
	assert_true(live_exists(w, "cross.pem"));
	X509_free(root);
	X509_free(made);
	X509_free(theirs);
	EVP_PKEY_free(key);
}

static void
cross_refusals(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key(), *other = world_key();
	X509 *x;

	X509_free(make_ca(w, "no-ca.pem", key, 0, 100));
	live_refused(w, "cross", CROSS("foreign = \"no-ca.pem\";"),
	    "foreign.ca");
	X509_free(make_ca(w, "old.pem", key, 1, 0));
	w->now += 10;
	live_refused(w, "cross", CROSS("foreign = \"old.pem\";"),
	    "foreign.expired");
	x = make_ca(w, "false.pem", key, 1, 100);
	assert_true(X509_sign(x, other, EVP_sha256()) > 0);
	put(w, "false.pem", x);
	live_refused(w, "cross", CROSS("foreign = \"false.pem\";"),
	    "foreign.signature");
	live_refused(w, "cross", CROSS("foreign = \"nothing.pem\";"),
	    "no PEM certificate");
	live_refused(w, "cross", CROSS("foreign = \"root.pem\";"),
	    "foreign.ours");
	X509_free(make_ca(w, "f.pem", key, 1, 100));
	live_refused(w, "cross", CROSS("foreign = \"f.pem\"; csr = "
	    "\"service.csr\";"), "foreign.key");
	live_refused(w, "cross", CROSS("profile = \"sub-ca\"; foreign = "
	    "\"f.pem\";"), "class");
	live_refused(w, "cross", CROSS(""), "foreign: missing");
	live_refused(w, "cross", "signer: { ca = \"devices\"; }; name = \"p\"; "
	    "needs_path_len = 0; foreign = \"f.pem\";", "path.length");
	X509_free(x);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

#define CERTIFY(more) LIVE_ROOT_SIGNS "name = \"plant\"; csr = " \
	"\"service.csr\"; set = [ \"cn=Plant\" ]; " more

static void
a_sub_ca(void **state)
{
	struct world *w = *state;
	X509 *root = live_cert(w, "root-g1"), *made;
	char cn[64] = "";

	live_refused(w, "certify", CERTIFY("needs_path_len = 9;"),
	    "path.short: 9 CAs");
	live_refused(w, "certify", CERTIFY("profile = \"root-ca\";"),
	    "profile.issuer");
	live_done(w, "certify", CERTIFY("certificate = \"plant.pem\"; chain = "
	    "true;"));
	made = live_cert(w, "sub-ca-plant");
	X509_NAME_get_text_by_NID(X509_get_subject_name(made), NID_commonName,
	    cn, sizeof(cn));
	assert_string_equal(cn, "Plant");
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(made), w->service_key),
	    1);
	assert_true(live_verifies(made, NULL, NULL, root));
	world_sh("test $(grep -c BEGIN %s/plant.pem) = 2", w->dir);
	X509_free(made);
	X509_free(root);
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(as_they_are),
	    T(cross_refusals),
	    T(a_sub_ca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
