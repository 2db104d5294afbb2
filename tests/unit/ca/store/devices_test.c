#include "tests/unit/ca/store/temp.h"
#include "ca/store/devices.h"

static void
make_row(struct device_row *row, const char *fleet, const char *name, int key)
{
	memset(row, 0, sizeof(*row));
	snprintf(row->fleet, sizeof(row->fleet), "%s", fleet);
	snprintf(row->name, sizeof(row->name), "%s", name);
	snprintf(row->serial, sizeof(row->serial), "SN-%s", name);
	snprintf(row->origin, sizeof(row->origin), "operator:0");
	row->state = DEVICE_ENABLED;
	row->created = NOW;
	row->has_key = key != 0;
	if (key != 0)
		memset(row->key_sha256, key, sizeof(row->key_sha256));
}

static int
adds(struct store_tx *tx, void *arg)
{
	struct device_row row, out;

	(void)arg;
	make_row(&row, "demo", "a", 7);
	assert_int_equal(devices_get(tx, "demo", "a", &out), 0);
	assert_true(devices_add(tx, &row));
	assert_true(row.id > 0);
	assert_int_equal(devices_get(tx, "demo", "a", &out), 1);
	assert_memory_equal(&row, &out, sizeof(row));
	assert_int_equal(devices_get_by_id(tx, row.id, &out), 1);
	assert_memory_equal(&row, &out, sizeof(row));
	assert_int_equal(devices_get_by_id(tx, 99, &out), 0);
	assert_int_equal(devices_get(tx, "other", "a", &out), 0);
	make_row(&row, "demo", "b", 0); /* keys may be absent, many times */
	assert_true(devices_add(tx, &row));
	make_row(&row, "demo", "c", 0);
	assert_true(devices_add(tx, &row));
	return 1;
}

static int
refuses_duplicates(struct store_tx *tx, void *arg)
{
	struct device_row row;

	(void)arg;
	make_row(&row, "demo", "a", 7);
	assert_true(devices_add(tx, &row));
	assert_false(devices_add(tx, &row));
	assert_raised(CA_E_DENIED, "device.duplicate: ");
	make_row(&row, "other", "b", 7);
	assert_false(devices_add(tx, &row));
	assert_raised(CA_E_DENIED, "key.duplicate: ");
	make_row(&row, "other", "a", 8);
	assert_true(devices_add(tx, &row));
	return 1;
}

static int
finds_by_name(struct store_tx *tx, void *arg)
{
	struct device_row row, out = {.id = -1};

	(void)arg;
	assert_int_equal(devices_get_by_name(tx, "a", &out), 0);
	make_row(&row, "demo", "a", 0);
	assert_true(devices_add(tx, &row));
	assert_int_equal(devices_get_by_name(tx, "a", &out), 1);
	assert_string_equal(out.fleet, "demo");
	make_row(&row, "other", "a", 0);
	assert_true(devices_add(tx, &row));
	assert_int_equal(devices_get_by_name(tx, "a", &out), -1);
	assert_raised(CA_E_BADREQUEST, "fleet: ");
	return 1;
}

static int
sets_state(struct store_tx *tx, void *arg)
{
	struct device_row row, out;

	(void)arg;
	make_row(&row, "demo", "a", 0);
	assert_true(devices_add(tx, &row));
	assert_true(devices_set_state(tx, row.id, DEVICE_PARKED, "clone?"));
	assert_int_equal(devices_get_by_id(tx, row.id, &out), 1);
	assert_int_equal(out.state, DEVICE_PARKED);
	assert_string_equal(out.note, "clone?");
	assert_true(devices_set_state(tx, row.id, DEVICE_ENABLED, NULL));
	assert_int_equal(devices_get_by_id(tx, row.id, &out), 1);
	assert_string_equal(out.note, "");
	assert_false(devices_set_state(tx, 99, DEVICE_ENABLED, ""));
	assert_raised(CA_E_NOTFOUND, "store: device 99");
	assert_false(devices_set_state(tx, row.id, (enum device_state)9, ""));
	assert_raised(CA_E_STORE, "store: ");
	return 1;
}

struct fields {
	char text[256];
	int n, stop;
};

static int
note_field(const char *name, const char *value, void *arg)
{
	struct fields *f = arg;
	size_t used = strlen(f->text);

	snprintf(f->text + used, sizeof(f->text) - used, "%s=%s;", name, value);
	return ++f->n != f->stop;
}

static int
keeps_fields(struct store_tx *tx, void *arg)
{
	struct fields f = {0}, first = {.stop = 1}, none = {0};
	struct device_row row;
	char name[16];
	int i;

	(void)arg;
	make_row(&row, "demo", "a", 0);
	assert_true(devices_add(tx, &row));
	assert_true(devices_set_field(tx, row.id, "site", "Graz"));
	assert_true(devices_set_field(tx, row.id, "model", "X"));
	assert_true(devices_set_field(tx, row.id, "site", "Wien"));
	assert_true(devices_set_field(tx, row.id, "gone", "1"));
	assert_true(devices_set_field(tx, row.id, "gone", NULL));
	assert_true(devices_fields(tx, row.id, note_field, &f));
	assert_string_equal(f.text, "model=X;site=Wien;");
	assert_true(devices_fields(tx, row.id, note_field, &first));
	assert_string_equal(first.text, "model=X;");
	assert_true(devices_fields(tx, 99, note_field, &none));
	assert_int_equal(none.n, 0);
	for (i = 2; i < DEVICE_FIELDS_MAX; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		assert_true(devices_set_field(tx, row.id, name, ""));
	}
	assert_false(devices_set_field(tx, row.id, "more", ""));
	assert_raised(CA_E_BADREQUEST, "device.fields: ");
	assert_true(devices_set_field(tx, row.id, "site", "Linz"));
	assert_false(devices_set_field(tx, 99, "site", ""));
	assert_raised(CA_E_STORE, "store: ");
	return 1;
}

struct listed {
	int64_t last;
	size_t n;
};

static int
note_device(const struct device_row *row, void *arg)
{
	struct listed *l = arg;

	assert_true(row->id > l->last);
	l->last = row->id;
	l->n++;
	return 1;
}

static size_t
count(struct store_tx *tx, struct device_filter f)
{
	struct listed l = {.last = f.after_id};

	assert_true(devices_list(tx, &f, note_device, &l));
	return l.n;
}

static int
lists(struct store_tx *tx, void *arg)
{
	struct device_row row;
	int64_t n = -1;
	char name[32];
	int i;

	(void)arg;
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), i == 3 ? "100%%" : "dev-%d", i);
		make_row(&row, i % 2 ? "odd" : "even", name, 0);
		row.state = i < 2 ? DEVICE_PARKED : DEVICE_ENABLED;
		assert_true(devices_add(tx, &row));
	}
	assert_int_equal(count(tx, (struct device_filter){0}), 10);
	assert_int_equal(count(tx, (struct device_filter){.fleet = "odd"}), 5);
	assert_int_equal(count(tx, (struct device_filter){.name = "dev"}), 9);
	assert_int_equal(count(tx, (struct device_filter){.name = "%"}), 1);
	assert_int_equal(count(tx, (struct device_filter){.limit = 3}), 3);
	assert_int_equal(
	    count(tx,
		(struct device_filter){.fleet = "odd", .state = DEVICE_PARKED}),
	    1);
	assert_int_equal(
	    count(tx, (struct device_filter){.after_id = row.id - 1}), 1);
	assert_true(devices_count(tx, "odd", &n));
	assert_int_equal(n, 5);
	assert_true(devices_count(tx, "none", &n));
	assert_int_equal(n, 0);
	return 1;
}

static void
names_states(void **state)
{
	int i;

	(void)state;
	for (i = DEVICE_ENABLED; i <= DEVICE_DISABLED; i++)
		assert_int_equal(
		    devices_state_of(devices_state_name((enum device_state)i)),
		    i);
	assert_int_equal(devices_state_of("on"), 0);
	assert_string_equal(
	    devices_state_name((enum device_state)0), "unknown");
}

#define IN_STORE(fn)                                                           \
	static void fn##_in_store(void **state)                                \
	{                                                                      \
		struct temp *t = *state;                                       \
		RUN(t, fn, t);                                                 \
	}

static int
retires(struct store_tx *tx, void *arg)
{
	struct device_row row, next, out;

	(void)arg;
	make_row(&row, "demo", "a", 7);
	assert_true(devices_add(tx, &row));
	make_row(&next, "other", "a", 0);
	assert_true(devices_add(tx, &next));
	assert_int_equal(devices_leads_to(tx, "demo", "a", "other"), 0);
	assert_true(devices_set_retired(tx, row.id, NOW + 3, next.id, 0));
	assert_int_equal(devices_get_by_id(tx, row.id, &out), 1);
	assert_int_equal(out.retired_at, NOW + 3);
	assert_int_equal(out.successor, next.id);
	assert_true(out.has_key);
	assert_int_equal(devices_leads_to(tx, "demo", "a", "other"), 1);
	assert_int_equal(devices_leads_to(tx, "other", "a", "demo"), 0);
	assert_int_equal(devices_leads_to(tx, "none", "a", "other"), 0);
	/* The key is one device's, until it is let go. */
	next.has_key = 1;
	memset(next.key_sha256, 7, 32);
	assert_false(devices_set_identity(tx, &next));
	assert_raised(CA_E_DENIED, "key.duplicate: ");
	assert_true(devices_set_retired(tx, row.id, NOW + 3, next.id, 1));
	strcpy(next.serial, "SN-new");
	assert_true(devices_set_identity(tx, &next));
	assert_true(devices_set_identity(tx, &next));
	assert_int_equal(devices_get_by_id(tx, next.id, &out), 1);
	assert_string_equal(out.serial, "SN-new");
	assert_int_equal(out.key_sha256[31], 7);
	/* A ring leads nowhere that it does not hold. */
	assert_true(devices_set_retired(tx, next.id, NOW, row.id, 0));
	assert_int_equal(devices_leads_to(tx, "demo", "a", "third"), 0);
	assert_int_equal(next.late_renewal, 0);
	assert_true(devices_set_late_renewal(tx, next.id, 1));
	assert_int_equal(devices_get_by_id(tx, next.id, &out), 1);
	assert_int_equal(out.late_renewal, 1);
	assert_true(devices_set_late_renewal(tx, next.id, 0));
	assert_int_equal(devices_get_by_id(tx, next.id, &out), 1);
	assert_int_equal(out.late_renewal, 0);
	assert_false(devices_set_late_renewal(tx, 99, 1));
	ERR_clear_error();
	assert_false(devices_set_retired(tx, 99, NOW, 0, 0));
	assert_raised(CA_E_NOTFOUND, "store: device 99");
	next.id = 99;
	next.has_key = 0;
	assert_false(devices_set_identity(tx, &next));
	assert_raised(CA_E_NOTFOUND, "store: device 99");
	return 1;
}

/* One that was replaced goes on under another name: that is another device. */
static int
replaced_leads_nowhere(struct store_tx *tx, void *arg)
{
	struct device_row row, next;

	(void)arg;
	make_row(&row, "demo", "a", 0);
	make_row(&next, "other", "b", 0);
	assert_true(devices_add(tx, &row) && devices_add(tx, &next));
	assert_true(devices_set_retired(tx, row.id, NOW, next.id, 0));
	assert_int_equal(devices_leads_to(tx, "demo", "a", "other"), 0);
	return 1;
}

IN_STORE(adds)
IN_STORE(retires)
IN_STORE(replaced_leads_nowhere)
IN_STORE(refuses_duplicates)
IN_STORE(finds_by_name)
IN_STORE(sets_state)
IN_STORE(keeps_fields)
IN_STORE(lists)

#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f##_in_store, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(adds),
	    T(retires),
	    T(replaced_leads_nowhere),
	    T(refuses_duplicates),
	    T(finds_by_name),
	    T(sets_state),
	    T(keeps_fields),
	    T(lists),
	    cmocka_unit_test(names_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
