#include "ca/store/logs.h"
#include "tests/unit/ca/store/temp.h"

static struct log_checkpoint_row
row(int64_t log, int64_t size, int64_t time, const char *note)
{
	struct log_checkpoint_row r = {
	    .log = log, .size = size, .time = time, .note = (char *)note};

	memset(r.root, (int)size, sizeof(r.root));
	return r;
}

static int
begin(struct store_tx *tx, void *arg)
{
	struct log_row r = {.origin = "a/log", .vkey = "a/log+1+AQ==",
	    .time = NOW}, got;

	(void)arg;
	assert_int_equal(logs_last(tx, &got), 0);
	assert_true(logs_add(tx, &r));
	assert_int_equal(r.id, 1);
	strcpy(r.origin, "a/log/2");
	assert_true(logs_add(tx, &r));
	assert_int_equal(r.id, 2);
	assert_int_equal(logs_last(tx, &got), 1);
	assert_int_equal(got.id, 2);
	assert_string_equal(got.origin, "a/log/2");
	assert_string_equal(got.vkey, r.vkey);
	assert_int_equal(got.time, NOW);
	return 1;
}

static int
take(const struct log_row *r, void *arg)
{
	int *n = arg;

	assert_int_equal(r->id, ++*n);
	return 1;
}

static int
all(struct store_tx *tx, void *arg)
{
	(void)arg;
	return logs_list(tx, take, arg);
}

static int
again(struct store_tx *tx, void *arg)
{
	struct log_row r = {.origin = "a/log", .vkey = "x"};

	(void)arg;
	return logs_add(tx, &r);
}

static void
logs_follow_each_other(void **state)
{
	struct temp *t = *state;
	int n = 0;

	RUN(t, begin, NULL);
	READ(t, all, &n);
	assert_int_equal(n, 2);
	assert_false(store_write(t->store, again, NULL, 0));
	ERR_clear_error();
}

static int
sign(struct store_tx *tx, void *arg)
{
	struct log_checkpoint_row r = row(1, 7, NOW, "seven"), got;

	(void)arg;
	assert_int_equal(logs_checkpoint_get(tx, 1, -1, 0, &got), 0);
	assert_true(logs_checkpoint_add(tx, &r));
	r = row(1, 9, NOW + 1, "nine");
	assert_true(logs_checkpoint_add(tx, &r));
	r = row(2, 8, NOW, "another log");
	assert_true(logs_checkpoint_add(tx, &r));
	assert_int_equal(logs_checkpoint_get(tx, 1, -1, 0, &got), 1);
	assert_int_equal(got.size, 9);
	assert_int_equal(got.time, NOW + 1);
	assert_int_equal(got.root[31], 9);
	assert_string_equal(got.note, "nine");
	logs_checkpoint_clear(&got);
	assert_int_equal(logs_checkpoint_get(tx, 1, 7, 0, &got), 1);
	assert_string_equal(got.note, "seven");
	logs_checkpoint_clear(&got);
	assert_int_equal(logs_checkpoint_get(tx, 1, 8, 0, &got), 0);
	assert_int_equal(logs_checkpoint_get(tx, 1, -1, 1, &got), 0);
	assert_true(logs_checkpoint_set_note(tx, 1, 7, "seven!", 2));
	assert_int_equal(logs_checkpoint_get(tx, 1, -1, 1, &got), 1);
	assert_string_equal(got.note, "seven!");
	assert_int_equal(got.cosigned, 2);
	logs_checkpoint_clear(&got);
	return 1;
}

static int
covers(struct store_tx *tx, void *arg)
{
	struct log_checkpoint_row got;

	(void)arg;
	assert_int_equal(logs_checkpoint_over(tx, 1, 6, &got), 1);
	assert_int_equal(got.size, 7);
	logs_checkpoint_clear(&got);
	assert_int_equal(logs_checkpoint_over(tx, 1, 7, &got), 1);
	assert_int_equal(got.size, 9);
	logs_checkpoint_clear(&got);
	assert_int_equal(logs_checkpoint_over(tx, 1, 9, &got), 0);
	return 1;
}

static int
sign_old(struct store_tx *tx, void *arg)
{
	struct log_checkpoint_row r = row(1, *(int *)arg, NOW, "old");

	return logs_checkpoint_add(tx, &r);
}

/* Neither the same size again nor a smaller one. */
static void
sizes_only_grow(void **state)
{
	struct temp *t = *state;
	int n;

	RUN(t, begin, NULL);
	RUN(t, sign, NULL);
	READ(t, covers, NULL);
	for (n = 8; n <= 9; n++) {
		assert_false(store_write(t->store, sign_old, &n, 0));
		assert_raised(CA_E_DENIED, "log.size: ");
	}
}

static int
many(struct store_tx *tx, void *arg)
{
	struct log_checkpoint_row r;
	int i;

	(void)arg;
	for (i = 0; i < 30; i++) {
		r = row(1, i + 1, i * 600, "n");
		assert_true(logs_checkpoint_add(tx, &r));
	}
	assert_true(logs_checkpoint_set_note(tx, 1, 2, "n", 1));
	return logs_checkpoint_thin(tx, 1, 3 * 3600 + 5);
}

static int
note_size(const struct log_checkpoint_row *r, void *arg)
{
	char *text = arg;

	sprintf(text + strlen(text), "%lld ", (long long)r->size);
	return 1;
}

static int
list(struct store_tx *tx, void *arg)
{
	return logs_checkpoint_list(tx, 1, 0, note_size, arg);
}

/* Six in an hour: of the first three hours the last one and a cosigned one
   stay, of the others all. */
static void
thins(void **state)
{
	struct temp *t = *state;
	char text[400] = "";

	RUN(t, begin, NULL);
	RUN(t, many, NULL);
	READ(t, list, text);
	assert_string_equal(text, "2 6 12 18 19 20 21 22 23 24 25 26 27 28 29 "
	    "30 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		logs_follow_each_other, temp_make, temp_remove),
	    cmocka_unit_test_setup_teardown(
		sizes_only_grow, temp_make, temp_remove),
	    cmocka_unit_test_setup_teardown(thins, temp_make, temp_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
