#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "profiles/conf.h"
#include "profiles/error.h"
#include "ca/engine/fleet.h"
#include "ca/engine/fleet_attest.h"

/* A fleet file, read strictly. */

#define RATE_MAX 1000000000
#define WINDOW_MAX (100LL * 365 * 86400)

static const char *const REGISTRATIONS[] = {
    "pre-registered", "just-in-time", NULL};
static const char *const RE_ENROLS[] = {"refuse", "approve", "allow", NULL};
static const char *const POP_LINKS[] = {
    "off", "verify-if-present", "required", NULL};
static const char *const ATTESTS[] = {"none", "pinned-key", NULL};
static const char *const SUPERSEDED[] = {
    "keep", "revoke-after-first-use", "revoke-after", NULL};
static const char *const LATE_KEYS[] = {"any", "same", "new", NULL};
static const char *const CONSENTS[] = {"device", "fleet", NULL};
static const char *const WRAPS[] = {"auto", "one-line", "64", NULL};

static const struct conf_key KEYS[] = {
    {"name", CONF_TEXT, 1},
    {"label", CONF_TEXT, 0},
    {"default", CONF_BOOL, 0},
    {"profile", CONF_TEXT, 1},
    {"authenticate", CONF_GROUP, 1},
    {"registration", CONF_TEXT, 1},
    {"names", CONF_TEXTS, 0},
    {"idevid_key_reuse", CONF_BOOL, 0},
    {"re_enrol", CONF_TEXT, 0},
    {"renewal", CONF_GROUP, 0},
    {"pop_link", CONF_TEXT, 0},
    {"attest", CONF_CHOICE, 0},
    {"limits", CONF_GROUP, 0},
    {"answer_wrap", CONF_TEXT, 0},
    {"serverkeygen", CONF_GROUP, 0},
    {"approve", CONF_TEXT, 0},
    {"approval", CONF_GROUP, 0},
    {"retry_window", CONF_DURATION, 0},
};

static const struct conf_key AUTH_KEYS[] = {
    {"manufacturers", CONF_GROUPS, 0},
    {"stations", CONF_GROUPS, 0},
    {"basic", CONF_BOOL, 0},
    {"own_certificate", CONF_BOOL, 0},
};

static const struct conf_key RENEWAL_KEYS[] = {
    {"window", CONF_TEXT, 0},
    {"san_optional", CONF_BOOL, 0},
    {"san_subset", CONF_BOOL, 0},
    {"superseded", CONF_TEXT, 0},
    {"superseded_after", CONF_TEXT, 0},
    {"after_expiry", CONF_TEXT, 0},
    {"after_expiry_key", CONF_TEXT, 0},
    {"after_expiry_consent", CONF_TEXT, 0},
    {"identity_update", CONF_BOOL, 0},
};

static const struct conf_key LIMIT_KEYS[] = {
    {"per_device_hour", CONF_INT, 0},
    {"per_day", CONF_INT, 0},
    {"per_address_minute", CONF_INT, 0},
};

static const struct conf_key KEYGEN_KEYS[] = {
    {"plain", CONF_BOOL, 0},
    {"key_types", CONF_TEXTS, 0},
};

#define N(a) (sizeof(a) / sizeof((a)[0]))

int
fleet_label_ok(const char *name)
{
	static const char *const ops[] = {"cacerts", "simpleenroll",
	    "simplereenroll", "fullcmc", "serverkeygen", "csrattrs",
	    "nonce"};
	size_t i, n = strlen(name);

	if (n == 0 || n > 63 ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n)
		return 0;
	for (i = 0; i < N(ops); i++)
		if (strcmp(ops[i], name) == 0)
			return 0;
	return 1;
}

/* '*' is any run of octets; the usual walk with one step back. */
int
fleet_match(const char *pattern, const char *name)
{
	const char *star = NULL, *back = NULL;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			back = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star + 1;
			name = ++back;
		} else
			return 0;
	}
	return strspn(pattern, "*") == strlen(pattern);
}

int
fleet_names_match(const struct fleet *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n_patterns; i++)
		if (fleet_match(f->patterns[i], name))
			return 1;
	return 0;
}

int64_t
fleet_window_opens(const struct fleet *f, int64_t not_before, int64_t not_after)
{
	int64_t life = not_after - not_before;

	switch (f->window) {
	case FLEET_WINDOW_LAST_THIRD:
		return not_after - life / 3;
	case FLEET_WINDOW_SECONDS:
		return life < f->window_seconds ? not_before
						: not_after - f->window_seconds;
	case FLEET_WINDOW_WHOLE:
		break;
	}
	return not_before;
}

/* "fleets/NAME.conf" holds the fleet NAME, so that a person finds it. */
static int
named_as_file(const char *path, const char *name)
{
	const char *base = strrchr(path, '/');
	size_t n = strlen(name);

	base = base == NULL ? path : base + 1;
	return strncmp(base, name, n) == 0 && strcmp(base + n, ".conf") == 0;
}

static int
read_names(
    const struct policy_file *file, const struct conf_group *g, struct fleet *f)
{
	const char *name = conf_text(g, "name", "");
	const char *label = conf_text(g, "label", NULL);

	if (!fleet_label_ok(name))
		return conf_fail(g, "name",
		    "must be 1 to 63 of a-z, 0-9 and "
		    "\"-\", and no EST operation");
	if (!named_as_file(file->path, name))
		return conf_fail(g, "name",
		    "fleet \"%s\" must stand in a "
		    "file %s.conf",
		    name, name);
	if (label != NULL && !fleet_label_ok(label))
		return conf_fail(g, "label",
		    "must be 1 to 63 of a-z, 0-9 and "
		    "\"-\", and no EST operation");
	f->is_default = conf_bool(g, "default", 0);
	if (label == NULL && !f->is_default)
		return conf_fail(g, NULL,
		    "missing key \"label\": only the "
		    "default fleet may have none");
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(f->label, sizeof(f->label), "%s", label == NULL ? "" : label);
	return 1;
}

static int
read_profile(
    const struct policy *p, const struct conf_group *g, struct fleet *f)
{
	const char *name = conf_text(g, "profile", "");

	f->compiled = policy_profile(p, name);
	if (f->compiled == NULL)
		return conf_fail(
		    g, "profile", "there is no profile \"%.64s\"", name);
	if (!(f->compiled->issued_by & PROFILE_BY_EST))
		return conf_fail(g, "profile",
		    "profile \"%s\" is not issued "
		    "by EST (its issued_by lacks \"est\")",
		    name);
	snprintf(f->profile, sizeof(f->profile), "%s", f->compiled->name);
	return 1;
}

static int
maker_twice(const struct fleet *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n_makers; i++)
		if (strcmp(f->makers[i].name, name) == 0)
			return 1;
	return 0;
}

static int
read_authenticate(
    const struct policy *p, const struct conf_group *root, struct fleet *f)
{
	const struct conf_group *g = conf_subgroup(root, "authenticate"), *m;
	size_t i, n;

	if (!conf_check(g, AUTH_KEYS, N(AUTH_KEYS)))
		return 0;
	n = conf_n_groups(g, "manufacturers");
	if (n > FLEET_MAKERS_MAX)
		return conf_fail(
		    g, "manufacturers", "more than %d", FLEET_MAKERS_MAX);
	for (i = 0; i < n; i++) {
		m = conf_group_at(g, "manufacturers", i);
		if (!fleet_read_maker(p, m, &f->makers[i]))
			return 0;
		if (maker_twice(f, f->makers[i].name)) {
			f->n_makers++;
			return conf_fail(m, "name", "given twice");
		}
		f->n_makers++;
	}
	f->basic = conf_bool(g, "basic", 0);
	f->own = conf_bool(g, "own_certificate", 0);
	if (!fleet_read_stations(p, g, f))
		return 0;
	if (f->n_makers == 0 && f->n_stations == 0 && !f->basic && !f->own)
		return conf_fail(root, "authenticate",
		    "names no way to "
		    "authenticate");
	return 1;
}

static int
read_registration(const struct conf_group *g, struct fleet *f)
{
	int r = conf_choice(g, "registration", REGISTRATIONS, 0);
	size_t i, n = conf_n_texts(g, "names");
	const char *text;

	if (r < 0)
		return 0;
	f->registration = (enum fleet_registration)r;
	if (n > FLEET_PATTERNS_MAX)
		return conf_fail(
		    g, "names", "more than %d patterns", FLEET_PATTERNS_MAX);
	for (i = 0; i < n; i++) {
		text = conf_text_at(g, "names", i);
		if (strlen(text) >= sizeof(f->patterns[i]))
			return conf_fail(g, "names",
			    "a pattern is longer than "
			    "%zu octets",
			    sizeof(f->patterns[i]) - 1);
		strcpy(f->patterns[i], text);
	}
	f->n_patterns = n;
	return 1;
}

static int
read_choices(const struct conf_group *g, struct fleet *f)
{
	int re = conf_choice(g, "re_enrol", RE_ENROLS, FLEET_RE_REFUSE);
	int pop = conf_choice(g, "pop_link", POP_LINKS, FLEET_POP_OFF);
	int attest = conf_choice(g, "attest", ATTESTS, FLEET_ATTEST_NONE);
	int wrap = conf_choice(g, "answer_wrap", WRAPS, 0);

	if (re < 0 || pop < 0 || attest < 0 || wrap < 0)
		return 0;
	f->re_enrol = (enum fleet_re_enrol)re;
	f->pop_link = (enum fleet_pop_link)pop;
	f->attest = (enum fleet_attest)attest;
	snprintf(f->answer_wrap, sizeof(f->answer_wrap), "%s", WRAPS[wrap]);
	f->idevid_key_reuse = conf_bool(g, "idevid_key_reuse", 0);
	return 1;
}

static int
read_superseded(const struct conf_group *g, struct fleet *f)
{
	const char *after = conf_text(g, "superseded_after", NULL);
	int what = conf_choice(
	    g, "superseded", SUPERSEDED, FLEET_SUPERSEDED_KEEP);

	if (what < 0)
		return 0;
	f->superseded = (enum fleet_superseded)what;
	if ((f->superseded == FLEET_SUPERSEDED_AFTER) != (after != NULL))
		return conf_fail(g, "superseded_after",
		    "belongs to superseded = \"revoke-after\", and there it "
		    "must be");
	return after == NULL ||
	    conf_duration(g, "superseded_after", 0, WINDOW_MAX, 0,
		&f->superseded_after);
}

/* Renewals after the end: the conditions stand beside each other. */
static int
read_late(const struct conf_group *g, struct fleet *f)
{
	int key = conf_choice(
	    g, "after_expiry_key", LATE_KEYS, FLEET_LATE_ANY_KEY);
	int consent = conf_choice(g, "after_expiry_consent", CONSENTS, 0);

	if (key < 0 || consent < 0)
		return 0;
	f->late_key = (enum fleet_late_key)key;
	f->late_by_fleet = consent;
	if (!conf_has(g, "after_expiry"))
		return (!conf_has(g, "after_expiry_key") &&
			   !conf_has(g, "after_expiry_consent")) ||
		    conf_fail(g, "after_expiry",
			"must be there when its key or consent is");
	return conf_duration(
	    g, "after_expiry", 0, WINDOW_MAX, 0, &f->after_expiry);
}

static int
read_renewal(const struct conf_group *root, struct fleet *f)
{
	const struct conf_group *g = conf_subgroup(root, "renewal");
	const char *window;

	f->window = FLEET_WINDOW_WHOLE;
	if (g == NULL)
		return 1;
	if (!conf_check(g, RENEWAL_KEYS, N(RENEWAL_KEYS)))
		return 0;
	window = conf_text(g, "window", "whole");
	if (strcmp(window, "last-third") == 0)
		f->window = FLEET_WINDOW_LAST_THIRD;
	else if (strcmp(window, "whole") != 0) {
		if (strspn(window, "0123456789") == 0)
			return conf_fail(g, "window",
			    "must be \"whole\", "
			    "\"last-third\" or a duration such as \"30d\"");
		f->window = FLEET_WINDOW_SECONDS;
		if (!conf_duration(
			g, "window", 1, WINDOW_MAX, 0, &f->window_seconds))
			return 0;
	}
	f->san_optional = conf_bool(g, "san_optional", 0);
	f->san_subset = conf_bool(g, "san_subset", 0);
	f->identity_update = conf_bool(g, "identity_update", 0);
	return read_superseded(g, f) && read_late(g, f);
}

static int
read_limits(const struct conf_group *root, struct fleet *f)
{
	const struct conf_group *g = conf_subgroup(root, "limits");

	if (g == NULL)
		return 1;
	return conf_check(g, LIMIT_KEYS, N(LIMIT_KEYS)) &&
	    conf_int(
		g, "per_device_hour", 1, RATE_MAX, 0, &f->per_device_hour) &&
	    conf_int(g, "per_day", 1, RATE_MAX, 0, &f->per_day) &&
	    conf_int(g, "per_address_minute", 1, RATE_MAX, 0,
		&f->per_address_minute);
}

/* The group is the switch: without it no keys are made for devices. */
static int
read_keygen(const struct conf_group *root, struct fleet *f)
{
	const struct conf_group *g = conf_subgroup(root, "serverkeygen");
	enum spki_type type;
	size_t i, n;

	if (g == NULL)
		return 1;
	if (!conf_check(g, KEYGEN_KEYS, N(KEYGEN_KEYS)))
		return 0;
	f->keygen = 1;
	f->keygen_plain = conf_bool(g, "plain", 0);
	n = conf_n_texts(g, "key_types");
	f->keygen_types = n == 0 ? f->compiled->key_types : 0;
	for (i = 0; i < n; i++) {
		type = spki_type_of(conf_text_at(g, "key_types", i));
		if ((type & f->compiled->key_types) == 0)
			return conf_fail(g, "key_types",
			    "profile \"%s\" takes no \"%.32s\" keys",
			    f->profile, conf_text_at(g, "key_types", i));
		f->keygen_types |= type;
	}
	return 1;
}

struct fleet *
fleet_compile(const struct policy *p, const struct policy_file *file)
{
	struct conf *conf = conf_read_text(file->path, file->text, file->len);
	const struct conf_group *g;
	struct fleet *f = NULL;

	if (conf == NULL)
		return NULL;
	g = conf_root(conf);
	f = OPENSSL_zalloc(sizeof(*f));
	if (f == NULL)
		ca_raise(CA_E_INTERNAL, "out of memory");
	else if (!conf_check(g, KEYS, N(KEYS)) || !read_names(file, g, f) ||
	    !read_profile(p, g, f) || !read_authenticate(p, g, f) ||
	    !read_registration(g, f) || !read_choices(g, f) ||
	    !read_renewal(g, f) || !read_limits(g, f) || !read_keygen(g, f) ||
	    !fleet_read_approval(g, f) || !fleet_read_attest(p, g, f)) {
		fleet_free(f);
		f = NULL;
	}
	conf_free(conf);
	return f;
}

void
fleet_free(struct fleet *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n_makers; i++)
		X509_STORE_free(f->makers[i].anchors);
	for (i = 0; i < f->n_stations; i++)
		X509_STORE_free(f->stations[i].anchors);
	fleet_evidence_free(f->evidence);
	OPENSSL_free(f);
}
