#include "tests/unit/ca/engine/admit_change.h"

static struct operator_request op;
static const char *set[4];

static int
ask(struct world *w)
{
	ERR_clear_error();
	admit_free(w->a);
	w->a = NULL;
	w->trace[0] = '\0';
	op.csr = w->req.csr;
	op.csr_len = w->req.csr_len;
	return admit_operator(&w->env, &op, &w->a, &w->o);
}

static void
ask_for(const char *profile)
{
	memset(&op, 0, sizeof(op));
	op.profile = profile;
	op.requester = "admin:uid:0";
	op.by = PROFILE_BY_OPERATOR;
	op.set = set;
}

#define asked(w)                                                               \
	do {                                                                   \
		if (!ask(w))                                                   \
			fail_msg("refused: %s %s: %s", (w)->o.stage,           \
			    (w)->o.rule, (w)->o.text);                         \
	} while (0)
#define refused(w, status, stage, rule)                                        \
	expect_refused_at(w, ask(w), status, stage, rule, __FILE__, __LINE__)

static void
names_from_the_csr(void **state)
{
	struct world *w = *state;

	ask_for("server");
	use_csr(w, w->key[0], "CN=build host/serialNumber=S1", NULL, NULL);
	asked(w);
	assert_null(w->a->fleet);
	assert_true(w->a->by_operator);
	assert_string_equal(w->a->device, "");
	assert_string_equal(w->a->auth, "operator");
	assert_string_equal(w->a->requester, "admin:uid:0");
	assert_string_equal(field_of(w->a, "identity.cn"), "build host");
	assert_string_equal(field_of(w->a, "identity.device"), "build host");
	assert_string_equal(field_of(w->a, "identity.serial"), "S1");
	assert_true(w->o.authenticated);
	assert_string_equal(w->trace,
	    "authenticate/pass//\npossess/pass//\n"
	    "authorize/pass//\nattest/pass//\napprove/pass//\n");
	use_csr(w, w->key[0], "O=none", NULL, NULL);
	asked(w);
	assert_string_equal(field_of(w->a, "identity.cn"), "(absent)");
	use_csr(w, w->key[0], "CN=a/CN=b", NULL, NULL);
	refused(w, WIRE_BADREQUEST, "authorize", "csr.subject");
}

static void
services_do_not_name_themselves(void **state)
{
	struct world *w = *state;

	ask_for("server");
	op.by = PROFILE_BY_SERVICE;
	use_csr(w, w->key[0], "CN=x", NULL, NULL);
	refused(w, WIRE_DENIED, "authenticate", "profile.issued_by");
}

static void
profiles(void **state)
{
	struct world *w = *state;
	EVP_PKEY *p384 = EVP_EC_gen("P-384");

	ask_for("nix");
	use_csr(w, w->key[0], "CN=x", NULL, NULL);
	refused(w, WIRE_NOTFOUND, "authorize", "profile");
	ask_for("server");
	use_csr(w, p384, "CN=x", NULL, NULL);
	refused(w, WIRE_DENIED, "possess", "key.type");
	use_csr(w, w->key[0], "CN=x", NULL, NULL);
	w->csr[w->req.csr_len - 5] ^= 1;
	refused(w, WIRE_BADREQUEST, "possess", "csr.signature");
	EVP_PKEY_free(p384);
}

static void
set_fields(void **state)
{
	static const char *const bad[] = {
	    "org", "=x", "org=", "Org=x", "or g=x", "org=a\nb", "request.=x"};
	struct world *w = *state;
	size_t i;

	ask_for("server");
	use_csr(w, w->key[0], "CN=x", NULL, NULL);
	op.n_set = 1;
	set[0] = "org=ACME = Co";
	asked(w);
	assert_string_equal(field_of(w->a, "request.org"), "ACME = Co");
	set[0] = "request.org=B";
	asked(w);
	assert_string_equal(field_of(w->a, "request.org"), "B");
	set[0] = "foo=1";
	refused(w, WIRE_BADREQUEST, "authorize", "set");
	assert_string_equal(w->o.text,
	    "profile server uses no field "
	    "request.foo; it uses request.org");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set[0] = bad[i];
		refused(w, WIRE_BADREQUEST, "authorize", "set");
	}
	/* Nobody invents what evidence shows. */
	set[0] = "attested.svn=9";
	refused(w, WIRE_DENIED, "authorize", "set.attested");
	set[0] = "request.attested.svn=9";
	refused(w, WIRE_DENIED, "authorize", "set.attested");
	set[0] = "org=a";
	set[1] = "org=b";
	op.n_set = 2;
	refused(w, WIRE_BADREQUEST, "authorize", "set");
	ask_for("device-ldevid");
	op.n_set = 1;
	set[0] = "org=a";
	refused(w, WIRE_BADREQUEST, "authorize", "set");
	assert_non_null(strstr(w->o.text, "it uses none"));
}

static void
for_a_device(void **state)
{
	struct world *w = *state;
	int64_t id = add_device(w, "f", "d", NULL);
	struct cert_row row;

	ask_for("device-ldevid");
	op.device = "d";
	use_csr(w, w->key[0], "CN=whatever", NULL, NULL);
	asked(w);
	assert_string_equal(w->a->device, "d");
	assert_string_equal(w->a->fleet->name, "f");
	assert_int_equal(w->a->device_id, id);
	assert_string_equal(field_of(w->a, "identity.device"), "d");
	assert_string_equal(field_of(w->a, "identity.cn"), "d");
	assert_string_equal(field_of(w->a, "identity.serial"), "SN-9");
	assert_string_equal(field_of(w->a, "registry.model"), "X1");
	assert_string_equal(w->o.who, "f/d");
	assert_int_equal(reserve(w, w->a, &row), 1);
	assert_string_equal(row.fleet, "f");
	op.fleet = "f";
	asked(w);
	op.fleet = "g";
	refused(w, WIRE_NOTFOUND, "authorize", "device");
	op.fleet = NULL;
	op.device = "nobody";
	refused(w, WIRE_NOTFOUND, "authorize", "device");
	op.fleet = "f";
	op.device = NULL;
	refused(w, WIRE_BADREQUEST, "authorize", "device");
	op.fleet = NULL;
	op.device = "d";
	set_device(w, id, DEVICE_DISABLED);
	refused(w, WIRE_DENIED, "authorize", "device.disabled");
	set_device(w, id, DEVICE_PARKED);
	refused(w, WIRE_DENIED, "authorize", "device.parked");
	add_device(w, "left", "lost", NULL);
	op.device = "lost";
	refused(w, WIRE_DENIED, "authorize", "device.fleet");
}

static void
keys(void **state)
{
	struct world *w = *state;
	struct cert_row row;

	add_device(w, "f", "pinned", w->key[1]);
	ask_for("device-ldevid");
	use_csr(w, w->key[0], "CN=x", NULL, NULL);
	asked(w);
	assert_int_equal(w->a->attested, 0);
	assert_int_equal(reserve(w, w->a, &row), 1);
	asked(w); /* its own key again */
	assert_int_equal(reserve(w, w->a, &row), 1);
	op.device = "pinned";
	refused(w, WIRE_DENIED, "authorize", "key.duplicate");
	use_csr(w, w->key[2], "CN=x", NULL, NULL);
	refused(w, WIRE_DENIED, "attest", "attest.pinned-key");
	use_csr(w, w->key[1], "CN=x", NULL, NULL);
	asked(w);
	assert_int_equal(w->a->attested, 1);
	block_key(w, w->key[1]);
	refused(w, WIRE_DENIED, "authorize", "key.blocked");
}

/* The fleet's rules for devices do not bind the operator. */
static void
no_fleet_rules(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	int i;

	world_rules(w, "re_enrol = \"refuse\"; limits: { per_day = 1; };");
	add_device(w, "f", "d", NULL);
	ask_for("device-ldevid");
	op.device = "d";
	use_csr(w, w->key[0], "CN=x", NULL, NULL);
	for (i = 0; i < 3; i++) {
		asked(w);
		assert_int_equal(reserve(w, w->a, &row), 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(names_from_the_csr),
	    world_test(services_do_not_name_themselves), world_test(profiles),
	    world_test(set_fields), world_test(for_a_device), world_test(keys),
	    world_test(no_fleet_rules)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
