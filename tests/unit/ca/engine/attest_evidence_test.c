#include "tests/unit/ca/engine/admit_change.h"
#include "ca/engine/attest_evidence.h"
#include "ca/engine/fleet_attest.h"

/* What inkan-ca makes of the verifier's word. The dialogue is tried with the
   verifier itself and a TPM that runs (tests/integration/attest_tpm.sh). */

static const unsigned char KEY[] = "a key", OTHER[] = "akey?";

static WIRE_ANSWER *
answer(const unsigned char *key, const char *fact, const char *value)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	WIRE_FIELDS *row;

	assert_true(field_add_bytes(a->values, "key", key, 5));
	row = message_add_row(a);
	assert_true(field_add_text(row, "name", fact) &&
	    field_add_text(row, "value", value));
	return a;
}

static void
judge(const struct fleet_evidence *policy, WIRE_ANSWER *a, const char *rule)
{
	struct appraise_ask ask = {.policy = policy, .spki = KEY, .spki_len = 5};
	struct outcome o;

	outcome_init(&o);
	assert_int_equal(evidence_judge(&ask, a, &o), rule == NULL);
	assert_string_equal(o.rule, rule == NULL ? "" : rule);
	WIRE_ANSWER_free(a);
}

static void
key_and_facts(void **state)
{
	struct fleet_evidence policy;

	(void)state;
	memset(&policy, 0, sizeof(policy));
	judge(&policy, answer(KEY, "x", "y"), NULL);
	/* A verifier that speaks of another key is of no use. */
	judge(&policy, answer(OTHER, "x", "y"), "attest.key");
	judge(&policy, message_answer(1, WIRE_OK), "attest.key");
	policy.n_require = 1;
	strcpy(policy.require[0].fact, "level");
	strcpy(policy.require[0].one_of[0], "strong");
	policy.require[0].n_one_of = 1;
	judge(&policy, answer(KEY, "level", "strong"), NULL);
	judge(&policy, answer(KEY, "level", "weak"), "attest.require");
	judge(&policy, answer(KEY, "else", "strong"), "attest.require");
	policy.require[0].n_one_of = 0;
	policy.require[0].at_least = 3;
	judge(&policy, answer(KEY, "level", "3"), NULL);
	judge(&policy, answer(KEY, "level", "2"), "attest.require");
	judge(&policy, answer(KEY, "level", "3x"), "attest.require");
	judge(&policy, answer(KEY, "level", "-9"), "attest.require");
}

static void
a_refusal_is_passed_on(void **state)
{
	struct fleet_evidence policy;
	WIRE_ANSWER *a = message_answer(1, WIRE_DENIED);

	(void)state;
	memset(&policy, 0, sizeof(policy));
	assert_true(message_set_refusal(
	    a, "attest", "attest.tpm.nonce", "extraData", "is another"));
	judge(&policy, a, "attest.tpm.nonce");
}

#define RULES                                                                  \
	"attest: { formats = [ \"tpm\" ]; own_keys = [ \"ak\" ]; };"

static void
none_is_missed(void **state)
{
	struct world *w = *state;

	world_rules(w, RULES);
	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "attest", "attest.missing");
}

static void
refuse(struct store_tx *tx, const char *device, int n)
{
	struct outcome o = {.shown = "f/user"};
	struct evidence_row row = {.at = 3600 * 1000, .rule = "attest.key",
	    .fleet = "f", .format = "tpm"};
	int i;

	snprintf(row.device, sizeof(row.device), "%s", device);
	snprintf(o.who, sizeof(o.who), "f/%s", device);
	for (i = 0; i < n; i++)
		assert_true(evidence_record_refusal(tx, &row, &o));
	o.shown[0] = '\0';
	assert_true(evidence_record_refusal(tx, &row, &o));
}

static int
count_row(struct evidence_row *row, void *arg)
{
	evidence_row_clear(row);
	++*(int *)arg;
	return 1;
}

static int
refusals_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	refuse(tx, "a", OUTCOME_REFUSALS_PER_HOUR - 1);
	refuse(tx, "b", OUTCOME_REFUSALS_PER_HOUR);
	return 1;
}

static int
count_tx(struct store_tx *tx, void *arg)
{
	return evidence_list(tx, "f", INT64_MAX, 1000, count_row, arg);
}

/* Whoever may be refused for ever does not fill the store: names that a party
   chooses make it no other. */
static void
so_many_are_recorded(void **state)
{
	struct world *w = *state;
	int n = 0;

	assert_int_equal(store_write(w->store, refusals_tx, NULL, 0), 1);
	assert_int_equal(store_read(w->store, count_tx, &n), 1);
	assert_int_equal(n, OUTCOME_REFUSALS_PER_HOUR + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(key_and_facts),
	    cmocka_unit_test(a_refusal_is_passed_on),
	    world_test(none_is_missed), world_test(so_many_are_recorded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
