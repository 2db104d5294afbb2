#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/* One certificate: its profile, its fields, and whether its issuer may. */

void
ceremony_fill_row(const struct ceremony *r, const struct ceremony_ca *ca,
    struct issuer_row *row)
{
	const char *url = r->f->http_url;

	memset(row, 0, sizeof(*row));
	snprintf(row->name, sizeof(row->name), "%s", ca->name);
	row->generation = ca->generation;
	ceremony_ident(ca, row->ident, sizeof(row->ident));
	snprintf(row->key_uri, sizeof(row->key_uri), "pkcs11:object=%s",
	    ca->label);
	snprintf(row->crl_url, sizeof(row->crl_url), "%.120s/crl/%s.crl", url,
	    row->ident);
	snprintf(row->ocsp_url, sizeof(row->ocsp_url), "%.120s/ocsp/%s", url,
	    row->ident);
	snprintf(row->issuer_url, sizeof(row->issuer_url), "%.120s/ca/%s.cer",
	    url, row->ident);
	snprintf(row->token, sizeof(row->token), "%s", ca->token);
	row->crl_lifetime = ca->crl_lifetime;
	row->crl_interval = ca->crl_interval;
	row->crl_shards = ca->crl_shards;
	row->expired_from = ca->keep_expired ? r->now : 0;
}

void
ceremony_fields(const struct ceremony_set *set, const struct ceremony_ca *ca,
    struct ceremony_fields *out)
{
	const char *eq;
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < set->n; i++) {
		eq = strchr(set->text[i], '=');
		snprintf(out->name[i], sizeof(out->name[i]), "request.%.*s",
		    (int)(eq - set->text[i]), set->text[i]);
		out->field[i].name = out->name[i];
		out->field[i].value = eq + 1;
	}
	out->n = set->n;
	if (ca == NULL)
		return;
	snprintf(out->generation, sizeof(out->generation), "%d",
	    ca->generation);
	out->field[out->n++] = (struct build_field){"ca.name", ca->name};
	out->field[out->n++] = (struct build_field){"ca.generation",
	    out->generation};
}

static int
class_fits(const struct profile *p, enum profile_class class)
{
	if (class != PROFILE_CA && class != PROFILE_CROSS)
		return 1;
	if (p->class == class)
		return 1;
	ca_raise(CA_E_CONFIG, "ceremony: profile %s is of class %s, not %s",
	    p->name, profile_class_name(p->class), profile_class_name(class));
	return 0;
}

const struct profile *
ceremony_profile(struct ceremony *r, const char *name,
    enum profile_class class)
{
	const struct profile *p = policy_profile(r->policy, name);

	if (p == NULL) {
		ca_raise(CA_E_CONFIG, "ceremony: the policy has no profile "
		    "\"%s\"%s", name, r->stage[0] == '\0' ? "" :
		    "; activate one that has (inkan policy activate)");
		return NULL;
	}
	return class_fits(p, class) && profile_allows(p, PROFILE_BY_CEREMONY) ?
	    p : NULL;
}

static int
issue(struct ceremony *r, const struct ceremony_job *j, struct issued *out)
{
	struct issue_job job = {
	    .profile = j->profile,
	    .policy_version = r->policy->row.version,
	    .issuer = j->issuer,
	    .csr = j->csr,
	    .spki = j->spki,
	    .spki_len = j->spki_len,
	    .subject = j->subject,
	    .subject_len = j->subject_len,
	    .key_id = j->key_id,
	    .key_id_len = j->key_id_len,
	    .fields = j->fields == NULL ? NULL : j->fields->field,
	    .n_fields = j->fields == NULL ? 0 : j->fields->n,
	    .requester = "ceremony",
	    .auth = "ceremony",
	};
	struct outcome o;
	int known = ceremony_recall(r, &job, out);

	outcome_init(&o);
	if (known < 0)
		return 0;
	if (known == 1 || issue_cert(r->store, &job, r->now, out, &o)) {
		ceremony_record_cert(r, out, j->issuer->row.ident);
		return 1;
	}
	ca_raise(CA_E_CONFIG, "ceremony: profile %s: %s: %s: %s",
	    j->profile->name, o.stage, o.rule, o.text);
	return 0;
}

int
ceremony_issue(struct ceremony *r, const struct ceremony_job *job,
    struct issued *out)
{
	int64_t *end = &job->issuer->build.not_after, was = *end;
	int ok;

	/* An earlier end than the issuer's is one that the builder, and who
	   judges it, take for the issuer's. */
	if (job->not_after != 0 && job->not_after < *end)
		*end = job->not_after;
	ok = issue(r, job, out);
	*end = was;
	return ok;
}

void
ceremony_take_cert(struct issuer_row *row, struct issued *c)
{
	row->cert = c->der;
	row->cert_len = c->der_len;
	row->not_before = c->row.not_before;
	row->not_after = c->row.not_after;
	c->der = NULL;
}

struct csr *
ceremony_read_csr(struct ceremony *r, const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	struct csr *csr = NULL;
	long len = 0;

	if (bio == NULL || PEM_read_bio(bio, &name, &header, &der, &len) != 1)
		ca_raise(CA_E_CONFIG, "ceremony: %s: no PEM request (has the "
		    "service run --init-keys?)", path);
	else {
		csr = csr_parse(der, (size_t)len);
		ceremony_record_data(r, "request", path, der, (size_t)len);
	}
	if (csr != NULL && !csr_verify(csr)) {
		csr_free(csr);
		csr = NULL;
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return csr;
}

static void
date(int64_t t, char out[32])
{
	time_t when = (time_t)t;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(out, 32, "%Y-%m-%d", &tm) == 0)
		snprintf(out, 32, "?");
}

static int
path_fits(const struct issuer *is, const struct profile *p)
{
	int above = is->build.path_len;

	if (above < 0 || (p->path_len >= 0 && p->path_len < above))
		return 1;
	if (above == 0)
		ca_raise(CA_E_DENIED, "path.length: CA %s has path length 0: "
		    "no CA may be below it (RFC 5280 4.2.1.9)", is->row.ident);
	else
		ca_raise(CA_E_DENIED, "path.length: CA %s has path length %d; "
		    "profile %s must have a smaller one (RFC 5280 4.2.1.9)",
		    is->row.ident, above, p->name);
	return 0;
}

/* Cut off silently it would be found when it is too late. */
static int
end_fits(const struct ceremony *r, const struct issuer *is,
    const struct profile *p)
{
	int64_t end = r->now - p->backdate + p->duration - 1;
	char ours[32], theirs[32];

	if (p->may_outlive_issuer || p->no_end || end <= is->build.not_after)
		return 1;
	date(end, ours);
	date(is->build.not_after, theirs);
	ca_raise(CA_E_DENIED, "validity.issuer: a certificate of profile %s "
	    "would last until %s, its issuer %s only until %s; take a profile "
	    "with a shorter validity, or renew the issuer first", p->name,
	    ours, is->row.ident, theirs);
	return 0;
}

int
ceremony_may_certify(const struct ceremony *r, const struct issuer *is,
    const struct profile *p)
{
	if (p->issuer[0] != '\0' && strcmp(p->issuer, is->row.name) != 0 &&
	    strcmp(p->issuer, is->row.ident) != 0) {
		ca_raise(CA_E_DENIED, "profile.issuer: profile %s is for "
		    "certificates under CA %s, not under %s", p->name,
		    p->issuer, is->row.ident);
		return 0;
	}
	return path_fits(is, p) && end_fits(r, is, p);
}
