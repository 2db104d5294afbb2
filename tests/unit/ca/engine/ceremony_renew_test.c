#include "tests/unit/ca/engine/live.h"

/* Kind renew: same key and name, new validity. */

static void
same(X509 *a, X509 *b)
{
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(a),
	    X509_get_subject_name(b)), 0);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(a),
	    X509_get0_pubkey(b)), 1);
	assert_int_equal(ASN1_OCTET_STRING_cmp(X509_get0_subject_key_id(a),
	    X509_get0_subject_key_id(b)), 0);
	assert_int_not_equal(X509_cmp(a, b), 0);
}

static int
renewed(const struct ca_cert_row *row, void *arg)
{
	X509 *old = arg;
	unsigned char *der = NULL;
	int len = i2d_X509(old, &der);

	assert_int_equal(row->der_len, len);
	assert_memory_equal(row->der, der, (size_t)len);
	assert_true(row->subject != 0 && row->signer != 0 && row->cert != 0);
	OPENSSL_free(der);
	return 1;
}

static int
renewed_tx(struct store_tx *tx, void *arg)
{
	return ca_certs_list(tx, CA_CERT_RENEWED, renewed, arg);
}

static void
an_issuing_ca(void **state)
{
	struct world *w = *state;
	X509 *old = live_cert(w, "devices-g1"), *new;
	X509 *root = live_cert(w, "root-g1");

	w->now += 100;
	live_done(w, "renew", LIVE_ROOT_SIGNS "ca = \"devices\"; certificate = "
	    "\"devices.pem\";");
	new = live_cert(w, "devices-g1");
	same(old, new);
	assert_true(live_verifies(new, NULL, NULL, root));
	assert_int_equal(ASN1_TIME_compare(X509_get0_notAfter(new),
	    X509_get0_notAfter(old)), 1);
	live_read(w, renewed_tx, old);
	X509_free(old);
	X509_free(new);
	X509_free(root);
}

static void
a_root(void **state)
{
	struct world *w = *state;
	X509 *old = live_cert(w, "root-g1"), *new;
	X509 *ca = live_cert(w, "code-g1");

	w->now += 100;
	live_done(w, "renew", LIVE_ROOT_SIGNS "ca = \"root\";");
	new = live_cert(w, "root-g1");
	same(old, new);
	assert_int_equal(X509_self_signed(new, 1), 1);
	assert_true(live_verifies(ca, NULL, NULL, new));
	live_read(w, renewed_tx, old);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	X509_free(old);
	X509_free(new);
	X509_free(ca);
}

static void
refusals(void **state)
{
	struct world *w = *state;

	world_sh("sed -e 's/\"issuing-ca\"/\"short\"/' -e 's/10y/1y/' "
	    "profiles/shipped/issuing-ca.conf >%s/profiles/short.conf",
	    w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	world_done(world_admin(w, "policy.activate", ""));
	ca_close(w->ca);
	w->ca = NULL;
	live_refused(w, "renew", LIVE_ROOT_SIGNS "ca = \"devices\"; profile = "
	    "\"short\";", "renew.sooner");
	live_refused(w, "renew", LIVE_ROOT_SIGNS "ca = \"nobody\";", "ca: there "
	    "is no CA");
	live_refused(w, "renew", LIVE_ROOT_SIGNS "ca = \"root\"; profile = "
	    "\"issuing-ca\";", "path.short");
	live_refused(w, "renew", LIVE_ROOT_SIGNS "ca = \"devices\"; profile = "
	    "\"root-ca\";", "profile.issuer");
	live_refused(w, "renew", "signer: { ca = \"code\"; }; ca = "
	    "\"devices\";", "profile.issuer");
	live_refused(w, "renew", "signer: { ca = \"code\"; }; ca = \"root\";",
	    "renew.signer");
	live_refused(w, "renew", "signer: { ca = \"code\"; }; ca = \"code\";",
	    "renew.signer");
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(an_issuing_ca),
	    T(a_root),
	    T(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
