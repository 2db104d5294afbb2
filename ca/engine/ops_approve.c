#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/ops_roles.h"
#include "ca/engine/parking.h"
#include "ca/log/approval.h"

/*
 * Approving, denying, running; for requests of operators and of devices. Every
 * refusal has a rule of its own, in this order: approval.state, .expired, .operator, .role, .self, .twice, .void,
 * .signature, .content, .key.
 */

static int
no(struct ops_call *c, const char *rule, const char *field, const char *text)
{
	return outcome_refuse(&c->o, WIRE_DENIED, "approve", rule, field, "%s",
	    text);
}

static int
is_waiting(struct ops_call *c, const struct parked_row *row)
{
	char text[128];

	if (row->state == PARKED_WAITING)
		return 1;
	snprintf(text, sizeof(text), "request %lld is %s", (long long)row->id,
	    parked_state_name(row->state));
	return no(c, row->state == PARKED_EXPIRED ? "approval.expired" :
	    row->state == PARKED_VOID ? "approval.void" : "approval.state",
	    "id", text);
}

static int
is_device(const struct parked_row *row)
{
	return strcmp(row->kind, PARKED_BY_DEVICE) == 0;
}

/* Whose approval counts. Of devices' requests that of officers, whatever the
   device asked. */
static unsigned
approvers(const struct parked_row *row)
{
	const struct ops_roles *r = ops_roles_find(row->op);

	if (is_device(row))
		return OPERATOR_OFFICER;
	return r == NULL ? 0 : r->approve;
}

struct twice {
	int64_t id;
	const char *operator;
	int is;
};

static int
same_operator(const struct parked_approval *a, void *arg)
{
	struct twice *t = arg;

	t->is |= strcmp(a->operator, t->operator) == 0;
	return 1;
}

static int
twice_tx(struct store_tx *tx, void *arg)
{
	struct twice *t = arg;

	return parked_approvals(tx, t->id, same_operator, t);
}

static int
may_approve(struct ops_call *c, const struct parked_row *row,
    const struct operator *op)
{
	struct twice t = {row->id, op == NULL ? "" : op->name, 0};
	char text[300], roles[40];

	if (op == NULL) {
		snprintf(text, sizeof(text), "uid %u is no operator by name",
		    (unsigned)c->peer->uid);
		return no(c, "approval.operator", "operator", text);
	}
	operators_print_roles(approvers(row), roles);
	snprintf(text, sizeof(text), "%s is approved by the role %s, which "
	    "%s has not", row->op, roles, op->name);
	if (!(approvers(row) & op->roles))
		return no(c, "approval.role", "operator", text);
	if (row->uid == (int64_t)c->peer->uid)
		return no(c, "approval.self", "operator",
		    "nobody approves a request of their own");
	if (!ops_read(c, twice_tx, &t))
		return 0;
	return !t.is || no(c, "approval.twice", "operator", "one person "
	    "counts once, and has approved this request already");
}

/* Is the note what this operator has to sign for this request? */
static int
note_holds(struct ops_call *c, const struct parked_row *row,
    const struct operator *op, const char *octets)
{
	char want[APPROVAL_TEXT_MAX];
	struct note n;
	int is = 0, ok = 0;

	memset(&n, 0, sizeof(n));
	if (!note_parse(&n, octets, strlen(octets))) {
		no(c, "approval.signature", "note", "the note cannot be read");
		goto out;
	}
	if (!approval_text(row->content, row->content_len, want, sizeof(want)))
		goto out;
	if (strcmp(n.text, want) != 0) {
		no(c, "approval.content", "note", "the note is signed for "
		    "other content than that of this request");
		goto out;
	}
	is = op->has_key ? note_verify(&n, &op->key, NULL) : 0;
	if (is < 0)
		no(c, "approval.signature", "note", "the signature does not "
		    "hold");
	else if (is == 0)
		no(c, "approval.key", "note", op->has_key ? "it is signed by "
		    "another key than the one in operators.conf" :
		    "operators.conf has no key of this operator");
	ok = is == 1;
out:
	if (!ok && c->o.status != WIRE_OK)
		ERR_clear_error();
	note_clear(&n);
	return ok;
}

static int
is_signed(struct ops_call *c, const struct parked_row *row,
    const struct operators *o, const struct operator *op, const char *note)
{
	if (note != NULL)
		return note_holds(c, row, op, note);
	/* One officer alone, who has no key: as for all that officers do. */
	if (is_device(row) && row->need == 1 && !op->has_key)
		return 1;
	return o == NULL || o->uid_only || no(c, "approval.signature", "note",
	    "a uid alone does not count: sign it with your key (--key)");
}

/* With the last approval it is run; what keeps it from being run now leaves it
   approved (inkan request run). */
static int
run_now(struct ops_call *c, struct parked_row *row, enum parked_state *state)
{
	WIRE_FIELDS *v = c->answer->values;
	WIRE_ANSWER *a = NULL;
	const char *text;
	int ok = 1;

	if (*state != PARKED_APPROVED)
		return 1;
	if (is_device(row))
		return field_add_text(v, "next", "the device gets its "
		    "certificate when it asks again");
	if (ops_roles_find(row->op)->flags & OPS_SECRET)
		return field_add_text(v, "next", "who asked runs it, and gets "
		    "the secret: inkan request run");
	if ((strcmp(row->op, "issue") == 0 && !ca_may_issue(c->ca)) ||
	    !parking_run(c, row, &a)) {
		report_errors(REPORT_WARN, "request.unrun", "req", c->req, "op",
		    row->op, NULL);
		text = c->o.text[0] != '\0' ? c->o.text : "it cannot be run "
		    "now; later: inkan request run";
		return field_add_text(v, "next", text);
	}
	*state = message_answer_status(a) == WIRE_OK ? PARKED_DONE :
	    PARKED_FAILED;
	text = message_refusal(a, "text");
	ok = text[0] == '\0' || field_add_text(v, "why", text);
	WIRE_ANSWER_free(a);
	return ok;
}

/* A policy without operators.conf: whoever may use the socket approves devices'
   requests, by his uid. */
static const struct operator *
anybody(struct ops_call *c, struct operator *op)
{
	memset(op, 0, sizeof(*op));
	snprintf(op->name, sizeof(op->name), "uid:%u",
	    (unsigned)c->peer->uid);
	op->uid = c->peer->uid;
	op->roles = OPERATOR_ALL;
	return op;
}

static int
approve(struct ops_call *c, const struct operators *o, struct parked_row *row)
{
	const struct operator *op = operators_by_uid(o, c->peer->uid);
	struct operator any;
	const char *note = ops_text(c, "note");
	struct parked_approval a;
	enum parked_state state;
	WIRE_FIELDS *v = c->answer->values;

	if (o == NULL && is_device(row))
		op = anybody(c, &any);
	memset(&a, 0, sizeof(a));
	if (!is_waiting(c, row) || !may_approve(c, row, op) ||
	    !parking_holds(c, row) || !is_signed(c, row, o, op, note))
		return 0;
	snprintf(a.operator, sizeof(a.operator), "%s", op->name);
	a.uid = (int64_t)c->peer->uid;
	a.time = c->now;
	a.note = note == NULL ? "" : note;
	if (!parking_approve(c, row, &a, &state))
		return 0;
	row->state = state;
	return field_add_int(v, "request", row->id) &&
	    field_add_int(v, "got", row->got + 1) &&
	    field_add_int(v, "need", row->need) && run_now(c, row, &state) &&
	    field_add_text(v, "state", parked_state_name(state));
}

int
ops_request_approve(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct parked_row row;
	int ok;

	c->o.authenticated = 1;
	memset(&row, 0, sizeof(row));
	ok = parking_get(c, field_int(c->args, "id", 0), &row) &&
	    approve(c, policy->operators, &row);
	parked_row_clear(&row);
	policy_put(policy);
	return ok;
}

/* By who could approve it, or by who asked. */
int
ops_request_deny(struct ops_call *c)
{
	const char *why = ops_text(c, "reason");
	struct parked_row row;
	int ok;

	c->o.authenticated = 1;
	memset(&row, 0, sizeof(row));
	ok = parking_get(c, field_int(c->args, "id", 0), &row);
	if (ok && row.uid != (int64_t)c->peer->uid &&
	    !(approvers(&row) & c->rights))
		ok = no(c, "approval.role", "operator", "it is denied by who "
		    "could approve it, or by who asked");
	ok = ok && parking_deny(c, &row, why == NULL ? "" : why) &&
	    field_add_int(c->answer->values, "request", row.id) &&
	    field_add_text(c->answer->values, "state", "denied");
	parked_row_clear(&row);
	return ok;
}

/* The answer of what was run becomes the answer of this call. */
static int
take_answer(struct ops_call *c, WIRE_ANSWER *a)
{
	WIRE_ANSWER *mine = c->answer;

	c->answer = a;
	WIRE_ANSWER_free(mine);
	return 1;
}

static int
may_run(struct ops_call *c, const struct parked_row *row)
{
	const struct ops_roles *r = ops_roles_find(row->op);
	char text[128];

	if (is_device(row))
		return no(c, "approval.asker", "id", "the device runs it, when "
		    "it asks again");
	if (row->state != PARKED_APPROVED) {
		snprintf(text, sizeof(text), "request %lld is %s, not approved",
		    (long long)row->id, parked_state_name(row->state));
		return no(c, row->state == PARKED_EXPIRED ?
		    "approval.expired" : row->state == PARKED_VOID ?
		    "approval.void" : "approval.state", "id", text);
	}
	if (r != NULL && (r->flags & OPS_SECRET) && row->uid !=
	    (int64_t)c->peer->uid)
		return no(c, "approval.asker", "id", "its answer holds a "
		    "secret: only who asked runs it");
	return (r != NULL && (r->may & c->rights)) || no(c, "role.operation",
	    "op", "it is run by who could ask it");
}

int
ops_request_run(struct ops_call *c)
{
	struct parked_row row;
	WIRE_ANSWER *a = NULL;
	int ok;

	c->o.authenticated = 1;
	memset(&row, 0, sizeof(row));
	ok = parking_get(c, field_int(c->args, "id", 0), &row) &&
	    may_run(c, &row) && parking_run(c, &row, &a) && take_answer(c, a);
	parked_row_clear(&row);
	return ok;
}
