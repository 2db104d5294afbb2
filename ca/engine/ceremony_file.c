#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/engine/ceremony_file.h"
#include "ca/engine/crl_shard.h"
#include "ca/transcript/transcript.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

#define DAY (86400LL)
#define HTTP_URL_MAX 120	/* octets: ceremony_fill_row() adds to it */

/* Of the first ceremony; those of the others stand in ceremony_kinds.c. */
static const struct conf_key FILE_KEYS[] = {
    {"kind", CONF_TEXT, 0},
    {"config", CONF_TEXT, 1},
    {"http_url", CONF_TEXT, 1},
    {"transcript", CONF_TEXT, 0},
    {"root", CONF_GROUP, 1},
    {"issuers", CONF_GROUPS, 1},
    {"services", CONF_GROUPS, 0},
    {"participants", CONF_GROUPS, 0},
    {"quorum", CONF_INT, 0},
    {"backups", CONF_GROUPS, 0},
};

static const struct conf_key OFFLINE_KEYS[] = {
    {"kind", CONF_TEXT, 1},
    {"config", CONF_TEXT, 1},
    {"http_url", CONF_TEXT, 1},
    {"transcript", CONF_TEXT, 0},
    {"root", CONF_GROUP, 1},
    {"participants", CONF_GROUPS, 0},
    {"quorum", CONF_INT, 0},
    {"backups", CONF_GROUPS, 0},
};

static const struct conf_key ROOT_KEYS[] = {
    {"token", CONF_GROUP, 1},
    {"name", CONF_TEXT, 0},
    {"generation", CONF_INT, 0},
    {"profile", CONF_TEXT, 0},
    {"key_type", CONF_TEXT, 0},
    {"key_label", CONF_TEXT, 0},
    {"certificate", CONF_TEXT, 0},
    {"set", CONF_TEXTS, 0},
    {"crl_lifetime", CONF_DURATION, 0},
};

static const struct conf_key ISSUER_KEYS[] = {
    {"name", CONF_TEXT, 1},
    {"generation", CONF_INT, 0},
    {"profile", CONF_TEXT, 0},
    {"key_type", CONF_TEXT, 0},
    {"key_label", CONF_TEXT, 0},
    {"certificate", CONF_TEXT, 0},
    {"set", CONF_TEXTS, 0},
    {"crl_lifetime", CONF_DURATION, 0},
    {"crl_interval", CONF_DURATION, 0},
    {"crl_shards", CONF_INT, 0},
    {"keep_expired", CONF_BOOL, 0},
    {"token", CONF_TEXT, 0},
};

static const struct conf_key SERVICE_KEYS[] = {
    {"profile", CONF_TEXT, 1},
    {"issuer", CONF_TEXT, 1},
    {"csr", CONF_TEXT, 1},
    {"certificate", CONF_TEXT, 1},
    {"set", CONF_TEXTS, 0},
    {"chain", CONF_BOOL, 0},
};

static const char *const KINDS[CEREMONY_KINDS + 2] = {"init", "crl",
    "intermediate", "renew", "root-rekey", "cross", "certify", "revoke",
    "root", "csr", "ocsp-delegate", "destroy", "rekey", NULL};
#define REKEY CEREMONY_KINDS	/* another name: of a root, or a CA below one */

int
ceremony_is_first(const struct ceremony_file *f)
{
	return f->kind == CEREMONY_INIT || f->kind == CEREMONY_OFFLINE;
}

const char *
ceremony_kind_name(enum ceremony_kind kind)
{
	return KINDS[kind];
}

int
ceremony_kind_of(const char *name)
{
	int i;

	for (i = 0; i < CEREMONY_KINDS; i++)
		if (strcmp(KINDS[i], name) == 0)
			return i;
	return -1;
}

int
ceremony_copy(const struct conf_group *g, const char *key, const char *dflt,
    char *out, size_t size)
{
	const char *text = conf_text(g, key, dflt);

	if (strlen(text) >= size)
		return conf_fail(g, key, "longer than %zu octets", size - 1);
	snprintf(out, size, "%s", text);
	return 1;
}

int
ceremony_copy_path(const struct conf_group *g, const char *key,
    const char *dir, char *out)
{
	const char *text = conf_text(g, key, NULL);

	return text == NULL || settings_path(dir, text, out);
}

int
ceremony_read_set(const struct conf_group *g, struct ceremony_set *set)
{
	size_t i, n = conf_n_texts(g, "set");
	const char *text;

	if (n > CEREMONY_SET_MAX)
		return conf_fail(g, "set", "more than %d", CEREMONY_SET_MAX);
	for (i = 0; i < n; i++) {
		text = conf_text_at(g, "set", i);
		if (strchr(text, '=') == NULL || strlen(text) >=
		    sizeof(set->text[0]))
			return conf_fail(g, "set", "\"%s\" is not of the form "
			    "field=value", text);
		strcpy(set->text[i], text);
	}
	set->n = n;
	return 1;
}

void
ceremony_default_label(const struct ceremony_ca *ca, char *out, size_t size)
{
	snprintf(out, size, "inkan-%.60s-g%d", ca->name, ca->generation);
}

static int
read_key(const struct conf_group *g, struct ceremony_ca *ca)
{
	const char *type = conf_text(g, "key_type", "ec-p256");
	char label[HSM_LABEL_MAX] = "";

	ca->key_type = hsm_key_type_of(type);
	if (ca->key_type == 0)
		return conf_fail(g, "key_type", "unknown key type \"%s\" "
		    "(ec-p256, ec-p384, rsa-2048, rsa-3072, rsa-4096, "
		    "ed25519)", type);
	/* Without a generation it is named when that is known. */
	if (ca->generation > 0)
		ceremony_default_label(ca, label, sizeof(label));
	return ceremony_copy(g, "key_label", label, ca->label,
	    sizeof(ca->label));
}

int
ceremony_name_ok(const char *name)
{
	return name[0] != '\0' && strspn(name,
	    "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

int
ceremony_read_ca(const struct conf_group *g, const struct ceremony_file *f,
    const char *name, const char *profile, struct ceremony_ca *ca)
{
	int64_t generation, dflt = ceremony_is_first(f);

	if (!ceremony_copy(g, "name", name, ca->name, sizeof(ca->name)) ||
	    !conf_int(g, "generation", 1, 9999, dflt, &generation))
		return 0;
	if (!ceremony_name_ok(ca->name))
		return conf_fail(g, "name", "only a-z, 0-9 and - : it stands "
		    "in addresses");
	ca->generation = (int)generation;
	return ceremony_copy(g, "profile", profile, ca->profile,
	    sizeof(ca->profile)) &&
	    read_key(g, ca) &&
	    ceremony_copy_path(g, "certificate", f->dir, ca->certificate) &&
	    ceremony_read_set(g, &ca->set);
}

int
ceremony_read_root(const struct conf_group *g, struct ceremony_file *f)
{
	if (!conf_check(g, ROOT_KEYS, N(ROOT_KEYS)))
		return 0;
	if (ceremony_is_first(f) && !conf_has(g, "set"))
		return conf_fail(g, "set", "missing: a root has a name");
	return ceremony_read_ca(g, f, "root", "root-ca", &f->root) &&
	    settings_read_token(conf_subgroup(g, "token"), f->dir,
	    &f->root_token) &&
	    conf_duration(g, "crl_lifetime", DAY, 3650 * DAY,
	    ceremony_is_first(f) ? 180 * DAY : 0,
	    &f->root.crl_lifetime);
}

/* Names stand in addresses and labels in one token: each is given once. */
static int
is_another(const struct conf_group *g, const struct ceremony_file *f,
    const struct ceremony_ca *ca)
{
	const struct ceremony_ca *other;
	size_t i;

	if (strcmp(f->root.name, ca->name) == 0)
		return conf_fail(g, "name", "\"%s\" is given twice: it is the "
		    "root's", ca->name);
	for (i = 0; i < f->n_issuers; i++) {
		other = &f->issuers[i];
		if (other == ca)
			continue;
		if (strcmp(other->name, ca->name) == 0)
			return conf_fail(g, "name", "\"%s\" is given twice",
			    ca->name);
		if (ca->label[0] != '\0' &&
		    strcmp(other->token, ca->token) == 0 &&
		    strcmp(other->label, ca->label) == 0)
			return conf_fail(g, "key_label", "\"%s\" is given "
			    "twice", ca->label);
	}
	return 1;
}

/* Where a later ceremony's file is silent, the generation before may know:
   inherit() in ceremony_intermediate.c. */
int
ceremony_read_shards(const struct conf_group *g, const struct ceremony_file *f,
    struct ceremony_ca *ca)
{
	int silent = ceremony_is_first(f) ? 0 : -1;
	int64_t n;

	if (!conf_int(g, "crl_shards", 0, CRL_SHARDS_MAX, 0, &n))
		return 0;
	if (!crl_shard_ok(n))
		return conf_fail(g, "crl_shards", "0 (one full CRL) or 2 to %d",
		    CRL_SHARDS_MAX);
	ca->crl_shards = conf_has(g, "crl_shards") ? (int)n : silent;
	ca->keep_expired = conf_has(g, "keep_expired") ?
	    conf_bool(g, "keep_expired", 0) : silent;
	return 1;
}

int
ceremony_read_times(const struct conf_group *g, const struct ceremony_file *f,
    struct ceremony_ca *ca)
{
	int64_t dflt = ceremony_is_first(f) ? DAY : 0;

	if (!conf_duration(g, "crl_lifetime", 60, 365 * DAY, dflt,
	    &ca->crl_lifetime) ||
	    !conf_duration(g, "crl_interval", 30, 365 * DAY,
	    ca->crl_lifetime / 4, &ca->crl_interval))
		return 0;
	if (ca->crl_lifetime == 0 ||
	    ca->crl_interval <= ca->crl_lifetime / 2)
		return 1;
	return conf_fail(g, "crl_interval", "a new CRL must come before half "
	    "of crl_lifetime is gone");
}

/* Is it one that ca.conf names? */
int
ceremony_read_token_name(const struct conf_group *g, const struct ceremony_file *f,
    struct ceremony_ca *ca)
{
	struct settings *s;
	int found;

	if (!conf_has(g, "token"))
		return 1;
	if (!ceremony_copy(g, "token", "", ca->token, sizeof(ca->token)) ||
	    (s = settings_read(f->config)) == NULL)
		return 0;
	found = settings_find_token(s, ca->token) != NULL;
	settings_free(s);
	return found || conf_fail(g, "token", "%s names no token \"%s\"",
	    f->config, ca->token);
}

static int
read_issuer(const struct conf_group *g, struct ceremony_file *f)
{
	struct ceremony_ca *ca = &f->issuers[f->n_issuers];

	if (!conf_check(g, ISSUER_KEYS, N(ISSUER_KEYS)) ||
	    !ceremony_read_ca(g, f, "", "issuing-ca", ca) ||
	    !ceremony_read_token_name(g, f, ca) || !ceremony_read_times(g, f, ca) ||
	    !ceremony_read_shards(g, f, ca))
		return 0;
	if (f->kind == CEREMONY_INIT && !conf_has(g, "set"))
		return conf_fail(g, "set", "missing: a CA has a name");
	f->n_issuers++;
	return is_another(g, f, ca);
}

static int
read_service(const struct conf_group *g, struct ceremony_file *f)
{
	struct ceremony_service *s = &f->services[f->n_services++];

	if (!conf_check(g, SERVICE_KEYS, N(SERVICE_KEYS)))
		return 0;
	s->chain = conf_bool(g, "chain", 0);
	return ceremony_copy(g, "profile", "", s->profile,
	    sizeof(s->profile)) &&
	    ceremony_copy(g, "issuer", "", s->issuer, sizeof(s->issuer)) &&
	    ceremony_copy_path(g, "csr", f->dir, s->csr) &&
	    ceremony_copy_path(g, "certificate", f->dir, s->certificate) &&
	    ceremony_read_set(g, &s->set);
}

int
ceremony_read_lists(const struct conf_group *g, struct ceremony_file *f)
{
	size_t i, n = conf_n_groups(g, "issuers");

	if (n == 0 || n > CEREMONY_ISSUERS_MAX)
		return conf_fail(g, "issuers", "1 to %d issuing CAs",
		    CEREMONY_ISSUERS_MAX);
	for (i = 0; i < n; i++)
		if (!read_issuer(conf_group_at(g, "issuers", i), f))
			return 0;
	n = conf_n_groups(g, "services");
	if (n > CEREMONY_SERVICES_MAX)
		return conf_fail(g, "services", "more than %d",
		    CEREMONY_SERVICES_MAX);
	for (i = 0; i < n; i++)
		if (!read_service(conf_group_at(g, "services", i), f))
			return 0;
	return 1;
}

static int
read_people(const struct conf_group *g, struct ceremony_file *f)
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

static int
read_backups(const struct conf_group *g, struct ceremony_file *f)
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

int
ceremony_read_head(const struct conf_group *g, struct ceremony_file *f)
{
	return ceremony_copy_path(g, "config", f->dir, f->config) &&
	    ceremony_copy_path(g, "transcript", f->dir, f->transcript) &&
	    read_people(g, f) && read_backups(g, f);
}

int
ceremony_read_url(const struct conf_group *g, struct ceremony_file *f)
{
	if (!ceremony_copy(g, "http_url", "", f->http_url, HTTP_URL_MAX + 1))
		return 0;
	if (strncmp(f->http_url, "http://", 7) != 0 ||
	    f->http_url[strlen(f->http_url) - 1] == '/')
		return conf_fail(g, "http_url", "an http: address without "
		    "final slash (RFC 5280 8: no https in CRL and AIA "
		    "addresses)");
	return 1;
}

static int
read_all(const struct conf_group *g, struct ceremony_file *f)
{
	int kind = conf_has(g, "kind") ? conf_choice(g, "kind", KINDS, 0) : 0;

	if (kind < 0)
		return 0;
	if (kind == REKEY)
		kind = conf_has(g, "root") ? CEREMONY_ROOT_REKEY :
		    CEREMONY_INTERMEDIATE;
	f->kind = (enum ceremony_kind)kind;
	if (f->kind == CEREMONY_OFFLINE)
		return conf_check(g, OFFLINE_KEYS, N(OFFLINE_KEYS)) &&
		    ceremony_read_head(g, f) && ceremony_read_url(g, f) &&
		    ceremony_read_root(conf_subgroup(g, "root"), f);
	if (f->kind != CEREMONY_INIT)
		return ceremony_read_kind(g, f);
	return conf_check(g, FILE_KEYS, N(FILE_KEYS)) &&
	    ceremony_read_head(g, f) && ceremony_read_url(g, f) &&
	    ceremony_read_root(conf_subgroup(g, "root"), f) &&
	    ceremony_read_lists(g, f);
}

struct ceremony_file *
ceremony_read(const char *path)
{
	struct ceremony_file *f = OPENSSL_zalloc(sizeof(*f));
	struct conf *conf = NULL;
	char *text = NULL;
	size_t len = 0;
	int ok = 0;

	/* What is hashed is what is read. */
	if (f != NULL && settings_dir_of(path, f->dir) &&
	    realpath(path, f->path) != NULL &&
	    (text = transcript_slurp(path, CONF_FILE_MAX, &len)) != NULL &&
	    transcript_sha256(text, len, f->sha256)) {
		conf = conf_read_text(path, text, len);
		ok = conf != NULL && read_all(conf_root(conf), f);
	}
	conf_free(conf);
	OPENSSL_free(text);
	if (ok)
		return f;
	OPENSSL_free(f);
	return NULL;
}
