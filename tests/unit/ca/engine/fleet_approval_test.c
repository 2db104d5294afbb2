#include "tests/unit/ca/engine/admit_make.h"

/* What a fleet file says of approval. */

static void
refused(struct world *w, const char *rules, const char *words)
{
	char text[1024] = "";
	const char *data = "";
	struct policy *p = world_compile(w, rules);

	assert_null(p);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()),
	    PROFILE_E_CONFIG);
	(void)ERR_peek_last_error_all(NULL, NULL, NULL, &data, NULL);
	snprintf(text, sizeof(text), "%s", data);
	ERR_clear_error();
	if (strstr(text, words) == NULL)
		fail_msg("\"%s\": no \"%s\" in \"%s\"", rules, words, text);
}

static void
defaults(void **state)
{
	struct world *w = *state;
	const struct fleet *f;

	f = policy_fleet(w->policy, "f");
	assert_int_equal(f->approve, FLEET_APPROVE_NONE);
	assert_false(fleet_parks(f));
	assert_int_equal(f->retry_window, 3600);
	world_rules(w, "re_enrol = \"approve\";");
	f = policy_fleet(w->policy, "f");
	assert_true(fleet_parks(f));
	assert_int_equal(f->approval.number, 1);
	assert_int_equal(f->approval.lifetime, 7 * DAY);
	assert_int_equal(f->approval.retry_after, 60);
	assert_int_equal(f->approval.max_waiting, 1000);
	assert_int_equal(f->approval.per_device_day, 10);
}

static void
what_is_said(void **state)
{
	struct world *w = *state;
	const struct fleet *f;
	char *text;

	world_rules(w, "approve = \"all\"; retry_window = \"2h\"; approval: "
	    "{ number = 2; lifetime = \"3d\"; retry_after = \"5m\"; "
	    "max_waiting = 7; per_device_day = 1; };");
	f = policy_fleet(w->policy, "f");
	assert_int_equal(f->approve, FLEET_APPROVE_ALL);
	assert_true(fleet_parks(f));
	assert_int_equal(f->approval.number, 2);
	text = policy_fleet_dump(f);
	assert_non_null(strstr(text, "\nretry_window = 7200s\napprove = all\n"
	    "approval.number = 2\napproval.lifetime = 259200s\n"
	    "approval.retry_after = 300s\napproval.max_waiting = 7\n"
	    "approval.per_device_day = 1\n"));
	OPENSSL_free(text);
	world_rules(w, "approve = \"first\";");
	assert_int_equal(policy_fleet(w->policy, "f")->approve,
	    FLEET_APPROVE_FIRST);
}

static void
mistakes(void **state)
{
	static const char *const t[][2] = {
	    {"approve = \"some\";", "approve"},
	    {"approve = true;", "approve"},
	    {"approval: { number = 1; };", "nothing waits for approval"},
	    {"approve = \"all\"; approval: { numbr = 1; };", "numbr"},
	    {"approve = \"all\"; approval: { number = 0; };", "number"},
	    {"approve = \"all\"; approval: { number = 9; };", "number"},
	    {"approve = \"all\"; approval: { lifetime = \"91d\"; };",
		"lifetime"},
	    {"approve = \"all\"; approval: { retry_after = \"0s\"; };",
		"retry_after"},
	    {"approve = \"all\"; approval: { max_waiting = 0; };",
		"max_waiting"},
	    {"approve = \"all\"; approval: { per_device_day = 0; };",
		"per_device_day"},
	    {"retry_window = \"31d\";", "retry_window"},
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		refused(w, t[i][0], t[i][1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(defaults),
	    world_test(what_is_said), world_test(mistakes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
