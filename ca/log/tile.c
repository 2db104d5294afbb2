#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "ca/log/private.h"
#include "ca/log/tile.h"

#define LEVELS 8	/* of tiles: 256^8 leaves are more than an index has */

/* "x001/x234/067": groups of three digits, all but the last with an x. */
static size_t
name_index(uint64_t index, char *out, size_t size)
{
	unsigned group[7];
	size_t n = 0, at = 0;

	do {
		group[n++] = (unsigned)(index % 1000);
		index /= 1000;
	} while (index > 0);
	while (n-- > 1)
		at += (size_t)snprintf(out + at, size - at, "x%03u/", group[n]);
	return at + (size_t)snprintf(out + at, size - at, "%03u", group[0]);
}

void
log_tile_name(const struct log_tile *t, char *out)
{
	size_t n;

	if (t->level == LOG_LEVEL_ENTRIES)
		n = (size_t)snprintf(out, LOG_TILE_NAME_MAX, "tile/entries/");
	else
		n = (size_t)snprintf(out, LOG_TILE_NAME_MAX, "tile/%d/",
		    t->level);
	n += name_index(t->index, out + n, LOG_TILE_NAME_MAX - n);
	if (t->width != LOG_TILE_WIDTH)
		snprintf(out + n, LOG_TILE_NAME_MAX - n, ".p/%u", t->width);
}

/* Where ${text} goes on behind ${word}, or NULL. */
static const char *
skip(const char *text, const char *word)
{
	size_t n = strlen(word);

	return strncmp(text, word, n) == 0 ? text + n : NULL;
}

static const char *
parse_level(const char *p, int *level)
{
	const char *entries = skip(p, "entries/");

	*level = LOG_LEVEL_ENTRIES;
	if (entries != NULL)
		return entries;
	*level = p[0] - '0';
	return p[0] >= '0' && p[0] < '0' + LEVELS && p[1] == '/' ? p + 2 : NULL;
}

/* Digits up to the end or ".p/"; 'x' and '/' are looked at when the name is
   written again. */
static const char *
parse_index(const char *p, uint64_t *index)
{
	uint64_t v = 0;

	for (; *p != '\0' && *p != '.'; p++) {
		if (*p == 'x' || *p == '/')
			continue;
		if (*p < '0' || *p > '9' || v > UINT64_MAX / 10 - 1)
			return NULL;
		v = 10 * v + (uint64_t)(*p - '0');
	}
	*index = v;
	return p;
}

int
log_tile_parse(const char *name, struct log_tile *out)
{
	struct log_tile t = {.width = LOG_TILE_WIDTH};
	char again[LOG_TILE_NAME_MAX];
	const char *p, *w;
	uint64_t width = 0;

	if (strnlen(name, LOG_TILE_NAME_MAX) == LOG_TILE_NAME_MAX ||
	    (p = skip(name, "tile/")) == NULL ||
	    (p = parse_level(p, &t.level)) == NULL ||
	    (p = parse_index(p, &t.index)) == NULL)
		return 0;
	w = skip(p, ".p/");
	if (w != NULL) {
		if (!log_decimal(w, strlen(w), &width) || width < 1 ||
		    width >= LOG_TILE_WIDTH)
			return 0;
		t.width = (unsigned)width;
	}
	log_tile_name(&t, again);
	if (strcmp(again, name) != 0)
		return 0;
	*out = t;
	return 1;
}

unsigned
log_tile_width(uint64_t size, int level, uint64_t index)
{
	uint64_t n = size >> 8 * (level > 0 ? level : 0);

	if (index > n / LOG_TILE_WIDTH)
		return 0;
	n -= index * LOG_TILE_WIDTH;
	return n < LOG_TILE_WIDTH ? (unsigned)n : LOG_TILE_WIDTH;
}

static int
new_of_level(int level, uint64_t from, uint64_t to,
    int (*cb)(const struct log_tile *t, void *arg), void *arg)
{
	struct log_tile t, bundle;
	uint64_t old = from >> 8 * level, now = to >> 8 * level, i;
	int rc = 1;

	if (now <= old)
		return 1;
	for (i = old / LOG_TILE_WIDTH; rc && i <= (now - 1) / LOG_TILE_WIDTH;
	     i++) {
		t = (struct log_tile){level, i, log_tile_width(to, level, i)};
		bundle = t;
		bundle.level = LOG_LEVEL_ENTRIES;
		if (level == 0)
			rc = cb(&bundle, arg);
		if (rc)
			rc = cb(&t, arg);
	}
	return rc;
}

int
log_tile_new(uint64_t from, uint64_t to,
    int (*cb)(const struct log_tile *t, void *arg), void *arg)
{
	int level, rc = 1;

	for (level = 0; rc && level < LEVELS; level++)
		rc = new_of_level(level, from, to, cb, arg);
	return rc;
}

int
log_bundle_leaf(const unsigned char *bundle, size_t len, unsigned n,
    const unsigned char **leaf, size_t *leaf_len)
{
	size_t at = 0, size;

	for (;; n--) {
		if (len - at < 2)
			break;
		size = (size_t)bundle[at] << 8 | bundle[at + 1];
		at += 2;
		if (len - at < size)
			break;
		if (n == 0) {
			*leaf = bundle + at;
			*leaf_len = size;
			return 1;
		}
		at += size;
	}
	return LOG_REFUSE("log.bundle: it ends before its leaves do");
}
