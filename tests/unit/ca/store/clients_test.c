#include "tests/unit/ca/store/temp.h"
#include "ca/store/clients.h"

static struct client_fact facts[8];
static struct client_row rows[8];
static size_t n_facts, n_rows;

static int
keep_fact(const struct client_fact *f, void *arg)
{
	(void)arg;
	facts[n_facts++] = *f;
	return 1;
}

static int
keep_row(const struct client_row *row, void *arg)
{
	(void)arg;
	rows[n_rows++] = *row;
	return n_rows < 8;
}

static int
life(struct store_tx *tx, void *arg)
{
	struct client_row row = {.fleet = "demo", .agent = "curl/7",
	    .first = NOW, .last = NOW}, got;
	int64_t n;

	(void)arg;
	assert_int_equal(clients_get(tx, "demo", "curl/7", &got), 0);
	assert_true(clients_add(tx, &row));
	assert_int_equal(clients_get(tx, "demo", "curl/7", &got), 1);
	assert_int_equal(got.id, row.id);
	assert_int_equal(got.known, 0);
	assert_int_equal(got.first, NOW);
	assert_int_equal(clients_get(tx, "other", "curl/7", &got), 0);
	row.known = 1;
	row.last = NOW + 9;
	assert_true(clients_touch(tx, &row));
	assert_int_equal(clients_get(tx, "demo", "curl/7", &got), 1);
	assert_int_equal(got.known, 1);
	assert_int_equal(got.last, NOW + 9);
	assert_true(clients_count(tx, "demo", 1, &n));
	assert_int_equal(n, 1);
	assert_true(clients_count(tx, "demo", 0, &n));
	assert_int_equal(n, 0);
	/* One of a kind. */
	assert_false(clients_add(tx, &row));
	ERR_clear_error();
	return 1;
}

static int
facts_tx(struct store_tx *tx, void *arg)
{
	struct client_row row = {.fleet = "demo", .agent = ""};
	int i;

	(void)arg;
	assert_true(clients_add(tx, &row));
	for (i = 0; i < 3; i++)
		assert_true(clients_fact(
		    tx, row.id, "crlf", 2, NOW + i, 3, "other"));
	assert_true(clients_fact(tx, row.id, "a", 1, NOW, 3, "other"));
	assert_true(clients_fact(tx, row.id, "b", 1, NOW, 3, "other"));
	assert_true(clients_fact(tx, row.id, "c", 1, NOW, 3, "other"));
	assert_true(clients_fact(tx, row.id, "d", 5, NOW, 3, "other"));
	n_facts = 0;
	assert_true(clients_facts(tx, row.id, keep_fact, NULL));
	assert_int_equal(n_facts, 4);
	assert_string_equal(facts[2].what, "crlf");
	assert_int_equal(facts[2].count, 6);
	assert_int_equal(facts[2].first, NOW);
	assert_int_equal(facts[2].last, NOW + 2);
	assert_string_equal(facts[3].what, "other");
	assert_int_equal(facts[3].count, 6);
	/* Of a client that is not there: the store refuses it. */
	assert_false(clients_fact(tx, 777, "crlf", 1, NOW, 3, "other"));
	ERR_clear_error();
	return 1;
}

static int
lists(struct store_tx *tx, void *arg)
{
	static const char *const fleets[] = {"a", "b", "a"};
	struct client_row row;
	int i;

	(void)arg;
	for (i = 0; i < 3; i++) {
		memset(&row, 0, sizeof(row));
		snprintf(row.fleet, sizeof(row.fleet), "%s", fleets[i]);
		snprintf(row.agent, sizeof(row.agent), "agent-%d", i);
		row.last = NOW + i;
		assert_true(clients_add(tx, &row));
	}
	n_rows = 0;
	assert_true(clients_list(tx, NULL, 0, 0, 10, keep_row, NULL));
	assert_int_equal(n_rows, 3);
	n_rows = 0;
	assert_true(clients_list(tx, "a", 0, 0, 10, keep_row, NULL));
	assert_int_equal(n_rows, 2);
	n_rows = 0;
	assert_true(clients_list(tx, "a", 0, rows[0].id, 10, keep_row, NULL));
	assert_int_equal(n_rows, 1);
	n_rows = 0;
	assert_true(clients_list(tx, NULL, NOW + 1, 0, 1, keep_row, NULL));
	assert_int_equal(n_rows, 1);
	assert_string_equal(rows[0].agent, "agent-1");
	return 1;
}

/* Who is gone goes; who has come again stays, without what it does no more. */
static int
pruned(struct store_tx *tx, void *arg)
{
	struct client_row gone = {.fleet = "demo", .agent = "gone",
	    .last = NOW}, here = {.fleet = "demo", .agent = "here",
	    .last = NOW + 100};

	(void)arg;
	assert_true(clients_add(tx, &gone) && clients_add(tx, &here));
	assert_true(clients_fact(tx, gone.id, "crlf", 1, NOW, 9, "other"));
	assert_true(clients_fact(tx, here.id, "crlf", 1, NOW, 9, "other"));
	assert_true(
	    clients_fact(tx, here.id, "request", 1, NOW + 100, 9, "other"));
	assert_true(clients_prune(tx, NOW + 50));
	assert_int_equal(clients_get(tx, "demo", "gone", &gone), 0);
	assert_int_equal(clients_get(tx, "demo", "here", &here), 1);
	n_facts = 0;
	assert_true(clients_facts(tx, here.id, keep_fact, NULL));
	assert_int_equal(n_facts, 1);
	assert_string_equal(facts[0].what, "request");
	return 1;
}

#define TEST(name, fn)                                                         \
	static void name(void **state)                                         \
	{                                                                      \
		struct temp *t = *state;                                       \
		RUN(t, fn, NULL);                                              \
	}

TEST(a_client, life)
TEST(its_facts, facts_tx)
TEST(a_list, lists)
TEST(what_is_old, pruned)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_client, temp_make, temp_remove),
	    cmocka_unit_test_setup_teardown(its_facts, temp_make, temp_remove),
	    cmocka_unit_test_setup_teardown(a_list, temp_make, temp_remove),
	    cmocka_unit_test_setup_teardown(
		what_is_old, temp_make, temp_remove),
	};

	return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
