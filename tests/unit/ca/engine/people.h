#ifndef TESTS_UNIT_CA_ENGINE_PEOPLE_H
#define TESTS_UNIT_CA_ENGINE_PEOPLE_H

#include "tests/unit/ca/engine/world.h"
#include "ca/engine/ops_roles.h"

/* Operators with keys of their own, by name; uids 2001 and on. */

static const char *const PEOPLE[] = {"alice", "bob", "carol", "olga"};
#define N_PEOPLE (sizeof(PEOPLE) / sizeof(PEOPLE[0]))

struct person {
	EVP_PKEY *pkey;
	struct note_key key;
	char vkey[NOTE_VKEY_MAX];
};

static struct person people[N_PEOPLE];

static void __attribute__((unused))
people_make(void)
{
	size_t i;

	for (i = 0; i < N_PEOPLE; i++) {
		/* Both kinds of keys. */
		people[i].pkey = i % 2 ? EVP_PKEY_Q_keygen(NULL, NULL,
		    "ED25519") : EVP_EC_gen("P-256");
		assert_non_null(people[i].pkey);
		assert_true(note_key_set(&people[i].key, PEOPLE[i],
		    people[i].pkey, 0));
		assert_true(note_key_print(&people[i].key, people[i].vkey,
		    sizeof(people[i].vkey)));
	}
}

static void __attribute__((unused))
people_free(void)
{
	size_t i;

	for (i = 0; i < N_PEOPLE; i++) {
		note_key_clear(&people[i].key);
		EVP_PKEY_free(people[i].pkey);
	}
}

/* The text with "%alice%" and so on replaced by their keys. OPENSSL_free(). */
static __attribute__((unused)) char *
people_text(const char *text)
{
	char *out = OPENSSL_zalloc(strlen(text) + 8192);
	size_t i, n = 0, len;

	assert_non_null(out);
	while (*text != '\0') {
		for (i = 0; i < N_PEOPLE; i++) {
			len = strlen(PEOPLE[i]);
			if (text[0] == '%' && strncmp(text + 1, PEOPLE[i],
			    len) == 0 && text[len + 1] == '%')
				break;
		}
		if (i < N_PEOPLE) {
			strcpy(out + n, people[i].vkey);
			n += strlen(out + n);
			text += strlen(PEOPLE[i]) + 2;
		} else
			out[n++] = *text++;
	}
	return out;
}

#define PEOPLE_CONF "operators = (" \
	"{ name = \"alice\"; uid = 2001; roles = [ \"admin\" ]; " \
	"key = \"%alice%\"; }," \
	"{ name = \"bob\"; uid = 2002; roles = [ \"officer\" ]; " \
	"key = \"%bob%\"; }," \
	"{ name = \"carol\"; uid = 2003; roles = [ \"officer\", \"admin\" ]; " \
	"key = \"%carol%\"; }," \
	"{ name = \"olga\"; uid = 2004; roles = [ \"officer\", \"admin\" ]; " \
	"key = \"%olga%\"; }," \
	"{ name = \"ann\"; uid = 2005; roles = [ \"auditor\" ]; } );\n" \
	"groups = ( { gid = 2100; roles = [ \"auditor\" ]; } );\n"

/* The peer of the next calls. */
static void __attribute__((unused))
people_as(struct world *w, uid_t uid)
{
	memset(&w->peer, 0, sizeof(w->peer));
	w->peer.uid = uid;
	w->peer.gid = 9999;
}

/* Activate that operators.conf, as ${w}'s peer, who must be allowed to. */
static void __attribute__((unused))
people_activate(struct world *w, const char *text)
{
	char *full = people_text(text);

	world_write(w, OPERATORS_PATH, full);
	OPENSSL_free(full);
	world_done(world_admin(w, "policy.activate", ""));
}

/* An answer that parks: the request's id. Frees. */
static int __attribute__((unused))
people_parked(WIRE_ANSWER *a)
{
	int id;

	world_is(a, WIRE_PENDING);
	id = (int)field_int(a->values, "request", 0);
	assert_true(id > 0);
	WIRE_ANSWER_free(a);
	return id;
}

static void __attribute__((unused))
people_state(struct world *w, int id, const char *state)
{
	WIRE_ANSWER *a = world_admin(w, "request.show", "i", "id", id);

	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), state);
	WIRE_ANSWER_free(a);
}

/* What person ${i} signs for a request. OPENSSL_free(). */
static __attribute__((unused)) char *
people_note(struct world *w, size_t i, int id)
{
	WIRE_ANSWER *a = world_admin(w, "request.show", "i", "id", id);
	const char *text, *line[1];
	char *signature, *note;

	world_is(a, WIRE_OK);
	text = field_text(a->values, "text", "");
	signature = note_sign(text, &people[i].key, people[i].pkey, 0);
	assert_non_null(signature);
	line[0] = signature;
	note = note_join(text, line, 1);
	assert_non_null(note);
	OPENSSL_free(signature);
	WIRE_ANSWER_free(a);
	return note;
}

/* Person ${i} approves, properly. */
static __attribute__((unused)) WIRE_ANSWER *
people_approve(struct world *w, size_t i, int id)
{
	WIRE_ANSWER *a;
	char *note;

	people_as(w, (uid_t)(2001 + i));
	note = people_note(w, i, id);
	a = world_admin(w, "request.approve", "it", "id", id, "note", note);
	OPENSSL_free(note);
	return a;
}

static int __attribute__((unused))
people_setup(void **state)
{
	people_make();
	return world_setup(state);
}

static int __attribute__((unused))
people_teardown(void **state)
{
	people_free();
	return world_teardown(state);
}

#endif
