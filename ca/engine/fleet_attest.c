#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "profiles/conf.h"
#include "profiles/error.h"
#include "ca/engine/fleet_attest.h"

/* Group "attest" of a fleet file. */

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define YEARS (100LL * 365 * 86400)

static const char *const FORMATS[] = {
    "tpm", "dice", "eat", "android", "webauthn", NULL};
/* Whose anchors there can be: a TPM has keys that attest, and one that endorses. */
static const char *const SETS[] = {"tpm-ak", "tpm-ek", "dice", "eat",
    "android", "webauthn", NULL};
static const char *const DRAFTS[] = {
    FLEET_DRAFT_BUNDLE, FLEET_DRAFT_FRESHNESS, NULL};
static const char *const AWAY[] = {"refuse", "park", NULL};
static const char *const KEEP[] = {"hash", "whole", NULL};

static const struct conf_key ATTEST_KEYS[] = {
    {"formats", CONF_TEXTS, 1},
    {"drafts", CONF_TEXTS, 0},
    {"anchors", CONF_GROUPS, 0},
    {"own_keys", CONF_TEXTS, 0},
    {"activation", CONF_BOOL, 0},
    {"require", CONF_GROUPS, 0},
    {"facts", CONF_TEXTS, 0},
    {"references", CONF_TEXT, 0},
    {"nonce_lifetime", CONF_DURATION, 0},
    {"max_outstanding", CONF_INT, 0},
    {"max_per_key", CONF_INT, 0},
    {"on_unavailable", CONF_TEXT, 0},
    {"keep", CONF_TEXT, 0},
    {"retention", CONF_DURATION, 0},
};
static const struct conf_key SET_KEYS[] = {
    {"format", CONF_TEXT, 1},
    {"anchors", CONF_TEXT, 1},
};
static const struct conf_key REQUIRE_KEYS[] = {
    {"fact", CONF_TEXT, 1},
    {"one_of", CONF_TEXTS, 0},
    {"at_least", CONF_INT, 0},
};

/* A text of a list, copied into a place of ${size}. */
static int
take_text(const struct conf_group *g, const char *key, size_t i, char *out,
    size_t size)
{
	const char *text = conf_text_at(g, key, i);

	if (text[0] == '\0' || strlen(text) >= size)
		return conf_fail(
		    g, key, "1 to %zu octets: \"%.64s\"", size - 1, text);
	strcpy(out, text);
	return 1;
}

static int
fits(const struct conf_group *g, const char *key, size_t n, size_t max)
{
	return n <= max || conf_fail(g, key, "more than %zu", max);
}

static int
is_known(const char *const *names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static int
read_formats(const struct conf_group *g, struct fleet_evidence *e)
{
	size_t i, n = conf_n_texts(g, "formats");

	if (n == 0)
		return conf_fail(g, "formats", "names none");
	if (!fits(g, "formats", n, N(e->formats)))
		return 0;
	for (i = 0; i < n; i++) {
		if (!take_text(g, "formats", i, e->formats[i],
			sizeof(e->formats[i])))
			return 0;
		if (!is_known(FORMATS, e->formats[i]))
			return conf_fail(g, "formats",
			    "there is no format \"%s\"", e->formats[i]);
		e->n_formats++;
	}
	return 1;
}

/* Devices that speak another draft would not be understood. */
static int
check_drafts(const struct conf_group *g)
{
	size_t i;

	for (i = 0; i < conf_n_texts(g, "drafts"); i++)
		if (!is_known(DRAFTS, conf_text_at(g, "drafts", i)))
			return conf_fail(g, "drafts", "\"%.64s\" is not spoken "
			    "here, but \"" FLEET_DRAFT_BUNDLE "\" and \""
			    FLEET_DRAFT_FRESHNESS "\"",
			    conf_text_at(g, "drafts", i));
	return 1;
}

const struct fleet_anchor_set *
fleet_anchor_set(const struct fleet_evidence *e, const char *format)
{
	size_t i;

	for (i = 0; i < e->n_sets; i++)
		if (strcmp(e->sets[i].format, format) == 0)
			return &e->sets[i];
	return NULL;
}

/* All of them go with each question to the verifier. */
static int
anchors_fit(const struct conf_group *root, const struct fleet_evidence *e)
{
	const STACK_OF(X509_OBJECT) *all;
	long octets = 0, n = 0;
	X509 *cert;
	size_t i;
	int k;

	for (i = 0; i < e->n_sets; i++) {
		all = X509_STORE_get0_objects(e->sets[i].anchors);
		for (k = 0; k < sk_X509_OBJECT_num(all); k++) {
			cert = X509_OBJECT_get0_X509(
			    sk_X509_OBJECT_value(all, k));
			n += cert != NULL;
			octets += cert != NULL ? i2d_X509(cert, NULL) : 0;
		}
	}
	if (n <= FLEET_EVIDENCE_ANCHORS_MAX &&
	    octets <= FLEET_EVIDENCE_ANCHORS_OCTETS)
		return 1;
	return conf_fail(root, "anchors", "%ld certificates of %ld octets: at "
	    "most %d, of %d octets together", n, octets,
	    FLEET_EVIDENCE_ANCHORS_MAX, FLEET_EVIDENCE_ANCHORS_OCTETS);
}

static int
read_sets(const struct policy *p, const struct conf_group *root,
    struct fleet_evidence *e)
{
	size_t i, n = conf_n_groups(root, "anchors");
	const struct conf_group *g;
	int which;

	if (!fits(root, "anchors", n, N(e->sets)))
		return 0;
	for (i = 0; i < n; i++) {
		g = conf_group_at(root, "anchors", i);
		if (!conf_check(g, SET_KEYS, N(SET_KEYS)) ||
		    (which = conf_choice(g, "format", SETS, 0)) < 0)
			return 0;
		if (fleet_anchor_set(e, SETS[which]) != NULL)
			return conf_fail(g, "format", "given twice");
		snprintf(e->sets[i].format, sizeof(e->sets[i].format), "%s",
		    SETS[which]);
		e->sets[i].anchors = fleet_read_anchors(p, g);
		if (e->sets[i].anchors == NULL)
			return 0;
		e->n_sets++;
	}
	return anchors_fit(root, e);
}

static int
read_own_keys(const struct policy *p, const struct conf_group *g,
    struct fleet_evidence *e)
{
	size_t i, n = conf_n_texts(g, "own_keys");
	const struct profile *pr;

	if (!fits(g, "own_keys", n, N(e->ak_profiles)))
		return 0;
	for (i = 0; i < n; i++) {
		if (!take_text(g, "own_keys", i, e->ak_profiles[i],
			sizeof(e->ak_profiles[i])))
			return 0;
		pr = policy_profile(p, e->ak_profiles[i]);
		if (pr == NULL || pr->class != PROFILE_ATTESTATION)
			return conf_fail(g, "own_keys",
			    "there is no profile \"%s\" of class attestation",
			    e->ak_profiles[i]);
		e->n_ak_profiles++;
	}
	return 1;
}

static int
read_require_one(const struct conf_group *g, struct fleet_require *r)
{
	size_t i, n = conf_n_texts(g, "one_of");
	const char *fact = conf_text(g, "fact", "");

	if (!conf_check(g, REQUIRE_KEYS, N(REQUIRE_KEYS)))
		return 0;
	if (strlen(fact) >= sizeof(r->fact))
		return conf_fail(g, "fact", "too long");
	strcpy(r->fact, fact);
	if ((n > 0) == conf_has(g, "at_least"))
		return conf_fail(g, "one_of",
		    "either values in one_of, or a number in at_least");
	if (!fits(g, "one_of", n, N(r->one_of)))
		return 0;
	for (i = 0; i < n; i++)
		if (!take_text(g, "one_of", i, r->one_of[i],
			sizeof(r->one_of[i])))
			return 0;
	r->n_one_of = n;
	return conf_int(g, "at_least", 0, INT64_MAX, 0, &r->at_least);
}

static int
read_require(const struct conf_group *g, struct fleet_evidence *e)
{
	size_t i, n = conf_n_groups(g, "require");

	if (!fits(g, "require", n, N(e->require)))
		return 0;
	for (i = 0; i < n; i++)
		if (!read_require_one(
			conf_group_at(g, "require", i), &e->require[i]))
			return 0;
	e->n_require = n;
	return 1;
}

static int
read_facts(const struct conf_group *g, struct fleet_evidence *e)
{
	size_t i, n = conf_n_texts(g, "facts");

	if (!fits(g, "facts", n, N(e->facts)))
		return 0;
	for (i = 0; i < n; i++)
		if (!take_text(
			g, "facts", i, e->facts[i], sizeof(e->facts[i])))
			return 0;
	e->n_facts = n;
	return 1;
}

/* What stands in it is the verifier's to judge: verifier_reads(). */
static int
read_references(const struct policy *p, const struct conf_group *g,
    struct fleet_evidence *e)
{
	const char *name = conf_text(g, "references", NULL);
	char path[sizeof(p->files[0].path)];
	size_t i;

	if (name == NULL)
		return 1;
	if (strchr(name, '/') != NULL ||
	    snprintf(path, sizeof(path), "fleets/%s", name) >=
		(int)sizeof(path))
		return conf_fail(g, "references", "is no name of a file");
	for (i = 0; i < p->n_files; i++)
		if (strcmp(p->files[i].path, path) == 0) {
			e->references = p->files[i].text;
			e->references_file = p->files[i].path;
		}
	if (e->references == NULL)
		return conf_fail(g, "references",
		    "there is no file \"%.64s\" beside the fleet files", name);
	if (strlen(e->references) > FLEET_REFERENCES_MAX)
		return conf_fail(g, "references", "longer than %d octets",
		    FLEET_REFERENCES_MAX);
	return 1;
}

static int
read_rest(const struct conf_group *g, struct fleet_evidence *e)
{
	int away = conf_choice(g, "on_unavailable", AWAY, FLEET_AWAY_REFUSE);
	int keep = conf_choice(g, "keep", KEEP, 1);

	if (away < 0 || keep < 0)
		return 0;
	e->unavailable = (enum fleet_unavailable)away;
	e->keep_whole = keep;
	return conf_duration(g, "nonce_lifetime", 10, 3600, 300,
		   &e->nonce_lifetime) &&
	    conf_int(g, "max_outstanding", 1, 1000000, 10000,
		&e->max_outstanding) &&
	    conf_int(g, "max_per_key", 1, 1000, 4, &e->max_per_key) &&
	    conf_duration(g, "retention", 0, YEARS, 0, &e->retention);
}

static int
is_named(const struct fleet_evidence *e, const char *fact)
{
	size_t i;

	for (i = 0; i < e->n_facts; i++)
		if (strcmp(e->facts[i], fact) == 0)
			return 1;
	return strcmp(fact, "method") == 0; /* always known */
}

static int
fact_is_there(const struct conf_group *g, const struct fleet *f,
    enum profile_source_kind kind, const char *source, int optional)
{
	static const char arc[] = "attested.";

	if (kind != PROFILE_FROM_FIELD || optional ||
	    strncmp(source, arc, sizeof(arc) - 1) != 0 ||
	    is_named(f->evidence, source + sizeof(arc) - 1))
		return 1;
	return conf_fail(g, "facts", "profile \"%s\" needs %s, and nothing "
	    "names that fact: no certificate could be made", f->profile, source);
}

/* What names of the profile come from evidence alone. */
static int
check_profile(const struct conf_group *g, const struct fleet *f)
{
	const struct profile *p = f->compiled;
	size_t i;

	for (i = 0; i < p->n_subject; i++)
		if (!fact_is_there(g, f, p->subject[i].kind,
			p->subject[i].source, p->subject[i].optional))
			return 0;
	for (i = 0; i < p->n_san; i++)
		if (!fact_is_there(g, f, p->san[i].kind, p->san[i].source,
			p->san[i].optional))
			return 0;
	return 1;
}

/* Some way to know an attestation key there must be. */
static int
check_whole(const struct conf_group *g, struct fleet_evidence *e)
{
	e->activation = conf_bool(g, "activation", 0);
	if (e->activation && fleet_anchor_set(e, "tpm-ek") == NULL)
		return conf_fail(g, "activation",
		    "needs anchors of format \"tpm-ek\": by what is an "
		    "endorsement key known?");
	if (e->n_sets == 0 && e->n_ak_profiles == 0)
		return conf_fail(g, "anchors",
		    "neither anchors nor own_keys: no evidence could be "
		    "believed");
	return 1;
}

int
fleet_read_attest(
    const struct policy *p, const struct conf_group *root, struct fleet *f)
{
	const struct conf_group *g = conf_subgroup(root, "attest");
	struct fleet_evidence *e;

	if (g == NULL || conf_text(root, "attest", NULL) != NULL)
		return 1; /* nothing, or one word */
	if (!conf_check(g, ATTEST_KEYS, N(ATTEST_KEYS)))
		return 0;
	f->evidence = e = OPENSSL_zalloc(sizeof(*e));
	if (e == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	f->attest = FLEET_ATTEST_EVIDENCE;
	if (f->keygen)
		return conf_fail(root, "serverkeygen",
		    "a key that is made here is in no device's hardware");
	return check_drafts(g) && read_formats(g, e) && read_sets(p, g, e) &&
	    read_own_keys(p, g, e) && read_require(g, e) && read_facts(g, e) &&
	    read_references(p, g, e) && read_rest(g, e) &&
	    check_whole(g, e) && check_profile(g, f);
}

void
fleet_evidence_free(struct fleet_evidence *e)
{
	size_t i;

	for (i = 0; e != NULL && i < N(e->sets); i++)
		X509_STORE_free(e->sets[i].anchors);
	OPENSSL_free(e);
}

static int
shares(X509_STORE *a, X509_STORE *b)
{
	const STACK_OF(X509_OBJECT) *l = X509_STORE_get0_objects(a);
	const STACK_OF(X509_OBJECT) *m = X509_STORE_get0_objects(b);
	X509 *c, *d;
	int i, k;

	for (i = 0; i < sk_X509_OBJECT_num(l); i++)
		for (k = 0; k < sk_X509_OBJECT_num(m); k++) {
			c = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(l, i));
			d = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(m, k));
			if (c != NULL && d != NULL && X509_cmp(c, d) == 0)
				return 1;
		}
	return 0;
}

static int
refuse_shared(const struct fleet *f, const char *format, const char *what,
    const char *name)
{
	profile_raise(PROFILE_E_CONFIG,
	    "fleets/%s.conf: attest: an anchor of \"%s\" is one of %s %s: who "
	    "names devices does not vouch for their hardware by the same key",
	    f->name, format, what, name);
	return 0;
}

/* ${set} of fleet ${f} against who authenticates in fleet ${o}. */
static int
set_apart(const struct fleet *f, const struct fleet_anchor_set *set,
    const struct fleet *o)
{
	size_t i;

	for (i = 0; i < o->n_makers; i++)
		if (shares(set->anchors, o->makers[i].anchors))
			return refuse_shared(
			    f, set->format, "manufacturer", o->makers[i].name);
	for (i = 0; i < o->n_stations; i++)
		if (o->stations[i].anchors != NULL &&
		    shares(set->anchors, o->stations[i].anchors))
			return refuse_shared(
			    f, set->format, "station", o->stations[i].name);
	return 1;
}

int
fleet_attest_apart(const struct policy *p)
{
	const struct fleet_evidence *e;
	size_t i, k, n;

	for (i = 0; i < p->n_fleets; i++) {
		e = p->fleets[i]->evidence;
		for (k = 0; e != NULL && k < e->n_sets; k++)
			for (n = 0; n < p->n_fleets; n++)
				if (!set_apart(p->fleets[i], &e->sets[k],
					p->fleets[n]))
					return 0;
	}
	return 1;
}

int
fleet_require_met(const struct fleet_require *r, const char *value)
{
	char *end = NULL;
	long long n;
	size_t i;

	for (i = 0; i < r->n_one_of; i++)
		if (strcmp(r->one_of[i], value) == 0)
			return 1;
	if (r->n_one_of > 0 || value[0] < '0' || value[0] > '9')
		return 0;
	errno = 0;
	n = strtoll(value, &end, 10);
	return errno == 0 && *end == '\0' && n >= r->at_least;
}
