#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/attest_evidence.h"
#include "ca/engine/attest_nonce.h"
#include "ca/engine/verifier.h"
#include "ca/report/report.h"

/* --- the question --- */

WIRE_ANSWER *
evidence_ask(const struct admit_env *env, const struct appraise_ask *ask)
{
	WIRE_FIELDS *l = field_list_new();
	WIRE_ANSWER *a = NULL;
	int ok;

	ok = l != NULL &&
	    verifier_add_policy(l, env->verifier, ask->policy, env->now) &&
	    evidence_own_keys(env, ask, l) &&
	    field_add_bytes(l, "csr", ask->csr, ask->csr_len) &&
	    field_add_bytes(l, "spki", ask->spki, ask->spki_len) &&
	    field_add_bytes(l, "nonce", ask->expected, ask->expected_len) &&
	    (ask->ak_name_len == 0 ||
		(field_add_bytes(l, "ak_name", ask->ak_name,
		     ask->ak_name_len) &&
		    field_add_bytes(l, "ak_public", ask->ak_public,
			ask->ak_public_len)));
	if (ok)
		a = verifier_ask(env->verifier, "appraise", l);
	field_list_free(l);
	return a;
}

/* --- the judgement --- */

const char *
evidence_fact(const WIRE_ANSWER *a, const char *name)
{
	size_t i;

	for (i = 0; i < message_n_rows(a); i++)
		if (strcmp(field_text(message_row(a, i), "name", ""), name) ==
		    0)
			return field_text(message_row(a, i), "value", "");
	return NULL;
}

static int
same_key(const struct appraise_ask *ask, const WIRE_ANSWER *a)
{
	size_t len = 0;
	const unsigned char *key = field_bytes(a->values, "key", &len);

	return key != NULL && len == ask->spki_len &&
	    memcmp(key, ask->spki, len) == 0;
}

int
evidence_judge(const struct appraise_ask *ask, const WIRE_ANSWER *a,
    struct outcome *o)
{
	const struct fleet_require *r;
	const char *value;
	size_t i;

	if (message_answer_status(a) != WIRE_OK)
		return outcome_refuse(o,
		    message_answer_status(a) == WIRE_BADREQUEST
			? WIRE_BADREQUEST : WIRE_DENIED,
		    "attest", message_refusal(a, "rule"),
		    message_refusal(a, "field"), "%s",
		    message_refusal(a, "text"));
	if (!same_key(ask, a))
		return outcome_refuse(o, WIRE_DENIED, "attest", "attest.key",
		    "csr.key", "the evidence is about another key than the "
		    "request's");
	for (i = 0; i < ask->policy->n_require; i++) {
		r = &ask->policy->require[i];
		value = evidence_fact(a, r->fact);
		if (value == NULL && ask->known != NULL)
			value = field_text(ask->known, r->fact, NULL);
		if (value == NULL || !fleet_require_met(r, value))
			return outcome_refuse(o, WIRE_DENIED, "attest",
			    "attest.require", r->fact, "%s",
			    value == NULL
				? "the evidence does not show it"
				: "the evidence shows another value than the "
				  "fleet requires");
	}
	return ask->profile == NULL || evidence_claims(ask->profile, a, o);
}

/* --- the record --- */

void
evidence_row_free(struct evidence_row *row)
{
	if (row != NULL)
		evidence_row_clear(row);
	OPENSSL_free(row);
}

static int
add_hex(WIRE_FIELDS *l, const char *name, const unsigned char *p, size_t len)
{
	char text[2 * NONCE_PUBLIC_MAX + 1];

	return OPENSSL_buf2hexstr_ex(text, sizeof(text), NULL, p, len, '\0') ==
	    1 && field_add_text(l, name, text);
}

/* All that came out, and what was known before. */
static int
pack_facts(const WIRE_ANSWER *a, const struct appraise_ask *ask,
    const struct nonce_row *nonce, struct evidence_row *row)
{
	WIRE_FIELDS *l = field_list_new();
	const WIRE_FIELD *f;
	int k, ok = l != NULL;

	if (ok && nonce->ak_public_len > 0)
		ok = add_hex(l, EVIDENCE_AK_NAME, nonce->ak_name,
			 nonce->ak_name_len) &&
		    add_hex(l, EVIDENCE_AK_PUBLIC, nonce->ak_public,
			nonce->ak_public_len);
	for (k = 0; ok && k < sk_WIRE_FIELD_num(ask->known); k++) {
		f = sk_WIRE_FIELD_value(ask->known, k);
		ok = field_add_text(l, field_name(f), field_get_text(f));
	}
	ok = ok && (a == NULL || verifier_add_facts(l, a)) &&
	    field_list_encode(l, &row->facts, &row->facts_len);
	field_list_free(l);
	return ok;
}

static struct evidence_row *
make_row(const struct admitting *t, const struct appraise_ask *ask,
    const struct nonce_row *nonce, const WIRE_ANSWER *a)
{
	const struct fleet_evidence *e = ask->policy;
	struct evidence_row *row = OPENSSL_zalloc(sizeof(*row));
	int ok = row != NULL;

	if (!ok)
		return NULL;
	snprintf(row->fleet, sizeof(row->fleet), "%s", t->fleet->name);
	snprintf(row->device, sizeof(row->device), "%s", t->a->device);
	row->at = t->env->now;
	row->policy_version = t->a->policy->row.version;
	memcpy(row->nonce, ask->expected, ask->expected_len);
	row->nonce_len = ask->expected_len;
	memcpy(row->spki_sha256, csr_spki_sha256(t->a->csr), 32);
	SHA256(ask->csr, ask->csr_len, row->request_sha256);
	memcpy(row->evidence_sha256, row->request_sha256, 32);
	row->keep_until = e->retention > 0 ? t->env->now + e->retention : 0;
	if (e->keep_whole) {
		row->evidence = OPENSSL_memdup(ask->csr, ask->csr_len);
		row->evidence_len = ask->csr_len;
		ok = row->evidence != NULL;
	}
	ok = ok && pack_facts(a, ask, nonce, row);
	if (a != NULL)
		snprintf(row->format, sizeof(row->format), "%s",
		    field_text(a->values, "format", ""));
	if (!ok) {
		evidence_row_free(row);
		ca_raise(CA_E_INTERNAL, "out of memory");
		return NULL;
	}
	return row;
}

/* The log names the evidence, the nonce and the facts by their hashes: what they
   say is nobody's business but the operator's. */
static int
log_row(struct store_tx *tx, const struct evidence_row *row, time_t now)
{
	WIRE_FIELDS *l = field_list_new();
	unsigned char nonce[32], facts[32];
	int ok;

	SHA256(row->nonce, row->nonce_len, nonce);
	SHA256(row->facts, row->facts_len, facts);
	ok = l != NULL && field_add_text(l, "fleet", row->fleet) &&
	    field_add_text(l, "device", row->device) &&
	    field_add_text(l, "format", row->format) &&
	    field_add_int(l, "policy_version", row->policy_version) &&
	    add_hex(l, "evidence_sha256", row->evidence_sha256, 32) &&
	    add_hex(l, "nonce_sha256", nonce, 32) &&
	    add_hex(l, "facts_sha256", facts, 32) &&
	    add_hex(l, "key_sha256", row->spki_sha256, 32) &&
	    (row->accepted || field_add_text(l, "rule", row->rule)) &&
	    entries_append(tx,
		row->accepted ? "attest.accepted" : "attest.refused", now, l,
		NULL);
	field_list_free(l);
	return ok;
}

#define EXPIRE_ROWS 16

int
evidence_record(struct store_tx *tx, struct evidence_row *row, int64_t cert,
    time_t now)
{
	row->cert = cert;
	return evidence_add(tx, row) && log_row(tx, row, now) &&
	    evidence_expire(tx, now, EXPIRE_ROWS);
}

int
evidence_record_refusal(struct store_tx *tx, struct evidence_row *row,
    const struct outcome *o)
{
	int64_t n = 0;

	return store_count(tx, "evidence", outcome_party(o),
		   row->at - row->at % 3600, &n) &&
	    (n > OUTCOME_REFUSALS_PER_HOUR ||
		evidence_record(tx, row, 0, row->at));
}

struct refused {
	struct evidence_row *row;
	const struct outcome *o;
};

static int
refused_tx(struct store_tx *tx, void *arg)
{
	struct refused *r = arg;

	return evidence_record_refusal(tx, r->row, r->o);
}

/* What was refused is on record, too; that it cannot be written makes it no less
   refused. */
static void
record_refusal(struct admitting *t, const struct appraise_ask *ask,
    const struct nonce_row *nonce, const WIRE_ANSWER *a)
{
	struct refused r = {NULL, t->o};
	struct evidence_row *row;

	ERR_set_mark();
	row = r.row = make_row(t, ask, nonce, a);
	if (row != NULL) {
		snprintf(row->rule, sizeof(row->rule), "%s", t->o->rule);
		snprintf(row->text, sizeof(row->text), "%s", t->o->text);
	}
	if (row == NULL || !store_write(t->env->store, refused_tx, &r, 0))
		report_event(REPORT_WARN, "attest.unwritten", "fleet",
		    t->fleet->name, "device", t->a->device, NULL);
	ERR_pop_to_mark();
	evidence_row_free(row);
}

/* --- the stage --- */

static int
away(struct admitting *t, const WIRE_ANSWER *a)
{
	int park = t->fleet->evidence->unavailable == FLEET_AWAY_PARK;

	verifier_say_away(t->fleet->name, a);
	stage_refuse(t, park ? WIRE_PENDING : WIRE_UNAVAILABLE,
	    "attest.unavailable", "",
	    park ? "the evidence cannot be appraised now: send the same "
		   "request again"
		 : "evidence cannot be appraised now");
	t->o->retry_after = EVIDENCE_RETRY;
	return 0;
}

/* What profiles may use: of the evidence, and of the endorsement key. */
static int
add_facts(struct admitting *t, const struct evidence_row *row)
{
	const struct fleet_evidence *e = t->fleet->evidence;
	WIRE_FIELDS *l = field_list_decode(row->facts, row->facts_len);
	const char *value;
	size_t i;
	int ok = l != NULL;

	for (i = 0; ok && i < e->n_facts; i++) {
		value = field_text(l, e->facts[i], NULL);
		ok = value == NULL || value[0] == '\0' ||
		    attest_fact(t, e->facts[i], value);
	}
	field_list_free(l);
	return ok && attest_fact(t, "method", row->format);
}

static int
accept(struct admitting *t, const struct appraise_ask *ask,
    const struct nonce_row *nonce, const WIRE_ANSWER *a)
{
	struct evidence_row *row = make_row(t, ask, nonce, a);

	if (row == NULL)
		return 0;
	row->accepted = 1;
	t->a->evidence = row;
	t->a->attested = 1;
	stage_say(t, "%s evidence shows that the key is where it should be",
	    row->format);
	return add_facts(t, row);
}

static int
appraise(struct admitting *t, struct appraise_ask *ask,
    const struct nonce_row *nonce)
{
	WIRE_ANSWER *a = evidence_ask(t->env, ask);
	WIRE_FIELDS *known;
	int ok;

	if (!verifier_judged(a)) {
		ok = away(t, a);
		WIRE_ANSWER_free(a);
		return ok;
	}
	known = evidence_inherit(t->env, nonce->facts, nonce->facts_len, a);
	ask->known = known;
	ok = known != NULL && evidence_judge(ask, a, t->o);
	if (ok)
		ok = accept(t, ask, nonce, a);
	else if (known != NULL)
		record_refusal(t, ask, nonce, a);
	WIRE_ANSWER_free(a);
	field_list_free(known);
	return ok;
}

static const unsigned char *
client_of(const struct enrol_request *req, unsigned char md[32])
{
	if (req->n_chain == 0)
		return NULL;
	return SHA256(req->chain[0], req->chain_len[0], md);
}

static int
take_nonce(struct admitting *t, struct appraise_ask *ask,
    struct nonce_row *nonce, unsigned char expected[NONCE_LEN_MAX])
{
	unsigned char request[32], client[32];

	SHA256(ask->csr, ask->csr_len, request);
	if (!attest_nonce_take(t->env, t->fleet, t->req->session,
		client_of(t->req, client), request, nonce, expected,
		&ask->expected_len))
		return 0;
	ask->expected = expected;
	if (nonce->mode == NONCE_ACTIVATION) {
		ask->ak_name = nonce->ak_name;
		ask->ak_name_len = nonce->ak_name_len;
		ask->ak_public = nonce->ak_public;
		ask->ak_public_len = nonce->ak_public_len;
	}
	return 1;
}

int
attest_by_evidence(struct admitting *t)
{
	struct appraise_ask ask = {
	    .policy = t->fleet->evidence,
	    .profile = t->fleet->compiled,
	    .device = t->a->device};
	unsigned char expected[NONCE_LEN_MAX];
	struct nonce_row nonce;
	int ok;

	if (!csr_has_attribute(t->a->csr, EVIDENCE_OID))
		return stage_refuse(t, WIRE_DENIED, "attest.missing",
		    "csr.attestation", "the request carries no evidence, and "
		    "the fleet demands it");
	if (t->env->explain) {
		stage_say(t, "evidence would be appraised");
		t->a->attested = t->a->assumed = 1;
		return 1;
	}
	ask.csr = csr_der(t->a->csr, &ask.csr_len);
	ask.spki = csr_spki(t->a->csr, &ask.spki_len);
	if (!take_nonce(t, &ask, &nonce, expected))
		return 0;
	ok = appraise(t, &ask, &nonce);
	nonce_row_clear(&nonce);
	return ok;
}
