#include "ca/error.h"
#include "ca/engine/ops_status.h"
#include "ca/store/parked.h"

/* Of the checks those of people: roles, approvals, what was done without. */

static void
check_operators(struct checking *k)
{
	struct policy *p = ca_policy(k->c->ca);
	const struct operators *o = p->operators;

	if (o == NULL)
		ops_say(k, "operators", WARN, 0, "the active policy has no "
		    OPERATORS_PATH ": whoever may use the admin socket is "
		    "admin, officer and auditor");
	else if (o->uid_only)
		ops_say(k, "operators", WARN, 0, "uid_only: approvals are "
		    "taken without a signature, from whoever has the uid");
	else if (operators_highest(o) == 0)
		ops_say(k, "operators", OK, 0, "%zu operators; nothing needs "
		    "approvals", o->n);
	else
		ops_say(k, "operators", OK, 0, "%zu operators, %zu rules of "
		    "approval", o->n, o->n_rules);
	policy_put(p);
}

/* So many of each are told one by one. */
#define TOLD 8
#define LOOKED_AT 1000

struct telling {
	struct checking *k;
	size_t n, waiting, approved;
	int64_t first;		/* of those that wait: which expires first */
	int64_t enrol_waiting, enrol_approved;	/* devices' requests */
};

/* It stays until another person has looked at it: a failed check, for it asks
   for somebody's act. */
static int
say_broken(const struct broken_row *row, void *arg)
{
	struct telling *t = arg;

	if (t->n++ < TOLD)
		ops_say(t->k, "break-glass", FAIL, 0, "%s did %s without "
		    "approvals: %s (inkan break-glass ack %lld)", row->who,
		    row->op, row->reason, (long long)row->id);
	return 1;
}

static int
count_request(const struct parked_row *row, void *arg)
{
	struct telling *t = arg;

	t->waiting += row->state == PARKED_WAITING;
	t->approved += row->state == PARKED_APPROVED;
	if (t->first == 0 || row->expires < t->first)
		t->first = row->expires;
	return 1;
}

static int
people_tx(struct store_tx *tx, void *arg)
{
	struct parked_filter f = {
	    .kind = PARKED_BY_OPERATOR, .open = 1, .limit = LOOKED_AT};
	struct telling *t = arg;

	return broken_list(tx, 0, 1, LOOKED_AT, say_broken, t) &&
	    parked_list(tx, &f, count_request, t) &&
	    parked_count(tx, PARKED_BY_DEVICE, PARKED_WAITING,
		&t->enrol_waiting) &&
	    parked_count(tx, PARKED_BY_DEVICE, PARKED_APPROVED,
		&t->enrol_approved);
}

static void
check_requests(struct checking *k)
{
	struct telling t = {.k = k};

	if (!ops_read(k->c, people_tx, &t)) {
		ERR_clear_error();
		ops_say(k, "requests", FAIL, 0, "they cannot be read");
		return;
	}
	if (t.n > TOLD)
		ops_say(k, "break-glass", FAIL, 0, "%zu more (inkan "
		    "break-glass list)", t.n - TOLD);
	if (t.approved > 0)
		ops_say(k, "requests", WARN, t.first, "%zu approved, not run "
		    "(inkan request run); %zu wait for approvals", t.approved,
		    t.waiting);
	else if (t.waiting > 0)
		ops_say(k, "requests", OK, t.first, "%zu wait for approvals "
		    "(inkan request list)", t.waiting);
	if (t.enrol_waiting > 0 || t.enrol_approved > 0)
		ops_say(k, "enrolments", OK, 0, "%lld wait for approval "
		    "(inkan request list --kind enrol --open); %lld approved, "
		    "not fetched yet", (long long)t.enrol_waiting,
		    (long long)t.enrol_approved);
}

void
ops_status_people(struct checking *k)
{
	check_operators(k);
	check_requests(k);
}
