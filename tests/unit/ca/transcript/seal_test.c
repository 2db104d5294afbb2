#include "rig.h"

/* Signing a ceremony's file, and a transcript. */

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

static void
make(const char *name, int dry, int end)
{
	struct transcript *t;

	unlink(rig_path(name));
	t = transcript_create(rig_path(name), dry);
	assert_true(transcript_add(t, NOW, "begin", NULL));
	if (end)
		assert_true(transcript_add(t, NOW, "end", "result", "done",
		    NULL));
	transcript_close(t);
}

static int
sign(const char *name, struct person *p, const char *out)
{
	char where[PATH_MAX];

	return seal_sign(rig_path(name), &p->key, p->pkey, out, where,
	    sizeof(where));
}

static size_t
signatures(const char *name)
{
	size_t len, n = 0;
	char *text = rig_read(name, &len), *p = text;

	while ((p = strstr(p, "\n\xe2\x80\x94 ")) != NULL) {
		n++;
		p++;
	}
	OPENSSL_free(text);
	return n;
}

static void
a_file(void **state)
{
	char text[SEAL_TEXT_MAX];
	int is = 1;

	(void)state;
	rig_write("f", "kind = \"crl\";\n", 14);
	assert_true(seal_text_of(rig_path("f"), text, &is));
	assert_false(is);
	assert_non_null(strstr(text, "inkan ceremony v1\nsha256 "));
	assert_true(sign("f", &alice, NULL));
	assert_true(sign("f", &bob, NULL));
	assert_true(sign("f", &bob, NULL));	/* the same signature */
	assert_int_equal(signatures("f.sigs"), 2);
	/* The file has changed: what was signed is another. */
	rig_write("f", "kind = \"csr\";\n", 14);
	assert_false(sign("f", &alice, NULL));
	rig_rule("seal.text");
	assert_int_equal(signatures("f.sigs"), 2);
}

static void
a_transcript(void **state)
{
	struct transcript_text t;
	char *text;
	size_t len, before;

	(void)state;
	make("t", 0, 1);
	OPENSSL_free(rig_read("t", &before));
	assert_true(sign("t", &alice, NULL));
	assert_true(sign("t", &bob, rig_path("bob.note")));
	assert_int_equal(signatures("t"), 1);
	text = rig_read("bob.note", &len);
	assert_true(seal_put(rig_path("t"), text, NULL, (char[256]){0}, 256));
	OPENSSL_free(text);
	assert_int_equal(signatures("t"), 2);
	text = rig_read("t", &len);
	assert_true(transcript_scan(text, len, &t, NULL, NULL));
	assert_int_equal(t.len, before);	/* records are as they were */
	OPENSSL_free(text);
}

static void
not_signed(void **state)
{
	(void)state;
	make("dry", 1, 1);
	assert_false(sign("dry", &alice, NULL));
	rig_rule("transcript.rehearsal");
	make("open", 0, 0);
	assert_false(sign("open", &alice, NULL));
	rig_rule("transcript.end");
	assert_false(sign("none", &alice, NULL));
	rig_rule("file.read");
	make("u", 0, 1);
	assert_false(seal_put(rig_path("u"), "another\n\n", NULL,
	    (char[256]){0}, 256));
	rig_rule("seal.text");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file),
	    cmocka_unit_test(a_transcript),
	    cmocka_unit_test(not_signed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
