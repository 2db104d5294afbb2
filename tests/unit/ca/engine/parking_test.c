#include "tests/unit/ca/engine/people.h"
#include "ca/engine/parking.h"

/* What is parked is exactly what was asked, and holds as long as it is so. */

#define CONF PEOPLE_CONF "approvals = ( { operation = \"issue:ldevid\"; " \
	"number = 1; }, { operation = \"ca.stop\"; number = 1; }, " \
	"{ operation = \"secret.new\"; number = 1; } );\n"

static int
begin(void **state)
{
	people_setup(state);
	people_activate(*state, CONF);
	return 0;
}

static int
park_issue(struct world *w, const char *cn)
{
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int id, len = world_csr(key, cn, &csr);

	people_as(w, 2002);
	id = people_parked(world_admin(w, "issue", "tb", "profile",
	    "device-ldevid", "csr", csr, len));
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
	return id;
}

/* The fields of a request's content, or of a list in it. free */
static WIRE_FIELDS *
content(struct world *w, int id, const char *in)
{
	WIRE_ANSWER *a = world_admin(w, "request.show", "i", "id", id);
	const unsigned char *der;
	WIRE_FIELDS *l, *m;
	size_t len = 0;

	world_is(a, WIRE_OK);
	der = field_bytes(a->values, "content", &len);
	assert_non_null(der);
	l = field_list_decode(der, len);
	assert_non_null(l);
	WIRE_ANSWER_free(a);
	if (in == NULL)
		return l;
	der = field_bytes(l, in, &len);
	assert_non_null(der);
	m = field_list_decode(der, len);
	assert_non_null(m);
	field_list_free(l);
	return m;
}

static void
what_was_asked(void **state)
{
	struct world *w = *state;
	int id = park_issue(w, "p-1"), again;
	WIRE_FIELDS *l = content(w, id, NULL), *m;
	const unsigned char *der;
	size_t len = 0;

	assert_int_equal(field_int(l, "request", 0), id);
	assert_string_equal(field_text(l, "op", ""), "issue");
	assert_string_equal(field_text(l, "who", ""), "admin:uid:2002");
	assert_int_equal(field_int(l, "need", 0), 1);
	assert_int_equal(field_time(l, "expires", 0), w->now + 7 * 86400);
	(void)field_bytes(l, "nonce", &len);
	assert_int_equal(len, 16);
	field_list_free(l);
	l = content(w, id, "args");
	assert_string_equal(field_text(l, "profile", ""), "device-ldevid");
	(void)field_bytes(l, "csr", &len);
	assert_true(len > 100);
	field_list_free(l);
	l = content(w, id, "rests_on");
	assert_int_equal(field_int(l, "policy", 0), 2);
	assert_string_equal(field_text(l, "issuer", ""), "devices-g1");
	(void)field_bytes(l, "profile_sha256", &len);
	assert_int_equal(len, 32);
	der = field_bytes(l, "identity", &len);
	m = field_list_decode(der, len);
	assert_non_null(m);
	assert_string_equal(field_text(m, "identity.cn", ""), "p-1");
	field_list_free(m);
	field_list_free(l);
	/* The same again is another request with other content. */
	again = park_issue(w, "p-1");
	assert_int_not_equal(again, id);
	people_as(w, 2001);
	assert_int_equal(world_log(w, "request.parked", "op=issue"), 2);
}

/* Whose profile is that of the fleet needs the approvals of that profile. */
static void
profile_of_the_fleet(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int id, len = world_csr(key, "x", &csr);
	WIRE_FIELDS *l;

	people_as(w, 2002);
	world_done(world_admin(w, "device.add", "tt", "fleet", "devices",
	    "name", "p-fleet"));
	id = people_parked(world_admin(w, "issue", "ttb", "fleet", "devices",
	    "device", "p-fleet", "csr", csr, len));
	l = content(w, id, "rests_on");
	assert_string_equal(field_text(l, "profile", ""), "device-ldevid");
	field_list_free(l);
	world_done(people_approve(w, 2, id));
	people_state(w, id, "done");
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

/* Another policy, whatever it says: version and hash are covered. */
static void
void_by_policy(void **state)
{
	struct world *w = *state;
	int id = park_issue(w, "p-2");

	people_as(w, 2001);
	world_sh("sed -i 's/description = \"/&New. /' "
	    "%s/profiles/document-signing.conf", w->dir);
	world_done(world_admin(w, "policy.activate", ""));
	world_refused(people_approve(w, 2, id), WIRE_DENIED, "approval.void");
	people_state(w, id, "void");
	people_as(w, 2001);
	assert_int_equal(world_log(w, "request.void", "has changed"), 1);
	world_refused(people_approve(w, 2, id), WIRE_DENIED, "approval.void");
}

/* The registry says another thing of the device. */
static void
void_by_identity(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int id, len = world_csr(key, "x", &csr);

	people_as(w, 2002);
	world_done(world_admin(w, "device.add", "ttt", "fleet", "devices",
	    "name", "p-3", "serial", "S1"));
	id = people_parked(world_admin(w, "issue", "ttb", "profile",
	    "device-ldevid", "device", "p-3", "csr", csr, len));
	world_done(world_admin(w, "device.disable", "t", "name", "p-3"));
	world_refused(people_approve(w, 2, id), WIRE_DENIED, "approval.void");
	people_as(w, 2002);
	world_done(world_admin(w, "device.enable", "t", "name", "p-3"));
	people_state(w, id, "void");
	id = people_parked(world_admin(w, "issue", "ttb", "profile",
	    "device-ldevid", "device", "p-3", "csr", csr, len));
	world_done(people_approve(w, 2, id));
	people_state(w, id, "done");
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

/* What is refused anyway waits for nobody. */
static void
refused_at_once(void **state)
{
	struct world *w = *state;

	people_as(w, 2002);
	world_refused(world_admin(w, "issue", "tb", "profile",
	    "device-ldevid", "csr", "nonsense", 8), WIRE_BADREQUEST, "");
	world_refused(world_admin(w, "issue", "tb", "profile", "nonesuch",
	    "csr", "nonsense", 8), WIRE_NOTFOUND, "nonesuch");
	world_refused(world_admin(w, "secret.new", "ttt", "fleet", "devices",
	    "user", "me", "secret", "a secret of mine, long"), WIRE_DENIED,
	    "approval.secret");
}

static void
not_too_many(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	int i;

	people_as(w, 2004);
	for (i = 0; i < PARKING_OPEN_MAX; i++)
		people_parked(world_admin(w, "ca.stop", ""));
	world_refused(world_admin(w, "ca.stop", ""), WIRE_LIMITED,
	    "approval.limit");
	people_as(w, 2003);
	a = world_admin(w, "ca.stop", "");
	world_is(a, WIRE_PENDING);
	assert_string_equal(message_refusal(a, "rule"), "approval.parked");
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_asked),
	    cmocka_unit_test(profile_of_the_fleet),
	    cmocka_unit_test(void_by_policy),
	    cmocka_unit_test(void_by_identity),
	    cmocka_unit_test(refused_at_once),
	    cmocka_unit_test(not_too_many),
	};

	return cmocka_run_group_tests(tests, begin, people_teardown);
}
