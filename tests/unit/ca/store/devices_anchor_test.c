#include "tests/unit/ca/store/temp.h"
#include "ca/store/devices.h"

/* Which root each device has used. */

static int64_t root[3]; /* root-g1, root-g2, other-g1 */

static int
make_roots(struct store_tx *tx, void *arg)
{
	static const char *const names[] = {"root", "root", "other"};
	struct issuer_row row;
	int i;

	(void)arg;
	for (i = 0; i < 3; i++) {
		memset(&row, 0, sizeof(row));
		snprintf(row.name, sizeof(row.name), "%s", names[i]);
		row.generation = i == 1 ? 2 : 1;
		snprintf(row.ident, sizeof(row.ident), "%.60s-g%d", names[i],
		    row.generation);
		row.state = ISSUER_ROOT;
		row.not_after = NOW + 1000;
		row.cert = (unsigned char *)"certificate";
		row.cert_len = 11;
		if (!issuers_add(tx, &row))
			return 0;
		root[i] = row.id;
	}
	return 1;
}

static int64_t
device(struct store_tx *tx, const char *fleet, const char *name,
    enum device_state state)
{
	struct device_row row;

	memset(&row, 0, sizeof(row));
	snprintf(row.fleet, sizeof(row.fleet), "%s", fleet);
	snprintf(row.name, sizeof(row.name), "%s", name);
	row.state = state;
	row.created = NOW;
	assert_true(devices_add(tx, &row));
	return row.id;
}

static void
is(struct store_tx *tx, int64_t id, int64_t anchor, int64_t at)
{
	struct device_row row;

	assert_int_equal(devices_get_by_id(tx, id, &row), 1);
	assert_int_equal(row.anchor, anchor);
	assert_int_equal(row.anchor_at, at);
}

static int
goes_forward_only(struct store_tx *tx, void *arg)
{
	int64_t id;

	(void)arg;
	assert_true(make_roots(tx, NULL));
	id = device(tx, "f", "a", DEVICE_ENABLED);
	is(tx, id, 0, 0);
	assert_int_equal(devices_use_anchor(tx, id, root[0], NOW), 1);
	is(tx, id, root[0], NOW);
	/* Again: the time stays that of the first. */
	assert_int_equal(devices_use_anchor(tx, id, root[0], NOW + 5), 0);
	is(tx, id, root[0], NOW);
	assert_int_equal(devices_use_anchor(tx, id, root[1], NOW + 10), 1);
	is(tx, id, root[1], NOW + 10);
	assert_int_equal(devices_use_anchor(tx, id, root[0], NOW + 20), 0);
	is(tx, id, root[1], NOW + 10);
	/* A root of another name, set up later. */
	assert_int_equal(devices_use_anchor(tx, id, root[2], NOW + 30), 1);
	assert_int_equal(devices_use_anchor(tx, id, root[1], NOW + 40), 0);
	is(tx, id, root[2], NOW + 30);
	/* No such root, no such device. */
	assert_int_equal(devices_use_anchor(tx, id, 999, NOW + 50), 0);
	assert_int_equal(devices_use_anchor(tx, 999, root[1], NOW), 0);
	return 1;
}

struct seen {
	char text[512];
};

static int
see_count(const struct device_anchors *row, void *arg)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof(s->text) - n, "%s:%lld:%lld:%lld ",
	    row->fleet, (long long)row->anchor, (long long)row->devices,
	    row->last == 0 ? 0LL : (long long)(row->last - NOW));
	return 1;
}

static int
see_name(const struct device_row *row, void *arg)
{
	struct seen *s = arg;

	assert_int_equal(row->state, DEVICE_ENABLED);
	strcat(s->text, row->name);
	strcat(s->text, " ");
	return 1;
}

static void
fill(struct store_tx *tx)
{
	assert_true(make_roots(tx, NULL));
	assert_int_equal(devices_use_anchor(tx,
			     device(tx, "f", "a", DEVICE_ENABLED), root[0], NOW),
	    1);
	assert_int_equal(
	    devices_use_anchor(tx, device(tx, "f", "b", DEVICE_ENABLED),
		root[1], NOW + 1),
	    1);
	assert_int_equal(
	    devices_use_anchor(tx, device(tx, "f", "c", DEVICE_ENABLED),
		root[1], NOW + 2),
	    1);
	device(tx, "f", "d", DEVICE_ENABLED);
	device(tx, "e", "x", DEVICE_ENABLED);
	/* Of no account: what does not speak with us. */
	device(tx, "f", "off", DEVICE_DISABLED);
	assert_int_equal(
	    devices_use_anchor(tx, device(tx, "f", "parked", DEVICE_PARKED),
		root[1], NOW + 9),
	    1);
}

static int
counts(struct store_tx *tx, void *arg)
{
	struct seen all = {""}, one = {""}, none = {""};
	char want[128];

	(void)arg;
	fill(tx);
	assert_true(devices_anchor_counts(tx, NULL, see_count, &all));
	snprintf(want, sizeof(want), "e:0:1:0 f:0:1:0 f:%lld:1:0 f:%lld:2:2 ",
	    (long long)root[0], (long long)root[1]);
	assert_string_equal(all.text, want);
	assert_true(devices_anchor_counts(tx, "e", see_count, &one));
	assert_string_equal(one.text, "e:0:1:0 ");
	assert_true(devices_anchor_counts(tx, "nobody", see_count, &none));
	assert_string_equal(none.text, "");
	return 1;
}

static void
listed(struct store_tx *tx, const struct device_anchor_filter *f,
    const char *want)
{
	struct seen s = {""};

	assert_true(devices_anchor_list(tx, f, see_name, &s));
	assert_string_equal(s.text, want);
}

static int
lists(struct store_tx *tx, void *arg)
{
	struct device_anchor_filter f = {.n_anchors = 1};
	int64_t many[400] = {0};

	(void)arg;
	fill(tx);
	f.anchors = &root[1];
	listed(tx, &f, "b c ");
	f.others = 1;
	listed(tx, &f, "a d x ");
	f.fleet = "f";
	listed(tx, &f, "a d ");
	f.limit = 1;
	listed(tx, &f, "a ");
	f.after_id = 1; /* the first of all */
	listed(tx, &f, "d ");
	f = (struct device_anchor_filter){.anchors = root, .n_anchors = 2};
	listed(tx, &f, "a b c ");
	f.anchors = many;
	f.n_anchors = 400;
	listed(tx, &f, "d x ");
	memset(many, 0x7f, sizeof(many)); /* 19 digits each: too long a text */
	assert_false(devices_anchor_list(tx, &f, see_name, NULL));
	assert_raised(CA_E_INTERNAL, "devices: too many");
	return 1;
}

#define IN_STORE(fn)                                                           \
	static void fn##_in_store(void **state)                                \
	{                                                                      \
		struct temp *t = *state;                                       \
		RUN(t, fn, t);                                                 \
	}

IN_STORE(goes_forward_only)
IN_STORE(counts)
IN_STORE(lists)

#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f##_in_store, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(goes_forward_only),
	    T(counts),
	    T(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
