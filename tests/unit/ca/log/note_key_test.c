#include "rig.h"

/* Verifier keys that others wrote: Go's sumdb/note, C2SP, Rekor, a witness. */
static const struct { const char *vkey, *name; uint32_t id; int type; }
known[] = {
    {"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	"PeterNeumann", 0xc74f20a3, NOTE_ED25519},
    {"EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
	"EnochRoot", 0xaf0cfe78, NOTE_ED25519},
    {"TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6", "TEST",
	0x7997405c, NOTE_ED25519},
    {"rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtm"
     "PtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22"
     "Ni4Qt9DPfkWLc=",
	"rekor.sigstore.dev", 0xc0d23d6a, NOTE_ECDSA},
    {REAL_WITNESS, "remora.n621.de", 0xda77ade7, NOTE_COSIGNATURE}};

static void
reads_keys_of_others(void **state)
{
	struct note_key k, again;
	char out[NOTE_VKEY_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(note_key_parse(&k, known[i].vkey), 1);
		assert_string_equal(k.name, known[i].name);
		assert_int_equal(k.id, known[i].id);
		assert_int_equal(k.type, known[i].type);
		assert_int_equal(note_key_print(&k, out, sizeof(out)), 1);
		assert_string_equal(out, known[i].vkey);
		assert_int_equal(note_key_set(&again, k.name, k.pkey, k.type),
		    1);
		assert_int_equal(again.id, k.id);
		assert_int_equal(note_key_print(&k, out, 20), 0);
		assert_refused("note.key: it cannot be written");
		note_key_clear(&k);
		note_key_clear(&again);
	}
}

/* Whatever is cut off or changed, it is no key any more. */
static void
refuses_every_mangled_key(void **state)
{
	char text[NOTE_VKEY_MAX];
	struct note_key k;
	size_t i, j, n, t;

	(void)state;
	for (t = 0; t < sizeof(known) / sizeof(known[0]); t++) {
		n = strlen(known[t].vkey);
		for (i = 0; i < n; i++) {
			memcpy(text, known[t].vkey, n + 1);
			/* The name of ECDSA is not in its id. */
			if (known[t].type == NOTE_ECDSA &&
			    i < strlen(known[t].name))
				continue;
			text[i]++;
			assert_int_equal(note_key_parse(&k, text), 0);
			assert_null(k.pkey);
			for (j = i; t == 0 && j <= n; j++) {
				memcpy(text, known[t].vkey + i, j - i);
				text[j - i] = '\0';
				assert_int_equal(note_key_parse(&k, text),
				    i == 0 && j == n);
				note_key_clear(&k);
			}
		}
	}
	ERR_clear_error();
}

static void
says_what_is_wrong_with_a_key(void **state)
{
	static const struct { const char *vkey, *says; } bad[] = {
	    {"PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
	     "LDE4izWy10TWBADKEY==", "holds no key"},
	    {"PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
	     "LDE4izWy10TW", "holds no key"},
	    {"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
	     "LDE4izWy10TW", "id is not its key's"},
	    {"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
	     "LDE4izWy10TW", "note.name: "},
	    {"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	     "note.name: "},
	    {"PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
	     "LDE4izWy10TW", "not a verifier key"},
	    {"", "not a verifier key"}};
	struct note_key k;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(note_key_parse(&k, bad[i].vkey), 0);
		assert_refused(bad[i].says);
	}
}

static void
takes_names_without_spaces(void **state)
{
	static const char *const bad[] = {"", "a b", "a+b", "a\tb", "a\nb",
	    "a\x7f", "\xc2\xa0", "a\xe2\x80\xa8z", "a\xe2\x80\x83", "\xff",
	    "\xe3\x80\x80"};
	EVP_PKEY *pkey = ed25519(1);
	char longest[NOTE_NAME_MAX + 1];
	struct note_key k;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(note_key_set(&k, bad[i], pkey, 0), 0);
		assert_refused("note.name: ");
	}
	memset(longest, 'a', sizeof(longest));
	longest[NOTE_NAME_MAX] = '\0';
	assert_int_equal(note_key_set(&k, longest, pkey, 0), 0);
	assert_refused("note.name: ");
	longest[NOTE_NAME_MAX - 1] = '\0';
	assert_int_equal(note_key_set(&k, longest, pkey, 0), 1);
	note_key_clear(&k);
	assert_int_equal(note_key_set(&k, "\xc3\xa9lan.example/1", pkey, 0), 1);
	note_key_clear(&k);
	EVP_PKEY_free(pkey);
}

static void
takes_kinds_of_key_that_notes_have(void **state)
{
	static const char *const curves[] = {"P-256", "P-384", "P-521"};
	struct note_key k, again;
	char out[NOTE_VKEY_MAX];
	EVP_PKEY *pkey;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		pkey = EVP_EC_gen(curves[i]);
		assert_int_equal(note_key_set(&k, "log", pkey, 0), 1);
		assert_int_equal(k.type, NOTE_ECDSA);
		assert_int_equal(note_key_print(&k, out, sizeof(out)), 1);
		assert_int_equal(note_key_parse(&again, out), 1);
		assert_int_equal(again.id, k.id);
		note_key_clear(&again);
		note_key_clear(&k);
		assert_int_equal(note_key_set(&k, "w", pkey, NOTE_COSIGNATURE),
		    0);
		assert_refused("does not make signatures of type 4");
		EVP_PKEY_free(pkey);
	}
	pkey = EVP_EC_gen("secp256k1");
	assert_int_equal(note_key_set(&k, "log", pkey, 0), 0);
	assert_refused("note.key: only Ed25519");
	EVP_PKEY_free(pkey);
	pkey = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	assert_int_equal(note_key_set(&k, "log", pkey, 0), 0);
	assert_refused("note.key: only Ed25519");
	EVP_PKEY_free(pkey);
}

/* One key as log and as witness has two ids, so that neither stands for the
   other. */
static void
tells_a_cosignature_key_apart(void **state)
{
	EVP_PKEY *pkey = ed25519(7);
	struct note_key a, b;

	(void)state;
	assert_int_equal(note_key_set(&a, "same", pkey, 0), 1);
	assert_int_equal(note_key_set(&b, "same", pkey, NOTE_COSIGNATURE), 1);
	assert_int_not_equal(a.id, b.id);
	note_key_clear(&a);
	note_key_clear(&b);
	note_key_clear(&b);
	EVP_PKEY_free(pkey);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_keys_of_others),
	    cmocka_unit_test(refuses_every_mangled_key),
	    cmocka_unit_test(says_what_is_wrong_with_a_key),
	    cmocka_unit_test(takes_names_without_spaces),
	    cmocka_unit_test(takes_kinds_of_key_that_notes_have),
	    cmocka_unit_test(tells_a_cosignature_key_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
