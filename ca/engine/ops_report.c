#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/engine/ops.h"
#include "ca/store/logs.h"
#include "ca/store/reasons.h"
#include "ca/store/reports.h"

/*
 * What an auditor asks first: sums over a time, and the acts of people in it,
 * tied to a checkpoint of the log: events are those that it covers, no later
 * ones.
 */

struct reporting {
	struct ops_call *c;
	int64_t from, to;
	int64_t end;		/* entries that the checkpoint covers */
	struct log_row log;
	struct log_checkpoint_row at;	/* size 0: none yet */
	int64_t first;		/* events: from this index on */
	int64_t last;
	size_t n;
	int failed;
};

static int
add_issued(const struct report_issued *r, void *arg)
{
	struct reporting *t = arg;
	WIRE_FIELDS *l;

	if (!ops_room(t->c))
		return 0;
	l = message_add_row(t->c->answer);
	t->failed = l == NULL || !field_add_text(l, "section", "issued") ||
	    !field_add_text(l, "issuer", r->issuer) ||
	    !field_add_text(l, "profile", r->profile) ||
	    !field_add_int(l, "count", r->n);
	return !t->failed;
}

static int
add_revoked(const struct report_revoked *r, void *arg)
{
	struct reporting *t = arg;
	WIRE_FIELDS *l;
	char text[96];

	if (!ops_room(t->c))
		return 0;
	l = message_add_row(t->c->answer);
	snprintf(text, sizeof(text), "%lld not on a CRL yet",
	    (long long)(r->n - r->published));
	t->failed = l == NULL || !field_add_text(l, "section", "revoked") ||
	    !field_add_text(l, "issuer", r->issuer) ||
	    !field_add_text(l, "reason", reasons_name(r->reason < 0 ? 0 :
	    r->reason)) || !field_add_int(l, "count", r->n) ||
	    !field_add_int(l, "mean_seconds", r->mean) ||
	    !field_add_int(l, "max_seconds", r->most) ||
	    !field_add_text(l, "text", r->published < r->n ? text : NULL);
	return !t->failed;
}

static int
add_late(const struct report_crl *r, void *arg)
{
	struct reporting *t = arg;
	WIRE_FIELDS *l;
	char text[128];

	if (!ops_room(t->c))
		return 0;
	l = message_add_row(t->c->answer);
	snprintf(text, sizeof(text), "number %lld, shard %d%s",
	    (long long)r->number, r->shard, r->expired ?
	    "; the one before had run out" : "");
	t->failed = l == NULL || !field_add_text(l, "section", "late-crl") ||
	    !field_add_time(l, "time", r->this_update) ||
	    !field_add_text(l, "issuer", r->issuer) ||
	    !field_add_int(l, "max_seconds", r->late) ||
	    !field_add_text(l, "text", text);
	return !t->failed;
}

/* The newest checkpoint, and how far it reaches; where there is none yet,
   the log as it is. */
static int
tie(struct store_tx *tx, struct reporting *t)
{
	int found = logs_last(tx, &t->log);

	if (found == 1)
		found = logs_checkpoint_get(tx, t->log.id, -1, 0, &t->at);
	if (found < 0)
		return 0;
	if (found == 1) {
		t->end = t->at.size;
		return 1;
	}
	return entries_count(tx, &t->end);
}

static int
report_tx(struct store_tx *tx, void *arg)
{
	struct reporting *t = arg;

	return tie(tx, t) &&
	    reports_issued(tx, t->from, t->to, add_issued, t) &&
	    reports_revoked(tx, t->from, t->to, add_revoked, t) &&
	    reports_crls(tx, t->from, t->to, add_late, t);
}

static int
take(struct ops_call *c, struct reporting *t)
{
	memset(t, 0, sizeof(*t));
	t->c = c;
	t->from = field_time(c->args, "from", 0);
	t->to = field_time(c->args, "to", c->now);
	return t->from < t->to || ops_bad(c, "from", "must be before \"to\"");
}

int
ops_report(struct ops_call *c)
{
	WIRE_FIELDS *v = c->answer->values;
	struct reporting t;
	char root[65];
	int ok;

	ok = take(c, &t) && ops_read(c, report_tx, &t) && !t.failed;
	ops_hex(t.at.root, 32, root);
	ok = ok && field_add_time(v, "from", t.from) &&
	    field_add_time(v, "to", t.to) &&
	    field_add_time(v, "made", c->now) &&
	    field_add_int(v, "log_size", t.end) &&
	    field_add_text(v, "log_root", t.at.size > 0 ? root : NULL) &&
	    field_add_text(v, "log_origin", t.log.origin[0] != '\0' ?
	    t.log.origin : NULL) && field_add_flag(v, "complete",
	    !c->page_full);
	logs_checkpoint_clear(&t.at);
	return ok;
}

/* --- what people did --- */

static const char *
section_of(const char *kind)
{
	static const char *const prefixes[] = {"request", "break-glass",
	    "ceremony", "policy", "campaign", "alarm"};
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(kind, prefixes[i], strlen(prefixes[i])) == 0)
			return prefixes[i];
	return "ca";
}

/* The parts of a detail that a reader wants, in one line. */
static void
describe(const WIRE_FIELDS *l, char *out, size_t size)
{
	static const char *const names[] = {"request", "id", "op", "version",
	    "kind", "issuer", "operator", "asker", "campaign", "query",
	    "signer", "cas", "note", "text", "reason"};
	const WIRE_FIELD *f;
	char value[200];
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		f = field_find(l, names[i], 0);
		if (f == NULL || field_type(f) == V_ASN1_NULL)
			continue;
		if (field_type(f) == V_ASN1_INTEGER)
			snprintf(value, sizeof(value), "%lld",
			    (long long)field_get_int(f));
		else if (field_type(f) == V_ASN1_UTF8STRING)
			snprintf(value, sizeof(value), "%.199s",
			    field_get_text(f));
		else
			continue;
		value[strcspn(value, "\n")] = '\0';
		n += (size_t)snprintf(out + n, size - n, "%s%s=%s",
		    n > 0 ? "; " : "", names[i], value);
		if (n + 1 >= size)
			return;
	}
}

static int
add_event(const struct entry_row *row, void *arg)
{
	struct reporting *t = arg;
	WIRE_FIELDS *l = message_add_row(t->c->answer);
	WIRE_FIELDS *detail = field_list_decode(row->detail, row->detail_len);
	char text[800];

	t->failed = 1;
	if (detail != NULL && l != NULL) {
		describe(detail, text, sizeof(text));
		t->failed = !field_add_text(l, "section",
		    section_of(row->kind)) ||
		    !field_add_int(l, "index", row->index) ||
		    !field_add_time(l, "time", row->time) ||
		    !field_add_text(l, "kind", row->kind) ||
		    !field_add_text(l, "who", field_text(detail, "who",
		    field_text(detail, "author", NULL))) ||
		    !field_add_text(l, "text", text);
	}
	field_list_free(detail);
	t->last = row->index;
	t->n++;
	return !t->failed && ops_room(t->c);
}

static int
events_tx(struct store_tx *tx, void *arg)
{
	struct reporting *t = arg;
	int64_t end = field_int(t->c->args, "end", -1);

	return tie(tx, t) && reports_events(tx, t->from, t->to, t->first,
	    end >= 0 && end < t->end ? end : t->end, ops_limit(t->c),
	    add_event, t);
}

int
ops_report_events(struct ops_call *c)
{
	struct reporting t;
	char next[32];
	int ok;

	ok = take(c, &t);
	t.first = field_int(c->args, "first", 0);
	ok = ok && ops_read(c, events_tx, &t) && !t.failed;
	logs_checkpoint_clear(&t.at);
	if (!ok || (t.n < ops_limit(c) && !c->page_full))
		return ok;
	snprintf(next, sizeof(next), "%lld", (long long)t.last + 1);
	return message_set_next(c->answer, next);
}
