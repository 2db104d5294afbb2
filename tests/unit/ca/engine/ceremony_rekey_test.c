#include "tests/unit/ca/engine/live.h"

/* Kind root-rekey: the next root and both links. */

#define REKEY(root, links) LIVE_ROOT_SIGNS LIVE_URL "root: { " LIVE_TOKEN( \
    "root") root " };\n" links

struct looking {
	const char *ident;
	int64_t lifetime;
};

static int
look(const struct issuer_row *row, void *arg)
{
	struct looking *l = arg;

	if (strcmp(row->ident, l->ident) == 0)
		l->lifetime = row->crl_lifetime;
	return 1;
}

static int
look_tx(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, look, arg);
}

/* Of the CRLs that it issues. */
static int64_t
lifetime(struct world *w, const char *ident)
{
	struct looking l = {ident, 0};

	live_read(w, look_tx, &l);
	return l.lifetime;
}

static void
both_ways(void **state)
{
	struct world *w = *state;
	X509 *g1 = live_cert(w, "root-g1"), *ca = live_cert(w, "devices-g1");
	X509 *g2, *own, *nwo;
	int n;

	live_done(w, "crl", LIVE_ROOT_SIGNS "crl_lifetime = \"90d\";");
	live_done(w, "root-rekey", REKEY("certificate = \"root2.pem\";",
	    "links: { old_with_new = \"own.pem\"; };"));
	g2 = live_cert(w, "root-g2");
	own = live_cert(w, "root-g1-with-root-g2");
	nwo = live_cert(w, "root-g2-with-root-g1");
	assert_true(g2 != NULL && own != NULL && nwo != NULL);
	assert_int_equal(live_issuer(w, "root-g2", &n), ISSUER_ROOT);
	assert_int_equal(live_issuer(w, "root-g1", NULL), ISSUER_ROOT);
	assert_int_equal(n, 5);
	assert_int_equal(X509_self_signed(g2, 1), 1);
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(g1),
	    X509_get_subject_name(g2)), 0);
	assert_false(live_verifies(ca, NULL, NULL, g2));
	assert_true(live_verifies(ca, own, NULL, g2));
	assert_true(live_verifies(nwo, NULL, NULL, g1));
	assert_true(ASN1_TIME_compare(X509_get0_notAfter(own),
	    X509_get0_notAfter(g1)) <= 0);
	assert_true(ASN1_TIME_compare(X509_get0_notAfter(nwo),
	    X509_get0_notAfter(g1)) <= 0);
	assert_true(live_exists(w, "root2.pem"));
	assert_true(live_exists(w, "own.pem"));
	assert_true(live_exists(w, "pub/crl/root-g2.crl"));
	assert_int_equal(lifetime(w, "root-g2"), 90 * 86400);
	assert_int_equal(live_keys(w, "root"), 2);
	X509_free(g1);
	X509_free(g2);
	X509_free(own);
	X509_free(nwo);
	X509_free(ca);
}

/* Late in the old root's life the links are short, the new root is not. */
static void
ends_with_the_old(void **state)
{
	struct world *w = *state;
	X509 *g1 = live_cert(w, "root-g1"), *own, *g2;

	w->now += (time_t)24 * 365 * 86400;
	live_done(w, "root-rekey", REKEY("", ""));
	own = live_cert(w, "root-g1-with-root-g2");
	g2 = live_cert(w, "root-g2");
	assert_int_equal(ASN1_TIME_compare(X509_get0_notAfter(own),
	    X509_get0_notAfter(g1)), 0);
	assert_int_equal(ASN1_TIME_compare(X509_get0_notAfter(g2),
	    X509_get0_notAfter(g1)), 1);
	X509_free(g1);
	X509_free(g2);
	X509_free(own);
}

static void
refusals(void **state)
{
	struct world *w = *state;

	live_refused(w, "root-rekey", REKEY("profile = \"issuing-ca\";", ""),
	    "not one of a root");
	live_refused(w, "root-rekey", REKEY("set = [ \"cn=Other\" ];", ""),
	    "same name");
	live_refused(w, "root-rekey", REKEY("name = \"other\";", ""),
	    "it is the signer's");
	live_refused(w, "root-rekey", REKEY("", "links: { profile = "
	    "\"issuing-ca\"; };"), "class");
	live_refused(w, "root-rekey", "signer: { ca = \"devices\"; };" LIVE_URL
	    "root: { " LIVE_TOKEN("root") " };", "signer.root");
	live_refused(w, "root-rekey", REKEY("key_label = \"inkan-root-g1\";",
	    ""), "not this ceremony's");
	assert_int_equal(live_keys(w, "root"), 1);
	assert_int_equal(live_issuer(w, "root-g2", NULL), -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(both_ways),
	    T(ends_with_the_old),
	    T(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
