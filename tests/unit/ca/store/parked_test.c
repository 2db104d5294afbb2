#include "tests/unit/ca/store/temp.h"
#include "ca/store/parked.h"

/* Requests that wait: ids are used once, approvals count once. */

static void
fill(struct parked_row *r, const char *content)
{
	memset(r, 0, sizeof(*r));
	strcpy(r->kind, PARKED_BY_OPERATOR);
	strcpy(r->op, "issue");
	strcpy(r->asker, "admin:uid:7");
	r->state = PARKED_WAITING;
	r->uid = 7;
	r->need = 2;
	r->created = NOW;
	r->expires = NOW + 100;
	memset(r->sha256, content[0], 32);
	r->content = (unsigned char *)(uintptr_t)content;
	r->content_len = strlen(content);
}

static int
add(struct store_tx *tx, void *arg)
{
	struct parked_row r;

	fill(&r, arg);
	return parked_next(tx, &r.id) && parked_add(tx, &r);
}

static int
kept(struct store_tx *tx, void *arg)
{
	struct parked_row r;

	(void)arg;
	assert_int_equal(parked_get(tx, 1, &r), 1);
	assert_int_equal(r.id, 1);
	assert_string_equal(r.op, "issue");
	assert_string_equal(r.asker, "admin:uid:7");
	assert_int_equal(r.state, PARKED_WAITING);
	assert_int_equal(r.need, 2);
	assert_int_equal(r.got, 0);
	assert_int_equal(r.expires, NOW + 100);
	assert_int_equal(r.content_len, 5);
	assert_memory_equal(r.content, "alpha", 5);
	assert_null(r.result);
	r.state = PARKED_DONE;
	r.ended = NOW + 5;
	r.log_from = 17;
	strcpy(r.note, "well");
	r.result = OPENSSL_memdup("answer", 6);
	r.result_len = 6;
	assert_true(parked_update(tx, &r));
	parked_row_clear(&r);
	assert_int_equal(parked_get(tx, 1, &r), 1);
	assert_int_equal(r.state, PARKED_DONE);
	assert_int_equal(r.ended, NOW + 5);
	assert_int_equal(r.log_from, 17);
	assert_string_equal(r.note, "well");
	assert_memory_equal(r.result, "answer", 6);
	assert_memory_equal(r.content, "alpha", 5);
	parked_row_clear(&r);
	assert_int_equal(parked_get(tx, 99, &r), 0);
	return 1;
}

static int
take_id(const struct parked_row *row, void *arg)
{
	char *out = arg;

	snprintf(out + strlen(out), 8, "%d ", (int)row->id);
	return 1;
}

static int
lists(struct store_tx *tx, void *arg)
{
	static const struct {
		struct parked_filter f;
		const char *want;
	} cases[] = {
	    {{.limit = 10}, "3 2 1 "},
	    {{.limit = 10, .open = 1}, "3 2 "},
	    {{.limit = 1, .before = 3}, "2 "},
	    {{.limit = 10, .kind = PARKED_BY_OPERATOR}, "3 2 1 "},
	    {{.limit = 10, .kind = PARKED_BY_OPERATOR, .open = 1}, "3 2 "},
	    {{.limit = 10, .kind = PARKED_BY_DEVICE}, ""},
	    {{.limit = 10, .fleet = "f"}, ""},
	};
	char ids[64];
	int64_t n, id;
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ids[0] = '\0';
		assert_true(parked_list(tx, &cases[i].f, take_id, ids));
		assert_string_equal(ids, cases[i].want);
	}
	assert_true(parked_count(tx, PARKED_BY_OPERATOR, PARKED_WAITING, &n));
	assert_int_equal(n, 2);
	assert_true(parked_count(tx, PARKED_BY_DEVICE, PARKED_WAITING, &n));
	assert_int_equal(n, 0);
	assert_true(parked_count_open(tx, 7, &n));
	assert_int_equal(n, 2);
	assert_true(parked_count_open(tx, 8, &n));
	assert_int_equal(n, 0);
	assert_true(parked_count_open(tx, -1, &n));
	assert_int_equal(n, 2);
	assert_true(parked_first(tx, PARKED_WAITING, NOW + 100, &id));
	assert_int_equal(id, 2);
	assert_true(parked_first(tx, PARKED_WAITING, NOW + 99, &id));
	assert_int_equal(id, 0);
	assert_true(parked_first(tx, PARKED_APPROVED, INT64_MAX, &id));
	assert_int_equal(id, 0);
	return 1;
}

static void
rows(void **state)
{
	struct temp *t = *state;

	WRITE(t, add, (void *)"alpha");
	WRITE(t, add, (void *)"beta");
	WRITE(t, add, (void *)"gamma");
	RUN(t, kept, NULL);
	RUN(t, lists, NULL);
	/* The content is one request's. */
	assert_false(store_write(t->store, add, (void *)"beta", 0));
	ERR_clear_error();
}

static int
approve(struct store_tx *tx, void *arg)
{
	struct parked_approval a = {.uid = 9, .time = NOW, .note = "signed"};

	strcpy(a.operator, arg);
	return parked_approve(tx, 2, &a);
}

static int
take_name(const struct parked_approval *a, void *arg)
{
	strcat(arg, a->operator);
	strcat(arg, " ");
	assert_string_equal(a->note, "signed");
	assert_int_equal(a->uid, 9);
	return 1;
}

static int
two_of_them(struct store_tx *tx, void *arg)
{
	char names[64] = "";
	struct parked_row r;

	(void)arg;
	assert_true(parked_approvals(tx, 2, take_name, names));
	assert_string_equal(names, "ann bob ");
	assert_int_equal(parked_get(tx, 2, &r), 1);
	assert_int_equal(r.got, 2);
	parked_row_clear(&r);
	return 1;
}

static void
approvals(void **state)
{
	struct temp *t = *state;

	WRITE(t, add, (void *)"delta");
	WRITE(t, add, (void *)"epsilon");
	WRITE(t, approve, (void *)"bob");
	WRITE(t, approve, (void *)"ann");
	assert_false(store_write(t->store, approve, (void *)"bob", 0));
	assert_raised(CA_E_DENIED, "approval.twice: bob");
	RUN(t, two_of_them, NULL);
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(parked_state_name(PARKED_WAITING), "waiting");
	assert_string_equal(parked_state_name(PARKED_INTERRUPTED),
	    "interrupted");
	assert_string_equal(parked_state_name((enum parked_state)0), "?");
	assert_true(parked_is_open(PARKED_RUNNING));
	assert_false(parked_is_open(PARKED_DONE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(rows, temp_make, temp_remove),
	    cmocka_unit_test_setup_teardown(approvals, temp_make, temp_remove),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
