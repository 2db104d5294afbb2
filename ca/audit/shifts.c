#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ca/audit/private.h"
#include "ca/error.h"

static int
make_room(struct shifts *s)
{
	if (s->own != NULL)
		return 1;
	s->own = calloc(SHIFTS_MAX, sizeof(*s->own));
	s->pub = calloc(SHIFTS_MAX, sizeof(*s->pub));
	if (s->own != NULL && s->pub != NULL)
		return 1;
	ca_raise(CA_E_INTERNAL, "out of memory");
	return 0;
}

static void
put(struct shifts *s, struct shift *list, size_t *n, const struct log_leaf *leaf,
    const WIRE_FIELDS *detail, int64_t index)
{
	struct shift *x;

	if (*n == SHIFTS_MAX) {
		s->more++;
		return;
	}
	x = &list[(*n)++];
	x->index = index;
	x->leaf = *leaf;
	if (detail == NULL)
		return;
	snprintf(x->issuer, sizeof(x->issuer), "%s",
	    field_text(detail, "issuer", ""));
	snprintf(x->serial, sizeof(x->serial), "%s",
	    field_text(detail, "serial", ""));
}

int
shifts_add(struct shifts *s, const struct log_leaf *own,
    const WIRE_FIELDS *detail, const struct log_leaf *pub, int64_t index)
{
	if (!make_room(s))
		return 0;
	if (own != NULL)
		put(s, s->own, &s->n_own, own, detail, index);
	if (pub != NULL)
		put(s, s->pub, &s->n_pub, pub, NULL, index);
	return 1;
}

static int
by_commitment(const void *a, const void *b)
{
	const struct shift *x = a, *y = b;

	return memcmp(
	    x->leaf.commitment, y->leaf.commitment, LEAF_COMMITMENT);
}

static const struct shift *
find(const struct shift *x, const struct shift *list, size_t n)
{
	return n == 0 ? NULL
		      : bsearch(x, list, n, sizeof(*list), by_commitment);
}

static const struct shift *
find_index(int64_t index, const struct shift *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].index == index)
			return &list[i];
	return NULL;
}

static void
tell(struct audit *a, const char *what, const struct shift *x, const char *text)
{
	struct audit_finding f = {.what = what, .index = x->index,
	    .text = text};

	memcpy(f.issuer, x->issuer, sizeof(f.issuer));
	memcpy(f.serial, x->serial, sizeof(f.serial));
	a->r->findings++;
	a->c->found(a->c->arg, &f);
}

/* Both sides again, by commitment. */
struct sorted {
	struct shift *own, *pub;
};

/* An entry of the store that is not the published one of its index: it stood
   elsewhere, or took the place of one that is nowhere, or was put in. */
static void
tell_own(struct audit *a, const struct shifts *s, const struct sorted *by,
    const struct shift *own)
{
	const struct shift *was = find(own, by->pub, s->n_pub), *here;
	char text[256], t[AUDIT_TIME_MAX];

	if (was != NULL) {
		snprintf(text, sizeof(text), "%s: was published as entry %lld",
		    own->leaf.kind, (long long)was->index);
		tell(a, "re-ordered", own, text);
		return;
	}
	here = find_index(own->index, s->pub, s->n_pub);
	if (here != NULL && find(here, by->own, s->n_own) == NULL) {
		snprintf(text, sizeof(text),
		    "%s: was published as another entry (%s, %s)",
		    own->leaf.kind, here->leaf.kind,
		    audit_time(here->leaf.time, t));
		tell(a, "changed", own, text);
		return;
	}
	snprintf(text, sizeof(text), "%s: was never published", own->leaf.kind);
	tell(a, "extra", own, text);
}

/* A published entry that the store has nowhere, unless it counts as changed. */
static void
tell_pub(struct audit *a, const struct shifts *s, const struct sorted *by,
    const struct shift *pub)
{
	const struct shift *here;
	char text[256], t[AUDIT_TIME_MAX];

	if (find(pub, by->own, s->n_own) != NULL)
		return;
	here = find_index(pub->index, s->own, s->n_own);
	if (here != NULL && find(here, by->pub, s->n_pub) == NULL)
		return;
	snprintf(text, sizeof(text),
	    "%s of %s: published, but not in the store", pub->leaf.kind,
	    audit_time(pub->leaf.time, t));
	tell(a, "missing", pub, text);
}

static struct shift *
sorted_copy(const struct shift *list, size_t n)
{
	struct shift *out = malloc((n + 1) * sizeof(*out));

	if (out == NULL)
		return NULL;
	memcpy(out, list, n * sizeof(*out));
	qsort(out, n, sizeof(*out), by_commitment);
	return out;
}

void
shifts_tell(struct audit *a, struct shifts *s)
{
	struct sorted by = {NULL, NULL};
	size_t i;

	if (s->own == NULL)
		return;
	by.own = sorted_copy(s->own, s->n_own);
	by.pub = sorted_copy(s->pub, s->n_pub);
	for (i = 0; by.own != NULL && by.pub != NULL && i < s->n_own; i++)
		tell_own(a, s, &by, &s->own[i]);
	for (i = 0; by.own != NULL && by.pub != NULL && i < s->n_pub; i++)
		tell_pub(a, s, &by, &s->pub[i]);
	if (s->more > 0 || by.own == NULL || by.pub == NULL)
		audit_say(a, "changed", -1, NULL,
		    "%zu more entries differ from what was published",
		    s->more);
	free(by.own);
	free(by.pub);
}

void
shifts_clear(struct shifts *s)
{
	free(s->own);
	free(s->pub);
	memset(s, 0, sizeof(*s));
}
