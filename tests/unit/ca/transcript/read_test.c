#include "rig.h"

/* Reading: every octet that is changed is found. */

static char *good;
static size_t good_len;

static int
setup(void **state)
{
	struct transcript *t;

	if (rig_setup(state) != 0)
		return 1;
	t = transcript_create(rig_path("t"), 0);
	assert_true(transcript_add(t, NOW, "begin", "kind", "crl", "name",
	    "\xc3\xa9 \"x\"", NULL));
	assert_true(transcript_add(t, NOW, "crl", "number", "7", NULL));
	assert_true(transcript_add(t, NOW, "end", "result", "done", NULL));
	transcript_close(t);
	good = rig_read("t", &good_len);
	return 0;
}

static int
teardown(void **state)
{
	OPENSSL_free(good);
	return rig_teardown(state);
}

static int
take(const struct transcript_record *rec, void *arg)
{
	int *n = arg;

	++*n;
	if (rec->n == 1) {
		assert_string_equal(rec->act, "begin");
		assert_string_equal(transcript_value(rec, "name"),
		    "\xc3\xa9 \"x\"");
		assert_null(transcript_value(rec, "nobody"));
	}
	return 1;
}

static void
read_back(void **state)
{
	struct transcript_text t;
	int n = 0;

	(void)state;
	assert_true(transcript_scan(good, good_len, &t, take, &n));
	assert_int_equal(n, 3);
	assert_int_equal(t.n, 3);
	assert_int_equal(t.len, good_len);
	assert_null(t.note);
	assert_false(t.dry);
}

/* But for the last line's own, which nothing follows. */
static void
each_octet_counts(void **state)
{
	struct transcript_text t, was;
	char *bad = OPENSSL_memdup(good, good_len + 1);
	size_t i;
	int bit;

	(void)state;
	assert_true(transcript_scan(good, good_len, &was, NULL, NULL));
	for (i = 0; i < good_len; i++)
		for (bit = 0; bit < 8; bit++) {
			bad[i] = (char)(good[i] ^ (1 << bit));
			if (transcript_scan(bad, good_len, &t, NULL, NULL) &&
			    strcmp(t.digest, was.digest) == 0)
				fail_msg("octet %zu, bit %d", i, bit);
			ERR_clear_error();
			bad[i] = good[i];
		}
	OPENSSL_free(bad);
}

static void
refused(const char *text, const char *rule)
{
	struct transcript_text t;

	assert_false(transcript_scan(text, strlen(text), &t, NULL, NULL));
	rig_rule(rule);
}

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define LINE "1 2026-11-29T19:44:00Z begin "

static void
malformed(void **state)
{
	struct transcript_text t;

	(void)state;
	refused("", "transcript.format: line 1");
	refused("inkan transcript v2\n", "transcript.format: line 1");
	refused(TRANSCRIPT_HEAD "1", "transcript.format: line 2: cut off");
	refused(TRANSCRIPT_HEAD "x\n", "transcript.format: line 2");
	refused(TRANSCRIPT_HEAD "2 2026-11-29T19:44:00Z begin prev=" ZERO "\n",
	    "transcript.number");
	refused(TRANSCRIPT_HEAD "1 2026-11-29 begin prev=" ZERO "\n",
	    "transcript.format");
	refused(TRANSCRIPT_HEAD LINE "prev=" ZERO "\n", "transcript.chain");
	refused(TRANSCRIPT_HEAD LINE "prev=00\n", "prev is not");
	refused(TRANSCRIPT_HEAD LINE "a=b prev=" ZERO "\n", "name=");
	refused(TRANSCRIPT_HEAD LINE "a=\"b prev=" ZERO "\n", "malformed");
	refused(TRANSCRIPT_HEAD LINE "a=\"\\y\" prev=" ZERO "\n", "malformed");
	refused(TRANSCRIPT_HEAD LINE "a=\"\\x00\" prev=" ZERO "\n",
	    "malformed");
	refused(TRANSCRIPT_HEAD LINE "a=\"\" a=\"\" prev=" ZERO "\n", "twice");
	assert_false(transcript_scan(good, good_len - 1, &t, NULL, NULL));
	rig_rule("cut off");
}

static void
files(void **state)
{
	size_t len;

	(void)state;
	assert_null(transcript_slurp(rig_path("none"), 100, &len));
	rig_rule("file.read");
	assert_null(transcript_slurp(rig_path("t"), 10, &len));
	rig_rule("at most 10");
	assert_null(transcript_slurp(rig_dir, 100000, &len));
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(read_back),
	    cmocka_unit_test(each_octet_counts),
	    cmocka_unit_test(malformed),
	    cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
