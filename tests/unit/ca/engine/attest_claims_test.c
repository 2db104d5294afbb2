#include "tests/unit/ca/engine/admit_cert.h"
#include "ca/engine/attest_evidence.h"
#include "ca/engine/fleet_attest.h"

/* What certificates of a profile would say, against what evidence has shown. */

#define BASE                                                                   \
	"name = \"ak\"; class = \"attestation\"; issued_by = [ \"est\" ];\n"   \
	"issuer = \"devices\"; key_types = [ \"ec-p256\" ];\n"                 \
	"validity: { duration = \"90d\"; };\n"                                 \
	"subject = ( { attribute = \"CN\"; from = \"identity.cn\"; } );\n"     \
	"key_usage: { critical = true; bits = [ \"digitalSignature\" ]; };\n"
#define AK_PURPOSE                                                             \
	"extended_key_usage: { if_attested = [ \"2.23.133.8.3\" ]; };\n"
#define POLICY(n)                                                              \
	"policies = ( { oid = \"2.23.133.11.1." n                              \
	"\"; if_attested = true; } );\n"

static const char *const tpm[] = {"tpm.key.name", "000b00", NULL};
static const char *const plain[] = {
    "tpm.key.name", "000b00", "tpm.key.restricted", "false", NULL};
static const char *const restricted[] = {
    "tpm.key.name", "000b00", "tpm.key.restricted", "true", NULL};
static const char *const other[] = {"eat.ueid", "01aa", NULL};
/* What another format's fact of the same sound does not show. */
static const char *const lone[] = {"tpm.key.restricted", "true", NULL};

static WIRE_ANSWER *
shown(const char *const *facts)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	WIRE_FIELDS *row;

	assert_true(field_add_bytes(a->values, "key", "k", 1));
	for (; *facts != NULL; facts += 2) {
		row = message_add_row(a);
		assert_true(field_add_text(row, "name", facts[0]) &&
		    field_add_text(row, "value", facts[1]));
	}
	return a;
}

static void
judge(const char *profile, const char *const *facts, const char *field)
{
	struct profile *p = profile_compile("t", profile, strlen(profile));
	WIRE_ANSWER *a = shown(facts);
	struct fleet_evidence policy;
	struct appraise_ask ask = {.policy = &policy, .profile = p,
	    .spki = (const unsigned char *)"k", .spki_len = 1};
	struct outcome o;

	memset(&policy, 0, sizeof(policy));
	assert_non_null(p);
	outcome_init(&o);
	assert_int_equal(evidence_claims(p, a, &o), field == NULL);
	assert_string_equal(o.rule, field == NULL ? "" : "attest.claim");
	assert_string_equal(o.field, field == NULL ? "" : field);
	/* And so does who asks for all of it. */
	outcome_init(&o);
	assert_int_equal(evidence_judge(&ask, a, &o), field == NULL);
	if (field != NULL)
		assert_int_equal(o.status, WIRE_DENIED);
	WIRE_ANSWER_free(a);
	profile_free(p);
}

static void
nothing_is_said(void **state)
{
	(void)state;
	judge(BASE, other, NULL);
	judge(BASE, plain, NULL);
}

static void
attestation_keys_are_restricted(void **state)
{
	(void)state;
	judge(BASE AK_PURPOSE, restricted, NULL);
	judge(BASE AK_PURPOSE, plain, "tpm.key.restricted");
	judge(BASE AK_PURPOSE, tpm, "tpm.key.restricted");
	judge(BASE AK_PURPOSE, other, "tpm.key.name");
	judge(BASE AK_PURPOSE, lone, "tpm.key.name");
}

static void
residency_is_shown(void **state)
{
	(void)state;
	judge(BASE POLICY("1"), plain, NULL);
	judge(BASE POLICY("1"), other, "tpm.key.name");
	judge(BASE POLICY("2"), plain, NULL);
	judge(BASE POLICY("2"), other, "tpm.key.name");
	judge(BASE POLICY("3"), restricted, NULL);
	judge(BASE POLICY("3"), plain, "tpm.key.restricted");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_said),
	    cmocka_unit_test(attestation_keys_are_restricted),
	    cmocka_unit_test(residency_is_shown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
