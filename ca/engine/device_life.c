#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/store/reasons.h"
#include "ca/store/records.h"
#include "ca/engine/device_life.h"

struct living {
	const struct life_request *r;
	struct life_result *out;
	revoke_cb *cb;
	void *arg;
};

static int
denied(const char *rule, const char *text)
{
	ca_raise(CA_E_DENIED, "%s: %s", rule, text);
	return 0;
}

/* The device, which must not be at its end already. */
static int
get_device(struct store_tx *tx, struct living *l, int may_be_retired)
{
	struct device_row *d = &l->out->device;
	int found = devices_get_by_id(tx, l->r->device, d);

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "device: no such device");
	if (found != 1)
		return 0;
	if (d->successor != 0)
		return denied("device.replaced",
		    "another device took its "
		    "place already");
	if (d->retired_at != 0 && !may_be_retired)
		return denied("device.retired",
		    "it is out of service "
		    "already");
	return 1;
}

static int
log_end(struct store_tx *tx, const struct living *l, const char *kind)
{
	const struct life_result *o = l->out;
	WIRE_FIELDS *f = field_list_new();
	int ok;

	ok = f != NULL && field_add_text(f, "fleet", o->device.fleet) &&
	    field_add_text(f, "device", o->device.name) &&
	    field_add_text(f, "state", devices_state_name(o->device.state)) &&
	    field_add_text(f, "who", l->r->revoke.who) &&
	    field_add_text(f, "note", l->r->note) &&
	    field_add_text(f, "reason", reasons_name(l->r->revoke.reason)) &&
	    field_add_int(f, "revoked", (int64_t)o->revoked) &&
	    field_add_int(f, "secrets", o->secrets) &&
	    (o->next.id == 0 ||
		(field_add_int(f, "kept", (int64_t)o->kept) &&
		    field_add_text(f, "next_fleet", o->next.fleet) &&
		    field_add_text(f, "next_device", o->next.name))) &&
	    entries_append(tx, kind, l->r->revoke.now, f, NULL);
	field_list_free(f);
	return ok;
}

/* Certificates, secrets, state. ${out}->next is there when there is one. */
static int
end_device(struct store_tx *tx, struct living *l,
    int (*keep)(const struct revoke_request *r, const struct cert_row *row),
    const char *note, int release_key)
{
	struct life_result *o = l->out;
	struct device_row *d = &o->device;
	int64_t since =
	    d->retired_at != 0 ? d->retired_at : (int64_t)l->r->revoke.now;

	if (!revoke_all_of(
		tx, &l->r->revoke, d, keep, l->cb, l->arg, &o->revoked) ||
	    !secrets_revoke_of(tx, d->fleet, d->name, &o->secrets) ||
	    !devices_set_state(tx, d->id, DEVICE_DISABLED, note) ||
	    !devices_set_retired(tx, d->id, since, o->next.id, release_key))
		return 0;
	return devices_get_by_id(tx, d->id, d) == 1;
}

static const char *
note_or(const struct living *l, const char *dflt, char *buf, size_t size)
{
	if (l->r->note[0] == '\0')
		return dflt;
	snprintf(buf, size, "%s: %s", dflt, l->r->note);
	return buf;
}

static int
retire_tx(struct store_tx *tx, void *arg)
{
	struct living *l = arg;
	char note[256];

	return get_device(tx, l, 0) &&
	    end_device(
		tx, l, NULL, note_or(l, "retired", note, sizeof(note)), 0) &&
	    log_end(tx, l, "device.retire");
}

struct copying {
	struct store_tx *tx;
	char name[DEVICE_FIELDS_MAX][64];
	char *value[DEVICE_FIELDS_MAX];
	size_t n;
};

static int
take_field(const char *name, const char *value, void *arg)
{
	struct copying *c = arg;

	if (c->n == DEVICE_FIELDS_MAX)
		return 0;
	snprintf(c->name[c->n], sizeof(c->name[0]), "%s", name);
	c->value[c->n] = OPENSSL_strdup(value);
	return c->value[c->n++] != NULL;
}

static int
drop_fields(struct store_tx *tx, int64_t id)
{
	struct copying c = {.n = 0};
	size_t i;
	int ok;

	ok = devices_fields(tx, id, take_field, &c);
	for (i = 0; i < c.n; i++) {
		ok = ok && devices_set_field(tx, id, c.name[i], NULL);
		OPENSSL_free(c.value[i]);
	}
	return ok;
}

/* Read first: a list must not change while it is being read. */
static int
copy_fields(struct store_tx *tx, int64_t from, int64_t to)
{
	struct copying c = {.n = 0};
	size_t i;
	int ok;

	ok = devices_fields(tx, from, take_field, &c);
	for (i = 0; i < c.n; i++) {
		ok = ok && c.value[i] != NULL &&
		    devices_set_field(tx, to, c.name[i], c.value[i]);
		OPENSSL_free(c.value[i]);
	}
	return ok;
}

static int
log_add(struct store_tx *tx, const struct living *l)
{
	const struct device_row *d = &l->out->next;
	WIRE_FIELDS *f = field_list_new();
	int ok;

	ok = f != NULL && field_add_text(f, "fleet", d->fleet) &&
	    field_add_text(f, "device", d->name) &&
	    field_add_text(f, "state", devices_state_name(d->state)) &&
	    field_add_text(f, "who", l->r->revoke.who) &&
	    field_add_text(f, "note", d->note) &&
	    (!d->has_key ||
		field_add_bytes(f, "key_sha256", d->key_sha256, 32)) &&
	    entries_append(tx, "device.add", l->r->revoke.now, f, NULL);
	field_list_free(f);
	return ok;
}

static void
new_row(const struct living *l, const char *fleet, const char *name,
    struct device_row *row)
{
	memset(row, 0, sizeof(*row));
	snprintf(row->fleet, sizeof(row->fleet), "%s", fleet);
	snprintf(row->name, sizeof(row->name), "%s", name);
	snprintf(row->origin, sizeof(row->origin), "%s", l->r->origin);
	row->state = DEVICE_ENABLED;
	row->created = l->r->revoke.now;
}

static int
replace_tx(struct store_tx *tx, void *arg)
{
	struct living *l = arg;
	const struct life_request *r = l->r;
	struct device_row *next = &l->out->next;
	const struct device_row *old = &l->out->device;
	char note[256];

	if (!get_device(tx, l, 1))
		return 0;
	new_row(l, old->fleet, r->by, next);
	snprintf(next->serial, sizeof(next->serial), "%s", r->serial);
	snprintf(next->note, sizeof(next->note), "replaces %.240s", old->name);
	next->has_key = r->key_sha256 != NULL;
	if (next->has_key)
		memcpy(next->key_sha256, r->key_sha256, 32);
	snprintf(note, sizeof(note), "replaced by %.240s", r->by);
	return devices_add(tx, next) && log_add(tx, l) &&
	    copy_fields(tx, old->id, next->id) &&
	    end_device(tx, l, NULL, note, 0) &&
	    log_end(tx, l, "device.replace");
}

/* An IDevID says who made the device, not whose it is (802.1AR). One whose
   profile has left the policy is not known for one. */
static int
is_idevid(const struct revoke_request *r, const struct cert_row *row)
{
	const struct profile *p = policy_profile(r->policy, row->profile);

	return p != NULL && p->class == PROFILE_IDEVID;
}

/* The row in the new fleet: a new one, or that of an earlier stay there. */
static int
make_next(struct store_tx *tx, struct living *l)
{
	const struct device_row *old = &l->out->device;
	struct device_row *next = &l->out->next, was;
	int found = devices_get(tx, l->r->to, old->name, &was), back;

	back = found != 1
	    ? found
	    : devices_leads_to(tx, was.fleet, was.name, old->fleet);
	if (found < 0 || back < 0)
		return 0;
	new_row(l, l->r->to, old->name, next);
	snprintf(next->serial, sizeof(next->serial), "%s", old->serial);
	snprintf(next->note, sizeof(next->note), "from fleet %s", old->fleet);
	next->has_key = old->has_key;
	memcpy(next->key_sha256, old->key_sha256, 32);
	if (!back)
		return devices_add(tx, next) &&
		    copy_fields(tx, old->id, next->id);
	next->id = was.id;
	next->created = was.created;
	return devices_set_identity(tx, next) &&
	    devices_set_state(tx, was.id, DEVICE_ENABLED, next->note) &&
	    devices_set_retired(tx, was.id, 0, 0, 0) &&
	    devices_set_late_renewal(tx, was.id, 0) &&
	    drop_fields(tx, was.id) && copy_fields(tx, old->id, was.id);
}

/* What was kept goes along. */
static int
move_kept(struct store_tx *tx, struct living *l)
{
	const struct device_row *old = &l->out->device, *next = &l->out->next;
	struct cert_row row;
	int found;

	while (
	    (found = certs_next_of(tx, old->fleet, old->name, 0, &row)) == 1) {
		if (!certs_set_device(tx, row.id, next->fleet, next->name))
			return 0;
		l->out->kept++;
	}
	return found == 0;
}

static int
transfer_tx(struct store_tx *tx, void *arg)
{
	struct living *l = arg;
	const char *to = l->r->to;
	struct device_row *d = &l->out->device;
	char note[256];

	if (!get_device(tx, l, 0))
		return 0;
	if (strcmp(d->fleet, to) == 0)
		return denied("fleet.same", "it is in that fleet");
	snprintf(note, sizeof(note), "transferred to fleet %s", to);
	/* The key is let go before it is pinned again: it is one device's. */
	return devices_set_retired(tx, d->id, l->r->revoke.now, 0, 1) &&
	    make_next(tx, l) && log_add(tx, l) &&
	    end_device(tx, l, is_idevid, note, 1) && move_kept(tx, l) &&
	    log_end(tx, l, "device.transfer");
}

static int
run(struct store *store, store_fn *fn, const struct life_request *r,
    struct life_result *out, revoke_cb *cb, void *arg)
{
	struct living l = {r, out, cb, arg};

	memset(out, 0, sizeof(*out));
	return store_write(store, fn, &l, STORE_URGENT);
}

int
life_retire(struct store *store, const struct life_request *r,
    struct life_result *out, revoke_cb *cb, void *arg)
{
	return run(store, retire_tx, r, out, cb, arg);
}

int
life_replace(struct store *store, const struct life_request *r,
    struct life_result *out, revoke_cb *cb, void *arg)
{
	return run(store, replace_tx, r, out, cb, arg);
}

int
life_transfer(struct store *store, const struct life_request *r,
    struct life_result *out, revoke_cb *cb, void *arg)
{
	return run(store, transfer_tx, r, out, cb, arg);
}
