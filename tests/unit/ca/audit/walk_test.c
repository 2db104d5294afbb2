#include "alone.h"

/* The two sides step by step, from rows that a test makes up. */

struct part {
	struct rig *r;
	const int64_t *rows;	/* indexes that are fed, ended by -1 */
	int published;
};

struct feeding {
	struct walk *w;
	const int64_t *rows;
};

static int
feed_one(const struct entry_row *row, void *arg)
{
	struct feeding *f = arg;
	const int64_t *i;

	for (i = f->rows; *i >= 0; i++)
		if (*i == row->index)
			return walk_row(f->w, row);
	return 1;
}

static int
walk_tx(struct store_tx *tx, void *arg)
{
	struct part *p = arg;
	struct audit *a = alone_begin();
	struct log_checkpoint head = {.size = p->r->n};
	struct feeding f = {.rows = p->rows};
	struct source *s = NULL;

	head.root = rig_root(p->r, 0, p->r->n);
	if (p->published) {
		alone.config.source = s = source_open(p->r->pub);
		alone.config.head = &head;
	}
	assert_non_null(f.w = walk_new(a, tx));
	assert_true(marks_add(walk_own(f.w), head.size, &head.root, "a note"));
	assert_true(marks_begin(a, walk_own(f.w)));
	assert_true(marks_begin(a, walk_published(f.w)));
	assert_true(entries_list(tx, 0, 0, feed_one, &f));
	assert_true(walk_end(f.w));
	walk_free(f.w);
	source_free(s);
	return 1;
}

#define ROWS(...) ((const int64_t[]){__VA_ARGS__, -1})

static void
walk(struct rig *r, int published, const int64_t *rows)
{
	struct part p = {r, rows, published};

	READ(r->t, walk_tx, &p);
}

static void
takes_every_step(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 2);
	rig_publish(r);
	walk(r, 0, ROWS(0, 1, 2, 3));
	assert_found("");
	walk(r, 1, ROWS(0, 1, 2, 3));
	assert_found("");
	assert_int_equal(alone.result.published, 4);
	assert_int_equal(alone.result.entries, 4);
}

static void
sees_gaps_and_ends(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 2);
	rig_publish(r);
	walk(r, 0, ROWS(0, 3));
	assert_non_null(strstr(alone.found, "missing 1 : the store has no "
	    "entries 1 to 2\n"));
	walk(r, 1, ROWS(0, 3));
	assert_non_null(strstr(alone.found, "missing 1 : issue.recorded of "));
	assert_non_null(strstr(alone.found, "missing 2 : issue.reserved of "));
	walk(r, 0, ROWS(0, 1));
	assert_non_null(strstr(alone.found, "missing 2 : the store ends after "
	    "2 entries, but a note is over 4"));
	walk(r, 1, ROWS(1, 2, 3));
	assert_non_null(strstr(alone.found, "missing 0 : issue.reserved of "));
	walk(r, 1, ROWS(-1));
	assert_non_null(strstr(alone.found, "missing 3 : issue.recorded of "));
	assert_int_equal(alone.result.entries, 0);
	assert_int_equal(alone.result.published, 4);
}

/* No salt and no detail: somebody took them out, unless an entry says that they
   were never there. */
static int
merged_tx(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *l = field_list_new();
	int ok = field_add_int(l, "from", ((int64_t *)arg)[0]) &&
	    field_add_int(l, "size", ((int64_t *)arg)[1]) &&
	    entries_append(tx, "restore.merged", NOW, l, NULL);

	field_list_free(l);
	return ok;
}

static void
asks_for_lost_details(void **state)
{
	struct rig *r = *state;

	rig_add(r, 0, 2);
	rig_sql(r, "UPDATE entries SET salt = x'', detail = x'' "
		   "WHERE idx IN (2, 3)");
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "missing 2 ");
	rig_has(r, "2 entries from here on have no salt and no detail");
	/* Not by an entry about others. */
	WRITE(r->t, merged_tx, ((int64_t[]){3, 4}));
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "missing 2 ");
	WRITE(r->t, merged_tx, ((int64_t[]){2, 4}));
	rig_audit(r, OF_STORE, NULL);
	assert_null(strstr(r->found, "no salt"));
	assert_int_equal(r->result.lost, 2);
	/* Its leaf still says what it is. */
	rig_sql(r, "UPDATE entries SET kind = 'crl' WHERE idx = 2");
	rig_audit(r, OF_STORE, NULL);
	rig_has(r, "changed 2 ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(takes_every_step),
	    TEST(sees_gaps_and_ends),
	    TEST(asks_for_lost_details),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
