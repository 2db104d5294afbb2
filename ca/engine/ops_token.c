#include <string.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/ca.h"
#include "ca/engine/ops.h"

/* token.resume: an operator lets a token sign again that was stopped. */

int
ops_token_resume(struct ops_call *c)
{
	const char *name = ops_text(c, "token");
	struct ca_token *t = tokens_find(c->ca, name == NULL ? "" : name);
	struct token_resume r = {.who = c->who, .now = c->now,
	    .text = ops_text(c, "reason")};

	if (t == NULL)
		return ops_not_found(c, "token", "inkan-ca.conf names no token "
		    "\"%s\"", name);
	c->o.authenticated = 1;
	if (!tokens_resume(c->ca, t, &r))
		return 0;
	report_event(REPORT_WARN, "token.resumed", "req", c->req, "who",
	    c->who, "token", name, "reason", r.text, NULL);
	return field_add_text(c->answer->values, "state", "resumed");
}
