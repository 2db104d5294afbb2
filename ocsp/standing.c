#include <stdio.h>
#include <string.h>

#include "ca/report/report.h"
#include "ocsp/error.h"
#include "ocsp/standing.h"

enum standing_view
standing_view(
    const struct settings *set, const struct status_head *head, time_t now)
{
	if (head == NULL)
		return STANDING_UNSEEN;
	if (head->stopped[0] != '\0')
		return STANDING_STOPPED;
	if (head->heartbeat <= 0)
		return STANDING_FILLING;
	if (head->heartbeat > now + STANDING_AHEAD_MAX)
		return STANDING_AHEAD;
	if (now - head->heartbeat > set->max_stale)
		return STANDING_STALE;
	return STANDING_OK;
}

static void
describe(const struct settings *set, const struct status_head *head,
    struct standing *s)
{
	switch (s->view) {
	case STANDING_OK:
		strcpy(s->text, "ok");
		break;
	case STANDING_UNSEEN:
		strcpy(s->text, "status.db was not read yet");
		break;
	case STANDING_STOPPED:
		snprintf(s->text, sizeof(s->text), "inkan-ca stopped: %s",
		    head->stopped);
		break;
	case STANDING_FILLING:
		strcpy(s->text, "status.db is being filled");
		break;
	case STANDING_STALE:
		snprintf(s->text, sizeof(s->text),
		    "status.db is of %lld s ago, max_stale is %lld s",
		    (long long)s->age, (long long)set->max_stale);
		break;
	case STANDING_AHEAD:
		snprintf(s->text, sizeof(s->text),
		    "status.db is of %lld s in the future: a clock is wrong",
		    -(long long)s->age);
		break;
	}
}

/* Counted in ${s}; NULL when its certificate or its key is not there. */
static struct signer *
signer_of(struct delegates *delegates, const struct view_issuer *issuer,
    struct standing *s)
{
	struct signer *signer =
	    issuer == NULL ? NULL : delegates_signer(delegates, issuer);

	s->n_there += signer != NULL;
	ERR_clear_error();
	return signer;
}

static void
look_at_view(const struct settings *set, struct state *state, time_t now,
    struct standing *s)
{
	struct status_head head = {0};
	int seen = state_head(state, &head);

	memset(s, 0, sizeof(*s));
	s->view = standing_view(set, seen ? &head : NULL, now);
	if (seen && head.heartbeat > 0)
		s->age = now - head.heartbeat;
	describe(set, &head, s);
}

void
standing_look(const struct settings *set, struct state *state,
    struct delegates *delegates, time_t now, struct standing *s)
{
	struct view *view = state_view(state);
	size_t i;

	look_at_view(set, state, now, s);
	for (i = 0; view != NULL && i < set->n_delegates; i++)
		signer_free(signer_of(delegates,
		    view_find_ident(view, set->delegates[i].issuer), s));
	view_free(view);
}

static void
probe(struct signer *signer, time_t now, struct standing_delegate *d)
{
	char why[STANDING_TEXT_MAX];

	if (signer->not_after <= now) {
		strcpy(d->state, "its certificate has expired");
	} else if (signer->not_before > now) {
		strcpy(d->state, "its certificate is not valid yet");
	} else if (signer_probe(signer, now, &d->rate)) {
		strcpy(d->state, "ok");
	} else {
		report_trace(why, sizeof(why));
		snprintf(d->state, sizeof(d->state), "%s", why);
	}
}

void
standing_take(const struct settings *set, struct state *state,
    struct delegates *delegates, time_t now, struct standing *s)
{
	struct view *view = state_view(state);
	const struct view_issuer *issuer;
	struct signer *signer;
	size_t i;

	look_at_view(set, state, now, s);
	s->n = set->n_delegates;
	for (i = 0; i < s->n; i++) {
		struct standing_delegate *d = &s->delegates[i];

		d->issuer = set->delegates[i].issuer;
		issuer = view == NULL ? NULL : view_find_ident(view, d->issuer);
		signer = signer_of(delegates, issuer, s);
		if (signer != NULL)
			probe(signer, now, d);
		else if (issuer == NULL)
			strcpy(d->state, "status.db knows no such issuer");
		else
			strcpy(d->state,
			    "its certificate or its key is not there");
		ERR_clear_error();
		signer_free(signer);
	}
	view_free(view);
}
