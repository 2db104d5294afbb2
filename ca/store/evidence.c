#include <string.h>

#include <openssl/crypto.h>

#include "ca/store/evidence.h"
#include "ca/store/private.h"

#define SELECT                                                                 \
	"SELECT id, cert, fleet, device, at, accepted, rule, text, format,"    \
	" policy_version, nonce, request_sha256, spki_sha256,"                 \
	" evidence_sha256, evidence, facts, keep_until FROM evidence "

void
evidence_row_clear(struct evidence_row *row)
{
	OPENSSL_free(row->evidence);
	OPENSSL_free(row->facts);
	memset(row, 0, sizeof(*row));
}

int
evidence_add(struct store_tx *tx, struct evidence_row *row)
{
	const void *nonce = row->nonce_len > 0 ? row->nonce : NULL;

	if (row->evidence_len > EVIDENCE_MAX) {
		ca_raise(CA_E_BADREQUEST,
		    "attest.size: evidence of more than %d octets",
		    EVIDENCE_MAX);
		return 0;
	}
	return sql_run(tx,
		   "INSERT INTO evidence (cert, fleet, device, at, accepted,"
		   " rule, text, format, policy_version, nonce,"
		   " request_sha256, spki_sha256, evidence_sha256, evidence,"
		   " facts, keep_until)"
		   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		   "ittidtttibbbbbbi", row->cert, row->fleet, row->device,
		   row->at, row->accepted, row->rule, row->text, row->format,
		   row->policy_version, nonce, row->nonce_len,
		   row->request_sha256, sizeof(row->request_sha256),
		   row->spki_sha256, sizeof(row->spki_sha256),
		   row->evidence_sha256, sizeof(row->evidence_sha256),
		   row->evidence, row->evidence_len,
		   row->facts != NULL ? row->facts : (const void *)"",
		   row->facts_len, row->keep_until) &&
	    sql_number(tx, &row->id, "SELECT max(id) FROM evidence", "") == 1;
}

static int
load(struct sql *s, struct evidence_row *out)
{
	memset(out, 0, sizeof(*out));
	out->id = sql_int(s, 0);
	out->cert = sql_int(s, 1);
	sql_text(s, 2, out->fleet, sizeof(out->fleet));
	sql_text(s, 3, out->device, sizeof(out->device));
	out->at = sql_int(s, 4);
	out->accepted = (int)sql_int(s, 5);
	sql_text(s, 6, out->rule, sizeof(out->rule));
	sql_text(s, 7, out->text, sizeof(out->text));
	sql_text(s, 8, out->format, sizeof(out->format));
	out->policy_version = sql_int(s, 9);
	out->nonce_len = sql_bytes(s, 10, out->nonce, sizeof(out->nonce));
	sql_bytes(s, 11, out->request_sha256, sizeof(out->request_sha256));
	sql_bytes(s, 12, out->spki_sha256, sizeof(out->spki_sha256));
	sql_bytes(s, 13, out->evidence_sha256, sizeof(out->evidence_sha256));
	out->keep_until = sql_int(s, 16);
	if (sql_copy(s, 14, &out->evidence, &out->evidence_len) &&
	    sql_copy(s, 15, &out->facts, &out->facts_len))
		return 1;
	evidence_row_clear(out);
	return 0;
}

static int
first(struct sql *s, struct evidence_row *out)
{
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1 && !load(s, out))
		found = -1;
	sql_close(s);
	return found;
}

int
evidence_by_cert(struct store_tx *tx, int64_t cert, struct evidence_row *out)
{
	return first(sql_open(tx,
			 SELECT "WHERE cert = ? AND cert > 0"
				" ORDER BY id DESC LIMIT 1",
			 "i", cert),
	    out);
}

int
evidence_by_id(struct store_tx *tx, int64_t id, struct evidence_row *out)
{
	return first(sql_open(tx, SELECT "WHERE id = ?", "i", id), out);
}

int
evidence_by_hash(struct store_tx *tx, const unsigned char sha256[32],
    struct evidence_row *out)
{
	return first(sql_open(tx,
			 SELECT "WHERE evidence_sha256 = ?"
				" ORDER BY id DESC LIMIT 1",
			 "b", sha256, (size_t)32),
	    out);
}

int
evidence_list(struct store_tx *tx, const char *fleet, int64_t before,
    size_t limit, int (*cb)(struct evidence_row *row, void *arg), void *arg)
{
	struct evidence_row row;
	int found = 0, ok = 1, more = 1;
	struct sql *s;

	s = sql_open(tx,
	    SELECT "WHERE fleet = ? AND id < ? ORDER BY id DESC LIMIT ?",
	    "tii", fleet, before, (int64_t)limit);
	if (s == NULL)
		return 0;
	while (ok && more && (found = sql_step(s)) == 1) {
		ok = load(s, &row);
		if (ok)
			more = cb(&row, arg);
	}
	sql_close(s);
	return ok && found >= 0;
}

int
evidence_expire(struct store_tx *tx, int64_t now, int64_t limit)
{
	return sql_run(tx,
	    "UPDATE evidence SET evidence = NULL, nonce = NULL WHERE id IN ("
	    "SELECT id FROM evidence WHERE keep_until > 0 AND"
	    " evidence IS NOT NULL AND keep_until < ? LIMIT ?)",
	    "ii", now, limit);
}
