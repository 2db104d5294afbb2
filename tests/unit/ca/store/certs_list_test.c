#include <sqlite3.h>
#include "tests/unit/ca/store/temp.h"

/* Twelve certificates: every third held, every fourth revoked, the last one
   still reserved. */
static int
fill(struct store_tx *tx, void *arg)
{
	struct cert_row row;
	unsigned int i;

	for (i = 1; i <= 12; i++) {
		temp_row(arg, &row, i);
		row.serial[16] = (unsigned char)(0xff - i); /* not in order */
		row.not_after = NOW + 100 * i;
		if (i == 5)
			snprintf(
			    row.subject, sizeof(row.subject), "CN=50%%_off\\");
		if (i % 2 == 0)
			snprintf(row.fleet, sizeof(row.fleet), "even");
		if (i > 10)
			snprintf(row.profile, sizeof(row.profile), "other");
		if (i == 12)
			return certs_reserve(tx, &row);
		if (!temp_issue(tx, &row) ||
		    (i % 4 == 0 &&
			!certs_set_state(
			    tx, row.id, CERT_REVOKED, 1, NOW + i)) ||
		    (i % 3 == 0 && i % 4 != 0 &&
			!certs_set_state(tx, row.id, CERT_HELD, 6, NOW + i)))
			return 0;
	}
	return 1;
}

struct listed {
	struct cert_filter f;
	int64_t id[20];
	size_t n, stop;
};

static int
note(const struct cert_row *row, void *arg)
{
	struct listed *l = arg;

	l->id[l->n++] = row->id;
	return l->n != l->stop;
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct listed *l = arg;

	return certs_list(tx, &l->f, note, l);
}

static size_t
count(struct temp *t, struct cert_filter f)
{
	struct listed l = {.f = f};
	size_t i;

	READ(t, list_tx, &l);
	for (i = 1; i < l.n; i++)
		assert_true(l.id[i] > l.id[i - 1]);
	return l.n;
}

#define COUNT(...) count(t, (struct cert_filter){__VA_ARGS__})

static void
filters(void **state)
{
	struct temp *t = *state;

	WRITE(t, fill, t);
	assert_int_equal(COUNT(.limit = 0), 12);
	assert_int_equal(COUNT(.issuer = "devices"), 12);
	assert_int_equal(COUNT(.issuer = "devices-g1"), 12);
	assert_int_equal(COUNT(.issuer = "devices-g2"), 0);
	assert_int_equal(COUNT(.fleet = "even"), 6);
	assert_int_equal(COUNT(.fleet = ""), 12);
	assert_int_equal(COUNT(.fleet = "even", .device = "device-2"), 1);
	assert_int_equal(COUNT(.fleet = "demo", .device = "device-2"), 0);
	assert_int_equal(COUNT(.device = "device-3"), 1);
	assert_int_equal(COUNT(.profile = "other"), 2);
	assert_int_equal(COUNT(.state = CERT_REVOKED), 2);
	assert_int_equal(COUNT(.state = CERT_RESERVED), 1);
	assert_int_equal(COUNT(.expires_before = NOW + 500), 4);
	assert_int_equal(COUNT(.subject = "device 1"), 4);
	assert_int_equal(COUNT(.subject = "%_"), 1);
	assert_int_equal(COUNT(.subject = "0%_off\\"), 1);
	assert_int_equal(COUNT(.subject = "%"), 1);
	assert_int_equal(COUNT(.subject = "' OR 1=1 --"), 0);
	assert_int_equal(COUNT(.fleet = "even", .state = CERT_VALID,
			     .profile = "device-ldevid", .subject = "device"),
	    2);
}

static void
pages(void **state)
{
	struct temp *t = *state;
	struct listed l = {.f = {.limit = 5}};

	WRITE(t, fill, t);
	READ(t, list_tx, &l);
	assert_int_equal(l.n, 5);
	l.f.after_id = l.id[4];
	READ(t, list_tx, &l);
	l.f.after_id = l.id[9];
	READ(t, list_tx, &l);
	assert_int_equal(l.n, 12);
	l.f.after_id = l.id[11];
	READ(t, list_tx, &l);
	assert_int_equal(l.n, 12);
	l = (struct listed){.stop = 3};
	READ(t, list_tx, &l);
	assert_int_equal(l.n, 3);
}

struct crl {
	int64_t issuer, keep_after;
	int shard;
	unsigned char last[20];
	int n, held, stop;
};

static int
note_revoked(const struct cert_revoked *r, void *arg)
{
	struct crl *c = arg;

	assert_int_equal(r->serial_len, 20);
	assert_true(memcmp(r->serial, c->last, 20) > 0);
	assert_in_range(r->when, NOW + 3, NOW + 9);
	assert_int_equal(r->invalidity, 0);
	memcpy(c->last, r->serial, 20);
	c->held += r->reason == 6;
	return ++c->n != c->stop;
}

static int
revoked_tx(struct store_tx *tx, void *arg)
{
	struct crl *c = arg;

	return certs_revoked(tx, c->issuer, c->shard, c->keep_after,
	    note_revoked, c);
}

static void
lists_for_a_crl(void **state)
{
	struct temp *t = *state;
	struct crl c = {.issuer = t->issuer};

	WRITE(t, fill, t);
	READ(t, revoked_tx, &c);
	assert_int_equal(c.n, 5); /* 3 6 9 held, 4 8 revoked */
	assert_int_equal(c.held, 3);
	c = (struct crl){.issuer = t->issuer, .keep_after = NOW + 600};
	READ(t, revoked_tx, &c);
	assert_int_equal(c.n, 3);
	c = (struct crl){.issuer = t->issuer, .stop = 2};
	READ(t, revoked_tx, &c);
	assert_int_equal(c.n, 2);
	c = (struct crl){.issuer = t->issuer, .shard = 1};
	READ(t, revoked_tx, &c);
	assert_int_equal(c.n, 0);
	c = (struct crl){.issuer = t->issuer + 1};
	READ(t, revoked_tx, &c);
	assert_int_equal(c.n, 0);
}

/* The CRL is read from its index alone, in order, without a sort. */
static int
plan(struct store_tx *tx, void *arg)
{
	char text[256] = "";
	struct sql *s;

	s = sql_open(tx,
	    "EXPLAIN QUERY PLAN SELECT serial, revoked_at,"
	    " reason, invalidity FROM certs WHERE issuer = ? AND shard = ?"
	    " AND state IN (3, 4) AND not_after >= ? ORDER BY serial",
	    "idi", (int64_t)1, 0, (int64_t)0);
	assert_int_equal(sql_step(s), 1);
	sql_text(s, 3, text, sizeof(text));
	assert_int_equal(sql_step(s), 0);
	sql_close(s);
	(void)arg;
	return strstr(text, "COVERING INDEX certs_crl") != NULL;
}

static void
reads_a_crl_from_its_index(void **state)
{
	struct temp *t = *state;

	READ(t, plan, NULL);
}

struct changes {
	int64_t since, last;
	size_t limit, n;
};

static int
note_change(const struct cert_row *row, void *arg)
{
	struct changes *c = arg;

	assert_true(row->change > c->since);
	assert_true(row->state >= CERT_VALID && row->state <= CERT_REVOKED);
	c->since = row->change;
	c->n++;
	return 1;
}

static int
changes_tx(struct store_tx *tx, void *arg)
{
	struct changes *c = arg;

	return certs_last_change(tx, &c->last) &&
	    certs_changed(tx, c->since, c->limit, note_change, c);
}

static void
lists_changes(void **state)
{
	struct temp *t = *state;
	struct changes c = {.limit = 4};

	WRITE(t, fill, t);
	READ(t, changes_tx, &c);
	assert_int_equal(c.n, 4);
	c.limit = 0;
	READ(t, changes_tx, &c);
	assert_int_equal(c.n, 11);
	assert_int_equal(c.last, 16); /* 11 recorded, 5 moved */
	assert_int_equal(c.since, 16);
}

struct since {
	int64_t change;
	int revoked;
};

static int
since_tx(struct store_tx *tx, void *arg)
{
	struct since *s = arg;

	return certs_revoked_since(tx, s->change, &s->revoked);
}

/* The ninth is held by change 14; two that are good follow. */
static void
knows_whether_any_was_revoked(void **state)
{
	struct temp *t = *state;
	struct since s = {0, 1};

	READ(t, since_tx, &s);
	assert_false(s.revoked);
	WRITE(t, fill, t);
	READ(t, since_tx, &s);
	assert_true(s.revoked);
	s.change = 13;
	READ(t, since_tx, &s);
	assert_true(s.revoked);
	s.change = 14;
	READ(t, since_tx, &s);
	assert_false(s.revoked);
}

struct counts {
	int64_t issuer, n;
	int state;
};

static int
count_tx(struct store_tx *tx, void *arg)
{
	struct counts *c = arg;

	return certs_count(tx, c->issuer, c->state, &c->n);
}

static void
counts(void **state)
{
	struct temp *t = *state;
	struct counts c = {.issuer = t->issuer};

	WRITE(t, fill, t);
	READ(t, count_tx, &c);
	assert_int_equal(c.n, 12);
	c.state = CERT_VALID;
	READ(t, count_tx, &c);
	assert_int_equal(c.n, 6);
	c.issuer++;
	READ(t, count_tx, &c);
	assert_int_equal(c.n, 0);
}

struct sums {
	struct certs_sum sum[20];
	size_t n, stop;
	int64_t issuer;
};

static int
note_sum(const struct certs_sum *sum, void *arg)
{
	struct sums *s = arg;

	s->sum[s->n++] = *sum;
	return s->n != s->stop;
}

static int
sums_tx(struct store_tx *tx, void *arg)
{
	struct sums *s = arg;

	return certs_sums(tx, s->issuer, note_sum, s);
}

static void
sums(void **state)
{
	struct temp *t = *state;
	struct sums s = {.issuer = t->issuer}, one = {.stop = 1,
	    .issuer = t->issuer}, none = {.issuer = t->issuer + 1};

	WRITE(t, fill, t);
	READ(t, sums_tx, &s);
	assert_int_equal(s.n, 5);
	assert_string_equal(s.sum[0].profile, "device-ldevid");
	assert_int_equal(s.sum[0].state, CERT_VALID);
	assert_int_equal(s.sum[0].n, 5);
	assert_int_equal(s.sum[0].not_after, NOW + 100 * 10);
	assert_int_equal(s.sum[1].state, CERT_HELD);
	assert_int_equal(s.sum[1].not_after, NOW + 100 * 9);
	assert_int_equal(s.sum[2].state, CERT_REVOKED);
	assert_string_equal(s.sum[4].profile, "other");
	READ(t, sums_tx, &one);
	assert_int_equal(one.n, 1);
	READ(t, sums_tx, &none);
	assert_int_equal(none.n, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(filters),
	    T(pages),
	    T(lists_for_a_crl),
	    T(reads_a_crl_from_its_index),
	    T(lists_changes),
	    T(knows_whether_any_was_revoked),
	    T(counts),
	    T(sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
