#include "tests/unit/ca/engine/world.h"

/* profile.replay: what a changed profile would make of the last requests. The
   ways in which certificates differ are in tests/integration/replay.sh. */

/* The active text of ${path}, ${from} replaced by ${to}. To be freed. */
static char *
changed(struct world *w, const char *path, const char *from, const char *to)
{
	WIRE_ANSWER *a = world_admin(w, "policy.show", "t", "path", path);
	const char *text, *at;
	char *out;

	world_is(a, WIRE_OK);
	assert_non_null(text = field_text(a->values, "content", NULL));
	out = calloc(1, strlen(text) + strlen(to) + 1);
	at = from == NULL ? text + strlen(text) : strstr(text, from);
	assert_non_null(at);
	sprintf(out, "%.*s%s%s", (int)(at - text), text, to,
	    from == NULL ? "" : at + strlen(from));
	WIRE_ANSWER_free(a);
	return out;
}

static WIRE_ANSWER *
replay(struct world *w, const char *from, const char *to, int last)
{
	char *text = changed(w, "profiles/device-ldevid.conf", from, to);
	WIRE_ANSWER *a = world_admin(w, "profile.replay", "tti", "text", text,
	    "file", "new.conf", "last", last);

	free(text);
	return a;
}

static void
same(void **state)
{
	struct world *w = *state;
	char serial[64];
	WIRE_ANSWER *a;

	world_issue(w, "one", serial);
	world_issue(w, "two", serial);
	a = replay(w, NULL, "", 10);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "judged", -1), 2);
	assert_int_equal(field_int(a->values, "same", -1), 2);
	assert_int_equal(message_n_rows(a), 0);
	WIRE_ANSWER_free(a);
	a = replay(w, NULL, "", 1);
	assert_int_equal(field_int(a->values, "judged", -1), 1);
	WIRE_ANSWER_free(a);
}

/* Extensions are made of the fields of then. */
static void
declared(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "dice-1", &csr);
	char *text;
	WIRE_ANSWER *a;

	world_done(world_admin(w, "device.add", "tttt", "fleet", "devices",
	    "name", "dice-1", "set", "svn=7", "set", "ueid=01020304050607"));
	world_done(world_admin(w, "issue", "tbtt", "profile", "dice-alias",
	    "csr", csr, len, "fleet", "devices", "device", "dice-1"));
	text = changed(w, "profiles/dice-alias.conf", NULL, "");
	a = world_admin(w, "profile.replay", "ti", "text", text, "last", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "same", -1), 1);
	WIRE_ANSWER_free(a);
	free(text);
	text = changed(w, "profiles/dice-alias.conf", "registry.svn",
	    "registry.vendor");
	a = world_admin(w, "profile.replay", "ti", "text", text, "last", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "refused", -1), 1);
	WIRE_ANSWER_free(a);
	free(text);
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

static void
differs(void **state)
{
	struct world *w = *state;
	const WIRE_FIELDS *row;
	char serial[64];
	WIRE_ANSWER *a;

	world_issue(w, "one", serial);
	a = replay(w, "\"90d\"", "\"30d\"", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "differ", -1), 1);
	assert_int_equal(message_n_rows(a), 1);
	row = message_row(a, 0);
	assert_string_equal(field_text(row, "what", ""), "not_after");
	assert_string_equal(field_text(row, "verdict", ""), "differ");
	assert_string_equal(field_text(row, "serial", ""), serial);
	WIRE_ANSWER_free(a);
	/* By an operator, and the changed one is for EST alone. */
	a = replay(w, "[ \"est\", \"operator\" ]", "[ \"est\" ]", 1);
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "refused", -1), 1);
	row = message_row(a, 0);
	assert_string_equal(field_text(row, "what", ""), "profile.issued_by");
	assert_string_equal(field_text(row, "verdict", ""), "refuse");
	WIRE_ANSWER_free(a);
}

static void
refuses(void **state)
{
	struct world *w = *state;

	world_refused(replay(w, NULL, "", 0), WIRE_BADREQUEST, "1 to 10000");
	world_refused(
	    replay(w, NULL, "", 10001), WIRE_BADREQUEST, "1 to 10000");
	world_refused(
	    replay(w, "duration", "durration", 1), WIRE_BADREQUEST, "new.conf");
	world_refused(replay(w, NULL,
			  "policies = ( { oid = \"1.2.3\"; cps = "
			  "\"http:///cps\"; } );",
			  1),
	    WIRE_BADREQUEST, "new.conf: lint.policies.cps");
}

/* The CA of the devices has its CRLs in shards: the address in a certificate is
   that of its own. */
static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_prepare(w);
	world_sh("sed -i 's/{ name = \"devices\";/& crl_shards = 4;/' %s",
	    w->ceremony);
	if (!world_ceremony(w))
		report_fatal("ceremony");
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	*state = w;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same),
	    cmocka_unit_test(declared),
	    cmocka_unit_test(differs),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
