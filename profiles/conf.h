#ifndef INKAN_PROFILES_CONF_H
#define INKAN_PROFILES_CONF_H

#include <stddef.h>
#include <stdint.h>

/*
 * Strict reading of what an operator wrote (libconfig syntax).
 *
 * A group is read in two steps: conf_check() holds its keys against a table -
 * unknown key (with the nearest known name), wrong type, missing key - and the
 * getters then cannot fail but by value. Duplicates are refused by the parser.
 * Every error is raised as PROFILE_E_CONFIG with the text
 * "file:line: key: what is wrong". Durations are written "90s", "5m", "12h",
 * "30d", "2y" (365 d); sizes "64k", "1m"; text is UTF-8 without NUL.
 *
 * @include is refused: a policy version is exactly the bytes that are hashed.
 * Limits: CONF_FILE_MAX octets in a file. Not checked here: whether a path
 * exists, whether a URL answers.
 */

#define CONF_FILE_MAX (1024 * 1024)
#define CONF_SCALAR_MAX 24	/* an integer as text, with NUL */

struct conf;			/* a parsed file */
struct conf_group;		/* a group in it; borrowed from its conf */

enum conf_kind {
	CONF_TEXT,		/* "..." not empty */
	CONF_INT,		/* integer, range checked by conf_int() */
	CONF_BOOL,		/* true | false */
	CONF_DURATION,		/* "5m" -> seconds */
	CONF_SIZE,		/* "64k", or 512 -> octets */
	CONF_TEXTS,		/* [ "...", ... ] array or list of texts */
	CONF_GROUP,		/* { ... } */
	CONF_GROUPS,		/* ( { ... }, ... ) */
	CONF_SCALAR,		/* a text, an integer, true or false */
	CONF_SOURCES,		/* one text, or a list of texts */
	CONF_CHOICE		/* one text, or a group { ... } */
};

struct conf_key {
	const char *name;
	enum conf_kind kind;
	int required;		/* 1: a missing key is an error */
};

/* Parse. ${name} is what errors call it. Returned to be freed: conf_free(). */
struct conf *conf_read_file(const char *path);
struct conf *conf_read_text(const char *name, const char *text, size_t len);
void conf_free(struct conf *conf);

const struct conf_group *conf_root(const struct conf *conf);

/* Hold ${g} against ${n} keys. 1, or 0 raised (the first breach by line). */
int conf_check(const struct conf_group *g, const struct conf_key *keys,
    size_t n);

int conf_has(const struct conf_group *g, const char *key);
/* Text borrowed from the conf, or ${dflt} when absent. */
const char *conf_text(const struct conf_group *g, const char *key,
    const char *dflt);
/* The value of a CONF_SCALAR as text: borrowed, or printed into ${buf}; NULL
   when absent. */
const char *conf_scalar(const struct conf_group *g, const char *key,
    char buf[CONF_SCALAR_MAX]);
/* The value must lie in min..max. 1, or 0 raised. Absent: ${dflt}. */
int conf_int(const struct conf_group *g, const char *key, int64_t min,
    int64_t max, int64_t dflt, int64_t *out);
int conf_bool(const struct conf_group *g, const char *key, int dflt);
/* Seconds within min..max; absent: ${dflt}. */
int conf_duration(const struct conf_group *g, const char *key, int64_t min,
    int64_t max, int64_t dflt, int64_t *out);
int conf_size(const struct conf_group *g, const char *key, int64_t min,
    int64_t max, int64_t dflt, int64_t *out);
/* Lists: count (0 when absent), then item. Borrowed. A single text is a list
   of one. */
size_t conf_n_texts(const struct conf_group *g, const char *key);
const char *conf_text_at(const struct conf_group *g, const char *key,
    size_t i);
const struct conf_group *conf_subgroup(const struct conf_group *g,
    const char *key);		/* NULL when absent */
size_t conf_n_groups(const struct conf_group *g, const char *key);
const struct conf_group *conf_group_at(const struct conf_group *g,
    const char *key, size_t i);

/* Which of ${names} (NULL-terminated) is the text of ${key}: its index, or -1
   with "file:line: key: unknown value ... (did you mean ...?)" raised. */
int conf_choice(const struct conf_group *g, const char *key,
    const char *const *names, int dflt);

/* Raise PROFILE_E_CONFIG as "file:line: key: ..." for a check of the caller's
   own. ${key} may be NULL (the group itself). Always returns 0. */
int conf_fail(const struct conf_group *g, const char *key, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

#endif
