#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/log/note.h"
#include "ca/report/report.h"
#include "profiles/conf.h"
#include "ca/engine/settings.h"

/* The group "log" of ca.conf: name, key, checkpoints, and who outside of the
   store remembers them. */

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct conf_key LOG_KEYS[] = {
    {"origin", CONF_TEXT, 0},
    {"token", CONF_TEXT, 0},
    {"key", CONF_TEXT, 0},
    {"key_type", CONF_TEXT, 0},
    {"interval", CONF_DURATION, 0},
    {"fail_after", CONF_DURATION, 0},
    {"anchor_in_token", CONF_BOOL, 0},
    {"anchor_interval", CONF_DURATION, 0},
    {"anchors", CONF_TEXTS, 0},
    {"witnesses", CONF_TEXTS, 0},
};

#define KEY "inkan-log"

/* It stands in a PKCS #11 URI. */
static const char LABEL[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

static int
copy(const struct conf_group *g, const char *key, const char *dflt, char *out,
    size_t size)
{
	const char *text = conf_text(g, key, dflt);

	if (strlen(text) >= size)
		return conf_fail(g, key, "longer than %zu octets", size - 1);
	snprintf(out, size, "%s", text);
	return 1;
}

static int
read_key(const struct conf_group *g, struct settings *s)
{
	static const char *const types[] = {"ed25519", "ec-p256", "ec-p384",
	    NULL};
	struct settings_log *l = &s->log;
	int type;

	if (!copy(g, "token", "", l->token, sizeof(l->token)) ||
	    !copy(g, "key", KEY, l->key, sizeof(l->key)))
		return 0;
	if (settings_find_token(s, l->token) == NULL)
		return conf_fail(g, "token", "there is no token \"%s\"",
		    l->token);
	if (strspn(l->key, LABEL) != strlen(l->key))
		return conf_fail(g, "key", "\"%s\": letters, digits, dots, "
		    "hyphens and underscores", l->key);
	if (!conf_has(g, "key_type"))
		return 1;
	type = conf_choice(g, "key_type", types, 0);
	if (type >= 0)
		l->key_type = hsm_key_type_of(types[type]);
	return type >= 0;
}

/* Others read it in a signed note, as a name and as a line. */
static int
read_origin(const struct conf_group *g, struct settings_log *l)
{
	if (!copy(g, "origin", "", l->origin, sizeof(l->origin)))
		return 0;
	if (strpbrk(l->origin, " +\t\r\n") != NULL)
		return conf_fail(g, "origin", "no spaces and no plus: it is "
		    "the name in a signed note, like log.example.com/ca");
	return 1;
}

static int
read_anchors(const struct conf_group *g, struct settings *s)
{
	struct settings_log *l = &s->log;
	size_t n = conf_n_texts(g, "anchors");

	if (n > SETTINGS_ANCHORS_MAX)
		return conf_fail(g, "anchors", "more than %d",
		    SETTINGS_ANCHORS_MAX);
	for (; l->n_anchors < n; l->n_anchors++)
		if (!settings_path(s->dir, conf_text_at(g, "anchors",
		    l->n_anchors), l->anchors[l->n_anchors]))
			return 0;
	return 1;
}

static int
read_witness(const struct conf_group *g, struct settings_log *l,
    const char *text)
{
	char why[256];
	struct note_key key;
	size_t i;
	int ok;

	if (strlen(text) >= SETTINGS_VKEY_MAX)
		return conf_fail(g, "witnesses", "a verifier key is not that "
		    "long");
	for (i = 0; i < l->n_witnesses; i++)
		if (strcmp(l->witnesses[i], text) == 0)
			return conf_fail(g, "witnesses", "%s is given twice",
			    text);
	ERR_set_mark();
	if (!note_key_parse(&key, text)) {
		report_last_text(why, sizeof(why));
		ERR_pop_to_mark();
		return conf_fail(g, "witnesses", "\"%s\": %s", text, why);
	}
	ERR_pop_to_mark();
	ok = key.type == NOTE_COSIGNATURE;
	note_key_clear(&key);
	if (!ok)
		return conf_fail(g, "witnesses", "\"%s\" is not the key of a "
		    "witness: those sign with a time (type 04)", text);
	snprintf(l->witnesses[l->n_witnesses++], SETTINGS_VKEY_MAX, "%s", text);
	return 1;
}

static int
read_witnesses(const struct conf_group *g, struct settings_log *l)
{
	size_t i, n = conf_n_texts(g, "witnesses");

	if (n > SETTINGS_WITNESSES_MAX)
		return conf_fail(g, "witnesses", "more than %d",
		    SETTINGS_WITNESSES_MAX);
	for (i = 0; i < n; i++)
		if (!read_witness(g, l, conf_text_at(g, "witnesses", i)))
			return 0;
	return 1;
}

int
settings_read_log(const struct conf_group *g, struct settings *s)
{
	struct settings_log *l = &s->log;

	strcpy(l->key, KEY);
	l->interval = 1;
	l->fail_after = 300;
	l->token_anchor = 60;
	if (g == NULL)
		return 1;
	if (!conf_check(g, LOG_KEYS, N(LOG_KEYS)) || !read_origin(g, l) ||
	    !read_key(g, s) ||
	    !conf_duration(g, "interval", 1, 10, 1, &l->interval) ||
	    !conf_duration(g, "fail_after", 10, 86400, 300,
	    &l->fail_after) ||
	    !conf_duration(g, "anchor_interval", 1, 86400, 60,
	    &l->token_anchor))
		return 0;
	if (!conf_bool(g, "anchor_in_token", 1)) {
		if (conf_has(g, "anchor_interval"))
			return conf_fail(g, "anchor_interval", "there is no "
			    "anchor in the token");
		l->token_anchor = 0;
	}
	return read_anchors(g, s) && read_witnesses(g, l);
}
