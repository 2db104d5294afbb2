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

/* Its token has a twin by now, which stands in for it. */
static void
add_twin(struct world *w)
{
	char path[300];

	ca_close(w->ca);
	settings_free(w->settings);
	world_sh("cd %s/t-ca && export LC_ALL=C && d=$(dirname */token.object) "
	    "&& s=$(grep -aoE '[0-9a-f]{16}' $d/token.object | head -1) && "
	    "n=$(echo $s | tr 0-9a-f 1-9a-f0) && cp -r $d 11111111-2222-3333-4444-"
	    "555555555555 && sed -i \"s/inkan-ca/inkan-cb/;s/$s/$n/\" "
	    "11111111-*/token.object", w->dir);
	world_sh("cd %s && sed -i 's/pin_file = .ca.pin.;/& standby = "
	    "\"twin\";/' engine.conf && echo 'tokens = ( { name = \"twin\"; "
	    "uri = \"pkcs11:token=inkan-cb\"; softhsm_conf = \"ca.conf\"; "
	    "module = \"/usr/lib/softhsm/libsofthsm2.so\"; pin_file = "
	    "\"ca.pin\"; } );' >>engine.conf", w->dir);
	snprintf(path, sizeof(path), "%s/engine.conf", w->dir);
	w->settings = settings_read(path);
	assert_non_null(w->settings);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_int_equal(w->ca->tokens[0].no_standby, 0);
}

static int
signs(EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[256];
	size_t len = sizeof(sig);
	int ok;

	ok = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)"x", 1) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

/* Does it sign while its token does not? */
static int
is_stood_in_for(struct world *w, const struct issuer *is)
{
	int with, without;

	with = signs(is->key);
	report_init("test", REPORT_ERROR + 1, 2);
	hsm_key_wrong(is->key, "test");
	without = signs(is->key);
	report_init("test", REPORT_ERROR, 2);
	assert_true(hsm_resume(w->ca->tokens[0].hsm));
	assert_true(with && signs(is->key));
	return without;
}

static struct issuer *
import_pending(struct world *w, const char *name,
    const struct pending_ca_row *row)
{
	X509_REQ *req = foreign_req(row->csr, row->csr_len);
	X509 *cert = foreign_certify(&root, req, (struct foreign_how){0},
	    w->now);
	struct issuer *is = NULL;

	assert_true(foreign_import(w, name, cert, NULL, &is));
	X509_free(cert);
	X509_REQ_free(req);
	return is;
}

static struct issuer *
import_renewed(struct world *w, const char *name)
{
	struct issuer *was = issuer_set_find(&w->ca->issuers, name), *is = NULL;
	X509 *cert = foreign_cert(&root, NULL, was->verify,
	    X509_get_subject_name(was->cert),
	    (struct foreign_how){.from = -20, .to = 800L * 86400}, w->now);

	assert_true(foreign_import(w, name, cert, NULL, &is));
	assert_ptr_not_equal(is, was);
	X509_free(cert);
	return is;
}

/* What comes in is signed for by the token's standby as what was there. */
static void
stood_in_for(void **state)
{
	struct world *w = *state;
	struct pending_ca_row row, lone;
	struct issuer *is;

	assert_true(foreign_request(w, "cloned", &row));
	add_twin(w);
	assert_true(is_stood_in_for(w,
	    issuer_set_find(&w->ca->issuers, "sub")));
	assert_true(is_stood_in_for(w, import_renewed(w, "sub")));
	assert_true(is_stood_in_for(w, import_pending(w, "cloned", &row)));
	assert_int_equal(w->ca->tokens[0].no_standby, 0);
	/* One whose key was away until then. */
	is = issuer_set_find(&w->ca->issuers, "cloned");
	EVP_PKEY_free(is->key);
	is->key = NULL;
	assert_true(is_stood_in_for(w, import_renewed(w, "cloned")));
	assert_int_equal(w->ca->tokens[0].no_standby, 0);
	/* The twin was made before this one's key. */
	assert_true(foreign_request(w, "lone", &lone));
	report_init("test", REPORT_ERROR + 1, 2);
	is = import_pending(w, "lone", &lone);
	assert_int_equal(w->ca->tokens[0].no_standby, 1);
	assert_false(is_stood_in_for(w, is));
	report_init("test", REPORT_ERROR, 2);
	assert_int_equal(ERR_peek_error(), 0);
	pending_cas_row_clear(&row);
	pending_cas_row_clear(&lone);
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
	    cmocka_unit_test(stood_in_for),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
