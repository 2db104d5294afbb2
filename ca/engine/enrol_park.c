#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/enrol_ask.h"
#include "ca/engine/enrol_park.h"
#include "ca/engine/parking_step.h"

/* Parking, and looking again. */

#define DEVICE_DAY "enrol.parked.day"
#define KEY_MAX (64 + DEVICE_NAME_MAX + 2)

enum verdict {
	UNSEEN,		/* the snapshot does not do: something is to be
			   written */
	WAITS, APPROVED, BUSY, DENIED, EXPIRED, REPLACED, OTHER, SECRET
};

struct look {
	struct admitting *t;
	const struct enrol_ask *ask;
	const char *rule;
	int64_t need, retry;	/* retry: of a limit that was found */
	int writing, added;
	enum verdict verdict;
	struct parked_enrol e;	/* the request that the verdict is about */
	int64_t ended;		/* one that was ended for it; 0 none */
	const char *event;
};

static int
say(struct look *k, enum verdict v, const struct parked_enrol *e)
{
	k->verdict = v;
	k->e = *e;
	return 1;
}

static int
is_open(enum parked_state s)
{
	return s == PARKED_WAITING || s == PARKED_APPROVED;
}

/* --- a new one --- */

static int
limits(struct store_tx *tx, struct look *k)
{
	const struct fleet *f = k->t->fleet;
	time_t now = k->t->env->now;
	char key[KEY_MAX];
	int64_t n = 0;

	snprintf(key, sizeof(key), "%s/%s", f->name, k->t->a->device);
	if (!store_count(tx, DEVICE_DAY, key, now - now % 86400, &n))
		return 0;
	if (n > f->approval.per_device_day) {
		k->retry = 86400 - now % 86400;
		ca_raise(CA_E_LIMITED, "approve.per_device_day: the device "
		    "has begun %lld requests today", (long long)n - 1);
		return 0;
	}
	if (!parked_enrol_count(tx, f->name, &n))
		return 0;
	if (n < f->approval.max_waiting)
		return 1;
	k->retry = f->approval.retry_after;
	ca_raise(CA_E_LIMITED, "approve.max_waiting: %lld requests of the "
	    "fleet wait already", (long long)n);
	return 0;
}

static void
describe(const struct look *k, struct parked_row *row, struct parked_enrol *e)
{
	const struct admitting *t = k->t;

	memset(e, 0, sizeof(*e));
	e->request = row->id;
	snprintf(e->fleet, sizeof(e->fleet), "%s", t->fleet->name);
	snprintf(e->device, sizeof(e->device), "%s", t->a->device);
	snprintf(e->stage, sizeof(e->stage), "%s", t->stage);
	snprintf(e->rule, sizeof(e->rule), "%s", k->rule);
	memcpy(e->ask, k->ask->same, sizeof(e->ask));
	memcpy(e->credential, k->ask->credential, sizeof(e->credential));
	e->secret = t->a->secret_id;
	e->state = PARKED_WAITING;
	e->created = row->created;
	e->expires = row->expires;
	e->need = row->need;
	snprintf(row->fleet, sizeof(row->fleet), "%s", e->fleet);
	snprintf(row->device, sizeof(row->device), "%s", e->device);
}

static int
fill(struct look *k, struct parked_row *row)
{
	const struct admitting *t = k->t;
	const struct fleet_approval *f = &t->fleet->approval;
	unsigned char nonce[PARKING_NONCE];
	struct parking_making m = {.id = row->id, .op = k->ask->op,
	    .nonce = nonce, .args = k->ask->args,
	    .args_len = k->ask->args_len, .rests_on = k->ask->rests};

	snprintf(row->kind, sizeof(row->kind), PARKED_BY_DEVICE);
	snprintf(row->op, sizeof(row->op), "%s", k->ask->op);
	snprintf(row->asker, sizeof(row->asker), "%.63s",
	    t->req->requester != NULL ? t->req->requester : "ra");
	row->state = PARKED_WAITING;
	row->uid = -1;
	row->need = k->need > f->number ? k->need : f->number;
	row->created = t->env->now;
	row->expires = t->env->now + f->lifetime;
	m.who = row->asker;
	m.need = row->need;
	m.created = row->created;
	m.expires = row->expires;
	return RAND_bytes(nonce, sizeof(nonce)) == 1 &&
	    parking_make(&m, &row->content, &row->content_len) &&
	    SHA256(row->content, row->content_len, row->sha256) != NULL;
}

static int
park(struct store_tx *tx, struct look *k)
{
	struct parked_row row;
	struct parked_enrol e;
	int ok;

	memset(&row, 0, sizeof(row));
	ok = limits(tx, k) && parked_next(tx, &row.id) && fill(k, &row);
	if (ok) {
		describe(k, &row, &e);
		ok = parked_add(tx, &row) && parked_enrol_add(tx, &e) &&
		    parking_log(tx, "parked", &row, row.asker, k->rule,
			k->t->env->now) &&
		    say(k, WAITS, &e);
	}
	k->added = ok;
	parked_row_clear(&row);
	return ok;
}

/* --- one that is there --- */

static int
end(struct store_tx *tx, struct look *k, const struct parked_enrol *e,
    enum parked_state to, const char *verb, const char *text)
{
	k->ended = e->request;
	k->event = to == PARKED_VOID ? "enrol.void" : "enrol.expired";
	return parking_end(tx, e->request, PARKING_OPEN, to, verb, "inkan-ca",
	    text, k->t->env->now);
}

/* Does it rest on the same as when it was parked? 1, 0, -1 raised. */
static int
rests_same(struct store_tx *tx, const struct look *k,
    const struct parked_enrol *e)
{
	WIRE_FIELDS *content = NULL;
	const unsigned char *was;
	struct parked_row row;
	size_t len = 0;
	int is = -1;

	if (parked_get(tx, e->request, &row) != 1)
		return -1;
	content = field_list_decode(row.content, row.content_len);
	if (content != NULL) {
		was = field_bytes(content, "rests_on", &len);
		is = was != NULL && len == k->ask->rests_len &&
		    memcmp(was, k->ask->rests_der, len) == 0;
	}
	field_list_free(content);
	parked_row_clear(&row);
	return is;
}

static int
mine(struct store_tx *tx, struct look *k, const struct parked_enrol *e)
{
	int is = rests_same(tx, k, e);

	if (is < 0)
		return 0;
	if (is)
		return say(k, e->state == PARKED_APPROVED ? APPROVED : WAITS,
		    e);
	if (!k->writing)
		return say(k, UNSEEN, e);
	return end(tx, k, e, PARKED_VOID, "void", "what it rests on has "
	    "changed: profile, fleet, identity or names") && park(tx, k);
}

/* The device learns of it once; then the same can be asked anew. */
static int
tell_expired(struct store_tx *tx, struct look *k, const struct parked_enrol *e)
{
	if (!k->writing)
		return say(k, UNSEEN, e);
	return (!is_open(e->state) || end(tx, k, e, PARKED_EXPIRED, "expired",
	    NULL)) && parked_enrol_set_told(tx, e->request) &&
	    say(k, EXPIRED, e);
}

/* Another open request of the device, ${e}. It makes room, or this one does not
   come in. 1 with a verdict, or 1 with UNSEEN when there is room. */
static int
make_room(struct store_tx *tx, struct look *k, const struct parked_enrol *e,
    int replaced)
{
	if (e->expires <= k->t->env->now)
		return !k->writing ||
		    end(tx, k, e, PARKED_EXPIRED, "expired", NULL);
	if (memcmp(e->credential, k->ask->credential, 32) != 0)
		return say(k, OTHER, e);
	if (replaced)
		return say(k, REPLACED, e);
	return !k->writing || end(tx, k, e, PARKED_VOID, "void", "a newer "
	    "request of the device took its place");
}

static int
begin(struct store_tx *tx, struct look *k, int replaced)
{
	const struct admission *a = k->t->a;
	struct parked_enrol e;
	int found;

	found = parked_enrol_open(tx, a->fleet->name, a->device, &e);
	if (found < 0 || (found && !make_room(tx, k, &e, replaced)))
		return 0;
	if (k->verdict != UNSEEN)
		return 1;
	found = a->secret_id == 0 ? 0
	    : parked_enrol_on_secret(tx, a->secret_id, a->fleet->name,
		  a->device, &e);
	if (found < 0)
		return 0;
	if (found && e.expires > k->t->env->now)
		return say(k, SECRET, &e);
	return !k->writing || park(tx, k);
}

/* Is its certificate being signed at this moment? 1, 0, -1 raised. */
static int
is_in_hand(struct store_tx *tx, const struct parked_enrol *e)
{
	struct cert_row row;
	int found;

	if (e->state != PARKED_DONE || e->serial_len == 0)
		return 0;
	found = certs_by_serial(tx, e->issuer, e->serial, e->serial_len, &row);
	return found == 1 ? row.state == CERT_RESERVED : found;
}

static int
look_tx(struct store_tx *tx, void *arg)
{
	struct look *k = arg;
	const struct admission *a = k->t->a;
	struct parked_enrol e;
	int found, over, busy;

	k->verdict = UNSEEN;
	found = parked_enrol_last(tx, a->fleet->name, a->device, k->ask->same,
	    &e);
	if (found <= 0)
		return found == 0 && begin(tx, k, 0);
	busy = is_in_hand(tx, &e);
	if (busy != 0)
		return busy > 0 && say(k, BUSY, &e);
	over = e.expires <= k->t->env->now;
	if (is_open(e.state) && !over)
		return mine(tx, k, &e);
	if (e.state == PARKED_DENIED && !over)
		return say(k, DENIED, &e);
	if ((is_open(e.state) || e.state == PARKED_EXPIRED) && !e.told)
		return tell_expired(tx, k, &e);
	return begin(tx, k, e.state == PARKED_VOID);
}

/* --- what the device is told --- */

int64_t
enrol_park_retry(const struct fleet *f, int64_t created, int64_t expires,
    int64_t now)
{
	int64_t most = f->approval.retry_after > 3600
	    ? f->approval.retry_after : 3600;
	int64_t wait = (now - created) / 8;

	if (wait < f->approval.retry_after)
		wait = f->approval.retry_after;
	if (wait > most)
		wait = most;
	if (wait > expires - now)
		wait = expires - now;
	return wait < 1 ? 1 : wait;
}

/* Once it is written. */
static void
tell(const struct look *k)
{
	const struct parked_enrol *e = &k->e;
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)k->ended);
	if (k->ended != 0)
		report_event(REPORT_INFO, k->event, "request", id, "fleet",
		    k->t->fleet->name, "device", k->t->a->device, NULL);
	snprintf(id, sizeof(id), "%lld", (long long)e->request);
	if (k->added)
		report_event(REPORT_INFO, "enrol.parked", "request", id,
		    "fleet", e->fleet, "device", e->device, "stage", e->stage,
		    "rule", e->rule, "auth", k->t->a->auth, NULL);
}

static int
waits(struct look *k)
{
	const struct parked_enrol *e = &k->e;
	char until[STAGE_TIME_MAX];

	stage_time(e->expires, until);
	stage_refuse(k->t, WIRE_PENDING, k->rule, "", "request %lld waits for "
	    "approval until %s", (long long)e->request, until);
	k->t->o->retry_after = enrol_park_retry(k->t->fleet, e->created,
	    e->expires, k->t->env->now);
	return 0;
}

static int
conclude(struct look *k)
{
	long long id = (long long)k->e.request;
	struct admitting *t = k->t;

	switch (k->verdict) {
	case APPROVED:
		t->a->parked = k->e.request;
		stage_say(t, "request %lld is approved", id);
		return 1;
	case BUSY:
		t->o->retry_after = 2;
		return stage_refuse(t, WIRE_UNAVAILABLE, "enrol.busy", "",
		    "request %lld is being answered", id);
	case DENIED:
		return stage_refuse(t, WIRE_DENIED, "approve.denied", "",
		    "request %lld was denied: %s", id, k->e.note[0] != '\0'
		    ? k->e.note : "no reason was given");
	case EXPIRED:
		return stage_refuse(t, WIRE_DENIED, "approve.expired", "",
		    "nobody decided on request %lld in its time; ask again "
		    "for a new one", id);
	case REPLACED:
		return stage_refuse(t, WIRE_DENIED, "approve.replaced",
		    "csr.key", "request %lld of this device took the place of "
		    "this one", id);
	case OTHER:
		return stage_refuse(t, WIRE_DENIED, "approve.waiting",
		    "device", "request %lld of this device waits, which was "
		    "asked with another credential", id);
	case SECRET:
		return stage_refuse(t, WIRE_DENIED, "approve.secret", "",
		    "the one-time secret stands for request %lld of another "
		    "device", id);
	case WAITS:
		break;
	case UNSEEN:
		return stage_refuse(t, WIRE_PENDING, k->rule, "", "it would "
		    "wait for approval");
	}
	return waits(k);
}

int
stage_park(struct admitting *t, const char *rule, int64_t need)
{
	struct enrol_ask ask;
	struct look k = {.t = t, .ask = &ask, .rule = rule, .need = need};
	int ok;

	if (t->a->parked != 0)
		return 1;	/* an earlier stage: the approval is of all */
	if (!enrol_ask_make(t, &ask))
		return 0;
	ok = stage_read(t, look_tx, &k);
	if (ok && k.verdict == UNSEEN && !t->env->explain) {
		k.writing = 1;
		ok = store_write(t->env->store, look_tx, &k, 0);
		if (ok)
			tell(&k);
		else {
			outcome_from_errors(t->o, t->stage);
			if (t->o->status == WIRE_LIMITED && k.retry > 0)
				t->o->retry_after = k.retry;
		}
	}
	ok = ok && conclude(&k);
	enrol_ask_clear(&ask);
	return ok;
}

/* --- issuing --- */

int
enrol_park_use(struct store_tx *tx, const struct admission *a,
    const struct cert_row *row, time_t now)
{
	char text[40 + 2 * CERT_SERIAL_MAX] = "certificate ";
	size_t i, n = strlen(text);
	struct parked_enrol e;
	int found;

	if (a->parked == 0)
		return 1;
	found = parked_enrol_get(tx, a->parked, &e);
	if (found < 0)
		return 0;
	/* Whatever it is now, the next poll is told. */
	if (!found || e.state != PARKED_APPROVED) {
		ca_raise(CA_E_BUSY, "enrol.busy: the request is being "
		    "answered");
		return 0;
	}
	for (i = 0; i < row->serial_len; i++)
		snprintf(text + n + 2 * i, 3, "%02x", row->serial[i]);
	return parking_end(tx, a->parked, 1u << PARKED_APPROVED, PARKED_DONE,
	    "issued", a->requester, text, now) &&
	    parked_enrol_set_serial(tx, a->parked, row->issuer, row->serial,
		row->serial_len);
}

/* Without an entry of its own: that of the aborted certificate says it. */
int
enrol_park_unuse(struct store_tx *tx, const struct cert_row *row)
{
	struct parked_enrol e;
	struct parked_row p;
	int found, ok;

	found = parked_enrol_by_serial(tx, row->issuer, row->serial,
	    row->serial_len, &e);
	if (found <= 0)
		return found == 0;
	if (parked_get(tx, e.request, &p) != 1)
		return 0;
	p.state = PARKED_APPROVED;
	p.ended = 0;
	p.note[0] = '\0';
	ok = parked_update(tx, &p) &&
	    parked_enrol_set_serial(tx, e.request, 0, NULL, 0);
	parked_row_clear(&p);
	return ok;
}

int
enrol_park_holds(const struct policy *policy, const struct parked_row *row,
    const WIRE_FIELDS *content)
{
	const unsigned char *der;
	WIRE_FIELDS *rests;
	unsigned char md[32];
	size_t len = 0;
	int is;

	SHA256(row->content, row->content_len, md);
	if (memcmp(md, row->sha256, 32) != 0)
		return 0;
	der = field_bytes(content, "rests_on", &len);
	rests = der == NULL ? NULL : field_list_decode(der, len);
	is = rests == NULL ? -1 : enrol_ask_stands(rests, policy);
	field_list_free(rests);
	return is;
}
