#include "tests/unit/ca/engine/generations.h"
#include "ca/engine/own.h"

/* Under which CA a server renews, and how it can be verified. */

static struct world w;
static struct generations g;

static int
setup(void **state)
{
	(void)state;
	gen_up(&w, &g);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	gen_down(&w, &g);
	return 0;
}

static const struct issuer *
by_ident(const char *ident)
{
	const struct issuer *is = issuer_set_find(&w.ca->issuers, ident);

	assert_non_null(is);
	return is;
}

static const char *
choice(const struct own_links *l, const char *current)
{
	return own_server_issuer(&w.ca->issuers, l, by_ident(current))
	    ->row.ident;
}

static void
moves_where_links_lead_back(void **state)
{
	struct own_links l;

	(void)state;
	assert_true(own_links_read(&l, w.ca->store, w.now));
	assert_int_equal(l.n, 1);
	assert_string_equal(choice(&l, "devices-g1"), "devices-g2");
	assert_string_equal(choice(&l, "devices-g2"), "devices-g2");
	assert_string_equal(choice(&l, "code"), "code-g1");
	own_links_clear(&l);
}

static void
stays_where_nothing_leads_back(void **state)
{
	struct own_links l;

	(void)state;
	/* The link has expired. */
	assert_true(own_links_read(&l, w.ca->store, w.now + 301 * 86400));
	assert_int_equal(l.n, 0);
	assert_string_equal(choice(&l, "devices-g1"), "devices-g1");
	own_links_clear(&l);
}

static void
leaves_a_disabled_ca(void **state)
{
	struct issuer *old = issuer_set_find(&w.ca->issuers, "devices-g1");
	struct own_links none = {.n = 0};

	(void)state;
	old->row.state = ISSUER_DISABLED;
	assert_string_equal(choice(&none, "devices-g1"), "devices-g2");
	old->row.state = ISSUER_ACTIVE;
	assert_string_equal(choice(&none, "devices-g1"), "devices-g1");
}

static void
same_field(const WIRE_FIELDS *l, const char *name, size_t i, const X509 *x)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);
	const unsigned char *p;
	size_t len;

	p = field_get_bytes(field_find(l, name, i), &len);
	assert_non_null(p);
	assert_int_equal(len, n);
	assert_memory_equal(p, der, len);
	OPENSSL_free(der);
}

static void
the_way_back(void **state)
{
	WIRE_FIELDS *v = field_list_new();
	struct own_links l;

	(void)state;
	assert_true(own_links_read(&l, w.ca->store, w.now));
	assert_true(own_links_add(
	    &w.ca->issuers, &l, by_ident("devices-g2"), v));
	assert_int_equal(field_count(v, "link"), 1);
	same_field(v, "link", 0, g.new_with_old);
	field_list_free(v);
	/* The old CA needs none. */
	v = field_list_new();
	assert_true(own_links_add(
	    &w.ca->issuers, &l, by_ident("devices-g1"), v));
	assert_int_equal(field_count(v, "link"), 0);
	field_list_free(v);
	own_links_clear(&l);
}

/* ---- through the operation ---- */

static X509 *
read_service(void)
{
	char path[512];
	X509 *x;
	FILE *f;

	snprintf(path, sizeof(path), "%s/service.pem", w.dir);
	f = fopen(path, "r");
	assert_non_null(f);
	x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	return x;
}

static WIRE_ANSWER *
renew(X509 *current, EVP_PKEY *key)
{
	unsigned char *csr, *der = NULL, proof[512];
	int len = world_csr(key, "x", &csr), n = i2d_X509(current, &der);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t proof_len = sizeof(proof);
	WIRE_ANSWER *a;

	assert_int_equal(EVP_DigestSignInit(
			     ctx, NULL, EVP_sha256(), NULL, w.service_key),
	    1);
	assert_int_equal(
	    EVP_DigestSign(ctx, proof, &proof_len, csr, (size_t)len), 1);
	a = world_ask(&w, OPS_SVC, "renew-own", "bbb", "csr", csr, len,
	    "current", der, n, "proof", proof, (int)proof_len);
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(csr);
	OPENSSL_free(der);
	return a;
}

static int
verifies(X509 *leaf, X509 *anchor, const WIRE_ANSWER *a, int with_links)
{
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	const unsigned char *p;
	size_t len;
	int ok;

	p = field_get_bytes(field_find(a->values, "chain", 0), &len);
	sk_X509_push(untrusted, d2i_X509(NULL, &p, (long)len));
	if (with_links) {
		p = field_get_bytes(field_find(a->values, "link", 0), &len);
		sk_X509_push(untrusted, d2i_X509(NULL, &p, (long)len));
	}
	X509_STORE_add_cert(store, anchor);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, untrusted), 1);
	X509_STORE_CTX_set_time(ctx, 0, w.now);
	ok = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_pop_free(untrusted, X509_free);
	ERR_clear_error();
	return ok;
}

static void
a_renewal_crosses_over(void **state)
{
	X509 *current = read_service(), *x;
	EVP_PKEY *key = world_key();
	const unsigned char *p;
	WIRE_ANSWER *a;
	size_t len;

	(void)state;
	a = renew(current, key);
	world_is(a, WIRE_OK);
	p = field_bytes(a->values, "cert", &len);
	x = d2i_X509(NULL, &p, (long)len);
	assert_int_equal(X509_verify(x, X509_get0_pubkey(g.devices2)), 1);
	assert_int_equal(field_count(a->values, "chain"), 2);
	same_field(a->values, "chain", 0, g.devices2);
	same_field(a->values, "chain", 1, g.new_root);
	assert_true(verifies(x, g.new_root, a, 0));
	assert_true(verifies(x, g.new_root, a, 1));
	/* Who knows the old root alone needs the link. */
	assert_true(verifies(x, g.old_root, a, 1));
	assert_false(verifies(x, g.old_root, a, 0));
	WIRE_ANSWER_free(a);
	X509_free(x);
	X509_free(current);
	EVP_PKEY_free(key);
}

/* The one under the older CA is not waited for: its successor is elsewhere. */
static void
status_follows(void **state)
{
	WIRE_ANSWER *a = world_admin(&w, "status", "");
	size_t i, n = 0;

	(void)state;
	world_is(a, WIRE_OK);
	for (i = 0; i < message_n_rows(a); i++)
		n += strncmp(field_text(message_row(a, i), "check", ""),
			 "service:", 8) == 0;
	assert_int_equal(n, 1);
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(moves_where_links_lead_back),
	    cmocka_unit_test(stays_where_nothing_leads_back),
	    cmocka_unit_test(leaves_a_disabled_ca),
	    cmocka_unit_test(the_way_back),
	    cmocka_unit_test(a_renewal_crosses_over),
	    cmocka_unit_test(status_follows),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
