#include "ca/engine/parking_step.h"
#include "tests/unit/ca/engine/admit_make.h"

/* What entries and events about requests are called, and what they hold. */

static void
names(void **state)
{
	struct parked_row row;

	(void)state;
	memset(&row, 0, sizeof(row));
	strcpy(row.kind, PARKED_BY_OPERATOR);
	assert_string_equal(parking_name(&row, "parked"), "request.parked");
	assert_string_equal(parking_name(&row, "void"), "request.void");
	strcpy(row.kind, PARKED_BY_DEVICE);
	assert_string_equal(parking_name(&row, "parked"), "enrol.parked");
	assert_string_equal(parking_name(&row, "issued"), "enrol.issued");
}

struct writing {
	struct parked_row row;
	int64_t at;
};

static int
log_tx(struct store_tx *tx, void *arg)
{
	struct writing *l = arg;

	return entries_count(tx, &l->at) && parking_log(tx, "parked", &l->row,
	    "somebody", "a text", NOW);
}

static int
see(const struct entry_row *row, void *arg)
{
	WIRE_FIELDS *l = field_list_decode(row->detail, row->detail_len);
	const char *want = arg;

	assert_non_null(l);
	assert_string_equal(row->kind, want[0] == '-' ? "request.parked"
	    : "enrol.parked");
	assert_int_equal(field_int(l, "request", 0), 17);
	assert_string_equal(field_text(l, "device", "-"), want);
	assert_string_equal(field_text(l, "who", ""), "somebody");
	assert_string_equal(field_text(l, "text", ""), "a text");
	field_list_free(l);
	return 1;
}

struct reading {
	int64_t at;
	const char *want;
};

static int
read_tx(struct store_tx *tx, void *arg)
{
	struct reading *r = arg;

	return entries_list(tx, r->at, 1, see, (void *)(uintptr_t)r->want);
}

static void
written(struct world *w, const char *kind, const char *device)
{
	struct writing l;
	struct reading r;

	memset(&l, 0, sizeof(l));
	l.row.id = 17;
	strcpy(l.row.kind, kind);
	strcpy(l.row.op, "issue");
	strcpy(l.row.asker, "x");
	strcpy(l.row.fleet, "f");
	strcpy(l.row.device, device);
	assert_int_equal(store_write(w->store, log_tx, &l, 0), 1);
	r.at = l.at;
	r.want = device;
	assert_int_equal(store_read(w->store, read_tx, &r), 1);
}

static void
entries(void **state)
{
	struct world *w = *state;

	written(w, PARKED_BY_OPERATOR, "-");
	written(w, PARKED_BY_DEVICE, "d-1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names), world_test(entries)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
