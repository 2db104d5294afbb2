#include "alone.h"

static struct marks marks;

static int
read_tx(struct store_tx *tx, void *arg)
{
	return notes_read(arg, tx, &marks);
}

static void
marks_what_was_signed(void **state)
{
	struct rig *r = *state;
	struct audit *a = alone_begin();

	rig_add(r, 0, 1);
	rig_publish(r);
	rig_add(r, 1, 3);
	rig_publish(r);
	alone.config.key = &r->key;
	READ(r->t, read_tx, a);
	assert_found("");
	assert_int_equal(marks.n, 2);
	assert_int_equal(marks.mark[1].size, 6);
	assert_string_equal(marks.mark[1].label,
	    "the store's checkpoint of " ORIGIN);
	assert_int_equal(alone.result.checkpoints, 2);
	marks_clear(&marks);
}

static void
names_notes_that_are_not_signed(void **state)
{
	struct rig *r = *state;
	struct audit *a = alone_begin();

	rig_add(r, 0, 1);
	rig_publish(r);
	rig_sql(r, "UPDATE log_checkpoints SET size = 3");
	READ(r->t, read_tx, a);
	assert_found("unsigned -1 : checkpoint over 3 entries of " ORIGIN
	    ": its note is of another tree\n");
	rig_sql(r, "UPDATE log_checkpoints SET note = 'x'");
	READ(r->t, read_tx, a);
	assert_non_null(strstr(alone.found, "note.format: "));
	alone.found[0] = '\0';
	rig_sql(r, "UPDATE logs SET vkey = 'x'");
	READ(r->t, read_tx, a);
	assert_found("changed -1 : the key of the log " ORIGIN " cannot be "
	    "read\n");
	marks_clear(&marks);
}

static void
knows_the_stores_key(void **state)
{
	struct rig *r = *state;
	struct note_key k;

	assert_int_equal(audit_store_key(r->t->store, &k), 0);
	rig_publish(r);
	assert_int_equal(audit_store_key(r->t->store, &k), 1);
	assert_int_equal(k.id, r->key.id);
	note_key_clear(&k);
	rig_sql(r, "UPDATE logs SET vkey = 'x'");
	assert_int_equal(audit_store_key(r->t->store, &k), -1);
	assert_refused("note.key: ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(marks_what_was_signed),
	    TEST(names_notes_that_are_not_signed),
	    TEST(knows_the_stores_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
