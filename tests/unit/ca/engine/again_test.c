#include "ca/engine/kept.h"
#include "tests/unit/ca/engine/admit_change.h"

/* First enrolments that are repeated. */

struct keeping {
	const struct admission *a;
	int64_t cert;
};

/* What issuing keeps of a request. */
static int
keep_tx(struct store_tx *tx, void *arg)
{
	struct keeping *k = arg;
	struct issue_job job = {
	    .fields = k->a->fields, .n_fields = k->a->n_fields};
	unsigned char *fields = NULL;
	const unsigned char *csr;
	size_t len, csr_len;
	int ok;

	csr = csr_der(k->a->csr, &csr_len);
	ok = kept_encode(&job, &fields, &len) &&
	    requests_add(tx, k->cert, csr, csr_len, fields, len);
	OPENSSL_free(fields);
	return ok;
}

/* Device "d" on key ${k} by the maker's certificate at hand. Its row. */
static int64_t
issued(struct world *w, int k, int finished)
{
	struct keeping keep;
	struct cert_row row;
	unsigned char *der;
	size_t len;

	use_csr(w, w->key[k], "CN=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(w->a->existing, 0);
	assert_int_equal(reserve(w, w->a, &row), 1);
	keep.a = w->a;
	keep.cert = row.id;
	assert_int_equal(store_write(w->store, keep_tx, &keep, 0), 1);
	if (finished) {
		der = record(
		    w, &row, w->key[k], "serialNumber=d", NULL, &len);
		OPENSSL_free(der);
	}
	return row.id;
}

static void
the_same_again(void **state)
{
	struct world *w = *state;
	int64_t id;

	world_rules(w, "re_enrol = \"refuse\";");
	use_maker(w, "d");
	id = issued(w, 0, 1);
	w->env.now += 60;
	expect_ok(w);
	assert_int_equal(w->a->existing, id);
	assert_non_null(strstr(w->trace, "authorize/pass"));
	/* Another CSR on the key is the same request. */
	use_csr(w, w->key[0], "CN=other", NULL, NULL);
	expect_ok(w);
	assert_int_equal(w->a->existing, id);
	use_csr(w, w->key[1], "CN=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "re_enrol");
	/* Another certificate for the same device: another credential. */
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	use_maker(w, "d");
	expect_refused(w, WIRE_DENIED, "authorize", "re_enrol");
}

static void
where_new_ones_are_allowed(void **state)
{
	struct world *w = *state;
	int64_t id;

	use_maker(w, "d");
	id = issued(w, 0, 1);
	expect_ok(w);
	assert_int_equal(w->a->existing, id);
	use_maker(w, "d"); /* another credential: a new one */
	expect_ok(w);
	assert_int_equal(w->a->existing, 0);
	issued(w, 1, 1); /* another key, too */
}

static void
not_for_ever(void **state)
{
	struct world *w = *state;
	int64_t id;

	use_maker(w, "d");
	id = issued(w, 0, 1);
	w->env.now += FLEET_RETRY_WINDOW - 1;
	expect_ok(w);
	assert_int_equal(w->a->existing, id);
	w->env.now++;
	expect_ok(w);
	assert_int_equal(w->a->existing, 0);
	w->env.now--;
	set_cert(w, id, CERT_REVOKED);
	expect_ok(w);
	assert_int_equal(w->a->existing, 0);
}

/* Not signed yet: come back, and be answered with it. */
static void
while_it_is_worked_on(void **state)
{
	struct world *w = *state;
	struct admission *first;
	struct cert_row row;
	int64_t id;

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w); /* admitted before the other had reserved */
	first = w->a;
	w->a = NULL;
	id = issued(w, 0, 0);
	expect_refused(w, WIRE_UNAVAILABLE, "authorize", "enrol.busy");
	assert_int_equal(w->o.retry_after, 2);
	assert_int_equal(reserve(w, first, &row), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), CA_E_BUSY);
	ERR_clear_error();
	admit_free(first);
	set_cert(w, id, CERT_ABORTED);
	expect_ok(w);
	assert_int_equal(w->a->existing, 0);
}

/* A key that is made is another one each time. */
static void
keys_that_are_made(void **state)
{
	struct world *w = *state;

	world_rules(w, "serverkeygen: { plain = true; };");
	use_maker(w, "d");
	issued(w, 0, 1);
	w->req.keygen = 1;
	expect_ok(w);
	assert_int_equal(w->a->existing, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(the_same_again),
	    world_test(where_new_ones_are_allowed), world_test(not_for_ever),
	    world_test(while_it_is_worked_on), world_test(keys_that_are_made)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
