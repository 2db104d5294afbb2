#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "profiles/error.h"
#include "ca/engine/ops.h"
#include "ca/engine/ops_roles.h"

#define TEXT V_ASN1_UTF8STRING
#define BYTES V_ASN1_OCTET_STRING

const char *
ops_role_name(enum ops_role role)
{
	return role == OPS_RA ? "ra" : role == OPS_SVC ? "svc" : "admin";
}

static const struct settings_peers *
peers_of(const struct settings *s, enum ops_role role)
{
	return role == OPS_RA ? &s->ra : role == OPS_SVC ? &s->svc : &s->admin;
}

static int
in_group(const struct socket_peer *peer, gid_t gid)
{
	size_t i;

	for (i = 0; i < peer->n_groups; i++)
		if (peer->groups[i] == gid)
			return 1;
	return peer->gid == gid;
}

int
ops_peer_ok(const struct settings *s, enum ops_role role,
    const struct socket_peer *peer)
{
	const struct settings_peers *list = peers_of(s, role);
	const struct settings_peer *p;
	size_t i;

	for (i = 0; i < list->n; i++) {
		p = &list->peer[i];
		if (p->is_group ? in_group(peer, p->gid) :
		    p->uid == peer->uid)
			return 1;
	}
	return 0;
}

/* What every operation can have that break-glass exists for. */
static const struct ops_arg BREAK_GLASS = {
    "break_glass", TEXT, 0, BREAK_REASON_MAX};

const struct ops_arg *
ops_find_arg(const struct ops_entry *e, const char *name)
{
	size_t i;

	for (i = 0; i < e->n_args; i++)
		if (strcmp(e->args[i].name, name) == 0)
			return &e->args[i];
	return (e->roles & OPS_ADMIN) && ops_breaks(e->name) &&
	    strcmp(name, BREAK_GLASS.name) == 0 ? &BREAK_GLASS : NULL;
}

static size_t
size_of(const WIRE_FIELD *f)
{
	size_t len = 0;

	if (field_type(f) == TEXT)
		return strlen(field_get_text(f));
	if (field_type(f) == BYTES)
		(void)field_get_bytes(f, &len);
	return len;
}

static int
check_field(struct ops_call *c, const struct ops_entry *e, const WIRE_FIELD *f)
{
	const struct ops_arg *a = ops_find_arg(e, field_name(f));

	if (a == NULL)
		return ops_bad(c, field_name(f), "operation %s has no argument "
		    "\"%s\"", e->name, field_name(f));
	/* Absent and null are the same; among many there is no null. */
	if (field_type(f) == V_ASN1_NULL &&
	    !(a->flags & (OPS_REQUIRED | OPS_MANY)))
		return 1;
	if (field_type(f) != a->type)
		return ops_bad(c, a->name, "argument has the wrong type");
	if (size_of(f) > a->max && (a->type == TEXT || a->type == BYTES))
		return ops_bad(c, a->name, "longer than %zu octets", a->max);
	if (!(a->flags & OPS_MANY) && field_count(c->args, a->name) > 1)
		return ops_bad(c, a->name, "given more than once");
	return 1;
}

static int
check_args(struct ops_call *c, const struct ops_entry *e)
{
	int i, n = sk_WIRE_FIELD_num(c->args);
	size_t k;

	for (i = 0; i < n; i++)
		if (!check_field(c, e, sk_WIRE_FIELD_value(c->args, i)))
			return 0;
	for (k = 0; k < e->n_args; k++)
		if ((e->args[k].flags & OPS_REQUIRED) &&
		    field_find(c->args, e->args[k].name, 0) == NULL)
			return ops_bad(c, e->args[k].name,
			    "argument is missing");
	return 1;
}

const struct ops_entry *
ops_find(const char *op, enum ops_role role)
{
	size_t i, n;
	const struct ops_entry *t = ops_table(&n);

	for (i = 0; i < n; i++)
		if (strcmp(t[i].name, op) == 0 && (t[i].roles & role))
			return &t[i];
	return NULL;
}

static const struct ops_entry *
find_entry(struct ops_call *c)
{
	const struct ops_entry *e = ops_find(c->op, c->role);

	if (e != NULL)
		return e;
	report_event(REPORT_WARN, "ops.refused", "role",
	    ops_role_name(c->role), "op", c->op, "who", c->who, NULL);
	outcome_refuse(&c->o, WIRE_DENIED, "authorize", "ops.table", "op",
	    "operation \"%.64s\" does not exist for %s", c->op,
	    ops_role_name(c->role));
	c->o.authenticated = 1;
	return NULL;
}

/* What a refusal leaves behind: a line, and for an authenticated party an entry
   of the log, capped per party and hour; else a counter. */
struct refusal {
	struct ops_call *c;
	int64_t n;
};

static int
refusal_tx(struct store_tx *tx, void *arg)
{
	struct refusal *r = arg;
	struct ops_call *c = r->c;
	const char *party = outcome_party(&c->o);
	WIRE_FIELDS *l;
	int ok;

	if (!store_count(tx, "refusal", party[0] != '\0' ? party : c->who,
	    c->now - c->now % 3600, &r->n))
		return 0;
	if (r->n > OUTCOME_REFUSALS_PER_HOUR)
		return 1;
	l = field_list_new();
	ok = l != NULL && field_add_text(l, "op", c->op) &&
	    field_add_text(l, "who", c->who) &&
	    field_add_text(l, "party", c->o.who) &&
	    field_add_text(l, "stage", c->o.stage) &&
	    field_add_text(l, "rule", c->o.rule) &&
	    field_add_text(l, "field", c->o.field) &&
	    field_add_text(l, "text", c->o.text) &&
	    entries_append(tx, "refusal", c->now, l, NULL);
	field_list_free(l);
	return ok;
}

static void
record_refusal(struct ops_call *c)
{
	struct refusal r = {c, 0};

	if (!c->o.authenticated) {
		atomic_fetch_add(&c->ca->refused, 1);
		return;
	}
	if (!store_write(c->ca->store, refusal_tx, &r, 0))
		report_errors(REPORT_ERROR, "refusal.unlogged", "req", c->req,
		    NULL);
}

/* Causes that are the operator's business are told to the operator; a device
   learns that it is not to blame. */
static void
suit_to_role(struct ops_call *c)
{
	const struct outcome was = c->o;
	int reason = report_last_reason();
	char why[sizeof(c->o.text)];

	if (c->role == OPS_ADMIN && (c->o.status == WIRE_UNAVAILABLE ||
	    c->o.status == WIRE_INTERNAL) && ERR_peek_error() != 0) {
		report_trace(why, sizeof(why));
		(void)outcome_refuse(&c->o, was.status, was.stage, was.rule,
		    was.field, "%s", why);
	}
	if (c->role == OPS_RA && (reason == CA_E_CONFIG ||
	    reason == PROFILE_E_CONFIG))
		(void)outcome_refuse(&c->o, WIRE_INTERNAL, was.stage,
		    "internal", "", "internal error");
}

static void
refuse(struct ops_call *c)
{
	enum report_level level;

	if (c->o.status == WIRE_OK)
		outcome_from_errors(&c->o, "");
	suit_to_role(c);
	level = c->o.status == WIRE_INTERNAL ||
	    c->o.status == WIRE_UNAVAILABLE ? REPORT_ERROR : REPORT_INFO;
	report_errors(level, "ops.answer", "req", c->req, "op", c->op, "who",
	    c->who, "party", c->o.who, "status",
	    message_status_name(c->o.status), "stage", c->o.stage, "rule",
	    c->o.rule, "field", c->o.field, "text", c->o.text, NULL);
	record_refusal(c);
	(void)message_set_status(c->answer, c->o.status);
	(void)message_set_refusal(c->answer, c->o.stage, c->o.rule, c->o.field,
	    c->o.text);
	if (c->o.retry_after > 0)
		(void)message_set_retry(c->answer, c->o.retry_after);
}

void
ops_perform(struct ops_call *c, const struct ops_entry *e)
{
	if (!e->answer(c))
		refuse(c);
	ERR_clear_error();
}

WIRE_ANSWER *
ops_answer(struct ca *ca, enum ops_role role, const struct socket_peer *peer,
    const WIRE_REQUEST *req, time_t now)
{
	struct ops_call c = {.ca = ca, .peer = peer, .role = role,
	    .op = message_request_op(req), .args = req->args, .now = now};
	const struct ops_entry *e;

	ERR_clear_error();
	outcome_init(&c.o);
	snprintf(c.who, sizeof(c.who), "%s:uid:%u", ops_role_name(role),
	    (unsigned)peer->uid);
	snprintf(c.req, sizeof(c.req), "%lld",
	    (long long)message_request_id(req));
	c.answer = message_answer(message_request_id(req), WIRE_OK);
	if (c.answer == NULL)
		return NULL;
	/* First of all the clock, so that nothing is written as fresh by one
	   that just stepped; what that forbids is up to the operation. */
	(void)ca_may_vouch(ca);
	ERR_clear_error();
	e = find_entry(&c);
	if (e == NULL || (role == OPS_ADMIN && !ops_roles_check(&c)) ||
	    !check_args(&c, e) || !(role == OPS_ADMIN ? ops_gate(&c, e) :
	    e->answer(&c)))
		refuse(&c);
	ERR_clear_error();
	return c.answer;
}
