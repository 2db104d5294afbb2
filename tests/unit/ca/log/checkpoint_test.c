#include "rig.h"
#include "ca/log/checkpoint.h"

static void
reads_and_writes(void **state)
{
	struct log_checkpoint c;
	struct note_key k;
	char out[512];

	(void)state;
	assert_int_equal(note_key_parse(&k, REAL_KEY), 1);
	assert_int_equal(checkpoint_open(&c, REAL_NOTE, strlen(REAL_NOTE), &k),
	    1);
	assert_string_equal(c.origin, "arche2025h1.staging.ct.transparency.dev");
	assert_int_equal(c.size, 1432088532);
	assert_int_equal(c.root.b[0], 0x53);
	assert_int_equal(c.root.b[31], 0x1a);
	assert_int_equal(checkpoint_print(&c, out, sizeof(out)), 1);
	assert_string_equal(out, REAL_TEXT);
	assert_int_equal(checkpoint_print(&c, out, 20), 0);
	assert_refused("checkpoint: it cannot be written");
	note_key_clear(&k);
}

static void
ignores_lines_of_others(void **state)
{
	struct log_checkpoint c;

	(void)state;
	assert_int_equal(checkpoint_parse(&c, REAL_TEXT "Timestamp: 1\nx\n"), 1);
	assert_int_equal(c.size, 1432088532);
	assert_int_equal(checkpoint_parse(&c, "an origin with blanks\n0\n"
	    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"), 1);
	assert_int_equal(c.size, 0);
}

static void
refuses_another_format(void **state)
{
#define ROOT "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro="
	static const struct { const char *text, *says; } bad[] = {
	    {"", "no origin"}, {"\n1\n" ROOT "\n", "no origin"},
	    {"o\n", "no size"}, {"o\n\n" ROOT "\n", "no size"},
	    {"o\n01\n" ROOT "\n", "no size"}, {"o\n-1\n" ROOT "\n", "no size"},
	    {"o\n 1\n" ROOT "\n", "no size"}, {"o\n+1\n" ROOT "\n", "no size"},
	    {"o\n0x1\n" ROOT "\n", "no size"},
	    {"o\n18446744073709551616\n" ROOT "\n", "no size"},
	    {"o\n1\n", "no root"}, {"o\n1\n" ROOT, "no root"},
	    {"o\n1\nAAAA\n", "no root"}, {"o\n1\n" ROOT "AAAA\n", "no root"},
	    {"o\n1\n" ROOT "\n\n", "an empty line"},
	    {"o\n1\n" ROOT "\n\nx\n", "an empty line"},
	    {"o\n1\n" ROOT "\nx", "no line end"}};
	struct log_checkpoint c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (checkpoint_parse(&c, bad[i].text))
			fail_msg("%zu was read", i);
		assert_refused(bad[i].says);
	}
	assert_int_equal(checkpoint_parse(&c, "o\n18446744073709551615\n" ROOT
	    "\n"), 1);
}

static int
open_with(const char *note, const struct note_key *k)
{
	struct log_checkpoint c;

	return checkpoint_open(&c, note, strlen(note), k);
}

static void
asks_for_origin_and_signature(void **state)
{
	EVP_PKEY *mine = ed25519(1), *other = ed25519(2);
	struct note_key k, b;
	char *note;

	(void)state;
	assert_int_equal(note_key_set(&k, "log", mine, 0), 1);
	assert_int_equal(note_key_set(&b, "log", other, 0), 1);
	note = signed_text("log\n1\n" ROOT "\n", &k, mine, 0, NULL);
	assert_int_equal(open_with(note, &k), 1);
	assert_int_equal(open_with(note, &b), 0);
	assert_refused("checkpoint.signature: the log's key has not signed");
	note[4] = '2';
	assert_int_equal(open_with(note, &k), 0);
	assert_refused("checkpoint.signature: the log's signature does not");
	OPENSSL_free(note);
	note = signed_text("gol\n1\n" ROOT "\n", &k, mine, 0, NULL);
	assert_int_equal(open_with(note, &k), 0);
	assert_refused("checkpoint.origin: it is of the log gol, not of log");
	OPENSSL_free(note);
	note_key_clear(&k);
	note_key_clear(&b);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_and_writes),
	    cmocka_unit_test(ignores_lines_of_others),
	    cmocka_unit_test(refuses_another_format),
	    cmocka_unit_test(asks_for_origin_and_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
