#include "tests/unit/ca/store/temp.h"
#include "ca/store/devices.h"
#include "ca/store/where.h"

/* Ten certificates: device-1 and so on, every second one of model X1; the last
   one of no device that is registered. */

struct found {
	int64_t id[32];
	char value[32][32];
	size_t n, stop;
};

static int
take(const struct where_row *row, void *arg)
{
	struct found *f = arg;

	assert_true(f->n < 32);
	if (row->value[0] != NULL)
		snprintf(f->value[f->n], 32, "%s", row->value[0]);
	assert_string_equal(row->issuer_ident, "devices-g1");
	assert_int_equal(row->serial_len, 20);
	f->id[f->n++] = row->id;
	return f->n != f->stop;
}

static void
fill(struct store_tx *tx, struct temp *t)
{
	struct device_row dev;
	struct cert_row row;
	unsigned int i;

	for (i = 1; i <= 10; i++) {
		temp_row(t, &row, i);
		assert_true(temp_issue(tx, &row));
		assert_int_equal(row.id, i);
		memset(&dev, 0, sizeof(dev));
		strcpy(dev.fleet, "demo");
		strcpy(dev.name, row.device);
		snprintf(
		    dev.serial, sizeof(dev.serial), i == 4 ? "" : "SN-%u", i);
		dev.state = DEVICE_ENABLED;
		if (i == 10)
			continue;
		assert_true(devices_add(tx, &dev));
		assert_true(devices_set_field(
		    tx, dev.id, "model", i % 2 ? "X1" : "X2"));
	}
}

static size_t
find(struct store_tx *tx, const struct where *w, struct found *f)
{
	int64_t next;

	memset(f, 0, sizeof(*f));
	assert_true(where_page(tx, w, NOW, 0, 100, &next, take, f));
	assert_int_equal(next, 100);
	return f->n;
}

static struct where
one(enum where_name name, enum where_op op, const char *text)
{
	struct where w = {.n = 1};

	w.cond[0].name = name;
	w.cond[0].op = op;
	w.cond[0].here = 1;
	snprintf(w.cond[0].text, sizeof(w.cond[0].text), "%s", text);
	return w;
}

static int
decides_texts(struct store_tx *tx, void *arg)
{
	struct where w;
	struct found f;

	fill(tx, arg);
	w = one(WHERE_DEVICE, WHERE_EQ, "device-3");
	assert_int_equal(find(tx, &w, &f), 1);
	assert_int_equal(f.id[0], 3);
	w = one(WHERE_DEVICE, WHERE_NE, "device-3");
	assert_int_equal(find(tx, &w, &f), 9);
	w = one(WHERE_ISSUER, WHERE_EQ, "devices");
	assert_int_equal(find(tx, &w, &f), 10);
	w = one(WHERE_ISSUER, WHERE_EQ, "devices-g1");
	assert_int_equal(find(tx, &w, &f), 10);
	w = one(WHERE_ISSUER, WHERE_NE, "devices");
	assert_int_equal(find(tx, &w, &f), 0);
	w = one(WHERE_FIELD, WHERE_EQ, "X1");
	strcpy(w.cond[0].field, "model");
	assert_int_equal(find(tx, &w, &f), 5);
	assert_int_equal(f.id[4], 9);
	strcpy(w.cond[0].field, "firmware");
	assert_int_equal(find(tx, &w, &f), 0);
	/* A value is a value, whatever it says. */
	w = one(WHERE_PROFILE, WHERE_EQ, "x' OR 1=1 --");
	assert_int_equal(find(tx, &w, &f), 0);
	return 1;
}

/* What it does not decide comes with its value. */
static int
hands_over(struct store_tx *tx, void *arg)
{
	struct where w = one(WHERE_FIELD, WHERE_LIKE, "X*");
	struct found f;

	fill(tx, arg);
	w.cond[0].here = 0;
	strcpy(w.cond[0].field, "model");
	assert_int_equal(find(tx, &w, &f), 10);
	assert_string_equal(f.value[0], "X1");
	assert_string_equal(f.value[1], "X2");
	assert_string_equal(f.value[9], ""); /* it has none */
	w = one(WHERE_DEVICE_SERIAL, WHERE_LT, "2");
	w.cond[0].here = 0;
	assert_int_equal(find(tx, &w, &f), 10);
	assert_string_equal(f.value[0], "SN-1");
	assert_string_equal(f.value[3], ""); /* an empty one is none */
	return 1;
}

static int
decides_numbers(struct store_tx *tx, void *arg)
{
	struct where w = one(WHERE_ISSUED, WHERE_GE, "");
	struct cert_row row;
	struct found f;

	fill(tx, arg);
	w.cond[0].number = NOW;
	assert_int_equal(find(tx, &w, &f), 10);
	w.cond[0].number = NOW + 1;
	assert_int_equal(find(tx, &w, &f), 0);
	w = one(WHERE_SERIAL, WHERE_EQ, "");
	temp_row(arg, &row, 7);
	memcpy(w.cond[0].bytes, row.serial, 20);
	w.cond[0].n_bytes = 20;
	assert_int_equal(find(tx, &w, &f), 1);
	assert_int_equal(f.id[0], 7);
	w = one(WHERE_SPKI, WHERE_EQ, "");
	memcpy(w.cond[0].bytes, row.spki_sha256, 32);
	w.cond[0].n_bytes = 32;
	assert_int_equal(find(tx, &w, &f), 1);
	return 1;
}

/* Live ones, unless the conditions speak of that. */
static int
takes_live_ones(struct store_tx *tx, void *arg)
{
	struct where all = one(WHERE_FLEET, WHERE_EQ, "demo"), w;
	struct cert_row row;
	struct found f;

	fill(tx, arg);
	assert_true(certs_set_state(tx, 1, CERT_REVOKED, 1, NOW));
	assert_true(certs_set_state(tx, 2, CERT_HELD, 6, NOW));
	temp_row(arg, &row, 11);
	row.not_after = NOW - 1;
	assert_true(temp_issue(tx, &row));
	assert_int_equal(find(tx, &all, &f), 9);
	w = one(WHERE_STATE, WHERE_EQ, "revoked");
	w.cond[0].number = CERT_REVOKED;
	assert_int_equal(find(tx, &w, &f), 1);
	w = one(WHERE_EXPIRES, WHERE_LT, "");
	w.cond[0].number = NOW;
	assert_int_equal(find(tx, &w, &f), 1);
	assert_int_equal(f.id[0], row.id);
	return 1;
}

static int
pages(struct store_tx *tx, void *arg)
{
	struct where w = one(WHERE_FLEET, WHERE_EQ, "demo");
	struct found f = {.n = 0};
	int64_t next, last;

	assert_true(where_last(tx, &last));
	assert_int_equal(last, 0);
	fill(tx, arg);
	assert_true(where_last(tx, &last));
	assert_int_equal(last, 10);
	assert_true(where_page(tx, &w, NOW, 3, 7, &next, take, &f));
	assert_int_equal(f.n, 4);
	assert_int_equal(f.id[0], 4);
	assert_int_equal(next, 7);
	/* A page ends, however far there is to go. */
	assert_true(where_page(tx, &w, NOW, 20, INT64_MAX, &next, take, &f));
	assert_true(next > 20 && next < 10000000);
	f.stop = f.n + 1;
	assert_true(where_page(tx, &w, NOW, 0, 10, &next, take, &f));
	assert_int_equal(f.n, 5);
	assert_int_equal(where_field_known(tx, "model"), 1);
	assert_int_equal(where_field_known(tx, "modell"), 0);
	return 1;
}

/* More rows than a page has: none is lost, none comes twice. */
static int
count(const struct where_row *row, void *arg)
{
	(void)row;
	++*(int *)arg;
	return 1;
}

static int
fills_a_page(struct store_tx *tx, void *arg)
{
	struct where w = one(WHERE_FLEET, WHERE_EQ, "demo");
	struct cert_row row;
	int64_t next = 0;
	unsigned int i;
	int n = 0;

	for (i = 1; i <= 1500; i++) {
		temp_row(arg, &row, i);
		assert_true(temp_issue(tx, &row));
	}
	assert_true(where_page(tx, &w, NOW, 0, 1500, &next, count, &n));
	assert_int_equal(n, 1000);
	assert_int_equal(next, 1000);
	assert_true(where_page(tx, &w, NOW, next, 1500, &next, count, &n));
	assert_int_equal(n, 1500);
	assert_int_equal(next, 1500);
	return 1;
}

#define IN_STORE(fn)                                                           \
	static void fn##_in_store(void **state)                                \
	{                                                                      \
		struct temp *t = *state;                                       \
		RUN(t, fn, t);                                                 \
	}

IN_STORE(decides_texts)
IN_STORE(hands_over)
IN_STORE(decides_numbers)
IN_STORE(takes_live_ones)
IN_STORE(pages)
IN_STORE(fills_a_page)

#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f##_in_store, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(decides_texts),
	    T(hands_over),
	    T(decides_numbers),
	    T(takes_live_ones),
	    T(pages),
	    T(fills_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
