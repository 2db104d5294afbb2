#include <unistd.h>
#include <sys/socket.h>

#include <openssl/sha.h>

#include "ca/report/report.h"
#include "ca/wire/socket.h"
#include "ra/attest/tpm.h"
#include "ra/attest/verifier_ask.h"
#include "ra/attest/verifier_policy.h"
#include "ra/attest/verifier_serve.h"
#include "tests/unit/ra/attest/evidence.h"

/* What is no question, or is about no evidence. Evidence itself is tried by the
   tests of each format, and whole by tests/integration/attest_{tpm,formats}.sh. */

static WIRE_REQUEST *
question(const char *op)
{
	WIRE_REQUEST *r = message_request(op, 7);

	assert_non_null(r);
	return r;
}

static void
expect(WIRE_REQUEST *r, enum wire_status status, const char *rule)
{
	WIRE_ANSWER *a = verifier_answer(r);

	assert_non_null(a);
	assert_int_equal(message_answer_id(a), 7);
	assert_int_equal(message_answer_status(a), status);
	assert_string_equal(message_refusal(a, "rule"), rule);
	assert_int_equal(ERR_peek_error(), 0);
	WIRE_ANSWER_free(a);
	WIRE_REQUEST_free(r);
}

static void
bytes(WIRE_REQUEST *r, const char *name, const void *p, size_t len)
{
	assert_true(field_add_bytes(r->args, name, p, len));
}

static void
asks_nothing(void **state)
{
	WIRE_REQUEST *r;

	(void)state;
	expect(question("ping"), WIRE_OK, "");
	expect(question("sign"), WIRE_INTERNAL, "attest.question");
	expect(question("appraise"), WIRE_INTERNAL, "attest.question");
	r = question("challenge");
	bytes(r, "ak_public", "x", 1);
	bytes(r, "nonce", "0123456789abcdef", 16);
	bytes(r, "secret", "short", 5);
	expect(r, WIRE_INTERNAL, "attest.question");
}

static void
is_given_what_is_unfit(void **state)
{
	WIRE_REQUEST *r = question("appraise");

	(void)state;
	assert_true(field_add_text(r->args, "format", "tmp"));
	expect(r, WIRE_INTERNAL, "attest.policy.format");
	r = question("appraise");
	bytes(r, "anchor.tpm-ek", "x", 1);
	expect(r, WIRE_INTERNAL, "attest.policy.anchor");
	r = question("appraise");
	bytes(r, "pin.tpm-ak", "x", 1);
	expect(r, WIRE_INTERNAL, "attest.policy.pin");
	r = question("appraise");
	assert_true(field_add_text(
	    r->args, "references", "tpm: { classes = [ \"best\" ]; };"));
	expect(r, WIRE_INTERNAL, "references:1");
}

static void
policy_is(const char *references, const char *text)
{
	WIRE_REQUEST *r = question("policy");
	WIRE_ANSWER *a;

	assert_true(field_add_text(r->args, "references", references) &&
	    field_add_text(r->args, "file", "fleets/a.attest") &&
	    field_add_text(r->args, "format", "dice"));
	a = verifier_answer(r);
	assert_int_equal(message_answer_status(a),
	    text == NULL ? WIRE_OK : WIRE_BADREQUEST);
	assert_string_equal(message_refusal(a, "rule"),
	    text == NULL ? "" : "policy.references");
	assert_string_equal(message_refusal(a, "text"), text ? text : "");
	assert_int_equal(message_n_rows(a), 0);
	WIRE_ANSWER_free(a);
	WIRE_REQUEST_free(r);
}

/* Without evidence: whoever wrote it is told where and what. */
static void
reads_a_policy(void **state)
{
	WIRE_REQUEST *r = question("policy");

	(void)state;
	expect(r, WIRE_OK, "");
	policy_is("", NULL);
	policy_is("webauthn: { rp_id = \"a.example\"; };", NULL);
	policy_is("\ntpm: { classes = [ \"best\" ]; };",
	    "fleets/a.attest:2: classes: unknown value \"best\"");
	policy_is("x", "fleets/a.attest:1: syntax error");
	r = question("policy");
	bytes(r, "anchor.dice", "x", 1);
	expect(r, WIRE_BADREQUEST, "policy.references");
	r = question("policy");
	assert_true(field_add_text(r->args, "format", "tmp"));
	expect(r, WIRE_BADREQUEST, "policy.references");
}

static unsigned char *
plain_csr(int *len)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	unsigned char *der = NULL;

	assert_true(X509_REQ_set_pubkey(req, key) &&
	    X509_REQ_sign(req, key, EVP_sha256()) > 0);
	*len = i2d_X509_REQ(req, &der);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return der;
}

static void
sees_no_evidence(void **state)
{
	WIRE_REQUEST *r = question("appraise");
	unsigned char *der;
	int len;

	(void)state;
	der = plain_csr(&len);
	bytes(r, "csr", der, (size_t)len);
	bytes(r, "spki", "x", 1);
	bytes(r, "nonce", "0123456789abcdef", 16);
	OPENSSL_free(der);
	expect(r, WIRE_BADREQUEST, "attest.bundle");
	r = question("appraise");
	bytes(r, "csr", "\x30\x00\x00", 3);
	bytes(r, "spki", "x", 1);
	bytes(r, "nonce", "0123456789abcdef", 16);
	expect(r, WIRE_BADREQUEST, "attest.bundle.request");
	r = question("challenge");
	bytes(r, "ek_cert", "\x30\x00\x00", 3);
	bytes(r, "ak_public", "x", 1);
	bytes(r, "nonce", "0123456789abcdef", 16);
	bytes(r, "secret", "0123456789abcdef0123456789abcdef", 32);
	expect(r, WIRE_BADREQUEST, "attest.tpm.ek-cert");
}

/* An EK's certificate as the NV memory of a TPM gives it, with what fills the
   rest. */
static void
padded_challenge(
    const char *references, size_t padding, enum wire_status status)
{
	struct attest_octets cert = golden("tpm.txt", "ek-rsa.cert");
	struct attest_octets issuer = golden("tpm.txt", "ek-ca.issuer");
	struct attest_octets root = golden("tpm.txt", "ek-ca.root");
	struct attest_octets ak = golden("tpm.txt", "ak-p256.pub");
	WIRE_REQUEST *r = question("challenge");
	unsigned char nv[4096];

	assert_true(cert.len + padding <= sizeof(nv));
	memcpy(nv, cert.p, cert.len);
	memset(nv + cert.len, 0xff, padding);
	assert_true(field_add_text(r->args, "references", references) &&
	    field_add_int(r->args, "now", NOW));
	bytes(r, "anchor.tpm-ek", root.p, root.len);
	bytes(r, "ek_cert", nv, cert.len + padding);
	bytes(r, "ek_cert", issuer.p, issuer.len);
	bytes(r, "ak_public", ak.p, ak.len);
	bytes(r, "nonce", "0123456789abcdef", 16);
	bytes(r, "secret", "0123456789abcdef0123456789abcdef", 32);
	expect(r, status, status == WIRE_OK ? "" : "attest.tpm.ek-cert");
}

static void
padding_needs_its_quirk(void **state)
{
#define SWTPM "ignore_expiry = [ \"tpm-ek\" ]; tpm: { classes = [ \"virtual\" ]; };"
	static const char plain[] = SWTPM;
	static const char quirk[] = "quirks = [ \"ek-padding\" ]; " SWTPM;

	(void)state;
	padded_challenge(plain, 0, WIRE_OK);
	padded_challenge(quirk, 100, WIRE_OK);
	padded_challenge(plain, 100, WIRE_BADREQUEST);
}

/* --- reference values --- */

#define D1 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define D2 "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void
reads_references(void **state)
{
	static const char text[] =
	    "quirks = [ \"raw-signature\", \"ek-no-san\" ];\n"
	    "ignore_expiry = [ \"tpm-ek\" ];\n"
	    "tpm: { classes = [ \"virtual\" ]; firmware_min = \"20191023\";\n"
	    " states = ( { name = \"fw-1\"; pcrs = ( { index = 7; digest = "
	    "\"sha256:" D1 "\"; } ); } ); };";
	struct verifier_refs *keep = NULL;
	struct attest_policy p;

	(void)state;
	memset(&p, 0, sizeof(p));
	assert_true(verifier_refs_read("r", text, strlen(text), &p, &keep));
	assert_int_equal(
	    p.quirks, ATTEST_QUIRK_RAW_SIGNATURE | ATTEST_QUIRK_EK_NO_SAN);
	assert_true(p.tpm.ek.ignore_expiry && !p.tpm.ak.ignore_expiry);
	assert_int_equal(p.tpm.classes, ATTEST_TPM_VIRTUAL);
	assert_int_equal(p.tpm.firmware_min, 0x20191023);
	assert_int_equal(p.tpm.n_pcrs, 1);
	assert_string_equal(p.tpm.pcrs[0].state, "fw-1");
	assert_int_equal(p.tpm.pcrs[0].index, 7);
	assert_int_equal(p.tpm.pcrs[0].digest[1], 0x11);
	verifier_refs_free(keep);
}

/* What a TPM says of PCRs 0 and 7, of which the second is ${seventh}. */
static int
quoted(const struct attest_policy *p, unsigned char seventh,
    struct attest_facts *facts)
{
	TPMS_QUOTE_INFO q = {.pcrSelect = {.count = 1,
	    .pcrSelections = {{.hash = TPM2_ALG_SHA256, .sizeofSelect = 3,
		.pcrSelect = {0x81, 0, 0}}}}};
	unsigned char values[64];

	memcpy(values, p->tpm.pcrs[0].digest, 32);
	memcpy(values + 32, p->tpm.pcrs[1].digest, 32);
	values[32] = seventh;
	q.pcrDigest.size = 32;
	SHA256(values, sizeof(values), q.pcrDigest.buffer);
	return tpm_quote_check(&q, TPM2_ALG_SHA256, &p->tpm, facts);
}

static void
states_are_what_quotes_are_held_against(void **state)
{
	static const char text[] = "tpm: { states = (\n"
	    " { name = \"old\"; pcrs = ( { index = 0; digest = \"sha256:" D1
	    "\"; }, { index = 7; digest = \"sha256:" D1 "\"; } ); },\n"
	    " { name = \"new\"; pcrs = ( { index = 0; digest = \"sha256:" D1
	    "\"; }, { index = 7; digest = \"sha256:" D2 "\"; } ); } ); };";
	struct attest_facts *facts = attest_facts_new();
	struct verifier_refs *keep = NULL;
	struct attest_policy p;

	(void)state;
	memset(&p, 0, sizeof(p));
	assert_true(verifier_refs_read("r", text, strlen(text), &p, &keep));
	assert_int_equal(p.tpm.n_pcrs, 4);
	assert_true(quoted(&p, 0xff, facts));
	assert_string_equal(attest_facts_get(facts, "tpm.pcrs"), "new");
	assert_false(quoted(&p, 0xfe, facts));
	ERR_clear_error();
	attest_facts_free(facts);
	verifier_refs_free(keep);
}

static void
reads_other_formats(void **state)
{
	static const char text[] =
	    "dice: { layers = ( { vendor = \"v\"; layer = 1; svn_min = 3;\n"
	    " fwids = [ \"sha256:00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff\" ]; } );\n"
	    " flags_known = [ \"notTcb\" ]; };\n"
	    "eat: { profiles = [ \"p\", \"q\" ]; oemids = [ \"0a0b\" ];\n"
	    " measurements = [ \"sha256:" D1 "\" ];\n"
	    " keys = ( { id = \"01\"; spki = \"3000\"; } ); max_age = "
	    "\"1h\";\n"
	    " components = ( { signer_id = \"aa\"; value = \"bb\"; } ); };\n"
	    "android: { level = \"strongbox\"; status = \"{}\"; status_time ="
	    " 5; os_patch_min = 202601; boot_keys = [ \"cc\" ]; };\n"
	    "webauthn: { rp_id = \"a.example\"; aaguids = ["
	    " \"00112233445566778899aabbccddeeff\" ]; };";
	struct verifier_refs *keep = NULL;
	struct attest_policy p;

	(void)state;
	memset(&p, 0, sizeof(p));
	assert_true(verifier_refs_read("r", text, strlen(text), &p, &keep));
	assert_int_equal(p.dice.n_refs, 1);
	assert_string_equal(p.dice.refs[0].vendor, "v");
	assert_int_equal(p.dice.refs[0].index, -1);
	assert_int_equal(p.dice.refs[0].svn_min, 3);
	assert_null(p.dice.refs[0].model);
	assert_int_equal(p.dice.refs[0].fwids[0].octets.len, 32);
	assert_int_equal(p.dice.flags_known, 1 << 8);
	assert_int_equal(p.eat.n_profiles, 2);
	assert_string_equal(p.eat.profiles[1], "q");
	assert_int_equal(p.eat.dbgstat_min, 2);
	assert_int_equal(p.eat.max_age, 3600);
	assert_int_equal(p.eat.oemids[0].p[1], 0x0b);
	assert_int_equal(p.eat.keys[0].spki.len, 2);
	assert_int_equal(p.eat.n_measurements, 1);
	assert_null(p.eat.components[0].type);
	assert_int_equal(p.android.level_min, 2);
	assert_int_equal(p.android.os_patch_min, 202601);
	assert_int_equal(p.android.status.len, 2);
	assert_int_equal(p.android.boot_keys[0].p[0], 0xcc);
	assert_string_equal(p.webauthn.rp_id, "a.example");
	assert_int_equal(p.webauthn.aaguids[0][15], 0xff);
	verifier_refs_free(keep);
}

#define PCR(i, d) "{ index = " i "; digest = \"" d "\"; }"
#define STATE(n, p) "tpm: { states = ( { name = \"" n "\"; pcrs = ( " p " ); } ); };"
#define ONE(n) "{ name = \"" n "\"; pcrs = ( " PCR("1", "sha256:" D1) " ); }"

/* The status list of phones: what reference values have comes first. */
static void
phones_by_which_list(void **state)
{
	static const char own[] = "android: { status = \"{}\"; status_time = 5; "
				  "status_max_age = \"1d\"; };";
	WIRE_REQUEST *r = question("policy");
	struct verifier_policy *p = verifier_policy_read(r->args, NULL);
	const struct attest_android_policy *a;

	(void)state;
	assert_non_null(p);
	assert_int_equal(verifier_policy_get(p)->android.status.len, 0);
	verifier_policy_free(p);
	assert_true(field_add_text(r->args, "android.status", "{ }"));
	assert_true(field_add_int(r->args, "android.status_time", 7));
	p = verifier_policy_read(r->args, NULL);
	assert_non_null(p);
	a = &verifier_policy_get(p)->android;
	assert_int_equal(a->status.len, 3);
	assert_int_equal(a->status_time, 7);
	assert_int_equal(a->status_max_age, 7 * 86400);
	assert_int_equal(a->level_min, 1);
	verifier_policy_free(p);
	assert_true(field_add_text(r->args, "references", own));
	p = verifier_policy_read(r->args, NULL);
	assert_non_null(p);
	a = &verifier_policy_get(p)->android;
	assert_int_equal(a->status.len, 2);
	assert_int_equal(a->status_time, 5);
	assert_int_equal(a->status_max_age, 86400);
	verifier_policy_free(p);
	/* Asked without evidence: whoever takes none of phones needs no list. */
	expect(r, WIRE_OK, "");
	r = question("policy");
	assert_true(field_add_text(r->args, "format", "android"));
	expect(r, WIRE_BADREQUEST, "policy.references");
	r = question("policy");
	assert_true(field_add_text(r->args, "format", "android"));
	assert_true(field_add_text(r->args, "android.status", "{\"entries\":1}"));
	expect(r, WIRE_BADREQUEST, "policy.references");
	r = question("policy");
	assert_true(field_add_text(r->args, "format", "android"));
	assert_true(
	    field_add_text(r->args, "android.status", "{\"entries\":{}}"));
	expect(r, WIRE_OK, "");
}

static void
refuses_references(void **state)
{
	static const char *const bad[] = {"x = 1;", "quirks = [ \"all\" ];",
	    "tpm: { firmware_min = \"xyz\"; };",
	    "tpm: { firmware_min = \"1 2\"; };",
	    STATE("a", PCR("1", "sha1:00")),
	    STATE("a", PCR("24", "sha256:" D1)),
	    STATE("a", PCR("1", "sha256:00")), STATE("a", ""),
	    STATE("a", PCR("7", "sha256:" D1) ", " PCR("0", "sha256:" D1)),
	    STATE("a", PCR("7", "sha256:" D1) ", " PCR("7", "sha256:" D1)),
	    STATE("a", PCR("0", "sha256:" D1) ", " PCR("1", "sha384:" D1
		"00112233445566778899aabbccddeeff")),
	    "tpm: { states = ( " ONE("a") ", " ONE("a") " ); };",
	    "tpm: { states = ( { pcrs = ( " PCR("1", "sha256:" D1)
	    " ); } ); };",
	    "dice: { layers = ( { svn_min = -1; } ); };",
	    "dice: { flags_known = [ \"good\" ]; };",
	    "eat: { };", "eat: { profiles = [ \"p\" ]; dbgstat_min = 5; };",
	    "eat: { profiles = [ \"p\" ]; oemids = [ \"0\" ]; };",
	    "eat: { profiles = [ \"p\" ]; measurements = [ \"sha256:" D1
	    "\", \"sha384:" D1 "00112233445566778899aabbccddeeff\" ]; };",
	    "android: { status = \"{}\"; };", "android: { status_time = 1; };", "webauthn: { };",
	    "webauthn: { rp_id = \"a\"; aaguids = [ \"00\" ]; };"};
	struct verifier_refs *keep;
	struct attest_policy p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&p, 0, sizeof(p));
		keep = NULL;
		if (verifier_refs_read("r", bad[i], strlen(bad[i]), &p, &keep))
			fail_msg("accepted: %s", bad[i]);
		ERR_clear_error();
		verifier_refs_free(keep);
	}
}

/* --- a connection --- */

static void
answers_once(void **state)
{
	struct verifier_conf conf = {
	    .peers = {geteuid()}, .n_peers = 1, .time_limit = 5};
	WIRE_REQUEST *r = question("ping");
	unsigned char *frame = NULL, *der = NULL;
	size_t len = 0;
	WIRE_ANSWER *a;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_true(message_encode_request(r, &frame, &len));
	assert_true(socket_write(fd[0], frame, len));
	verifier_connection(&conf, fd[1]);
	assert_int_equal(socket_read(fd[0], &der, &len), 1);
	a = message_decode_answer(der, len);
	assert_non_null(a);
	assert_int_equal(message_answer_status(a), WIRE_OK);
	OPENSSL_free(der);
	assert_int_equal(socket_read(fd[0], &der, &len), -1); /* closed */
	close(fd[0]);
	WIRE_ANSWER_free(a);
	OPENSSL_free(frame);
	WIRE_REQUEST_free(r);
}

static void
says_nothing(const struct verifier_conf *conf, const void *p, size_t n)
{
	unsigned char c;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_true(send(fd[0], p, n, MSG_NOSIGNAL) == (ssize_t)n);
	assert_int_equal(shutdown(fd[0], SHUT_WR), 0);
	verifier_connection(conf, fd[1]);
	assert_true(read(fd[0], &c, 1) <= 0);
	close(fd[0]);
}

static void
answers_nobody_else(void **state)
{
	struct verifier_conf conf = {
	    .peers = {geteuid()}, .n_peers = 1, .time_limit = 5};
	WIRE_REQUEST *r = question("ping");
	unsigned char *frame = NULL;
	size_t len = 0;

	(void)state;
	assert_true(message_encode_request(r, &frame, &len));
	says_nothing(&conf, frame, len - 1);		 /* half of one */
	says_nothing(&conf, "\x7f\xff\xff\xff", 4);	 /* too long */
	says_nothing(&conf, "\0\0\0\2\x30\0", 6);	 /* none */
	conf.peers[0] = geteuid() + 1;
	says_nothing(&conf, frame, len);
	OPENSSL_free(frame);
	WIRE_REQUEST_free(r);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(asks_nothing),
	    cmocka_unit_test(is_given_what_is_unfit),
	    cmocka_unit_test(reads_a_policy),
	    cmocka_unit_test(sees_no_evidence),
	    cmocka_unit_test(padding_needs_its_quirk),
	    cmocka_unit_test(reads_references),
	    cmocka_unit_test(states_are_what_quotes_are_held_against),
	    cmocka_unit_test(reads_other_formats),
	    cmocka_unit_test(phones_by_which_list),
	    cmocka_unit_test(refuses_references),
	    cmocka_unit_test(answers_once),
	    cmocka_unit_test(answers_nobody_else)};

	report_init("test", REPORT_ERROR, 2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
