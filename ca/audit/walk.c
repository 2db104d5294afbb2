#include <inttypes.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/audit/private.h"
#include "ca/error.h"
#include "ca/store/adopt.h"

struct walk {
	struct audit *a;
	struct marks own, pub;
	struct shifts shifts;
	struct published *published;	/* NULL: there is no published log */
	struct replay *replay;		/* NULL: there is no store */
	int64_t next;			/* index that a row should have */
	int64_t unpublished, unpublished_from;
	int64_t lost, lost_from, lost_last;	/* no entry says why yet */
};

struct walk *
walk_new(struct audit *a, struct store_tx *tx)
{
	struct walk *w = OPENSSL_zalloc(sizeof(*w));

	if (w == NULL)
		return NULL;
	w->a = a;
	w->own.whose = "the store";
	w->pub.whose = "the published log";
	if ((a->c->source == NULL ||
		(w->published = published_new(a, a->c->source, 0,
		     a->c->head->size)) != NULL) &&
	    (tx == NULL || (w->replay = replay_new(a, tx)) != NULL))
		return w;
	walk_free(w);
	return NULL;
}

struct marks *
walk_own(struct walk *w)
{
	return &w->own;
}

struct marks *
walk_published(struct walk *w)
{
	return &w->pub;
}

void
walk_free(struct walk *w)
{
	if (w == NULL)
		return;
	published_free(w->published);
	replay_free(w->replay);
	marks_clear(&w->own);
	marks_clear(&w->pub);
	shifts_clear(&w->shifts);
	OPENSSL_free(w);
}

/* The next published leaf, if any; it goes into the tree of the published. */
static int
next_published(struct walk *w, struct published_leaf *out)
{
	int more;

	memset(out, 0, sizeof(*out));
	if (w->published == NULL)
		return 1;
	more = published_next(w->published, out);
	if (more != 1)
		return more == 0;
	w->a->r->published++;
	if (!out->hashed) {
		w->pub.broken = 1;
		return 1;
	}
	return marks_leaf(w->a, &w->pub, &out->hash);
}

/* Rows that are not there, from w->next up to ${to}. */
static int
gap(struct walk *w, int64_t to)
{
	struct published_leaf pub;
	int64_t from = w->next;

	w->own.broken = 1;
	for (; w->next < to; w->next++) {
		if (!next_published(w, &pub))
			return 0;
		if (pub.known && !shifts_add(&w->shifts, NULL, NULL, &pub.leaf,
				     pub.index))
			return 0;
	}
	if (w->published == NULL || (uint64_t)to > w->a->c->head->size)
		audit_say(w->a, "missing", from, NULL,
		    "the store has no entries %lld to %lld", (long long)from,
		    (long long)to - 1);
	return 1;
}

/* A row's leaf that is not the published one. */
static int
differ(struct walk *w, const struct log_leaf *own, const WIRE_FIELDS *detail,
    const struct published_leaf *pub)
{
	return shifts_add(&w->shifts, own, detail,
	    pub->known ? &pub->leaf : NULL, pub->index);
}

/* Of an entry that was taken over from the published log the leaf is all that
   there is (docs/log.md). */
static void
look_at_lost(struct walk *w, const struct entry_row *row,
    const struct log_leaf *leaf)
{
	if (leaf == NULL || leaf->index != row->index ||
	    leaf->time != row->time || strcmp(leaf->kind, row->kind) != 0)
		audit_say(w->a, "changed", row->index, NULL,
		    "%s: kind or time is not what its leaf says", row->kind);
	if (w->lost++ == 0)
		w->lost_from = row->index;
	w->lost_last = row->index;
	replay_lost(w->replay);
}

/* What «restore --merge» took over stands in its entry. */
static void
excuse(struct walk *w, const WIRE_FIELDS *detail)
{
	if (w->lost == 0 || field_int(detail, "size", 0) <= w->lost_last ||
	    field_int(detail, "from", INT64_MAX) > w->lost_from)
		return;
	w->a->r->lost += (uint64_t)w->lost;
	w->lost = 0;
}

/* Is the row what its own leaf commits to? */
static void
look_at_row(struct walk *w, const struct entry_row *row,
    const WIRE_FIELDS *detail, const struct log_leaf *leaf)
{
	int ok;

	if (entries_is_lost(row)) {
		look_at_lost(w, row, leaf);
		return;
	}
	ERR_set_mark();
	ok = entries_check(row);
	ERR_pop_to_mark();
	if (ok && strcmp(row->kind, "restore.merged") == 0)
		excuse(w, detail);
	if (ok)
		return;
	if (leaf == NULL)
		audit_say(w->a, "changed", row->index, detail,
		    "%s: what is stored as its leaf is none", row->kind);
	else if (leaf->index != row->index)
		audit_say(w->a, "re-ordered", row->index, detail,
		    "%s: its leaf is that of entry %lld", row->kind,
		    (long long)leaf->index);
	else
		audit_say(w->a, "changed", row->index, detail,
		    "%s: kind, time, salt or detail is not what its leaf "
		    "commits to (leaf: %s)",
		    row->kind, leaf->kind);
}

static void
look_whether_published(struct walk *w, const struct entry_row *row)
{
	if (w->published == NULL || w->a->c->unpublished_before == 0 ||
	    row->time >= w->a->c->unpublished_before)
		return;
	if (w->unpublished++ == 0)
		w->unpublished_from = row->index;
}

static int
compare(struct walk *w, const struct entry_row *row, const WIRE_FIELDS *detail,
    const struct published_leaf *pub)
{
	struct log_leaf leaf;
	struct log_hash h;
	int is_leaf;

	ERR_set_mark();
	is_leaf = log_leaf_decode(&leaf, row->leaf, row->leaf_len);
	ERR_pop_to_mark();
	look_at_row(w, row, detail, is_leaf ? &leaf : NULL);
	if (!log_leaf_hash(row->leaf, row->leaf_len, &h) ||
	    !marks_leaf(w->a, &w->own, &h))
		return 0;
	if (!pub->hashed) {
		look_whether_published(w, row);
		return 1;
	}
	if (memcmp(h.b, pub->hash.b, LOG_HASH) == 0 || !is_leaf)
		return 1;
	return differ(w, &leaf, detail, pub);
}

int
walk_row(struct walk *w, const struct entry_row *row)
{
	struct published_leaf pub;
	WIRE_FIELDS *detail = NULL;
	int ok;

	if (row->index > w->next && !gap(w, row->index))
		return 0;
	if (!next_published(w, &pub))
		return 0;
	ERR_set_mark();
	detail = field_list_decode(row->detail, row->detail_len);
	ERR_pop_to_mark();
	ok = compare(w, row, detail, &pub) &&
	    (detail == NULL || replay_entry(w->replay, row, detail));
	field_list_free(detail);
	w->next = row->index + 1;
	w->a->r->entries++;
	return ok;
}

/* The published leaves that no row stands beside. */
static int
rest(struct walk *w)
{
	uint64_t size = w->published != NULL ? w->a->c->head->size : 0;
	struct published_leaf pub;

	while (w->a->r->published < size) {
		if (!next_published(w, &pub))
			return 0;
		if (w->replay != NULL && pub.known &&
		    !shifts_add(&w->shifts, NULL, NULL, &pub.leaf, pub.index))
			return 0;
	}
	return 1;
}

int
walk_end(struct walk *w)
{
	struct marks *m = w->published != NULL ? &w->pub : &w->own;

	if (!rest(w))
		return 0;
	if (w->unpublished > 0)
		audit_say(w->a, "unpublished", w->unpublished_from, NULL,
		    "%lld entries from here on should have been published long "
		    "since", (long long)w->unpublished);
	if (w->lost > 0)
		audit_say(w->a, "missing", w->lost_from, NULL,
		    "%lld entries from here on have no salt and no detail, and "
		    "no entry says that they were taken over so",
		    (long long)w->lost);
	marks_end(w->a, &w->own);
	marks_end(w->a, &w->pub);
	shifts_tell(w->a, &w->shifts);
	return (m->broken || log_frontier_root(&m->tree, &w->a->r->root)) &&
	    (w->replay == NULL || replay_end(w->replay));
}
