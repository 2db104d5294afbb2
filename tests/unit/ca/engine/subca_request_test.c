#include "tests/unit/ca/engine/foreign.h"

/* Keys and requests of CAs that wait for their certificates. */

static struct subca_request
base(struct world *w, const char *name)
{
	return (struct subca_request){.name = name, .token = "",
	    .key_type = "ec-p256", .set = {"cn=Sub"}, .n_set = 1,
	    .who = "test", .now = w->now};
}

static size_t
keys(struct world *w)
{
	WIRE_ANSWER *a = world_admin(w, "key.list", "");
	size_t n;

	world_is(a, WIRE_OK);
	n = message_n_rows(a);
	WIRE_ANSWER_free(a);
	return n;
}

static void
asks(void **state)
{
	struct world *w = *state;
	struct pending_ca_row a, b;
	struct subca_request r = base(w, "sub"), again = {.name = "sub",
	    .token = "", .who = "test", .now = w->now};

	assert_true(subca_request(w->ca, &r, &a));
	assert_string_equal(a.ident, "sub-g1");
	assert_string_equal(a.key_uri, "pkcs11:object=inkan-sub-g1");
	/* Addresses as those of the CAs that are there. */
	assert_string_equal(
	    a.crl_url, "http://localhost:8444/crl/sub-g1.crl");
	assert_string_equal(a.ocsp_url, "http://localhost:8444/ocsp/sub-g1");
	assert_int_equal(a.crl_lifetime, 86400);
	assert_int_equal(a.crl_interval, 86400 / 4);
	assert_int_equal(keys(w), 5);
	assert_true(subca_request(w->ca, &again, &b));
	assert_int_equal(b.csr_len, a.csr_len);
	assert_memory_equal(b.csr, a.csr, a.csr_len);
	assert_int_equal(keys(w), 5);
	pending_cas_row_clear(&b);
	/* Other wishes are not passed over in silence. */
	again.set[0] = "cn=Other";
	again.n_set = 1;
	assert_false(subca_request(w->ca, &again, &b));
	world_raised(CA_E_DENIED, "request.pending: ");
	again.n_set = 0;
	again.key_type = "rsa-2048";
	assert_false(subca_request(w->ca, &again, &b));
	world_raised(CA_E_DENIED, "request.pending: ");
	assert_int_equal(world_log(w, "ca.request", "issuer=sub-g1"), 1);
	pending_cas_row_clear(&a);
	assert_true(subca_abandon(w->ca, "sub", "test", w->now));
	assert_int_equal(keys(w), 4);
	assert_int_equal(world_log(w, "ca.abandon", "issuer=sub-g1"), 1);
	assert_false(subca_abandon(w->ca, "sub", "test", w->now));
	world_raised(CA_E_NOTFOUND, "request.absent: ");
}

struct looking {
	const char *label;
	int found;
};

static int
look(const struct hsm_key_info *info, void *arg)
{
	struct looking *l = arg;

	l->found |= strcmp(info->label, l->label) == 0;
	return 1;
}

static int
has_key(struct world *w, const char *label)
{
	struct looking l = {label, 0};

	assert_true(hsm_key_list(w->ca->tokens[0].hsm, look, &l));
	return l.found;
}

static int
other_key_tx(struct store_tx *tx, void *arg)
{
	struct pending_ca_row row;
	int ok;

	assert_int_equal(pending_cas_get(tx, "sub-g1", &row), 1);
	strcpy(row.key_uri, arg);
	ok = pending_cas_remove(tx, "sub-g1") && pending_cas_add(tx, &row);
	pending_cas_row_clear(&row);
	return ok;
}

/* A ceremony may have given its key another label: that one goes, and no other. */
static void
its_own_key(void **state)
{
	struct world *w = *state;
	struct subca_request r = base(w, "sub"), s = base(w, "tub");
	struct pending_ca_row row;
	char uri[] = "pkcs11:object=inkan-tub-g1", odd[] = "pkcs11:id=%01";

	assert_true(subca_request(w->ca, &r, &row));
	pending_cas_row_clear(&row);
	assert_true(subca_request(w->ca, &s, &row));
	pending_cas_row_clear(&row);
	assert_true(store_write(w->ca->store, other_key_tx, odd, 0));
	assert_false(subca_abandon(w->ca, "sub", "test", w->now));
	world_raised(CA_E_DENIED, "request.key: ");
	assert_true(store_write(w->ca->store, other_key_tx, uri, 0));
	assert_true(subca_abandon(w->ca, "sub", "test", w->now));
	assert_true(has_key(w, "inkan-sub-g1"));
	assert_false(has_key(w, "inkan-tub-g1"));
	assert_true(subca_abandon(w->ca, "tub", "test", w->now));
	assert_true(hsm_key_destroy(w->ca->tokens[0].hsm, "inkan-sub-g1"));
}

static void
a_new_generation(void **state)
{
	struct world *w = *state;
	struct subca_request r = base(w, "devices");
	struct pending_ca_row row;

	r.http_url = "http://pki.example";
	r.crl_lifetime = 3600;
	r.crl_shards = 8;
	r.keep_expired = 1;
	assert_true(subca_request(w->ca, &r, &row));
	assert_string_equal(row.ident, "devices-g2");
	assert_string_equal(
	    row.issuer_url, "http://pki.example/ca/devices-g2.cer");
	assert_int_equal(row.crl_interval, 900);
	assert_int_equal(row.crl_shards, 8);
	assert_int_equal(row.expired_from, w->now);
	pending_cas_row_clear(&row);
	assert_true(subca_abandon(w->ca, "devices-g2", "test", w->now));
}

static void
refused(struct world *w, const struct subca_request *r, int reason,
    const char *rule)
{
	struct pending_ca_row row;

	assert_false(subca_request(w->ca, r, &row));
	assert_null(row.csr);
	world_raised(reason, rule);
}

#define WITH(field, value, reason, rule) do { \
	struct subca_request r_ = base(w, "sub"); \
	r_.field = value; \
	refused(w, &r_, reason, rule); \
} while (0)

static void
refuses(void **state)
{
	struct world *w = *state;

	WITH(name, "", CA_E_BADREQUEST, "request.name: ");
	WITH(name, "Sub", CA_E_BADREQUEST, "request.name: ");
	WITH(name, "-sub", CA_E_BADREQUEST, "request.name: ");
	WITH(name, "sub-g7", CA_E_BADREQUEST, "request.name: ");
	WITH(generation, 10000, CA_E_BADREQUEST, "request.generation: ");
	WITH(key_type, "dsa", CA_E_BADREQUEST, "request.key_type: ");
	WITH(key_type, NULL, CA_E_BADREQUEST, "request.key_type: ");
	WITH(n_set, 0, CA_E_BADREQUEST, "request.subject: ");
	WITH(token, "hsm9", CA_E_CONFIG, "token.unknown: ");
	WITH(crl_lifetime, 59, CA_E_BADREQUEST, "request.crl_lifetime: ");
	WITH(crl_interval, 80000, CA_E_BADREQUEST, "request.crl_interval: ");
	WITH(crl_shards, 257, CA_E_BADREQUEST, "request.crl_shards: ");
	WITH(crl_shards, 1, CA_E_BADREQUEST, "request.crl_shards: ");
	WITH(path_len, 101, CA_E_BADREQUEST, "request.path_len: ");
	WITH(http_url, "https://a", CA_E_BADREQUEST, "request.http_url: ");
	WITH(http_url, "http://a/", CA_E_BADREQUEST, "request.http_url: ");
	WITH(http_url, "http://a b", CA_E_BADREQUEST, "request.http_url: ");
	assert_int_equal(keys(w), 4);
}

static void
a_ca_that_is_there(void **state)
{
	struct world *w = *state;
	struct subca_request r = base(w, "code");

	r.generation = 1;
	refused(w, &r, CA_E_DENIED, "issuer.duplicate: ");
	assert_int_equal(keys(w), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(asks),
	    cmocka_unit_test(its_own_key),
	    cmocka_unit_test(a_new_generation),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(a_ca_that_is_there),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
