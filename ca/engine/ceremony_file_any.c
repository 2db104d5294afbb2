#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/engine/ceremony_file.h"
#include "ca/transcript/transcript.h"

/* What may stand in a ceremony's file of any kind: participants, backups. */

#define N(a) (sizeof(a) / sizeof((a)[0]))

int
ceremony_read_people(const struct conf_group *g, struct ceremony_file *f)
{
	struct quorum *q = OPENSSL_zalloc(sizeof(*q));
	int ok = q != NULL && quorum_read(g, f->dir, q);
	size_t i;

	for (i = 0; ok && i < q->n; i++)
		ok = note_key_print(&q->key[i], f->vkey[i], NOTE_VKEY_MAX);
	if (ok) {
		f->n_participants = q->n;
		f->quorum = q->k;
	}
	if (q != NULL)
		quorum_clear(q);
	OPENSSL_free(q);
	return ok;
}

static const struct conf_key BACKUP_KEYS[] = {
    {"kind", CONF_TEXT, 1},
    {"token", CONF_TEXT, 0},
    {"words", CONF_TEXT, 0},
    {"file", CONF_TEXT, 0},
    {"wrapping_key", CONF_TEXT, 0},
    {"recipients", CONF_TEXTS, 0},
};

static int
read_recipients(const struct conf_group *g, const struct ceremony_file *f,
    struct ceremony_backup *b)
{
	size_t i, n = conf_n_texts(g, "recipients");

	if (n > CEREMONY_RECIPIENTS_MAX)
		return conf_fail(g, "recipients", "more than %d",
		    CEREMONY_RECIPIENTS_MAX);
	for (i = 0; i < n; i++)
		if (!settings_path(f->dir, conf_text_at(g, "recipients", i),
		    b->recipient[i]))
			return 0;
	b->n_recipients = n;
	return 1;
}

/* What each kind needs, and nothing else. */
static int
backup_fits(const struct conf_group *g, enum ceremony_backup_kind kind)
{
	static const struct {
		const char *key;
		int kinds;	/* bits */
	} rules[] = {
	    {"words", 1 << CEREMONY_BACKUP_TOKEN},
	    {"wrapping_key", 1 << CEREMONY_BACKUP_WRAPPED},
	    {"recipients", 1 << CEREMONY_BACKUP_FOLDER},
	    {"file", 1 << CEREMONY_BACKUP_WRAPPED |
		1 << CEREMONY_BACKUP_FOLDER}};
	size_t i;

	for (i = 0; i < N(rules); i++)
		if (conf_has(g, rules[i].key) !=
		    ((rules[i].kinds >> kind) & 1))
			return conf_fail(g, rules[i].key, "%s for this kind "
			    "of backup", conf_has(g, rules[i].key) ?
			    "not" : "missing");
	return 1;
}

static int
read_backup(const struct conf_group *g, struct ceremony_file *f)
{
	static const char *const kinds[] = {"token", "wrapped",
	    "softhsm-folder", NULL};
	struct ceremony_backup *b = &f->backups[f->n_backups++];
	int kind;

	if (!conf_check(g, BACKUP_KEYS, N(BACKUP_KEYS)) ||
	    (kind = conf_choice(g, "kind", kinds, 0)) < 0)
		return 0;
	b->kind = (enum ceremony_backup_kind)kind;
	return backup_fits(g, b->kind) &&
	    ceremony_copy(g, "token", "", b->token, sizeof(b->token)) &&
	    ceremony_copy(g, "words", "", b->words, sizeof(b->words)) &&
	    ceremony_copy(g, "wrapping_key", "", b->wrapping_key,
	    sizeof(b->wrapping_key)) &&
	    ceremony_copy_path(g, "file", f->dir, b->file) &&
	    read_recipients(g, f, b);
}

int
ceremony_read_backups(const struct conf_group *g, struct ceremony_file *f)
{
	size_t i, n = conf_n_groups(g, "backups");

	if (n > CEREMONY_BACKUPS_MAX)
		return conf_fail(g, "backups", "more than %d",
		    CEREMONY_BACKUPS_MAX);
	for (i = 0; i < n; i++)
		if (!read_backup(conf_group_at(g, "backups", i), f))
			return 0;
	return 1;
}
