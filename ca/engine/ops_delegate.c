#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "profiles/csr.h"
#include "ca/engine/ops.h"

/*
 * ca.delegate: the first certificate of who answers OCSP for a CA. A ceremony
 * issues it for the CAs that it makes; for one that comes later the operator
 * asks, and names the CA. From then on the delegate renews it by itself.
 */

struct delegate {
	char name[OPS_SET_MAX][288];	/* "request.cn" */
	struct build_field field[OPS_SET_MAX];
	size_t n;
	struct csr *csr;
};

static int
take_fields(struct ops_call *c, struct delegate *d)
{
	const char *text, *eq;
	size_t i;

	d->n = field_count(c->args, "set");
	if (d->n > OPS_SET_MAX)
		return ops_bad(c, "set", "more than %d", OPS_SET_MAX);
	for (i = 0; i < d->n; i++) {
		text = field_get_text(field_find(c->args, "set", i));
		eq = strchr(text, '=');
		if (eq == NULL || eq == text || eq - text > 256)
			return ops_bad(c, "set", "\"%.80s\" is not of the form "
			    "field=value", text);
		snprintf(d->name[i], sizeof(d->name[i]), "request.%.*s",
		    (int)(eq - text), text);
		d->field[i].name = d->name[i];
		d->field[i].value = eq + 1;
	}
	return 1;
}

static int
take_csr(struct ops_call *c, struct delegate *d)
{
	const unsigned char *der;
	size_t len;

	der = field_bytes(c->args, "csr", &len);
	d->csr = csr_parse(der, len);
	return d->csr != NULL && csr_verify(d->csr);
}

/* Only what the delegate may renew, and only for OCSP: this is no way around
   what "inkan issue" refuses. */
static const struct profile *
find_profile(struct ops_call *c, const struct policy *policy)
{
	const char *name = ops_text(c, "profile");
	const struct profile *p;

	if (name == NULL)
		name = "ocsp-responder";
	p = policy_profile(policy, name);
	if (p == NULL) {
		(void)ops_not_found(c, "profile", "there is no profile \"%s\"",
		    name);
		return NULL;
	}
	if (p->class != PROFILE_OCSP) {
		(void)outcome_refuse(&c->o, WIRE_DENIED, "", "delegate.class",
		    "profile", "profile %s is not of class ocsp", name);
		return NULL;
	}
	return profile_allows(p, PROFILE_BY_SERVICE) ? p : NULL;
}

static int
guard(struct store_tx *tx, void *arg, struct cert_row *row, time_t now)
{
	int blocked = certs_key_blocked(tx, row->spki_sha256);

	(void)arg;
	(void)now;
	if (blocked > 0)
		ca_raise(CA_E_DENIED, "key.blocked: this key was reported as "
		    "compromised");
	return blocked == 0;
}

static int
issue(struct ops_call *c, const struct policy *policy,
    const struct profile *p, struct delegate *d)
{
	struct issued out;
	struct issue_job job = {
	    .profile = p,
	    .policy_version = policy->row.version,
	    .csr = d->csr,
	    .fields = d->field,
	    .n_fields = d->n,
	    .requester = c->who,
	    .auth = "operator",
	    .guard = guard,
	};
	int ok = 0;

	job.issuer = ca_issuer_lock_for(c->ca, ops_text(c, "name"),
	    ISSUER_TO_VOUCH, c->now);
	if (job.issuer == NULL)
		return 0;
	if (issue_cert(c->ca->store, &job, c->now, &out, &c->o)) {
		ops_log_issued(c, &out.row);
		ok = ops_answer_cert(c, out.der, out.der_len, &out.row);
		issued_clear(&out);
	}
	ca_issuer_unlock(c->ca, job.issuer);
	return ok;
}

int
ops_ca_delegate(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct delegate *d = OPENSSL_zalloc(sizeof(*d));
	const struct profile *p;
	int ok = 0;

	c->o.authenticated = 1;
	if (d == NULL || (p = find_profile(c, policy)) == NULL ||
	    !take_fields(c, d) || !take_csr(c, d) || !ca_may_issue(c->ca))
		goto out;
	ok = issue(c, policy, p, d);
out:
	if (d != NULL)
		csr_free(d->csr);
	OPENSSL_free(d);
	policy_put(policy);
	return ok;
}
