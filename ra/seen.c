#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/shape/route.h"
#include "ra/error.h"
#include "ra/seen.h"

#define WHAT_MAX 80

struct count {
	char label[ROUTE_LABEL_MAX + 1];
	char agent[SEEN_AGENT_MAX + 1];
	char what[WHAT_MAX + 1];
	int64_t n;
};

struct seen {
	size_t n;
	struct count count[SEEN_MAX];
};

struct seen *
seen_new(void)
{
	struct seen *s = OPENSSL_zalloc(sizeof(*s));

	if (s == NULL)
		ra_raise(RA_E_INTERNAL, "out of memory");
	return s;
}

void
seen_free(struct seen *s)
{
	OPENSSL_free(s);
}

size_t
seen_n(const struct seen *s)
{
	return s->n;
}

void
seen_note(struct seen *s, const char *label, const char *agent,
    const char *what)
{
	struct count *c;
	size_t i;

	/* The newest first: one request notes several things. */
	for (i = s->n; i > 0; i--) {
		c = &s->count[i - 1];
		if (strcmp(c->what, what) == 0 &&
		    strcmp(c->agent, agent) == 0 &&
		    strcmp(c->label, label) == 0) {
			c->n++;
			return;
		}
	}
	if (s->n == SEEN_MAX)
		return;
	c = &s->count[s->n++];
	snprintf(c->label, sizeof(c->label), "%s", label);
	snprintf(c->agent, sizeof(c->agent), "%s", agent);
	snprintf(c->what, sizeof(c->what), "%s", what);
	c->n = 1;
}

WIRE_FIELDS *
seen_take(struct seen *s)
{
	WIRE_FIELDS *args;
	size_t i, n = s->n < SEEN_PART ? s->n : SEEN_PART;
	int ok = 1;

	if (n == 0)
		return NULL;
	args = field_list_new();
	for (i = 0; args != NULL && ok && i < n; i++)
		ok = field_add_text(args, "label", s->count[i].label) &&
		    field_add_text(args, "client", s->count[i].agent) &&
		    field_add_text(args, "what", s->count[i].what) &&
		    field_add_int(args, "count", s->count[i].n);
	s->n -= n;
	memmove(s->count, s->count + n, s->n * sizeof(s->count[0]));
	if (args != NULL && ok)
		return args;
	field_list_free(args);
	ra_raise(RA_E_INTERNAL, "out of memory");
	return NULL;
}
