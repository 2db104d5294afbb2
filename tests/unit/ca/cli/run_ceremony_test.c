#include "tests/unit/ca/cli/canned.h"
#include <openssl/pem.h>
#include "ca/transcript/transcript.h"

/* Keys, signatures and verification of a ceremony's people: no server. */

static void
make_key(const char *name)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	FILE *f = fopen(canned_file(name), "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0,
	    NULL, NULL), 1);
	fclose(f);
	EVP_PKEY_free(key);
}

static int
start(void **state)
{
	struct transcript *t;
	int r = canned_start(state);

	make_key("alice.key");
	canned_write("c.conf", "kind = \"crl\";\n", 14);
	t = transcript_create(canned_file("t"), 0);
	assert_non_null(t);
	assert_true(transcript_add(t, CANNED_NOW, "begin", "kind", "crl",
	    "quorum", "0", NULL));
	assert_true(transcript_add(t, CANNED_NOW, "end", "result", "done",
	    NULL));
	transcript_close(t);
	return r;
}

static void
a_key(void **state)
{
	char key[160];

	(void)state;
	snprintf(key, sizeof(key), "%s", canned_file("alice.key"));
	assert_int_equal(tool("ceremony", "key", "--name", "alice", "--key",
	    key, NULL), 0);
	assert_int_equal(strncmp(canned.out, "alice+", 6), 0);
	assert_int_equal(tool("ceremony", "key", "--name", "two words",
	    "--key", key, NULL), 1);
	assert_in(canned.err, "note.name");
	assert_int_equal(tool("ceremony", "key", "--name", "a", "--key",
	    "/nowhere", NULL), 1);
	assert_in(canned.err, "key.file");
	assert_int_equal(tool("ceremony", "key", "--name", "a", "--key",
	    "pkcs11:token=none?pin-value=1", NULL), 1);
	assert_in(canned.err, "pin-value is not allowed");
	assert_int_equal(tool("ceremony", "key", "--name", "a", NULL), 2);
}

static void
signed_and_verified(void **state)
{
	char key[160], file[160], t[160], note[160];

	(void)state;
	snprintf(key, sizeof(key), "%s", canned_file("alice.key"));
	snprintf(file, sizeof(file), "%s", canned_file("c.conf"));
	snprintf(t, sizeof(t), "%s", canned_file("t"));
	snprintf(note, sizeof(note), "%s", canned_file("note"));
	assert_int_equal(tool("ceremony", "sign", file, "--key", key,
	    "--name", "alice", NULL), 0);
	assert_in(canned.out, "inkan ceremony v1\nsha256 ");
	assert_in(canned.out, "c.conf.sigs");
	assert_int_equal(tool("ceremony", "sign", t, "--key", key, "--name",
	    "alice", "--out", note, NULL), 0);
	assert_int_equal(tool("ceremony", "verify", t, NULL), 0);
	assert_in(canned.out, "verified");
	/* It is added; but a transcript without a quorum has no participants. */
	assert_int_equal(tool("ceremony", "sign", t, "--add", note, NULL), 0);
	assert_int_equal(tool("ceremony", "verify", t, NULL), 1);
	assert_in(canned.err, "quorum.unknown");
	assert_int_equal(tool("--json", "ceremony", "verify", t, "--file", file,
	    NULL), 1);
	assert_in(canned.err, "transcript.file");
}

static void
usage(void **state)
{
	char file[160];

	(void)state;
	snprintf(file, sizeof(file), "%s", canned_file("c.conf"));
	assert_int_equal(tool("ceremony", "sign", file, NULL), 2);
	assert_in(canned.err, "either --key or --add");
	assert_int_equal(tool("ceremony", "sign", file, "--key", "x", NULL),
	    2);
	assert_in(canned.err, "--name is missing");
	assert_int_equal(tool("ceremony", "verify", NULL), 2);
	assert_int_equal(tool("ceremony", "verify", file, NULL), 1);
	assert_in(canned.err, "transcript.format: line 1");
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, canned_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_key),
	    T(signed_and_verified),
	    T(usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
