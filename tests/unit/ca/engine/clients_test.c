#include "tests/unit/ca/store/temp.h"
#include "ca/engine/clients.h"
#include "ca/shape/shape.h"

/* Counting in memory, writing in between, and the limits of both. */

static struct client_row rows[200];
static struct client_fact facts[200];
static size_t n_rows, n_facts;

static int
keep_row(const struct client_row *row, void *arg)
{
	(void)arg;
	rows[n_rows++] = *row;
	return n_rows < 200;
}

static int
keep_fact(const struct client_fact *f, void *arg)
{
	(void)arg;
	facts[n_facts++] = *f;
	return n_facts < 200;
}

static int
read_rows(struct store_tx *tx, void *arg)
{
	(void)arg;
	n_rows = 0;
	return clients_list(tx, NULL, 0, 0, 1000, keep_row, NULL);
}

static int
read_facts(struct store_tx *tx, void *arg)
{
	n_facts = 0;
	return clients_facts(tx, *(int64_t *)arg, keep_fact, NULL);
}

static int64_t
count_of(struct temp *t, int64_t id, const char *what)
{
	size_t i;

	assert_true(store_read(t->store, read_facts, &id));
	for (i = 0; i < n_facts; i++)
		if (strcmp(facts[i].what, what) == 0)
			return facts[i].count;
	return 0;
}

static void
note(struct clients *c, const char *agent, int known, unsigned shape,
    const char *what)
{
	struct clients_note n = {.fleet = "demo", .agent = agent,
	    .known = known, .shape = shape, .what = {"request", what}, .n = 1};

	clients_note(c, &n);
}

static void
counts_and_writes(void **state)
{
	struct temp *t = *state;
	struct clients *c = clients_new();

	assert_true(clients_flush(c, t->store, NOW));
	assert_true(store_read(t->store, read_rows, NULL));
	assert_int_equal(n_rows, 0);
	note(c, "curl", 1, SHAPE_CRLF, "answer");
	note(c, "curl", 0, SHAPE_CRLF | SHAPE_PEM, "refused:csr.der");
	assert_true(store_read(t->store, read_rows, NULL));
	assert_int_equal(n_rows, 0); /* nothing is written meanwhile */
	assert_true(clients_flush(c, t->store, NOW));
	note(c, "curl", 0, 0, "answer");
	assert_true(clients_flush(c, t->store, NOW + 60));
	assert_true(store_read(t->store, read_rows, NULL));
	assert_int_equal(n_rows, 1);
	assert_string_equal(rows[0].fleet, "demo");
	assert_int_equal(rows[0].known, 1);
	assert_int_equal(rows[0].first, NOW);
	assert_int_equal(rows[0].last, NOW + 60);
	assert_int_equal(count_of(t, rows[0].id, "request"), 3);
	assert_int_equal(count_of(t, rows[0].id, "answer"), 2);
	assert_int_equal(count_of(t, rows[0].id, "crlf"), 2);
	assert_int_equal(count_of(t, rows[0].id, "pem-armour"), 1);
	assert_int_equal(count_of(t, rows[0].id, "refused:csr.der"), 1);
	clients_free(c);
}

/* Names that are made up displace nobody who has authenticated. */
static void
bounded(void **state)
{
	struct temp *t = *state;
	struct clients *c = clients_new();
	size_t i, known = 0, others = 0;
	char agent[300];

	for (i = 0; i < 300; i++) {
		snprintf(agent, sizeof(agent), "stranger-%zu", i);
		note(c, agent, 0, 0, "refused:credentials.missing");
		if (i % 50 == 0)
			assert_true(clients_flush(c, t->store, NOW));
	}
	for (i = 0; i < 100; i++) {
		snprintf(agent, sizeof(agent), "known-%zu", i);
		note(c, agent, 1, 0, "answer");
	}
	assert_true(clients_flush(c, t->store, NOW));
	assert_true(store_read(t->store, read_rows, NULL));
	assert_in_range(n_rows, 1, CLIENTS_KNOWN + CLIENTS_STRANGERS + 1);
	for (i = 0; i < n_rows; i++) {
		known += strncmp(rows[i].agent, "known-", 6) == 0;
		if (strcmp(rows[i].agent, CLIENTS_OTHERS) != 0)
			continue;
		others++;
		assert_int_equal(count_of(t, rows[i].id, "request"),
		    400 - (n_rows - 1));
	}
	assert_int_equal(known, CLIENTS_KNOWN);
	assert_int_equal(others, 1);
	clients_free(c);
}

static void
many_rules(void **state)
{
	struct temp *t = *state;
	struct clients *c = clients_new();
	char what[80];
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < 200; i++) {
		snprintf(what, sizeof(what), "refused:rule.%zu", i);
		note(c, "x", 1, 0, what);
		if (i == 100)
			assert_true(clients_flush(c, t->store, NOW));
	}
	assert_true(clients_flush(c, t->store, NOW));
	assert_true(store_read(t->store, read_rows, NULL));
	assert_int_equal(n_rows, 1);
	assert_int_equal(count_of(t, rows[0].id, "request"), 200);
	assert_in_range(n_facts, 2, CLIENTS_FACTS + 1);
	for (i = 0; i < n_facts; i++)
		sum += facts[i].count;
	assert_int_equal(sum, 400);
	clients_free(c);
}

/* What the store does not take now is not lost. */
static void
tried_again(void **state)
{
	struct temp *t = *state;
	struct clients *c = clients_new();
	struct store *readonly;

	note(c, "x", 1, 0, "answer");
	readonly = temp_open(t, STORE_READ);
	assert_non_null(readonly);
	assert_false(clients_flush(c, readonly, NOW));
	store_close(readonly);
	ERR_clear_error();
	note(c, "x", 1, 0, "answer");
	assert_true(clients_flush(c, t->store, NOW));
	assert_true(store_read(t->store, read_rows, NULL));
	assert_int_equal(count_of(t, rows[0].id, "answer"), 2);
	clients_free(c);
}

static void
names(void **state)
{
	(void)state;
	assert_true(clients_is_fact("request"));
	assert_true(clients_is_fact("crlf"));
	assert_true(clients_is_fact("refused:csr.subject.CN"));
	assert_false(clients_is_fact(""));
	assert_false(clients_is_fact("refused:"));
	assert_false(clients_is_fact("refused:a b"));
	assert_false(clients_is_fact("refused:\xc3\xa4"));
	assert_false(clients_is_fact("crlf,blanks"));
	assert_false(clients_is_fact("anything"));
}

/* Whatever the name holds: a printable one is kept. */
static void
agents(void **state)
{
	struct temp *t = *state;
	struct clients *c = clients_new();
	char agent[200];

	memset(agent, 'y', sizeof(agent) - 1);
	memcpy(agent, "a\n\xff", 3);
	agent[sizeof(agent) - 1] = '\0';
	note(c, agent, 1, 0, "answer");
	note(c, NULL, 1, 0, "answer");
	assert_true(clients_flush(c, t->store, NOW));
	assert_true(store_read(t->store, read_rows, NULL));
	assert_int_equal(n_rows, 2);
	assert_memory_equal(rows[0].agent, "a??y", 4);
	assert_int_equal(strlen(rows[0].agent), CLIENT_AGENT_MAX);
	assert_string_equal(rows[1].agent, "");
	clients_free(c);
}

/* An inkan-ra says how many: whatever it says, in memory and in the store. */
static void
a_count_stays_at_its_largest(void **state)
{
	struct temp *t = *state;
	struct clients *c = clients_new();
	struct clients_note n = {
	    .fleet = "demo", .agent = "curl", .what = {"request"}};

	n.n = INT64_MAX;
	clients_note(c, &n);
	clients_note(c, &n);
	n.what[0] = "answer";
	n.n = CLIENT_COUNT_MAX - 1;
	clients_note(c, &n);
	assert_true(clients_flush(c, t->store, NOW));
	assert_true(store_read(t->store, read_rows, NULL));
	assert_int_equal(n_rows, 1);
	assert_int_equal(count_of(t, rows[0].id, "request"), CLIENT_COUNT_MAX);
	assert_int_equal(
	    count_of(t, rows[0].id, "answer"), CLIENT_COUNT_MAX - 1);
	clients_note(c, &n);
	assert_true(clients_flush(c, t->store, NOW));
	assert_int_equal(count_of(t, rows[0].id, "answer"), CLIENT_COUNT_MAX);
	clients_free(c);
}

#define IN_STORE(fn)                                                           \
	cmocka_unit_test_setup_teardown(fn, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_STORE(counts_and_writes),
	    IN_STORE(bounded),
	    IN_STORE(many_rules),
	    IN_STORE(tried_again),
	    cmocka_unit_test(names),
	    IN_STORE(agents),
	    IN_STORE(a_count_stays_at_its_largest),
	};

	return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
