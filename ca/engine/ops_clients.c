#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/shape/shape.h"
#include "ca/engine/ops.h"

/* How clients behave: counted with each enrolment, told by inkan-ra of what it
   answers itself, and read by operators. */

/* In what a CSR that was answered went beyond what it could get. A CSR that we
   made ourselves says nothing of the client. */
static unsigned
wishes(const struct ops_call *c, const struct enrol_request *r)
{
	const char *d = field_text(c->answer->values, "deviations", "");

	return !r->keygen && d[0] != '\0' ? SHAPE_WISHES : 0;
}

void
ops_note_client(struct ops_call *c, const struct policy *policy,
    const struct enrol_request *r, int ok)
{
	const struct fleet *f = policy_label(policy, r->label);
	const char *shape = ops_text(c, "shape");
	char refused[CLIENT_WHAT_MAX + 1];
	struct clients_note n = {.agent = r->client, .n = 1,
	    .known = c->o.authenticated, .what = {"request", "answer"}};

	if (f == NULL || c->ca->clients == NULL)
		return;
	n.fleet = f->name;
	n.shape = (shape == NULL ? 0 : shape_parse(shape)) | wishes(c, r);
	if (!ok) {
		snprintf(refused, sizeof(refused), "refused:%s",
		    c->o.rule[0] != '\0' ? c->o.rule : "internal");
		n.what[1] = c->o.status == WIRE_PENDING ? "parked" :
		    clients_is_fact(refused) ? refused : NULL;
	}
	clients_note(c->ca->clients, &n);
}

int
ops_clients(struct ops_call *c)
{
	size_t i, n = field_count(c->args, "what");
	struct policy *policy;
	const struct fleet *f;
	const char *what;
	struct clients_note note = {.known = 0};

	if (n != field_count(c->args, "label") ||
	    n != field_count(c->args, "client") ||
	    n != field_count(c->args, "count"))
		return ops_bad(c, "what", "labels, clients, facts and counts "
		    "must be as many");
	policy = ca_policy(c->ca);
	for (i = 0; i < n && c->ca->clients != NULL; i++) {
		f = policy_label(policy, field_get_text(field_find(c->args,
		    "label", i)));
		what = field_get_text(field_find(c->args, "what", i));
		note.n = field_get_int(field_find(c->args, "count", i));
		/* A fleet may be gone since then. */
		if (f == NULL || note.n < 1 || !clients_is_fact(what))
			continue;
		note.fleet = f->name;
		note.agent = field_get_text(field_find(c->args, "client", i));
		note.what[0] = what;
		clients_note(c->ca->clients, &note);
	}
	policy_put(policy);
	return 1;
}

struct listing {
	struct ops_call *c;
	struct store_tx *tx;
	WIRE_FIELDS *row;
	int64_t last;
	size_t n;
	int ok;
};

static int
add_fact(const struct client_fact *fact, void *arg)
{
	struct listing *l = arg;

	l->ok = field_add_text(l->row, "what", fact->what) &&
	    field_add_int(l->row, "count", fact->count) &&
	    field_add_time(l->row, "fact_first", fact->first) &&
	    field_add_time(l->row, "fact_last", fact->last);
	return l->ok;
}

static int
list_one(const struct client_row *row, void *arg)
{
	struct listing *l = arg;
	WIRE_FIELDS *v = message_add_row(l->c->answer);

	l->row = v;
	l->last = row->id;
	l->n++;
	l->ok = v != NULL && field_add_text(v, "fleet", row->fleet) &&
	    field_add_text(v, "agent", row->agent) &&
	    field_add_flag(v, "known", row->known) &&
	    field_add_time(v, "first", row->first) &&
	    field_add_time(v, "last", row->last) &&
	    clients_facts(l->tx, row->id, add_fact, l) && l->ok;
	return l->ok && ops_room(l->c);
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct listing *l = arg;

	l->tx = tx;
	return clients_list(tx, ops_text(l->c, "fleet"),
	    field_time(l->c->args, "since", 0), ops_cursor(l->c),
	    ops_limit(l->c), list_one, l) && l->ok;
}

int
ops_client_list(struct ops_call *c)
{
	struct listing l = {.c = c, .ok = 1};

	/* What was counted up to now shall be told, too. */
	if (c->ca->clients != NULL &&
	    !clients_flush(c->ca->clients, c->ca->store, c->now))
		ERR_clear_error();
	return ops_read(c, list_tx, &l) && ops_set_cursor(c, l.last, l.n);
}
