#include "tests/unit/ca/engine/world.h"

/* Devices by the page. */

/* DER of a row: pairs of names and texts, NULL ends them. */
static int
row(unsigned char **der, const char *name, ...)
{
	WIRE_FIELDS *l = field_list_new();
	size_t len;
	va_list ap;

	va_start(ap, name);
	for (; name != NULL; name = va_arg(ap, const char *)) {
		const char *value = va_arg(ap, const char *);

		if (strcmp(name, "key_sha256") == 0)
			assert_true(field_add_bytes(l, name, value, 32));
		else if (strcmp(name, "key") == 0)
			assert_true(field_add_bytes(
			    l, name, value, strlen(value)));
		else
			assert_true(field_add_text(l, name, value));
	}
	va_end(ap);
	*der = NULL;
	assert_true(field_list_encode(l, der, &len));
	field_list_free(l);
	return (int)len;
}

static int
begun(struct world *w)
{
	WIRE_ANSWER *a = world_admin(
	    w, "device.import.begin", "t", "file", "devices.csv");
	int64_t id;

	world_is(a, WIRE_OK);
	id = field_int(a->values, "import", 0);
	assert_true(id > 0);
	WIRE_ANSWER_free(a);
	return (int)id;
}

static void
counts(WIRE_ANSWER *a, int added, int unchanged, int refused)
{
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "added", -1), added);
	assert_int_equal(field_int(a->values, "unchanged", -1), unchanged);
	assert_int_equal(field_int(a->values, "refused", -1), refused);
}

static const char HASH[] = "0123456789abcdef0123456789abcdef";

static void
added(void **state)
{
	struct world *w = *state;
	unsigned char *one, *two;
	int n = row(&one, "name", "i-1", "serial", "SN-1", "key_sha256", HASH,
	    "set", "model=X1", "set", "site=a=b", NULL);
	int k = row(&two, "fleet", "devices", "name", "i-2", NULL);
	int id;
	WIRE_ANSWER *a;

	/* Without an import: only a look. */
	a = world_admin(w, "device.import", "tbb", "fleet", "devices", "row",
	    one, n, "row", two, k);
	counts(a, 2, 0, 0);
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "device.show", "t", "name", "i-1"),
	    WIRE_NOTFOUND, "no device");
	id = begun(w);
	a = world_admin(w, "device.import", "itbb", "import", id, "fleet",
	    "devices", "row", one, n, "row", two, k);
	counts(a, 2, 0, 0);
	WIRE_ANSWER_free(a);
	a = world_admin(w, "device.show", "t", "name", "i-1");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "serial", ""), "SN-1");
	assert_non_null(
	    strstr(field_text(a->values, "origin", ""), "import:"));
	assert_string_equal(
	    field_text(a->values, "fields", ""), "model=X1; site=a=b");
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "device.add", "device=i-1"), 1);
	assert_int_equal(world_log(w, "device.add", "device=i-2"), 1);
	/* The same again is nothing new. */
	a = world_admin(w, "device.import", "itbb", "import", id, "fleet",
	    "devices", "row", one, n, "row", two, k);
	counts(a, 0, 2, 0);
	WIRE_ANSWER_free(a);
	a = world_admin(w, "device.import.end", "ib", "import", id, "sha256",
	    HASH, 32);
	counts(a, 2, 2, 0);
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "device.import", "file=devices.csv"), 1);
	world_refused(world_admin(w, "device.import.end", "i", "import", id),
	    WIRE_DENIED, "import.ended");
	world_refused(world_admin(w, "device.import", "ib", "import", id, "row",
			  two, k),
	    WIRE_DENIED, "import.ended");
	world_refused(world_admin(w, "device.import.end", "i", "import", 999),
	    WIRE_NOTFOUND, "import");
	OPENSSL_free(one);
	OPENSSL_free(two);
}

/* What is wrong with a row, and that it alone is left out. */
static void
refused(void **state)
{
	static const char OTHER[] = "ffffffffffffffffffffffffffffffff";
	struct world *w = *state;
	unsigned char *der[12];
	const char *rules[12];
	WIRE_REQUEST *req = message_request("device.import", 7);
	int len[12], n = 0, i;
	WIRE_ANSWER *a;

#define WRONG(rule, ...)                                                       \
	do {                                                                   \
		rules[n] = rule;                                               \
		len[n] = row(&der[n], __VA_ARGS__, NULL);                      \
		n++;                                                           \
	} while (0)
	WRONG("fleet.unknown", "fleet", "nowhere", "name", "x");
	WRONG("device.fleet", "name", "x");
	WRONG("device.name", "fleet", "devices", "name", " x");
	WRONG("device.name", "fleet", "devices");
	WRONG("device.serial", "fleet", "devices", "name", "x", "serial",
	    "a\tb");
	WRONG("device.key", "fleet", "devices", "name", "x", "key", "rubbish");
	WRONG("device.set", "fleet", "devices", "name", "x", "set", "A=1");
	WRONG("device.set", "fleet", "devices", "name", "x", "set", "a=1",
	    "set", "a=2");
	WRONG("device.duplicate", "fleet", "devices", "name", "i-1", "serial",
	    "SN-2");
	WRONG("device.duplicate", "fleet", "devices", "name", "i-1", "serial",
	    "SN-1", "key_sha256", HASH, "set", "model=X1");
	WRONG("key.duplicate", "fleet", "devices", "name", "x", "key_sha256",
	    HASH);
	rules[n] = NULL; /* the good one, with the others around it */
	len[n] = row(&der[n], "fleet", "devices", "name", "good", "key_sha256",
	    OTHER, NULL);
	for (i = 0; i <= n; i++)
		field_add_bytes(req->args, "row", der[i], (size_t)len[i]);
	field_add_bytes(req->args, "row", "rubbish", 7);
	a = ops_answer(w->ca, OPS_ADMIN, &w->peer, req, w->now);
	counts(a, 1, 0, n + 1);
	assert_int_equal(message_n_rows(a), n + 1);
	for (i = 0; i < n; i++) {
		assert_int_equal(field_int(message_row(a, (size_t)i), "row", 0),
		    i);
		assert_string_equal(
		    field_text(message_row(a, (size_t)i), "rule", ""),
		    rules[i]);
	}
	WIRE_ANSWER_free(a);
	/* All or nothing, without keep_going. */
	i = begun(w);
	field_add_int(req->args, "import", i);
	a = ops_answer(w->ca, OPS_ADMIN, &w->peer, req, w->now);
	world_refused(a, WIRE_NOTFOUND, "fleet.unknown");
	world_refused(world_admin(w, "device.show", "t", "name", "good"),
	    WIRE_NOTFOUND, "no device");
	field_add_flag(req->args, "keep_going", 1);
	a = ops_answer(w->ca, OPS_ADMIN, &w->peer, req, w->now);
	counts(a, 1, 0, n + 1);
	WIRE_ANSWER_free(a);
	world_done(world_admin(w, "device.show", "t", "name", "good"));
	WIRE_REQUEST_free(req);
	for (i = 0; i <= n; i++)
		OPENSSL_free(der[i]);
}

/* A key that is blocked is not brought in. */
static void
blocked(void **state)
{
	static const char BAD[] = "abababababababababababababababab";
	struct world *w = *state;
	unsigned char *der;
	int len = row(
	    &der, "fleet", "devices", "name", "b", "key_sha256", BAD, NULL);
	WIRE_ANSWER *a;

	world_done(world_admin(w, "key.block", "b", "hashes", BAD, 32));
	a = world_admin(w, "device.import", "b", "row", der, len);
	counts(a, 0, 0, 1);
	assert_string_equal(
	    field_text(message_row(a, 0), "rule", ""), "key.blocked");
	WIRE_ANSWER_free(a);
	OPENSSL_free(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(added),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(blocked),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
