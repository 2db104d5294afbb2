#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/enrol_park.h"
#include "ca/engine/ops_roles.h"
#include "ca/engine/parking.h"
#include "ca/engine/parking_step.h"

/* Parking a request, and holding it against what is so. */

int
parking_make(const struct parking_making *m, unsigned char **out, size_t *len)
{
	WIRE_FIELDS *l = field_list_new();
	unsigned char *rests = NULL;
	size_t n = 0;
	int ok;

	ok = l != NULL && field_list_encode(m->rests_on, &rests, &n) &&
	    field_add_int(l, "v", 1) && field_add_int(l, "request", m->id) &&
	    field_add_text(l, "op", m->op) &&
	    field_add_text(l, "who", m->who) &&
	    field_add_time(l, "created", m->created) &&
	    field_add_time(l, "expires", m->expires) &&
	    field_add_int(l, "need", m->need) &&
	    field_add_bytes(l, "nonce", m->nonce, PARKING_NONCE) &&
	    field_add_bytes(l, "args", m->args, m->args_len) &&
	    field_add_bytes(l, "rests_on", rests, n) &&
	    field_list_encode(l, out, len);
	OPENSSL_free(rests);
	field_list_free(l);
	return ok;
}

struct adding {
	struct ops_call *c;
	struct parking_making m;
	struct parked_row row;
};

static int
limit(struct store_tx *tx, const struct parked_row *row)
{
	int64_t n = 0;

	if (!parked_count_open(tx, row->uid, &n))
		return 0;
	if (n < PARKING_OPEN_MAX)
		return 1;
	ca_raise(CA_E_LIMITED, "approval.limit: %s has %lld requests open",
	    row->asker, (long long)n);
	return 0;
}

static int
add_tx(struct store_tx *tx, void *arg)
{
	struct adding *a = arg;
	struct parked_row *row = &a->row;

	if (!limit(tx, row) || !parked_next(tx, &row->id))
		return 0;
	a->m.id = row->id;
	if (!parking_make(&a->m, &row->content, &row->content_len))
		return 0;
	SHA256(row->content, row->content_len, row->sha256);
	return parked_add(tx, row) && parking_log(tx, "parked", row,
	    a->c->who, NULL, a->c->now);
}

static int
answer(struct ops_call *c, const struct parked_row *row)
{
	WIRE_FIELDS *v = c->answer->values;
	char hex[65], id[24], text[160];

	ops_hex(row->sha256, 32, hex);
	snprintf(id, sizeof(id), "%lld", (long long)row->id);
	snprintf(text, sizeof(text), "request %s waits for %lld approval%s", id,
	    (long long)row->need, row->need == 1 ? "" : "s");
	report_event(REPORT_INFO, "request.parked", "req", c->req, "op", c->op,
	    "who", c->who, "request", id, NULL);
	return message_set_status(c->answer, WIRE_PENDING) &&
	    message_set_refusal(c->answer, "approve", "approval.parked", "",
	    text) && field_add_int(v, "request", row->id) &&
	    field_add_int(v, "need", row->need) &&
	    field_add_text(v, "content_sha256", hex) &&
	    field_add_time(v, "expires", row->expires);
}

int
parking_add(struct ops_call *c, const struct policy *policy,
    const struct scope *s)
{
	struct adding a = {.c = c};
	unsigned char nonce[PARKING_NONCE], *args = NULL;
	size_t len = 0;
	int ok;

	c->o.authenticated = 1;
	if (ops_text(c, "secret") != NULL)
		return outcome_refuse(&c->o, WIRE_DENIED, "approve",
		    "approval.secret", "secret", "a secret of your own choice "
		    "cannot wait for approvals; let Inkan make one");
	snprintf(a.row.kind, sizeof(a.row.kind), PARKED_BY_OPERATOR);
	snprintf(a.row.op, sizeof(a.row.op), "%s", c->op);
	snprintf(a.row.asker, sizeof(a.row.asker), "%s", c->who);
	a.row.state = PARKED_WAITING;
	a.row.uid = (int64_t)c->peer->uid;
	a.row.need = s->need;
	a.row.created = c->now;
	a.row.expires = c->now + policy->operators->lifetime;
	ok = RAND_bytes(nonce, sizeof(nonce)) == 1 &&
	    field_list_encode(c->args, &args, &len);
	a.m = (struct parking_making){.created = a.row.created, .expires =
	    a.row.expires, .need = s->need, .op = a.row.op, .who = a.row.asker,
	    .nonce = nonce, .args = args, .args_len = len, .rests_on =
	    s->fields};
	ok = ok && store_write(c->ca->store, add_tx, &a, STORE_URGENT) &&
	    answer(c, &a.row);
	OPENSSL_free(args);
	parked_row_clear(&a.row);
	return ok;
}

/* --- again --- */

int
parking_call(struct ops_call *c, const struct parked_row *row,
    const WIRE_FIELDS *content, struct socket_peer *peer,
    struct ops_call *call, WIRE_FIELDS **args)
{
	const unsigned char *der;
	size_t len = 0;

	memset(call, 0, sizeof(*call));
	memset(peer, 0, sizeof(*peer));
	der = field_bytes(content, "args", &len);
	*args = der == NULL ? NULL : field_list_decode(der, len);
	if (*args == NULL)
		return 0;
	peer->uid = (uid_t)row->uid;
	call->ca = c->ca;
	call->peer = peer;
	call->role = OPS_ADMIN;
	call->op = row->op;
	call->args = *args;
	call->now = c->now;
	outcome_init(&call->o);
	snprintf(call->who, sizeof(call->who), "%s", row->asker);
	snprintf(call->req, sizeof(call->req), "%s", c->req);
	return 1;
}

/* What was parked, made of what is so now, under ${policy}: the same octets? 1,
   0 not, -1 raised. */
static int
same(struct ops_call *call, struct policy *policy, const struct parked_row *row,
    const WIRE_FIELDS *content)
{
	struct scope s = {0, NULL};
	struct parking_making m = {.id = row->id, .op = row->op,
	    .who = row->asker};
	unsigned char *der = NULL;
	size_t len = 0, n = 0;
	int is = -1;

	if (!scope_find(call, policy, &s)) {
		/* A store that cannot be read is no change. */
		if (call->o.status == WIRE_OK)
			outcome_from_errors(&call->o, "");
		return call->o.status == WIRE_UNAVAILABLE ||
		    call->o.status == WIRE_INTERNAL ? -1 : 0;
	}
	m.created = field_time(content, "created", 0);
	m.expires = field_time(content, "expires", 0);
	m.need = s.need;
	m.nonce = field_bytes(content, "nonce", &n);
	m.args = field_bytes(content, "args", &m.args_len);
	m.rests_on = s.fields;
	if (n == PARKING_NONCE && parking_make(&m, &der, &len))
		is = len == row->content_len && memcmp(der, row->content,
		    len) == 0;
	OPENSSL_free(der);
	scope_clear(&s);
	return is;
}

int
parking_same(struct ops_call *call, const struct parked_row *row,
    const WIRE_FIELDS *content)
{
	struct policy *policy = ca_policy(call->ca);
	unsigned char md[32];
	int is = 0;

	SHA256(row->content, row->content_len, md);
	if (memcmp(md, row->sha256, 32) == 0 && policy->operators != NULL)
		is = same(call, policy, row, content);
	policy_put(policy);
	return is;
}

int
parking_holds(struct ops_call *c, struct parked_row *row)
{
	struct policy *policy;
	WIRE_FIELDS *content, *args = NULL;
	struct socket_peer peer;
	struct ops_call call;
	int is = -1;

	content = field_list_decode(row->content, row->content_len);
	if (content != NULL && strcmp(row->kind, PARKED_BY_DEVICE) == 0) {
		policy = ca_policy(c->ca);
		is = enrol_park_holds(policy, row, content);
		policy_put(policy);
	} else if (content != NULL && parking_call(c, row, content, &peer,
	    &call, &args))
		is = parking_same(&call, row, content);
	if (is == 0) {
		ERR_clear_error();
		parking_void(c, row);
	}
	field_list_free(args);
	field_list_free(content);
	return is == 1;
}
