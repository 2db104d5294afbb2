#include "tests/unit/ca/store/temp.h"
#include "ca/store/parked_enrol.h"

/* Devices' requests, and how they are found again. */

static int64_t
put(struct store_tx *tx, const char *fleet, const char *device, char ask,
    enum parked_state state)
{
	struct parked_enrol e;
	struct parked_row r;

	memset(&r, 0, sizeof(r));
	memset(&e, 0, sizeof(e));
	assert_true(parked_next(tx, &r.id));
	strcpy(r.kind, PARKED_BY_DEVICE);
	strcpy(r.op, "enroll");
	strcpy(r.asker, "ra:uid:7");
	r.state = state;
	r.uid = -1;
	r.need = 1;
	r.created = NOW;
	r.expires = NOW + 100;
	memset(r.sha256, (int)r.id, 32);
	r.content = (unsigned char *)(uintptr_t)"content";
	r.content_len = 7;
	assert_true(parked_add(tx, &r));
	e.request = r.id;
	strcpy(e.fleet, fleet);
	strcpy(e.device, device);
	strcpy(e.stage, "approve");
	strcpy(e.rule, "approve.first");
	memset(e.ask, ask, 32);
	memset(e.credential, ask + 1, 32);
	e.secret = ask == 's' ? 5 : 0;
	assert_true(parked_enrol_add(tx, &e));
	return r.id;
}

static int
found_again(struct store_tx *tx, void *arg)
{
	unsigned char ask[32];
	struct parked_enrol e;
	int64_t a, b, n;

	(void)arg;
	a = put(tx, "f", "d", 'a', PARKED_DENIED);
	b = put(tx, "f", "d", 'b', PARKED_WAITING);
	put(tx, "f", "e", 'a', PARKED_APPROVED);
	put(tx, "g", "d", 'a', PARKED_WAITING);
	assert_int_equal(parked_enrol_open(tx, "f", "d", &e), 1);
	assert_int_equal(e.request, b);
	assert_string_equal(e.rule, "approve.first");
	assert_string_equal(e.stage, "approve");
	assert_int_equal(e.state, PARKED_WAITING);
	assert_int_equal(e.expires, NOW + 100);
	assert_int_equal(e.credential[31], 'c');
	assert_int_equal(e.serial_len, 0);
	memset(ask, 'a', 32);
	assert_int_equal(parked_enrol_last(tx, "f", "d", ask, &e), 1);
	assert_int_equal(e.request, a);
	assert_int_equal(e.state, PARKED_DENIED);
	memset(ask, 'z', 32);
	assert_int_equal(parked_enrol_last(tx, "f", "d", ask, &e), 0);
	assert_int_equal(parked_enrol_open(tx, "f", "x", &e), 0);
	assert_int_equal(parked_enrol_get(tx, b, &e), 1);
	assert_string_equal(e.device, "d");
	assert_int_equal(parked_enrol_get(tx, 99, &e), 0);
	assert_true(parked_enrol_count(tx, "f", &n));
	assert_int_equal(n, 2);
	assert_true(parked_enrol_count(tx, "x", &n));
	assert_int_equal(n, 0);
	assert_true(parked_enrol_set_told(tx, a));
	assert_int_equal(parked_enrol_get(tx, a, &e), 1);
	assert_true(e.told);
	return 1;
}

static int
secrets(struct store_tx *tx, void *arg)
{
	struct parked_enrol e;
	int64_t id;

	(void)arg;
	id = put(tx, "f", "d", 's', PARKED_WAITING);
	assert_int_equal(parked_enrol_on_secret(tx, 5, "f", "d", &e), 0);
	assert_int_equal(parked_enrol_on_secret(tx, 5, "f", "other", &e), 1);
	assert_int_equal(e.request, id);
	assert_int_equal(parked_enrol_on_secret(tx, 5, "g", "d", &e), 1);
	assert_int_equal(parked_enrol_on_secret(tx, 6, "f", "other", &e), 0);
	put(tx, "f", "none", 'a', PARKED_WAITING);
	assert_int_equal(parked_enrol_on_secret(tx, 0, "f", "other", &e), 0);
	return 1;
}

static int
certificates(struct store_tx *tx, void *arg)
{
	static const unsigned char serial[] = {0x40, 1, 2, 3};
	struct parked_enrol e;
	int64_t id;

	(void)arg;
	id = put(tx, "f", "d", 'a', PARKED_DONE);
	assert_int_equal(parked_enrol_by_serial(tx, 3, serial, 4, &e), 0);
	assert_true(parked_enrol_set_serial(tx, id, 3, serial, 4));
	assert_int_equal(parked_enrol_by_serial(tx, 3, serial, 4, &e), 1);
	assert_int_equal(e.request, id);
	assert_int_equal(e.serial_len, 4);
	assert_memory_equal(e.serial, serial, 4);
	assert_int_equal(parked_enrol_by_serial(tx, 4, serial, 4, &e), 0);
	assert_true(parked_enrol_set_serial(tx, id, 0, NULL, 0));
	assert_int_equal(parked_enrol_by_serial(tx, 3, serial, 4, &e), 0);
	assert_int_equal(parked_enrol_get(tx, id, &e), 1);
	assert_int_equal(e.serial_len, 0);
	return 1;
}

static int
take_id(const struct parked_row *row, void *arg)
{
	char *out = arg;

	snprintf(out + strlen(out), 64, "%d:%.9s/%.9s ", (int)row->id,
	    row->fleet, row->device);
	return 1;
}

/* Among the others, each kind by itself, each fleet by itself. */
static int
lists(struct store_tx *tx, void *arg)
{
	struct parked_filter f = {.limit = 10};
	struct parked_row r;
	char ids[256] = "";
	int64_t n;

	(void)arg;
	put(tx, "f", "d", 'a', PARKED_WAITING);
	memset(&r, 0, sizeof(r));
	assert_true(parked_next(tx, &r.id));
	strcpy(r.kind, PARKED_BY_OPERATOR);
	r.state = PARKED_WAITING;
	r.content = (unsigned char *)(uintptr_t)"x";
	r.content_len = 1;
	assert_true(parked_add(tx, &r));
	put(tx, "g", "d", 'a', PARKED_EXPIRED);
	assert_true(parked_list(tx, &f, take_id, ids));
	assert_string_equal(ids, "3:g/d 2:/ 1:f/d ");
	ids[0] = '\0';
	f.kind = PARKED_BY_DEVICE;
	assert_true(parked_list(tx, &f, take_id, ids));
	assert_string_equal(ids, "3:g/d 1:f/d ");
	ids[0] = '\0';
	f.open = 1;
	assert_true(parked_list(tx, &f, take_id, ids));
	assert_string_equal(ids, "1:f/d ");
	ids[0] = '\0';
	f.kind = NULL;
	f.open = 0;
	f.fleet = "g";
	assert_true(parked_list(tx, &f, take_id, ids));
	assert_string_equal(ids, "3:g/d ");
	assert_true(parked_count(tx, PARKED_BY_DEVICE, PARKED_WAITING, &n));
	assert_int_equal(n, 1);
	assert_true(parked_count_open(tx, -1, &n));
	assert_int_equal(n, 1);	/* operators' alone */
	return 1;
}

/* Without its row in parked there is none. */
static int
alone(struct store_tx *tx, void *arg)
{
	struct parked_enrol e;

	(void)arg;
	memset(&e, 0, sizeof(e));
	e.request = 99;
	return parked_enrol_add(tx, &e);
}

#define WRITES(name, fn)                                                       \
	static void name(void **state)                                         \
	{                                                                      \
		struct temp *t = *state;                                       \
                                                                               \
		assert_int_equal(store_write(t->store, fn, NULL, 0), 1);       \
	}
WRITES(test_found_again, found_again)
WRITES(test_secrets, secrets)
WRITES(test_certificates, certificates)
WRITES(test_lists, lists)

static void
test_alone(void **state)
{
	struct temp *t = *state;

	assert_int_equal(store_write(t->store, alone, NULL, 0), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), CA_E_STORE);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_found_again, temp_make,
		temp_remove),
	    cmocka_unit_test_setup_teardown(test_secrets, temp_make,
		temp_remove),
	    cmocka_unit_test_setup_teardown(test_certificates, temp_make,
		temp_remove),
	    cmocka_unit_test_setup_teardown(test_lists, temp_make,
		temp_remove),
	    cmocka_unit_test_setup_teardown(test_alone, temp_make,
		temp_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
