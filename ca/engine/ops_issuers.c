#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/chain.h"
#include "ca/engine/crl.h"
#include "ca/engine/ops.h"
#include "ca/engine/retire.h"
#include "ca/engine/subca.h"

/* CAs that come, are looked at, and are put out of use, while inkan-ca runs. */

/* --- a request for a certificate of a foreign CA --- */

static int
take_request(struct ops_call *c, struct subca_request *r)
{
	const WIRE_FIELD *f;
	size_t i;

	memset(r, 0, sizeof(*r));
	r->name = ops_text(c, "name");
	r->generation = field_int(c->args, "generation", 0);
	r->token = ops_text(c, "token") != NULL ? ops_text(c, "token") : "";
	r->key_type = ops_text(c, "key_type");
	r->http_url = ops_text(c, "http_url");
	r->crl_lifetime = field_int(c->args, "crl_lifetime", 0);
	r->crl_interval = field_int(c->args, "crl_interval", 0);
	r->crl_shards = field_int(c->args, "crl_shards", 0);
	r->keep_expired = field_flag(c->args, "keep_expired", 0);
	r->path_len = field_int(c->args, "path_len", 0);
	r->who = c->who;
	r->now = c->now;
	r->n_set = field_count(c->args, "set");
	if (r->n_set > SUBCA_SET_MAX)
		return ops_bad(c, "set", "more than %d", SUBCA_SET_MAX);
	for (i = 0; i < r->n_set; i++) {
		f = field_find(c->args, "set", i);
		r->set[i] = field_get_text(f);
	}
	return 1;
}

static int
abandon(struct ops_call *c)
{
	const char *name = ops_text(c, "name");
	int ok;

	pthread_mutex_lock(&c->ca->issuers_lock);
	ok = subca_abandon(c->ca, name, c->who, c->now);
	pthread_mutex_unlock(&c->ca->issuers_lock);
	if (!ok)
		return 0;
	report_event(REPORT_WARN, "ca.abandoned", "req", c->req, "who", c->who,
	    "issuer", name, NULL);
	return field_add_text(c->answer->values, "state", "abandoned");
}

static int
add_pending(WIRE_FIELDS *l, const struct pending_ca_row *row)
{
	return field_add_text(l, "ident", row->ident) &&
	    field_add_text(l, "name", row->name) &&
	    field_add_int(l, "generation", row->generation) &&
	    field_add_text(l, "state", "pending") &&
	    field_add_text(l, "token", row->token) &&
	    field_add_text(l, "key_uri", row->key_uri);
}

/* The subject that was asked for. */
static int
add_csr_subject(WIRE_FIELDS *l, const struct pending_ca_row *row)
{
	const unsigned char *p = row->csr;
	X509_REQ *csr = d2i_X509_REQ(NULL, &p, (long)row->csr_len);
	int ok;

	ok = csr != NULL && ops_add_name(l, "subject",
	    X509_REQ_get_subject_name(csr));
	X509_REQ_free(csr);
	return ok;
}

static int
answer_pending(struct ops_call *c, const struct pending_ca_row *row, int der)
{
	WIRE_FIELDS *v = c->answer->values;

	return add_pending(v, row) && add_csr_subject(v, row) &&
	    field_add_text(v, "crl_url", row->crl_url) &&
	    field_add_text(v, "ocsp_url", row->ocsp_url) &&
	    field_add_text(v, "issuer_url", row->issuer_url) &&
	    field_add_int(v, "crl_lifetime", row->crl_lifetime) &&
	    field_add_int(v, "crl_interval", row->crl_interval) &&
	    field_add_time(v, "created", row->created) &&
	    (!der || field_add_bytes(v, "der", row->csr, row->csr_len));
}

int
ops_ca_request(struct ops_call *c)
{
	struct pending_ca_row row;
	struct subca_request r;
	int ok;

	c->o.authenticated = 1;
	if (field_flag(c->args, "abandon", 0))
		return abandon(c);
	if (!take_request(c, &r))
		return 0;
	pthread_mutex_lock(&c->ca->issuers_lock);
	ok = subca_request(c->ca, &r, &row);
	pthread_mutex_unlock(&c->ca->issuers_lock);
	if (!ok)
		return 0;
	report_event(REPORT_INFO, "ca.requested", "req", c->req, "who", c->who,
	    "issuer", row.ident, "token", row.token[0] != '\0' ? row.token :
	    NULL, NULL);
	ok = answer_pending(c, &row, 1);
	pending_cas_row_clear(&row);
	return ok;
}

static int
list_pending(const struct pending_ca_row *row, void *arg)
{
	struct ops_call *c = arg;
	WIRE_FIELDS *l = message_add_row(c->answer);

	return l != NULL && add_pending(l, row) && add_csr_subject(l, row);
}

static int
pending_tx(struct store_tx *tx, void *arg)
{
	return pending_cas_list(tx, list_pending, arg);
}

int
ops_add_pending(struct ops_call *c)
{
	return ops_read(c, pending_tx, c);
}

struct showing {
	const char *name;
	struct pending_ca_row row;
};

static int
show_tx(struct store_tx *tx, void *arg)
{
	struct showing *s = arg;

	return pending_cas_get(tx, s->name, &s->row) >= 0;
}

int
ops_show_pending(struct ops_call *c, const char *name)
{
	struct showing s = {.name = name};
	int ok;

	if (!ops_read(c, show_tx, &s))
		return 0;
	if (s.row.csr == NULL)
		return ops_not_found(c, "name", "no CA \"%s\"", name);
	ok = answer_pending(c, &s.row, 0);
	pending_cas_row_clear(&s.row);
	return ok;
}

/* --- the certificate --- */

static int
take_chain(struct ops_call *c, STACK_OF(X509) *chain)
{
	size_t i, len, n = field_count(c->args, "chain");
	const unsigned char *p, *end;
	X509 *cert;

	if (n > SUBCA_CHAIN_MAX)
		return ops_bad(c, "chain", "more than %d certificates",
		    SUBCA_CHAIN_MAX);
	for (i = 0; i < n; i++) {
		p = field_get_bytes(field_find(c->args, "chain", i), &len);
		end = p + len;
		cert = d2i_X509(NULL, &p, (long)len);
		if (cert == NULL || p != end ||
		    sk_X509_push(chain, cert) <= 0) {
			X509_free(cert);
			return ops_bad(c, "chain", "certificate %zu is not DER",
			    i + 1);
		}
	}
	return 1;
}

/* The first CRL at once: whoever verifies a certificate asks for it. What fails
   of that is on record, and the schedule tries again. */
static void
first_crl(struct ops_call *c, const char *ident)
{
	if (!ca_may_vouch(c->ca) || !ops_issue_crl(c, ident))
		report_errors(REPORT_ERROR, "crl.failed", "issuer", ident,
		    NULL);
}

static int
answer_import(struct ops_call *c, const struct issuer *is)
{
	WIRE_FIELDS *v = c->answer->values;
	char sha256[65];

	ops_hex(is->sha256, 32, sha256);
	report_event(REPORT_INFO, "ca.imported", "req", c->req, "who", c->who,
	    "issuer", is->row.ident, "sha256", sha256, NULL);
	first_crl(c, is->row.ident);
	return field_add_text(v, "ident", is->row.ident) &&
	    ops_add_name(v, "subject", X509_get_subject_name(is->cert)) &&
	    ops_add_name(v, "issued_by", X509_get_issuer_name(is->cert)) &&
	    field_add_time(v, "not_after", is->row.not_after) &&
	    field_add_text(v, "sha256", sha256) &&
	    field_add_text(v, "state", ops_issuer_state(is));
}

int
ops_ca_import(struct ops_call *c)
{
	struct subca_import in = {.name = ops_text(c, "name"), .who = c->who,
	    .now = c->now};
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct issuer *is = NULL;
	int ok;

	c->o.authenticated = 1;
	in.cert = field_bytes(c->args, "cert", &in.cert_len);
	in.chain = chain;
	ok = chain != NULL && take_chain(c, chain);
	if (ok) {
		pthread_mutex_lock(&c->ca->issuers_lock);
		ok = subca_import(c->ca, &in, &is);
		pthread_mutex_unlock(&c->ca->issuers_lock);
	}
	sk_X509_pop_free(chain, X509_free);
	return ok && answer_import(c, is);
}

/* --- out of use, and back --- */

struct switching {
	struct ops_call *c;
	const struct issuer *is;
	enum issuer_state to;
};

static int
switch_tx(struct store_tx *tx, void *arg)
{
	struct switching *s = arg;
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "issuer", s->is->row.ident) &&
	    field_add_text(l, "who", s->c->who) &&
	    field_add_text(l, "text", ops_text(s->c, "reason")) &&
	    issuers_set_state(tx, s->is->row.id, s->to) &&
	    entries_append(tx, s->to == ISSUER_DISABLED ? "ca.disable" :
	    "ca.enable", s->c->now, l, NULL);
	field_list_free(l);
	return ok;
}

struct asking {
	int64_t id;
	enum issuer_state state;
};

static int
ask_one(const struct issuer_row *row, void *arg)
{
	struct asking *a = arg;

	if (row->id == a->id)
		a->state = row->state;
	return 1;
}

static int
ask_tx(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, ask_one, arg);
}

/* Durable also where status.db alone could not be told: it catches up. */
static int
save_state(struct switching *s)
{
	struct store *store = s->c->ca->store;
	struct asking a = {s->is->row.id, s->is->row.state};

	if (store_write(store, switch_tx, s, STORE_URGENT))
		return 1;
	if (!store_read(store, ask_tx, &a) || a.state != s->to)
		return 0;
	report_errors(REPORT_ERROR, "ca.unpublished", "issuer",
	    s->is->row.ident, NULL);
	return 1;
}

/* With its token's lock nobody signs meanwhile: when the operator is answered,
   nothing more is issued. */
static int
switch_locked(struct switching *s)
{
	struct ca *ca = s->c->ca;
	struct issuer_row row = s->is->row;
	struct issuer *fresh;

	row.state = s->to;
	fresh = issuer_changed(s->is, &row);
	if (fresh == NULL)
		return 0;
	if (!save_state(s)) {
		issuer_free(fresh);
		return 0;
	}
	issuer_set_replace(&ca->issuers, s->is, fresh);
	return 1;
}

struct own_cert {
	const unsigned char *sha256;
	struct cert_row row;
	int found;
};

static int
own_cert_tx(struct store_tx *tx, void *arg)
{
	struct own_cert *o = arg;

	o->found = certs_by_sha256(tx, o->sha256, &o->row);
	return o->found >= 0;
}

/* A CA that was revoked, or has expired, is out of use for good. */
static int
may_enable(struct ops_call *c, const struct issuer *is)
{
	struct own_cert o = {.sha256 = is->sha256};

	if (is->row.not_after <= c->now)
		return outcome_refuse(&c->o, WIRE_DENIED, "", "ca.expired",
		    "name", "the certificate of %s has expired",
		    is->row.ident);
	if (!ops_read(c, own_cert_tx, &o))
		return 0;
	if (o.found && o.row.state != CERT_VALID)
		return outcome_refuse(&c->o, WIRE_DENIED, "", "ca.revoked",
		    "name", "the certificate of %s is %s", is->row.ident,
		    certs_state_name(o.row.state));
	return 1;
}

static int
switch_state(struct ops_call *c, struct issuer *is, enum issuer_state to)
{
	struct switching s = {c, is, to};
	int ok;

	if (is->row.state == ISSUER_ROOT)
		return outcome_refuse(&c->o, WIRE_DENIED, "", "ca.root",
		    "name", "%s is a root: it issues nothing here",
		    is->row.ident);
	if (is->row.state == to)
		return 1;
	if (to == ISSUER_ACTIVE && !may_enable(c, is))
		return 0;
	if (is->token == NULL)
		return switch_locked(&s);
	pthread_rwlock_wrlock(&is->token->lock);
	ok = switch_locked(&s);
	pthread_rwlock_unlock(&is->token->lock);
	return ok;
}

static int
change(struct ops_call *c, enum issuer_state to)
{
	struct issuer *is;
	const char *ident, *now;
	int ok;

	c->o.authenticated = 1;
	pthread_mutex_lock(&c->ca->issuers_lock);
	is = ops_find_issuer(c, "name", ops_text(c, "name"));
	ok = is != NULL && switch_state(c, is, to);
	pthread_mutex_unlock(&c->ca->issuers_lock);
	if (!ok)
		return 0;
	ident = is->row.ident;
	now = to == ISSUER_DISABLED ? "disabled" : "active";
	report_event(REPORT_WARN, "ca.state", "req", c->req, "who", c->who,
	    "issuer", ident, "state", now, NULL);
	return field_add_text(c->answer->values, "ident", ident) &&
	    field_add_text(c->answer->values, "state", now);
}

int
ops_ca_disable(struct ops_call *c)
{
	return change(c, ISSUER_DISABLED);
}

int
ops_ca_enable(struct ops_call *c)
{
	return change(c, ISSUER_ACTIVE);
}
