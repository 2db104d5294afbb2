#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/ops_roles.h"
#include "ca/engine/parking.h"
#include "ca/store/parked.h"

/* Before an operation of the admin socket: approvals, or break-glass. */

struct breaking {
	struct ops_call *c;
	struct broken_row row;
	unsigned char sha256[32];	/* over the arguments */
};

static int
break_tx(struct store_tx *tx, void *arg)
{
	struct breaking *b = arg;
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = broken_add(tx, &b->row) && l != NULL &&
	    field_add_int(l, "id", b->row.id) &&
	    field_add_text(l, "op", b->row.op) &&
	    field_add_text(l, "who", b->row.who) &&
	    field_add_text(l, "text", b->row.reason) &&
	    field_add_bytes(l, "args_sha256", b->sha256, 32) &&
	    entries_append(tx, "break-glass", b->c->now, l, NULL);
	field_list_free(l);
	return ok;
}

/* On record before it is done: who dies in between has been seen. */
static int
break_glass(struct ops_call *c, const char *reason)
{
	struct breaking b = {.c = c};
	unsigned char *args = NULL;
	size_t len = 0;
	int ok;

	if (strspn(reason, " \t") == strlen(reason))
		return ops_bad(c, "break_glass", "a reason must be given");
	b.row.time = c->now;
	b.row.uid = (int64_t)c->peer->uid;
	snprintf(b.row.who, sizeof(b.row.who), "%s", c->who);
	snprintf(b.row.op, sizeof(b.row.op), "%s", c->op);
	snprintf(b.row.reason, sizeof(b.row.reason), "%s", reason);
	ok = field_list_encode(c->args, &args, &len) &&
	    SHA256(args, len, b.sha256) != NULL &&
	    store_write(c->ca->store, break_tx, &b, STORE_URGENT);
	OPENSSL_free(args);
	if (ok)
		report_event(REPORT_ERROR, "break-glass.used", "req", c->req,
		    "op", c->op, "who", c->who, "reason", reason, NULL);
	return ok;
}

static int
with_policy(struct ops_call *c, const struct ops_entry *e,
    struct policy *policy)
{
	struct scope s = {0, NULL};
	int ok;

	if (policy->operators == NULL)
		return e->answer(c);
	if (!scope_find(c, policy, &s))
		return 0;
	ok = s.need > 0 ? parking_add(c, policy, &s) : e->answer(c);
	scope_clear(&s);
	return ok;
}

int
ops_gate(struct ops_call *c, const struct ops_entry *e)
{
	const struct ops_roles *r = ops_roles_find(c->op);
	const char *reason = ops_text(c, "break_glass");
	struct policy *policy;
	int ok;

	if (r->approve == 0)
		return e->answer(c);
	c->o.authenticated = 1;
	if (reason != NULL) {
		c->approvals = INT_MAX;
		return break_glass(c, reason) && e->answer(c);
	}
	policy = ca_policy(c->ca);
	ok = with_policy(c, e, policy);
	policy_put(policy);
	return ok;
}
