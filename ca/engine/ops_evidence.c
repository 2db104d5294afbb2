#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/attest_evidence.h"
#include "ca/engine/ops.h"
#include "ca/store/nonces.h"

/*
 * What devices have shown: looked at, and judged again by the policy of today.
 * Judging again changes nothing: no nonce is used, nothing is put on record. It
 * is done at the time of then, since certificates of then have ended since.
 */

#define REPLAY_MAX 1000

/* --- reading --- */

struct looking {
	const struct cert_row *cert;	/* or: */
	unsigned char sha256[32];
	struct evidence_row row;
	int found;
};

static int
look_tx(struct store_tx *tx, void *arg)
{
	struct looking *k = arg;

	k->found = k->cert != NULL
	    ? evidence_by_cert(tx, k->cert->id, &k->row)
	    : evidence_by_hash(tx, k->sha256, &k->row);
	return k->found >= 0;
}

static int
add_facts(struct ops_call *c, const WIRE_FIELDS *facts)
{
	const WIRE_FIELD *f;
	WIRE_FIELDS *row;
	int i;

	for (i = 0; i < sk_WIRE_FIELD_num(facts); i++) {
		f = sk_WIRE_FIELD_value(facts, i);
		row = message_add_row(c->answer);
		if (row == NULL || !field_add_text(row, "name", field_name(f)) ||
		    !field_add_text(row, "value", field_get_text(f)))
			return 0;
	}
	return 1;
}

static int
add_hash(WIRE_FIELDS *v, const char *name, const unsigned char md[32])
{
	char text[65];

	ops_hex(md, 32, text);
	return field_add_text(v, name, text);
}

static const char *
decision(int accepted)
{
	return accepted ? "accepted" : "refused";
}

static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static int
add_record(struct ops_call *c, const struct evidence_row *r)
{
	WIRE_FIELDS *v = c->answer->values;
	WIRE_FIELDS *facts = field_list_decode(r->facts, r->facts_len);
	unsigned char nonce[32];
	int ok;

	SHA256(r->nonce, r->nonce_len, nonce);
	ok = facts != NULL && field_add_int(v, "id", r->id) &&
	    field_add_text(v, "fleet", r->fleet) &&
	    field_add_text(v, "device", r->device) &&
	    field_add_time(v, "at", r->at) &&
	    field_add_text(v, "decision", decision(r->accepted)) &&
	    field_add_text(v, "rule", or_null(r->rule)) &&
	    field_add_text(v, "text", or_null(r->text)) &&
	    field_add_text(v, "format", or_null(r->format)) &&
	    field_add_int(v, "policy_version", r->policy_version) &&
	    add_hash(v, "evidence_sha256", r->evidence_sha256) &&
	    (r->nonce_len == 0 || add_hash(v, "nonce_sha256", nonce)) &&
	    field_add_text(v, "kept", r->evidence != NULL ? "whole" : "hash") &&
	    add_facts(c, facts);
	field_list_free(facts);
	return ok;
}

int
ops_evidence_show(struct ops_call *c)
{
	struct looking k = {.cert = NULL};
	struct cert_row cert;
	const unsigned char *csr;
	size_t len = 0;
	int ok;

	csr = field_bytes(c->args, "csr", &len);
	if (csr != NULL)
		SHA256(csr, len, k.sha256);
	else if (ops_text(c, "serial") == NULL)
		return ops_bad(c, "serial", "one of serial and csr");
	else if (!ops_find_cert(c, &cert))
		return 0;
	else
		k.cert = &cert;
	if (!ops_read(c, look_tx, &k))
		return 0;
	if (k.found != 1)
		return ops_not_found(c, csr != NULL ? "csr" : "serial",
		    "no evidence is on record for it");
	ok = add_record(c, &k.row);
	evidence_row_clear(&k.row);
	return ok;
}

/* --- judging again --- */

struct again {
	struct admit_env env;
	struct csr *csr;
	struct appraise_ask ask;
	unsigned char ak_name[NONCE_NAME_MAX], ak_public[NONCE_PUBLIC_MAX];
	WIRE_ANSWER *answer;
	WIRE_FIELDS *known;
	const struct evidence_row *row;	/* of then; NULL: none */
	struct outcome o;
	int accepted;
};

static void
again_clear(struct again *g)
{
	csr_free(g->csr);
	WIRE_ANSWER_free(g->answer);
	field_list_free(g->known);
}

/* A fact in hexadecimal, if it is there. */
static size_t
hex_fact(const WIRE_FIELDS *facts, const char *name, unsigned char *out,
    size_t size)
{
	const char *text = field_text(facts, name, NULL);
	size_t len = 0;
	int ok;

	ERR_set_mark();
	ok = text != NULL &&
	    OPENSSL_hexstr2buf_ex(out, size, &len, text, '\0') == 1;
	ERR_pop_to_mark();
	return ok ? len : 0;
}

static void
take_activation(struct again *g, const struct evidence_row *row)
{
	WIRE_FIELDS *facts = field_list_decode(row->facts, row->facts_len);

	g->row = row;
	g->ask.ak_name = g->ak_name;
	g->ask.ak_name_len = hex_fact(
	    facts, EVIDENCE_AK_NAME, g->ak_name, sizeof(g->ak_name));
	g->ask.ak_public = g->ak_public;
	g->ask.ak_public_len = hex_fact(
	    facts, EVIDENCE_AK_PUBLIC, g->ak_public, sizeof(g->ak_public));
	field_list_free(facts);
}

/* ${g}->env, ->ask but for the request are filled. 1 judged (g->accepted, g->o);
   0 raised, or refused with c->o: the verifier is away. */
static int
judge(struct ops_call *c, struct again *g, const unsigned char *der,
    size_t len)
{
	outcome_init(&g->o);
	g->csr = csr_parse(der, len);
	if (g->csr == NULL)
		return 0;
	g->ask.csr = csr_der(g->csr, &g->ask.csr_len);
	g->ask.spki = csr_spki(g->csr, &g->ask.spki_len);
	g->answer = evidence_ask(&g->env, &g->ask);
	if (g->answer == NULL)
		return outcome_refuse(&c->o, WIRE_UNAVAILABLE, "attest",
		    "attest.unavailable", "",
		    "evidence cannot be appraised now");
	g->known = evidence_inherit(&g->env,
	    g->row != NULL ? g->row->facts : NULL,
	    g->row != NULL ? g->row->facts_len : 0, g->answer);
	if (g->known == NULL)
		return 0;
	g->ask.known = g->known;
	g->accepted = evidence_judge(&g->ask, g->answer, &g->o);
	return 1;
}

static const struct fleet *
fleet_of(struct ops_call *c, const struct policy *policy)
{
	const struct fleet *f = policy_fleet(policy, ops_text(c, "fleet"));

	if (f == NULL)
		ops_not_found(c, "fleet", "there is no such fleet");
	else if (f->evidence == NULL)
		ops_bad(c, "fleet", "the fleet demands no evidence");
	return f == NULL || f->evidence == NULL ? NULL : f;
}

static int
answer_check(struct ops_call *c, const struct again *g)
{
	WIRE_FIELDS *v = c->answer->values, *row;
	size_t i;
	int ok;

	ok = field_add_text(v, "decision", decision(g->accepted)) &&
	    field_add_text(v, "rule", or_null(g->o.rule)) &&
	    field_add_text(v, "field", or_null(g->o.field)) &&
	    field_add_text(v, "text", or_null(g->o.text)) &&
	    field_add_text(v, "format",
		field_text(g->answer->values, "format", NULL));
	for (i = 0; ok && i < message_n_rows(g->answer); i++) {
		row = message_add_row(c->answer);
		ok = row != NULL &&
		    field_add_text(row, "name",
			field_text(message_row(g->answer, i), "name", "")) &&
		    field_add_text(row, "value",
			field_text(message_row(g->answer, i), "value", ""));
	}
	return ok;
}

/* What it must carry: of the record, or as the operator says. */
static int
take_nonce(struct ops_call *c, struct looking *k, struct again *g,
    unsigned char nonce[NONCE_LEN_MAX])
{
	const char *text = ops_text(c, "nonce");

	g->ask.expected = nonce;
	if (text != NULL)
		return ops_unhex(text, nonce, NONCE_LEN_MAX,
			   &g->ask.expected_len) ||
		    ops_bad(c, "nonce", "octets in hexadecimal");
	if (k->found != 1 || k->row.nonce_len == 0 ||
	    k->row.nonce_len > NONCE_LEN_MAX)
		return ops_bad(c, "nonce", "the evidence is not on record "
		    "with its nonce: say what it must carry");
	memcpy(nonce, k->row.nonce, k->row.nonce_len);
	g->ask.expected_len = k->row.nonce_len;
	return 1;
}

int
ops_evidence_check(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	const struct fleet *f = fleet_of(c, policy);
	const char *device = ops_text(c, "device");
	unsigned char nonce[NONCE_LEN_MAX];
	struct looking k = {.cert = NULL};
	struct again g = {.accepted = 0};
	const unsigned char *csr;
	size_t len;
	int ok = 0;

	csr = field_bytes(c->args, "csr", &len);
	SHA256(csr, len, k.sha256);
	if (f == NULL || !ops_read(c, look_tx, &k))
		goto out;
	ops_admit_env(c, policy, &g.env);
	g.ask.policy = f->evidence;
	g.ask.profile = f->compiled;
	g.ask.device = device != NULL ? device : k.row.device;
	if (k.found == 1) {
		g.env.now = (time_t)k.row.at;
		take_activation(&g, &k.row);
	}
	ok = take_nonce(c, &k, &g, nonce) && judge(c, &g, csr, len) &&
	    answer_check(c, &g);
out:
	again_clear(&g);
	evidence_row_clear(&k.row);
	policy_put(policy);
	return ok;
}

/* --- many --- */

struct replay {
	struct ops_call *c;
	struct policy *policy;
	const struct fleet *fleet;
	struct evidence_row rows[REPLAY_MAX];
	size_t n;
	int64_t judged, same, differ, not_kept;
};

static int
take_row(struct evidence_row *row, void *arg)
{
	struct replay *r = arg;

	r->rows[r->n++] = *row;
	return r->n < REPLAY_MAX;
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct replay *r = arg;
	int64_t last = field_int(r->c->args, "last", 0);

	return evidence_list(tx, r->fleet->name, INT64_MAX,
	    last < 1 || last > REPLAY_MAX ? REPLAY_MAX : (size_t)last,
	    take_row, r);
}

/* All are counted; those behind a full answer are not told one by one. */
static int
add_difference(struct ops_call *c, const struct evidence_row *row,
    const struct again *g)
{
	WIRE_FIELDS *out;

	if (!ops_room(c))
		return 1;
	out = message_add_row(c->answer);
	return out != NULL && field_add_int(out, "id", row->id) &&
	    field_add_text(out, "device", row->device) &&
	    field_add_time(out, "at", row->at) &&
	    field_add_text(out, "was", decision(row->accepted)) &&
	    field_add_text(out, "now", decision(g->accepted)) &&
	    field_add_text(out, "rule",
		or_null(g->accepted ? row->rule : g->o.rule)) &&
	    field_add_text(out, "text",
		or_null(g->accepted ? row->text : g->o.text));
}

static int
replay_one(struct replay *r, const struct evidence_row *row)
{
	struct again g = {.accepted = 0};
	int ok;

	if (row->evidence == NULL || row->nonce_len == 0) {
		r->not_kept++;
		return 1;
	}
	ops_admit_env(r->c, r->policy, &g.env);
	g.env.now = (time_t)row->at;
	g.ask.policy = r->fleet->evidence;
	g.ask.profile = r->fleet->compiled;
	g.ask.device = row->device;
	g.ask.expected = row->nonce;
	g.ask.expected_len = row->nonce_len;
	take_activation(&g, row);
	ok = judge(r->c, &g, row->evidence, row->evidence_len);
	if (ok) {
		r->judged++;
		if (g.accepted == row->accepted)
			r->same++;
		else
			r->differ++;
		ok = g.accepted == row->accepted ||
		    add_difference(r->c, row, &g);
	}
	again_clear(&g);
	return ok;
}

int
ops_evidence_replay(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct replay *r = OPENSSL_zalloc(sizeof(*r));
	WIRE_FIELDS *v = c->answer->values;
	size_t i;
	int ok = 0;

	if (r == NULL || (r->fleet = fleet_of(c, policy)) == NULL)
		goto out;
	r->c = c;
	r->policy = policy;
	ok = ops_read(c, list_tx, r);
	for (i = 0; ok && i < r->n; i++)
		ok = replay_one(r, &r->rows[i]);
	ok = ok && field_add_int(v, "judged", r->judged) &&
	    field_add_int(v, "same", r->same) &&
	    field_add_int(v, "differ", r->differ) &&
	    field_add_int(v, "not_kept", r->not_kept);
out:
	for (i = 0; r != NULL && i < r->n; i++)
		evidence_row_clear(&r->rows[i]);
	OPENSSL_free(r);
	policy_put(policy);
	return ok;
}
