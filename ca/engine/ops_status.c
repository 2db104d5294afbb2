#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/mirror.h"
#include "ca/engine/ops_status.h"
#include "ca/store/certs.h"

/* How the instance is, check by check: ok, warn, fail. */

static const char *const LEVELS[] = {"ok", "warn", "fail"};

void
ops_say(struct checking *k, const char *check, enum ops_level level,
    int64_t expires, const char *fmt, ...)
{
	WIRE_FIELDS *l = message_add_row(k->c->answer);
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (level > k->worst)
		k->worst = level;
	if (l == NULL || !field_add_text(l, "check", check) ||
	    !field_add_text(l, "level", LEVELS[level]) ||
	    !field_add_text(l, "text", text) ||
	    !field_add_time(l, "expires", expires))
		k->failed = 1;
}

static void
check_issuing(struct checking *k)
{
	char why[400];
	int64_t wall, boot;

	ca_clocks(&wall, &boot);
	clock_stopped(&k->c->ca->clock, why, sizeof(why));
	if (why[0] == '\0' && !logpub_may_issue(k->c->ca->log, boot))
		report_last_text(why, sizeof(why));
	ERR_clear_error();
	if (why[0] != '\0')
		ops_say(k, "issuing", FAIL, 0, "stopped: %s", why);
	else
		ops_say(k, "issuing", OK, 0, "certificates are issued");
}

/* Of a token that has just answered. */
static void
say_answers(struct checking *k, const char *check, const struct ca_token *t,
    const struct hsm_token_info *info)
{
	struct hsm_health h;

	hsm_health(t->hsm, &h);
	if (h.state == HSM_AWAY)
		ops_say(k, check, FAIL, 0, "%s answers, but could not sign "
		    "%lld s ago: %s", info->label, h.away_ms / 1000, h.why);
	else if (t->no_standby)
		ops_say(k, check, WARN, 0, "%s (%s %s): it and its standby do "
		    "not both have each key", info->label, info->manufacturer,
		    info->model);
	else if (h.late > 0)
		ops_say(k, check, WARN, 0, "%s (%s %s): %zu calls of before "
		    "have not come back", info->label, info->manufacturer,
		    info->model, h.late);
	else
		ops_say(k, check, OK, 0, "%s (%s %s), %zu sessions, %lu "
		    "failures", info->label, info->manufacturer, info->model,
		    info->sessions, h.failures);
}

/* Of one that is open. One that is stuck would be asked in vain, and long. */
static void
ask_token(struct checking *k, const char *check, const struct ca_token *t)
{
	struct hsm_token_info info;
	struct hsm_health h;
	char why[256];

	hsm_health(t->hsm, &h);
	if (h.state == HSM_STUCK)
		ops_say(k, check, FAIL, 0, "stuck for %lld s: %s; %zu calls "
		    "have not come back", h.away_ms / 1000, h.why, h.late);
	else if (hsm_healthy(t->hsm) && hsm_token_info(t->hsm, &info))
		say_answers(k, check, t, &info);
	else {
		report_trace(why, sizeof(why));
		ops_say(k, check, FAIL, 0, "%s", why);
	}
}

static void
check_token(struct checking *k, struct ca_token *t)
{
	char check[96];

	snprintf(check, sizeof(check), "token%s%s",
	    t->conf->name[0] != '\0' ? ":" : "", t->conf->name);
	if (t->hsm != NULL) {
		ask_token(k, check, t);
	} else if (pthread_rwlock_tryrdlock(&t->lock) == 0) {
		ops_say(k, check, FAIL, 0, "%s", t->error);
		pthread_rwlock_unlock(&t->lock);
	} else {
		/* It may hang, and is not waited for. */
		ops_say(k, check, FAIL, 0, "it was away, and is being opened "
		    "right now");
	}
	ERR_clear_error();
}

static void
check_store(struct checking *k)
{
	struct ca *ca = k->c->ca;
	struct store_stats s;
	int64_t free_octets = store_disk_free(ca->store);

	store_stats(ca->store, &s);
	if (!s.last_ok)
		ops_say(k, "store", FAIL, 0, "the last write failed: %s",
		    s.last_error);
	else
		ops_say(k, "store", OK, 0, "%llu writes in %llu commits",
		    (unsigned long long)s.writes,
		    (unsigned long long)s.commits);
	if (free_octets >= 0 && free_octets < ca->settings->min_free)
		ops_say(k, "disk", FAIL, 0, "%lld MiB free, below min_free: "
		    "enrolment is refused", (long long)(free_octets >> 20));
	else if (free_octets >= 0 && free_octets < 4 * ca->settings->min_free)
		ops_say(k, "disk", WARN, 0, "%lld MiB free",
		    (long long)(free_octets >> 20));
	else
		ops_say(k, "disk", OK, 0, "%lld MiB free",
		    (long long)(free_octets >> 20));
}

static int
write_probe(struct store_tx *tx, void *arg)
{
	return store_meta_set(tx, "probe", arg);
}

/* A read-only or full disk shows here, not at the next device. Another value each
   time: SQLite does not write what is there already. */
static void
check_writable(struct checking *k)
{
	struct timespec now;
	char value[32], why[300];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(value, sizeof(value), "%lld.%09ld", (long long)now.tv_sec,
	    now.tv_nsec);
	if (store_write(k->c->ca->store, write_probe, value, STORE_URGENT))
		return;
	report_trace(why, sizeof(why));
	ERR_clear_error();
	ops_say(k, "store.write", FAIL, 0, "%s", why);
}

static int
last_change_tx(struct store_tx *tx, void *arg)
{
	return certs_last_change(tx, arg);
}

/* What is behind is brought up here, as the next beat would: behind for a moment
   is no fault, only what cannot be written is one. */
static int
follows(struct checking *k, const struct status_head *head)
{
	struct store *store = k->c->ca->store;
	char why[300];
	int64_t last = 0;

	if (store_read(store, last_change_tx, &last) &&
	    (head->change >= last || mirror_catch_up(store)))
		return 1;
	report_trace(why, sizeof(why));
	ERR_clear_error();
	ops_say(k, "status.db", FAIL, 0, "changes do not get there: %s", why);
	return 0;
}

static void
check_status_db(struct checking *k)
{
	struct ca *ca = k->c->ca;
	struct status_head head;
	int64_t age;

	if (!status_writer_head(ca->status, &head)) {
		ops_say(k, "status.db", FAIL, 0, "cannot be read");
		ERR_clear_error();
		return;
	}
	age = k->c->now - head.heartbeat;
	if (head.heartbeat == 0)
		ops_say(k, "status.db", FAIL, 0, "no heartbeat yet: it was "
		    "made anew, and responders do not believe it");
	else if (age > 2 * ca->settings->heartbeat + 60)
		ops_say(k, "status.db", FAIL, 0, "last heartbeat %lld s ago",
		    (long long)age);
	else if (follows(k, &head))
		ops_say(k, "status.db", OK, 0, "change %lld, heartbeat %lld "
		    "s ago", (long long)head.change,
		    (long long)(age > 0 ? age : 0));
}

int
ops_status(struct ops_call *c)
{
	struct checking k = {.c = c};
	size_t i;

	check_issuing(&k);
	for (i = 0; i < c->ca->n_tokens; i++)
		check_token(&k, &c->ca->tokens[i]);
	check_writable(&k); /* first: it is a last write, too */
	check_store(&k);
	check_status_db(&k);
	ops_status_log(&k);
	ops_status_people(&k);
	ops_status_work(&k);
	ops_status_makers(&k);
	ops_status_evidence(&k);
	ops_status_ca(&k);
	ops_status_told(&k);
	return !k.failed && field_add_text(c->answer->values, "level",
	    LEVELS[k.worst]) && field_add_text(c->answer->values, "version",
	    INKAN_VERSION);
}
