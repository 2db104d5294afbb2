#include "tests/unit/ca/store/temp.h"
#include "ca/store/campaigns.h"

static void
make_row(struct campaign_row *row)
{
	memset(row, 0, sizeof(*row));
	strcpy(row->author, "admin:uid:0");
	strcpy(row->query, "model=X1");
	strcpy(row->note, "INC-7");
	row->reason = 1;
	row->invalidity = NOW - 9;
	row->state = CAMPAIGN_CHOOSING;
	row->created = NOW;
	row->stage = 500;
	row->pause = 3;
	row->upto = 42;
}

static int
adds(struct store_tx *tx, void *arg)
{
	struct campaign_row row, out;

	(void)arg;
	make_row(&row);
	assert_int_equal(campaigns_open(tx, CAMPAIGN_CHOOSING, 0, &out), 0);
	assert_true(campaigns_add(tx, &row));
	assert_int_equal(campaigns_get(tx, row.id, &out), 1);
	assert_memory_equal(&row, &out, sizeof(row));
	assert_int_equal(campaigns_get(tx, row.id + 1, &out), 0);
	row.state = (enum campaign_state)5;
	assert_false(campaigns_add(tx, &row));
	assert_raised(CA_E_STORE, "store: ");
	return 1;
}

/* The oldest one that is not over; what changes, and what does not. */
static int
updates(struct store_tx *tx, void *arg)
{
	struct campaign_row a, b, out;

	(void)arg;
	make_row(&a);
	make_row(&b);
	assert_true(campaigns_add(tx, &a) && campaigns_add(tx, &b));
	assert_int_equal(campaigns_open(tx, CAMPAIGN_CHOOSING, 0, &out), 1);
	assert_int_equal(out.id, a.id);
	assert_int_equal(campaigns_open(tx, CAMPAIGN_RUNNING, 0, &out), 0);
	assert_int_equal(
	    campaigns_open(tx, CAMPAIGN_CHOOSING, a.id, &out), 1);
	assert_int_equal(out.id, b.id);
	assert_int_equal(
	    campaigns_open(tx, CAMPAIGN_CHOOSING, b.id, &out), 0);
	a.state = CAMPAIGN_STOPPED;
	a.ended = NOW + 1;
	a.total = 7;
	a.done = 3;
	a.skipped = 1;
	a.upto = 0;
	a.position = 5;
	assert_true(campaigns_update(tx, &a));
	assert_int_equal(campaigns_get(tx, a.id, &out), 1);
	assert_memory_equal(&a, &out, sizeof(a));
	assert_int_equal(campaigns_open(tx, CAMPAIGN_CHOOSING, 0, &out), 1);
	assert_int_equal(out.id, b.id);
	b.state = CAMPAIGN_DONE;
	assert_true(campaigns_update(tx, &b));
	assert_int_equal(campaigns_open(tx, CAMPAIGN_CHOOSING, 0, &out), 0);
	a.id = 99;
	assert_false(campaigns_update(tx, &a));
	assert_raised(CA_E_NOTFOUND, "store: campaign 99");
	return 1;
}

static int
note(const struct campaign_row *row, void *arg)
{
	int64_t **p = arg;

	*(*p)++ = row->id;
	return 1;
}

static int
lists(struct store_tx *tx, void *arg)
{
	int64_t seen[8] = {0}, *p = seen;
	struct campaign_row row;
	int i;

	(void)arg;
	make_row(&row);
	for (i = 0; i < 4; i++)
		assert_true(campaigns_add(tx, &row));
	assert_true(campaigns_list(tx, 0, 3, note, &p));
	assert_int_equal(p - seen, 3);
	assert_int_equal(seen[0], row.id);
	assert_true(campaigns_list(tx, seen[2], 3, note, &p));
	assert_int_equal(p - seen, 4);
	assert_int_equal(seen[3], row.id - 3);
	return 1;
}

static int
take(int64_t cert, void *arg)
{
	int64_t **p = arg;

	*(*p)++ = cert;
	return 1;
}

static int
chooses(struct store_tx *tx, void *arg)
{
	int64_t seen[8] = {0}, *p = seen;
	struct campaign_row row;
	struct cert_row cert;
	unsigned int i;

	make_row(&row);
	assert_true(campaigns_add(tx, &row));
	for (i = 1; i < 5; i++) {
		temp_row(arg, &cert, i);
		assert_true(temp_issue(tx, &cert));
		assert_true(campaigns_choose(tx, row.id, cert.id));
	}
	assert_true(campaigns_choose(tx, row.id, cert.id)); /* once */
	assert_true(campaigns_chosen(tx, row.id, 0, 3, take, &p));
	assert_int_equal(p - seen, 3);
	assert_true(campaigns_chosen(tx, row.id, seen[2], 3, take, &p));
	assert_int_equal(p - seen, 4);
	assert_int_equal(seen[3], cert.id);
	assert_true(campaigns_chosen(tx, row.id + 1, 0, 3, take, &p));
	assert_int_equal(p - seen, 4);
	/* What is chosen is there. */
	assert_false(campaigns_choose(tx, row.id, 9999));
	assert_raised(CA_E_STORE, "store: ");
	return 1;
}

static void
names_states(void **state)
{
	(void)state;
	assert_string_equal(
	    campaigns_state_name(CAMPAIGN_CHOOSING), "choosing");
	assert_string_equal(campaigns_state_name(CAMPAIGN_STOPPED), "stopped");
	assert_string_equal(
	    campaigns_state_name((enum campaign_state)9), "unknown");
}

#define IN_STORE(fn)                                                           \
	static void fn##_in_store(void **state)                                \
	{                                                                      \
		struct temp *t = *state;                                       \
		RUN(t, fn, t);                                                 \
	}

IN_STORE(adds)
IN_STORE(updates)
IN_STORE(lists)
IN_STORE(chooses)

#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f##_in_store, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(adds),
	    T(updates),
	    T(lists),
	    T(chooses),
	    cmocka_unit_test(names_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
