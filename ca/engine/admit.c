#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/attest_evidence.h"
#include "ca/engine/stage.h"
#include "ca/engine/admit.h"

/* The five stages in their order, and what they share. */

static const struct stage STAGES[] = {
    {"authenticate", stage_authenticate},
    {"possess", stage_possess},
    {"authorize", stage_authorize},
    {"attest", stage_attest},
    {"approve", stage_approve},
};

#define N_STAGES (sizeof(STAGES) / sizeof(STAGES[0]))

int
stage_refuse(struct admitting *t, enum wire_status status, const char *rule,
    const char *field, const char *fmt, ...)
{
	char text[sizeof(t->o->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return outcome_refuse(t->o, status, t->stage, rule, field, "%s", text);
}

int
stage_refuse_detail(struct admitting *t, enum wire_status status,
    const char *rule, const char *field, const char *detail, const char *fmt,
    ...)
{
	char text[sizeof(t->o->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (t->env->explain)
		return outcome_refuse(t->o, status, t->stage, rule, field,
		    "%s: %s", text, detail);
	ca_raise(status == WIRE_UNAVAILABLE ? CA_E_BUSY : CA_E_DENIED, "%s: %s",
	    rule, detail);
	return outcome_refuse(t->o, status, t->stage, rule, field, "%s", text);
}

void
stage_say(struct admitting *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->say, sizeof(t->say), fmt, ap);
	va_end(ap);
}

static void
trace(const struct admitting *t, const char *stage, const char *verdict,
    const char *rule, const char *field, const char *text)
{
	if (t->env->trace != NULL)
		t->env->trace(
		    t->env->trace_arg, stage, verdict, rule, field, text);
}

void
stage_remark(
    struct admitting *t, const char *rule, const char *field, const char *text)
{
	trace(t, t->stage, "pass", rule, field, text);
}

void
stage_note(struct admitting *t, const char *fmt, ...)
{
	char *d = t->a->deviations;
	size_t size = sizeof(t->a->deviations), n = strlen(d);
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(d + n, size - n, "%s%s", n > 0 ? "; " : "", text);
	stage_remark(t, "deviation", "", text);
}

int
stage_field(struct admission *a, const char *name, const char *value)
{
	struct build_field *f = &a->fields[a->n_fields];
	char *n = NULL, *v = NULL;

	if (a->n_fields >= ADMIT_FIELDS_MAX) {
		ca_raise(
		    CA_E_BADREQUEST, "fields: more than %d", ADMIT_FIELDS_MAX);
		return 0;
	}
	n = OPENSSL_strdup(name);
	v = OPENSSL_strdup(value);
	if (n == NULL || v == NULL) {
		OPENSSL_free(n);
		OPENSSL_free(v);
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	f->name = n;
	f->value = v;
	a->n_fields++;
	return 1;
}

int
stage_read(struct admitting *t, store_fn *fn, void *arg)
{
	return store_read(t->env->store, fn, arg) == 1;
}

void
stage_known(struct admitting *t, const char *fleet, const char *who)
{
	t->o->authenticated = 1;
	snprintf(t->o->who, sizeof(t->o->who), "%s/%s", fleet, who);
}

/* C0, DEL, and C1 (U+0080..U+009F). The text is valid UTF-8 already. */
static int
has_control(const char *name)
{
	const unsigned char *p = (const unsigned char *)name;

	for (; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f ||
		    (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
			return 1;
	return 0;
}

int
stage_name_ok(const char *name)
{
	size_t i, n = strlen(name), chars = 0;

	if (n == 0 || n > DEVICE_NAME_MAX || has_control(name) ||
	    name[0] == ' ' || name[n - 1] == ' ')
		return 0;
	for (i = 0; i < n; i++)
		chars += ((unsigned char)name[i] & 0xc0) != 0x80;
	return chars <= 64;
}

void
stage_time(int64_t when, char out[STAGE_TIME_MAX])
{
	time_t t = (time_t)when;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, STAGE_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, STAGE_TIME_MAX, "%lld", (long long)when);
}

static int
run_one(struct admitting *t, const struct stage *s)
{
	t->stage = s->name;
	t->say[0] = '\0';
	if (s->run(t)) {
		trace(t, t->stage, "pass", "", "", t->say);
		return 1;
	}
	if (t->o->status == WIRE_OK)
		outcome_from_errors(t->o, t->stage);
	trace(t, t->stage, t->o->status == WIRE_PENDING ? "park" : "refuse",
	    t->o->rule, t->o->field, t->o->text);
	return 0;
}

int
stage_run(struct admitting *t, const struct stage *stages, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		if (run_one(t, &stages[i]))
			continue;
		for (k = i + 1; k < n; k++)
			trace(t, stages[k].name, "skip", "", "", "not reached");
		return 0;
	}
	return 1;
}

struct admission *
stage_admission(const struct admit_env *env, const char *requester)
{
	struct admission *a = OPENSSL_zalloc(sizeof(*a));

	if (a == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return NULL;
	}
	a->policy = policy_ref(env->policy);
	snprintf(a->requester, sizeof(a->requester), "%s",
	    requester == NULL ? "" : requester);
	return a;
}

/* A refused party is a device only where its certificate says which. */
static void
name_device(struct admitting *t)
{
	if (!t->has_device ||
	    (t->party != PARTY_OWN && t->party != PARTY_MAKER))
		return;
	t->o->device = t->device.id;
	t->o->known_anchor = t->device.anchor;
}

/* Before anything that costs: chains, signatures, secrets. */
static int
within_rate(struct admitting *t)
{
	int64_t retry;

	if (t->env->explain ||
	    auth_limits_rate(t->env->limits, t->fleet->name, t->req->address,
		t->fleet->per_address_minute, t->env->now, &retry))
		return 1;
	stage_refuse(t, WIRE_LIMITED, "limits.per_address_minute", "address",
	    "too many requests from this address");
	t->o->retry_after = retry;
	return 0;
}

int
admit_enrol(const struct admit_env *env, const struct enrol_request *req,
    struct admission **out, struct outcome *o)
{
	struct admitting t;

	memset(&t, 0, sizeof(t));
	t.env = env;
	t.req = req;
	t.o = o;
	t.stage = "authorize";
	outcome_init(o);
	snprintf(o->who, sizeof(o->who), "%s",
	    req->address == NULL ? "" : req->address);
	t.fleet = policy_label(env->policy, req->label);
	if (t.fleet == NULL)
		return stage_refuse(&t, WIRE_NOTFOUND, "label", "label",
		    "there is no label \"%.64s\"",
		    req->label == NULL ? "" : req->label);
	if (!within_rate(&t))
		return 0;
	t.a = stage_admission(env, req->requester);
	if (t.a == NULL)
		return outcome_from_errors(o, "authenticate");
	t.a->fleet = t.fleet;
	t.a->profile = t.fleet->compiled;
	if (!stage_run(&t, STAGES, N_STAGES)) {
		name_device(&t);
		admit_free(t.a);
		t.a = NULL;
	}
	OPENSSL_cleanse(&t.secret, sizeof(t.secret));
	*out = t.a;
	return t.a != NULL;
}

void
admit_free(struct admission *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < a->n_fields; i++) {
		OPENSSL_free((char *)a->fields[i].name);
		OPENSSL_free((char *)a->fields[i].value);
	}
	csr_free(a->csr);
	keygen_free(a->keygen);
	OPENSSL_free(a->subject);
	OPENSSL_free(a->san);
	OPENSSL_free(a->facts);
	evidence_row_free(a->evidence);
	policy_put(a->policy);
	OPENSSL_free(a);
}
