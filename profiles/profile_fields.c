#include <stdio.h>
#include <string.h>

#include "profiles/tree.h"
#include "profiles/profile.h"

/* Which fields a profile takes. */

struct visit {
	void (*each)(const char *field, void *arg);
	void *arg;
};

static int
of_leaf(const struct tree *t, void *arg)
{
	struct visit *v = arg;
	size_t i;

	for (i = 0; i < t->n_from; i++)
		v->each(t->from[i], v->arg);
	return 1;
}

/* "{identity.device}.*": what stands in braces. */
static void
of_match(const char *match, struct visit *v)
{
	const char *open = match, *close;
	char field[PROFILE_TEXT_MAX];

	while ((open = strchr(open, '{')) != NULL &&
	    (close = strchr(open, '}')) != NULL) {
		snprintf(field, sizeof(field), "%.*s", (int)(close - open - 1),
		    open + 1);
		v->each(field, v->arg);
		open = close;
	}
}

void
profile_fields(const struct profile *p,
    void (*each)(const char *field, void *arg), void *arg)
{
	struct visit v = {each, arg};
	size_t i;

	for (i = 0; i < p->n_subject; i++)
		if (p->subject[i].kind == PROFILE_FROM_FIELD)
			each(p->subject[i].source, arg);
	for (i = 0; i < p->n_san; i++) {
		if (p->san[i].kind == PROFILE_FROM_FIELD)
			each(p->san[i].source, arg);
		of_match(p->san[i].match, &v);
	}
	for (i = 0; i < p->n_extensions; i++)
		tree_walk(p->extensions[i].tree, of_leaf, &v);
}
