#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <libconfig.h>

#include "profiles/error.h"
#include "profiles/text.h"
#include "profiles/conf.h"

#define NAME_MAX_LEN 256
#define KEYS_MAX 128 /* keys of one table */
#define DEPTH_MAX 20 /* groups within groups */

struct conf {
	config_t cfg;
	char name[NAME_MAX_LEN];
};

/* A group is a setting of libconfig; the root's hook leads back to us. */
static const config_setting_t *
setting_of(const struct conf_group *g)
{
	return (const config_setting_t *)g;
}

static const struct conf_group *
group_of(const config_setting_t *s)
{
	return (const struct conf_group *)s;
}

static const config_setting_t *
member(const struct conf_group *g, const char *key)
{
	return config_setting_get_member(setting_of(g), key);
}

static int
fail_at(const config_setting_t *s, const char *what)
{
	const config_setting_t *root = s;
	const struct conf *conf;
	unsigned line = config_setting_source_line(s);

	while (!config_setting_is_root(root))
		root = config_setting_parent(root);
	conf = config_setting_get_hook(root);
	profile_raise(PROFILE_E_CONFIG, "%s:%u: %s", conf->name,
	    line == 0 ? 1 : line, what);
	return 0;
}

int
conf_fail(const struct conf_group *g, const char *key, const char *fmt, ...)
{
	const config_setting_t *s = key != NULL ? member(g, key) : NULL;
	char text[512], line[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(line, sizeof(line), "%.100s%s%s", key != NULL ? key : "",
	    key != NULL ? ": " : "", text);
	return fail_at(s != NULL ? s : setting_of(g), line);
}

/*
 * libconfig opens the file of an @include at the start of a line, and cuts a
 * text at "\x00"; both are refused before it sees them.
 */
static int
scan_raw(const char *name, const char *text, size_t len)
{
	const char *p, *end = text + len;
	int line = 1, fresh = 1;

	for (p = text; p < end; p++) {
		if (fresh && end - p >= 8 &&
		    strncasecmp(p, "@include", 8) == 0) {
			profile_raise(PROFILE_E_CONFIG,
			    "%s:%d: @include is not allowed", name, line);
			return 0;
		}
		if (*p == '\\' && end - p >= 4 && memcmp(p, "\\x00", 4) == 0) {
			profile_raise(PROFILE_E_CONFIG, "%s:%d: NUL in a text",
			    name, line);
			return 0;
		}
		if (*p == '\\' && p + 1 < end && p[1] != '\n')
			p++;
		if (*p == '\n') {
			line++;
			fresh = 1;
		} else if (strchr(" \t\r\f\v", *p) == NULL)
			fresh = 0;
	}
	return 1;
}

/* Every text is UTF-8 (escapes can break it) and nesting is bounded. */
static int
check_tree(const config_setting_t *s, int depth)
{
	const char *text;
	int i;

	if (depth > DEPTH_MAX)
		return fail_at(s, "nested too deep");
	if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		text = config_setting_get_string(s);
		if (text == NULL || !text_is_utf8(text, strlen(text)))
			return fail_at(s, "text is not UTF-8");
	}
	if (!config_setting_is_aggregate(s))
		return 1;
	for (i = 0; i < config_setting_length(s); i++)
		if (!check_tree(
			config_setting_get_elem(s, (unsigned)i), depth + 1))
			return 0;
	return 1;
}

/* The key that line ${n} begins with, when it sets no other: libconfig does not
   tell which one stands twice. Its length in *len, 0 if there is none. */
static const char *
key_of_line(const char *text, int n, size_t *len)
{
	const char *end;

	while (--n > 0 && (text = strchr(text, '\n')) != NULL)
		text++;
	*len = 0;
	if (text == NULL)
		return "";
	text += strspn(text, " \t");
	end = text + strcspn(text, "\n");
	n = (int)strspn(text,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	for (; text + n < end && strchr(" \t", text[n]) != NULL; n++)
		;
	if ((text[n] != '=' && text[n] != ':') || n > NAME_MAX_LEN ||
	    strcspn(text + n + 1, "=:{\n") < (size_t)(end - text - n - 1))
		return "";
	while (n > 0 && strchr(" \t", text[n - 1]) != NULL)
		n--;
	*len = (size_t)n;
	return text;
}

static int
parse(struct conf *conf, const char *text)
{
	const char *what, *key = "";
	size_t len = 0;

	if (config_read_string(&conf->cfg, text) != CONFIG_TRUE) {
		what = config_error_text(&conf->cfg);
		if (what != NULL && strstr(what, "duplicate") != NULL)
			key = key_of_line(text,
			    config_error_line(&conf->cfg), &len);
		if (what != NULL && strstr(what, "duplicate") != NULL)
			what = "the same key twice";
		profile_raise(PROFILE_E_CONFIG, "%s:%d: %.*s%s%s", conf->name,
		    config_error_line(&conf->cfg), (int)len, key,
		    len > 0 ? ": " : "", what != NULL ? what : "syntax error");
		return 0;
	}
	config_setting_set_hook(config_root_setting(&conf->cfg), conf);
	return check_tree(config_root_setting(&conf->cfg), 0);
}

struct conf *
conf_read_text(const char *name, const char *text, size_t len)
{
	struct conf *conf = NULL;
	char *copy = NULL;
	int ok = 0;

	if (len > CONF_FILE_MAX) {
		profile_raise(PROFILE_E_CONFIG, "%.200s: more than %d octets",
		    name, CONF_FILE_MAX);
		return NULL;
	}
	if ((conf = calloc(1, sizeof(*conf))) != NULL)
		config_init(&conf->cfg);
	if (conf == NULL || (copy = malloc(len + 1)) == NULL) {
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
		goto out;
	}
	snprintf(conf->name, sizeof(conf->name), "%s", name);
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	if (!text_is_utf8(copy, len)) {
		profile_raise(
		    PROFILE_E_CONFIG, "%s:1: not UTF-8 text", conf->name);
		goto out;
	}
	ok = scan_raw(conf->name, copy, len) && parse(conf, copy);
out:
	free(copy);
	if (!ok) {
		conf_free(conf);
		conf = NULL;
	}
	return conf;
}

static char *
slurp(int fd, const char *path, size_t *len)
{
	char *text = NULL;
	ssize_t n = -1;
	size_t have = 0;

	if ((text = malloc(CONF_FILE_MAX + 1)) == NULL) {
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
		return NULL;
	}
	while (have <= CONF_FILE_MAX &&
	    (n = read(fd, text + have, CONF_FILE_MAX + 1 - have)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			ERR_raise_data(ERR_LIB_SYS, errno, "read %.200s", path);
			profile_raise(
			    PROFILE_E_CONFIG, "%.200s: cannot be read", path);
			free(text);
			return NULL;
		}
		have += (size_t)n;
	}
	*len = have;
	return text;
}

struct conf *
conf_read_file(const char *path)
{
	struct conf *conf = NULL;
	struct stat st;
	char *text = NULL;
	size_t len = 0;
	int fd;

	/* A pipe must not hold up a program that starts. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %.200s", path);
		profile_raise(PROFILE_E_CONFIG, "%.200s: cannot be opened: %s",
		    path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		profile_raise(
		    PROFILE_E_CONFIG, "%.200s: not a regular file", path);
		goto out;
	}
	if ((text = slurp(fd, path, &len)) != NULL)
		conf = conf_read_text(path, text, len);
out:
	free(text);
	if (fd >= 0)
		close(fd);
	return conf;
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	config_destroy(&conf->cfg);
	free(conf);
}

const struct conf_group *
conf_root(const struct conf *conf)
{
	return group_of(config_root_setting(&conf->cfg));
}

static int
all_elements(const config_setting_t *s, int type)
{
	const config_setting_t *e;
	int i;

	for (i = 0; i < config_setting_length(s); i++) {
		e = config_setting_get_elem(s, (unsigned)i);
		if (config_setting_type(e) != type)
			return 0;
		if (type == CONFIG_TYPE_STRING &&
		    config_setting_get_string(e)[0] == '\0')
			return 0;
	}
	return 1;
}

/* NULL if ${s} is of ${kind}, else what it should have been. */
static const char *
kind_breach(const config_setting_t *s, enum conf_kind kind)
{
	int type = config_setting_type(s);
	int list = type == CONFIG_TYPE_LIST || type == CONFIG_TYPE_ARRAY;
	int text = type == CONFIG_TYPE_STRING &&
	    config_setting_get_string(s)[0] != '\0';

	switch (kind) {
	case CONF_TEXT:
		return text ? NULL : "must be a text that is not empty";
	case CONF_INT:
		return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64
		    ? NULL
		    : "must be an integer";
	case CONF_BOOL:
		return type == CONFIG_TYPE_BOOL ? NULL
						: "must be true or false";
	case CONF_DURATION:
		return text ? NULL : "must be a duration such as \"30d\"";
	case CONF_SIZE:
		return text || type == CONFIG_TYPE_INT ||
			type == CONFIG_TYPE_INT64
		    ? NULL
		    : "must be a size such as 512 or \"64k\"";
	case CONF_TEXTS:
		return list && all_elements(s, CONFIG_TYPE_STRING)
		    ? NULL
		    : "must be a list of texts, [ \"...\", ... ]";
	case CONF_GROUP:
		return type == CONFIG_TYPE_GROUP ? NULL
						 : "must be a group { ... }";
	case CONF_GROUPS:
		return type == CONFIG_TYPE_LIST &&
			all_elements(s, CONFIG_TYPE_GROUP)
		    ? NULL
		    : "must be a list of groups, ( { ... }, ... )";
	case CONF_SCALAR:
		return text || type == CONFIG_TYPE_INT ||
			type == CONFIG_TYPE_INT64 || type == CONFIG_TYPE_BOOL
		    ? NULL
		    : "must be a text, an integer, true or false";
	case CONF_SOURCES:
		return text || (list && all_elements(s, CONFIG_TYPE_STRING))
		    ? NULL
		    : "must be a text, or a list of texts";
	case CONF_CHOICE:
		return text || type == CONFIG_TYPE_GROUP
		    ? NULL
		    : "must be a text, or a group { ... }";
	}
	return "is of no known kind";
}

static int
unknown_key(const config_setting_t *s, const struct conf_key *keys, size_t n)
{
	const char *names[KEYS_MAX];
	char hint[TEXT_HINT_MAX], text[256];
	size_t i;

	if (n > KEYS_MAX)
		n = KEYS_MAX;
	for (i = 0; i < n; i++)
		names[i] = keys[i].name;
	snprintf(text, sizeof(text), "unknown key \"%.64s\"%s",
	    config_setting_name(s),
	    text_hint(config_setting_name(s), names, n, hint));
	return fail_at(s, text);
}

int
conf_check(const struct conf_group *g, const struct conf_key *keys, size_t n)
{
	const config_setting_t *s;
	const char *what;
	size_t k;
	int i;

	for (i = 0; i < config_setting_length(setting_of(g)); i++) {
		s = config_setting_get_elem(setting_of(g), (unsigned)i);
		for (k = 0; k < n; k++)
			if (strcmp(keys[k].name, config_setting_name(s)) == 0)
				break;
		if (k == n)
			return unknown_key(s, keys, n);
		if ((what = kind_breach(s, keys[k].kind)) != NULL)
			return conf_fail(g, keys[k].name, "%s", what);
	}
	for (k = 0; k < n; k++)
		if (keys[k].required && !conf_has(g, keys[k].name))
			return conf_fail(
			    g, NULL, "missing key \"%s\"", keys[k].name);
	return 1;
}
