#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/fault.h"
#include "ca/engine/ops_roles.h"
#include "ca/engine/parking_step.h"

/* The steps of a request that is parked, each a transaction. */

#define RESULT_MAX (256 * 1024)	/* octets of an answer that is kept whole */

/* Is it still in one of the states that a step begins in? */
static int
is_in(struct store_tx *tx, int64_t id, unsigned states, struct parked_row *out)
{
	int found = parked_get(tx, id, out);

	if (found == 1 && (states & (1u << out->state)))
		return 1;
	if (found == 1)
		ca_raise(CA_E_DENIED, "approval.state: request %lld is %s",
		    (long long)id, parked_state_name(out->state));
	else if (found == 0)
		ca_raise(CA_E_NOTFOUND, "id: there is no request %lld",
		    (long long)id);
	return 0;
}

#define IN(s) (1u << (s))

int
parking_end(struct store_tx *tx, int64_t id, unsigned from,
    enum parked_state to, const char *verb, const char *who, const char *text,
    time_t now)
{
	struct parked_row row;
	int ok;

	memset(&row, 0, sizeof(row));
	ok = is_in(tx, id, from, &row);
	if (ok) {
		row.state = to;
		row.ended = now;
		snprintf(row.note, sizeof(row.note), "%s", text != NULL ? text
		    : "");
		ok = parked_update(tx, &row) && parking_log(tx, verb, &row,
		    who, text, now);
	}
	parked_row_clear(&row);
	return ok;
}

struct ending {			/* from ${from} to ${to}, for good */
	int64_t id;
	unsigned from;
	enum parked_state to;
	const char *verb, *who, *text;
	time_t now;
};

static int
end_tx(struct store_tx *tx, void *arg)
{
	struct ending *e = arg;

	return parking_end(tx, e->id, e->from, e->to, e->verb, e->who, e->text,
	    e->now);
}

int
parking_void(struct ops_call *c, struct parked_row *row)
{
	static const char text[] = "what it rests on has changed: the policy, "
	    "a fleet, a profile, the issuer or the identity";
	struct ending e = {row->id, PARKING_OPEN, PARKED_VOID, "void",
	    c->who, text, c->now};

	if (!store_write(c->ca->store, end_tx, &e, STORE_URGENT))
		return 0;
	row->state = PARKED_VOID;
	parking_tell(c, "void", row);
	return outcome_refuse(&c->o, WIRE_DENIED, "approve", "approval.void",
	    "id", "request %lld is void: %s; ask anew", (long long)row->id,
	    text);
}

int
parking_deny(struct ops_call *c, const struct parked_row *row, const char *why)
{
	struct ending e = {row->id, PARKING_OPEN, PARKED_DENIED,
	    "denied", c->who, why, c->now};

	if (!store_write(c->ca->store, end_tx, &e, STORE_URGENT))
		return 0;
	parking_tell(c, "denied", row);
	return 1;
}

static int
expire(struct store *store, int64_t id, time_t now)
{
	struct ending e = {id, PARKING_OPEN, PARKED_EXPIRED, "expired",
	    "inkan-ca", NULL, now};

	return store_write(store, end_tx, &e, STORE_URGENT);
}

struct looking {
	int64_t id;
	struct parked_row *row;
	int found;
};

static int
get_tx(struct store_tx *tx, void *arg)
{
	struct looking *l = arg;

	l->found = parked_get(tx, l->id, l->row);
	return l->found >= 0;
}

int
parking_get(struct ops_call *c, int64_t id, struct parked_row *row)
{
	struct looking l = {.id = id, .row = row};

	memset(row, 0, sizeof(*row));
	if (!ops_read(c, get_tx, &l))
		return 0;
	if (l.found == 0)
		return ops_not_found(c, "id", "there is no request %lld",
		    (long long)id);
	if (row->expires > c->now || !(IN(row->state) & PARKING_OPEN))
		return 1;
	/* Another may have ended it meanwhile: then it is what it is. */
	if (!expire(c->ca->store, id, c->now))
		ERR_clear_error();
	else
		parking_tell(c, "expired", row);
	parked_row_clear(row);
	return ops_read(c, get_tx, &l);
}

struct approving {
	struct ops_call *c;
	const struct parked_approval *a;
	struct parked_row row;
};

static int
log_approval(struct store_tx *tx, const struct approving *p)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_int(l, "request", p->row.id) &&
	    field_add_text(l, "op", p->row.op) &&
	    parking_add_device(l, &p->row) &&
	    field_add_bytes(l, "content_sha256", p->row.sha256, 32) &&
	    field_add_text(l, "asker", p->row.asker) &&
	    field_add_text(l, "operator", p->a->operator) &&
	    field_add_text(l, "who", p->c->who) &&
	    field_add_text(l, "note", p->a->note[0] != '\0' ? p->a->note :
	    NULL) && entries_append(tx, parking_name(&p->row,
	    "approved"), p->c->now, l,
	    NULL);
	field_list_free(l);
	return ok;
}

static int
approve_tx(struct store_tx *tx, void *arg)
{
	struct approving *p = arg;
	int64_t id = p->row.id;
	struct parked_row row;
	int ok;

	memset(&row, 0, sizeof(row));
	ok = is_in(tx, id, IN(PARKED_WAITING), &row) &&
	    parked_approve(tx, id, p->a) && log_approval(tx, p);
	if (ok && row.got + 1 >= row.need) {
		row.state = PARKED_APPROVED;
		ok = parked_update(tx, &row);
	}
	p->row.state = row.state;
	parked_row_clear(&row);
	return ok;
}

int
parking_approve(struct ops_call *c, const struct parked_row *row,
    const struct parked_approval *a, enum parked_state *state)
{
	struct approving p = {.c = c, .a = a, .row = *row};

	if (!store_write(c->ca->store, approve_tx, &p, STORE_URGENT))
		return 0;
	fault_point("request-approved");
	*state = p.row.state;
	parking_tell(c, "approved", row);
	return 1;
}

/* --- running --- */

struct claiming {
	struct ops_call *c;
	struct parked_row *row;
};

static int
claim_tx(struct store_tx *tx, void *arg)
{
	struct claiming *k = arg;
	struct parked_row row;
	int ok;

	memset(&row, 0, sizeof(row));
	ok = is_in(tx, k->row->id, IN(PARKED_APPROVED), &row);
	if (ok) {
		row.state = PARKED_RUNNING;
		ok = entries_count(tx, &row.log_from) &&
		    parked_update(tx, &row) && parking_log(tx, "run",
		    &row, k->c->who, NULL, k->c->now);
	}
	k->row->log_from = row.log_from;
	parked_row_clear(&row);
	return ok;
}

/* What is kept of an answer: no secret, and no rows where that is much. */
static int
keep(const WIRE_ANSWER *a, unsigned flags, struct parked_row *row)
{
	WIRE_ANSWER *copy = NULL;
	unsigned char *der = NULL;
	int len, ok;

	if (flags & OPS_SECRET)
		return 1;
	len = i2d_WIRE_ANSWER(a, &der);
	if (len > RESULT_MAX) {
		copy = ASN1_item_dup(ASN1_ITEM_rptr(WIRE_ANSWER), a);
		OPENSSL_free(der);
		der = NULL;
		if (copy != NULL) {
			while (sk_WIRE_FIELDS_num(copy->rows) > 0)
				field_list_free(sk_WIRE_FIELDS_pop(copy->rows));
			len = i2d_WIRE_ANSWER(copy, &der);
		}
		WIRE_ANSWER_free(copy);
	}
	ok = der != NULL && len > 0 && len <= RESULT_MAX;
	if (ok) {
		row->result = der;
		row->result_len = (size_t)len;
		der = NULL;
	}
	OPENSSL_free(der);
	return ok;
}

struct finishing {
	struct ops_call *c;
	const struct parked_row *row;
	const WIRE_ANSWER *answer;
	unsigned flags;
};

static int
finish_tx(struct store_tx *tx, void *arg)
{
	struct finishing *f = arg;
	const char *text = message_refusal(f->answer, "text");
	int done = message_answer_status(f->answer) == WIRE_OK;
	struct parked_row row;
	int ok;

	memset(&row, 0, sizeof(row));
	ok = is_in(tx, f->row->id, IN(PARKED_RUNNING), &row);
	if (ok) {
		row.state = done ? PARKED_DONE : PARKED_FAILED;
		row.ended = f->c->now;
		snprintf(row.note, sizeof(row.note), "%.255s", text);
		ok = keep(f->answer, f->flags, &row) &&
		    parked_update(tx, &row) && parking_log(tx, done ?
		    "done" : "failed", &row, f->c->who,
		    done ? NULL : text, f->c->now);
	}
	parked_row_clear(&row);
	return ok;
}

static int
run(struct ops_call *c, struct parked_row *row, struct ops_call *call)
{
	const struct ops_entry *e = ops_find(row->op, OPS_ADMIN);
	struct claiming k = {c, row};
	struct finishing f = {c, row, NULL, 0};

	call->answer = message_answer(message_answer_id(c->answer), WIRE_OK);
	if (e == NULL || call->answer == NULL ||
	    !store_write(c->ca->store, claim_tx, &k, STORE_URGENT))
		return 0;
	fault_point("request-claimed");
	ops_perform(call, e);
	fault_point("request-ran");
	f.answer = call->answer;
	f.flags = ops_roles_find(row->op)->flags;
	/* It has been done; that this is not written makes it interrupted. */
	if (!store_write(c->ca->store, finish_tx, &f, STORE_URGENT))
		report_errors(REPORT_ERROR, "request.unfinished", "req", c->req,
		    "op", row->op, NULL);
	parking_tell(c, message_answer_status(call->answer) == WIRE_OK ?
	    "done" : "failed", row);
	return 1;
}

int
parking_run(struct ops_call *c, struct parked_row *row, WIRE_ANSWER **answer)
{
	WIRE_FIELDS *content, *args = NULL, *rests = NULL;
	const unsigned char *der;
	struct socket_peer peer;
	struct ops_call call;
	size_t len = 0;
	int ok = 0, is = -1;

	memset(&call, 0, sizeof(call));
	content = field_list_decode(row->content, row->content_len);
	if (content == NULL || !parking_call(c, row, content, &peer, &call,
	    &args))
		goto out;
	der = field_bytes(content, "rests_on", &len);
	rests = der == NULL ? NULL : field_list_decode(der, len);
	is = rests == NULL ? -1 : parking_same(&call, row, content);
	if (is == 0) {
		ERR_clear_error();
		parking_void(c, row);
	}
	outcome_init(&call.o);
	call.approved = rests;
	call.approvals = (int)row->need;
	ok = is == 1 && run(c, row, &call);
	if (ok) {
		*answer = call.answer;
		call.answer = NULL;
	}
out:
	WIRE_ANSWER_free(call.answer);
	field_list_free(rests);
	field_list_free(args);
	field_list_free(content);
	return ok;
}
