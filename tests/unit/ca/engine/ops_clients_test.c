#include "tests/unit/ca/engine/world.h"

/* How clients behave: told by the RA, counted with enrolments, read. */

static const WIRE_FIELDS *
client(const WIRE_ANSWER *a, const char *agent)
{
	size_t i;

	for (i = 0; i < message_n_rows(a); i++)
		if (strcmp(field_text(message_row(a, i), "agent", "?"),
			agent) == 0)
			return message_row(a, i);
	return NULL;
}

static int64_t
count_of(const WIRE_FIELDS *row, const char *what)
{
	size_t i;

	for (i = 0; row != NULL && i < field_count(row, "what"); i++)
		if (strcmp(field_get_text(field_find(row, "what", i)), what) ==
		    0)
			return field_get_int(field_find(row, "count", i));
	return 0;
}

static void
told_by_the_ra(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;

	world_done(world_ask(w, OPS_RA, "clients", "ttti" "ttti" "ttti",
	    "label", "", "client", "curl", "what", "request", "count", 3,
	    "label", "no-such-label", "client", "x", "what", "request",
	    "count", 1, "label", "", "client", "curl", "what", "nonsense",
	    "count", 1));
	a = world_admin(w, "client.list", "t", "fleet", "devices");
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_int_equal(count_of(client(a, "curl"), "request"), 3);
	assert_int_equal(count_of(client(a, "curl"), "nonsense"), 0);
	assert_int_equal(field_flag(client(a, "curl"), "known", 1), 0);
	WIRE_ANSWER_free(a);
	a = world_admin(w, "client.list", "t", "fleet", "other");
	assert_int_equal(message_n_rows(a), 0);
	WIRE_ANSWER_free(a);
}

static void
not_by_anybody_else(void **state)
{
	struct world *w = *state;

	world_refused(world_ask(w, OPS_RA, "clients", "ttt", "label", "",
	    "client", "curl", "what", "request"), WIRE_BADREQUEST, "as many");
	world_refused(world_ask(w, OPS_RA, "client.list", ""), WIRE_DENIED,
	    "ops.table");
	world_refused(world_admin(w, "clients", ""), WIRE_DENIED, "ops.table");
}

static void
counted_with_enrolments(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	char user[128], secret[128];
	const WIRE_FIELDS *row;
	unsigned char *csr;
	int i, len = world_csr(key, "cl-1", &csr);
	WIRE_ANSWER *a;

	a = world_admin(w, "secret.new", "tf", "fleet", "devices", "reusable",
	    1);
	world_is(a, WIRE_OK);
	snprintf(user, sizeof(user), "%s", field_text(a->values, "user", ""));
	snprintf(secret, sizeof(secret), "%s",
	    field_text(a->values, "secret", ""));
	WIRE_ANSWER_free(a);
	for (i = 0; i < 2; i++) {
		a = world_ask(w, OPS_RA, "enroll", "tbttttt", "label", "",
		    "csr", csr, len, "user", user, "secret",
		    i == 0 ? secret : "wrong", "address", "192.0.2.7",
		    "client", "thing/1", "shape", "wrapped-64,no-accept,x");
		world_is(a, i == 0 ? WIRE_OK : WIRE_UNAUTHENTICATED);
		WIRE_ANSWER_free(a);
	}
	a = world_admin(w, "client.list", "");
	row = client(a, "thing/1");
	assert_non_null(row);
	assert_int_equal(field_flag(row, "known", 0), 1);
	assert_int_equal(count_of(row, "request"), 2);
	assert_int_equal(count_of(row, "answer"), 1);
	assert_int_equal(count_of(row, "wrapped-64"), 2);
	assert_int_equal(count_of(row, "no-accept"), 2);
	assert_int_equal(count_of(row, "refused:secret.wrong"), 1);
	WIRE_ANSWER_free(a);
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(told_by_the_ra),
	    cmocka_unit_test(not_by_anybody_else),
	    cmocka_unit_test(counted_with_enrolments),
	};

	return cmocka_run_group_tests_name(
	    "ops_clients", tests, world_setup, world_teardown);
}
