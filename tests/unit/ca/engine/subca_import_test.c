#include "tests/unit/ca/engine/foreign.h"

/* Certificates that come in. */

static struct foreign root;

static int
setup(void **state)
{
	struct world *w;

	if (world_setup(state) != 0)
		return -1;
	w = *state;
	foreign_ca(&root, NULL, "Foreign Root", (struct foreign_how){0},
	    w->now);
	return 0;
}

static int
teardown(void **state)
{
	foreign_free(&root);
	return world_teardown(state);
}

static int
count_cert(const struct ca_cert_row *row, void *arg)
{
	(void)row;
	++*(int *)arg;
	return 1;
}

static int
count_renewed_tx(struct store_tx *tx, void *arg)
{
	return ca_certs_list(tx, CA_CERT_RENEWED, count_cert, arg);
}

static int
count_foreign_tx(struct store_tx *tx, void *arg)
{
	return ca_certs_list(tx, CA_CERT_FOREIGN, count_cert, arg);
}

static int
certs(struct world *w, store_fn *fn)
{
	int n = 0;

	assert_true(store_read(w->ca->store, fn, &n));
	return n;
}

static void
comes_in(void **state)
{
	struct world *w = *state;
	struct issuer *is = foreign_sub(w, &root, "sub"), *got;
	struct pending_ca_row row;

	assert_int_equal(w->ca->issuers.n, 5);
	assert_int_equal(w->ca->n_own_roots, 5);
	assert_memory_equal(w->ca->own_roots[4], is->sha256, 32);
	assert_int_equal(is->row.parent, 0);
	assert_int_equal(is->row.state, ISSUER_ACTIVE);
	assert_int_equal(is->build.path_len, 0);
	assert_int_equal(certs(w, count_foreign_tx), 1);
	world_sh("openssl x509 -inform DER -in %s/pub/ca/sub-g1.cer -noout",
	    w->dir);
	got = ca_issuer_lock(w->ca, "sub", w->now);
	assert_ptr_equal(got, is);
	assert_non_null(got->key);
	ca_issuer_unlock(w->ca, got);
	assert_int_equal(world_log(w, "ca.import", "issuer=sub-g1"), 1);
	/* Nobody waits any more: asking again is for the next generation. */
	assert_true(foreign_request(w, "sub", &row));
	assert_string_equal(row.ident, "sub-g2");
	pending_cas_row_clear(&row);
	assert_true(subca_abandon(w->ca, "sub", "test", w->now));
}

/* And is there after a restart. */
static void
stays(void **state)
{
	struct world *w = *state;
	struct issuer *is;

	ca_close(w->ca);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	is = ca_issuer_lock(w->ca, "sub-g1", w->now);
	assert_non_null(is);
	ca_issuer_unlock(w->ca, is);
	assert_int_equal(w->ca->n_own_roots, 5);
}

static void
renews(void **state)
{
	struct world *w = *state;
	struct issuer *was = issuer_set_find(&w->ca->issuers, "sub"), *is;
	X509 *cert;

	cert = foreign_cert(&root, NULL, was->verify,
	    X509_get_subject_name(was->cert),
	    (struct foreign_how){.from = -30, .to = 700L * 86400}, w->now);
	/* Its root is known by now. */
	assert_true(foreign_import(w, "sub", cert, NULL, &is));
	assert_ptr_not_equal(is, was);
	assert_ptr_equal(issuer_set_find(&w->ca->issuers, "sub"), is);
	assert_int_equal(w->ca->issuers.n, 5);
	assert_int_equal(w->ca->n_own_roots, 6);
	assert_int_equal(is->row.id, was->row.id);
	assert_true(is->row.not_after > was->row.not_after);
	assert_non_null(is->key);
	assert_int_equal(certs(w, count_renewed_tx), 1);
	assert_int_equal(certs(w, count_foreign_tx), 1);
	/* The old one can still be read by whoever has it. */
	assert_int_equal(was->row.state, ISSUER_ACTIVE);
	assert_false(foreign_import(w, "sub", cert, NULL, &is));
	world_raised(CA_E_DENIED, "import.same: ");
	X509_free(cert);
}

static void
unchanged(struct world *w, size_t n, const char *rule, int reason)
{
	world_raised(reason, rule);
	assert_int_equal(w->ca->issuers.n, n);
}

static void
refuses(void **state)
{
	struct world *w = *state;
	struct pending_ca_row row;
	struct issuer *is = NULL;
	X509_REQ *req;
	X509 *cert;
	char path[256];

	assert_true(foreign_request(w, "other", &row));
	req = foreign_req(row.csr, row.csr_len);
	cert = foreign_certify(&root, req, (struct foreign_how){.not_ca = 1},
	    w->now);
	assert_false(foreign_import(w, "other", cert, NULL, &is));
	unchanged(w, 5, "import.usage: ", CA_E_DENIED);
	X509_free(cert);
	cert = foreign_certify(&root, req, (struct foreign_how){0}, w->now);
	assert_false(foreign_import(w, "nobody", cert, NULL, &is));
	unchanged(w, 5, "import.absent: ", CA_E_NOTFOUND);
	assert_false(foreign_import(w, "devices", cert, NULL, &is));
	unchanged(w, 5, "import.parent: ", CA_E_DENIED);
	assert_false(foreign_import(w, "root", cert, NULL, &is));
	unchanged(w, 5, "import.parent: ", CA_E_DENIED);
	assert_null(is);
	snprintf(path, sizeof(path), "%s/pub/ca/other-g1.cer", w->dir);
	assert_int_not_equal(access(path, F_OK), 0);
	/* Its key is not in the token any more. */
	assert_true(hsm_key_destroy(w->ca->tokens[0].hsm, "inkan-other-g1"));
	assert_false(foreign_import(w, "other", cert, NULL, &is));
	unchanged(w, 5, "token.key: ", CA_E_DENIED);
	assert_int_not_equal(access(path, F_OK), 0);
	/* Another one bears its name. */
	EVP_PKEY_free(hsm_key_generate(w->ca->tokens[0].hsm, HSM_KEY_EC_P256,
	    "inkan-other-g1"));
	assert_false(foreign_import(w, "other", cert, NULL, &is));
	unchanged(w, 5, "token.key: the key in the token is not",
	    CA_E_DENIED);
	X509_free(cert);
	X509_REQ_free(req);
	pending_cas_row_clear(&row);
	assert_true(subca_abandon(w->ca, "other", "test", w->now));
}

/* The publishing folder cannot be written: nothing happens at all. */
static void
unpublishable(void **state)
{
	struct world *w = *state;
	struct pending_ca_row row;
	struct issuer *is = NULL;
	X509_REQ *req;
	X509 *cert;

	assert_true(foreign_request(w, "late", &row));
	req = foreign_req(row.csr, row.csr_len);
	cert = foreign_certify(&root, req, (struct foreign_how){0}, w->now);
	world_sh("mv %s/pub %s/pub.away && touch %s/pub", w->dir, w->dir,
	    w->dir);
	assert_false(foreign_import(w, "late", cert, NULL, &is));
	unchanged(w, 5, "publish: ", CA_E_STORE);
	world_sh("rm %s/pub && mv %s/pub.away %s/pub", w->dir, w->dir,
	    w->dir);
	assert_true(foreign_import(w, "late", cert, NULL, &is));
	assert_int_equal(w->ca->issuers.n, 6);
	X509_free(cert);
	X509_REQ_free(req);
	pending_cas_row_clear(&row);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comes_in),
	    cmocka_unit_test(stays),
	    cmocka_unit_test(renews),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(unpublishable),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
