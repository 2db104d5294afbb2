#include <string.h>
#include "ca/store/private.h"
#include "ca/store/records.h"

int
crls_add(struct store_tx *tx, const struct crl_row *row)
{
	int64_t last = 0;
	int found;

	found = sql_number(tx, &last,
	    "SELECT max(number) FROM crls"
	    " WHERE issuer = ? AND shard = ?",
	    "id", row->issuer, row->shard);
	if (found < 0)
		return 0;
	if (found == 1 && row->number <= last) {
		ca_raise(CA_E_DENIED,
		    "crl.number: %lld is not above the last "
		    "one, %lld",
		    (long long)row->number, (long long)last);
		return 0;
	}
	return sql_run(tx,
		   "UPDATE crls SET der = NULL"
		   " WHERE issuer = ? AND shard = ? AND der IS NOT NULL",
		   "id", row->issuer, row->shard) &&
	    sql_run(tx,
		"INSERT INTO crls (issuer, shard, number, this_update,"
		" next_update, n_entries, octets, sha256, der) VALUES"
		" (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"idiiiiibb", row->issuer, row->shard, row->number,
		row->this_update, row->next_update, row->n_entries,
		(int64_t)row->der_len, row->sha256, sizeof(row->sha256),
		row->der, row->der_len);
}

#define LAST_COLUMNS                                                           \
	"SELECT number, this_update, next_update, n_entries, octets, sha256"
#define LAST_OF                                                                \
	" FROM crls WHERE issuer = ? AND shard = ?"                            \
	" ORDER BY number DESC LIMIT 1"

int
crls_last(struct store_tx *tx, int64_t issuer, int shard, int with_der,
    struct crl_row *out)
{
	struct crl_row r = {.issuer = issuer, .shard = shard};
	struct sql *s;
	int found;

	/* The text of the query decides whether the blob is read at all. */
	s = with_der
	    ? sql_open(tx, LAST_COLUMNS ", der" LAST_OF, "id", issuer, shard)
	    : sql_open(tx, LAST_COLUMNS LAST_OF, "id", issuer, shard);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1) {
		r.number = sql_int(s, 0);
		r.this_update = sql_int(s, 1);
		r.next_update = sql_int(s, 2);
		r.n_entries = sql_int(s, 3);
		r.octets = sql_int(s, 4);
		sql_bytes(s, 5, r.sha256, sizeof(r.sha256));
		if (with_der && !sql_copy(s, 6, &r.der, &r.der_len))
			found = -1;
	}
	sql_close(s);
	if (found == 1)
		*out = r;
	return found;
}
