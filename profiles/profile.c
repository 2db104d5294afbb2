#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiles/error.h"
#include "profiles/text.h"
#include "profiles/tree.h"
#include "profiles/trial.h"
#include "profiles/profile_part.h"

#define DAY ((int64_t)86400)

static const struct conf_key keys[] = {
    {"name", CONF_TEXT, 1},
    {"class", CONF_TEXT, 1},
    {"description", CONF_TEXT, 0},
    {"issued_by", CONF_TEXTS, 1},
    {"issuer", CONF_TEXT, 0},
    {"key_types", CONF_TEXTS, 1},
    {"validity", CONF_GROUP, 1},
    {"subject", CONF_GROUPS, 0},
    {"san", CONF_GROUPS, 0},
    {"san_critical", CONF_BOOL, 0},
    {"key_usage", CONF_GROUP, 0},
    {"extended_key_usage", CONF_GROUP, 0},
    {"basic_constraints", CONF_GROUP, 0},
    {"subject_key_identifier", CONF_BOOL, 0},
    {"authority_key_identifier", CONF_BOOL, 0},
    {"crl_distribution_point", CONF_BOOL, 0},
    {"authority_info_access", CONF_GROUP, 0},
    {"ocsp_nocheck", CONF_BOOL, 0},
    {"no_rev_avail", CONF_BOOL, 0},
    {"policies", CONF_GROUPS, 0},
    {"mud_url", CONF_TEXT, 0},
    {"self_issued", CONF_BOOL, 0},
    {"policy_mappings", CONF_GROUPS, 0},
    {"policy_constraints", CONF_GROUP, 0},
    {"inhibit_any_policy", CONF_INT, 0},
    {"name_constraints", CONF_GROUP, 0},
    {"extensions", CONF_GROUPS, 0},
    {"vendor_arc", CONF_BOOL, 0},
    {"max_der_bytes", CONF_INT, 0},
    {"max_crl_url_bytes", CONF_INT, 0},
    {"max_issuer_bytes", CONF_INT, 0},
};

static const struct conf_key validity_keys[] = {
    {"duration", CONF_DURATION, 0},
    {"backdate", CONF_DURATION, 0},
    {"not_after", CONF_TEXT, 0},
    {"may_outlive_issuer", CONF_BOOL, 0},
};

static const char *const classes[] = {[PROFILE_CA] = "ca",
    [PROFILE_CROSS] = "cross",
    [PROFILE_OCSP] = "ocsp",
    [PROFILE_EST_SERVER] = "est-server",
    [PROFILE_IDEVID] = "idevid",
    [PROFILE_LDEVID] = "ldevid",
    [PROFILE_ATTESTATION] = "attestation",
    [PROFILE_CODE_SIGNING] = "code-signing",
    [PROFILE_TLS] = "tls",
    [PROFILE_TIMESTAMPING] = "timestamping",
    [PROFILE_SIGNING] = "signing",
    [PROFILE_SEAL] = "seal",
    [PROFILE_SHORT_LIVED] = "short-lived",
    NULL};

static const char *const asked_by[] = {
    "est", "operator", "service", "ceremony"};

static const char *const key_names[] = {
    "ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"};

const char *profile_class_name(enum profile_class class)
{
	return classes[class];
}

const char *
profile_by_name(enum profile_by by)
{
	size_t i;

	for (i = 0; i < N(asked_by); i++)
		if (by == 1U << i)
			return asked_by[i];
	return NULL;
}

int
profile_is_self_signed(const struct profile *p)
{
	return p->class == PROFILE_CA && p->issuer[0] == '\0';
}

int
profile_allows(const struct profile *p, enum profile_by by)
{
	const char *name = profile_by_name(by);

	if (name != NULL && (p->issued_by & by) != 0)
		return 1;
	profile_raise(PROFILE_E_REFUSED,
	    "profile.issued_by: %s is not issued by %s", p->name,
	    name != NULL ? name : "this way");
	return 0;
}

int
profile_has_eku(const struct profile *p, const char *oid)
{
	size_t i;

	for (i = 0; i < p->n_eku; i++)
		if (strcmp(p->eku[i], oid) == 0)
			return 1;
	for (i = 0; i < p->n_eku_attested; i++)
		if (strcmp(p->eku_attested[i], oid) == 0)
			return 1;
	return 0;
}

int
profile_copy(
    const struct conf_group *g, const char *key, char *out, size_t size)
{
	const char *text = conf_text(g, key, "");

	if (strlen(text) >= size)
		return conf_fail(g, key, "longer than %zu octets", size - 1);
	snprintf(out, size, "%s", text);
	return 1;
}

/* What was raised last is a breach, and no error. */
static void
forgive(struct profile *p, const char *otherwise)
{
	const char *text = NULL;
	int flags = 0;

	ERR_peek_last_error_all(NULL, NULL, NULL, &text, &flags);
	snprintf(p->breach, sizeof(p->breach), "%s",
	    flags & ERR_TXT_STRING ? text : otherwise);
	ERR_pop_to_mark();
}

int
profile_refuse_value(struct profile *p, const struct conf_group *g,
    const char *key, const char *value, const char *what)
{
	ERR_set_mark();
	conf_fail(g, key, "\"%.64s\" %s", value, what);
	if (p->active)
		forgive(p, key);
	else
		ERR_clear_last_mark();
	return p->active;
}

int
profile_copy_oid(const struct conf_group *g, const char *key, char out[64])
{
	return profile_copy(g, key, out, 64) &&
	    (text_to_oid(out) ||
		conf_fail(g, key, "\"%s\" is not a dotted OID", out));
}

/* A list of words that stands for a set of bits. */
static int
parse_set(const struct conf_group *g, const char *key, const char *const *words,
    size_t n_words, unsigned *set)
{
	size_t i, k, n = conf_n_texts(g, key);
	char hint[TEXT_HINT_MAX];
	const char *text;

	for (i = 0; i < n; i++) {
		text = conf_text_at(g, key, i);
		for (k = 0; k < n_words; k++)
			if (strcmp(words[k], text) == 0)
				break;
		if (k == n_words)
			return conf_fail(g, key, "unknown value \"%.64s\"%s",
			    text, text_hint(text, words, n_words, hint));
		if (*set & 1U << k)
			return conf_fail(g, key, "\"%s\" twice", text);
		*set |= 1U << k;
	}
	return *set != 0 ? 1 : conf_fail(g, key, "is empty");
}

static int
parse_key_types(struct profile *p, const struct conf_group *g)
{
	unsigned set = 0;
	size_t i;

	if (!parse_set(g, "key_types", key_names, N(key_names), &set))
		return 0;
	for (i = 0; i < N(key_names); i++)
		if (set & 1U << i)
			p->key_types |= spki_type_of(key_names[i]);
	return 1;
}

/* The name goes into file names, tables and log lines. */
static int
parse_name(struct profile *p, const struct conf_group *g)
{
	if (!profile_copy(g, "name", p->name, sizeof(p->name)))
		return 0;
	if (strspn(p->name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") !=
		strlen(p->name) ||
	    p->name[0] == '.' || p->name[0] == '-')
		return conf_fail(g, "name",
		    "only a-z, 0-9, '-', '_' and '.', not '-' or '.' first");
	return 1;
}

static int
parse_validity(struct profile *p, const struct conf_group *g)
{
	const char *end;

	if (!conf_check(g, validity_keys, N(validity_keys)))
		return 0;
	p->may_outlive_issuer = conf_bool(g, "may_outlive_issuer", 0);
	if (!conf_duration(g, "backdate", 0, PROFILE_BACKDATE_MAX, 300,
		&p->backdate))
		return 0;
	if ((end = conf_text(g, "not_after", NULL)) == NULL) {
		if (!conf_has(g, "duration"))
			return conf_fail(g, NULL, "missing key \"duration\"");
		return conf_duration(
		    g, "duration", 60, 100 * 365 * DAY, 0, &p->duration);
	}
	if (strcmp(end, "none") != 0)
		return conf_fail(g, "not_after", "can only be \"none\"");
	if (conf_has(g, "duration"))
		return conf_fail(g, "duration", "not beside not_after");
	p->no_end = 1;
	return 1;
}

static int
parse_head(struct profile *p, const struct conf_group *g)
{
	int class;

	if (!conf_check(g, keys, N(keys)) || !parse_name(p, g) ||
	    (class = conf_choice(g, "class", classes, -1)) < 0)
		return 0;
	p->class = (enum profile_class) class;
	return profile_copy(
		   g, "description", p->description, sizeof(p->description)) &&
	    profile_copy(g, "issuer", p->issuer, sizeof(p->issuer)) &&
	    parse_set(g, "issued_by", asked_by, N(asked_by), &p->issued_by) &&
	    parse_key_types(p, g) &&
	    parse_validity(p, conf_subgroup(g, "validity"));
}

static int
parse_limits(struct profile *p, const struct conf_group *g)
{
	int64_t der, url, issuer;

	if (!conf_int(g, "max_der_bytes", 128, 32768, 0, &der) ||
	    !conf_int(g, "max_crl_url_bytes", 8, 2048, 0, &url) ||
	    !conf_int(g, "max_issuer_bytes", 8, 2048, 0, &issuer))
		return 0;
	p->max_der = (size_t)der;
	p->max_crl_url = (size_t)url;
	p->max_issuer = (size_t)issuer;
	return 1;
}

/* Is what it yields good, or was it once, and active since? */
static int
try_out(struct profile *p, const char *file)
{
	int ok;

	ERR_set_mark();
	ok = profile_trial(p, file);
	if (ok || !p->active ||
	    ERR_GET_REASON(ERR_peek_last_error()) != PROFILE_E_CONFIG) {
		ERR_clear_last_mark();
		return ok;
	}
	forgive(p, file);
	return 1;
}

static struct profile *
compile(struct conf *conf, const char *file, int active)
{
	const struct conf_group *g;
	struct profile *p = NULL;

	if (conf == NULL)
		return NULL;
	g = conf_root(conf);
	if ((p = calloc(1, sizeof(*p))) != NULL)
		p->active = active;
	if (p == NULL)
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
	else if (!parse_head(p, g) || !profile_parse_subject(p, g) ||
	    !profile_parse_san(p, g) || !profile_parse_extensions(p, g) ||
	    !profile_parse_cross(p, g) || !profile_parse_trees(p, g) ||
	    !parse_limits(p, g) || !profile_check(p, g) ||
	    !try_out(p, file)) {
		profile_free(p);
		p = NULL;
	}
	conf_free(conf);
	return p;
}

struct profile *
profile_compile(const char *file, const char *text, size_t len)
{
	return compile(conf_read_text(file, text, len), file, 0);
}

struct profile *
profile_compile_active(const char *file, const char *text, size_t len)
{
	return compile(conf_read_text(file, text, len), file, 1);
}

struct profile *
profile_read_file(const char *path)
{
	return compile(conf_read_file(path), path, 0);
}

void
profile_free(struct profile *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n_extensions; i++)
		tree_free(p->extensions[i].tree);
	free(p->extensions);
	free(p->subtrees);
	free(p);
}
