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
static char *__attribute__((unused))
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

#endif
