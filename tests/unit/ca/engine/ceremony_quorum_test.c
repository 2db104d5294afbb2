#include "tests/unit/ca/engine/live.h"
#include "ca/transcript/seal.h"

/* Participants sign the file before a token is opened. */

struct person {
	struct note_key key;
	EVP_PKEY *pkey;
	char vkey[NOTE_VKEY_MAX];
};

static struct person alice, bob;

static void
make(struct person *p, const char *name)
{
	p->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_true(note_key_set(&p->key, name, p->pkey, 0));
	assert_true(note_key_print(&p->key, p->vkey, sizeof(p->vkey)));
}

static int
setup(void **state)
{
	make(&alice, "alice");
	make(&bob, "bob");
	return live_setup(state);
}

static int
teardown(void **state)
{
	note_key_clear(&alice.key);
	note_key_clear(&bob.key);
	EVP_PKEY_free(alice.pkey);
	EVP_PKEY_free(bob.pkey);
	return world_teardown(state);
}

static void
text_of(char *out, size_t size, const char *transcript)
{
	snprintf(out, size, LIVE_ROOT_SIGNS "%s participants = ( { name = "
	    "\"alice\"; key = \"%s\"; }, { name = \"bob\"; key = \"%s\"; } "
	    "); quorum = 2;\n", transcript, alice.vkey, bob.vkey);
}

static void
sign(struct world *w, struct person *p)
{
	char path[256], where[PATH_MAX];

	snprintf(path, sizeof(path), "%s/live.conf", w->dir);
	assert_true(seal_sign(path, &p->key, p->pkey, NULL, where,
	    sizeof(where)));
}

static void
two_of_two(void **state)
{
	struct world *w = *state;
	char text[8192];

	text_of(text, sizeof(text), "transcript = \"t\";");
	live_refused(w, "crl", text, "quorum.short");
	assert_false(live_exists(w, "t"));
	sign(w, &alice);
	live_refused(w, "crl", text, "quorum.short");
	sign(w, &bob);
	live_done(w, "crl", text);
	assert_non_null(strstr(live_said, "signed by alice, bob"));
	world_sh("grep -c ' approval signature=' %s/t | grep -q '^2$'",
	    w->dir);
	/* One octet more, and it is another file. */
	strcat(text, "\n");
	live_refused(w, "crl", text, "quorum.hash");
}

/* What participants vouch for has to be written down. */
static void
needs_a_transcript(void **state)
{
	struct world *w = *state;
	char text[8192];

	text_of(text, sizeof(text), "");
	assert_false(live_run(w, "crl", text));
	ERR_clear_error();
	sign(w, &alice);
	sign(w, &bob);
	live_refused(w, "crl", text, "transcript: missing");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(two_of_two),
	    T(needs_a_transcript),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
