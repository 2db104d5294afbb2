#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/cacerts.h"
#include "ca/engine/facts.h"
#include "ca/engine/ops.h"
#include "ca/engine/superseded.h"

/* What the RA asks: enrolment, the public part of the fleets, a sign of life. */

void
ops_admit_env(struct ops_call *c, struct policy *policy, struct admit_env *env)
{
	memset(env, 0, sizeof(*env));
	env->store = c->ca->store;
	env->policy = policy;
	env->limits = c->ca->limits;
	env->maker_crls = c->ca->maker_crls;
	env->verifier = &c->ca->verifier;
	env->own_roots = (const unsigned char (*)[32])c->ca->own_roots;
	env->n_own_roots = c->ca->n_own_roots;
	env->now = c->now;
}

void
ops_log_issued(struct ops_call *c, const struct cert_row *row)
{
	char serial[2 * CERT_SERIAL_MAX + 1];

	ops_hex(row->serial, row->serial_len, serial);
	report_event(REPORT_INFO, "issue.done", "req", c->req, "who", c->who,
	    "issuer", row->issuer_ident, "serial", serial, "profile",
	    row->profile, "fleet", row->fleet, "device", row->device, "auth",
	    row->auth, "subject", row->subject, "deviations", row->deviations,
	    NULL);
}

int
ops_answer_cert(struct ops_call *c, const unsigned char *der, size_t len,
    const struct cert_row *row)
{
	WIRE_FIELDS *v = c->answer->values;
	char serial[2 * CERT_SERIAL_MAX + 1];

	ops_hex(row->serial, row->serial_len, serial);
	return field_add_bytes(v, "cert", der, len) &&
	    field_add_text(v, "serial", serial) &&
	    field_add_text(v, "issuer", row->issuer_ident) &&
	    field_add_text(v, "deviations",
	    row->deviations[0] != '\0' ? row->deviations : NULL);
}

static int
guard(struct store_tx *tx, void *arg, struct cert_row *row, time_t now)
{
	return admit_guard(tx, arg, row, now);
}

void
ops_fill_job(struct admission *a, struct issue_job *job)
{
	memset(job, 0, sizeof(*job));
	job->profile = a->profile;
	job->policy_version = a->policy->row.version;
	job->csr = a->csr;
	job->fields = a->fields;
	job->n_fields = a->n_fields;
	job->subject = a->subject;
	job->subject_len = a->subject_len;
	job->san = a->san;
	job->san_len = a->san_len;
	job->by_rules = a->by_rules;
	job->facts = a->facts;
	job->facts_len = a->facts_len;
	job->attested = a->attested;
	job->evidence = a->evidence;
	job->fleet = a->fleet != NULL ? a->fleet->name : NULL;
	job->device = a->device;
	job->requester = a->requester;
	job->auth = a->auth;
	job->deviations = a->deviations;
	job->predecessor = a->renewal ? a->predecessor.id : 0;
	job->guard = guard;
	job->guard_arg = a;
}

/* The key that was made for the device, this one time. */
static int
answer_key(struct ops_call *c, const struct admission *a,
    const struct issued *out)
{
	unsigned char *key = NULL;
	size_t len = 0;
	int ok;

	if (a->keygen == NULL)
		return 1;
	ok = keygen_answer(a->keygen, out->der, out->der_len, &key, &len) &&
	    field_add_bytes(c->answer->values, "private_key", key, len) &&
	    field_add_flag(c->answer->values, "encrypted",
	    keygen_encrypts(a->keygen));
	OPENSSL_clear_free(key, len);
	return ok;
}

int
ops_issue(struct ops_call *c, struct admission *a)
{
	struct issue_job job;
	struct issued out;
	int ok;

	if (!ca_may_issue(c->ca))
		return outcome_from_errors(&c->o, "sign");
	if (!facts_make(a))
		return outcome_from_errors(&c->o, "build");
	ops_fill_job(a, &job);
	job.load = &c->ca->load;
	job.issuer = ca_issuer_lock(c->ca, a->profile->issuer, c->now);
	if (job.issuer == NULL) {
		/* A CA that is not there is no fault of the device. */
		if (c->role == OPS_RA)
			ca_raise(CA_E_SIGN, "profile %s: its CA cannot sign",
			    a->profile->name);
		return outcome_from_errors(&c->o, "sign");
	}
	ok = issue_cert(c->ca->store, &job, c->now, &out, &c->o);
	ca_issuer_unlock(c->ca, job.issuer);
	if (!ok) {
		if (c->o.status == WIRE_LIMITED && a->retry_after > 0)
			c->o.retry_after = a->retry_after;
		return 0;
	}
	ops_log_issued(c, &out.row);
	ok = ops_answer_cert(c, out.der, out.der_len, &out.row) &&
	    answer_key(c, a, &out);
	issued_clear(&out);
	return ok;
}

struct again {			/* an idempotent retry */
	int64_t id;
	struct cert_row row;
	unsigned char *der;
	size_t len;
};

static int
again_tx(struct store_tx *tx, void *arg)
{
	struct again *a = arg;

	return certs_by_id(tx, a->id, &a->row) == 1 &&
	    certs_der(tx, a->id, &a->der, &a->len) == 1;
}

int
ops_answer_again(struct ops_call *c, int64_t id)
{
	struct again a = {.id = id};
	int ok;

	ok = ops_read(c, again_tx, &a) &&
	    ops_answer_cert(c, a.der, a.len, &a.row);
	if (ok)
		report_event(REPORT_INFO, "issue.again", "req", c->req, "device",
		    a.row.device, "fleet", a.row.fleet, NULL);
	OPENSSL_free(a.der);
	return ok;
}

static int
take_chain(struct ops_call *c, struct enrol_request *r)
{
	const WIRE_FIELD *f;
	size_t i;

	r->n_chain = field_count(c->args, "chain");
	if (r->n_chain > ADMIT_CHAIN_MAX)
		return ops_bad(c, "chain", "more than %d certificates",
		    ADMIT_CHAIN_MAX);
	for (i = 0; i < r->n_chain; i++) {
		f = field_find(c->args, "chain", i);
		r->chain[i] = field_get_bytes(f, &r->chain_len[i]);
	}
	return 1;
}

static int
take_server(struct ops_call *c, struct enrol_request *r)
{
	size_t i, len;

	r->n_server = field_count(c->args, "server_sha256");
	if (r->n_server > ADMIT_SERVER_MAX)
		return ops_bad(c, "server_sha256",
		    "more than %d certificates", ADMIT_SERVER_MAX);
	for (i = 0; i < r->n_server; i++) {
		r->server[i] = field_get_bytes(field_find(c->args,
		    "server_sha256", i), &len);
		if (len != 32)
			return ops_bad(c, "server_sha256",
			    "a SHA-256 has 32 octets");
	}
	return 1;
}

int
ops_take_request(struct ops_call *c, struct enrol_request *r)
{
	memset(r, 0, sizeof(*r));
	r->label = ops_text(c, "label");
	r->renew = field_flag(c->args, "renew", 0);
	r->keygen = field_flag(c->args, "keygen", 0);
	r->csr = field_bytes(c->args, "csr", &r->csr_len);
	r->user = ops_text(c, "user");
	r->secret = ops_text(c, "secret");
	r->tls_unique = field_bytes(c->args, "tls_unique", &r->tls_unique_len);
	r->tls_exporter = field_bytes(c->args, "tls_exporter",
	    &r->tls_exporter_len);
	r->address = ops_text(c, "address");
	r->client = ops_text(c, "client");
	r->session = ops_text(c, "session");
	r->requester = c->who;
	return take_chain(c, r) && take_server(c, r);
}

static void
clone_alarm(struct ops_call *c, const struct enrol_request *r)
{
	unsigned long before = ERR_peek_last_error();

	ERR_set_mark();
	if (admit_clone_alarm(c->ca->store, r, &c->o, c->now))
		report_event(REPORT_ERROR, "alarm.clone", "req", c->req,
		    "party", c->o.who, NULL);
	else if (ERR_peek_last_error() != before)
		/* Not parked and not on record: the line must do. */
		report_event(REPORT_ERROR, "alarm.unwritten", "req", c->req,
		    "party", c->o.who, NULL);
	ERR_pop_to_mark();
}

/* One key on two devices: copied, or made by a generator that is none. */
static void
key_alarm(struct ops_call *c)
{
	if (strcmp(c->o.rule, "key.duplicate") == 0)
		report_event(REPORT_ERROR, "alarm.key", "req", c->req, "party",
		    c->o.who, "other", c->o.other[0] != '\0' ? c->o.other : NULL,
		    NULL);
}

struct contact {		/* of a device whose request changes nothing */
	int64_t device, anchor;
	time_t now;
};

static int
contact_tx(struct store_tx *tx, void *arg)
{
	const struct contact *k = arg;

	return devices_use_anchor(tx, k->device, k->anchor, k->now) >= 0;
}

/* Once for each device and root: what it cost is no matter. */
static void
note_contact(struct ops_call *c, const struct enrol_request *r, int64_t device,
    int64_t known)
{
	struct contact k = {device, 0, c->now};

	if (device != 0)
		k.anchor = anchors_used(c->ca->anchors, c->ca->store,
		    r->server, r->n_server, known, c->now);
	if (k.anchor == 0)
		return;
	ERR_set_mark();
	if (!store_write(c->ca->store, contact_tx, &k, 0))
		report_event(REPORT_WARN, "anchor.unwritten", "req", c->req,
		    "party", c->o.who, NULL);
	ERR_pop_to_mark();
}

/* What was admitted: a certificate, or again the one that it has. */
static int
answer_admitted(struct ops_call *c, const struct enrol_request *r,
    struct admission *a)
{
	c->o.authenticated = 1;
	snprintf(c->o.who, sizeof(c->o.who), "%s/%s",
	    a->fleet->name, a->device);
	if (a->existing != 0) {
		if (a->station == NULL)
			note_contact(c, r, a->device_id, a->known_anchor);
		return ops_answer_again(c, a->existing);
	}
	/* Which root a station knows says nothing of its devices. */
	if (a->station == NULL)
		a->anchor = anchors_used(c->ca->anchors, c->ca->store,
		    r->server, r->n_server, a->known_anchor, c->now);
	return ops_issue(c, a);
}

/* It waits for people: no refusal, and nothing for the log. */
static int
answer_pending(struct ops_call *c)
{
	return message_set_status(c->answer, WIRE_PENDING) &&
	    message_set_refusal(c->answer, c->o.stage, c->o.rule, c->o.field,
		c->o.text) &&
	    message_set_retry(c->answer, c->o.retry_after);
}

int
ops_enroll(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct admission *a = NULL;
	struct enrol_request r;
	struct admit_env env;
	int ok = 0;

	if (!ops_take_request(c, &r))
		goto out;
	ops_admit_env(c, policy, &env);
	if (!admit_enrol(&env, &r, &a, &c->o)) {
		note_contact(c, &r, c->o.device, c->o.known_anchor);
		clone_alarm(c, &r);
		key_alarm(c);
		ok = c->o.status == WIRE_PENDING && answer_pending(c);
		goto out;
	}
	ok = answer_admitted(c, &r, a);
	if (!ok && c->o.status != WIRE_OK) {
		clone_alarm(c, &r);
		key_alarm(c);
	}
out:
	ops_note_client(c, policy, &r, ok);
	superseded_contact(c->ca->store, c->o.succeeded, c->now);
	admit_free(a);
	policy_put(policy);
	return ok;
}

static int
add_fleet(struct ops_call *c, const struct fleet *f, const struct cacerts *k)
{
	WIRE_FIELDS *row = message_add_row(c->answer);
	unsigned char *attrs = NULL;
	size_t len;
	int ok;

	ok = row != NULL && policy_csrattrs(f, &attrs, &len) &&
	    field_add_text(row, "label", f->label) &&
	    field_add_text(row, "name", f->name) &&
	    field_add_flag(row, "default", f->is_default) &&
	    cacerts_add(k, f->compiled->issuer, c->now, row) &&
	    field_add_bytes(row, "csrattrs", attrs, len) &&
	    field_add_flag(row, "basic", f->basic) &&
	    field_add_flag(row, "serverkeygen", f->keygen) &&
	    field_add_flag(row, "tls_client",
	    f->own || f->n_makers > 0 || f->n_stations > 0) &&
	    field_add_text(row, "answer_wrap", f->answer_wrap);
	OPENSSL_free(attrs);
	return ok;
}

int
ops_fleets(struct ops_call *c)
{
	struct policy *p = ca_policy(c->ca);
	struct cacerts *k = cacerts_read(c->ca->store);
	size_t i;
	int ok = k != NULL;

	for (i = 0; ok && i < p->n_fleets; i++)
		ok = add_fleet(c, p->fleets[i], k);
	cacerts_free(k);
	policy_put(p);
	return ok;
}

int
ops_ping(struct ops_call *c)
{
	char why[256];

	clock_stopped(&c->ca->clock, why, sizeof(why));
	return field_add_text(c->answer->values, "status",
	    why[0] != '\0' ? why : "ok");
}
