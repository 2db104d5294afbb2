#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/anchor.h"
#include "ca/engine/ops.h"

/*
 * ca.adoption: how many devices are known to have used which generation of a
 * root, and which ones are not, so that an old one is retired on data.
 */

#define GENERATIONS_MAX (DEVICE_ANCHORS_MAX - 1)

struct adoption {
	struct ops_call *c;
	struct anchor_graph g;
	const char *root;		/* name */
	const struct anchor_ca *gen[GENERATIONS_MAX];	/* oldest first */
	size_t n_gens;
	struct device_anchors *counts;
	size_t n_counts;
	int ok;				/* a callback's 0 only ends a list */
	int64_t devices, newest;	/* in total; of them with the newest */
	struct device_anchor_filter f;
	int64_t wanted[DEVICE_ANCHORS_MAX];
	struct device_row *rows;
	size_t n_rows;
};

/* ---- which root ---- */

static int
choose_root(struct adoption *a)
{
	const char *asked = ops_text(a->c, "root");
	size_t i;

	for (i = 0; i < a->g.n_cas; i++) {
		const struct anchor_ca *ca = &a->g.cas[i];

		if (!ca->is_root || (asked != NULL &&
		    strcmp(ca->name, asked) != 0))
			continue;
		if (a->root != NULL && strcmp(a->root, ca->name) != 0)
			return ops_bad(a->c, "root", "there are several "
			    "roots, %s and %s: say which", a->root, ca->name);
		a->root = ca->name;
	}
	if (a->root != NULL)
		return 1;
	return ops_not_found(a->c, "root", "no root \"%s\"",
	    asked == NULL ? "" : asked);
}

static int
take_generations(struct adoption *a)
{
	const struct anchor_ca *ca;
	size_t i, k;

	for (i = 0; i < a->g.n_cas; i++) {
		ca = &a->g.cas[i];
		if (!ca->is_root || strcmp(ca->name, a->root) != 0)
			continue;
		if (a->n_gens == GENERATIONS_MAX)
			return ops_bad(a->c, "root", "root %s has more than %d "
			    "generations", a->root, GENERATIONS_MAX);
		for (k = a->n_gens++; k > 0 &&
		    a->gen[k - 1]->generation > ca->generation; k--)
			a->gen[k] = a->gen[k - 1];
		a->gen[k] = ca;
	}
	return 1;
}

static int
read_roots(struct store_tx *tx, struct adoption *a)
{
	return anchor_graph_read(&a->g, tx) && choose_root(a) &&
	    take_generations(a);
}

/* ---- counting ---- */

static int
take_count(const struct device_anchors *row, void *arg)
{
	struct adoption *a = arg;
	struct device_anchors *grown;

	grown = OPENSSL_realloc(a->counts, (a->n_counts + 1) * sizeof(*grown));
	a->ok = grown != NULL;
	if (!a->ok)
		return 0;
	a->counts = grown;
	grown[a->n_counts++] = *row;
	return 1;
}

static int
count_tx(struct store_tx *tx, void *arg)
{
	struct adoption *a = arg;

	if (!read_roots(tx, a))
		return 0;
	a->ok = 1;
	if (!devices_anchor_counts(tx, ops_text(a->c, "fleet"), take_count, a))
		return 0;
	if (!a->ok)
		ca_raise(CA_E_INTERNAL, "out of memory");
	return a->ok;
}

/* One fleet: counts[from] up to counts[to], which are one for each anchor. */
struct fleet_counts {
	const char *fleet;
	int64_t used[GENERATIONS_MAX], last[GENERATIONS_MAX];
	int64_t none;		/* that have used no generation of this root */
	int64_t devices;
};

static void
sum_one(const struct adoption *a, const struct device_anchors *row,
    struct fleet_counts *f)
{
	size_t k;

	f->devices += row->devices;
	for (k = 0; k < a->n_gens; k++)
		if (a->gen[k]->id == row->anchor) {
			f->used[k] = row->devices;
			f->last[k] = row->last;
			return;
		}
	f->none += row->devices;
}

static int
add_row(struct adoption *a, const struct fleet_counts *f, size_t k,
    int64_t missing)
{
	WIRE_FIELDS *row = message_add_row(a->c->answer);

	return row != NULL && field_add_text(row, "fleet", f->fleet) &&
	    field_add_text(row, "anchor", a->gen[k]->ident) &&
	    field_add_int(row, "generation", a->gen[k]->generation) &&
	    field_add_time(row, "not_after", a->gen[k]->not_after) &&
	    field_add_int(row, "used", f->used[k]) &&
	    field_add_int(row, "missing", missing) &&
	    field_add_time(row, "last", f->last[k]);
}

/* Missing for a generation: who is not known to have used it or a newer one. */
static int
add_fleet(struct adoption *a, const struct fleet_counts *f)
{
	int64_t missing = f->none;
	size_t k;

	for (k = 0; k < a->n_gens; k++) {
		if (!add_row(a, f, k, missing))
			return 0;
		missing += f->used[k];
	}
	a->devices += f->devices;
	a->newest += f->used[a->n_gens - 1];
	return 1;
}

static int
add_fleets(struct adoption *a)
{
	struct fleet_counts f;
	size_t i = 0;

	while (i < a->n_counts) {
		memset(&f, 0, sizeof(f));
		f.fleet = a->counts[i].fleet;
		for (; i < a->n_counts &&
		    strcmp(a->counts[i].fleet, f.fleet) == 0; i++)
			sum_one(a, &a->counts[i], &f);
		if (!add_fleet(a, &f))
			return 0;
	}
	return 1;
}

static int
count(struct adoption *a)
{
	WIRE_FIELDS *v = a->c->answer->values;

	return ops_read(a->c, count_tx, a) && add_fleets(a) &&
	    field_add_text(v, "root", a->root) &&
	    field_add_text(v, "newest", a->gen[a->n_gens - 1]->ident) &&
	    field_add_int(v, "devices", a->devices) &&
	    field_add_int(v, "used_newest", a->newest) &&
	    field_add_int(v, "not_known", a->devices - a->newest);
}

/* ---- listing ---- */

/* new: the newest; old: an older one of this root; none: none of this root;
   missing: not the newest, that is old and none. */
static int
set_filter(struct adoption *a)
{
	const char *list = ops_text(a->c, "list");
	size_t from = 0, to = a->n_gens, k;

	a->f.fleet = ops_text(a->c, "fleet");
	a->f.after_id = ops_cursor(a->c);
	a->f.limit = ops_limit(a->c);
	a->f.anchors = a->wanted;
	a->f.others = strcmp(list, "none") == 0 || strcmp(list, "missing") == 0;
	if (strcmp(list, "new") == 0 || strcmp(list, "missing") == 0)
		from = a->n_gens - 1;
	else if (strcmp(list, "old") == 0)
		to = a->n_gens - 1;
	else if (strcmp(list, "none") != 0)
		return ops_bad(a->c, "list", "\"%s\" is none of old, new, none "
		    "and missing", list);
	a->wanted[a->f.n_anchors++] = -1;	/* no row's: never empty */
	for (k = from; k < to; k++)
		a->wanted[a->f.n_anchors++] = a->gen[k]->id;
	return 1;
}

static int
take_row(const struct device_row *row, void *arg)
{
	struct adoption *a = arg;

	a->rows[a->n_rows++] = *row;
	return a->n_rows < a->f.limit;
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct adoption *a = arg;

	if (!read_roots(tx, a) || !set_filter(a))
		return 0;
	a->rows = OPENSSL_zalloc(a->f.limit * sizeof(*a->rows));
	return a->rows != NULL &&
	    devices_anchor_list(tx, &a->f, take_row, a);
}

/* The name of its root, where the device has shown to use one. */
static int
add_anchor(WIRE_FIELDS *l, const char *ident, const struct device_row *row)
{
	return field_add_text(l, "anchor", ident) &&
	    field_add_time(l, "anchor_at", row->anchor_at);
}

static int
add_device(struct adoption *a, const struct device_row *row)
{
	const struct anchor_ca *ca = anchor_graph_ca(&a->g, row->anchor);
	WIRE_FIELDS *l = message_add_row(a->c->answer);

	return l != NULL && field_add_text(l, "fleet", row->fleet) &&
	    field_add_text(l, "name", row->name) &&
	    add_anchor(l, ca == NULL ? NULL : ca->ident, row);
}

static int
list(struct adoption *a)
{
	size_t i;
	int ok = ops_read(a->c, list_tx, a);

	for (i = 0; ok && i < a->n_rows && !a->c->page_full; i++) {
		ok = add_device(a, &a->rows[i]);
		(void)ops_room(a->c);
	}
	return ok && ops_set_cursor(a->c, i > 0 ? a->rows[i - 1].id : 0,
	    a->n_rows);
}

static int
fleet_known(struct ops_call *c)
{
	const char *fleet = ops_text(c, "fleet");
	struct policy *p = ca_policy(c->ca);
	int known = fleet == NULL || policy_fleet(p, fleet) != NULL;

	policy_put(p);
	return known || ops_not_found(c, "fleet", "no fleet \"%s\"", fleet);
}

int
ops_ca_adoption(struct ops_call *c)
{
	struct adoption a = {.c = c};
	int ok = 0;

	if (fleet_known(c))
		ok = ops_text(c, "list") != NULL ? list(&a) : count(&a);
	anchor_graph_clear(&a.g);
	OPENSSL_free(a.counts);
	OPENSSL_free(a.rows);
	return ok;
}

int
ops_add_anchor(struct ops_call *c, WIRE_FIELDS *l, const struct device_row *row)
{
	const struct issuer *is = row->anchor == 0 ? NULL :
	    issuer_set_by_id(&c->ca->issuers, row->anchor);

	return add_anchor(l, is == NULL ? NULL : is->row.ident, row);
}
