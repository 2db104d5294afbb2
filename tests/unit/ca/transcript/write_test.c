#include "rig.h"

/* Transcripts are written once, and go on where a crash cut them. */

static void
written(void **state)
{
	struct transcript *t = transcript_create(rig_path("a"), 0);
	struct transcript_text text;
	char hex[65], want[65], *all;
	size_t len, n;

	(void)state;
	assert_non_null(t);
	assert_string_equal(transcript_path(t), rig_path("a"));
	assert_true(transcript_add(t, NOW, "begin", "kind", "init", "none",
	    NULL, "quote", "a \"b\" \\ c\n\x7f", NULL));
	assert_true(transcript_add(t, NOW + 1, "end", NULL));
	assert_true(transcript_digest(t, hex, &n));
	assert_int_equal(n, 2);
	assert_true(transcript_sync(t));
	transcript_close(t);
	all = rig_read("a", &len);
	assert_true(transcript_sha256(all, len, want));
	assert_string_equal(hex, want);
	assert_non_null(strstr(all, "\n1 2026-11-29T19:44:00Z begin "
	    "kind=\"init\" quote=\"a \\\"b\\\" \\\\ c\\x0a\\x7f\" prev="));
	assert_true(transcript_scan(all, len, &text, NULL, NULL));
	OPENSSL_free(all);
}

/* What is there is not written over. */
static void
neighbours(void **state)
{
	struct transcript *t = transcript_create(rig_path("n"), 0);

	(void)state;
	assert_non_null(t);
	transcript_close(t);
	t = transcript_create(rig_path("n"), 1);
	assert_non_null(t);
	assert_string_equal(transcript_path(t), rig_path("n.2"));
	transcript_close(t);
	assert_null(transcript_create(rig_path("no/where"), 0));
	rig_rule("transcript.write");
}

/* Half a line is cut off; the chain goes on. */
static void
goes_on(void **state)
{
	struct transcript *t = transcript_create(rig_path("c"), 0);
	struct transcript_text text;
	char *all;
	size_t len;

	(void)state;
	assert_true(transcript_add(t, NOW, "begin", NULL));
	transcript_close(t);
	all = rig_read("c", &len);
	all[len] = '2';
	rig_write("c", all, len + 1);
	OPENSSL_free(all);
	t = transcript_continue(rig_path("c"));
	assert_non_null(t);
	assert_true(transcript_add(t, NOW, "end", "result", "done", NULL));
	transcript_close(t);
	all = rig_read("c", &len);
	assert_true(transcript_scan(all, len, &text, NULL, NULL));
	assert_int_equal(text.n, 2);
	OPENSSL_free(all);
	assert_null(transcript_continue(rig_path("c")));
	rig_rule("transcript.ended");
	rig_write("d", "something else\n", 15);
	assert_null(transcript_continue(rig_path("d")));
	rig_rule("transcript.format");
}

static void
too_long(void **state)
{
	struct transcript *t = transcript_create(rig_path("l"), 0);
	char *big = malloc(TRANSCRIPT_LINE_MAX + 1);

	(void)state;
	memset(big, 'x', TRANSCRIPT_LINE_MAX);
	big[TRANSCRIPT_LINE_MAX] = '\0';
	assert_false(transcript_add(t, NOW, "begin", "v", big, NULL));
	rig_rule("transcript.line");
	/* From then on nothing: a gap would be a lie. */
	assert_false(transcript_add(t, NOW, "begin", NULL));
	assert_false(transcript_sync(t));
	ERR_clear_error();
	transcript_close(t);
	transcript_close(NULL);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(written),
	    cmocka_unit_test(neighbours),
	    cmocka_unit_test(goes_on),
	    cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
