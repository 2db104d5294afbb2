#include "rig.h"

/* k of n: who counts, who counts once, who does not. */

static struct person alice, bob, eve;
static char text[SEAL_TEXT_MAX];

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int
setup(void **state)
{
	rig_person(&alice, "alice");
	rig_person(&bob, "bob");
	rig_person(&eve, "eve");
	seal_text(SEAL_CEREMONY, HASH, text);
	return rig_setup(state);
}

static int
teardown(void **state)
{
	rig_person_clear(&alice);
	rig_person_clear(&bob);
	rig_person_clear(&eve);
	return rig_teardown(state);
}

static void
fill(struct quorum *q, int k)
{
	memset(q, 0, sizeof(*q));
	assert_true(quorum_add_vkey(q, alice.vkey));
	assert_true(quorum_add_vkey(q, bob.vkey));
	q->k = k;
}

static int
take(const struct quorum *q, struct quorum_seen *seen, struct person *p,
    const char *over)
{
	char *note = rig_note(over, p);
	int ok = quorum_take(q, text, note, strlen(note), "N", seen);

	OPENSSL_free(note);
	return ok;
}

static void
counted(void **state)
{
	struct quorum q;
	struct quorum_seen seen = {0};
	char names[64], line[2048];

	(void)state;
	fill(&q, 2);
	assert_string_equal(text, "inkan ceremony v1\nsha256 " HASH "\n");
	assert_false(quorum_enough(&q, &seen, "F"));
	rig_rule("quorum.short: F: signed by 0 participants, 2 must");
	assert_true(take(&q, &seen, &alice, text));
	assert_true(take(&q, &seen, &alice, text));
	assert_int_equal(seen.n, 1);
	assert_false(quorum_enough(&q, &seen, "F"));
	rig_rule("quorum.twice: F: alice signed twice");
	assert_true(take(&q, &seen, &bob, text));
	assert_true(quorum_enough(&q, &seen, "F"));
	quorum_names(&q, &seen, names, sizeof(names));
	assert_string_equal(names, "alice, bob");
	/* The kept line is one of the note's. */
	snprintf(line, sizeof(line), "%s\n\xe2\x80\x94 %s\n", text,
	    seen.line[1]);
	memset(&seen, 0, sizeof(seen));
	assert_true(quorum_take(&q, text, line, strlen(line), "N", &seen));
	assert_int_equal(seen.by[1], 1);
	quorum_clear(&q);
}

static void
not_counted(void **state)
{
	struct quorum q;
	struct quorum_seen seen = {0};
	char line[2048], *note;

	(void)state;
	fill(&q, 1);
	assert_false(take(&q, &seen, &eve, text));
	rig_rule("quorum.unknown: N: eve");
	assert_false(take(&q, &seen, &alice, "inkan ceremony v1\nother\n"));
	rig_rule("quorum.hash");
	assert_false(quorum_take(&q, text, "x", 1, "N", &seen));
	rig_rule("quorum.note");
	/* Hers, but over something else. */
	note = rig_note("inkan ceremony v1\nother\n", &alice);
	snprintf(line, sizeof(line), "%s%s", text, strstr(note, "\n\n") + 1);
	OPENSSL_free(note);
	assert_false(quorum_take(&q, text, line, strlen(line), "N", &seen));
	rig_rule("quorum.signature: N: that of alice");
	assert_int_equal(seen.n, 0);
	quorum_clear(&q);
}

static void
one_person_is_one(void **state)
{
	struct quorum q;
	struct note_key again = {0};

	(void)state;
	fill(&q, 1);
	assert_false(quorum_add_vkey(&q, alice.vkey));
	rig_rule("participants.twice");
	assert_true(note_key_set(&again, "anna", alice.pkey, 0));
	assert_false(quorum_add(&q, &again));
	rig_rule("participants.twice");
	assert_true(note_key_set(&again, "witness", eve.pkey,
	    NOTE_COSIGNATURE));
	assert_false(quorum_add(&q, &again));
	rig_rule("participants.key");
	assert_int_equal(q.n, 2);
	quorum_clear(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counted),
	    cmocka_unit_test(not_counted),
	    cmocka_unit_test(one_person_is_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
