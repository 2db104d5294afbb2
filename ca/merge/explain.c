#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ca/merge/private.h"

/*
 * A lost entry of an issued certificate does not say of which. What becomes known
 * from elsewhere explains one of them, if it can have been issued in the time that
 * is lost. Whether it was, nobody can tell: it may have been issued before the
 * copy, and unknown already then. So what is left is the least that is unknown.
 */

#define ISSUED "issue.recorded"

int
merge_explain(struct merge *m, int by)
{
	char text[24];

	m->explained += by;
	if (m->explained < 0)
		m->explained = 0;
	snprintf(text, sizeof(text), "%" PRId64, m->explained);
	return store_meta_set(m->tx, "merge.explained", text);
}

/* What explained entries that have been opened since explains no others. */
int
merge_explain_begin(struct merge *m)
{
	char text[24] = "";
	int64_t lost, first;

	if (store_meta_get(m->tx, "merge.explained", text, sizeof(text)) < 0 ||
	    !entries_lost_of(m->tx, ISSUED, &lost, &first))
		return 0;
	m->explained = strtoll(text, NULL, 10);
	if (m->explained > lost)
		m->explained = lost;
	return 1;
}

int
merge_explain_from(struct merge *m)
{
	int64_t lost;

	if (!entries_lost_of(m->tx, ISSUED, &lost, &m->lost_from))
		return 0;
	if (lost == 0)
		m->lost_from = INT64_MAX;
	return 1;
}

int
merge_explains(struct merge *m, int64_t latest)
{
	return latest < m->lost_from || merge_explain(m, 1);
}

/* Not by a row that «inkan revoke --unknown» made: that did not count. */
int
merge_explained(struct merge *m, const struct cert_row *row)
{
	return (row->not_before == 0 && strcmp(row->auth, "merge") != 0) ||
	    merge_explain(m, -1);
}
