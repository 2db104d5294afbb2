#include "tests/unit/ca/cli/canned.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "ca/log/approval.h"
#include "ca/log/note.h"

/* Requests that wait: what is shown and signed is made of the content. */

static EVP_PKEY *key;
static char vkey[NOTE_VKEY_MAX], signed_note[8192];
static int with_key, lie;
static char asked[64];	/* ids, in their order */

static unsigned char *
content(size_t *len)
{
	WIRE_FIELDS *l = field_list_new(), *args = field_list_new(),
	    *rests = field_list_new(), *who = field_list_new();
	unsigned char *a = NULL, *r = NULL, *i = NULL, *der = NULL;
	size_t n, m, k;

	assert_true(field_add_text(args, "profile", "code-signing") &&
	    field_add_text(who, "identity.cn", "Release 7") &&
	    field_list_encode(args, &a, &n) &&
	    field_list_encode(who, &i, &k) &&
	    field_add_text(rests, "issuer", "code-g1") &&
	    field_add_bytes(rests, "identity", i, k) &&
	    field_list_encode(rests, &r, &m) && field_add_int(l, "v", 1) &&
	    field_add_int(l, "request", 17) &&
	    field_add_text(l, "op", "issue") &&
	    field_add_text(l, "who", "admin:uid:2002") &&
	    field_add_time(l, "expires", CANNED_NOW + 100) &&
	    field_add_bytes(l, "args", a, n) &&
	    field_add_bytes(l, "rests_on", r, m) &&
	    field_list_encode(l, &der, len));
	OPENSSL_free(a);
	OPENSSL_free(r);
	OPENSSL_free(i);
	field_list_free(l);
	field_list_free(args);
	field_list_free(rests);
	field_list_free(who);
	return der;
}

static void
server(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	const char *op = message_request_op(req), *note;
	unsigned char *der;
	size_t len;

	if (strcmp(op, "request.show") != 0)
		snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked),
		    "%d ", (int)field_int(req->args, "id", 0));
	if (strcmp(op, "request.show") == 0) {
		der = content(&len);
		field_add_int(a->values, "id", 17);
		field_add_text(a->values, "state", "waiting");
		field_add_bytes(a->values, "content", der, len);
		field_add_text(a->values, "text", lie ? "sign this" : "-");
		if (with_key)
			field_add_text(a->values, "your_key", vkey);
		OPENSSL_free(der);
	} else if (strcmp(op, "request.approve") == 0) {
		note = field_text(req->args, "note", "");
		snprintf(signed_note, sizeof(signed_note), "%s", note);
		field_add_text(a->values, "state", "done");
	} else if (strcmp(op, "request.deny") == 0) {
		if (field_int(req->args, "id", 0) == 5) {
			message_set_status(a, WIRE_NOTFOUND);
			message_set_refusal(a, "", "", "id", "no such request");
		} else
			field_add_text(a->values, "state", "denied");
	} else if (strcmp(op, "ca.stop") == 0) {
		message_set_status(a, WIRE_PENDING);
		message_set_refusal(a, "approve", "approval.parked", "", "x");
		field_add_int(a->values, "request", 17);
		field_add_int(a->values, "need", 2);
		field_add_time(a->values, "expires", CANNED_NOW + 100);
	} else {
		field_add_bytes(a->values, "cert", "DER", 3);
		field_add_text(a->values, "serial", "40aa");
	}
}

static void
write_key(const char *name, EVP_PKEY *k)
{
	FILE *f = fopen(canned_file(name), "w");

	assert_non_null(f);
	assert_true(PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL));
	fclose(f);
}

static void
parked(void **state)
{
	(void)state;
	canned.answer = server;
	assert_int_equal(tool("ca", "stop", NULL), CLI_PARKED);
	assert_in(canned.err, "parked as request 17, which needs 2 approvals");
	assert_string_equal(canned.out, "");
	assert_int_equal(tool("--json", "ca", "stop", NULL), CLI_PARKED);
	assert_in(canned.out, "\"parked\"");
	assert_in(canned.out, "\"request\": 17");
}

static void
shown(void **state)
{
	unsigned char *der;
	char text[APPROVAL_TEXT_MAX];
	size_t len;

	(void)state;
	assert_int_equal(tool("request", "show", "17", NULL), 0);
	assert_in(canned.out, "state: waiting");
	assert_in(canned.out, "  profile: code-signing");
	assert_in(canned.out, "  identity.cn: Release 7");
	assert_in(canned.out, "  issuer: code-g1");
	/* The text is made here, whatever the server says. */
	lie = 1;
	assert_int_equal(tool("request", "show", "17", "--text", NULL), 0);
	lie = 0;
	der = content(&len);
	assert_true(approval_text(der, len, text, sizeof(text)));
	OPENSSL_free(der);
	assert_string_equal(canned.out, text);
	assert_int_equal(tool("--json", "request", "show", "17", NULL), 0);
	assert_in(canned.out, "\"rests_on\"");
	assert_in(canned.out, "\"profile\": \"code-signing\"");
	assert_int_equal(tool("request", "show", "17", "--out",
	    canned_file("x"), NULL), CLI_FAILED);
	assert_in(canned.err, "no certificate has come of it");
}

static void
approved(void **state)
{
	char path[160], text[APPROVAL_TEXT_MAX];
	struct note_key k;
	struct note n;
	unsigned char *der;
	size_t len;

	(void)state;
	write_key("key.pem", key);
	strcpy(path, canned_file("key.pem"));
	with_key = 1;
	lie = 1;
	assert_int_equal(tool("request", "approve", "17", "--key", path, NULL),
	    0);
	lie = 0;
	assert_in(canned.out, "operation: issue");
	assert_in(canned.out, "identity.cn: Release 7");
	assert_in(canned.out, "state: done");
	assert_true(note_key_parse(&k, vkey));
	assert_true(note_parse(&n, signed_note, strlen(signed_note)));
	assert_int_equal(note_verify(&n, &k, NULL), 1);
	der = content(&len);
	assert_true(approval_text(der, len, text, sizeof(text)));
	assert_string_equal(n.text, text);
	OPENSSL_free(der);
	note_clear(&n);
	note_key_clear(&k);
}

static void
not_approved(void **state)
{
	EVP_PKEY *other = EVP_EC_gen("P-256");
	char path[160];

	(void)state;
	write_key("other.pem", other);
	strcpy(path, canned_file("other.pem"));
	EVP_PKEY_free(other);
	canned.calls = 0;
	assert_int_equal(tool("request", "approve", "17", "--key", path, NULL),
	    CLI_FAILED);
	assert_in(canned.err, "approval.key: this is not the key");
	with_key = 0;
	assert_int_equal(tool("request", "approve", "17", "--key", path, NULL),
	    CLI_FAILED);
	assert_in(canned.err, "no key of yours");
	with_key = 1;
	assert_int_equal(tool("request", "approve", "17", "--key", "/nowhere",
	    NULL), CLI_FAILED);
	assert_in(canned.err, "no private key");
	/* Nothing was handed in. */
	assert_int_equal(canned.calls, 3);
	assert_int_equal(tool("request", "approve", "17", "--key", path,
	    "--note", path, NULL), CLI_USAGE);
	assert_in(canned.err, "exclude each other");
}

static void
brought(void **state)
{
	char path[160];

	(void)state;
	canned_write("note", "signed elsewhere\n", 17);
	strcpy(path, canned_file("note"));
	assert_int_equal(tool("request", "approve", "17", "--note", path,
	    NULL), 0);
	assert_string_equal(signed_note, "signed elsewhere\n");
}

static void
run(void **state)
{
	(void)state;
	assert_int_equal(tool("request", "run", "17", NULL), 0);
	assert_string_equal(canned.out, "serial: 40aa\n");
	assert_int_equal(tool("request", "run", "17", "--out",
	    canned_file("c.pem"), NULL), 0);
	assert_int_equal(access(canned_file("c.pem"), R_OK), 0);
}

static void
key_line(void **state)
{
	char path[160], want[NOTE_VKEY_MAX + 1];

	(void)state;
	strcpy(path, canned_file("key.pem"));
	assert_int_equal(tool("operator", "key", "--name", "carol", "--key",
	    path, NULL), 0);
	snprintf(want, sizeof(want), "%s\n", vkey);
	assert_string_equal(canned.out, want);
	assert_int_equal(tool("operator", "key", "--name", "a b", "--key",
	    path, NULL), CLI_FAILED);
	assert_in(canned.err, "note.name");
}

static int
start(void **state)
{
	struct note_key k;

	key = EVP_EC_gen("P-256");
	if (key == NULL || !note_key_set(&k, "carol", key, 0) ||
	    !note_key_print(&k, vkey, sizeof(vkey)))
		return -1;
	note_key_clear(&k);
	return canned_start(state);
}

static int
stop(void **state)
{
	EVP_PKEY_free(key);
	return canned_stop(state);
}

/* Several, one after the other; one that is refused does not stop the rest. */
static void
several(void **state)
{
	(void)state;
	canned.answer = server;
	asked[0] = '\0';
	assert_int_equal(tool("request", "deny", "4", "5", "6", "--reason",
	    "not ours", NULL), CLI_FAILED);
	assert_string_equal(asked, "4 5 6 ");
	assert_string_equal(field_text(canned.args, "reason", ""), "not ours");
	assert_in(canned.err, "no such request");
	asked[0] = '\0';
	assert_int_equal(tool("request", "deny", "4", "6", NULL), 0);
	assert_string_equal(asked, "4 6 ");
	asked[0] = '\0';
	assert_int_equal(tool("request", "approve", "7", "8", NULL), 0);
	assert_string_equal(asked, "7 8 ");
	assert_in(canned.out, "state: done");
	assert_int_equal(tool("request", "approve", "7", "8", "--note", "x",
	    NULL), CLI_USAGE);
	assert_in(canned.err, "--note is of one request");
	assert_int_equal(tool("request", "deny", NULL), CLI_USAGE);
	assert_int_equal(tool("request", "deny", "x", NULL), CLI_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parked),
	    cmocka_unit_test(shown),
	    cmocka_unit_test(approved),
	    cmocka_unit_test(not_approved),
	    cmocka_unit_test(brought),
	    cmocka_unit_test(run),
	    cmocka_unit_test(key_line),
	    cmocka_unit_test(several),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
