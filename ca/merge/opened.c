#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>
#include "ca/audit/details.h"
#include "ca/merge/private.h"
#include "ca/store/devices.h"
#include "ca/store/reasons.h"

/*
 * Entries whose detail somebody still has. It opens the leaf that the log has
 * signed, so that it is as good as the store that was lost: what it tells is
 * done.
 */

struct telling {
	struct merge *m;
	int64_t index, time;
	const WIRE_FIELDS *l;
	struct merge_serial serial;
};

static void
copy(char *out, size_t size, const WIRE_FIELDS *l, const char *name)
{
	snprintf(out, size, "%s", field_text(l, name, ""));
}

static int
take_hash(const WIRE_FIELDS *l, const char *name, unsigned char out[32])
{
	unsigned char raw[32];
	size_t len = 0;
	int ok;

	ERR_set_mark();
	ok = OPENSSL_hexstr2buf_ex(raw, sizeof(raw), &len,
	    field_text(l, name, ""), '\0') && len == sizeof(raw);
	ERR_pop_to_mark();
	if (ok)
		memcpy(out, raw, sizeof(raw));
	return ok;
}

static int
find(const struct telling *t, struct cert_row *row)
{
	const struct merge_serial *s = &t->serial;

	return certs_by_serial(t->m->tx, s->issuer->id, s->serial, s->len,
	    row);
}

static void
read_entry(const struct telling *t, struct cert_row *row)
{
	merge_row_begin(t->m, &t->serial, row);
	row->not_before = row->reserved_at = t->time;
	copy(row->subject, sizeof(row->subject), t->l, "subject");
	copy(row->profile, sizeof(row->profile), t->l, "profile");
	copy(row->fleet, sizeof(row->fleet), t->l, "fleet");
	copy(row->device, sizeof(row->device), t->l, "device");
	copy(row->requester, sizeof(row->requester), t->l, "requester");
	copy(row->auth, sizeof(row->auth), t->l, "auth");
	copy(row->deviations, sizeof(row->deviations), t->l, "deviations");
	row->policy_version = field_int(t->l, "policy_version", 0);
	take_hash(t->l, "tbs_sha256", row->tbs_sha256);
	take_hash(t->l, "cert_sha256", row->cert_sha256);
}

/* 1 the row is there, and knows what the entry tells; 0 it was not: it is
   reserved; -1 raised. */
static int
find_or_reserve(const struct telling *t, struct cert_row *row)
{
	struct cert_row is;
	int found = find(t, row);

	if (found < 0)
		return -1;
	read_entry(t, &is);
	if (found == 0) {
		*row = is;
		return certs_reserve(t->m->tx, row) ? 0 : -1;
	}
	is.id = row->id;
	return certs_told(t->m->tx, &is) ? 1 : -1;
}

static int
reserved(const struct telling *t)
{
	struct cert_row row;

	return find_or_reserve(t, &row) >= 0;
}

/* The certificate itself may come later, from a folder. */
static int
recorded(const struct telling *t)
{
	static const unsigned char none[32];
	unsigned char md[32];
	struct cert_row row;
	int found;

	if (!take_hash(t->l, "cert_sha256", md))
		return 1;
	if ((found = find_or_reserve(t, &row)) < 0)
		return 0;
	if (found == 0 || row.state == CERT_RESERVED) {
		t->m->r->unseen++;
		return certs_record_unseen(t->m->tx, row.id, md);
	}
	if (memcmp(row.cert_sha256, none, 32) != 0 &&
	    memcmp(row.cert_sha256, md, 32) != 0)
		return MERGE_REFUSE("merge.duplicate: entry %lld tells of "
		    "another certificate of a serial number of %s than the "
		    "store has", (long long)t->index, row.issuer_ident);
	return merge_explain(t->m, -1);
}

static int
aborted(const struct telling *t)
{
	struct cert_row row;
	int found = find(t, &row);

	if (found == 1 && row.state == CERT_RESERVED)
		return certs_set_state(t->m->tx, row.id, CERT_ABORTED,
		    CERT_REASON_NONE, t->time);
	return found >= 0;
}

/* What operators have decided since is newer than a hold of then. */
static int
is_new(const struct telling *t)
{
	return t->index >= t->m->r->had;
}

static int
revoked(const struct telling *t)
{
	int reason = reasons_code(field_text(t->l, "reason", "unspecified"));
	struct merge_revocation v = {.reason = reason < 0 ? 0 : reason,
	    .when = t->time, .weak = !is_new(t),
	    .invalidity = field_time(t->l, "invalidity_date", 0)};

	return merge_revoke(t->m, &t->serial, &v);
}

static int
released(const struct telling *t)
{
	struct cert_row row;
	int found = find(t, &row);

	if (found != 1 || row.state != CERT_HELD || !is_new(t))
		return found >= 0;
	return certs_set_state(t->m->tx, row.id, CERT_VALID, CERT_REASON_NONE,
	    0);
}

static int
device_added(const struct telling *t)
{
	struct device_row d = {.created = t->time};
	int state = devices_state_of(field_text(t->l, "state", ""));
	const unsigned char *key;
	size_t len = 0;
	int found;

	copy(d.fleet, sizeof(d.fleet), t->l, "fleet");
	copy(d.name, sizeof(d.name), t->l, "device");
	copy(d.serial, sizeof(d.serial), t->l, "serial");
	copy(d.origin, sizeof(d.origin), t->l, "origin");
	copy(d.note, sizeof(d.note), t->l, "note");
	d.state = state > 0 ? (enum device_state)state : DEVICE_ENABLED;
	key = field_bytes(t->l, "key_sha256", &len);
	if (key != NULL && len == sizeof(d.key_sha256)) {
		d.has_key = 1;
		memcpy(d.key_sha256, key, len);
	}
	if (d.fleet[0] == '\0' || d.name[0] == '\0')
		return 1;
	found = devices_get(t->m->tx, d.fleet, d.name, &d);
	if (found != 0)
		return found == 1;
	t->m->r->devices++;
	return devices_add(t->m->tx, &d);
}

static int
device_state(const struct telling *t)
{
	int state = devices_state_of(field_text(t->l, "state", ""));
	struct device_row d;
	int found;

	found = devices_get(t->m->tx, field_text(t->l, "fleet", ""),
	    field_text(t->l, "device", ""), &d);
	if (found != 1 || state <= 0 || !is_new(t))
		return found >= 0;
	return devices_set_state(t->m->tx, d.id, (enum device_state)state,
	    field_text(t->l, "note", ""));
}

static int
key_blocked(const struct telling *t)
{
	size_t len = 0;
	const unsigned char *md = field_bytes(t->l, "spki_sha256", &len);

	return md == NULL || len != 32 || !is_new(t) ||
	    certs_block_key(t->m->tx, md, t->time,
		field_text(t->l, "reason", ""));
}

static const struct {
	const char *kind;
	int of_cert;	/* the detail names a certificate */
	int (*fn)(const struct telling *t);
} tellers[] = {
    {"issue.reserved", 1, reserved},
    {"issue.recorded", 1, recorded},
    {"issue.aborted", 1, aborted},
    {"revoke", 1, revoked},
    {"hold", 1, revoked},
    {"release", 1, released},
    {"device.add", 0, device_added},
    {"device.state", 0, device_state},
    {"key.block", 0, key_blocked},
};

static int
tell(struct merge *m, int64_t index, const struct log_opening *o,
    const WIRE_FIELDS *l)
{
	struct telling t = {.m = m, .index = index, .time = o->time, .l = l};
	size_t i;

	for (i = 0; i < sizeof(tellers) / sizeof(tellers[0]); i++) {
		if (strcmp(tellers[i].kind, o->kind) != 0)
			continue;
		if (tellers[i].of_cert &&
		    !merge_serial_hex(m, field_text(l, "issuer", ""),
			field_text(l, "serial", ""), &t.serial))
			return 1;
		return tellers[i].fn(&t);
	}
	return 1;
}

int
merge_opened(struct merge *m, int64_t index, const struct log_opening *o)
{
	WIRE_FIELDS *l = NULL;
	int rc;

	ERR_set_mark();
	l = field_list_decode(o->detail, o->detail_len);
	ERR_pop_to_mark();
	rc = l == NULL ? 0 : entries_open(m->tx, index, o);
	if (rc == 1) {
		m->r->opened++;
		rc = tell(m, index, o, l) ? 1 : -1;
	}
	field_list_free(l);
	return rc;
}

int
merge_opened_file(struct merge *m)
{
	struct details *d;
	struct log_opening o;
	struct entry_row row;
	int64_t from = 0;
	int found = 1, lost = 1, rc = 0;

	if (m->q->details == NULL)
		return 1;
	if ((d = details_open(m->q->details)) == NULL)
		return 0;
	while (found >= 0 && rc >= 0 &&
	    (lost = entries_next_lost(m->tx, from, &row)) == 1) {
		from = row.index + 1;
		found = details_find(d, row.index, &o);
		rc = found == 1 ? merge_opened(m, row.index, &o) : 0;
		if (found == 1 && rc == 0)
			fprintf(m->q->told, "%s: what it has of entry %lld "
			    "does not open it\n", m->q->details,
			    (long long)row.index);
		log_opening_clear(&o);
		entries_row_clear(&row);
	}
	details_close(d);
	return found >= 0 && rc >= 0 && lost == 0;
}
