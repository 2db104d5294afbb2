#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>
#include "ca/audit/details.h"
#include "ca/merge/private.h"
#include "ca/store/reasons.h"

/*
 * Entries whose detail somebody still has. It opens the leaf that the log has
 * signed, so that it is as good as the store that was lost: what it tells is
 * done.
 */

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
find(const struct merge_telling *t, struct cert_row *row)
{
	const struct merge_serial *s = &t->serial;

	return certs_by_serial(t->m->tx, s->issuer->id, s->serial, s->len,
	    row);
}

static void
read_entry(const struct merge_telling *t, struct cert_row *row)
{
	merge_row_begin(t->m, &t->serial, row);
	row->not_before = row->reserved_at = t->time;
	merge_text(t, "subject", row->subject, sizeof(row->subject));
	merge_text(t, "profile", row->profile, sizeof(row->profile));
	merge_text(t, "fleet", row->fleet, sizeof(row->fleet));
	merge_text(t, "device", row->device, sizeof(row->device));
	merge_text(t, "requester", row->requester, sizeof(row->requester));
	merge_text(t, "auth", row->auth, sizeof(row->auth));
	merge_text(t, "deviations", row->deviations, sizeof(row->deviations));
	row->policy_version = field_int(t->l, "policy_version", 0);
	take_hash(t->l, "tbs_sha256", row->tbs_sha256);
	take_hash(t->l, "cert_sha256", row->cert_sha256);
}

/* 1 the row is there, and knows what the entry tells; 0 it was not: it is
   reserved; -1 raised. */
static int
find_or_reserve(const struct merge_telling *t, struct cert_row *row)
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

struct renewal {
	const struct merge_telling *t;
	int64_t of;		/* row; 0 none */
};

static int
take_own(const struct cert_row *row, void *arg)
{
	struct renewal *r = arg;

	if (strcmp(row->fleet, field_text(r->t->l, "fleet", "")) == 0 &&
	    strcmp(row->device, field_text(r->t->l, "device", "")) == 0)
		r->of = row->id;
	return 1;
}

/* A renewal has been authorised by the certificate that it succeeds, which has one
   successor. */
static int
link_renewal(const struct merge_telling *t, int64_t id)
{
	const char *auth = field_text(t->l, "auth", "");
	unsigned char serial[CERT_SERIAL_MAX];
	struct renewal r = {t, 0};
	size_t len = 0;
	int ok;

	if (strncmp(auth, "own:", 4) != 0)
		return 1;
	ERR_set_mark();
	ok = OPENSSL_hexstr2buf_ex(serial, sizeof(serial), &len, auth + 4,
	    '\0');
	ERR_pop_to_mark();
	if (ok && certs_all_by_serial(t->m->tx, serial, len, take_own, &r) < 0)
		return 0;
	return r.of == 0 || r.of == id ||
	    certs_told_renewal(t->m->tx, id, r.of);
}

static int
reserved(const struct merge_telling *t)
{
	struct cert_row row;

	return find_or_reserve(t, &row) >= 0 && link_renewal(t, row.id);
}

/* The certificate itself may come later, from a folder. */
static int
recorded(const struct merge_telling *t)
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
	if (row.state == CERT_ABORTED)
		fprintf(t->m->q->told, "entry %lld: a certificate of %s that "
		    "the store took for aborted was issued: revoke it, or "
		    "have the device enrol again\n", (long long)t->index,
		    row.subject);
	return row.state == CERT_ABORTED || merge_explained(t->m, &row);
}

static int
aborted(const struct merge_telling *t)
{
	struct cert_row row;
	int found = find(t, &row);

	if (found == 1 && row.state == CERT_RESERVED)
		return certs_set_state(t->m->tx, row.id, CERT_ABORTED,
		    CERT_REASON_NONE, t->time);
	return found >= 0;
}

/* Has an entry behind this one told of the same certificate? Where the entry was
   adopted just now, those behind it come next. 1, 0, -1 raised. */
static int
decided_since(const struct merge_telling *t)
{
	struct entry_row row;
	int found;

	if (merge_is_new(t))
		return 0;
	found = entries_last_state(t->m->tx, t->index + 1,
	    field_text(t->l, "issuer", ""), field_text(t->l, "serial", ""),
	    &row);
	entries_row_clear(&row);
	return found;
}

static int
revoked(const struct merge_telling *t)
{
	int reason = reasons_code(field_text(t->l, "reason", "unspecified"));
	struct merge_revocation v = {.reason = reason < 0 ? 0 : reason,
	    .when = t->time,
	    .invalidity = field_time(t->l, "invalidity_date", 0),
	    .not_in_store = strcmp(field_text(t->l, "note", ""),
		REASONS_NOT_IN_STORE) == 0};

	if (reason == CRL_REASON_CERTIFICATE_HOLD &&
	    (v.weak = decided_since(t)) < 0)
		return 0;
	return merge_revoke(t->m, &t->serial, &v);
}

static int
released(const struct merge_telling *t)
{
	struct cert_row row;
	int found = find(t, &row), since;

	if (found != 1 || row.state != CERT_HELD)
		return found >= 0;
	if ((since = decided_since(t)) != 0)
		return since > 0 && merge_undone(t, "release");
	return certs_set_state(t->m->tx, row.id, CERT_VALID, CERT_REASON_NONE,
	    0);
}

static const struct {	/* the detail names a certificate */
	const char *kind;
	int (*fn)(const struct merge_telling *t);
} tellers[] = {
    {"issue.reserved", reserved},
    {"issue.recorded", recorded},
    {"issue.aborted", aborted},
    {"revoke", revoked},
    {"hold", revoked},
    {"release", released},
};

static int
tell(struct merge *m, int64_t index, const struct log_opening *o,
    const WIRE_FIELDS *l)
{
	struct merge_telling t = {.m = m, .index = index, .time = o->time, .l = l};
	size_t i;

	for (i = 0; i < sizeof(tellers) / sizeof(tellers[0]); i++) {
		if (strcmp(tellers[i].kind, o->kind) != 0)
			continue;
		/* A CA that is younger than the store has no rows in it. */
		if (!merge_serial_hex(m, field_text(l, "issuer", ""),
			field_text(l, "serial", ""), &t.serial))
			return merge_undone(&t, o->kind);
		return tellers[i].fn(&t);
	}
	return merge_decided(&t, o->kind);
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
