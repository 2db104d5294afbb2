#include "rig.h"

/* The key pair and the note of Go's sumdb/note. */
#define GO_PRIVATE "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define GO_TEXT                                                                \
	"If you think cryptography is the answer to your problem,\n"           \
	"then you don't know what your problem is.\n"
#define GO_LINE                                                                \
	"— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNI"  \
	"uGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

/* The example of C2SP signed-note: an empty line within the text. */
#define QUASIMODO                                                              \
	"Ognuno sta solo sul cuor della terra\n"                               \
	"trafitto da un raggio di sole:\n\n"                                   \
	"ed \xc3\xa8 subito sera.\n\n"                                         \
	"— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2"  \
	"i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"

static EVP_PKEY *
go_key(void)
{
	unsigned char raw[33];
	size_t n = 0;

	assert_int_equal(log_base64_parse(GO_PRIVATE, strlen(GO_PRIVATE), raw,
	    sizeof(raw), &n), 1);
	assert_int_equal(n, 33);
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw + 1, 32);
}

static void
signs_what_go_signs(void **state)
{
	EVP_PKEY *pkey = go_key();
	struct note_key k;
	char *note;

	(void)state;
	assert_int_equal(note_key_set(&k, "PeterNeumann", pkey, 0), 1);
	assert_int_equal(k.id, 0xc74f20a3);
	note = signed_text(GO_TEXT, &k, pkey, 0, NULL);
	assert_string_equal(note, GO_TEXT "\n" GO_LINE);
	OPENSSL_free(note);
	note_key_clear(&k);
	EVP_PKEY_free(pkey);
}

static int
verify(const char *note, const char *vkey, int64_t *when)
{
	struct note_key k;
	struct note n;
	int rc;

	assert_int_equal(note_key_parse(&k, vkey), 1);
	assert_int_equal(note_parse(&n, note, strlen(note)), 1);
	rc = note_verify(&n, &k, when);
	note_clear(&n);
	note_key_clear(&k);
	return rc;
}

static void
verifies_a_log_in_service(void **state)
{
	int64_t when = -1;

	(void)state;
	assert_int_equal(verify(REAL_NOTE, REAL_KEY, &when), 1);
	assert_int_equal(when, 0);
	assert_int_equal(verify(REAL_NOTE, REAL_WITNESS, &when), 1);
	assert_int_equal(when, 1779573024);
	assert_int_equal(verify(REAL_NOTE, "PeterNeumann+c74f20a3+ARpc2QcUPDhM"
	    "QegwxbzhKqiBfsVkmqq/LDE4izWy10TW", NULL), 0);
	assert_int_equal(ERR_peek_error(), 0);
}

/* Every octet of the text counts. */
static void
refuses_a_changed_text(void **state)
{
	char note[] = REAL_NOTE;
	size_t i;

	(void)state;
	for (i = 0; i < strlen(REAL_TEXT) - 1; i++) {
		if (note[i] == '\n')
			continue;
		note[i] ^= 1;
		assert_int_equal(verify(note, REAL_KEY, NULL), -1);
		assert_refused("note.signature: that of arche2025h1");
		assert_int_equal(verify(note, REAL_WITNESS, NULL), -1);
		assert_refused("note.signature: that of remora");
		note[i] ^= 1;
	}
}

static void
reads_text_with_empty_lines(void **state)
{
	struct note n;

	(void)state;
	assert_int_equal(note_parse(&n, QUASIMODO, strlen(QUASIMODO)), 1);
	assert_int_equal(n.n, 1);
	assert_string_equal(n.sig[0].name, "quasimodo.example/salvatore");
	assert_int_equal(n.sig[0].id, 0x367ba04b);
	assert_int_equal(n.sig[0].len, 64);
	assert_int_equal(n.text_len, strlen(n.text));
	assert_string_equal(n.text + n.text_len - 6, "sera.\n");
	assert_non_null(strstr(n.text, "sole:\n\ned"));
	note_clear(&n);
	note_clear(&n);
}

static void
refuses_what_is_no_note(void **state)
{
	static const char *const bad[] = {"", "text\n", "text\n\n", "\n",
	    "text\n\n— a AAAA\n",		/* no octet of signature */
	    "text\n\n— a AAAAAAA=",		/* no line end */
	    "text\n\n— a  AAAAAAA=\n",	/* two blanks */
	    "text\n\n— AAAAAAA=\n", "text\n\n—  AAAAAAA=\n",
	    "text\n\n- a AAAAAAA=\n", "text\n\n— a+b AAAAAAA=\n",
	    "text\n\n— a AAAAAAA\n", "text\n\n— a AAAAAAB=\n",
	    "text\n\n— a AAAAAAA=\r\n", "te\txt\n\n— a AAAAAAA=\n",
	    "te\xffxt\n\n— a AAAAAAA=\n",
	    "text\n\n— a AAAAAAA=\nmore\n",
	    "text\n— a AAAAAAA=\n", "text\n\n— a AAAAAAA= \n"};
	struct note n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (note_parse(&n, bad[i], strlen(bad[i])))
			fail_msg("%zu was read", i);
		assert_null(n.text);
		assert_refused("note.format: ");
	}
	assert_int_equal(note_parse(&n, "a\0b\n\n— a AAAAAAA=\n", 21), 0);
	assert_refused("note.format: not UTF-8");
}

static void
has_limits(void **state)
{
	char *big = OPENSSL_malloc(NOTE_MAX + 2);
	struct note n;
	size_t at, i;

	(void)state;
	at = (size_t)sprintf(big, "text\n\n");
	for (i = 0; i < NOTE_SIGNATURES_MAX; i++)
		at += (size_t)sprintf(big + at, "— n%zu AAAAAAA=\n", i);
	assert_int_equal(note_parse(&n, big, at), 1);
	assert_int_equal(n.n, NOTE_SIGNATURES_MAX);
	note_clear(&n);
	at += (size_t)sprintf(big + at, "— n AAAAAAA=\n");
	assert_int_equal(note_parse(&n, big, at), 0);
	assert_refused("note.format: more than 32 signatures");
	memset(big, 'a', NOTE_MAX + 1);
	assert_int_equal(note_parse(&n, big, NOTE_MAX + 1), 0);
	assert_refused("note.format: more than 65536 octets");
	OPENSSL_free(big);
}

static void
signs_with_every_kind(void **state)
{
	static const char *const curves[] = {"P-256", "P-384", "P-521"};
	struct note_key k;
	EVP_PKEY *pkey;
	struct note n;
	int64_t when;
	char *note;
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		pkey = i < 3 ? EVP_EC_gen(curves[i]) : ed25519(9);
		assert_int_equal(note_key_set(&k, "a/b", pkey,
		    i == 4 ? NOTE_COSIGNATURE : 0), 1);
		note = signed_text("x\n", &k, pkey, 1795000000, NULL);
		assert_int_equal(note_parse(&n, note, strlen(note)), 1);
		assert_int_equal(note_verify(&n, &k, &when), 1);
		assert_int_equal(when, i == 4 ? 1795000000 : 0);
		n.text[0] = 'y';
		assert_int_equal(note_verify(&n, &k, &when), -1);
		assert_refused("note.signature: that of a/b");
		note_clear(&n);
		OPENSSL_free(note);
		note_key_clear(&k);
		EVP_PKEY_free(pkey);
	}
}

static void
does_not_sign_for_another_key(void **state)
{
	EVP_PKEY *mine = ed25519(1), *other = ed25519(2);
	struct note_key k;

	(void)state;
	assert_int_equal(note_key_set(&k, "me", mine, 0), 1);
	assert_null(note_sign("x\n", &k, other, 0));
	assert_refused("note.signature: me cannot sign");
	assert_null(note_sign("x", &k, mine, 0));
	assert_refused("note.text: ");
	assert_null(note_sign("x\r\n", &k, mine, 0));
	assert_refused("note.text: ");
	note_key_clear(&k);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(other);
}

static void
merges_signatures(void **state)
{
	static const char a[] = "t\n\n— a AAAAAAA=\n";
	static const char b[] = "t\n\n— b AAAAAAA=\n— a AAAAAAE=\n";
	char *out, *again;

	(void)state;
	out = note_merge(a, b);
	assert_non_null(out);
	assert_string_equal(out,
	    "t\n\n— a AAAAAAA=\n— b AAAAAAA=\n");
	again = note_merge(out, b);
	assert_string_equal(again, out);
	OPENSSL_free(again);
	OPENSSL_free(out);
	assert_null(note_merge(a, "T\n\n— b AAAAAAA=\n"));
	assert_refused("note.text: ");
	assert_null(note_merge(a, "t\n"));
	assert_refused("note.format: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signs_what_go_signs),
	    cmocka_unit_test(verifies_a_log_in_service),
	    cmocka_unit_test(refuses_a_changed_text),
	    cmocka_unit_test(reads_text_with_empty_lines),
	    cmocka_unit_test(refuses_what_is_no_note),
	    cmocka_unit_test(has_limits),
	    cmocka_unit_test(signs_with_every_kind),
	    cmocka_unit_test(does_not_sign_for_another_key),
	    cmocka_unit_test(merges_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
