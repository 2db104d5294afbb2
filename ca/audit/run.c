#include <string.h>
#include "ca/audit/private.h"
#include "ca/error.h"

struct run {
	struct audit *a;
	struct walk *w;
	int failed;
};

/* What both sides must agree with. */
static int
mark(struct run *r, struct store_tx *tx)
{
	const struct audit_config *c = r->a->c;
	struct marks *own = walk_own(r->w), *pub = walk_published(r->w);
	int ok = 1;

	if (tx != NULL)
		ok = notes_read(r->a, tx, own);
	if (ok && tx != NULL && c->head != NULL)
		ok = marks_add(own, c->head->size, &c->head->root,
		    "the published checkpoint");
	if (ok && c->head != NULL)
		ok = marks_add(pub, c->head->size, &c->head->root,
		    "the published checkpoint");
	if (ok && c->since != NULL)
		ok = (tx == NULL || marks_add(own, c->since->size,
				       &c->since->root,
				       "the checkpoint of --since")) &&
		    (c->head == NULL || marks_add(pub, c->since->size,
					    &c->since->root,
					    "the checkpoint of --since"));
	return ok && marks_begin(r->a, own) && marks_begin(r->a, pub);
}

static int
take_row(const struct entry_row *row, void *arg)
{
	struct run *r = arg;

	r->failed = !walk_row(r->w, row);
	return !r->failed;
}

static int
read_both(struct store_tx *tx, void *arg)
{
	struct run *r = arg;
	int ok;

	r->w = walk_new(r->a, tx);
	ok = r->w != NULL && mark(r, tx) &&
	    (tx == NULL ||
		(entries_list(tx, 0, 0, take_row, r) && !r->failed)) &&
	    walk_end(r->w);
	walk_free(r->w);
	return ok;
}

int
audit_run(const struct audit_config *c, struct audit_result *out)
{
	struct audit a = {c, out};
	struct run r = {.a = &a};

	memset(out, 0, sizeof(*out));
	if (c->store == NULL)
		return read_both(NULL, &r);
	return store_read(c->store, read_both, &r);
}
