#include "tests/unit/ca/engine/live.h"

/* Participants and backups, in a file of any kind. */

static struct ceremony_file *
read_text(struct world *w, const char *kind, const char *text)
{
	char file[8192], path[256];

	snprintf(file, sizeof(file), "kind = \"%s\"; config = "
	    "\"engine.conf\";\n%s", kind, text);
	world_write(w, "any.conf", file);
	snprintf(path, sizeof(path), "%s/any.conf", w->dir);
	return ceremony_read(path);
}

static void
read_well(void **state)
{
	struct world *w = *state;
	struct ceremony_file *f;

	f = read_text(w, "crl", LIVE_ROOT_SIGNS "backups = ( { kind = "
	    "\"token\"; token = \"signer\"; words = \"w\"; }, { kind = "
	    "\"wrapped\"; wrapping_key = \"k\"; file = \"f\"; }, { kind = "
	    "\"softhsm-folder\"; recipients = [ \"a\", \"b\" ]; file = "
	    "\"/abs\"; } );");
	assert_non_null(f);
	assert_int_equal(f->n_backups, 3);
	assert_int_equal(f->backups[0].kind, CEREMONY_BACKUP_TOKEN);
	assert_string_equal(f->backups[0].token, "signer");
	assert_string_equal(f->backups[1].wrapping_key, "k");
	assert_int_equal(f->backups[1].file[0], '/');
	assert_int_equal(f->backups[2].n_recipients, 2);
	assert_string_equal(f->backups[2].file, "/abs");
	assert_int_equal(f->quorum, 0);
	assert_int_equal(strlen(f->sha256), 64);
	OPENSSL_free(f);
}

static void
bad(struct world *w, const char *kind, const char *text, const char *word)
{
	char trace[2048];

	assert_null(read_text(w, kind, text));
	report_trace(trace, sizeof(trace));
	ERR_clear_error();
	if (strstr(trace, word) == NULL)
		fail_msg("no \"%s\" in: %s", word, trace);
}

#define B(x) LIVE_ROOT_SIGNS "backups = ( { " x " } );"

static void
refused(void **state)
{
	struct world *w = *state;

	bad(w, "crl", B("kind = \"fax\";"), "fax");
	bad(w, "crl", B("kind = \"token\";"), "words: missing");
	bad(w, "crl", B("kind = \"token\"; words = \"x\"; file = \"y\";"),
	    "file: not for this kind");
	bad(w, "crl", B("kind = \"wrapped\"; file = \"y\";"),
	    "wrapping_key: missing");
	bad(w, "crl", B("kind = \"softhsm-folder\"; file = \"y\";"),
	    "recipients: missing");
	bad(w, "crl", B("kid = \"token\";"), "unknown key \"kid\"");
	bad(w, "crl", LIVE_ROOT_SIGNS "quorum = 1;", "1 of 0 participants");
	bad(w, "crl", LIVE_ROOT_SIGNS "participants = ( { name = \"a\"; "
	    "key = \"a+00000000+AAAA\"; } ); quorum = 1;", "note.key");
	bad(w, "root", LIVE_URL "root: { " LIVE_TOKEN("root") " set = [ "
	    "\"cn=X\" ]; }; issuers = ();", "unknown key \"issuers\"");
	bad(w, "csr", LIVE_URL "name = \"Up\"; set = [ \"cn=X\" ]; request = "
	    "\"x\";", "only a-z");
	bad(w, "burn", LIVE_ROOT_SIGNS, "burn");
}

/* Another name: of a root's next key, or of a CA's. */
static void
rekey_is_two(void **state)
{
	struct world *w = *state;
	struct ceremony_file *f;

	f = read_text(w, "rekey", LIVE_ROOT_SIGNS LIVE_URL "root: { "
	    LIVE_TOKEN("root") " };");
	assert_non_null(f);
	assert_int_equal(f->kind, CEREMONY_ROOT_REKEY);
	OPENSSL_free(f);
	f = read_text(w, "rekey", LIVE_ROOT_SIGNS LIVE_URL
	    "issuers = ( { name = \"devices\"; } );");
	assert_non_null(f);
	assert_int_equal(f->kind, CEREMONY_INTERMEDIATE);
	OPENSSL_free(f);
}

static int
prepare(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_prepare(w);
	*state = w;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(read_well),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(rekey_is_two),
	};

	return cmocka_run_group_tests(tests, prepare, world_teardown);
}
