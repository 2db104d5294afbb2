#include "tests/unit/ca/engine/world.h"

/* The CAs, their CRLs and keys, and the log. */

static const WIRE_FIELDS *
row_with(WIRE_ANSWER *a, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < message_n_rows(a); i++)
		if (strcmp(field_text(message_row(a, i), name, ""), value) == 0)
			return message_row(a, i);
	fail_msg("no row with %s = %s", name, value);
	return NULL;
}

static void
cas(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a = world_admin(w, "ca.list", "");
	const WIRE_FIELDS *r;

	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 4);
	r = row_with(a, "ident", "root-g1");
	assert_string_equal(field_text(r, "state", ""), "root");
	assert_string_equal(field_text(r, "key_state", ""), "offline");
	r = row_with(a, "ident", "devices-g1");
	assert_string_equal(field_text(r, "state", ""), "active");
	assert_string_equal(field_text(r, "key_state", ""), "ok");
	assert_string_equal(field_text(r, "name", ""), "devices");
	assert_int_equal(field_int(r, "generation", 0), 1);
	assert_int_equal(field_int(r, "certs", 0), 1); /* the service's */
	assert_true(field_time(r, "not_after", 0) > w->now);
	assert_true(field_time(r, "next_crl", 0) > w->now);
	WIRE_ANSWER_free(a);
}

static void
stop_and_resume(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "x", &csr);
	struct clock c;
	WIRE_ANSWER *a;

	a = world_admin(w, "ca.stop", "t", "reason", "drill");
	world_is(a, WIRE_OK);
	assert_string_equal(
	    field_text(a->values, "state", ""), "operator: drill");
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "issue", "tb", "profile", "device-ldevid",
			  "csr", csr, len),
	    WIRE_UNAVAILABLE, "stopped");
	assert_int_equal(world_log(w, "ca.stop", "text=drill"), 1);
	/* Durable at once. */
	assert_true(clock_load(&c, w->ca->store));
	assert_string_equal(c.operator_stop, "operator: drill");
	clock_clear(&c);
	/* Revocations and their news go on. */
	world_done(world_admin(w, "crl.issue", "t", "issuer", "devices"));
	a = world_admin(w, "ca.resume", "");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "issuing");
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "ca.resume", "who="), 1);
	assert_true(clock_load(&c, w->ca->store));
	assert_string_equal(c.operator_stop, "");
	clock_clear(&c);
	world_done(world_admin(
	    w, "issue", "tb", "profile", "device-ldevid", "csr", csr, len));
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

static void
a_doubted_clock(void **state)
{
	struct world *w = *state;
	struct status_head head;

	report_init("test", REPORT_ERROR + 1, 2);
	w->ca->clock.highest = (int64_t)time(NULL) + 7200;
	world_refused(
	    world_admin(w, "crl.issue", ""), WIRE_UNAVAILABLE, "stopped");
	assert_true(status_writer_head(w->ca->status, &head));
	assert_non_null(strstr(head.stopped, "time: "));
	world_refused(world_admin(w, "ca.resume", ""), WIRE_DENIED,
	    "resume.confirm_time");
	world_done(world_admin(w, "ca.resume", "f", "confirm_time", 1));
	assert_true(status_writer_head(w->ca->status, &head));
	assert_string_equal(head.stopped, "");
	world_done(world_admin(w, "crl.issue", ""));
	report_init("test", REPORT_ERROR, 2);
}

static void
keys(void **state)
{
	struct world *w = *state;
	struct hsm *hsm = w->ca->tokens[0].hsm;
	const WIRE_FIELDS *r;
	WIRE_ANSWER *a = world_admin(w, "key.list", "");
	size_t i;

	world_is(a, WIRE_OK);
	/* The log's too; the root's is elsewhere. */
	assert_int_equal(message_n_rows(a), 4);
	for (i = 0; i < 4; i++) {
		r = message_row(a, i);
		assert_int_equal(field_flag(r, "sensitive", 0), 1);
		assert_int_equal(field_flag(r, "extractable", 1), 0);
		assert_int_equal(field_flag(r, "local", 0), 1);
		assert_null(strstr(field_text(r, "uri", ""), "pin"));
	}
	r = row_with(a, "label", "inkan-code-g1");
	assert_string_equal(field_text(r, "issuer", ""), "code-g1");
	assert_string_equal(field_text(r, "type", ""), "ec-p256");
	WIRE_ANSWER_free(a);
	w->ca->tokens[0].hsm = NULL;
	report_init("test", REPORT_ERROR + 1, 2);
	world_refused(world_admin(w, "key.list", ""), WIRE_UNAVAILABLE, "");
	report_init("test", REPORT_ERROR, 2);
	w->ca->tokens[0].hsm = hsm;
}

static void
the_log(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a = world_admin(w, "log.list", "i", "limit", 3);
	char next[32];

	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 3);
	assert_int_equal(field_int(message_row(a, 0), "index", -1), 0);
	assert_string_equal(
	    field_text(message_row(a, 0), "kind", ""), "policy");
	assert_int_equal(
	    strlen(field_text(message_row(a, 0), "sha256", "")), 64);
	snprintf(next, sizeof(next), "%s", message_next(a));
	assert_string_equal(next, "3");
	WIRE_ANSWER_free(a);
	a = world_admin(w, "log.list", "ii", "from", 3, "limit", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(message_row(a, 0), "index", -1), 3);
	WIRE_ANSWER_free(a);
	a = world_admin(w, "log.list", "i", "from", 1000000);
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 0);
	assert_null(message_next(a));
	WIRE_ANSWER_free(a);
	a = world_admin(w, "log.list", "ii", "from", -5, "limit", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(message_row(a, 0), "index", -1), 0);
	assert_string_equal(message_next(a), "1");
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "ceremony", "kind=init"), 1);
	assert_int_equal(world_log(w, "policy", "version=1"), 1);
}

static int
kinds_tx(struct store_tx *tx, void *arg)
{
	static const unsigned char bytes[65] = {0xab, 0xcd};
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = field_add_flag(l, "up", 1) && field_add_flag(l, "down", 0) &&
	    field_add_int(l, "number", -3) && field_add_text(l, "none", NULL) &&
	    field_add_bytes(l, "octets", bytes, 2) &&
	    field_add_bytes(l, "many", bytes, 65) &&
	    field_add_time(l, "at", 1000000000) &&
	    field_add_text(l, "text", "x y") &&
	    entries_append(tx, "kinds", *(time_t *)arg, l, NULL);
	field_list_free(l);
	return ok;
}

/* Every type of value is told as what it is. */
static void
kinds_of_detail(void **state)
{
	struct world *w = *state;

	assert_true(store_write(w->ca->store, kinds_tx, &w->now, 0));
	assert_int_equal(world_log(w, "kinds", "up=yes; down=no; number=-3; "
	    "octets=abcd; at=1000000000; text=x y"), 1);
	assert_int_equal(world_log(w, "kinds", "none"), 0);
	assert_int_equal(world_log(w, "kinds", "many"), 0);
}

static int
fill_tx(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *l = field_list_new();
	char text[590];
	int i, ok = 1;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < 3; i++)
		assert_true(field_add_text(l, "text", text));
	for (i = 0; ok && i < 900; i++)
		ok = entries_append(tx, "filler", *(time_t *)arg, l, NULL);
	field_list_free(l);
	return ok;
}

/* A page that would be too large for one message ends earlier. */
static void
large_pages(void **state)
{
	struct world *w = *state;
	unsigned char *frame;
	WIRE_ANSWER *a;
	size_t len;

	assert_true(store_write(w->ca->store, fill_tx, &w->now, 0));
	a = world_admin(w, "log.list", "i", "limit", 1000);
	world_is(a, WIRE_OK);
	assert_true(message_encode_answer(a, &frame, &len));
	OPENSSL_free(frame);
	assert_true(message_n_rows(a) > 100);
	assert_non_null(message_next(a));
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "filler", "text=x"), 900);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cas),
	    cmocka_unit_test(stop_and_resume),
	    cmocka_unit_test(a_doubted_clock),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(the_log),
	    cmocka_unit_test(kinds_of_detail),
	    cmocka_unit_test(large_pages),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
