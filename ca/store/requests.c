#include <string.h>
#include <openssl/crypto.h>
#include "ca/store/private.h"
#include "ca/store/requests.h"

int
requests_add(struct store_tx *tx, int64_t cert, const unsigned char *csr,
    size_t csr_len, const unsigned char *fields, size_t fields_len)
{
	return sql_run(tx,
		   "INSERT INTO cert_requests (cert, csr, fields)"
		   " VALUES (?, ?, ?)",
		   "ibb", cert, csr, csr_len, fields, fields_len) &&
	    sql_run(tx, "DELETE FROM cert_requests WHERE cert <= ?", "i",
		cert - REQUESTS_KEPT);
}

void
requests_row_clear(struct request_row *row)
{
	OPENSSL_free(row->csr);
	OPENSSL_free(row->fields);
	OPENSSL_free(row->der);
	memset(row, 0, sizeof(*row));
}

/* One row with all that belongs to it. 1, or 0 raised. */
static int
load(struct store_tx *tx, struct sql *s, struct request_row *row)
{
	memset(row, 0, sizeof(*row));
	if (certs_by_id(tx, sql_int(s, 0), &row->cert) == 1 &&
	    sql_copy(s, 1, &row->csr, &row->csr_len) &&
	    sql_copy(s, 2, &row->fields, &row->fields_len) &&
	    certs_der(tx, row->cert.id, &row->der, &row->der_len) == 1)
		return 1;
	requests_row_clear(row);
	return 0;
}

int
requests_list(struct store_tx *tx, const char *profile, int64_t before,
    size_t limit, int (*cb)(const struct request_row *row, void *arg),
    void *arg)
{
	struct request_row row;
	int found = 0, ok = 1, more = 1;
	struct sql *s;

	s = sql_open(tx,
	    "SELECT r.cert, r.csr, r.fields FROM cert_requests r"
	    " JOIN certs c ON c.id = r.cert"
	    " WHERE r.cert < ? AND c.profile = ? AND c.recorded_at > 0"
	    " ORDER BY r.cert DESC LIMIT ?",
	    "iti", before, profile, (int64_t)limit);
	if (s == NULL)
		return 0;
	while (ok && more && (found = sql_step(s)) == 1) {
		ok = load(tx, s, &row);
		if (ok)
			more = cb(&row, arg);
	}
	sql_close(s);
	return ok && found >= 0;
}
