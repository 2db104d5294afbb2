#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ca/audit/private.h"
#include "ca/error.h"

int
marks_add(struct marks *m, uint64_t size, const struct log_hash *root,
    const char *label)
{
	struct mark *more;
	size_t room;

	if (m->n == m->room) {
		room = m->room == 0 ? 64 : 2 * m->room;
		more = realloc(m->mark, room * sizeof(*more));
		if (more == NULL) {
			ca_raise(CA_E_INTERNAL, "out of memory");
			return 0;
		}
		m->mark = more;
		m->room = room;
	}
	memset(&m->mark[m->n], 0, sizeof(*m->mark));
	m->mark[m->n].size = size;
	m->mark[m->n].root = *root;
	snprintf(m->mark[m->n].label, sizeof(m->mark[m->n].label), "%s",
	    label);
	m->n++;
	return 1;
}

static int
by_size(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return x->size < y->size ? -1 : x->size > y->size;
}

/* Leaves that may be the cause, for people. */
static const char *
between(uint64_t from, uint64_t to, char out[96])
{
	if (from + 1 >= to)
		snprintf(out, 96, "entry %" PRIu64, to > 0 ? to - 1 : 0);
	else
		snprintf(out, 96, "one or more of entries %" PRIu64
		    " to %" PRIu64, from, to - 1);
	return out;
}

/* Every mark of the size that the tree has now. */
static int
look(struct audit *a, struct marks *m)
{
	struct log_hash root;
	const struct mark *k;
	char range[96];

	if (m->next == m->n || m->mark[m->next].size != m->tree.size)
		return 1;
	if (!log_frontier_root(&m->tree, &root))
		return 0;
	for (; m->next < m->n && m->mark[m->next].size == m->tree.size;
	     m->next++) {
		k = &m->mark[m->next];
		if (memcmp(root.b, k->root.b, LOG_HASH) == 0) {
			m->agreed = m->tree.size;
			continue;
		}
		audit_say(a, "forked", -1, NULL,
		    "%s does not have the root of %s over %" PRIu64
		    " entries: %s changed, moved, or put in since",
		    m->whose, k->label, k->size,
		    between(m->agreed, m->tree.size, range));
		m->broken = 1;
		break;
	}
	return 1;
}

int
marks_begin(struct audit *a, struct marks *m)
{
	if (m->n > 0)
		qsort(m->mark, m->n, sizeof(*m->mark), by_size);
	return look(a, m);
}

int
marks_leaf(struct audit *a, struct marks *m, const struct log_hash *h)
{
	return m->broken || (log_frontier_add(&m->tree, h) && look(a, m));
}

void
marks_end(struct audit *a, struct marks *m)
{
	const struct mark *last = m->n > 0 ? &m->mark[m->n - 1] : NULL;

	if (m->broken || last == NULL || last->size <= m->tree.size)
		return;
	audit_say(a, "missing", (int64_t)m->tree.size, NULL,
	    "%s ends after %" PRIu64 " entries, but %s is over %" PRIu64
	    ": it is older than what was signed of it",
	    m->whose, m->tree.size, last->label, last->size);
}

void
marks_clear(struct marks *m)
{
	free(m->mark);
	memset(m, 0, sizeof(*m));
}
