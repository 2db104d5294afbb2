#include <string.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include "ca/store/adopt.h"
#include "ca/store/private.h"

int
entries_is_lost(const struct entry_row *row)
{
	return row->detail_len == 0;
}

int
entries_adopt(struct store_tx *tx, const unsigned char *leaf, size_t len)
{
	struct log_leaf l;
	int64_t next = 0;

	if (!log_leaf_decode(&l, leaf, len) || !entries_count(tx, &next))
		return 0;
	if (l.index != next) {
		ca_raise(CA_E_INTERNAL, "log: leaf %lld cannot be entry %lld",
		    (long long)l.index, (long long)next);
		return 0;
	}
	return sql_run(tx,
	    "INSERT INTO entries (idx, time, kind, salt, detail, leaf)"
	    " VALUES (?, ?, ?, ?, ?, ?)",
	    "iitbbb", l.index, l.time, l.kind, "", (size_t)0, "", (size_t)0,
	    leaf, len);
}

static int
load(struct sql *s, struct entry_row *r)
{
	memset(r, 0, sizeof(*r));
	r->index = sql_int(s, 0);
	r->time = sql_int(s, 1);
	sql_text(s, 2, r->kind, sizeof(r->kind));
	return sql_copy(s, 3, &r->leaf, &r->leaf_len);
}

int
entries_next_lost(struct store_tx *tx, int64_t from, struct entry_row *out)
{
	struct sql *s;
	int found;

	memset(out, 0, sizeof(*out));
	s = sql_open(tx,
	    "SELECT idx, time, kind, leaf FROM entries"
	    " WHERE idx >= ? AND length(detail) = 0 ORDER BY idx LIMIT 1",
	    "i", from);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1 && !load(s, out))
		found = -1;
	sql_close(s);
	return found;
}

int
entries_open(struct store_tx *tx, int64_t index, const struct log_opening *o)
{
	unsigned char *leaf = NULL;
	struct entry_row row;
	size_t len = 0;
	int found, same;

	found = entries_next_lost(tx, index, &row);
	if (found != 1 || row.index != index) {
		entries_row_clear(&row);
		return found < 0 ? -1 : 0;
	}
	if (!log_opening_leaf(o, (uint64_t)index, &leaf, &len))
		found = -1;
	same = found == 1 && o->detail_len > 0 && len == row.leaf_len &&
	    memcmp(leaf, row.leaf, len) == 0;
	if (same && !sql_run(tx,
			"UPDATE entries SET salt = ?, detail = ?"
			" WHERE idx = ?",
			"bbi", o->salt, sizeof(o->salt), o->detail,
			o->detail_len, index))
		found = -1;
	OPENSSL_free(leaf);
	entries_row_clear(&row);
	return found < 0 ? -1 : same;
}

int
entries_lost_kinds(struct store_tx *tx,
    int (*cb)(const char *kind, int64_t n, void *arg), void *arg)
{
	char kind[LEAF_KIND_MAX];
	struct sql *s;
	int found = -1;

	s = sql_open(tx,
	    "SELECT kind, count(*) FROM entries WHERE length(detail) = 0"
	    " GROUP BY kind ORDER BY kind",
	    "");
	while (s != NULL && (found = sql_step(s)) == 1) {
		sql_text(s, 0, kind, sizeof(kind));
		if (!cb(kind, sql_int(s, 1), arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
entries_lost_of(struct store_tx *tx, const char *kind, int64_t *n,
    int64_t *first)
{
	struct sql *s;
	int found;

	*n = *first = 0;
	s = sql_open(tx,
	    "SELECT count(*), coalesce(min(time), 0) FROM entries"
	    " WHERE kind = ? AND length(detail) = 0",
	    "t", kind);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1) {
		*n = sql_int(s, 0);
		*first = sql_int(s, 1);
	}
	sql_close(s);
	return found == 1;
}

int
certs_record_unseen(struct store_tx *tx, int64_t id,
    const unsigned char sha256[32])
{
	if (!sql_run(tx,
		"UPDATE certs SET state = 2, cert_sha256 = ?,"
		" change = " NEXT_CHANGE " WHERE id = ? AND state = 1",
		"bi", sha256, (size_t)32, id))
		return 0;
	if (sqlite3_changes(tx->conn->db) == 1) {
		tx->changed = 1;
		return 1;
	}
	ca_raise(CA_E_DENIED, "state: only a reserved certificate is recorded");
	return 0;
}

int
certs_told(struct store_tx *tx, const struct cert_row *row)
{
	static const unsigned char none[32];
	int hashed = memcmp(row->cert_sha256, none, sizeof(none)) != 0;

	return sql_run(tx,
	    "UPDATE certs SET"
	    " subject = CASE subject WHEN '' THEN ? ELSE subject END,"
	    " profile = CASE profile WHEN '' THEN ? ELSE profile END,"
	    " fleet = CASE device WHEN '' THEN ? ELSE fleet END,"
	    " device = CASE device WHEN '' THEN ? ELSE device END,"
	    " tbs_sha256 = CASE tbs_sha256 WHEN ? THEN ? ELSE tbs_sha256 END,"
	    " cert_sha256 = coalesce(cert_sha256, ?) WHERE id = ?",
	    "ttttbbbi", row->subject, row->profile, row->fleet, row->device,
	    none, sizeof(none), row->tbs_sha256, (size_t)32,
	    hashed ? row->cert_sha256 : NULL, (size_t)32, row->id);
}

int
certs_told_renewal(struct store_tx *tx, int64_t id, int64_t predecessor)
{
	if (!sql_run(tx,
		"UPDATE certs SET successor = ? WHERE id = ? AND (successor = 0"
		" OR EXISTS (SELECT 1 FROM certs n"
		" WHERE n.id = certs.successor AND n.state = 5))",
		"ii", id, predecessor))
		return 0;
	return sqlite3_changes(tx->conn->db) == 0 ||
	    sql_run(tx, "UPDATE certs SET predecessor = ? WHERE id = ?", "ii",
		predecessor, id);
}

int
certs_complete(struct store_tx *tx, const struct cert_row *row,
    const unsigned char *der, size_t len, int64_t now)
{
	unsigned char md[SHA256_DIGEST_LENGTH];

	SHA256(der, len, md);
	if (!sql_run(tx,
		"UPDATE certs SET not_before = ?, not_after = ?, subject = ?,"
		" spki_sha256 = ?, tbs_sha256 = ?, cert_sha256 = ?,"
		" profile = CASE profile WHEN '' THEN ? ELSE profile END,"
		" fleet = CASE device WHEN '' THEN ? ELSE fleet END,"
		" device = CASE device WHEN '' THEN ? ELSE device END,"
		" state = CASE state WHEN 1 THEN 2 ELSE state END,"
		" recorded_at = ?, change = " NEXT_CHANGE
		" WHERE id = ? AND state IN (1, 2, 3, 4) AND NOT EXISTS"
		" (SELECT 1 FROM cert_der WHERE cert = id)",
		"iitbbbtttii", row->not_before, row->not_after, row->subject,
		row->spki_sha256, (size_t)32, row->tbs_sha256, (size_t)32, md,
		sizeof(md), row->profile, row->fleet, row->device, now,
		row->id))
		return 0;
	if (sqlite3_changes(tx->conn->db) != 1) {
		ca_raise(CA_E_DENIED, "state: no certificate is missing there");
		return 0;
	}
	tx->changed = 1;
	return sql_run(tx, "INSERT INTO cert_der (cert, der) VALUES (?, ?)",
	    "ib", row->id, der, len);
}
