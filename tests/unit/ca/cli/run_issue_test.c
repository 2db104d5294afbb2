#include "tests/unit/ca/cli/canned.h"
#include <jansson.h>
#include <sys/stat.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "ca/cli/run.h"

/* A certificate is an opaque value to the tool: any DER will do. */
static const unsigned char DER[] = {0x30, 0x03, 0x02, 0x01, 0x05};
static const char PEM[] = "-----BEGIN CERTIFICATE-----\n"
			  "MAMCAQU=\n"
			  "-----END CERTIFICATE-----\n";
static const char CRL[] = "-----BEGIN X509 CRL-----\n"
			  "MAMCAQU=\n"
			  "-----END X509 CRL-----\n";
static const char CSR[] = "-----BEGIN CERTIFICATE REQUEST-----\n"
			  "MAMCAQU=\n"
			  "-----END CERTIFICATE REQUEST-----\n";

static void
issue(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	if (strcmp(message_request_op(req), "cert.show") == 0) {
		field_add_text(a->values, "serial", "4f");
		field_add_text(a->values, "subject", "CN=d");
		field_add_bytes(a->values, "der", DER, sizeof(DER));
		return;
	}
	field_add_bytes(a->values, "cert", DER, sizeof(DER));
	field_add_text(a->values, "serial", "4f");
	field_add_text(a->values, "issuer", "code-g1");
	field_add_text(a->values, "deviations", "eku ignored");
}

static int
start(void **state)
{
	int r = canned_start(state);

	canned.answer = issue;
	canned_write("csr", CSR, strlen(CSR));
	return r;
}

static void
test_issue(void **state)
{
	const unsigned char *p;
	size_t len;

	(void)state;
	assert_int_equal(tool("issue", "--profile", "code-signing", "--csr",
			     canned_file("csr"), "--device", "d", "--set",
			     "a=1", "--set", "b=2", NULL),
	    0);
	assert_string_equal(canned.out, PEM);
	assert_string_equal(canned.err, "inkan: deviations: eku ignored\n");
	assert_string_equal(canned.op, "issue");
	p = field_bytes(canned.args, "csr", &len);
	assert_int_equal(len, sizeof(DER));
	assert_memory_equal(p, DER, len);
	assert_int_equal(field_count(canned.args, "set"), 2);
	assert_string_equal(field_text(canned.args, "device", ""), "d");
}

static void
test_issue_out(void **state)
{
	char buf[512] = "", path[160];
	FILE *f;

	(void)state;
	strcpy(path, canned_file("out"));
	assert_int_equal(tool("issue", "--profile", "p", "--csr",
			     canned_file("csr"), "--out", path, NULL),
	    0);
	assert_in(canned.out, "serial: 4f\n");
	assert_null(strstr(canned.out, "BEGIN"));
	assert_non_null(f = fopen(path, "r"));
	assert_true(fread(buf, 1, sizeof(buf) - 1, f) > 0);
	fclose(f);
	assert_string_equal(buf, PEM);
	assert_null(field_find(canned.args, "out", 0));
	/* Issued, but not to be written: the operator must learn the serial. */
	assert_int_equal(tool("issue", "--profile", "p", "--csr",
			     canned_file("csr"), "--out", "/nowhere/x", NULL),
	    1);
	assert_in(canned.err, "certificate 4f is issued, but not written");
}

static void
test_issue_json(void **state)
{
	json_t *v;

	(void)state;
	assert_int_equal(tool("issue", "--profile", "p", "--csr",
			     canned_file("csr"), "--json", NULL),
	    0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_string_equal(json_string_value(json_object_get(v, "cert")), PEM);
	assert_string_equal(
	    json_string_value(json_object_get(v, "subject")), "CN=d");
	assert_string_equal(
	    json_string_value(json_object_get(v, "issuer")), "code-g1");
	assert_null(json_object_get(v, "der"));
	json_decref(v);
}

static void
test_issue_refused(void **state)
{
	(void)state;
	assert_int_equal(tool("issue", "--profile", "p", NULL), 2);
	assert_int_equal(tool("issue", "--csr", canned_file("csr"), NULL), 2);
	assert_int_equal(
	    tool("issue", "--profile", "p", "--csr", canned_file("none"), NULL),
	    1);
	assert_int_equal(canned.calls, 0);
}

static void
show(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	field_add_text(a->values, "state", "valid");
	field_add_bytes(a->values, "der", DER, sizeof(DER));
}

static void
show_none(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	field_add_text(a->values, "state", "aborted");
}

static void
test_show(void **state)
{
	char path[160];
	json_t *v;

	(void)state;
	strcpy(path, canned_file("out"));
	canned.answer = show;
	assert_int_equal(tool("cert", "show", "00:4F", NULL), 0);
	assert_string_equal(canned.out, "state: valid\n");
	assert_string_equal(field_text(canned.args, "serial", ""), "4f");
	assert_int_equal(tool("cert", "show", "4f", "--pem", NULL), 0);
	assert_string_equal(canned.out, PEM);
	assert_int_equal(
	    tool("cert", "show", "4f", "--pem", "--json", NULL), 0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_string_equal(json_string_value(json_object_get(v, "pem")), PEM);
	json_decref(v);
	assert_int_equal(
	    tool("crl", "show", "--issuer", "i", "--out", path, NULL), 0);
	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(
	    tool("crl", "show", "--issuer", "i", "--pem", NULL), 0);
	assert_string_equal(canned.out, CRL);
	canned.answer = show_none;
	assert_int_equal(tool("cert", "show", "4f", NULL), 0);
	assert_int_equal(tool("cert", "show", "4f", "--pem", NULL), 1);
	assert_int_equal(tool("cert", "show", "4f", "--out", path, NULL), 1);
	assert_int_equal(tool("cert", "show", NULL), 2);
}

static void
test_ca_request(void **state)
{
	char path[160];

	(void)state;
	strcpy(path, canned_file("sub.csr"));
	canned.answer = show;
	assert_int_equal(tool("ca", "request", "sub", "--key-type", "ec-p384",
			     "--set", "o=O", "--set", "cn=Sub", "--token",
			     "hsm2", "--crl-lifetime", "2h", "--out", path,
			     NULL),
	    0);
	assert_string_equal(canned.op, "ca.request");
	assert_string_equal(field_text(canned.args, "name", ""), "sub");
	assert_string_equal(field_text(canned.args, "key_type", ""), "ec-p384");
	assert_string_equal(field_text(canned.args, "token", ""), "hsm2");
	assert_int_equal(field_count(canned.args, "set"), 2);
	assert_int_equal(field_int(canned.args, "crl_lifetime", 0), 7200);
	assert_null(field_find(canned.args, "out", 0));
	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(tool("ca", "request", "sub", "--pem", NULL), 0);
	assert_string_equal(canned.out, CSR);
	assert_int_equal(tool("ca", "request", NULL), 2);
	assert_int_equal(tool("ca", "request", "sub", "--set", "cn", NULL), 2);
}

static void
test_ca_show(void **state)
{
	(void)state;
	canned.answer = show;
	assert_int_equal(tool("ca", "show", "sub-g1", NULL), 0);
	assert_string_equal(canned.out, "state: valid\n");
	assert_int_equal(tool("ca", "show", "sub-g1", "--pem", NULL), 0);
	assert_string_equal(canned.out, PEM);
	canned.answer = show_none;
	assert_int_equal(tool("ca", "show", "sub-g1", "--pem", NULL), 1);
	assert_int_equal(tool("ca", "show", NULL), 2);
}

static void
test_ca_import(void **state)
{
	char chain[160];

	(void)state;
	canned.answer = show;
	canned_write("ca.pem", PEM, strlen(PEM));
	strcpy(chain, canned_file("ca.pem"));
	assert_int_equal(tool("ca", "import", "sub", "--cert",
			     canned_file("ca.pem"), "--chain", chain, NULL),
	    0);
	assert_string_equal(canned.op, "ca.import");
	assert_int_equal(field_count(canned.args, "cert"), 1);
	assert_int_equal(field_count(canned.args, "chain"), 1);
	assert_int_equal(
	    tool("ca", "import", "sub", "--cert", canned_file("csr"), NULL), 1);
	assert_int_equal(tool("ca", "import", "sub", NULL), 2);
}

static void
two_shards(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	int i;

	(void)req;
	for (i = 0; i < 2; i++) {
		WIRE_FIELDS *l = message_add_row(a);

		field_add_text(l, "issuer", "i-g1");
		field_add_int(l, "shard", i);
	}
}

static void
large(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	field_add_text(a->values, "issuer", "i-g1");
	field_add_text(a->values, "file", "/pub/crl/i-g1.crl");
}

/* A CA with shards has rows; a CRL that no answer can hold has a file. */
static void
test_shards(void **state)
{
	json_t *v;

	(void)state;
	canned.answer = two_shards;
	assert_int_equal(tool("crl", "show", "--issuer", "i", NULL), 0);
	assert_non_null(strstr(canned.out, "i-g1"));
	assert_non_null(strstr(canned.out, "SHARD"));
	assert_int_equal(
	    tool("crl", "show", "--issuer", "i", "--json", NULL), 0);
	assert_non_null(v = json_loads(canned.out, 0, NULL));
	assert_int_equal(json_array_size(v), 2);
	json_decref(v);
	assert_int_equal(
	    tool("crl", "show", "--issuer", "i", "--pem", NULL), 1);
	assert_non_null(strstr(canned.err, "--shard is missing"));
	canned.answer = show;
	assert_int_equal(tool("crl", "show", "--issuer", "i", "--shard", "1",
			     "--pem", NULL),
	    0);
	assert_int_equal(field_int(canned.args, "shard", 0), 1);
	assert_string_equal(canned.out, CRL);
	canned.answer = large;
	assert_int_equal(tool("crl", "show", "--issuer", "i", NULL), 0);
	assert_int_equal(
	    tool("crl", "show", "--issuer", "i", "--pem", NULL), 1);
	assert_non_null(strstr(canned.err, "published as /pub/crl/i-g1.crl"));
}

static void
new_secret(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	field_add_text(a->values, "user", "u1");
	if (field_find(req->args, "secret", 0) == NULL)
		field_add_text(a->values, "secret", "made");
}

static void
test_secret(void **state)
{
	int fds[2], saved = dup(0);

	(void)state;
	canned.answer = new_secret;
	assert_int_equal(tool("secret", "new", "--fleet", "f", "--fleet", "g",
			     "--ttl", "2h", "--reusable", NULL),
	    0);
	assert_string_equal(canned.out, "user: u1\nsecret: made\n");
	assert_int_equal(field_count(canned.args, "fleet"), 2);
	assert_int_equal(field_int(canned.args, "ttl", 0), 7200);
	assert_int_equal(field_flag(canned.args, "reusable", 0), 1);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "chosen\n", 7), 7);
	close(fds[1]);
	dup2(fds[0], 0);
	close(fds[0]);
	assert_int_equal(
	    tool("secret", "new", "--fleet", "f", "--stdin", NULL), 0);
	assert_string_equal(canned.out, "user: u1\n");
	assert_string_equal(field_text(canned.args, "secret", ""), "chosen");
	/* The same input is at its end now. */
	assert_int_equal(
	    tool("secret", "new", "--fleet", "f", "--stdin", NULL), 1);
	dup2(saved, 0);
	close(saved);
	/* Never as an option: other users read command lines. */
	assert_int_equal(
	    tool("secret", "new", "--fleet", "f", "--secret", "x", NULL), 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_issue),
	    T(test_issue_out),
	    T(test_issue_json),
	    T(test_issue_refused),
	    T(test_show),
	    T(test_ca_request),
	    T(test_ca_show),
	    T(test_ca_import),
	    T(test_shards),
	    T(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
