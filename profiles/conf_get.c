#include <stdio.h>
#include <string.h>

#include <libconfig.h>

#include "profiles/error.h"
#include "profiles/text.h"
#include "profiles/conf.h"

/*
 * The getters: conf_check() has held keys and types against a table before, so
 * that only values can be wrong here.
 */

static const config_setting_t *
member(const struct conf_group *g, const char *key)
{
	return config_setting_get_member((const config_setting_t *)g, key);
}

static const struct conf_group *
group_of(const config_setting_t *s)
{
	return (const struct conf_group *)s;
}

int
conf_has(const struct conf_group *g, const char *key)
{
	return member(g, key) != NULL;
}

const char *
conf_text(const struct conf_group *g, const char *key, const char *dflt)
{
	const config_setting_t *s = member(g, key);
	const char *text = s != NULL ? config_setting_get_string(s) : NULL;

	return text != NULL ? text : dflt;
}

static int
in_range(const struct conf_group *g, const char *key, int64_t value,
    int64_t min, int64_t max, int64_t *out)
{
	if (value < min || value > max)
		return conf_fail(g, key, "must lie within %lld and %lld",
		    (long long)min, (long long)max);
	*out = value;
	return 1;
}

int
conf_int(const struct conf_group *g, const char *key, int64_t min, int64_t max,
    int64_t dflt, int64_t *out)
{
	const config_setting_t *s = member(g, key);

	*out = dflt;
	if (s == NULL)
		return 1;
	return in_range(g, key, config_setting_get_int64(s), min, max, out);
}

int
conf_bool(const struct conf_group *g, const char *key, int dflt)
{
	const config_setting_t *s = member(g, key);

	return s != NULL ? config_setting_get_bool(s) : dflt;
}

struct unit {
	char letter;
	int64_t factor;
};

/* Digits, then a letter of ${units}, which ends with the letter 0; the
   factor of that last one holds for digits alone (0: a unit is a must). */
static int
scaled(const char *text, const struct unit *units, int64_t *out)
{
	int64_t v = 0;
	size_t i, n = strspn(text, "0123456789");

	if (n == 0 || n > 12)
		return 0;
	for (i = 0; i < n; i++)
		v = v * 10 + (text[i] - '0');
	if (text[n] != '\0' && text[n + 1] != '\0')
		return 0;
	while (units->letter != text[n] && units->letter != '\0')
		units++;
	if (units->letter != text[n] || units->factor == 0 ||
	    v > INT64_MAX / units->factor)
		return 0;
	*out = v * units->factor;
	return 1;
}

int
conf_duration(const struct conf_group *g, const char *key, int64_t min,
    int64_t max, int64_t dflt, int64_t *out)
{
	static const struct unit units[] = {{'s', 1}, {'m', 60}, {'h', 3600},
	    {'d', 86400}, {'y', 365 * 86400}, {'\0', 0}};
	const char *text = conf_text(g, key, NULL);
	int64_t v;

	*out = dflt;
	if (text == NULL)
		return 1;
	if (!scaled(text, units, &v))
		return conf_fail(g, key,
		    "\"%.32s\" is not a duration such as \"90s\", \"5m\", "
		    "\"12h\", \"30d\" or \"2y\"",
		    text);
	if (v < min || v > max)
		return conf_fail(g, key,
		    "\"%.32s\" must lie within %llds and %llds", text,
		    (long long)min, (long long)max);
	*out = v;
	return 1;
}

int
conf_size(const struct conf_group *g, const char *key, int64_t min, int64_t max,
    int64_t dflt, int64_t *out)
{
	static const struct unit units[] = {{'k', 1024}, {'m', 1024 * 1024},
	    {'g', 1024 * 1024 * 1024}, {'\0', 1}};
	char digits[CONF_SCALAR_MAX];
	const char *text = conf_scalar(g, key, digits);
	int64_t v;

	*out = dflt;
	if (text == NULL)
		return 1;
	if (!scaled(text, units, &v))
		return conf_fail(g, key,
		    "\"%.32s\" is not a size such as \"512\", \"64k\" or "
		    "\"1m\"",
		    text);
	return in_range(g, key, v, min, max, out);
}

const char *
conf_scalar(
    const struct conf_group *g, const char *key, char buf[CONF_SCALAR_MAX])
{
	const config_setting_t *s = member(g, key);

	if (s == NULL)
		return NULL;
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_STRING:
		return config_setting_get_string(s);
	case CONFIG_TYPE_BOOL:
		return config_setting_get_bool(s) ? "true" : "false";
	default:
		snprintf(
		    buf, CONF_SCALAR_MAX, "%lld", config_setting_get_int64(s));
		return buf;
	}
}

/* The text itself when ${s} is one: a list of one. */
static const char *
single(const config_setting_t *s)
{
	return s != NULL && config_setting_type(s) == CONFIG_TYPE_STRING
	    ? config_setting_get_string(s)
	    : NULL;
}

size_t
conf_n_texts(const struct conf_group *g, const char *key)
{
	return single(member(g, key)) != NULL ? 1 : conf_n_groups(g, key);
}

const char *
conf_text_at(const struct conf_group *g, const char *key, size_t i)
{
	const config_setting_t *s = member(g, key);

	if (single(s) != NULL)
		return i == 0 ? single(s) : NULL;
	return s != NULL ? config_setting_get_string_elem(s, (int)i) : NULL;
}

const struct conf_group *
conf_subgroup(const struct conf_group *g, const char *key)
{
	return group_of(member(g, key));
}

size_t
conf_n_groups(const struct conf_group *g, const char *key)
{
	const config_setting_t *s = member(g, key);

	return s != NULL ? (size_t)config_setting_length(s) : 0;
}

const struct conf_group *
conf_group_at(const struct conf_group *g, const char *key, size_t i)
{
	const config_setting_t *s = member(g, key);

	return s != NULL ? group_of(config_setting_get_elem(s, (unsigned)i))
			 : NULL;
}

int
conf_choice(const struct conf_group *g, const char *key,
    const char *const *names, int dflt)
{
	const char *text = conf_text(g, key, NULL);
	char hint[TEXT_HINT_MAX];
	size_t n;

	if (text == NULL)
		return dflt;
	for (n = 0; names[n] != NULL; n++)
		if (strcmp(names[n], text) == 0)
			return (int)n;
	conf_fail(g, key, "unknown value \"%.64s\"%s", text,
	    text_hint(text, names, n, hint));
	return -1;
}
