#include <stdio.h>
#include <string.h>

#include "profiles/name.h"
#include "profiles/san.h"
#include "profiles/text.h"
#include "profiles/profile_part.h"

static const struct conf_key subject_keys[] = {
    {"attribute", CONF_TEXT, 1},
    {"from", CONF_TEXT, 0},
    {"value", CONF_TEXT, 0},
    {"optional", CONF_BOOL, 0},
};

static const struct conf_key san_keys[] = {
    {"type", CONF_TEXT, 1},
    {"from", CONF_TEXT, 0},
    {"value", CONF_TEXT, 0},
    {"oid", CONF_TEXT, 0},
    {"match", CONF_TEXT, 0},
    {"otherwise", CONF_TEXT, 0},
    {"optional", CONF_BOOL, 0},
    {"max", CONF_INT, 0},
};

/* Identity is ours to establish: its fields are these and no others. */
static const char *const fields[] = {
    "identity.device", "identity.serial", "identity.cn"};
/* These are open: registry and request hold what an operator put there,
   attested what evidence showed. */
static const char *const spaces[] = {
    "registry.", "request.", "ca.", "attested."};

static const char *const hints[] = {"identity.device", "identity.serial",
    "identity.cn", "csr.san", "csr.CN", "csr.O", "csr.OU", "csr.serialNumber"};

/* 1 to 64 of letters, digits, "_" and "-"; facts of evidence have parts with
   dots between them ("attested.dice.ueid"). */
static int
is_word(const char *s, int parts)
{
	size_t n;

	if (strlen(s) > 64)
		return 0;
	for (;; s += n + 1) {
		n = strspn(s,
		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789_-");
		if (n == 0 || !parts || s[n] != '.')
			return n > 0 && s[n] == '\0';
	}
}

int
profile_field_known(const char *name)
{
	size_t i;

	for (i = 0; i < N(fields); i++)
		if (strcmp(name, fields[i]) == 0)
			return 1;
	for (i = 0; i < N(spaces); i++)
		if (strncmp(name, spaces[i], strlen(spaces[i])) == 0)
			return is_word(name + strlen(spaces[i]),
			    strcmp(spaces[i], "attested.") == 0);
	return 0;
}

/* "registery.model" -> "registry.model" */
static int
hint_space(const char *from, char *out, size_t size)
{
	const char *dot = strchr(from, '.');
	char word[32], hint[TEXT_HINT_MAX];
	size_t i, n;

	if (dot == NULL || (size_t)(dot - from) + 2 > sizeof(word))
		return 0;
	n = (size_t)(dot - from) + 1;
	memcpy(word, from, n);
	word[n] = '\0';
	for (i = 0; i < N(spaces); i++)
		if (text_hint(word, &spaces[i], 1, hint)[0] != '\0') {
			snprintf(out, size, " (did you mean \"%s%.60s\"?)",
			    spaces[i], dot + 1);
			return 1;
		}
	return 0;
}

static int
unknown_source(const struct conf_group *g, const char *from)
{
	char hint[TEXT_HINT_MAX];

	if (!hint_space(from, hint, sizeof(hint)))
		text_hint(from, hints, N(hints), hint);
	return conf_fail(g, "from", "unknown source \"%.64s\"%s", from, hint);
}

static int
unknown_attr(const struct conf_group *g, const char *key, const char *name)
{
	char hint[TEXT_HINT_MAX];
	const char *const *names;
	size_t n;

	names = name_list(&n);
	return conf_fail(g, key, "unknown attribute \"%.64s\"%s", name,
	    text_hint(name, names, n, hint));
}

/* "from" or "value", exactly one. ${csr} is what may follow "csr.": "san", or
   NULL for any attribute. */
static int
parse_source(const struct conf_group *g, const char *csr,
    enum profile_source_kind *kind, char source[PROFILE_TEXT_MAX])
{
	const char *from = conf_text(g, "from", NULL);

	if (conf_has(g, "from") == conf_has(g, "value"))
		return conf_fail(g, NULL, "needs either \"from\" or \"value\"");
	if (from == NULL) {
		*kind = PROFILE_FROM_FIXED;
		return profile_copy(g, "value", source, PROFILE_TEXT_MAX);
	}
	*kind = PROFILE_FROM_FIELD;
	if (profile_field_known(from))
		return profile_copy(g, "from", source, PROFILE_TEXT_MAX);
	*kind = PROFILE_FROM_CSR;
	if (strncmp(from, "csr.", 4) != 0)
		return unknown_source(g, from);
	from += 4;
	if (csr != NULL && strcmp(from, csr) != 0)
		return conf_fail(g, "from",
		    "a name of the request comes from \"csr.%s\"", csr);
	if (csr == NULL && name_find(from) == NULL)
		return unknown_attr(g, "from", from);
	snprintf(
	    source, PROFILE_TEXT_MAX, "%s%s", csr != NULL ? "csr." : "", from);
	return 1;
}

static int
parse_subject_rule(struct profile *p, const struct conf_group *g)
{
	struct profile_subject_rule *r = &p->subject[p->n_subject];
	const struct name_attr *attr;
	const char *name, *what;

	if (!conf_check(g, subject_keys, N(subject_keys)))
		return 0;
	name = conf_text(g, "attribute", "");
	if ((attr = name_find(name)) == NULL)
		return unknown_attr(g, "attribute", name);
	r->nid = attr->nid;
	r->optional = conf_bool(g, "optional", 0);
	if (!parse_source(g, NULL, &r->kind, r->source))
		return 0;
	if (r->kind == PROFILE_FROM_FIXED &&
	    (what = name_breach(attr, r->source)) != NULL &&
	    !profile_refuse_value(p, g, "value", r->source, what))
		return 0;
	if (r->kind == PROFILE_FROM_FIXED && r->optional)
		return conf_fail(
		    g, "optional", "a fixed value is always there");
	p->n_subject++;
	return 1;
}

int
profile_parse_subject(struct profile *p, const struct conf_group *g)
{
	size_t i, n = conf_n_groups(g, "subject");

	if (n > PROFILE_RULES_MAX)
		return conf_fail(
		    g, "subject", "more than %d rules", PROFILE_RULES_MAX);
	for (i = 0; i < n; i++)
		if (!parse_subject_rule(p, conf_group_at(g, "subject", i)))
			return 0;
	return 1;
}

/* Every {name} in a pattern is a field that a build can be given. */
static int
check_match(const struct conf_group *g, const char *match)
{
	char field[80];
	const char *p = match, *end;

	for (p = match; *p != '\0'; p++) {
		if (*p == '}')
			return conf_fail(g, "match", "a \"}\" without \"{\"");
		if (*p != '{')
			continue;
		if ((end = strchr(p, '}')) == NULL)
			return conf_fail(g, "match", "a \"{\" without \"}\"");
		snprintf(
		    field, sizeof(field), "%.*s", (int)(end - p - 1), p + 1);
		if (!profile_field_known(field))
			return conf_fail(
			    g, "match", "unknown field \"{%s}\"", field);
		p = end;
	}
	return 1;
}

/* Keys that choose among the names of a request say nothing elsewhere. */
static int
parse_choice(struct profile_san_rule *r, const struct conf_group *g)
{
	static const char *const only[] = {"match", "otherwise", "max"};
	static const char *const otherwise[] = {"ignore", "refuse", NULL};
	int64_t max;
	size_t i;
	int what;

	for (i = 0; r->kind != PROFILE_FROM_CSR && i < N(only); i++)
		if (conf_has(g, only[i]))
			return conf_fail(
			    g, only[i], "only with from = \"csr.san\"");
	what = conf_choice(g, "otherwise", otherwise, PROFILE_REFUSE);
	if (what < 0 || !conf_int(g, "max", 1, 16, 1, &max) ||
	    !profile_copy(g, "match", r->match, sizeof(r->match)))
		return 0;
	r->otherwise = (enum profile_otherwise)what;
	r->max = (size_t)max;
	return check_match(g, r->match);
}

static int
parse_oid(struct profile_san_rule *r, const struct conf_group *g)
{
	int hw = r->type == PROFILE_SAN_HW_MODULE_NAME;

	if (!hw && r->type != PROFILE_SAN_PERMANENT_ID)
		return conf_has(g, "oid")
		    ? conf_fail(g, "oid",
			  "only for hardware-module-name and "
			  "permanent-id")
		    : 1;
	if (r->kind == PROFILE_FROM_CSR)
		return conf_fail(g, "from",
		    "a request does not say which hardware it comes from");
	if (hw && !conf_has(g, "oid"))
		return conf_fail(
		    g, NULL, "missing key \"oid\", the hwType (RFC 4108 5)");
	return conf_text(g, "oid", "")[0] == '\0' ||
	    profile_copy_oid(g, "oid", r->oid);
}

static int
parse_san_rule(struct profile *p, const struct conf_group *g)
{
	struct profile_san_rule *r = &p->san[p->n_san];
	const char *what;
	int type;

	if (!conf_check(g, san_keys, N(san_keys)) ||
	    (type = conf_choice(g, "type", san_types(), -1)) < 0)
		return 0;
	r->type = (enum profile_san_type)type;
	r->optional = conf_bool(g, "optional", 0);
	if (!parse_source(g, "san", &r->kind, r->source) ||
	    !parse_choice(r, g) || !parse_oid(r, g))
		return 0;
	if (r->kind == PROFILE_FROM_FIXED &&
	    (what = san_breach(r->type, r->source)) != NULL &&
	    !profile_refuse_value(p, g, "value", r->source, what))
		return 0;
	if (r->kind == PROFILE_FROM_FIXED && r->optional)
		return conf_fail(
		    g, "optional", "a fixed value is always there");
	p->n_san++;
	return 1;
}

int
profile_parse_san(struct profile *p, const struct conf_group *g)
{
	size_t i, n = conf_n_groups(g, "san");

	if (n > PROFILE_RULES_MAX)
		return conf_fail(
		    g, "san", "more than %d rules", PROFILE_RULES_MAX);
	for (i = 0; i < n; i++)
		if (!parse_san_rule(p, conf_group_at(g, "san", i)))
			return 0;
	return 1;
}
