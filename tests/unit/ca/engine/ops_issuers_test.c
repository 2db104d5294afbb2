#include "ca/engine/mirror.h"
#include "tests/unit/ca/engine/foreign.h"

/* ca.request, ca.import, ca.disable and ca.enable, as they are asked. */

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

static size_t
cas(struct world *w, const char *ident, const char *state)
{
	WIRE_ANSWER *a = world_admin(w, "ca.list", "");
	size_t i, n = 0;

	world_is(a, WIRE_OK);
	for (i = 0; i < message_n_rows(a); i++)
		n += strcmp(field_text(message_row(a, i), "ident", ""),
		    ident) == 0 &&
		    strcmp(field_text(message_row(a, i), "state", ""),
		    state) == 0;
	WIRE_ANSWER_free(a);
	return n;
}

static void
request_and_import(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a = world_admin(w, "ca.request", "ttt", "name", "sub",
	    "key_type", "ec-p256", "set", "cn=Sub");
	unsigned char *der = NULL, *up = NULL;
	const unsigned char *csr;
	X509_REQ *req;
	X509 *cert;
	size_t len;
	int n, m;

	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "ident", ""), "sub-g1");
	assert_string_equal(field_text(a->values, "state", ""), "pending");
	assert_string_equal(field_text(a->values, "subject", ""), "CN=Sub");
	csr = field_bytes(a->values, "der", &len);
	req = foreign_req(csr, len);
	assert_int_equal(cas(w, "sub-g1", "pending"), 1);
	cert = foreign_certify(&root, req, (struct foreign_how){0}, w->now);
	n = i2d_X509(cert, &der);
	m = i2d_X509(root.cert, &up);
	world_refused(world_admin(w, "ca.import", "tb", "name", "sub", "cert",
	    der, n), WIRE_DENIED, "import.chain");
	world_refused(world_admin(w, "ca.import", "tbb", "name", "sub", "cert",
	    der, n, "chain", up, m - 1), WIRE_BADREQUEST, "DER");
	world_refused(world_admin(w, "ca.import", "tb", "name", "sub", "cert",
	    der, n - 1), WIRE_BADREQUEST, "import.certificate");
	world_refused(world_admin(w, "ca.import", "t", "name", "sub"),
	    WIRE_BADREQUEST, "missing");
	assert_int_equal(cas(w, "sub-g1", "pending"), 1);
	WIRE_ANSWER_free(a);
	a = world_admin(w, "ca.import", "tbb", "name", "sub", "cert", der, n,
	    "chain", up, m);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "active");
	assert_string_equal(
	    field_text(a->values, "issued_by", ""), "CN=Foreign Root");
	assert_int_equal(message_n_rows(a), 1); /* its first CRL */
	WIRE_ANSWER_free(a);
	world_sh("openssl crl -inform DER -noout -in %s/pub/crl/sub-g1.crl",
	    w->dir);
	assert_int_equal(cas(w, "sub-g1", "active"), 1);
	assert_int_equal(cas(w, "sub-g1", "pending"), 0);
	X509_REQ_free(req);
	X509_free(cert);
	OPENSSL_free(der);
	OPENSSL_free(up);
}

static void
abandon(void **state)
{
	struct world *w = *state;

	world_done(world_admin(w, "ca.request", "ttt", "name", "left",
	    "key_type", "ec-p256", "set", "cn=Left"));
	world_done(world_admin(w, "ca.request", "tf", "name", "left",
	    "abandon", 1));
	world_refused(world_admin(w, "ca.request", "tf", "name", "left",
	    "abandon", 1), WIRE_NOTFOUND, "request.absent");
	assert_int_equal(cas(w, "left-g1", "pending"), 0);
	world_refused(world_admin(w, "ca.request", "t", "name", "left"),
	    WIRE_BADREQUEST, "request.key_type");
}

static void
disabled(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	char serial[64];
	int len = world_csr(key, "late", &csr);
	WIRE_ANSWER *a;

	world_issue(w, "early", serial);
	a = world_admin(w, "ca.disable", "tt", "name", "devices", "reason",
	    "old");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "disabled");
	WIRE_ANSWER_free(a);
	assert_int_equal(cas(w, "devices-g1", "disabled"), 1);
	assert_int_equal(world_log(w, "ca.disable", "text=old"), 1);
	world_done(world_admin(w, "ca.disable", "t", "name", "devices"));
	assert_int_equal(world_log(w, "ca.disable", "issuer=devices-g1"), 1);
	world_refused(world_admin(w, "issue", "tb", "profile", "device-ldevid",
	    "csr", csr, len), WIRE_DENIED, "issuer.disabled");
	/* It vouches. */
	world_done(world_admin(w, "revoke", "t", "serial", serial));
	world_done(world_admin(w, "crl.issue", "t", "issuer", "devices"));
	/* Also after a restart. */
	ca_close(w->ca);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_int_equal(cas(w, "devices-g1", "disabled"), 1);
	world_done(world_admin(w, "crl.issue", "t", "issuer", "devices"));
	world_done(world_admin(w, "ca.enable", "t", "name", "devices-g1"));
	assert_int_equal(world_log(w, "ca.enable", "issuer=devices-g1"), 1);
	world_done(world_admin(w, "issue", "tb", "profile", "device-ldevid",
	    "csr", csr, len));
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

static void
not_disabled(void **state)
{
	struct world *w = *state;

	world_refused(world_admin(w, "ca.disable", "t", "name", "root"),
	    WIRE_DENIED, "ca.root");
	world_refused(world_admin(w, "ca.disable", "t", "name", "nobody"),
	    WIRE_NOTFOUND, "no CA");
	world_refused(world_admin(w, "ca.disable", ""), WIRE_BADREQUEST,
	    "missing");
}

/* Of two generations the operator says which. */
static void
which_one(void **state)
{
	struct world *w = *state;

	foreign_sub(w, &root, "code");
	world_refused(world_admin(w, "ca.disable", "t", "name", "code"),
	    WIRE_BADREQUEST, "ca.generation");
	world_done(world_admin(w, "ca.disable", "t", "name", "code-g1"));
	assert_int_equal(cas(w, "code-g1", "disabled"), 1);
	assert_int_equal(cas(w, "code-g2", "active"), 1);
	assert_string_equal(
	    issuer_set_find(&w->ca->issuers, "code")->row.ident, "code-g2");
}

static int
hook_fails(struct store_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	ca_raise(CA_E_STORE, "status.db: not now");
	return 0;
}

/* What is durable is so in memory too, also when status.db knows it later. */
static void
status_db_is_away(void **state)
{
	struct world *w = *state;
	struct issuer *is;

	report_init("test", REPORT_ERROR + 1, 2);
	store_set_hook(w->ca->store, hook_fails, NULL);
	world_done(world_admin(w, "ca.disable", "t", "name", "attestation"));
	is = foreign_sub(w, &root, "unpublished");
	assert_true(mirror_start(w->ca->store, w->ca->status));
	report_init("test", REPORT_ERROR, 2);
	assert_int_equal(cas(w, "attestation-g1", "disabled"), 1);
	assert_int_equal(cas(w, "unpublished-g1", "active"), 1);
	assert_ptr_equal(
	    issuer_set_find(&w->ca->issuers, "unpublished"), is);
	world_sh("openssl x509 -inform DER -noout -in "
	    "%s/pub/ca/unpublished-g1.cer", w->dir);
	world_done(world_admin(w, "ca.enable", "t", "name", "attestation"));
}

static int
revoke_tx(struct store_tx *tx, void *arg)
{
	const struct issuer *is = arg;
	struct cert_row row;

	return certs_by_sha256(tx, is->sha256, &row) == 1 &&
	    certs_set_state(tx, row.id, CERT_REVOKED, 4, 1);
}

/* What its own issuer has revoked, or time has ended, does not come back. */
static void
not_enabled(void **state)
{
	struct world *w = *state;
	time_t now = w->now;

	world_done(world_admin(w, "ca.disable", "t", "name", "attestation"));
	w->now = issuer_set_find(&w->ca->issuers, "attestation")
	    ->row.not_after;
	world_refused(world_admin(w, "ca.enable", "t", "name", "attestation"),
	    WIRE_DENIED, "ca.expired");
	w->now = now;
	assert_true(store_write(w->ca->store, revoke_tx,
	    issuer_set_find(&w->ca->issuers, "attestation"), 0));
	world_refused(world_admin(w, "ca.enable", "t", "name", "attestation"),
	    WIRE_DENIED, "ca.revoked");
	assert_int_equal(cas(w, "attestation-g1", "disabled"), 1);
}

/* Only for the operator. */
static void
not_for_others(void **state)
{
	struct world *w = *state;

	report_init("test", REPORT_ERROR + 1, 2);
	world_refused(world_ask(w, OPS_RA, "ca.disable", "t", "name", "code"),
	    WIRE_DENIED, "ops.table");
	world_refused(world_ask(w, OPS_SVC, "ca.request", "t", "name", "x"),
	    WIRE_DENIED, "ops.table");
	report_init("test", REPORT_ERROR, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(request_and_import),
	    cmocka_unit_test(abandon),
	    cmocka_unit_test(disabled),
	    cmocka_unit_test(not_disabled),
	    cmocka_unit_test(which_one),
	    cmocka_unit_test(status_db_is_away),
	    cmocka_unit_test(not_enabled),
	    cmocka_unit_test(not_for_others),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
