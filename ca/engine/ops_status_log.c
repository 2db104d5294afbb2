#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/engine/ops_status.h"

#define LATE 10			/* seconds: the maximum merge delay */
#define SILENT (24 * 3600)	/* witnesses who cosigned nothing for so long */

static void
check_published(struct checking *k, const struct logpub_view *v)
{
	const struct settings_log *conf = &k->c->ca->settings->log;
	int64_t wall, boot, since;

	ca_clocks(&wall, &boot);
	since = boot - v->fine_at;
	if (v->state == LOGPUB_STOPPED)
		ops_say(k, "log", FAIL, 0, "%s; nothing is issued until an "
		    "operator decides (inkan log accept)", v->why);
	else if (v->state == LOGPUB_CHECKING)
		ops_say(k, "log", FAIL, 0, "nothing is issued yet: %s",
		    v->why);
	else if (v->trouble[0] != '\0' && since > conf->fail_after)
		ops_say(k, "log", FAIL, 0, "not published for %lld s, nothing "
		    "is issued: %s", (long long)since, v->trouble);
	else if (v->trouble[0] != '\0')
		ops_say(k, "log", FAIL, 0, "not published for %lld s, issuing "
		    "stops after %lld: %s", (long long)since,
		    (long long)conf->fail_after, v->trouble);
	else if (v->running && since > LATE + conf->interval)
		ops_say(k, "log", WARN, 0, "%lld of %lld entries are "
		    "published: it is behind", (long long)v->size,
		    (long long)v->entries);
	else
		ops_say(k, "log", OK, 0, "%s: %lld entries, checkpoint %lld s "
		    "ago, key %s%s", v->origin, (long long)v->size,
		    (long long)(k->c->now > v->time ? k->c->now - v->time : 0),
		    v->key_type, strcmp(v->key_type, "ed25519") == 0 ? "" :
		    " (public witnesses take Ed25519 only)");
}

/* Does anybody outside of the store know how large the log was? */
static void
check_anchors(struct checking *k, const struct logpub_view *v)
{
	const struct settings_log *conf = &k->c->ca->settings->log;

	if (v->lost[0] != '\0')
		ops_say(k, "log.anchors", WARN, 0, "%s", v->lost);
	else if (conf->token_anchor == 0 && conf->n_anchors == 0 &&
	    conf->n_witnesses == 0)
		ops_say(k, "log.anchors", WARN, 0, "nobody outside of the store "
		    "and its folder remembers the log: a machine restored to "
		    "yesterday would not be seen");
	else
		ops_say(k, "log.anchors", OK, 0, "%s%zu files",
		    v->token != 1 ? "" : v->soft ? "token (software: not to be "
		    "restored with the store), " : "token, ", v->files);
}

static void
check_witnesses(struct checking *k, const struct logpub_view *v)
{
	size_t n = k->c->ca->settings->log.n_witnesses;

	if (n == 0)
		return;
	if (v->cosigned == 0)
		ops_say(k, "log.witnesses", WARN, 0, "%zu are named, and none "
		    "has cosigned (inkan log cosign)", n);
	else if (v->cosigned < v->size && k->c->now - v->cosigned_at > SILENT)
		ops_say(k, "log.witnesses", WARN, 0, "the last cosigned "
		    "checkpoint, of %lld entries, is %lld hours old",
		    (long long)v->cosigned,
		    (long long)(k->c->now - v->cosigned_at) / 3600);
	else
		ops_say(k, "log.witnesses", OK, 0, "%lld of %lld entries are "
		    "cosigned", (long long)v->cosigned, (long long)v->size);
}

void
ops_status_log(struct checking *k)
{
	struct logpub_view v;

	if (k->c->ca->log == NULL)
		return;
	logpub_look(k->c->ca->log, &v);
	check_published(k, &v);
	check_anchors(k, &v);
	check_witnesses(k, &v);
}
