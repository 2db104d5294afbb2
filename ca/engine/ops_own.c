#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/chain.h"
#include "ca/engine/own.h"
#include "ca/engine/ops.h"

/*
 * renew-own: a service of ours renews its certificate. The CSR is signed by the
 * new key and proven by the current one; the profile is that of the current
 * certificate, and the peer's uid must be one that may renew it. Subject and
 * SAN are those of the current certificate; which CA signs says own.h.
 */

struct own {
	struct cert_row row;
	X509 *cert;
	unsigned char *subject, *san;
	int subject_len, san_len;
	struct own_links links;
};

static int
find_tx(struct store_tx *tx, void *arg)
{
	struct own *o = arg;
	unsigned char md[32];
	int found;

	memcpy(md, o->row.cert_sha256, 32);
	found = certs_by_sha256(tx, md, &o->row);
	if (found == 0)
		ca_raise(CA_E_DENIED, "own.certificate: not one of ours");
	return found == 1;
}

static int
read_current(struct ops_call *c, struct own *o)
{
	size_t len;
	const unsigned char *der = field_bytes(c->args, "current", &len);
	const unsigned char *p = der;
	X509_EXTENSION *ext;
	int i;

	o->cert = d2i_X509(NULL, &p, (long)len);
	if (o->cert == NULL || p != der + len) {
		ca_raise(CA_E_BADREQUEST, "own.current: not a certificate");
		return 0;
	}
	SHA256(der, len, o->row.cert_sha256);
	if (!ops_read(c, find_tx, o))
		return 0;
	o->subject_len = i2d_X509_NAME(X509_get_subject_name(o->cert),
	    &o->subject);
	i = X509_get_ext_by_NID(o->cert, NID_subject_alt_name, -1);
	if (i >= 0) {
		ext = X509_get_ext(o->cert, i);
		o->san_len = ASN1_STRING_length(X509_EXTENSION_get_data(ext));
		o->san = OPENSSL_memdup(ASN1_STRING_get0_data(
		    X509_EXTENSION_get_data(ext)), (size_t)o->san_len);
	}
	return o->subject_len > 0;
}

static int
may_renew(struct ops_call *c, const struct own *o)
{
	const struct settings_peers *list = &c->ca->settings->svc;
	size_t i, k;

	for (i = 0; i < list->n; i++) {
		if (list->peer[i].is_group ||
		    list->peer[i].uid != c->peer->uid)
			continue;
		for (k = 0; k < list->peer[i].n_profiles; k++)
			if (strcmp(list->peer[i].profiles[k],
			    o->row.profile) == 0)
				return 1;
	}
	ca_raise(CA_E_DENIED, "own.profile: uid %u may not renew a certificate "
	    "of profile %s", (unsigned)c->peer->uid, o->row.profile);
	return 0;
}

static int
is_valid(const struct cert_row *row)
{
	if (row->state == CERT_VALID)
		return 1;
	ca_raise(CA_E_DENIED, "own.state: the current certificate is %s",
	    certs_state_name(row->state));
	return 0;
}

static int
still_good(struct ops_call *c, const struct own *o)
{
	if (!is_valid(&o->row))
		return 0;
	if (o->row.not_after < c->now) {
		ca_raise(CA_E_DENIED, "own.expired: the current certificate "
		    "has expired");
		return 0;
	}
	return 1;
}

/* The current key signed these very octets. */
static int
proven(struct ops_call *c, const struct own *o)
{
	size_t csr_len, len;
	const unsigned char *csr = field_bytes(c->args, "csr", &csr_len);
	const unsigned char *proof = field_bytes(c->args, "proof", &len);
	EVP_PKEY *key = X509_get0_pubkey(o->cert);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *md = key != NULL && EVP_PKEY_is_a(key, "ED25519") ?
	    NULL : EVP_sha256();
	int ok;

	ok = ctx != NULL && key != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, proof, len, csr, csr_len) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		ca_raise(CA_E_DENIED, "own.proof: the current key has not "
		    "signed this request");
	return ok;
}

static int
add_chain(struct ops_call *c, const struct issuer *is)
{
	STACK_OF(X509) *above = NULL;
	unsigned char *der = NULL;
	int i, len, ok;

	ok = field_add_bytes(c->answer->values, "chain", is->row.cert,
	    is->row.cert_len) && chain_above(c->ca, is, &above);
	for (i = 0; ok && i < sk_X509_num(above); i++) {
		len = i2d_X509(sk_X509_value(above, i), &der);
		ok = len > 0 && field_add_bytes(c->answer->values, "chain",
		    der, (size_t)len);
		OPENSSL_free(der);
		der = NULL;
	}
	sk_X509_pop_free(above, X509_free);
	return ok;
}

/* Once more inside the reserving transaction: the current certificate may have
   been revoked since, and a key that was lost is not taken back. */
static int
guard_own(struct store_tx *tx, void *arg, struct cert_row *row, time_t now)
{
	const struct own *o = arg;
	struct cert_row current;
	int blocked = certs_key_blocked(tx, row->spki_sha256);

	(void)now;
	if (blocked < 0 || certs_by_id(tx, o->row.id, &current) != 1)
		return 0;
	if (blocked) {
		ca_raise(CA_E_DENIED, "key.blocked: this key was reported as "
		    "compromised");
		return 0;
	}
	return is_valid(&current);
}

/* Ident of the CA that signs. */
static const char *
issuer_for(struct ops_call *c, const struct own *o, const struct profile *p)
{
	const struct issuer_set *set = &c->ca->issuers;
	const struct issuer *current = issuer_set_by_id(set, o->row.issuer);
	const struct issuer *is, *newest;

	if (p->class == PROFILE_OCSP || current == NULL)
		return o->row.issuer_ident;
	is = own_server_issuer(set, &o->links, current);
	newest = issuer_set_find(set, current->row.name);
	if (is == current && newest != NULL && newest != current)
		report_event(REPORT_WARN, "own.stays", "req", c->req,
		    "issuer", current->row.ident, "newer", newest->row.ident,
		    NULL);
	return is->row.ident;
}

static int
issue_own(struct ops_call *c, struct own *o, struct csr *csr,
    const struct profile *p)
{
	struct issued out;
	struct issue_job job = {
	    .profile = p,
	    .csr = csr,
	    .subject = o->subject,
	    .subject_len = (size_t)o->subject_len,
	    .san = o->san,
	    .san_len = (size_t)o->san_len,
	    .requester = c->who,
	    .auth = "own",
	    .guard = guard_own,
	    .guard_arg = o,
	};
	struct policy *policy = ca_policy(c->ca);
	int ok = 0;

	job.policy_version = policy->row.version;
	policy_put(policy);
	if (!ca_may_issue(c->ca) ||
	    !own_links_read(&o->links, c->ca->store, c->now))
		return 0;
	/* Who answers for a disabled CA goes on with what it issued. */
	job.issuer = ca_issuer_lock_for(c->ca, issuer_for(c, o, p),
	    p->class == PROFILE_OCSP ? ISSUER_TO_VOUCH : ISSUER_TO_ISSUE,
	    c->now);
	if (job.issuer == NULL)
		return 0;
	if (issue_cert(c->ca->store, &job, c->now, &out, &c->o)) {
		ops_log_issued(c, &out.row);
		ok = field_add_bytes(c->answer->values, "cert", out.der,
		    out.der_len) && add_chain(c, job.issuer) &&
		    own_links_add(&c->ca->issuers, &o->links, job.issuer,
		    c->answer->values);
		issued_clear(&out);
	}
	ca_issuer_unlock(c->ca, job.issuer);
	return ok;
}

int
ops_renew_own(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	const struct profile *p;
	struct csr *csr = NULL;
	struct own o = {.cert = NULL};
	const unsigned char *der;
	size_t len;
	int ok = 0;

	c->o.authenticated = 1;
	if (!read_current(c, &o) || !may_renew(c, &o) || !still_good(c, &o) ||
	    !proven(c, &o))
		goto out;
	p = policy_profile(policy, o.row.profile);
	if (p == NULL) {
		ca_raise(CA_E_DENIED, "own.profile: the policy has no profile "
		    "%s any more", o.row.profile);
		goto out;
	}
	der = field_bytes(c->args, "csr", &len);
	csr = csr_parse(der, len);
	ok = csr != NULL && csr_verify(csr) &&
	    profile_allows(p, PROFILE_BY_SERVICE) && issue_own(c, &o, csr, p);
out:
	csr_free(csr);
	X509_free(o.cert);
	OPENSSL_free(o.subject);
	OPENSSL_free(o.san);
	own_links_clear(&o.links);
	policy_put(policy);
	return ok;
}
