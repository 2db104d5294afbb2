#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/ops.h"
#include "ca/engine/parking.h"
#include "ca/log/approval.h"
#include "ca/store/parked_enrol.h"

/* Requests that wait for approvals, as they are shown. */

struct listing {
	struct ops_call *c;
	int64_t last;
	size_t n;
	int failed;
};

#define DEVICE_TEXT_MAX 330

/* "fleet/device", NULL where an operator asked. */
static const char *
device_of(const struct parked_row *row, char out[DEVICE_TEXT_MAX])
{
	if (row->fleet[0] == '\0')
		return NULL;
	snprintf(out, DEVICE_TEXT_MAX, "%s/%s", row->fleet, row->device);
	return out;
}

static int
list_one(const struct parked_row *row, void *arg)
{
	struct listing *k = arg;
	WIRE_FIELDS *l = message_add_row(k->c->answer);
	char got[32], device[DEVICE_TEXT_MAX];

	snprintf(got, sizeof(got), "%lld/%lld", (long long)row->got,
	    (long long)row->need);
	if (l == NULL || !field_add_int(l, "id", row->id) ||
	    !field_add_text(l, "state", row->expires <= k->c->now &&
	    parked_is_open(row->state) && row->state != PARKED_RUNNING ?
	    "expired" : parked_state_name(row->state)) ||
	    !field_add_text(l, "op", row->op) ||
	    !field_add_text(l, "asker", row->asker) ||
	    !field_add_text(l, "kind", row->kind) ||
	    !field_add_text(l, "device", device_of(row, device)) ||
	    !field_add_text(l, "approvals", got) ||
	    !field_add_time(l, "created", row->created) ||
	    !field_add_time(l, "expires", row->expires) ||
	    !field_add_text(l, "note", row->note[0] != '\0' ? row->note :
	    NULL)) {
		k->failed = 1;
		return 0;
	}
	k->last = row->id;
	k->n++;
	return ops_room(k->c);
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct listing *k = arg;

	struct parked_filter f = {.kind = ops_text(k->c, "kind"),
	    .fleet = ops_text(k->c, "fleet"), .before = ops_cursor(k->c),
	    .open = field_flag(k->c->args, "open", 0),
	    .limit = ops_limit(k->c)};

	return parked_list(tx, &f, list_one, k);
}

int
ops_request_list(struct ops_call *c)
{
	const char *kind = ops_text(c, "kind");
	struct listing k = {.c = c};

	if (kind != NULL && strcmp(kind, PARKED_BY_OPERATOR) != 0 &&
	    strcmp(kind, PARKED_BY_DEVICE) != 0)
		return ops_bad(c, "kind", "it is \"%s\" or \"%s\"",
		    PARKED_BY_OPERATOR, PARKED_BY_DEVICE);
	return ops_read(c, list_tx, &k) && !k.failed &&
	    ops_set_cursor(c, k.last, k.n);
}

static int
approval_row(const struct parked_approval *a, void *arg)
{
	struct listing *k = arg;
	WIRE_FIELDS *l = message_add_row(k->c->answer);

	k->failed = l == NULL || !field_add_text(l, "operator", a->operator) ||
	    !field_add_int(l, "uid", a->uid) ||
	    !field_add_time(l, "time", a->time) ||
	    !field_add_flag(l, "signed", a->note[0] != '\0') ||
	    !field_add_text(l, "note", a->note[0] != '\0' ? a->note : NULL);
	return !k->failed;
}

static int
approvals_tx(struct store_tx *tx, void *arg)
{
	struct listing *k = arg;

	return parked_approvals(tx, k->last, approval_row, k);
}

/* A field under another name. */
static int
copy_field(WIRE_FIELDS *l, const char *prefix, const WIRE_FIELD *f)
{
	char name[FIELD_NAME_MAX + 1];
	const unsigned char *p;
	size_t len;

	snprintf(name, sizeof(name), "%s%s", prefix, field_name(f));
	switch (field_type(f)) {
	case V_ASN1_UTF8STRING:
		return field_add_text(l, name, field_get_text(f));
	case V_ASN1_OCTET_STRING:
		p = field_get_bytes(f, &len);
		return field_add_bytes(l, name, p, len);
	case V_ASN1_INTEGER:
		return field_add_int(l, name, field_get_int(f));
	case V_ASN1_BOOLEAN:
		return field_add_flag(l, name, field_get_flag(f));
	case V_ASN1_GENERALIZEDTIME:
		return field_add_time(l, name, field_get_time(f));
	}
	return field_add_text(l, name, NULL);
}

/* What the operation answered, as "result.*". */
static int
add_result(WIRE_FIELDS *v, const struct parked_row *row)
{
	WIRE_ANSWER *a;
	int i, ok;

	if (row->result == NULL)
		return 1;
	a = message_decode_answer(row->result, row->result_len);
	ok = a != NULL && field_add_text(v, "result",
	    message_status_name(message_answer_status(a)));
	for (i = 0; ok && i < sk_WIRE_FIELD_num(a->values); i++)
		ok = copy_field(v, "result.", sk_WIRE_FIELD_value(a->values,
		    i));
	WIRE_ANSWER_free(a);
	return ok;
}

/* The key that the one who looks would sign with. */
static int
add_your_key(struct ops_call *c)
{
	struct policy *p = ca_policy(c->ca);
	const struct operator *op = operators_by_uid(p->operators,
	    c->peer->uid);
	char key[NOTE_VKEY_MAX];
	int ok = 1;

	if (op != NULL && op->has_key)
		ok = note_key_print(&op->key, key, sizeof(key)) &&
		    field_add_text(c->answer->values, "your_key", key);
	policy_put(p);
	return ok;
}

struct finding {
	int64_t id;
	struct parked_enrol e;
	int found;
};

static int
enrol_tx(struct store_tx *tx, void *arg)
{
	struct finding *f = arg;

	f->found = parked_enrol_get(tx, f->id, &f->e);
	return f->found >= 0;
}

/* Of a device's request: whose it is, what parked it, what came of it. */
static int
add_enrol(struct ops_call *c, const struct parked_row *row)
{
	char device[DEVICE_TEXT_MAX], serial[2 * CERT_SERIAL_MAX + 1];
	WIRE_FIELDS *v = c->answer->values;
	struct finding f = {.id = row->id};

	if (row->fleet[0] == '\0')
		return 1;
	if (!ops_read(c, enrol_tx, &f) || f.found != 1)
		return 0;
	ops_hex(f.e.serial, f.e.serial_len, serial);
	return field_add_text(v, "device", device_of(row, device)) &&
	    field_add_text(v, "stage", f.e.stage) &&
	    field_add_text(v, "rule", f.e.rule) &&
	    field_add_text(v, "serial", f.e.serial_len > 0 ? serial : NULL);
}

static int
show(struct ops_call *c, const struct parked_row *row)
{
	WIRE_FIELDS *v = c->answer->values;
	struct listing k = {.c = c, .last = row->id};
	char hex[65], text[APPROVAL_TEXT_MAX];

	ops_hex(row->sha256, 32, hex);
	return approval_text(row->content, row->content_len, text,
	    sizeof(text)) && field_add_int(v, "id", row->id) &&
	    field_add_text(v, "state", parked_state_name(row->state)) &&
	    field_add_text(v, "op", row->op) &&
	    field_add_text(v, "asker", row->asker) &&
	    field_add_text(v, "kind", row->kind) && add_enrol(c, row) &&
	    field_add_int(v, "need", row->need) &&
	    field_add_int(v, "got", row->got) &&
	    field_add_time(v, "created", row->created) &&
	    field_add_time(v, "expires", row->expires) &&
	    field_add_time(v, "ended", row->ended) &&
	    field_add_text(v, "why", row->note[0] != '\0' ? row->note :
	    NULL) && (row->log_from == 0 || field_add_int(v, "log_from",
	    row->log_from)) && field_add_text(v, "content_sha256", hex) &&
	    field_add_bytes(v, "content", row->content, row->content_len) &&
	    field_add_text(v, "text", text) && add_your_key(c) &&
	    add_result(v, row) && ops_read(c, approvals_tx, &k) && !k.failed;
}

int
ops_request_show(struct ops_call *c)
{
	struct parked_row row;
	int ok;

	ok = parking_get(c, field_int(c->args, "id", 0), &row) &&
	    show(c, &row);
	parked_row_clear(&row);
	return ok;
}
