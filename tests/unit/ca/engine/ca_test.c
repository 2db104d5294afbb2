#include "hsm/error.h"
#include "tests/unit/ca/engine/world.h"

/* Opening an instance, losing its token, and what its threads share. */

static void
reopen(struct world *w)
{
	ca_close(w->ca);
	w->ca = ca_open(w->settings, w->now);
}

static void
opened(void **state)
{
	struct world *w = *state;
	struct policy *a, *b;
	size_t i;

	assert_int_equal(w->ca->issuers.n, 4);
	assert_int_equal(w->ca->n_own_roots, 4);
	assert_int_equal(w->ca->n_tokens, 1);
	for (i = 0; i < 4; i++)
		assert_memory_equal(
		    w->ca->own_roots[i], w->ca->issuers.item[i]->sha256, 32);
	assert_non_null(w->ca->tokens[0].hsm);
	a = ca_policy(w->ca);
	b = ca_policy(w->ca);
	assert_ptr_equal(a, b);
	assert_int_equal(a->row.version, 1);
	policy_put(a);
	policy_put(b);
	assert_int_equal(ca_may_issue(w->ca), 1);
	assert_int_equal(ca_may_vouch(w->ca), 1);
	ca_close(NULL);
}

static void
issuers(void **state)
{
	struct world *w = *state;
	struct issuer *is = ca_issuer_lock(w->ca, "devices", w->now);

	assert_non_null(is);
	assert_non_null(is->key);
	ca_issuer_unlock(w->ca, is);
	assert_null(ca_issuer_lock(w->ca, "nobody", w->now));
	world_raised(CA_E_NOTFOUND, "no CA");
	assert_null(ca_issuer_lock(w->ca, "root", w->now));
	world_raised(CA_E_DENIED, "does not issue here");
	/* Not held after a refusal. */
	assert_int_equal(pthread_rwlock_trywrlock(&w->ca->tokens[0].lock), 0);
	pthread_rwlock_unlock(&w->ca->tokens[0].lock);
}

/* One writing process: a second one is refused, and hurts nobody. */
static void
only_one(void **state)
{
	struct world *w = *state;

	assert_null(ca_open(w->settings, w->now));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
	world_done(world_admin(w, "ca.list", ""));
}

/* The program starts without its token, and takes it back. */
static void
token_away(void **state)
{
	struct world *w = *state;
	struct issuer *is;

	report_init("test", REPORT_ERROR + 1, 2);
	ca_close(w->ca);
	world_sh("mv %s/t-ca %s/away && mkdir %s/t-ca", w->dir, w->dir, w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_null(w->ca->tokens[0].hsm);
	assert_true(w->ca->tokens[0].error[0] != '\0');
	assert_null(ca_issuer_lock(w->ca, "devices", w->now + 3));
	assert_int_equal(report_last_reason(), CA_E_SIGN);
	ERR_clear_error();
	world_sh("rmdir %s/t-ca && mv %s/away %s/t-ca", w->dir, w->dir, w->dir);
	/* Not asked again at once, */
	assert_null(ca_issuer_lock(w->ca, "devices", w->now + 4));
	ERR_clear_error();
	is = ca_issuer_lock(w->ca, "devices", w->now + 6);
	assert_non_null(is);
	assert_non_null(is->key);
	ca_issuer_unlock(w->ca, is);
	assert_string_equal(w->ca->tokens[0].error, "");
	report_init("test", REPORT_ERROR, 2);
}

/* A wrong PIN is no reason to start and try. */
static void
wrong_pin(void **state)
{
	struct world *w = *state;

	report_init("test", REPORT_ERROR + 1, 2);
	ca_close(w->ca);
	world_sh("cp -p %s/ca.pin %s/pin.was && sleep 0.01 && echo 9999 "
		 ">%s/ca.pin",
	    w->dir, w->dir, w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_null(w->ca);
	assert_int_equal(report_last_reason(), HSM_E_PIN);
	ERR_clear_error();
	world_sh("cat %s/pin.was >%s/ca.pin", w->dir, w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_non_null(w->ca->tokens[0].hsm);
	report_init("test", REPORT_ERROR, 2);
}

static int
reserve_tx(struct store_tx *tx, void *arg)
{
	return certs_reserve(tx, arg);
}

static void
closes_what_a_crash_left(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char serial[64];

	world_issue(w, "open", serial);
	world_row(w, serial, &row);
	row.serial[19] ^= 1;
	row.state = CERT_RESERVED;
	ops_hex(row.serial, row.serial_len, serial);
	assert_true(store_write(w->ca->store, reserve_tx, &row, 0));
	reopen(w);
	assert_non_null(w->ca);
	world_row(w, serial, &row);
	assert_int_equal(row.state, CERT_ABORTED);
}

static void
publishes_again(void **state)
{
	struct world *w = *state;

	world_sh("rm -rf %s/pub/crl", w->dir);
	reopen(w);
	assert_non_null(w->ca);
	world_sh("openssl crl -inform DER -noout -in %s/pub/crl/code-g1.crl",
	    w->dir);
	world_sh("openssl crl -inform DER -noout -in %s/pub/crl/root-g1.crl",
	    w->dir);
}

static int
look_at_root(const struct status_issuer *i, void *arg)
{
	assert_int_equal(i->is_root, strcmp(i->ident, "root-g1") == 0);
	++*(int *)arg;
	return 1;
}

/* status.db is made anew from the store. */
static void
rebuilds_status_db(void **state)
{
	struct world *w = *state;
	struct status_reader *r;
	struct status_cert c;
	struct cert_row row;
	char serial[64];
	int n = 0;

	world_issue(w, "mirror", serial);
	world_done(world_admin(w, "revoke", "t", "serial", serial));
	ca_close(w->ca);
	world_sh("rm %s/status.db*", w->dir);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	world_row(w, serial, &row);
	r = status_reader_open(w->settings->status_db);
	assert_int_equal(
	    status_reader_find(r, row.issuer, row.serial, row.serial_len, &c),
	    1);
	assert_int_equal(c.state, STATUS_REVOKED);
	assert_true(status_reader_issuers(r, look_at_root, &n));
	assert_int_equal(n, 4);
	status_reader_close(r);
}

static void
stops_survive(void **state)
{
	struct world *w = *state;

	world_done(world_admin(w, "ca.stop", "t", "reason", "night"));
	reopen(w);
	assert_non_null(w->ca);
	assert_int_equal(ca_may_issue(w->ca), 0);
	world_raised(CA_E_STOPPED, "night");
	assert_int_equal(ca_may_vouch(w->ca), 1);
	world_done(world_admin(w, "ca.resume", ""));
	assert_int_equal(ca_may_issue(w->ca), 1);
}

static void
the_log(void **state)
{
	struct world *w = *state;
	WIRE_FIELDS *l = field_list_new();

	assert_true(field_add_text(l, "word", "xyzzy"));
	assert_true(ca_log(w->ca, "test", l, w->now, 0));
	assert_int_equal(world_log(w, "test", "word=xyzzy"), 1);
	assert_false(ca_log(w->ca, "test", NULL, w->now, 0));
	ERR_clear_error();
}

static void
not_a_ca(void **state)
{
	struct world *w = *state;
	struct settings other = *w->settings;

	snprintf(other.store, sizeof(other.store), "%s/none.db", w->dir);
	assert_null(ca_open(&other, w->now));
	assert_int_equal(report_last_reason(), CA_E_STORE);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opened),
	    cmocka_unit_test(issuers),
	    cmocka_unit_test(only_one),
	    cmocka_unit_test(token_away),
	    cmocka_unit_test(wrong_pin),
	    cmocka_unit_test(closes_what_a_crash_left),
	    cmocka_unit_test(publishes_again),
	    cmocka_unit_test(rebuilds_status_db),
	    cmocka_unit_test(stops_survive),
	    cmocka_unit_test(the_log),
	    cmocka_unit_test(not_a_ca),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
