#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/ops.h"
#include "ca/store/parked.h"

/* What was done with --break-glass: shown until another person has looked. */

struct listing {
	struct ops_call *c;
	int64_t last;
	size_t n;
	int failed;
};

static int
list_one(const struct broken_row *row, void *arg)
{
	struct listing *k = arg;
	WIRE_FIELDS *l = message_add_row(k->c->answer);

	if (l == NULL || !field_add_int(l, "id", row->id) ||
	    !field_add_time(l, "time", row->time) ||
	    !field_add_text(l, "op", row->op) ||
	    !field_add_text(l, "who", row->who) ||
	    !field_add_text(l, "reason", row->reason) ||
	    !field_add_text(l, "acknowledged_by", row->seen_at != 0 ?
	    row->seen_by : NULL) ||
	    !field_add_time(l, "acknowledged", row->seen_at)) {
		k->failed = 1;
		return 0;
	}
	k->last = row->id;
	k->n++;
	return ops_room(k->c);
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct listing *k = arg;

	return broken_list(tx, ops_cursor(k->c), field_flag(k->c->args, "open",
	    0), ops_limit(k->c), list_one, k);
}

int
ops_break_list(struct ops_call *c)
{
	struct listing k = {.c = c};

	return ops_read(c, list_tx, &k) && !k.failed &&
	    ops_set_cursor(c, k.last, k.n);
}

struct seeing {
	struct ops_call *c;
	struct broken_row row;
	int others;		/* there is somebody else who could */
};

static int
see_tx(struct store_tx *tx, void *arg)
{
	struct seeing *s = arg;
	struct ops_call *c = s->c;
	int64_t id = s->row.id;
	int found = broken_get(tx, id, &s->row);
	WIRE_FIELDS *l;
	int ok;

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "id: there is no use of break-glass "
		    "%lld", (long long)id);
	if (found != 1)
		return 0;
	if (s->row.seen_at != 0) {
		ca_raise(CA_E_DENIED, "break-glass.seen: %s has acknowledged "
		    "it", s->row.seen_by);
		return 0;
	}
	if (s->others && s->row.uid == (int64_t)c->peer->uid) {
		ca_raise(CA_E_DENIED, "break-glass.self: another person must "
		    "look at it");
		return 0;
	}
	l = field_list_new();
	ok = broken_see(tx, id, c->who, c->now) && l != NULL &&
	    field_add_int(l, "id", id) && field_add_text(l, "op", s->row.op) &&
	    field_add_text(l, "who", c->who) &&
	    field_add_text(l, "text", ops_text(c, "note")) &&
	    entries_append(tx, "break-glass.seen", c->now, l, NULL);
	field_list_free(l);
	return ok;
}

/* Does the policy know anybody else who may? */
static int
has_others(struct ops_call *c)
{
	struct policy *p = ca_policy(c->ca);
	const struct operators *o = p->operators;
	size_t i, n = 0;

	for (i = 0; o != NULL && i < o->n; i++)
		n += o->item[i].uid != c->peer->uid && (o->item[i].roles &
		    (OPERATOR_ADMIN | OPERATOR_OFFICER));
	policy_put(p);
	return n > 0;
}

int
ops_break_ack(struct ops_call *c)
{
	struct seeing s = {.c = c};
	char id[24];

	c->o.authenticated = 1;
	s.row.id = field_int(c->args, "id", 0);
	s.others = has_others(c);
	if (!store_write(c->ca->store, see_tx, &s, STORE_URGENT))
		return 0;
	snprintf(id, sizeof(id), "%lld", (long long)s.row.id);
	report_event(REPORT_INFO, "break-glass.seen", "req", c->req, "who",
	    c->who, "id", id, NULL);
	return field_add_int(c->answer->values, "id", s.row.id) &&
	    field_add_text(c->answer->values, "acknowledged_by", c->who);
}
