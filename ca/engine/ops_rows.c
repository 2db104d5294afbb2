#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/error.h"
#include "ca/store/reasons.h"
#include "ca/engine/revoke.h"
#include "profiles/build.h"
#include "ca/engine/ops.h"

#define LIMIT_DEFAULT 100

void
ops_hex(const unsigned char *p, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * len] = '\0';
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Hex in any case, with colons and "0x", as people paste it. */
int
ops_unhex(const char *text, unsigned char *out, size_t size, size_t *len)
{
	char digits[2 * 64];
	size_t n = 0, i;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	for (; *text != '\0'; text++) {
		if (*text == ':' || *text == ' ')
			continue;
		if (nibble(*text) < 0 || n >= sizeof(digits))
			return 0;
		digits[n++] = *text;
	}
	i = n % 2;		/* an odd count has lost its leading zero */
	if (n == 0 || (n + 1) / 2 > size)
		return 0;
	*len = 0;
	if (i == 1)
		out[(*len)++] = (unsigned char)nibble(digits[0]);
	for (; i < n; i += 2)
		out[(*len)++] = (unsigned char)(nibble(digits[i]) << 4 |
		    nibble(digits[i + 1]));
	return 1;
}

const char *
ops_text(const struct ops_call *c, const char *name)
{
	return field_text(c->args, name, NULL);
}

int
ops_read(struct ops_call *c, store_fn *fn, void *arg)
{
	return store_read(c->ca->store, fn, arg);
}

int
ops_not_found(struct ops_call *c, const char *field, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return outcome_refuse(&c->o, WIRE_NOTFOUND, "", field, field, "%s",
	    text);
}

int
ops_bad(struct ops_call *c, const char *field, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return outcome_refuse(&c->o, WIRE_BADREQUEST, "", "ops.argument",
	    field, "%s", text);
}

static int
add_opt(WIRE_FIELDS *l, const char *name, const char *value)
{
	return field_add_text(l, name, value[0] != '\0' ? value : NULL);
}

static int
add_hex(WIRE_FIELDS *l, const char *name, const unsigned char *p, size_t len)
{
	char hex[2 * 32 + 1];

	ops_hex(p, len, hex);
	return field_add_text(l, name, hex);
}

static const char *
reason_of(const struct cert_row *row)
{
	if (row->state != CERT_REVOKED && row->state != CERT_HELD)
		return NULL;
	return row->reason < 0 ? "unspecified" :
	    reasons_name(row->reason);
}

int
ops_add_cert(WIRE_FIELDS *l, const struct cert_row *row)
{
	int dated = row->state == CERT_REVOKED || row->state == CERT_HELD;

	return l != NULL &&
	    add_hex(l, "serial", row->serial, row->serial_len) &&
	    field_add_text(l, "issuer", row->issuer_ident) &&
	    field_add_text(l, "subject", row->subject) &&
	    field_add_text(l, "state", certs_state_name(row->state)) &&
	    field_add_text(l, "reason", reason_of(row)) &&
	    field_add_time(l, "revoked_at", dated ? row->revoked_at : 0) &&
	    field_add_time(l, "invalidity_date", row->invalidity) &&
	    field_add_time(l, "not_before", row->not_before) &&
	    field_add_time(l, "not_after", row->not_after) &&
	    field_add_text(l, "profile", row->profile) &&
	    field_add_int(l, "profile_version", row->policy_version) &&
	    add_opt(l, "fleet", row->fleet) &&
	    add_opt(l, "device", row->device) &&
	    field_add_text(l, "requester", row->requester) &&
	    add_opt(l, "auth", row->auth) &&
	    field_add_time(l, "issued_at", row->recorded_at) &&
	    (row->recorded_at != 0 ?
	    add_hex(l, "sha256", row->cert_sha256, 32) :
	    field_add_text(l, "sha256", NULL)) &&
	    add_opt(l, "deviations", row->deviations);
}

struct fields_text {
	char text[1024];
	size_t len;
};

static int
join_field(const char *name, const char *value, void *arg)
{
	struct fields_text *t = arg;
	int n = snprintf(t->text + t->len, sizeof(t->text) - t->len,
	    "%s%s=%s", t->len > 0 ? "; " : "", name, value);

	if (n > 0)
		t->len += (size_t)n;
	if (t->len >= sizeof(t->text))
		t->len = sizeof(t->text) - 1;
	return 1;
}

struct device_fields {
	const struct device_row *row;
	struct fields_text t;
	char successor[DEVICE_NAME_MAX + 66];	/* "fleet/name" */
};

static int
fields_tx(struct store_tx *tx, void *arg)
{
	struct device_fields *d = arg;
	struct device_row next;
	int found = d->row->successor == 0 ? 0 :
	    devices_get_by_id(tx, d->row->successor, &next);

	if (found == 1)
		snprintf(d->successor, sizeof(d->successor), "%s/%s",
		    next.fleet, next.name);
	return found >= 0 &&
	    devices_fields(tx, d->row->id, join_field, &d->t);
}

int
ops_add_device(struct ops_call *c, WIRE_FIELDS *l, const struct device_row *row)
{
	struct device_fields d = {.row = row};

	return l != NULL && ops_read(c, fields_tx, &d) &&
	    field_add_text(l, "fleet", row->fleet) &&
	    field_add_text(l, "name", row->name) &&
	    add_opt(l, "serial", row->serial) &&
	    field_add_text(l, "state", devices_state_name(row->state)) &&
	    (row->has_key ? add_hex(l, "key_sha256", row->key_sha256, 32) :
	    field_add_text(l, "key_sha256", NULL)) &&
	    field_add_text(l, "origin", row->origin) &&
	    add_opt(l, "note", row->note) &&
	    field_add_text(l, "late_renewal",
	    row->late_renewal ? "yes" : NULL) &&
	    field_add_time(l, "created", row->created) &&
	    field_add_time(l, "retired_at", row->retired_at) &&
	    add_opt(l, "successor", d.successor) &&
	    add_opt(l, "fields", d.t.text) && ops_add_anchor(c, l, row);
}

size_t
ops_limit(const struct ops_call *c)
{
	int64_t n = field_int(c->args, "limit", LIMIT_DEFAULT);

	return n < 1 ? 1 : n > WIRE_ROWS_MAX ? WIRE_ROWS_MAX : (size_t)n;
}

int64_t
ops_cursor(const struct ops_call *c)
{
	const char *text = ops_text(c, "cursor");

	return text == NULL ? 0 : strtoll(text, NULL, 10);
}

int
ops_room(struct ops_call *c)
{
	size_t n = message_n_rows(c->answer);
	int len;

	if (n == 0)
		return 1;
	len = ASN1_item_i2d((const ASN1_VALUE *)message_row(c->answer, n - 1),
	    NULL, ASN1_ITEM_rptr(WIRE_FIELDS));
	c->row_octets += len > 0 ? (size_t)len : 0;
	/* One more row of the usual sizes, values and a refusal fit still. */
	c->page_full = c->row_octets > WIRE_MESSAGE_MAX / 4 * 3;
	return !c->page_full;
}

int
ops_set_cursor(struct ops_call *c, int64_t last, size_t rows)
{
	char text[32];

	if (rows < ops_limit(c) && !c->page_full)
		return 1;
	snprintf(text, sizeof(text), "%lld", (long long)last);
	return message_set_next(c->answer, text);
}

struct issuer *
ops_find_issuer(struct ops_call *c, const char *field, const char *name)
{
	const struct issuer_set *set = &c->ca->issuers;
	struct issuer *is = issuer_set_find(set, name);
	size_t i, n = 0;

	if (is == NULL) {
		(void)ops_not_found(c, field, "no CA \"%s\"", name);
		return NULL;
	}
	for (i = 0; i < set->n; i++)
		n += strcmp(set->item[i]->row.name, name) == 0;
	if (n > 1 && strcmp(is->row.ident, name) != 0) {
		(void)outcome_refuse(&c->o, WIRE_BADREQUEST, "",
		    "ca.generation", field, "%s has %zu generations: say "
		    "which (%s)", name, n, is->row.ident);
		return NULL;
	}
	return is;
}

struct finding {
	const struct ops_call *c;
	unsigned char serial[64];
	size_t len;
	const char *issuer;	/* name or ident; NULL: any */
	const struct issuer *is;	/* of that name */
	struct cert_row *out;
	int n;
	char sibling[80];	/* another generation, which has it */
};

static int
found_one(const struct cert_row *row, void *arg)
{
	struct finding *f = arg;
	const struct issuer *by;

	if (f->issuer != NULL) {
		by = issuer_set_by_id(&f->c->ca->issuers, row->issuer);
		if (by == NULL || strcmp(by->row.name, f->is->row.name) != 0)
			return 1;
		if (strcmp(f->issuer, by->row.ident) != 0 &&
		    strcmp(f->issuer, by->row.name) != 0) {
			strcpy(f->sibling, row->issuer_ident);
			return 1;
		}
	}
	*f->out = *row;
	f->n++;
	return 1;
}

static int
find_tx(struct store_tx *tx, void *arg)
{
	struct finding *f = arg;

	return certs_all_by_serial(tx, f->serial, f->len, found_one, f) >= 0;
}

/* A serial of another generation is known, so that nobody makes a row of it. */
static int
not_found(struct ops_call *c, const struct finding *f, const char *serial)
{
	const char *issuer = f->issuer;

	if (f->sibling[0] != '\0')
		return ops_not_found(c, "issuer", "no certificate with serial "
		    "%s of %s, but one of %s", serial, issuer, f->sibling);
	return ops_not_found(c, "serial", "no certificate with serial %s%s%s",
	    serial, issuer != NULL ? " of " : "", issuer != NULL ? issuer : "");
}

int
ops_find_cert(struct ops_call *c, struct cert_row *out)
{
	struct finding f = {.c = c, .issuer = ops_text(c, "issuer"),
	    .out = out};
	const char *serial = ops_text(c, "serial");

	if (!ops_unhex(serial, f.serial, sizeof(f.serial), &f.len))
		return ops_bad(c, "serial", "\"%s\" is not a serial number in "
		    "hexadecimal", serial);
	while (f.len > 1 && f.serial[0] == 0)
		memmove(f.serial, f.serial + 1, --f.len);
	if (f.issuer != NULL) {
		f.is = issuer_set_find(&c->ca->issuers, f.issuer);
		if (f.is == NULL)
			return ops_not_found(c, "issuer", "no CA \"%s\"",
			    f.issuer);
	}
	if (!ops_read(c, find_tx, &f))
		return 0;
	if (f.n == 0)
		return not_found(c, &f, serial);
	if (f.n > 1)
		return ops_bad(c, "issuer", "%d CAs have a certificate with "
		    "that serial: say which", f.n);
	return 1;
}

struct finding_device {
	const char *fleet, *name;
	struct device_row *out;
	int found;
};

static int
find_device_tx(struct store_tx *tx, void *arg)
{
	struct finding_device *f = arg;

	f->found = f->fleet != NULL ?
	    devices_get(tx, f->fleet, f->name, f->out) :
	    devices_get_by_name(tx, f->name, f->out);
	return f->found >= 0;
}

int
ops_find_device(struct ops_call *c, struct device_row *out)
{
	struct finding_device f = {ops_text(c, "fleet"), ops_text(c, "name"),
	    out, 0};

	if (!ops_read(c, find_device_tx, &f))
		return 0;
	if (f.found == 1)
		return 1;
	return ops_not_found(c, "name", "no device \"%s\"%s%s", f.name,
	    f.fleet != NULL ? " in fleet " : "",
	    f.fleet != NULL ? f.fleet : "");
}
