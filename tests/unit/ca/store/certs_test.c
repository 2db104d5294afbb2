#include "tests/unit/ca/store/temp.h"

struct job {
	struct temp *t;
	struct cert_row row;
	enum cert_state to;
	int reason;
	size_t n;
};

static int
reserve(struct store_tx *tx, void *arg)
{
	return certs_reserve(tx, &((struct job *)arg)->row);
}

static int
issue(struct store_tx *tx, void *arg)
{
	return temp_issue(tx, &((struct job *)arg)->row);
}

static int
record(struct store_tx *tx, void *arg)
{
	return certs_record(tx, ((struct job *)arg)->row.id,
	    (const unsigned char *)"der", 3, NOW + 5);
}

static int
move(struct store_tx *tx, void *arg)
{
	struct job *j = arg;

	return certs_set_state(tx, j->row.id, j->to, j->reason, NOW + 7);
}

static int
get(struct store_tx *tx, void *arg)
{
	struct job *j = arg;

	return certs_by_id(tx, j->row.id, &j->row);
}

static int
add_revoked(struct store_tx *tx, void *arg)
{
	return certs_add_revoked(tx, &((struct job *)arg)->row);
}

static int
last_change(struct store_tx *tx, void *arg)
{
	return certs_last_change(tx, arg);
}

static void
reserves_and_records(void **state)
{
	struct job j = {.t = *state};
	struct cert_row want;
	int64_t change = -1;

	temp_row(j.t, &j.row, 1);
	snprintf(j.row.deviations, sizeof(j.row.deviations), "no SAN");
	snprintf(j.row.auth, sizeof(j.row.auth), "secret:demo");
	want = j.row;
	WRITE(j.t, reserve, &j);
	assert_true(j.row.id > 0);
	want.id = j.row.id;
	want.state = CERT_RESERVED;
	want.reason = CERT_REASON_NONE;
	snprintf(want.issuer_ident, sizeof(want.issuer_ident), "devices-g1");
	READ(j.t, get, &j);
	assert_memory_equal(&j.row, &want, sizeof(want));
	READ(j.t, last_change, &change);
	assert_int_equal(change, 0);

	WRITE(j.t, record, &j);
	READ(j.t, get, &j);
	assert_int_equal(j.row.state, CERT_VALID);
	assert_int_equal(j.row.recorded_at, NOW + 5);
	assert_int_equal(j.row.change, 1);
	READ(j.t, last_change, &change);
	assert_int_equal(change, 1);
}

static void
refuses_a_serial_twice(void **state)
{
	struct job j = {.t = *state}, k = {.t = *state};

	temp_row(j.t, &j.row, 1);
	temp_row(j.t, &k.row, 1);
	WRITE(j.t, reserve, &j);
	assert_false(store_write(j.t->store, reserve, &k, 0));
	assert_raised(CA_E_STORE, "serial.duplicate:");
	assert_false(store_write(j.t->store, add_revoked, &k, 0));
	assert_raised(CA_E_STORE, "serial.duplicate:");
	k.row.serial[0]++;
	WRITE(j.t, reserve, &k);
}

static void
refuses_a_bad_serial_and_issuer(void **state)
{
	struct job j = {.t = *state};

	temp_row(j.t, &j.row, 1);
	j.row.serial_len = 0;
	assert_false(store_write(j.t->store, reserve, &j, 0));
	assert_raised(CA_E_INTERNAL, "store: serial of 0 octets");
	temp_row(j.t, &j.row, 1);
	j.row.issuer = 4711;
	assert_false(store_write(j.t->store, reserve, &j, 0));
	assert_raised(CA_E_STORE, "store: ");
}

static void
refuses_to_record_twice(void **state)
{
	struct job j = {.t = *state};

	temp_row(j.t, &j.row, 1);
	WRITE(j.t, reserve, &j);
	WRITE(j.t, record, &j);
	assert_false(store_write(j.t->store, record, &j, 0));
	assert_raised(CA_E_DENIED, "state: a certificate that is valid");
	j.row.id = 99;
	assert_false(store_write(j.t->store, record, &j, 0));
	assert_raised(CA_E_NOTFOUND, "store: certificate 99");
}

/* Every pair of states: what is not in the table is refused. */
static void
moves_as_the_table_says(void **state)
{
	static const char allowed[6][6] = {
	    /* to:	      -  res val hld rev abt */
	    [CERT_RESERVED] = {0, 0, 0, 0, 0, 1},
	    [CERT_VALID] = {0, 0, 0, 1, 1, 0},
	    [CERT_HELD] = {0, 0, 1, 0, 1, 0},
	    [CERT_REVOKED] = {0, 0, 0, 0, 1, 0},
	    [CERT_ABORTED] = {0, 0, 0, 0, 1, 0},
	};
	struct job j = {.t = *state};
	int from, to, n = 0;

	for (from = CERT_RESERVED; from <= CERT_ABORTED; from++)
		for (to = CERT_RESERVED; to <= CERT_ABORTED; to++) {
			temp_row(j.t, &j.row, ++n);
			WRITE(j.t,
			    from == CERT_RESERVED || from == CERT_ABORTED
				? reserve
				: issue,
			    &j);
			j.to = (enum cert_state)from;
			j.reason = 4;
			if (from >= CERT_HELD)
				WRITE(j.t, move, &j);
			j.to = (enum cert_state)to;
			assert_int_equal(store_write(j.t->store, move, &j, 0),
			    allowed[from][to]);
			if (!allowed[from][to])
				assert_raised(CA_E_DENIED, "state: ");
			READ(j.t, get, &j);
			assert_int_equal(
			    j.row.state, allowed[from][to] ? to : from);
		}
}

static void
keeps_reason_and_time(void **state)
{
	struct job j = {.t = *state, .to = CERT_HELD, .reason = 6};

	temp_row(j.t, &j.row, 1);
	WRITE(j.t, issue, &j);
	WRITE(j.t, move, &j);
	READ(j.t, get, &j);
	assert_int_equal(j.row.reason, 6);
	assert_int_equal(j.row.revoked_at, NOW + 7);
	assert_int_equal(j.row.change, 2);
	j.to = CERT_VALID;
	WRITE(j.t, move, &j);
	READ(j.t, get, &j);
	assert_int_equal(j.row.reason, CERT_REASON_NONE);
	assert_int_equal(j.row.revoked_at, 0);
	assert_int_equal(j.row.change, 3);
}

static void
allows_one_successor(void **state)
{
	struct job old = {.t = *state}, a = {.t = *state}, b = {.t = *state};

	temp_row(old.t, &old.row, 1);
	WRITE(old.t, issue, &old);
	temp_row(old.t, &a.row, 2);
	a.row.predecessor = old.row.id;
	WRITE(old.t, reserve, &a);
	READ(old.t, get, &old);
	assert_int_equal(old.row.successor, a.row.id);

	temp_row(old.t, &b.row, 3); /* another key */
	b.row.predecessor = old.row.id;
	assert_false(store_write(old.t->store, reserve, &b, 0));
	assert_raised(CA_E_DENIED, "renew.successor:");
	memcpy(b.row.spki_sha256, a.row.spki_sha256, 32);
	WRITE(old.t, reserve, &b);
	READ(old.t, get, &old);
	assert_int_equal(old.row.successor, b.row.id);
}

static void
forgets_an_aborted_successor(void **state)
{
	struct job old = {.t = *state}, a = {.t = *state}, b = {.t = *state};

	temp_row(old.t, &old.row, 1);
	WRITE(old.t, issue, &old);
	temp_row(old.t, &a.row, 2);
	a.row.predecessor = old.row.id;
	WRITE(old.t, reserve, &a);
	a.to = CERT_ABORTED;
	WRITE(old.t, move, &a);
	temp_row(old.t, &b.row, 3);
	b.row.predecessor = old.row.id;
	WRITE(old.t, reserve, &b);
	b.row.serial[0]++;
	b.row.predecessor = 4711;
	assert_false(store_write(old.t->store, reserve, &b, 0));
	assert_raised(CA_E_STORE, "store: predecessor 4711");
}

static int
refuse_row(struct store_tx *tx, const struct cert_row *row, void *arg)
{
	(void)tx, (void)row, (void)arg;
	ca_raise(CA_E_INTERNAL, "no");
	return 0;
}

static int
abort_refused(struct store_tx *tx, void *arg)
{
	struct job *j = arg;

	return certs_abort_open(tx, NOW, refuse_row, NULL, &j->n);
}

static void
keeps_open_what_cannot_be_told(void **state)
{
	struct job j = {.t = *state}, k = {.t = *state};

	temp_row(j.t, &k.row, 9);
	WRITE(j.t, issue, &k);
	temp_row(j.t, &j.row, 1);
	WRITE(j.t, reserve, &j);
	temp_row(j.t, &j.row, 2);
	WRITE(j.t, reserve, &j);
	assert_false(store_write(j.t->store, abort_refused, &j, 0));
	assert_raised(CA_E_INTERNAL, "no");
	READ(j.t, get, &j);
	assert_int_equal(j.row.state, CERT_RESERVED);
}

static int
count_row(struct store_tx *tx, const struct cert_row *row, void *arg)
{
	(void)tx, (void)arg;
	return row->state == CERT_RESERVED;
}

static int
abort_all(struct store_tx *tx, void *arg)
{
	struct job *j = arg;

	return certs_abort_open(tx, NOW, count_row, NULL, &j->n);
}

static void
aborts_only_what_is_open(void **state)
{
	struct job j = {.t = *state}, k = {.t = *state};

	temp_row(j.t, &k.row, 9);
	WRITE(j.t, issue, &k);
	temp_row(j.t, &j.row, 1);
	WRITE(j.t, reserve, &j);
	WRITE(j.t, abort_all, &j);
	assert_int_equal(j.n, 1);
	READ(j.t, get, &j);
	assert_int_equal(j.row.state, CERT_ABORTED);
	READ(j.t, get, &k);
	assert_int_equal(k.row.state, CERT_VALID);
	WRITE(j.t, abort_all, &j);
	assert_int_equal(j.n, 0);
}

static void
adds_an_unknown_serial_as_revoked(void **state)
{
	struct job j = {.t = *state};

	temp_row(j.t, &j.row, 1);
	j.row.reason = 1;
	j.row.revoked_at = NOW;
	WRITE(j.t, add_revoked, &j);
	READ(j.t, get, &j);
	assert_int_equal(j.row.state, CERT_REVOKED);
	assert_int_equal(j.row.reason, 1);
	assert_int_equal(j.row.change, 1);
}

static int
dates_invalidity(struct store_tx *tx, void *arg)
{
	struct cert_row row, out;

	temp_row(arg, &row, 1);
	assert_true(temp_issue(tx, &row));
	assert_false(certs_set_invalidity(tx, row.id, NOW - 5));
	assert_raised(CA_E_DENIED, "state: a certificate that is valid has no");
	assert_false(certs_set_invalidity(tx, 99, NOW - 5));
	assert_raised(CA_E_NOTFOUND, "store: certificate 99");
	assert_true(certs_set_state(tx, row.id, CERT_HELD, 6, NOW));
	assert_true(certs_set_invalidity(tx, row.id, NOW - 5));
	assert_int_equal(certs_by_id(tx, row.id, &out), 1);
	assert_int_equal(out.invalidity, NOW - 5);
	assert_true(out.change > row.change + 1);
	/* It stays over a better reason, and goes with the hold. */
	assert_true(certs_set_state(
	    tx, row.id, CERT_VALID, CERT_REASON_NONE, 0));
	assert_int_equal(certs_by_id(tx, row.id, &out), 1);
	assert_int_equal(out.invalidity, 0);
	assert_true(certs_set_state(tx, row.id, CERT_REVOKED, 4, NOW));
	assert_true(certs_set_invalidity(tx, row.id, NOW - 5));
	assert_true(certs_set_state(tx, row.id, CERT_REVOKED, 1, NOW));
	assert_int_equal(certs_by_id(tx, row.id, &out), 1);
	assert_int_equal(out.invalidity, NOW - 5);
	return 1;
}

static void
dates_invalidity_in_store(void **state)
{
	struct temp *t = *state;

	RUN(t, dates_invalidity, t);
}

static int
changes_device(struct store_tx *tx, void *arg)
{
	struct cert_row row, out;

	temp_row(arg, &row, 1);
	assert_true(temp_issue(tx, &row));
	assert_true(certs_set_device(tx, row.id, "other", "device-9"));
	assert_int_equal(certs_by_id(tx, row.id, &out), 1);
	assert_string_equal(out.fleet, "other");
	assert_string_equal(out.device, "device-9");
	assert_false(certs_set_device(tx, 99, "other", "device-9"));
	assert_raised(CA_E_NOTFOUND, "store: certificate 99");
	return 1;
}

static void
changes_device_in_store(void **state)
{
	struct temp *t = *state;

	RUN(t, changes_device, t);
}

static void
names_states(void **state)
{
	int i;

	(void)state;
	for (i = CERT_RESERVED; i <= CERT_ABORTED; i++)
		assert_int_equal(
		    certs_state_of(certs_state_name((enum cert_state)i)), i);
	assert_int_equal(certs_state_of("good"), 0);
	assert_int_equal(certs_state_of(""), 0);
	assert_string_equal(certs_state_name((enum cert_state)6), "unknown");
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(reserves_and_records),
	    T(refuses_a_serial_twice),
	    T(refuses_a_bad_serial_and_issuer),
	    T(refuses_to_record_twice),
	    T(moves_as_the_table_says),
	    T(keeps_reason_and_time),
	    T(allows_one_successor),
	    T(forgets_an_aborted_successor),
	    T(keeps_open_what_cannot_be_told),
	    T(aborts_only_what_is_open),
	    T(adds_an_unknown_serial_as_revoked),
	    T(dates_invalidity_in_store),
	    T(changes_device_in_store),
	    cmocka_unit_test(names_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
