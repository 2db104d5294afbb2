#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "ca/store/reasons.h"
#include "ca/engine/ceremony_file.h"

/* Files of ceremonies on an instance that is there. */

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define DAY (86400LL)

#define HEAD                                                                   \
	{"kind", CONF_TEXT, 1}, {"config", CONF_TEXT, 1},                      \
	    {"transcript", CONF_TEXT, 0}, {"signer", CONF_GROUP, 1},           \
	    {"participants", CONF_GROUPS, 0}, {"quorum", CONF_INT, 0},         \
	    {"backups", CONF_GROUPS, 0}

static const struct conf_key SIGNER_KEYS[] = {
    {"ca", CONF_TEXT, 1},
    {"token", CONF_GROUP, 0},
};

static const struct conf_key CRL_KEYS[] = {
    HEAD,
    {"crl_lifetime", CONF_DURATION, 0},
};

static const struct conf_key INTERMEDIATE_KEYS[] = {
    HEAD,
    {"http_url", CONF_TEXT, 1},
    {"issuers", CONF_GROUPS, 1},
    {"services", CONF_GROUPS, 0},
    {"disable", CONF_TEXTS, 0},
};

static const struct conf_key RENEW_KEYS[] = {
    HEAD,
    {"ca", CONF_TEXT, 1},
    {"profile", CONF_TEXT, 0},
    {"certificate", CONF_TEXT, 0},
};

static const struct conf_key REKEY_KEYS[] = {
    HEAD,
    {"http_url", CONF_TEXT, 1},
    {"root", CONF_GROUP, 1},
    {"links", CONF_GROUP, 0},
};

static const struct conf_key LINK_KEYS[] = {
    {"profile", CONF_TEXT, 0},
    {"old_with_new", CONF_TEXT, 0},
    {"new_with_old", CONF_TEXT, 0},
};

static const struct conf_key CROSS_KEYS[] = {
    HEAD,
    {"name", CONF_TEXT, 1},
    {"profile", CONF_TEXT, 0},
    {"foreign", CONF_TEXT, 0},
    {"csr", CONF_TEXT, 0},
    {"certificate", CONF_TEXT, 0},
    {"needs_path_len", CONF_INT, 0},
};

static const struct conf_key CERTIFY_KEYS[] = {
    HEAD,
    {"name", CONF_TEXT, 1},
    {"profile", CONF_TEXT, 0},
    {"csr", CONF_TEXT, 1},
    {"set", CONF_TEXTS, 0},
    {"certificate", CONF_TEXT, 0},
    {"chain", CONF_BOOL, 0},
    {"needs_path_len", CONF_INT, 0},
};

static const struct conf_key REVOKE_KEYS[] = {
    HEAD,
    {"serial", CONF_TEXT, 1},
    {"reason", CONF_TEXT, 1},
};

static const struct conf_key CSR_KEYS[] = {
    {"kind", CONF_TEXT, 1},
    {"config", CONF_TEXT, 1},
    {"transcript", CONF_TEXT, 0},
    {"participants", CONF_GROUPS, 0},
    {"quorum", CONF_INT, 0},
    {"backups", CONF_GROUPS, 0},
    {"http_url", CONF_TEXT, 1},
    {"name", CONF_TEXT, 1},
    {"generation", CONF_INT, 0},
    {"key_type", CONF_TEXT, 0},
    {"key_label", CONF_TEXT, 0},
    {"set", CONF_TEXTS, 1},
    {"token", CONF_TEXT, 0},
    {"crl_lifetime", CONF_DURATION, 0},
    {"crl_interval", CONF_DURATION, 0},
    {"crl_shards", CONF_INT, 0},
    {"keep_expired", CONF_BOOL, 0},
    {"path_len", CONF_INT, 0},
    {"request", CONF_TEXT, 1},
};

static const struct conf_key DELEGATE_KEYS[] = {
    HEAD,
    {"profile", CONF_TEXT, 0},
    {"csr", CONF_TEXT, 1},
    {"certificate", CONF_TEXT, 1},
    {"set", CONF_TEXTS, 0},
    {"chain", CONF_BOOL, 0},
};

static const struct conf_key DESTROY_KEYS[] = {
    HEAD,
    {"reason", CONF_TEXT, 0},
};

static int
read_signer(const struct conf_group *g, struct ceremony_file *f)
{
	const struct conf_group *token;

	if (!conf_check(g, SIGNER_KEYS, N(SIGNER_KEYS)) ||
	    !ceremony_copy(g, "ca", "", f->signer.ca, sizeof(f->signer.ca)))
		return 0;
	token = conf_subgroup(g, "token");
	f->signer.has_token = token != NULL;
	return token == NULL ||
	    settings_read_token(token, f->dir, &f->signer.token);
}

static int
read_crl(const struct conf_group *g, struct ceremony_file *f)
{
	return conf_duration(g, "crl_lifetime", DAY, 3650 * DAY, 0,
	    &f->crl_lifetime);
}

static int
read_intermediate(const struct conf_group *g, struct ceremony_file *f)
{
	size_t i, n = conf_n_texts(g, "disable");

	if (n > CEREMONY_DISABLE_MAX)
		return conf_fail(g, "disable", "more than %d",
		    CEREMONY_DISABLE_MAX);
	for (i = 0; i < n; i++)
		if (snprintf(f->disable[i], CEREMONY_IDENT_MAX, "%s",
		    conf_text_at(g, "disable", i)) >= CEREMONY_IDENT_MAX)
			return conf_fail(g, "disable", "too long");
	f->n_disable = n;
	return ceremony_read_url(g, f) && ceremony_read_lists(g, f);
}

static int
read_renew(const struct conf_group *g, struct ceremony_file *f)
{
	struct ceremony_subject *s = &f->subject;

	return ceremony_copy(g, "ca", "", s->name, sizeof(s->name)) &&
	    ceremony_copy(g, "profile", "", s->profile, sizeof(s->profile)) &&
	    ceremony_copy_path(g, "certificate", f->dir, s->certificate);
}

/* The next root has the old one's name, so the file gives none. */
static int
read_rekey(const struct conf_group *g, struct ceremony_file *f)
{
	const struct conf_group *root = conf_subgroup(g, "root");
	const struct conf_group *links = conf_subgroup(g, "links");
	struct ceremony_links *l = &f->links;

	snprintf(l->profile, sizeof(l->profile), "link");
	if (conf_has(root, "set"))
		return conf_fail(root, "set", "a root's next key has the same "
		    "name as the old one");
	if (conf_has(root, "name"))
		return conf_fail(root, "name", "it is the signer's");
	if (!ceremony_read_url(g, f) || !ceremony_read_root(root, f))
		return 0;
	f->root.name[0] = '\0';
	return links == NULL || (conf_check(links, LINK_KEYS, N(LINK_KEYS)) &&
	    ceremony_copy(links, "profile", "link", l->profile,
	    sizeof(l->profile)) &&
	    ceremony_copy_path(links, "old_with_new", f->dir,
	    l->old_with_new) && ceremony_copy_path(links, "new_with_old",
	    f->dir, l->new_with_old));
}

static int
read_foreign(const struct conf_group *g, struct ceremony_file *f,
    const char *profile)
{
	struct ceremony_subject *s = &f->subject;
	int64_t needs;

	if (!ceremony_copy(g, "name", "", s->name, 64) ||
	    !ceremony_copy(g, "profile", profile, s->profile,
	    sizeof(s->profile)) ||
	    !ceremony_copy_path(g, "csr", f->dir, s->csr) ||
	    !ceremony_copy_path(g, "certificate", f->dir, s->certificate) ||
	    !conf_int(g, "needs_path_len", 0, 16, -1, &needs))
		return 0;
	s->needs_path_len = (int)needs;
	return ceremony_name_ok(s->name) || conf_fail(g, "name",
	    "only a-z, 0-9 and - : it stands in addresses");
}

static int
read_cross(const struct conf_group *g, struct ceremony_file *f)
{
	if (!conf_has(g, "foreign") && !conf_has(g, "csr"))
		return conf_fail(g, "foreign", "missing: the foreign CA's "
		    "certificate, its request (csr), or both");
	return read_foreign(g, f, "cross") &&
	    ceremony_copy_path(g, "foreign", f->dir, f->subject.foreign);
}

static int
read_certify(const struct conf_group *g, struct ceremony_file *f)
{
	f->subject.chain = conf_bool(g, "chain", 0);
	return read_foreign(g, f, "sub-ca") &&
	    ceremony_read_set(g, &f->subject.set);
}

static int
read_revoke(const struct conf_group *g, struct ceremony_file *f)
{
	const char *serial = conf_text(g, "serial", "");
	struct ceremony_revoked *r = &f->revoked;

	if (OPENSSL_hexstr2buf_ex(r->serial, sizeof(r->serial),
	    &r->serial_len, serial, ':') != 1 || r->serial_len == 0)
		return conf_fail(g, "serial", "not the hexadecimal serial "
		    "number of a certificate (at most 20 octets)");
	r->reason = reasons_code(conf_text(g, "reason", ""));
	if (r->reason < 0)
		return conf_fail(g, "reason", "not a reason of RFC 5280 5.3.1");
	return 1;
}

static int
read_csr(const struct conf_group *g, struct ceremony_file *f)
{
	struct ceremony_ca *ca = &f->issuers[0];
	int64_t path_len;

	if (!ceremony_read_url(g, f) ||
	    !ceremony_read_ca(g, f, "", "", ca) ||
	    !ceremony_read_token_name(g, f, ca) ||
	    !ceremony_read_times(g, f, ca) ||
	    !ceremony_read_shards(g, f, ca) ||
	    !conf_int(g, "path_len", 0, 16, 0, &path_len))
		return 0;
	f->path_len = (int)path_len;
	f->n_issuers = 1;
	return ceremony_copy_path(g, "request", f->dir, f->request);
}

static int
read_delegate(const struct conf_group *g, struct ceremony_file *f)
{
	struct ceremony_service *s = &f->services[0];

	f->n_services = 1;
	s->chain = conf_bool(g, "chain", 0);
	snprintf(s->issuer, sizeof(s->issuer), "%.63s", f->signer.ca);
	return ceremony_copy(g, "profile", "ocsp-responder", s->profile,
	    sizeof(s->profile)) &&
	    ceremony_copy_path(g, "csr", f->dir, s->csr) &&
	    ceremony_copy_path(g, "certificate", f->dir, s->certificate) &&
	    ceremony_read_set(g, &s->set);
}

static int
read_destroy(const struct conf_group *g, struct ceremony_file *f)
{
	return ceremony_copy(g, "reason", "", f->reason, sizeof(f->reason));
}

static const struct {
	const struct conf_key *keys;
	size_t n;
	int (*read)(const struct conf_group *g, struct ceremony_file *f);
} readers[CEREMONY_KINDS] = {
    [CEREMONY_CRL] = {CRL_KEYS, N(CRL_KEYS), read_crl},
    [CEREMONY_INTERMEDIATE] = {INTERMEDIATE_KEYS, N(INTERMEDIATE_KEYS),
	read_intermediate},
    [CEREMONY_RENEW] = {RENEW_KEYS, N(RENEW_KEYS), read_renew},
    [CEREMONY_ROOT_REKEY] = {REKEY_KEYS, N(REKEY_KEYS), read_rekey},
    [CEREMONY_CROSS] = {CROSS_KEYS, N(CROSS_KEYS), read_cross},
    [CEREMONY_CERTIFY] = {CERTIFY_KEYS, N(CERTIFY_KEYS), read_certify},
    [CEREMONY_REVOKE] = {REVOKE_KEYS, N(REVOKE_KEYS), read_revoke},
    [CEREMONY_CSR] = {CSR_KEYS, N(CSR_KEYS), read_csr},
    [CEREMONY_DELEGATE] = {DELEGATE_KEYS, N(DELEGATE_KEYS), read_delegate},
    [CEREMONY_DESTROY] = {DESTROY_KEYS, N(DESTROY_KEYS), read_destroy},
};

int
ceremony_read_kind(const struct conf_group *g, struct ceremony_file *f)
{
	return conf_check(g, readers[f->kind].keys, readers[f->kind].n) &&
	    ceremony_read_head(g, f) && (f->kind == CEREMONY_CSR ||
	    read_signer(conf_subgroup(g, "signer"), f)) &&
	    readers[f->kind].read(g, f);
}
