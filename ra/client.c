#include <stdio.h>
#include <string.h>

#include <event2/http.h>
#include <event2/http_struct.h>

#include "ca/report/report.h"
#include "ca/shape/head.h"
#include "ra/error.h"
#include "ra/private.h"

#define LAST_MS 500 /* for inkan-ca to take the last of it */

/* What a client is like: its name, its habits, and what is told of both. */

/* User-Agent goes to inkan-ca as UTF-8 and into logs: printable ASCII only. */
void
client_look(struct exchange *x)
{
	struct head h = {.agent = exchange_find(x, "User-Agent"),
	    .accept = exchange_find(x, "Accept"),
	    .connection = exchange_find(x, "Connection"),
	    .transfer = exchange_find(x, "Transfer-Encoding"),
	    .expect = exchange_find(x, "Expect"),
	    .content_transfer = exchange_find(x, "Content-Transfer-Encoding"),
	    .major = x->req->major, .minor = x->req->minor};

	head_agent(h.agent, x->client);
	x->shape |= head_shape(&h);
}

static void
note(const struct exchange *x, const char *what)
{
	struct seen *s = x->conn->worker->seen;

	if (s != NULL)
		seen_note(s, x->route.label, x->client, what);
}

static void
note_own(const struct exchange *x, int http, const char *rule)
{
	char what[80];
	unsigned i;

	note(x, "request");
	for (i = 0; i < SHAPE_N; i++)
		if (x->shape & 1u << i)
			note(x, shape_name(i));
	if (http == 200) {
		note(x, "answer");
	} else if (rule != NULL) {
		snprintf(what, sizeof(what), "refused:%s", rule);
		note(x, what);
	}
}

void
client_answered(const struct exchange *x, int http, const char *rule)
{
	if (!x->known)
		return;
	if (!x->forwarded)
		note_own(x, http, rule);
	if (http == 200 && x->answered != ANSWERED_OTHER)
		note(x, x->answered == ANSWERED_LINE ? "body-one-line"
						     : "body-wrapped");
}

/* inkan-ca has said in its own log if it did not like it. */
static void
told(const WIRE_ANSWER *answer, void *arg)
{
	struct worker *w = arg;

	(void)answer;
	if (--w->telling == 0 && w->ended)
		event_base_loopbreak(w->base);
}

void
client_tell(struct worker *w, time_t now, int all)
{
	WIRE_FIELDS *args;
	int64_t call = 1;

	if (w->seen == NULL || !ca_link_is_up(w->link) ||
	    (!all && now >= w->seen_told && now - w->seen_told < SEEN_EVERY_S))
		return;
	w->seen_told = now;
	while (call != 0 && (args = seen_take(w->seen)) != NULL) {
		call = ca_link_call(w->link, "clients", args, told, w);
		w->telling += call != 0;
		field_list_free(args);
	}
	if (call == 0)
		report_errors(REPORT_WARN, "ra.clients", NULL);
	ERR_clear_error();
}

void
client_tell_last(struct worker *w, time_t now)
{
	struct timeval tv = {0, LAST_MS * 1000};

	client_tell(w, now, 1);
	if (w->telling == 0)
		return;
	w->ended = 1;
	event_base_loopexit(w->base, &tv);
	event_base_dispatch(w->base);
}
