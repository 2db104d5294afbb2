#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/stage.h"

/*
 * What an operator asks for on the admin socket. The kernel has said who it is
 * and the table of operations that it may; the profile must be one that
 * operators can cause. The operator vouches for the names: without a device
 * they come from the CSR.
 */

#define VALUE_MAX 1024
#define NAME_MAX_LEN 48

static int
operator_known(struct admitting *t)
{
	t->o->authenticated = 1;
	snprintf(t->o->who, sizeof(t->o->who), "%s", t->a->requester);
	snprintf(
	    t->a->auth, sizeof(t->a->auth), "%s", profile_by_name(t->op->by));
	stage_say(t, "the word of %s",
	    t->a->requester[0] != '\0' ? t->a->requester : "an operator");
	return profile_allows(t->a->profile, t->op->by);
}

static int
operator_possess(struct admitting *t)
{
	if (!possess_csr(t, t->op->csr, t->op->csr_len) || !possess_key_type(t))
		return 0;
	stage_say(t, "CSR signed by its own %s key",
	    spki_type_name(csr_key_type(t->a->csr)));
	return 1;
}

struct wanted {
	const char *full;
	int found;
};

static void
is_wanted(const char *field, void *arg)
{
	struct wanted *w = arg;

	w->found |= strcmp(field, w->full) == 0;
}

static int
uses_field(const struct profile *p, const char *full)
{
	struct wanted w = {full, 0};

	profile_fields(p, is_wanted, &w);
	return w.found;
}

#define KNOWN_MAX 200

/* One name of the list, once: "request.c" is not in "request.cn". */
static void
add_name(const char *field, void *arg)
{
	char *out = arg;
	const char *at = out;
	size_t n = strlen(out), len = strlen(field);

	if (strncmp(field, "request.", 8) != 0)
		return;
	while ((at = strstr(at, field)) != NULL)
		if (at[len] == ',' || at[len] == '\0')
			return;
		else
			at += len;
	snprintf(out + n, KNOWN_MAX - n, "%s%s", n > 0 ? ", " : "", field);
}

/* What the profile would take, for the refusal. */
static void
list_fields(const struct profile *p, char out[KNOWN_MAX])
{
	out[0] = '\0';
	profile_fields(p, add_name, out);
	if (out[0] == '\0')
		snprintf(out, KNOWN_MAX, "none");
}

static int
value_ok(const char *v)
{
	const unsigned char *p;

	for (p = (const unsigned char *)v; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			return 0;
	return p != (const unsigned char *)v && strlen(v) <= VALUE_MAX;
}

static int
has_field(const struct admission *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->n_fields; i++)
		if (strcmp(a->fields[i].name, name) == 0)
			return 1;
	return 0;
}

/* One "FIELD=VALUE"; FIELD may be written "request.FIELD". */
static int
take_set(struct admitting *t, const char *pair)
{
	char full[NAME_MAX_LEN + 16], known[KNOWN_MAX];
	const char *eq, *name = pair;
	size_t n;

	if (strncmp(name, "request.", 8) == 0)
		name += 8;
	if (strncmp(name, "attested.", 9) == 0)
		return stage_refuse(t, WIRE_DENIED, "set.attested", "set",
		    "\"%.64s\": what evidence shows is not for an operator to "
		    "say",
		    pair);
	eq = strchr(name, '=');
	n = eq == NULL ? 0 : (size_t)(eq - name);
	if (n == 0 || n > NAME_MAX_LEN ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != n ||
	    !value_ok(eq + 1))
		return stage_refuse(t, WIRE_BADREQUEST, "set", "set",
		    "\"%.64s\" is not of the form FIELD=VALUE with a name of "
		    "a-z, 0-9 and _",
		    pair);
	snprintf(full, sizeof(full), "request.%.*s", (int)n, name);
	if (!uses_field(t->a->profile, full)) {
		list_fields(t->a->profile, known);
		return stage_refuse(t, WIRE_BADREQUEST, "set", full,
		    "profile %s uses no field %s; it uses %s",
		    t->a->profile->name, full, known);
	}
	if (has_field(t->a, full))
		return stage_refuse(
		    t, WIRE_BADREQUEST, "set", full, "%s is set twice", full);
	return stage_field(t->a, full, eq + 1);
}

static int
take_sets(struct admitting *t)
{
	size_t i;

	for (i = 0; i < t->op->n_set; i++)
		if (!take_set(t, t->op->set[i]))
			return 0;
	return 1;
}

/* A subject attribute of the CSR as identity fields; absent is fine. */
static int
take_from_csr(struct admitting *t, int nid, const char *field, const char *also)
{
	char text[256];
	int found;

	ERR_set_mark();
	found = csr_subject_text(t->a->csr, nid, text, sizeof(text));
	ERR_pop_to_mark();
	if (found == 0)
		return 1;
	if (found < 0 || !stage_name_ok(text))
		return stage_refuse(t, WIRE_BADREQUEST, "csr.subject",
		    "csr.subject",
		    "%s of the CSR must have one value of 1 to "
		    "64 printable characters",
		    OBJ_nid2sn(nid));
	return stage_field(t->a, field, text) &&
	    (also == NULL || has_field(t->a, also) ||
		stage_field(t->a, also, text));
}

static int
identity_of_csr(struct admitting *t)
{
	if (t->op->by != PROFILE_BY_OPERATOR)
		return 1;
	return take_from_csr(
		   t, NID_commonName, "identity.cn", "identity.device") &&
	    take_from_csr(
		t, NID_serialNumber, "identity.serial", "identity.device");
}

static int
find_device(struct admitting *t, struct store_tx *tx)
{
	const struct operator_request *op = t->op;
	int found;

	found = op->fleet != NULL && op->fleet[0] != '\0'
	    ? devices_get(tx, op->fleet, op->device, &t->device)
	    : devices_get_by_name(tx, op->device, &t->device);
	if (found < 0)
		return 0;
	if (found == 0)
		return stage_refuse(t, WIRE_NOTFOUND, "device", "device",
		    "there is no device \"%.64s\" in the registry", op->device);
	t->has_device = 1;
	t->a->device_id = t->device.id;
	snprintf(t->a->device, sizeof(t->a->device), "%s", t->device.name);
	stage_known(t, t->device.fleet, t->device.name);
	t->a->fleet = policy_fleet(t->env->policy, t->device.fleet);
	return t->a->fleet != NULL ||
	    stage_refuse(t, WIRE_DENIED, "device.fleet", "device",
		"the active policy has no fleet %s", t->device.fleet);
}

static int
identity_of_device(struct admitting *t, struct store_tx *tx)
{
	return find_device(t, tx) && authorize_device_state(t) &&
	    stage_field(t->a, "identity.device", t->device.name) &&
	    stage_field(t->a, "identity.cn", t->device.name) &&
	    (t->device.serial[0] == '\0' ||
		stage_field(t->a, "identity.serial", t->device.serial)) &&
	    authorize_registry_fields(t, tx);
}

int
admit_issued_before(struct store_tx *tx, const struct admission *a,
    const unsigned char spki_sha256[32], int reserved, time_t now,
    struct cert_row *out)
{
	const char *fleet = a->fleet != NULL ? a->fleet->name : "";
	int64_t after = 0;
	int found;

	while ((found = certs_next_on_key(tx, spki_sha256, after, out)) == 1) {
		after = out->id;
		if ((out->state == CERT_VALID ||
			(reserved && out->state == CERT_RESERVED)) &&
		    out->not_after >= now &&
		    strcmp(out->profile, a->profile->name) == 0 &&
		    strcmp(out->fleet, fleet) == 0 &&
		    strcmp(out->device, a->device) == 0)
			return 1;
	}
	return found;
}

/* A batch that was cut off asks for what it may have got already. */
static int
issued_before(struct admitting *t, struct store_tx *tx)
{
	struct cert_row row;
	int found;

	t->a->once = t->op->once;
	if (!t->op->once)
		return 1;
	found = admit_issued_before(tx, t->a, csr_spki_sha256(t->a->csr), 0,
	    t->env->now, &row);
	if (found == 1)
		t->a->existing = row.id;
	return found >= 0;
}

static int
authorize_tx(struct store_tx *tx, void *arg)
{
	struct admitting *t = arg;
	int named = t->op->device != NULL && t->op->device[0] != '\0';

	return (named ? identity_of_device(t, tx) : identity_of_csr(t)) &&
	    take_sets(t) && authorize_key(t, tx) && issued_before(t, tx);
}

static int
operator_authorize(struct admitting *t)
{
	const struct operator_request *op = t->op;

	if (op->fleet != NULL && op->fleet[0] != '\0' &&
	    (op->device == NULL || op->device[0] == '\0'))
		return stage_refuse(t, WIRE_BADREQUEST, "device", "device",
		    "a fleet is named without a device");
	stage_say(
	    t, "profile %s is issued for the operator", t->a->profile->name);
	return stage_read(t, authorize_tx, t);
}

static int
operator_attest(struct admitting *t)
{
	stage_say(t, "no key is pinned");
	return attest_pinned(t);
}

/* The one that is named, else that of the fleet's devices. */
const struct profile *
admit_operator_profile(const struct policy *policy,
    const struct operator_request *req)
{
	const struct fleet *f;

	if (req->profile != NULL)
		return policy_profile(policy, req->profile);
	f = req->fleet == NULL ? NULL : policy_fleet(policy, req->fleet);
	return f == NULL ? NULL : f->compiled;
}

static const struct profile *
find_profile(struct admitting *t)
{
	const struct operator_request *op = t->op;
	const struct profile *p = admit_operator_profile(t->env->policy, op);

	if (p == NULL && op->profile != NULL)
		stage_refuse(t, WIRE_NOTFOUND, "profile", "profile",
		    "there is no profile \"%.64s\"", op->profile);
	else if (p == NULL)
		stage_refuse(t, WIRE_BADREQUEST, "profile", "profile",
		    "neither a profile nor a fleet that there is");
	return p;
}

static const struct stage STAGES[] = {
    {"authenticate", operator_known},
    {"possess", operator_possess},
    {"authorize", operator_authorize},
    {"attest", operator_attest},
    {"approve", stage_approve},
};

int
admit_operator(const struct admit_env *env, const struct operator_request *req,
    struct admission **out, struct outcome *o)
{
	struct admitting t;

	memset(&t, 0, sizeof(t));
	t.env = env;
	t.op = req;
	t.o = o;
	t.stage = "authorize";
	outcome_init(o);
	t.a = stage_admission(env, req->requester);
	if (t.a == NULL)
		return outcome_from_errors(o, "authenticate");
	t.a->by_operator = 1;
	t.a->profile = find_profile(&t);
	if (t.a->profile != NULL &&
	    stage_run(&t, STAGES, sizeof(STAGES) / sizeof(STAGES[0]))) {
		*out = t.a;
		return 1;
	}
	admit_free(t.a);
	return 0;
}
