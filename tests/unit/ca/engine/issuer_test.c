#include <pthread.h>
#include "tests/unit/ca/engine/world.h"

/* An issuer as the engine holds it: from its row, with the token's key. */

static struct issuer *
issuer_of(struct world *w, const char *name)
{
	struct issuer *is = issuer_set_find(&w->ca->issuers, name);

	assert_non_null(is);
	return is;
}

static void
what_a_build_needs(void **state)
{
	struct issuer *is = issuer_of(*state, "devices");
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(is->cert);
	unsigned char *name = NULL, md[32];
	int len = i2d_X509_NAME(X509_get_subject_name(is->cert), &name);

	assert_int_equal(is->build.name_len, len);
	assert_memory_equal(is->build.name, name, len);
	assert_int_equal(is->build.key_id_len, ASN1_STRING_length(ski));
	assert_memory_equal(
	    is->build.key_id, ASN1_STRING_get0_data(ski), is->build.key_id_len);
	assert_string_equal(
	    is->build.crl_url, "http://localhost:8444/crl/devices-g1.crl");
	assert_string_equal(
	    is->build.ocsp_url, "http://localhost:8444/ocsp/devices-g1");
	assert_string_equal(
	    is->build.issuer_url, "http://localhost:8444/ca/devices-g1.cer");
	assert_int_equal(is->build.not_after, is->row.not_after);
	assert_int_equal(is->build.path_len, 0);
	assert_true(EVP_Digest(
	    is->row.cert, is->row.cert_len, md, NULL, EVP_sha256(), NULL));
	assert_memory_equal(md, is->sha256, 32);
	/* The verification key is not the token's handle. */
	assert_ptr_not_equal(is->verify, is->key);
	assert_int_equal(EVP_PKEY_eq(is->verify, is->key), 1);
	OPENSSL_free(name);
}

static void
root_has_no_key(void **state)
{
	struct issuer *is = issuer_of(*state, "root");

	assert_int_equal(is->row.state, ISSUER_ROOT);
	assert_null(is->key);
	assert_int_equal(is->build.not_after, is->row.not_after);
}

static void
rows_that_cannot_be(void **state)
{
	struct issuer *is = issuer_of(*state, "devices");
	struct issuer_row row = is->row;
	struct issuer *copy = issuer_new(&row);

	assert_non_null(copy);
	assert_ptr_not_equal(copy->row.cert, row.cert);
	issuer_free(copy);
	row.cert_len--;
	assert_null(issuer_new(&row));
	world_raised(CA_E_CONFIG, "cannot be read");
	row.cert = OPENSSL_zalloc(row.cert_len + 2);
	memcpy(row.cert, is->row.cert, is->row.cert_len);
	row.cert_len = is->row.cert_len + 1;
	assert_null(issuer_new(&row)); /* trailing octet */
	world_raised(CA_E_CONFIG, "cannot be read");
	OPENSSL_free(row.cert);
	issuer_free(NULL);
}

/* A certificate that no CA could have: without key identifier. */
static void
needs_a_key_id(void **state)
{
	struct issuer_row row = issuer_of(*state, "devices")->row;
	EVP_PKEY *key = world_key();
	X509 *x = X509_new();
	int len;

	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 1000);
	assert_true(X509_set_pubkey(x, key));
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	row.cert = NULL;
	len = i2d_X509(x, &row.cert);
	row.cert_len = (size_t)len;
	assert_null(issuer_new(&row));
	world_raised(CA_E_CONFIG, "subject key identifier");
	OPENSSL_free(row.cert);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* As the CA of the devices, with another path length; -1: none. */
static X509 *
with_path(struct world *w, int path_len)
{
	X509 *x = X509_dup(issuer_of(w, "devices")->cert);
	int at = X509_get_ext_by_NID(x, NID_basic_constraints, -1);
	X509_EXTENSION *ext;
	char text[40];

	X509_EXTENSION_free(X509_delete_ext(x, at));
	snprintf(text, sizeof(text), path_len < 0 ? "critical,CA:TRUE"
	    : "critical,CA:TRUE,pathlen:%d", path_len);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, text);
	assert_true(X509_add_ext(x, ext, -1) && i2d_re_X509_tbs(x, NULL) > 0);
	X509_EXTENSION_free(ext);
	return x;
}

static struct issuer *
issuer_with_path(struct world *w, int path_len)
{
	struct issuer_row row = issuer_of(w, "devices")->row;
	X509 *x = with_path(w, path_len);
	struct issuer *is;

	row.cert = NULL;
	row.cert_len = (size_t)i2d_X509(x, &row.cert);
	assert_non_null(is = issuer_new(&row));
	OPENSSL_free(row.cert);
	X509_free(x);
	return is;
}

/* What is above allows CAs for all that is below, also after a change. */
static void
knows_the_paths_above(void **state)
{
	static const struct {
		int own, above[2], is;
	} v[] = {{-1, {-1, -1}, -1}, {-1, {1, -1}, 0}, {-1, {-1, 3}, 1},
	    {-1, {0, -1}, 0}, {0, {5, 9}, 0}, {4, {5, 9}, 4}, {4, {5, 3}, 1}};
	STACK_OF(X509) *above = sk_X509_new_null();
	struct issuer *is, *below, *fresh;
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		sk_X509_push(above, with_path(*state, v[i].above[0]));
		sk_X509_push(above, with_path(*state, v[i].above[1]));
		is = issuer_with_path(*state, v[i].own);
		assert_true(issuer_bind(is, above));
		assert_int_equal(is->build.path_len, v[i].is);
		below = issuer_with_path(*state, -1);
		assert_true(issuer_inherit(below, is));
		assert_int_equal(below->build.path_len,
		    v[i].is > 0 ? v[i].is - 1 : v[i].is);
		assert_non_null(fresh = issuer_changed(is, &is->row));
		assert_int_equal(fresh->build.path_len, v[i].is);
		issuer_free(fresh);
		issuer_free(below);
		issuer_free(is);
		X509_free(sk_X509_pop(above));
		X509_free(sk_X509_pop(above));
	}
	sk_X509_free(above);
}

/* The constraints stand in the CA's certificate. */
static void
knows_its_constraints(void **state)
{
	/* permitted dns "lan" */
	static const unsigned char lan[] = {0x30, 0x09, 0xa0, 0x07, 0x30, 0x05,
	    0x82, 0x03, 'l', 'a', 'n'};
	struct issuer_row row = issuer_of(*state, "devices")->row;
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	EVP_PKEY *key = world_key();
	X509 *x = X509_dup(issuer_of(*state, "devices")->cert);
	X509_EXTENSION *ext;
	struct issuer *is, *below;
	int i;

	assert_int_equal(
	    issuer_of(*state, "devices")->build.n_constraints, 0);
	assert_int_equal(issuer_of(*state, "devices")->build.sig_max, 72);
	ASN1_OCTET_STRING_set(s, lan, sizeof(lan));
	ext = X509_EXTENSION_create_by_NID(NULL, NID_name_constraints, 1, s);
	assert_true(X509_add_ext(x, ext, -1));
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	row.cert = NULL;
	row.cert_len = (size_t)i2d_X509(x, &row.cert);
	assert_non_null(is = issuer_new(&row));
	assert_int_equal(is->build.n_constraints, 1);
	assert_int_equal(is->build.constraints[0].len, sizeof(lan));
	assert_memory_equal(is->build.constraints[0].der, lan, sizeof(lan));
	/* What is above adds to it; there is room for so many. */
	for (i = 1; i < BUILD_CONSTRAINTS_MAX; i++)
		assert_true(issuer_constrain(is, x));
	assert_false(issuer_constrain(is, x));
	world_raised(CA_E_CONFIG, "name.constraints: issuer devices-g1");
	assert_non_null(below = issuer_new(&issuer_of(*state, "code")->row));
	assert_true(issuer_constrain(below,
	    issuer_of(*state, "devices")->cert));
	assert_int_equal(below->build.n_constraints, 0);
	assert_true(issuer_inherit(below, is));
	assert_int_equal(below->build.n_constraints, BUILD_CONSTRAINTS_MAX);
	assert_false(issuer_inherit(below, is));
	world_raised(CA_E_CONFIG, "name.constraints");
	issuer_free(below);
	issuer_free(is);
	OPENSSL_free(row.cert);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(s);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void
takes_its_key_only(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_new(&issuer_of(w, "devices")->row);
	EVP_PKEY *first;

	assert_false(issuer_take_key(is, NULL));
	world_raised(CA_E_SIGN, "no token");
	assert_true(issuer_take_key(is, w->ca->tokens[0].hsm));
	assert_non_null(is->key);
	first = is->key;
	/* The key of another CA does not replace it. */
	strcpy(is->row.key_uri, "pkcs11:object=inkan-code-g1");
	assert_false(issuer_take_key(is, w->ca->tokens[0].hsm));
	world_raised(CA_E_SIGN, "not the certificate's");
	assert_ptr_equal(is->key, first);
	strcpy(is->row.key_uri, "pkcs11:object=nobody");
	assert_false(issuer_take_key(is, w->ca->tokens[0].hsm));
	world_raised(CA_E_SIGN, "cannot be used");
	issuer_free(is);
}

static void
a_root_to_be(void **state)
{
	struct issuer_row row = issuer_of(*state, "root")->row;
	EVP_PKEY *key = world_key();
	struct issuer *is;

	row.cert = NULL;
	is = issuer_new_root(&row, key);
	assert_non_null(is);
	assert_null(is->build.name);
	assert_null(is->cert);
	assert_ptr_equal(is->key, key);
	assert_int_equal(is->build.not_after, BUILD_NO_END);
	assert_int_equal(EVP_PKEY_eq(is->verify, key), 1);
	issuer_free(is); /* and the key */
	/* One that is unfit stays the caller's. */
	key = EVP_EC_gen("P-521");
	assert_null(issuer_new_root(&row, key));
	ERR_clear_error();
	EVP_PKEY_free(key);
}

static void
digests(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-384");

	(void)state;
	assert_true(EVP_MD_is_a(issuer_digest(key), "SHA2-384"));
	EVP_PKEY_free(key);
	key = world_key();
	assert_true(EVP_MD_is_a(issuer_digest(key), "SHA2-256"));
	EVP_PKEY_free(key);
	key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	assert_true(EVP_MD_is_a(issuer_digest(key), "SHA2-256"));
	EVP_PKEY_free(key);
	key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_null(issuer_digest(key));
	EVP_PKEY_free(key);
}

static void
sets(void **state)
{
	struct world *w = *state;
	struct issuer_set set;
	struct issuer *is;

	assert_true(issuer_set_load(&set, w->ca->store));
	assert_int_equal(set.n, 4);
	is = issuer_set_find(&set, "code-g1");
	assert_non_null(is);
	assert_ptr_equal(issuer_set_find(&set, "code"), is);
	assert_ptr_equal(issuer_set_by_id(&set, is->row.id), is);
	assert_null(issuer_set_find(&set, "code-g2"));
	assert_null(issuer_set_find(&set, "cod"));
	assert_null(issuer_set_find(&set, ""));
	assert_null(issuer_set_by_id(&set, 99));
	issuer_set_clear(&set);
	assert_int_equal(set.n, 0);
	issuer_set_clear(&set);
}

/* By name: the highest generation that is not out of use. */
static void
generations(void **state)
{
	struct world *w = *state;
	struct issuer_set set;
	struct issuer *g1, *g2;

	assert_true(issuer_set_load(&set, w->ca->store));
	g1 = issuer_set_find(&set, "devices");
	g2 = issuer_set_find(&set, "code");
	strcpy(g2->row.name, "devices");
	strcpy(g2->row.ident, "devices-g2");
	g2->row.generation = 2;
	assert_ptr_equal(issuer_set_find(&set, "devices"), g2);
	assert_ptr_equal(issuer_set_find(&set, "devices-g1"), g1);
	g2->row.state = ISSUER_DISABLED;
	assert_ptr_equal(issuer_set_find(&set, "devices"), g1);
	assert_ptr_equal(issuer_set_find(&set, "devices-g2"), g2);
	g1->row.state = ISSUER_DISABLED;
	assert_ptr_equal(issuer_set_find(&set, "devices"), g2);
	issuer_set_clear(&set);
}

/* A copy of ${is} as another CA of the set. */
static struct issuer *
another(const struct issuer *is, int64_t id)
{
	struct issuer_row row = is->row;

	row.id = id;
	snprintf(row.name, sizeof(row.name), "more%d", (int)id);
	snprintf(row.ident, sizeof(row.ident), "more%d-g1", (int)id);
	return issuer_new(&row);
}

static void
changes(void **state)
{
	struct world *w = *state;
	struct issuer_set set;
	struct issuer *was, *fresh;
	struct issuer_row row;

	assert_true(issuer_set_load(&set, w->ca->store));
	was = issuer_set_find(&set, "code");
	row = was->row;
	row.state = ISSUER_DISABLED;
	fresh = issuer_changed(was, &row);
	assert_non_null(fresh);
	issuer_set_replace(&set, was, fresh);
	assert_int_equal(set.n, 4);
	assert_ptr_equal(issuer_set_find(&set, "code-g1"), fresh);
	assert_ptr_equal(issuer_set_by_id(&set, row.id), fresh);
	assert_int_equal(was->row.state, ISSUER_ACTIVE); /* readable still */
	/* Another certificate's key. */
	row = issuer_set_find(&set, "devices")->row;
	assert_null(issuer_changed(was, &row));
	world_raised(CA_E_INTERNAL, "another key");
	/* What is in no set any more has no place to give. */
	issuer_set_replace(&set, was, another(was, 70));
	assert_null(issuer_set_by_id(&set, 70));
	issuer_set_clear(&set);
}

static void
is_full(void **state)
{
	struct world *w = *state;
	struct issuer_set set;
	struct issuer *is, *first;
	int i;

	assert_true(issuer_set_load(&set, w->ca->store));
	first = set.item[0];
	for (i = 4; i < ISSUERS_MAX; i++) {
		is = another(first, 1000 + i);
		assert_non_null(is);
		assert_true(issuer_set_add(&set, is));
	}
	is = another(first, 9999);
	assert_false(issuer_set_add(&set, is));
	world_raised(CA_E_DENIED, "issuer.limit: ");
	issuer_free(is);
	assert_int_equal(set.n, ISSUERS_MAX);
	assert_ptr_equal(set.item[0], first);
	issuer_set_clear(&set);
}

struct growing {
	struct issuer_set *set;
	atomic_int stop;
};

/* Reads as the engine does, without a lock: what is there is whole. */
static void *
reads(void *arg)
{
	struct growing *g = arg;
	struct issuer *is;
	size_t i, n = 0, seen;

	while (!g->stop) {
		seen = g->set->n;
		if (seen < n)
			return g;
		n = seen;
		for (i = 0; i < n; i++) {
			is = g->set->item[i];
			if (is == NULL || is->cert == NULL ||
			    is->row.ident[0] == '\0' ||
			    issuer_set_by_id(g->set, is->row.id) == NULL)
				return g;
		}
		if (issuer_set_find(g->set, "code") == NULL)
			return g;
	}
	return NULL;
}

static void
grows_while_it_is_read(void **state)
{
	struct world *w = *state;
	struct issuer_set set;
	struct growing g = {.set = &set};
	struct issuer *code;
	struct issuer_row row;
	pthread_t t[3];
	void *bad;
	int i;

	assert_true(issuer_set_load(&set, w->ca->store));
	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, reads, &g), 0);
	for (i = 0; i < 200; i++) {
		code = issuer_set_find(&set, "code");
		assert_true(issuer_set_add(&set, another(code, 1000 + i)));
		row = code->row;
		row.state = i % 2 ? ISSUER_ACTIVE : ISSUER_DISABLED;
		issuer_set_replace(&set, code, issuer_changed(code, &row));
	}
	g.stop = 1;
	for (i = 0; i < 3; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	assert_int_equal(set.n, 204);
	issuer_set_clear(&set);
}

static int
spoil_tx(struct store_tx *tx, void *arg)
{
	return issuers_add(tx, arg);
}

/* A row that cannot be read fails the whole load. */
static void
a_spoiled_store(void **state)
{
	struct world *w = *state;
	struct issuer_row row = issuer_of(w, "code")->row;
	struct issuer_set set;

	strcpy(row.name, "spoiled");
	strcpy(row.ident, "spoiled-g1");
	row.cert_len -= 3;
	assert_true(store_write(w->ca->store, spoil_tx, &row, 0));
	assert_false(issuer_set_load(&set, w->ca->store));
	world_raised(CA_E_CONFIG, "spoiled-g1");
	assert_int_equal(set.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_build_needs),
	    cmocka_unit_test(root_has_no_key),
	    cmocka_unit_test(rows_that_cannot_be),
	    cmocka_unit_test(needs_a_key_id),
	    cmocka_unit_test(knows_its_constraints),
	    cmocka_unit_test(knows_the_paths_above),
	    cmocka_unit_test(takes_its_key_only),
	    cmocka_unit_test(a_root_to_be),
	    cmocka_unit_test(digests),
	    cmocka_unit_test(sets),
	    cmocka_unit_test(generations),
	    cmocka_unit_test(changes),
	    cmocka_unit_test(is_full),
	    cmocka_unit_test(grows_while_it_is_read),
	    cmocka_unit_test(a_spoiled_store),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
