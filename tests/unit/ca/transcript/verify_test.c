#include "rig.h"

/* A transcript by itself, and against what a stranger holds. */

static struct person alice, bob;

static int
setup(void **state)
{
	rig_person(&alice, "alice");
	rig_person(&bob, "bob");
	return rig_setup(state);
}

static int
teardown(void **state)
{
	rig_person_clear(&alice);
	rig_person_clear(&bob);
	return rig_teardown(state);
}

#define FILE_TEXT "kind = \"crl\"; participants = ( { name = \"alice\"; " \
	"key = \"%s\"; }, { name = \"bob\"; key = \"%s\"; } ); quorum = 1;\n"

static char hash[65];

static void
make_file(void)
{
	char text[4096];

	snprintf(text, sizeof(text), FILE_TEXT, alice.vkey, bob.vkey);
	rig_write("c.conf", text, strlen(text));
	assert_true(transcript_sha256(text, strlen(text), hash));
}

/* ${approves} NULL: nobody. */
static void
make(const char *name, const char *quorum, struct person *approves,
    const char *result)
{
	char text[SEAL_TEXT_MAX], *note = NULL, *line;
	struct transcript *t;

	unlink(rig_path(name));
	t = transcript_create(rig_path(name), 0);
	assert_true(transcript_add(t, NOW, "begin", "kind", "crl", "sha256",
	    hash, "quorum", quorum, NULL));
	assert_true(transcript_add(t, NOW, "participant", "key", alice.vkey,
	    NULL));
	if (approves != NULL) {
		seal_text(SEAL_CEREMONY, hash, text);
		note = rig_note(text, approves);
		line = strstr(note, "\n\n") + 2 + strlen("\xe2\x80\x94 ");
		line[strcspn(line, "\n")] = '\0';
		assert_true(transcript_add(t, NOW, "approval", "signature",
		    line, NULL));
		OPENSSL_free(note);
	}
	if (result != NULL)
		assert_true(transcript_add(t, NOW, "end", "result", result,
		    NULL));
	transcript_close(t);
}

static int
verify(const char *name, const char *file, int unsigned_ok)
{
	struct verify_against a = {.unsigned_ok = unsigned_ok};
	struct verify_result r;

	a.file = file == NULL ? NULL : rig_path(file);
	return verify_transcript(rig_path(name), &a, &r);
}

static int
seal(const char *name, struct person *p)
{
	char where[PATH_MAX];

	return seal_sign(rig_path(name), &p->key, p->pkey, NULL, where,
	    sizeof(where));
}

static void
good(void **state)
{
	struct verify_against a = {0};
	struct verify_result r;

	(void)state;
	make_file();
	make("t", "1", &alice, "done");
	assert_true(verify("t", "c.conf", 1));
	assert_false(verify("t", "c.conf", 0));
	rig_rule("quorum.short: the transcript");
	assert_true(seal("t", &bob));
	a.file = rig_path("c.conf");
	assert_true(verify_transcript(rig_path("t"), &a, &r));
	assert_string_equal(r.kind, "crl");
	assert_string_equal(r.approved, "alice");
	assert_string_equal(r.sealed, "bob");
	assert_int_equal(r.records, 4);
	assert_false(r.own_keys);
	/* By itself bob is nobody: the transcript does not name him. */
	assert_false(verify("t", NULL, 0));
	rig_rule("quorum.unknown");
}

static void
bad(void **state)
{
	struct verify_against a = {0};
	struct verify_result r;

	(void)state;
	make_file();
	make("t", "1", &alice, NULL);
	assert_false(verify("t", "c.conf", 1));
	rig_rule("transcript.end");
	make("t", "1", &alice, "rolled-back");
	assert_false(verify("t", "c.conf", 1));
	rig_rule("transcript.end: the ceremony ended as rolled-back");
	make("t", "0", NULL, "done");
	assert_true(verify("t", NULL, 1));
	assert_false(verify("t", "c.conf", 1));
	rig_rule("quorum.short: the ceremony's file");
	rig_write("keys", alice.vkey, strlen(alice.vkey));
	a.participants = rig_path("keys");
	a.unsigned_ok = 1;
	assert_false(verify_transcript(rig_path("t"), &a, &r));
	rig_rule("quorum.none");
	make("t", "1", &alice, "done");
	rig_write("c.conf", "kind = \"crl\";\n", 14);
	assert_false(verify("t", "c.conf", 1));
	rig_rule("transcript.file");
	a = (struct verify_against){.unsigned_ok = 1, .n_certs = 1};
	a.cert[0] = rig_path("c.conf");
	assert_false(verify_transcript(rig_path("t"), &a, &r));
	rig_rule("transcript.cert");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good),
	    cmocka_unit_test(bad),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
