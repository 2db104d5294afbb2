#include "tests/unit/ca/engine/world.h"
#include "tests/unit/ca/engine/eat_make.h"
#include "tests/unit/ca/engine/verifier_run.h"

/* What devices have shown, looked at and judged again: with inkan-verifier itself,
   and tokens that went the whole way. */

#define NOT_DEBUGGED "disabled-since-boot"
#define DEBUGGED "enabled"

static struct verifier_run run;
static EVP_PKEY *signer;
static char user[64], secret[128];

struct asked {
	unsigned char nonce[64], *csr;
	size_t nonce_len;
	int csr_len;
	char serial[64];
};

static void
asked_free(struct asked *a)
{
	OPENSSL_free(a->csr);
}

/* The policy: a fleet that demands tokens, by ${more} and reference values
   ${refs}. */
static void
use_profile(struct world *w, const char *profile, const char *more,
    const char *refs)
{
	char text[2048];

	snprintf(text, sizeof(text),
	    "name = \"gw\"; label = \"gw\"; profile = \"%s\";\n"
	    "authenticate: { basic = true; }; registration = "
	    "\"just-in-time\";\nnames = [ \"*\" ]; re_enrol = \"allow\"; "
	    "retry_window = \"0s\";\n"
	    "attest: { formats = [ \"eat\" ]; references = \"gw.attest\"; "
	    "anchors = ( { format = \"eat\"; anchors = \"eat.pem\"; } ); "
	    "%s };\n", profile, more);
	world_write(w, "fleets/gw.conf", text);
	eat_references(signer, refs, text, sizeof(text));
	world_write(w, "fleets/gw.attest", text);
	world_done(world_admin(w, "policy.activate", ""));
}

static void
use_policy(struct world *w, const char *more, const char *refs)
{
	use_profile(w, "device-ldevid", more, refs);
}

/* A device asks for a nonce, and with its evidence for a certificate. */
static void
enrol(struct world *w, const char *device, const char *dbgstat,
    enum wire_status status, struct asked *out)
{
	WIRE_ANSWER *a = world_ask(w, OPS_RA, "attest.nonce", "t", "label", "gw");
	EVP_PKEY *key = world_key();
	const unsigned char *p;
	char *token, session[80];

	memset(out, 0, sizeof(*out));
	world_is(a, WIRE_OK);
	p = field_bytes(a->values, "nonce", &out->nonce_len);
	assert_true(p != NULL && out->nonce_len <= sizeof(out->nonce));
	memcpy(out->nonce, p, out->nonce_len);
	snprintf(session, sizeof(session), "%s",
	    field_text(a->values, "session", ""));
	WIRE_ANSWER_free(a);
	token = eat_token(signer, key, out->nonce, out->nonce_len, dbgstat);
	out->csr = eat_csr(key, device, token, &out->csr_len);
	a = world_ask(w, OPS_RA, "enroll", "tbttt", "label", "gw", "csr",
	    out->csr, out->csr_len, "user", user, "secret", secret, "session",
	    session);
	world_is(a, status);
	snprintf(out->serial, sizeof(out->serial), "%s",
	    field_text(a->values, "serial", ""));
	WIRE_ANSWER_free(a);
	free(token);
	EVP_PKEY_free(key);
}

static const char *
fact(const WIRE_ANSWER *a, const char *name)
{
	size_t i;

	for (i = 0; i < message_n_rows(a); i++)
		if (strcmp(field_text(message_row(a, i), "name", ""), name) == 0)
			return field_text(message_row(a, i), "value", "");
	return "none";
}

static void
is(WIRE_ANSWER *a, const char *decision, const char *rule)
{
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "decision", ""), decision);
	assert_string_equal(field_text(a->values, "rule", ""), rule);
	WIRE_ANSWER_free(a);
}

static void
shown(void **state)
{
	struct world *w = *state;
	struct asked good, bad;
	WIRE_ANSWER *a;
	char other[64];

	enrol(w, "d1", NOT_DEBUGGED, WIRE_OK, &good);
	enrol(w, "d2", DEBUGGED, WIRE_DENIED, &bad);
	a = world_admin(w, "evidence.show", "t", "serial", good.serial);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "device", ""), "d1");
	assert_string_equal(field_text(a->values, "fleet", ""), "gw");
	assert_string_equal(field_text(a->values, "format", ""), "eat");
	assert_string_equal(field_text(a->values, "kept", ""), "whole");
	assert_string_equal(fact(a, "eat.dbgstat"), "2");
	assert_string_equal(fact(a, "eat.signer"), "kid");
	assert_int_equal(
	    strlen(field_text(a->values, "nonce_sha256", "")), 64);
	WIRE_ANSWER_free(a);
	is(world_admin(w, "evidence.show", "b", "csr", good.csr, good.csr_len),
	    "accepted", "");
	is(world_admin(w, "evidence.show", "b", "csr", bad.csr, bad.csr_len),
	    "refused", "attest.eat.debug");
	/* Nothing was shown for these, or they are none of ours. */
	world_issue(w, "plain", other);
	world_refused(world_admin(w, "evidence.show", "t", "serial", other),
	    WIRE_NOTFOUND, "no evidence is on record");
	world_refused(world_admin(w, "evidence.show", "b", "csr", "x", 1),
	    WIRE_NOTFOUND, "no evidence is on record");
	world_refused(world_admin(w, "evidence.show", "t", "serial", "ff01"),
	    WIRE_NOTFOUND, "");
	world_refused(world_admin(w, "evidence.show", ""), WIRE_BADREQUEST,
	    "one of serial and csr");
	asked_free(&good);
	asked_free(&bad);
}

/* A token is no TPM's word, whatever its fleet has been given for a profile. */
static void
no_more_is_said_than_was_shown(void **state)
{
	struct world *w = *state;
	struct asked k;

	use_profile(w, "tpm-lak", "", "");
	enrol(w, "d1", NOT_DEBUGGED, WIRE_DENIED, &k);
	is(world_admin(w, "evidence.show", "b", "csr", k.csr, k.csr_len),
	    "refused", "attest.claim");
	use_policy(w, "", "");
	/* Of another profile it would be good enough. */
	is(world_admin(w, "evidence.check", "bt", "csr", k.csr, k.csr_len,
	       "fleet", "gw"), "accepted", "");
	asked_free(&k);
}

static WIRE_ANSWER *
check(struct world *w, const struct asked *k, const char *nonce)
{
	return nonce == NULL
	    ? world_admin(w, "evidence.check", "bt", "csr", k->csr, k->csr_len,
		  "fleet", "gw")
	    : world_admin(w, "evidence.check", "btt", "csr", k->csr, k->csr_len,
		  "fleet", "gw", "nonce", nonce);
}

static void
judged_by_the_policy_of_today(void **state)
{
	struct world *w = *state;
	struct asked good, bad;
	WIRE_ANSWER *a;

	enrol(w, "d1", NOT_DEBUGGED, WIRE_OK, &good);
	enrol(w, "d2", DEBUGGED, WIRE_DENIED, &bad);
	a = check(w, &good, NULL);
	assert_string_equal(fact(a, "eat.dbgstat"), "2");
	is(a, "accepted", "");
	is(check(w, &bad, NULL), "refused", "attest.eat.debug");
	/* Judging again uses no nonce up: it is the same twice. */
	is(check(w, &good, NULL), "accepted", "");
	use_policy(w, "", "dbgstat_min = 3;");
	is(check(w, &good, NULL), "refused", "attest.eat.debug");
	use_policy(w, "require = ( { fact = \"eat.dbgstat\"; at_least = 4; } );",
	    "dbgstat_min = 0;");
	is(check(w, &good, NULL), "refused", "attest.require");
	use_policy(w, "", "dbgstat_min = 0;");
	is(check(w, &bad, NULL), "accepted", "");
	use_policy(w, "", "");
	/* And the record is as it was. */
	is(world_admin(w, "evidence.show", "b", "csr", bad.csr, bad.csr_len),
	    "refused", "attest.eat.debug");
	asked_free(&good);
	asked_free(&bad);
}

static void
judged_by_another_nonce(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct asked good, captured = {.csr = NULL};
	unsigned char mine[32] = "0123456789abcdef0123456789abcdef";
	char hex[80], *token;
	size_t n;

	enrol(w, "d1", NOT_DEBUGGED, WIRE_OK, &good);
	is(check(w, &good, "00112233445566778899aabbccddeeff"), "refused",
	    "attest.eat.nonce");
	world_refused(check(w, &good, "no octets"), WIRE_BADREQUEST,
	    "hexadecimal");
	/* One that never came to us: whoever has it knows its nonce. */
	token = eat_token(signer, key, mine, sizeof(mine), NOT_DEBUGGED);
	captured.csr = eat_csr(key, "d9", token, &captured.csr_len);
	world_refused(check(w, &captured, NULL), WIRE_BADREQUEST,
	    "say what it must carry");
	assert_int_equal(OPENSSL_buf2hexstr_ex(hex, sizeof(hex), &n, mine,
			     sizeof(mine), '\0'), 1);
	is(check(w, &captured, hex), "accepted", "");
	world_refused(world_admin(w, "evidence.show", "b", "csr", captured.csr,
			  captured.csr_len), WIRE_NOTFOUND, "");
	free(token);
	EVP_PKEY_free(key);
	asked_free(&good);
	asked_free(&captured);
}

static void
only_where_it_can_be(void **state)
{
	struct world *w = *state;
	struct asked good;

	enrol(w, "d1", NOT_DEBUGGED, WIRE_OK, &good);
	world_refused(world_admin(w, "evidence.check", "bt", "csr", good.csr,
			  good.csr_len, "fleet", "none"), WIRE_NOTFOUND,
	    "no such fleet");
	world_refused(world_admin(w, "evidence.check", "bt", "csr", good.csr,
			  good.csr_len, "fleet", "devices"), WIRE_BADREQUEST,
	    "demands no evidence");
	world_refused(world_admin(w, "evidence.check", "btt", "csr", "x", 1,
			  "fleet", "gw", "nonce", "0011223344556677"),
	    WIRE_BADREQUEST, "csr");
	world_refused(world_admin(w, "evidence.replay", "ti", "fleet", "none",
			  "last", 5), WIRE_NOTFOUND, "no such fleet");
	verifier_kill(&run);
	world_refused(check(w, &good, NULL), WIRE_UNAVAILABLE,
	    "attest.unavailable");
	world_refused(world_admin(w, "evidence.replay", "ti", "fleet", "gw",
			  "last", 1), WIRE_UNAVAILABLE, "attest.unavailable");
	verifier_start(&run);
	is(check(w, &good, NULL), "accepted", "");
	asked_free(&good);
}

static void
replays(struct world *w, int last, int judged, int differ, int not_kept)
{
	WIRE_ANSWER *a = world_admin(
	    w, "evidence.replay", "ti", "fleet", "gw", "last", last);

	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "judged", -1), judged);
	assert_int_equal(field_int(a->values, "same", -1), judged - differ);
	assert_int_equal(field_int(a->values, "differ", -1), differ);
	assert_int_equal(field_int(a->values, "not_kept", -1), not_kept);
	assert_int_equal(message_n_rows(a), differ);
	WIRE_ANSWER_free(a);
}

static void
judged_together(void **state)
{
	struct world *w = *state;
	struct asked k[4];
	WIRE_ANSWER *a;
	int i;

	use_policy(w, "keep = \"hash\";", "");
	enrol(w, "r0", NOT_DEBUGGED, WIRE_OK, &k[0]);
	use_policy(w, "", "");
	enrol(w, "r1", NOT_DEBUGGED, WIRE_OK, &k[1]);
	enrol(w, "r2", DEBUGGED, WIRE_DENIED, &k[2]);
	enrol(w, "r3", NOT_DEBUGGED, WIRE_OK, &k[3]);
	replays(w, 4, 3, 0, 1);
	replays(w, 2, 2, 0, 0);
	use_policy(w, "", "dbgstat_min = 4;");
	replays(w, 4, 3, 2, 1);
	use_policy(w, "", "dbgstat_min = 0;");
	replays(w, 3, 3, 1, 0);
	a = world_admin(
	    w, "evidence.replay", "ti", "fleet", "gw", "last", 3);
	assert_string_equal(
	    field_text(message_row(a, 0), "device", ""), "r2");
	assert_string_equal(
	    field_text(message_row(a, 0), "was", ""), "refused");
	assert_string_equal(
	    field_text(message_row(a, 0), "now", ""), "accepted");
	assert_string_equal(
	    field_text(message_row(a, 0), "rule", ""), "attest.eat.debug");
	WIRE_ANSWER_free(a);
	use_policy(w, "", "");
	/* What was not kept whole cannot be shown to carry its nonce. */
	a = world_admin(w, "evidence.show", "t", "serial", k[0].serial);
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "kept", ""), "hash");
	WIRE_ANSWER_free(a);
	for (i = 0; i < 4; i++)
		asked_free(&k[i]);
}

static struct verifier own;

static int
begin(void **state)
{
	struct world *w;
	WIRE_ANSWER *a;

	if (world_setup(state) != 0)
		return -1;
	w = *state;
	verifier_begin(&run);
	own = w->ca->verifier;
	w->ca->verifier = run.v;
	signer = world_key();
	world_sh("openssl req -x509 -newkey ec -pkeyopt "
		 "ec_paramgen_curve:P-256 -nodes -keyout /dev/null "
		 "-subj '/CN=Tokens' -out %s/fleets/eat.pem 2>/dev/null",
	    w->dir);
	use_policy(w, "", "");
	a = world_admin(w, "secret.new", "tf", "fleet", "gw", "reusable", 1);
	world_is(a, WIRE_OK);
	snprintf(user, sizeof(user), "%s", field_text(a->values, "user", ""));
	snprintf(secret, sizeof(secret), "%s",
	    field_text(a->values, "secret", ""));
	WIRE_ANSWER_free(a);
	return 0;
}

static int
end(void **state)
{
	((struct world *)*state)->ca->verifier = own;
	verifier_end(&run);
	EVP_PKEY_free(signer);
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(shown),
	    cmocka_unit_test(no_more_is_said_than_was_shown),
	    cmocka_unit_test(judged_by_the_policy_of_today),
	    cmocka_unit_test(judged_by_another_nonce),
	    cmocka_unit_test(only_where_it_can_be),
	    cmocka_unit_test(judged_together)};

	return cmocka_run_group_tests(tests, begin, end);
}
