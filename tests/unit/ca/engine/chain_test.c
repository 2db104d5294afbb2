#include "ca/engine/chain.h"
#include "tests/unit/ca/engine/foreign.h"

/* What is above a CA. */

static int
above(struct world *w, const char *name, char *last)
{
	STACK_OF(X509) *chain = NULL;
	int n;

	assert_true(chain_above(w->ca, issuer_set_find(&w->ca->issuers, name),
	    &chain));
	n = sk_X509_num(chain);
	last[0] = '\0';
	if (n > 0)
		X509_NAME_oneline(X509_get_subject_name(
		    sk_X509_value(chain, n - 1)), last, 200);
	sk_X509_pop_free(chain, X509_free);
	return n;
}

static void
our_own(void **state)
{
	struct world *w = *state;
	char last[200];

	assert_int_equal(above(w, "devices", last), 1);
	assert_string_equal(last, "/CN=Test Root");
	assert_int_equal(above(w, "root", last), 0);
}

static int
store_tx(struct store_tx *tx, void *arg)
{
	return ca_certs_add(tx, arg);
}

static void
store(struct world *w, X509 *cert, unsigned char mark)
{
	struct ca_cert_row row = {.kind = CA_CERT_FOREIGN, .name = "x",
	    .sha256 = {mark}};

	row.der_len = (size_t)i2d_X509(cert, &row.der);
	assert_true(store_write(w->ca->store, store_tx, &row, 0));
	ca_certs_row_clear(&row);
}

static void
foreign_ones(void **state)
{
	struct world *w = *state;
	struct foreign root, mid, same;
	X509 *again;
	char last[200];

	foreign_ca(&root, NULL, "Foreign Root", (struct foreign_how){0},
	    w->now);
	foreign_ca(&mid, &root, "Foreign Mid", (struct foreign_how){0},
	    w->now);
	/* The name of the root, and another key. */
	foreign_ca(&same, NULL, "Foreign Root", (struct foreign_how){0},
	    w->now);
	foreign_sub(w, &root, "under-root");
	assert_int_equal(above(w, "under-root", last), 1);
	assert_string_equal(last, "/CN=Foreign Root");
	store(w, same.cert, 1);
	store(w, mid.cert, 2);
	assert_int_equal(above(w, "under-root", last), 1);
	foreign_sub(w, &root, "second");
	assert_int_equal(above(w, "second", last), 1);
	/* Of two of one CA the one that ends last. */
	again = foreign_cert(NULL, root.key, root.key,
	    X509_get_subject_name(root.cert),
	    (struct foreign_how){.to = 900L * 86400}, w->now);
	store(w, again, 3);
	assert_int_equal(above(w, "second", last), 1);
	X509_free(again);
	foreign_free(&root);
	foreign_free(&mid);
	foreign_free(&same);
}

/* A gap: as far as it goes. */
static void
a_gap(void **state)
{
	struct world *w = *state;
	struct issuer lonely = *issuer_set_find(&w->ca->issuers, "devices");
	STACK_OF(X509) *chain = NULL;

	lonely.row.parent = 0;
	assert_true(chain_above(w->ca, &lonely, &chain));
	assert_int_equal(sk_X509_num(chain), 0);
	sk_X509_pop_free(chain, X509_free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(our_own),
	    cmocka_unit_test(foreign_ones),
	    cmocka_unit_test(a_gap),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
