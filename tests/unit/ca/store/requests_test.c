#include "tests/unit/ca/store/temp.h"
#include "ca/store/requests.h"

struct seen {
	struct request_row row[8];
	size_t n;
};

static int
see(const struct request_row *row, void *arg)
{
	struct seen *s = arg;

	s->row[s->n++] = *row;
	return s->n < 8;
}

static void
seen_clear(struct seen *s)
{
	while (s->n > 0)
		requests_row_clear(&s->row[--s->n]);
}

static int64_t
add(struct store_tx *tx, struct temp *t, unsigned n, const char *profile,
    int record)
{
	struct cert_row row;
	char der[16];

	snprintf(der, sizeof(der), "cert%u", n);
	temp_row(t, &row, n);
	snprintf(row.profile, sizeof(row.profile), "%s", profile);
	assert_true(certs_reserve(tx, &row));
	assert_true(requests_add(tx, row.id, (const unsigned char *)"csr", 3,
	    (const unsigned char *)&n, sizeof(n)));
	if (record)
		assert_true(certs_record(tx, row.id,
		    (const unsigned char *)der, strlen(der), NOW));
	return row.id;
}

static int
newest_first(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct seen s = {.n = 0};
	int64_t id;

	add(tx, t, 1, "a", 1);
	id = add(tx, t, 2, "a", 1);
	add(tx, t, 3, "b", 1);
	add(tx, t, 4, "a", 0); /* never signed */
	add(tx, t, 5, "a", 1);
	assert_true(requests_list(tx, "a", INT64_MAX, 10, see, &s));
	assert_int_equal(s.n, 3);
	assert_int_equal(*(unsigned *)s.row[0].fields, 5);
	assert_int_equal(*(unsigned *)s.row[2].fields, 1);
	assert_memory_equal(s.row[0].csr, "csr", 3);
	assert_memory_equal(s.row[0].der, "cert5", 5);
	assert_string_equal(s.row[0].cert.profile, "a");
	seen_clear(&s);
	assert_true(requests_list(tx, "a", INT64_MAX, 1, see, &s));
	assert_int_equal(s.n, 1);
	seen_clear(&s);
	assert_true(requests_list(tx, "a", id, 10, see, &s));
	assert_int_equal(s.n, 1);
	seen_clear(&s);
	assert_true(requests_list(tx, "none", INT64_MAX, 10, see, &s));
	assert_int_equal(s.n, 0);
	return 1;
}

/* A certificate that is not there, or one twice. */
static int
refuses(struct store_tx *tx, void *arg)
{
	int64_t id = add(tx, arg, 1, "a", 1);

	assert_false(requests_add(tx, id, (const unsigned char *)"x", 1,
	    (const unsigned char *)"y", 1));
	assert_raised(CA_E_STORE, "store: ");
	assert_false(requests_add(tx, id + 7, (const unsigned char *)"x", 1,
	    (const unsigned char *)"y", 1));
	assert_raised(CA_E_STORE, "store: ");
	return 1;
}

/* The ring: what is REQUESTS_KEPT rows back is gone. */
static int
forgets(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct seen s = {.n = 0};
	struct cert_row row;
	unsigned i;

	add(tx, t, 1, "a", 1);
	add(tx, t, 2, "a", 1);
	for (i = 3; i <= REQUESTS_KEPT; i++) {
		temp_row(t, &row, i);
		assert_true(certs_reserve(tx, &row));
	}
	add(tx, t, REQUESTS_KEPT + 1, "a", 1);
	assert_true(requests_list(tx, "a", INT64_MAX, 8, see, &s));
	assert_int_equal(s.n, 2);
	assert_int_equal(*(unsigned *)s.row[1].fields, 2);
	seen_clear(&s);
	return 1;
}

static void
test_newest_first(void **state)
{
	struct temp *t = *state;

	RUN(t, newest_first, t);
}

static void
test_refuses(void **state)
{
	struct temp *t = *state;

	RUN(t, refuses, t);
}

static void
test_forgets(void **state)
{
	struct temp *t = *state;

	RUN(t, forgets, t);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_newest_first),
	    T(test_refuses),
	    T(test_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
