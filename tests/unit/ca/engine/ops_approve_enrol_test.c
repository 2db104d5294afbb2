#include "tests/unit/ca/engine/people.h"

/* Devices' requests, from the socket of the RA to the officers and back. */

static const char FLEET[] =
    "name = \"park\"; label = \"park\"; profile = \"device-ldevid\";\n"
    "authenticate: { basic = true; };\n"
    "registration = \"just-in-time\"; names = [ \"*\" ];\n"
    "approve = \"all\"; approval: { number = 2; lifetime = \"1h\"; };\n";

struct device {
	EVP_PKEY *key;
	unsigned char *csr;
	int len;
};

static char secret[64];

static int
begin(void **state)
{
	struct world *w;
	WIRE_ANSWER *a;

	people_setup(state);
	w = *state;
	world_write(w, "fleets/park.conf", FLEET);
	people_activate(w, PEOPLE_CONF);
	people_as(w, 2002);
	a = world_admin(w, "secret.new", "ttf", "fleet", "park", "user",
	    "all", "reusable", 1);
	world_is(a, WIRE_OK);
	snprintf(secret, sizeof(secret), "%s",
	    field_text(a->values, "secret", ""));
	WIRE_ANSWER_free(a);
	return 0;
}

static struct device
device(const char *name)
{
	struct device d = {.key = world_key()};

	d.len = world_csr(d.key, name, &d.csr);
	return d;
}

static void
device_free(struct device *d)
{
	EVP_PKEY_free(d->key);
	OPENSSL_free(d->csr);
}

static WIRE_ANSWER *
poll(struct world *w, const struct device *d)
{
	people_as(w, 4000);
	return world_ask(w, OPS_RA, "enroll", "tbttt", "label", "park", "csr",
	    d->csr, d->len, "address", "192.0.2.1", "user", "all", "secret",
	    secret);
}

/* It waits; the request's id, by the list. */
static int
parked(struct world *w, const struct device *d)
{
	WIRE_ANSWER *a = poll(w, d);
	int id;

	world_is(a, WIRE_PENDING);
	assert_string_equal(message_refusal(a, "stage"), "approve");
	assert_int_equal(message_retry(a), 60);
	WIRE_ANSWER_free(a);
	people_as(w, 2005);
	a = world_admin(w, "request.list", "ttf", "kind", "enrol", "fleet",
	    "park", "open", 1);
	world_is(a, WIRE_OK);
	assert_true(message_n_rows(a) > 0);
	id = (int)field_int(message_row(a, 0), "id", 0);
	assert_string_equal(field_text(message_row(a, 0), "op", ""), "enroll");
	WIRE_ANSWER_free(a);
	return id;
}

static void
two_officers(void **state)
{
	struct world *w = *state;
	struct device d = device("p-1");
	int id = parked(w, &d);
	size_t refusals = world_log(w, "refusal", "approve");
	WIRE_ANSWER *a;

	assert_int_equal(parked(w, &d), id);
	assert_int_equal(world_log(w, "enrol.parked", "device=p-1"), 1);
	/* That it waits is no refusal. */
	assert_int_equal(world_log(w, "refusal", "approve"), refusals);
	world_refused(people_approve(w, 0, id), WIRE_DENIED, "approval.role");
	people_as(w, 2003);
	world_refused(world_admin(w, "request.approve", "i", "id", id),
	    WIRE_DENIED, "approval.signature");
	world_done(people_approve(w, 1, id));
	world_refused(people_approve(w, 1, id), WIRE_DENIED,
	    "approval.twice");
	assert_int_equal(parked(w, &d), id);
	a = people_approve(w, 2, id);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "approved");
	assert_non_null(strstr(field_text(a->values, "next", ""), "device"));
	WIRE_ANSWER_free(a);
	people_as(w, 2002);
	world_refused(world_admin(w, "request.run", "i", "id", id),
	    WIRE_DENIED, "approval.asker");
	a = poll(w, &d);
	world_is(a, WIRE_OK);
	WIRE_ANSWER_free(a);
	people_as(w, 2005);
	assert_int_equal(world_log(w, "enrol.approved", "device=p-1"), 2);
	assert_int_equal(world_log(w, "enrol.issued", "device=p-1"), 1);
	a = world_admin(w, "request.show", "i", "id", id);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "done");
	assert_string_equal(field_text(a->values, "device", ""), "park/p-1");
	assert_string_equal(field_text(a->values, "rule", ""), "approve.all");
	assert_int_equal(strlen(field_text(a->values, "serial", "")), 40);
	WIRE_ANSWER_free(a);
	device_free(&d);
}

static void
denied(void **state)
{
	struct world *w = *state;
	struct device d = device("p-2");
	int id = parked(w, &d);

	people_as(w, 2001);
	world_refused(world_admin(w, "request.deny", "i", "id", id),
	    WIRE_DENIED, "approval.role");
	people_as(w, 2004);
	world_done(world_admin(w, "request.deny", "it", "id", id, "reason",
	    "no such pump"));
	world_refused(poll(w, &d), WIRE_DENIED, "no such pump");
	people_as(w, 2005);
	assert_int_equal(world_log(w, "enrol.denied", "no such pump"), 1);
	device_free(&d);
}

/* Another policy: what does not concern the request leaves it alone, a change of
   its fleet makes it void for the officer, and the device begins anew. */
static void
another_policy(void **state)
{
	struct world *w = *state;
	struct device d = device("p-3");
	int id = parked(w, &d);

	people_as(w, 2001);
	world_sh("sed -i 's/description = \"/&New. /' "
	    "%s/profiles/document-signing.conf", w->dir);
	world_done(world_admin(w, "policy.activate", ""));
	world_done(people_approve(w, 1, id));
	assert_int_equal(parked(w, &d), id);
	people_as(w, 2001);
	world_sh("echo '# changed' >>%s/fleets/park.conf", w->dir);
	world_done(world_admin(w, "policy.activate", ""));
	world_refused(people_approve(w, 2, id), WIRE_DENIED, "approval.void");
	people_state(w, id, "void");
	assert_int_not_equal(parked(w, &d), id);
	device_free(&d);
}

static void
in_status(void **state)
{
	struct world *w = *state;
	struct device d = device("p-4");
	const WIRE_FIELDS *row;
	WIRE_ANSWER *a;
	size_t i, n = 0;

	parked(w, &d);
	a = world_admin(w, "status", "");
	world_is(a, WIRE_OK);
	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		n += strcmp(field_text(row, "check", ""), "enrolments") == 0 &&
		    strstr(field_text(row, "text", ""), "wait for approval");
	}
	assert_int_equal(n, 1);
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "request.list", "t", "kind", "other"),
	    WIRE_BADREQUEST, "\"operator\" or \"enrol\"");
	device_free(&d);
}

/* More than there are officers for is refused with the policy. */
static void
never_enough(void **state)
{
	struct world *w = *state;

	people_as(w, 2001);
	world_sh("sed -i 's/number = 2/number = 4/' %s/fleets/park.conf",
	    w->dir);
	world_refused(world_admin(w, "policy.activate", ""), WIRE_BADREQUEST,
	    "takes 4 officers");
	world_sh("sed -i 's/number = 4/number = 2/' %s/fleets/park.conf",
	    w->dir);
}

/* One approval, and an officer without a key: by the uid. One who has a key
   signs. Without operators.conf it is whoever may use the socket. */
static void
without_keys(void **state)
{
	struct world *w = *state;
	struct device d = device("p-5"), e = device("p-6");
	int id;

	people_as(w, 2001);
	world_sh("sed -i 's/number = 2/number = 1/' %s/fleets/park.conf",
	    w->dir);
	people_activate(w, "operators = ( { name = \"alice\"; uid = 2001; "
	    "roles = [ \"admin\" ]; key = \"%alice%\"; }, { name = \"bob\"; "
	    "uid = 2002; roles = [ \"officer\" ]; key = \"%bob%\"; }, "
	    "{ name = \"dan\"; uid = 2007; roles = [ \"officer\", \"auditor\" ]"
	    "; }, { name = \"ann\"; uid = 2005; roles = [ \"auditor\" ]; } );");
	id = parked(w, &d);
	people_as(w, 2002);
	world_refused(world_admin(w, "request.approve", "i", "id", id),
	    WIRE_DENIED, "approval.signature");
	people_as(w, 2007);
	world_done(world_admin(w, "request.approve", "i", "id", id));
	world_done(poll(w, &d));
	people_as(w, 2001);
	world_sh("rm %s/" OPERATORS_PATH, w->dir);
	world_done(world_admin(w, "policy.activate", ""));
	id = parked(w, &e);
	people_as(w, 4711);
	world_done(world_admin(w, "request.approve", "i", "id", id));
	world_done(poll(w, &e));
	assert_int_equal(world_log(w, "enrol.approved", "operator=uid:4711"),
	    1);
	device_free(&d);
	device_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_officers),
	    cmocka_unit_test(denied),
	    cmocka_unit_test(another_policy),
	    cmocka_unit_test(in_status),
	    cmocka_unit_test(never_enough),
	    cmocka_unit_test(without_keys),
	};

	return cmocka_run_group_tests(tests, begin, people_teardown);
}
