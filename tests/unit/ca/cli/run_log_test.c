#include "logs.h"
#include "ca/cli/run_log.h"

static void
prints_verifier_keys(void **state)
{
	struct note_key k;

	(void)state;
	logs_sh("openssl genpkey -algorithm ed25519 -out k 2>/dev/null");
	assert_int_equal(logs_run("log vkey --sign-key @dir/k --name a.example"),
	    0);
	canned.out[strcspn(canned.out, "\n")] = '\0';
	assert_int_equal(note_key_parse(&k, canned.out), 1);
	assert_int_equal(k.type, NOTE_ED25519);
	assert_string_equal(k.name, "a.example");
	note_key_clear(&k);
	assert_int_equal(logs_run("log vkey --sign-key @dir/k --name a.example "
				  "--witness --out @dir/v"), 0);
	logs_sh("grep -q '^a.example+[0-9a-f]*+B' v");
	assert_int_equal(logs_run("log vkey --sign-key @dir/k --name a+b"), 1);
	assert_in(canned.err, "note.name: ");
	assert_int_equal(logs_run("log vkey --sign-key @dir/v --name a"), 1);
	assert_in(canned.err, "no private key in PEM");
}

static void
reads_keys_and_files(void **state)
{
	char path[400], vkey[NOTE_VKEY_MAX], *text;
	struct note_key k;
	size_t len = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/log.vkey", logs->pub);
	assert_int_equal(run_log_key(path, &k), 1);
	assert_int_equal(k.id, logs->key.id);
	assert_true(note_key_print(&k, vkey, sizeof(vkey)));
	note_key_clear(&k);
	assert_int_equal(run_log_key(vkey, &k), 1);
	note_key_clear(&k);
	assert_int_equal(run_log_key("/etc/hostname", &k), 0);
	assert_refused("no verifier key");
	assert_non_null(text = run_log_read(path, NOTE_VKEY_MAX, &len));
	assert_int_equal(len, strlen(text));
	OPENSSL_free(text);
	assert_null(run_log_read(path, 3, &len));
	assert_refused("is above 3 octets");
	assert_null(run_log_read("/nonexistent", 3, &len));
	assert_refused("open /nonexistent");
}

static void
hands_in_cosignatures(void **state)
{
	(void)state;
	assert_int_equal(logs_run("log cosign @pub/checkpoint"), 0);
	assert_string_equal(canned.op, "log.cosign");
	assert_in(field_text(canned.args, "note", ""), ORIGIN "\n8\n");
	assert_int_equal(logs_run("log cosign @dir/none"), 1);
	assert_int_equal(logs_run("log cosign"), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, logs_start, logs_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(prints_verifier_keys),
	    TEST(reads_keys_and_files),
	    TEST(hands_in_cosignatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
