#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/ops.h"

/* What is said to the log: cosignatures of witnesses, and an operator's word
   when the store is not what the log knows. */

int
ops_log_cosign(struct ops_call *c)
{
	struct logpub_cosigned done;

	c->o.authenticated = 1;
	if (!logpub_cosign(c->ca->log, ops_text(c, "note"), &done))
		return 0;
	return field_add_int(c->answer->values, "size", done.size) &&
	    field_add_int(c->answer->values, "witnesses",
	    (int64_t)done.witnesses);
}

int
ops_log_accept(struct ops_call *c)
{
	const char *reason = ops_text(c, "reason");
	struct logpub_view v;

	c->o.authenticated = 1;
	if (!logpub_accept(c->ca->log, c->who, reason, c->now))
		return 0;
	logpub_look(c->ca->log, &v);
	report_event(REPORT_WARN, "log.accepted", "req", c->req, "who", c->who,
	    "reason", reason, "origin", v.origin, NULL);
	return field_add_text(c->answer->values, "origin", v.origin) &&
	    field_add_text(c->answer->values, "state",
	    v.state == LOGPUB_GOING ? "going" : v.why);
}
