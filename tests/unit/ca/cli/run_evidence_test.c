#include "tests/unit/ca/cli/lines.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* evidence show: a word is a certificate's serial number, or names a file. */

#define SERIAL "0123456789ABCDEF"

static char folder[64];
static int der_len;

static void
request_file(const char *name, int pem)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_true(X509_REQ_set_pubkey(req, key) &&
	    X509_REQ_sign(req, key, EVP_sha256()) > 0);
	der_len = i2d_X509_REQ(req, NULL);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(pem ? PEM_write_X509_REQ(f, req)
			: i2d_X509_REQ_fp(f, req));
	assert_int_equal(fclose(f), 0);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
}

/* As one who sits in the folder, or names it. */
static void
a_request(void **state)
{
	char line[256], args[64];

	(void)state;
	request_file("a.csr", 1);
	snprintf(args, sizeof(args), "csr=#%d", der_len);
	snprintf(line, sizeof(line), "evidence show %s/a.csr", folder);
	line_asks(line, "evidence.show", args);
	request_file("b", 0);
	snprintf(args, sizeof(args), "csr=#%d", der_len);
	snprintf(line, sizeof(line), "evidence show %s/b", folder);
	line_asks(line, "evidence.show", args);
	snprintf(line, sizeof(line), "evidence show --what %s/b", folder);
	line_asks(line, "evidence.show", args);
}

static void
a_certificate(void **state)
{
	(void)state;
	line_asks("evidence show " SERIAL, "evidence.show",
	    "serial=0123456789abcdef");
	line_asks("evidence show 0A:ff --issuer devices-g1", "evidence.show",
	    "serial=0aff issuer=devices-g1");
}

/* Nothing is asked for what is neither. */
static void
neither(void **state)
{
	size_t calls = canned.calls;
	char line[256], path[128];
	FILE *f;

	(void)state;
	line_wrong("evidence show", "--what is missing");
	assert_int_not_equal(line_run("evidence show request"), 0);
	assert_in(canned.err, "request");
	assert_int_not_equal(line_run("evidence show ./nowhere.csr"), 0);
	assert_in(canned.err, "nowhere.csr");
	snprintf(path, sizeof(path), "%s/no.csr", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("no request", f);
	assert_int_equal(fclose(f), 0);
	snprintf(line, sizeof(line), "evidence show %s", path);
	assert_int_not_equal(line_run(line), 0);
	assert_in(canned.err, "no.csr");
	assert_int_equal(canned.calls, calls);
}

static void
facts(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	WIRE_FIELDS *row = message_add_row(a);

	(void)req;
	assert_true(field_add_text(a->values, "decision", "refused") &&
	    field_add_text(a->values, "rule", "attest.tpm.nonce") &&
	    field_add_text(row, "name", "tpm.class") &&
	    field_add_text(row, "value", "discrete\x1b[2J"));
}

/* Facts are what a device wrote: no terminal obeys them. */
static void
for_people_and_programs(void **state)
{
	(void)state;
	canned.answer = facts;
	assert_int_equal(line_run("evidence show " SERIAL), 0);
	assert_in(canned.out, "decision: refused");
	assert_in(canned.out, "rule: attest.tpm.nonce");
	assert_in(canned.out, "tpm.class");
	assert_null(strchr(canned.out, 0x1b));
	assert_int_equal(line_run("--json evidence show " SERIAL), 0);
	assert_in(canned.out, "\"facts\"");
	assert_in(canned.out, "\"decision\": \"refused\"");
	canned.answer = line_answer;
}

static int
begin(void **state)
{
	strcpy(folder, "/tmp/inkan-evidence-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : line_start(state);
}

static int
end(void **state)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", folder);
	assert_int_equal(system(cmd), 0);
	return canned_stop(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_request),
	    cmocka_unit_test(a_certificate), cmocka_unit_test(neither),
	    cmocka_unit_test(for_people_and_programs)};

	return cmocka_run_group_tests(tests, begin, end);
}
