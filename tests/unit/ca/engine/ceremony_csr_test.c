#include "tests/unit/ca/engine/live.h"

/* Kind csr: key and request, on an instance and as a first ceremony. */

#define REQUEST LIVE_URL "name = \"sub\"; set = [ \"o=X\", \"cn=Sub\" ]; " \
	"request = \"sub.csr\"; path_len = 0;"

static int
look(const struct pending_ca_row *row, void *arg)
{
	int *n = arg;

	assert_string_equal(row->ident, "sub-g1");
	assert_string_equal(row->key_uri, "pkcs11:object=inkan-sub-g1");
	assert_int_equal(row->crl_interval, row->crl_lifetime / 4);
	++*n;
	return 1;
}

static int
pending_tx(struct store_tx *tx, void *arg)
{
	return pending_cas_list(tx, look, arg);
}

static void
the_request_holds(struct world *w)
{
	int n = 0;

	world_sh("openssl req -in %s/sub.csr -verify -noout -subject "
	    "2>/dev/null | grep -q 'O *= *X, CN *= *Sub'", w->dir);
	live_read(w, pending_tx, &n);
	assert_int_equal(n, 1);
}

static void
on_an_instance(void **state)
{
	struct world *w = *state;
	int keys = live_keys(w, "ca");

	live_done(w, "csr", REQUEST);
	the_request_holds(w);
	assert_int_equal(live_keys(w, "ca"), keys + 1);
	live_refused(w, "csr", REQUEST, "request.pending");
	live_refused(w, "csr", LIVE_URL "name = \"devices\"; generation = 1; "
	    "set = [ \"cn=X\" ]; request = \"x.csr\"; key_label = \"x\";",
	    "issuer.duplicate");
	live_refused(w, "csr", LIVE_URL "name = \"other\"; set = [ \"x=y\" ]; "
	    "request = \"x.csr\";", "request.subject");
	assert_int_equal(live_keys(w, "ca"), keys + 1);
}

static int
prepare(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_prepare(w);
	*state = w;
	return 0;
}

/* inkan-ca starts, and waits for the certificate. */
static void
as_a_first_one(void **state)
{
	struct world *w = *state;

	live_done(w, "csr", REQUEST);
	the_request_holds(w);
	assert_true(live_keys(w, "ca") >= 1);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_int_equal(w->ca->issuers.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(on_an_instance, live_setup,
		world_teardown),
	    cmocka_unit_test_setup_teardown(as_a_first_one, prepare,
		world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
