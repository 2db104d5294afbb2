#ifndef TESTS_UNIT_CA_TRANSCRIPT_RIG_H
#define TESTS_UNIT_CA_TRANSCRIPT_RIG_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include "ca/error.h"
#include "ca/transcript/seal.h"
#include "ca/transcript/transcript.h"
#include "ca/transcript/verify.h"

/* A folder, people with keys, and transcripts of ceremonies that never were. */

#define NOW 1795981440			/* 2026-11-29T19:44:00Z */

static char rig_dir[64];

struct person {
	const char *name;
	EVP_PKEY *pkey;
	struct note_key key;
	char vkey[NOTE_VKEY_MAX];
};

static __attribute__((unused)) int
rig_setup(void **state)
{
	(void)state;
	snprintf(rig_dir, sizeof(rig_dir), "/tmp/inkan-transcript-XXXXXX");
	return mkdtemp(rig_dir) == NULL;
}

static __attribute__((unused)) int
rig_teardown(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -r %s", rig_dir);
	return system(cmd) != 0;
}

/* Good until the next but three. */
static __attribute__((unused)) const char *
rig_path(const char *name)
{
	static char path[4][128];
	static int at;

	at = (at + 1) % 4;
	snprintf(path[at], sizeof(path[at]), "%s/%s", rig_dir, name);
	return path[at];
}

static __attribute__((unused)) void
rig_write(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(rig_path(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static __attribute__((unused)) char *
rig_read(const char *name, size_t *len)
{
	char *text = transcript_slurp(rig_path(name), TRANSCRIPT_MAX, len);

	assert_non_null(text);
	return text;
}

/* Raised, and its text begins with that rule. */
static __attribute__((unused)) void
rig_rule(const char *rule)
{
	const char *data = NULL;
	int flags;
	char all[4096] = "";
	unsigned long e;

	while ((e = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0)
		if (data != NULL && (flags & ERR_TXT_STRING))
			snprintf(all + strlen(all), sizeof(all) - strlen(all),
			    "|%s", data);
	if (strstr(all, rule) == NULL)
		fail_msg("no \"%s\" in: %s", rule, all);
}

static __attribute__((unused)) void
rig_person(struct person *p, const char *name)
{
	memset(p, 0, sizeof(*p));
	p->name = name;
	p->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_non_null(p->pkey);
	assert_int_equal(note_key_set(&p->key, name, p->pkey, 0), 1);
	assert_int_equal(note_key_print(&p->key, p->vkey, sizeof(p->vkey)), 1);
}

static __attribute__((unused)) void
rig_person_clear(struct person *p)
{
	note_key_clear(&p->key);
	EVP_PKEY_free(p->pkey);
}

/* A signed note; to be freed with OPENSSL_free(). */
static __attribute__((unused)) char *
rig_note(const char *text, struct person *p)
{
	char *line = note_sign(text, &p->key, p->pkey, 0), *note;
	const char *lines[1];

	assert_non_null(line);
	lines[0] = line;
	note = note_join(text, lines, 1);
	assert_non_null(note);
	OPENSSL_free(line);
	return note;
}

#endif
