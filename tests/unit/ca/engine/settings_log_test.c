#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/error.h"
#include "ca/engine/settings.h"
#include "ca/log/note.h"
#include "ca/report/report.h"
#include "profiles/error.h"

static char dir[64], path[128], witness[NOTE_VKEY_MAX], other[NOTE_VKEY_MAX];

static const char REST[] =
    "store = \"s\"; status_db = \"d\"; publish_dir = \"p\"; policy_dir = "
    "\".\";\nsockets: { ra = \"a\"; svc = \"b\"; admin = \"c\"; };\n"
    "token: { uri = \"pkcs11:token=x\"; pin_file = \"pin\"; };\n"
    "tokens = ( { name = \"two\"; uri = \"pkcs11:token=y\"; } );\n";

static int
make(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct note_key k;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/inkan-settings-XXXXXX");
	if (key == NULL || mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/ca.conf", dir);
	if (!note_key_set(&k, "witness.example", key, NOTE_COSIGNATURE) ||
	    !note_key_print(&k, witness, sizeof(witness)))
		return -1;
	note_key_clear(&k);
	if (!note_key_set(&k, "a.log", key, 0) ||
	    !note_key_print(&k, other, sizeof(other)))
		return -1;
	note_key_clear(&k);
	EVP_PKEY_free(key);
	return 0;
}

static int
remove_all(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct settings *
read_log(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "%s%s", REST, text);
	assert_int_equal(fclose(f), 0);
	return settings_read(path);
}

static void
defaults(void **state)
{
	struct settings *s = read_log("");

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->log.origin, "");
	assert_string_equal(s->log.token, "");
	assert_string_equal(s->log.key, "inkan-log");
	assert_int_equal(s->log.key_type, 0);
	assert_int_equal(s->log.interval, 1);
	assert_int_equal(s->log.fail_after, 300);
	assert_int_equal(s->log.token_anchor, 60);
	assert_int_equal(s->log.n_anchors, 0);
	assert_int_equal(s->log.n_witnesses, 0);
	settings_free(s);
}

static void
reads_all(void **state)
{
	char text[4096], want[PATH_MAX];
	struct settings *s;

	(void)state;
	snprintf(text, sizeof(text), "log: { origin = \"log.example/ca\"; "
	    "token = \"two\"; key = \"k.1\"; key_type = \"ec-p256\"; interval "
	    "= \"10s\"; fail_after = \"1m\"; anchor_interval = \"2m\"; anchors "
	    "= [ \"a\", \"/b\" ]; witnesses = [ \"%s\" ]; };\n", witness);
	s = read_log(text);
	assert_non_null(s);
	assert_string_equal(s->log.origin, "log.example/ca");
	assert_string_equal(s->log.token, "two");
	assert_string_equal(s->log.key, "k.1");
	assert_int_equal(s->log.key_type, HSM_KEY_EC_P256);
	assert_int_equal(s->log.interval, 10);
	assert_int_equal(s->log.fail_after, 60);
	assert_int_equal(s->log.token_anchor, 120);
	assert_int_equal(s->log.n_anchors, 2);
	snprintf(want, sizeof(want), "%s/a", dir);
	assert_string_equal(s->log.anchors[0], want);
	assert_string_equal(s->log.anchors[1], "/b");
	assert_int_equal(s->log.n_witnesses, 1);
	assert_string_equal(s->log.witnesses[0], witness);
	settings_free(s);
	s = read_log("log: { anchor_in_token = false; };\n");
	assert_non_null(s);
	assert_int_equal(s->log.token_anchor, 0);
	assert_string_equal(s->log.key, "inkan-log");
	assert_int_equal(s->log.interval, 1);
	assert_int_equal(s->log.fail_after, 300);
	settings_free(s);
}

static void
refused(const char *text, const char *word)
{
	char trace[1024];

	if (read_log(text) != NULL)
		fail_msg("not refused: %s", text);
	report_trace(trace, sizeof(trace));
	if (strstr(trace, word) == NULL ||
	    report_last_reason() != PROFILE_E_CONFIG)
		fail_msg("no \"%s\" in: %s", word, trace);
	ERR_clear_error();
}

static void
refuses(void **state)
{
	char text[4096];

	(void)state;
	refused("log: { orign = \"x\"; };\n", "orign");
	refused("log: { origin = \"a b\"; };\n", "no spaces");
	refused("log: { origin = \"a+b\"; };\n", "no plus");
	refused("log: { token = \"three\"; };\n", "no token \"three\"");
	refused("log: { key = \"a/b\"; };\n", "key: ");
	refused("log: { key_type = \"rsa-2048\"; };\n", "key_type");
	refused("log: { interval = \"11s\"; };\n", "interval");
	refused("log: { fail_after = \"9s\"; };\n", "fail_after");
	refused("log: { anchor_in_token = false; anchor_interval = \"1m\"; };"
	    "\n", "no anchor in the token");
	refused("log: { witnesses = [ \"w+00000000+AQ==\" ]; };\n",
	    "witnesses");
	snprintf(text, sizeof(text), "log: { witnesses = [ \"%s\" ]; };\n",
	    other);
	refused(text, "not the key of a witness");
	snprintf(text, sizeof(text), "log: { witnesses = [ \"%s\", \"%s\" ]; "
	    "};\n", witness, witness);
	refused(text, "given twice");
	refused("log: { anchors = [ \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", "
	    "\"7\", \"8\", \"9\" ]; };\n", "anchors");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(reads_all),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, make, remove_all);
}
