#include <stdio.h>
#include <string.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include "ca/store/private.h"
#include "ca/store/records.h"

static const char *const state_names[] = {
    NULL, "reserved", "valid", "held", "revoked", "aborted"};

#define N_STATES (sizeof(state_names) / sizeof(state_names[0]))

const char *
certs_state_name(enum cert_state s)
{
	return (size_t)s > 0 && (size_t)s < N_STATES ? state_names[s]
						     : "unknown";
}

int
certs_state_of(const char *name)
{
	size_t i;

	for (i = 1; i < N_STATES; i++)
		if (strcmp(state_names[i], name) == 0)
			return (int)i;
	return 0;
}

/* In the order of CERTS_SELECT. */
void
certs_load(struct sql *s, struct cert_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = sql_int(s, 0);
	r->issuer = sql_int(s, 1);
	sql_text(s, 2, r->issuer_ident, sizeof(r->issuer_ident));
	r->serial_len = sql_bytes(s, 3, r->serial, sizeof(r->serial));
	r->state = (enum cert_state)sql_int(s, 4);
	r->reason = (int)sql_int(s, 5);
	r->revoked_at = sql_int(s, 6);
	r->not_before = sql_int(s, 7);
	r->not_after = sql_int(s, 8);
	sql_text(s, 9, r->subject, sizeof(r->subject));
	sql_text(s, 10, r->profile, sizeof(r->profile));
	r->policy_version = sql_int(s, 11);
	sql_text(s, 12, r->fleet, sizeof(r->fleet));
	sql_text(s, 13, r->device, sizeof(r->device));
	sql_text(s, 14, r->requester, sizeof(r->requester));
	sql_text(s, 15, r->auth, sizeof(r->auth));
	sql_text(s, 16, r->deviations, sizeof(r->deviations));
	sql_bytes(s, 17, r->spki_sha256, sizeof(r->spki_sha256));
	sql_bytes(s, 18, r->tbs_sha256, sizeof(r->tbs_sha256));
	sql_bytes(s, 19, r->cert_sha256, sizeof(r->cert_sha256));
	r->predecessor = sql_int(s, 20);
	r->successor = sql_int(s, 21);
	r->reserved_at = sql_int(s, 22);
	r->recorded_at = sql_int(s, 23);
	r->change = sql_int(s, 24);
	r->shard = (int)sql_int(s, 25);
	r->invalidity = sql_int(s, 26);
}

/* The row of ${row} as it stands there, without a change number. */
static int
insert(struct store_tx *tx, struct cert_row *row)
{
	if (row->serial_len < 1 || row->serial_len > CERT_SERIAL_MAX) {
		ca_raise(CA_E_INTERNAL, "store: serial of %zu octets",
		    row->serial_len);
		return 0;
	}
	if (sql_run(tx,
		"INSERT INTO certs (issuer, serial, state, reason, revoked_at,"
		" not_before, not_after, subject, profile, policy_version, "
		"fleet,"
		" device, requester, auth, deviations, spki_sha256, tbs_sha256,"
		" predecessor, successor, reserved_at, recorded_at, change,"
		" shard, invalidity) VALUES"
		" (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?,"
		" 0, 0, ?, ?)",
		"ibddiiittitttttbbiidi", row->issuer, row->serial,
		row->serial_len, (int)row->state, row->reason, row->revoked_at,
		row->not_before, row->not_after, row->subject, row->profile,
		row->policy_version, row->fleet, row->device, row->requester,
		row->auth, row->deviations, row->spki_sha256, (size_t)32,
		row->tbs_sha256, (size_t)32, row->predecessor,
		row->reserved_at, row->shard, row->invalidity)) {
		row->id = sqlite3_last_insert_rowid(tx->conn->db);
		return 1;
	}
	if (sql_is_duplicate(tx))
		ca_raise(CA_E_STORE,
		    "serial.duplicate: issuer %s has a "
		    "certificate of this serial",
		    row->issuer_ident);
	return 0;
}

/*
 * One successor, one key. A successor that was aborted never left us: it does
 * not count.
 */
static int
succeed(struct store_tx *tx, const struct cert_row *row)
{
	struct cert_row old, next;
	int found;

	found = certs_by_id(tx, row->predecessor, &old);
	if (found == 0)
		ca_raise(CA_E_STORE, "store: predecessor %lld is not there",
		    (long long)row->predecessor);
	if (found != 1)
		return 0;
	found = old.successor == 0 ? 0 : certs_by_id(tx, old.successor, &next);
	if (found < 0)
		return 0;
	if (found == 1 && next.state != CERT_ABORTED &&
	    memcmp(next.spki_sha256, row->spki_sha256, 32) != 0) {
		ca_raise(CA_E_DENIED,
		    "renew.successor: the certificate was "
		    "renewed already, with another key");
		return 0;
	}
	return sql_run(tx, "UPDATE certs SET successor = ? WHERE id = ?", "ii",
	    row->id, old.id);
}

int
certs_reserve(struct store_tx *tx, struct cert_row *row)
{
	row->state = CERT_RESERVED;
	row->reason = CERT_REASON_NONE;
	row->revoked_at = row->recorded_at = row->change = 0;
	row->successor = row->invalidity = 0;
	return insert(tx, row) && (row->predecessor == 0 || succeed(tx, row));
}

static int
get_state(struct store_tx *tx, int64_t id, enum cert_state *out)
{
	int64_t state;
	int found;

	found = sql_number(
	    tx, &state, "SELECT state FROM certs WHERE id = ?", "i", id);
	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "store: certificate %lld is not there",
		    (long long)id);
	if (found == 1)
		*out = (enum cert_state)state;
	return found == 1;
}

static int
refuse_state(enum cert_state from, enum cert_state to)
{
	ca_raise(CA_E_DENIED,
	    "state: a certificate that is %s cannot become "
	    "%s",
	    certs_state_name(from), certs_state_name(to));
	return 0;
}

int
certs_record(struct store_tx *tx, int64_t id, const unsigned char *der,
    size_t len, int64_t now)
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	enum cert_state from;

	SHA256(der, len, md);
	if (!sql_run(tx,
		"UPDATE certs SET state = 2, cert_sha256 = ?,"
		" recorded_at = ?, change = " NEXT_CHANGE
		" WHERE id = ? AND state = 1",
		"bii", md, sizeof(md), now, id))
		return 0;
	if (sqlite3_changes(tx->conn->db) != 1)
		return get_state(tx, id, &from) &&
		    refuse_state(from, CERT_VALID);
	tx->changed = 1;
	return sql_run(tx, "INSERT INTO cert_der (cert, der) VALUES (?, ?)",
	    "ib", id, der, len);
}

static int
may_move(enum cert_state from, enum cert_state to)
{
	switch (to) {
	case CERT_ABORTED:
		return from == CERT_RESERVED;
	case CERT_HELD:
		return from == CERT_VALID;
	case CERT_VALID: /* reserved -> valid is certs_record() */
		return from == CERT_HELD;
	case CERT_REVOKED:
		return from != CERT_RESERVED;
	default:
		return 0;
	}
}

int
certs_set_state(struct store_tx *tx, int64_t id, enum cert_state to, int reason,
    int64_t when)
{
	int revoked = to == CERT_HELD || to == CERT_REVOKED;
	enum cert_state from;

	if (!get_state(tx, id, &from))
		return 0;
	if (!may_move(from, to))
		return refuse_state(from, to);
	tx->changed = 1;
	return sql_run(tx,
		   "UPDATE certs SET state = ?, reason = ?,"
		   " revoked_at = ?, invalidity = invalidity * ?,"
		   " change = " NEXT_CHANGE " WHERE id = ?",
		   "ddidi", (int)to, revoked ? reason : CERT_REASON_NONE,
		   revoked ? when : (int64_t)0, revoked, id) &&
	    (to == CERT_ABORTED || crls_owe(tx, id));
}

int
certs_set_invalidity(struct store_tx *tx, int64_t id, int64_t when)
{
	enum cert_state state;

	if (!sql_run(tx,
		"UPDATE certs SET invalidity = ?, change = " NEXT_CHANGE
		" WHERE id = ? AND state IN (3, 4)",
		"ii", when, id))
		return 0;
	if (sqlite3_changes(tx->conn->db) == 1) {
		tx->changed = 1;
		return crls_owe(tx, id);
	}
	if (get_state(tx, id, &state))
		ca_raise(CA_E_DENIED,
		    "state: a certificate that is %s has no invalidity date",
		    certs_state_name(state));
	return 0;
}

int
certs_set_device(
    struct store_tx *tx, int64_t id, const char *fleet, const char *device)
{
	enum cert_state state;

	return get_state(tx, id, &state) &&
	    sql_run(tx, "UPDATE certs SET fleet = ?, device = ? WHERE id = ?",
		"tti", fleet, device, id);
}

int
certs_add_revoked(struct store_tx *tx, struct cert_row *row)
{
	row->state = row->reason == CRL_REASON_CERTIFICATE_HOLD ? CERT_HELD
								: CERT_REVOKED;
	row->recorded_at = 0;
	tx->changed = 1;
	return insert(tx, row) &&
	    sql_run(tx,
		"UPDATE certs SET change = " NEXT_CHANGE " WHERE id = ?", "i",
		row->id) &&
	    crls_owe(tx, row->id);
}

/* One row at a time: a list must not change while it is being read. */
int
certs_abort_stale(struct store_tx *tx, int64_t before, int64_t now,
    int (*cb)(struct store_tx *tx, const struct cert_row *row, void *arg),
    void *arg, size_t *n)
{
	struct cert_row row;
	struct sql *s;
	int found;

	for (*n = 0;; ++*n) {
		s = sql_open(tx,
		    CERTS_SELECT "WHERE c.state = 1 AND c.reserved_at < ?"
				 " ORDER BY c.id LIMIT 1",
		    "i", before);
		if (s == NULL)
			return 0;
		if ((found = sql_step(s)) == 1)
			certs_load(s, &row);
		sql_close(s);
		if (found <= 0)
			return found == 0;
		if (!cb(tx, &row, arg) ||
		    !certs_set_state(
			tx, row.id, CERT_ABORTED, CERT_REASON_NONE, now))
			return 0;
	}
}

int
certs_abort_open(struct store_tx *tx, int64_t now,
    int (*cb)(struct store_tx *tx, const struct cert_row *row, void *arg),
    void *arg, size_t *n)
{
	return certs_abort_stale(tx, INT64_MAX, now, cb, arg, n);
}
