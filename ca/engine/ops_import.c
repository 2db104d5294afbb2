#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/records.h"
#include "ca/engine/device_import.h"
#include "ca/engine/ops.h"

/*
 * Many devices at once: begin, pages, end. A page without the number of an
 * import is only looked at. Each device has its own entry "device.add" in the
 * log, so that its registration can be proven as that of any other; the whole
 * is told of once, "device.import".
 */

struct paging {
	struct ops_call *c;
	struct import_page p;
	struct import_row row;
	int64_t added, unchanged, refused;	/* of this page */
	int keep_going;
};

static int
begin_tx(struct store_tx *tx, void *arg)
{
	return imports_add(tx, arg);
}

int
ops_import_begin(struct ops_call *c)
{
	struct import_row row;

	c->o.authenticated = 1;
	memset(&row, 0, sizeof(row));
	snprintf(row.file, sizeof(row.file), "%s", ops_text(c, "file"));
	snprintf(row.who, sizeof(row.who), "%s", c->who);
	row.started = c->now;
	return store_write(c->ca->store, begin_tx, &row, 0) &&
	    field_add_int(c->answer->values, "import", row.id);
}

/* The refusal on the queue as a row of the answer; the queue is emptied. */
static int
tell_refusal(struct paging *g, size_t i)
{
	WIRE_FIELDS *row = message_add_row(g->c->answer);
	struct outcome o;

	outcome_init(&o);
	(void)outcome_from_errors(&o, "");
	ERR_clear_error();
	return row != NULL && field_add_int(row, "row", (int64_t)i) &&
	    field_add_text(row, "rule", o.rule) &&
	    field_add_text(row, "text", o.text);
}

static int
count(struct paging *g, enum import_verdict v)
{
	g->added += v == IMPORT_NEW;
	g->unchanged += v == IMPORT_SAME;
	g->refused += v == IMPORT_REFUSED;
	return 1;
}

/* A row that nobody can read is refused as the others are. */
static int
one_row(struct store_tx *tx, struct paging *g, const WIRE_FIELD *f, size_t i)
{
	const unsigned char *der;
	struct device_row d;
	enum import_verdict v = IMPORT_REFUSED;
	WIRE_FIELDS *row;
	size_t len;
	int ok = 1;

	der = field_get_bytes(f, &len);
	row = field_list_decode(der, len);
	if (row != NULL)
		v = import_look(tx, &g->p, row, &d);
	if (v == IMPORT_NEW && g->p.import != 0)
		ok = import_add(tx, &g->p, row, &d);
	else if (v == IMPORT_REFUSED && (g->keep_going || g->p.import == 0))
		ok = tell_refusal(g, i);
	else
		ok = v != IMPORT_REFUSED && v != IMPORT_FAILED;
	field_list_free(row);
	return ok && count(g, v);
}

static int
all_rows(struct store_tx *tx, struct paging *g)
{
	const WIRE_FIELD *f;
	size_t i;

	for (i = 0; (f = field_find(g->c->args, "row", i)) != NULL; i++)
		if (!one_row(tx, g, f, i))
			return 0;
	return 1;
}

static int
look_tx(struct store_tx *tx, void *arg)
{
	return all_rows(tx, arg);
}

static int
open_import(struct store_tx *tx, int64_t id, struct import_row *row)
{
	int found = imports_get(tx, id, row);

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "import: there is no import %lld",
		    (long long)id);
	else if (found == 1 && row->ended != 0)
		ca_raise(CA_E_DENIED, "import.ended: import %lld is over",
		    (long long)id);
	return found == 1 && row->ended == 0;
}

static int
page_tx(struct store_tx *tx, void *arg)
{
	struct paging *g = arg;

	if (!open_import(tx, g->p.import, &g->row) || !all_rows(tx, g))
		return 0;
	g->row.added += g->added;
	g->row.unchanged += g->unchanged;
	g->row.refused += g->refused;
	return imports_set(tx, &g->row);
}

int
ops_device_import(struct ops_call *c)
{
	struct paging g = {.c = c};
	char origin[64];
	struct policy *policy = ca_policy(c->ca);
	int ok;

	c->o.authenticated = 1;
	g.p.policy = policy;
	g.p.fleet = ops_text(c, "fleet");
	g.p.who = c->who;
	g.p.import = field_int(c->args, "import", 0);
	g.p.now = c->now;
	g.keep_going = field_flag(c->args, "keep_going", 0);
	snprintf(origin, sizeof(origin), "import:%lld",
	    (long long)g.p.import);
	g.p.origin = origin;
	ok = g.p.import == 0 ? ops_read(c, look_tx, &g)
			     : store_write(c->ca->store, page_tx, &g, 0);
	policy_put(policy);
	return ok && field_add_int(c->answer->values, "added", g.added) &&
	    field_add_int(c->answer->values, "unchanged", g.unchanged) &&
	    field_add_int(c->answer->values, "refused", g.refused);
}

struct ending {
	struct ops_call *c;
	struct import_row row;
	int64_t id;
	int complete;
};

static int
end_tx(struct store_tx *tx, void *arg)
{
	struct ending *e = arg;
	struct import_row *r = &e->row;
	const unsigned char *md;
	WIRE_FIELDS *l;
	size_t len;
	int ok;

	if (!open_import(tx, e->id, r))
		return 0;
	r->ended = e->c->now;
	md = field_bytes(e->c->args, "sha256", &len);
	l = field_list_new();
	ok = l != NULL && field_add_int(l, "import", r->id) &&
	    field_add_text(l, "file", r->file) &&
	    (md == NULL || field_add_bytes(l, "sha256", md, len)) &&
	    field_add_int(l, "added", r->added) &&
	    field_add_int(l, "unchanged", r->unchanged) &&
	    field_add_int(l, "refused", r->refused) &&
	    field_add_flag(l, "complete", e->complete) &&
	    field_add_text(l, "who", e->c->who) && imports_set(tx, r) &&
	    entries_append(tx, "device.import", e->c->now, l, NULL);
	field_list_free(l);
	return ok;
}

int
ops_import_end(struct ops_call *c)
{
	struct ending e = {.c = c};
	WIRE_FIELDS *v = c->answer->values;
	char id[32], added[32];

	c->o.authenticated = 1;
	e.id = field_int(c->args, "import", 0);
	e.complete = !field_flag(c->args, "incomplete", 0);
	if (!store_write(c->ca->store, end_tx, &e, 0))
		return 0;
	snprintf(id, sizeof(id), "%lld", (long long)e.row.id);
	snprintf(added, sizeof(added), "%lld", (long long)e.row.added);
	report_event(REPORT_INFO, "device.imported", "req", c->req, "who",
	    c->who, "import", id, "file", e.row.file, "added", added, NULL);
	return field_add_int(v, "import", e.row.id) &&
	    field_add_int(v, "added", e.row.added) &&
	    field_add_int(v, "unchanged", e.row.unchanged) &&
	    field_add_int(v, "refused", e.row.refused);
}
