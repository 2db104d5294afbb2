#include "rig.h"

/* Participants as files name them. */

static struct person alice, bob;

static int
setup(void **state)
{
	FILE *f;

	if (rig_setup(state) != 0)
		return 1;
	rig_person(&alice, "alice");
	rig_person(&bob, "bob");
	f = fopen(rig_path("bob.pub"), "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PUBKEY(f, bob.pkey), 1);
	fclose(f);
	rig_write("alice.vkey", alice.vkey, strlen(alice.vkey));
	return 0;
}

static int
teardown(void **state)
{
	rig_person_clear(&alice);
	rig_person_clear(&bob);
	return rig_teardown(state);
}

/* $ stands for ${key}. */
static int
read_text(const char *form, const char *key, struct quorum *q)
{
	char text[4096];
	size_t n = 0;

	for (; *form != '\0'; form++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    *form == '$' ? "%s" : "%.1s", *form == '$' ? key : form);
	rig_write("c.conf", text, strlen(text));
	return quorum_read_ceremony(rig_path("c.conf"), q);
}

#define A "{ name = \"alice\"; key = \"$\"; }"
#define B "{ name = \"bob\"; key = \"bob.pub\"; }"

static void
as_written(void **state)
{
	struct quorum q;
	int k;

	(void)state;
	assert_true(read_text("kind = \"crl\"; participants = ( " A ", " B
	    " ); quorum = 2;", alice.vkey, &q));
	assert_int_equal(q.n, 2);
	assert_int_equal(q.k, 2);
	assert_string_equal(q.key[1].name, "bob");
	assert_int_equal(q.key[1].id, bob.key.id);
	quorum_clear(&q);
	assert_true(quorum_read_size(rig_path("c.conf"), &k));
	assert_int_equal(k, 2);
	assert_true(read_text("participants = ( " A " ); quorum = 1;",
	    "alice.vkey", &q));
	assert_int_equal(q.key[0].id, alice.key.id);
	quorum_clear(&q);
	assert_true(read_text("kind = \"crl\";\n", "", &q));
	assert_int_equal(q.n, 0);
	assert_int_equal(q.k, 0);
}

static void
bad(const char *form, const char *key, const char *word)
{
	struct quorum q;

	assert_false(read_text(form, key, &q));
	rig_rule(word);
	assert_int_equal(q.n, 0);
}

static void
refused(void **state)
{
	(void)state;
	bad("participants = ( " A " ); quorum = 2;", alice.vkey,
	    "quorum: 2 of 1");
	bad("participants = ( " A " );", alice.vkey, "quorum: missing");
	bad("participants = ( " A ", " A " ); quorum = 1;", alice.vkey,
	    "participants");
	bad("participants = ( { name = \"bob\"; key = \"$\"; } ); quorum = 1;",
	    alice.vkey, "participants.name");
	bad("participants = ( " A " ); quorum = 1;", "nowhere", "file.read");
	bad("participants = ( " A " ); quorum = 1;", "c.conf",
	    "participants.key");
	bad("participants = ( { nam = \"x\"; key = \"$\"; } ); quorum = 1;",
	    "x", "unknown key");
}

static void
lists(void **state)
{
	struct quorum q;
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text), "# people\n%s\n\n%s\n", alice.vkey,
	    bob.vkey);
	rig_write("list", text, strlen(text));
	assert_true(quorum_read_list(rig_path("list"), &q));
	assert_int_equal(q.n, 2);
	quorum_clear(&q);
	rig_write("list", "no key\n", 7);
	assert_false(quorum_read_list(rig_path("list"), &q));
	rig_rule("participants.file");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_written),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
