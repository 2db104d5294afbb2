#include "ca/store/private.h"
#include "ca/store/superseded.h"

int
superseded_add(struct store_tx *tx, int64_t cert, int64_t due)
{
	return sql_run(tx,
	    "INSERT INTO superseded (cert, due) VALUES (?, ?)"
	    " ON CONFLICT (cert) DO UPDATE SET due = excluded.due",
	    "iz", cert, due);
}

int
superseded_waits(struct store_tx *tx, int64_t cert)
{
	int64_t n;

	return sql_number(tx, &n,
	    "SELECT 1 FROM superseded WHERE cert = ? AND due IS NULL", "i",
	    cert);
}

int
superseded_used(struct store_tx *tx, int64_t cert, int64_t now)
{
	return sql_run(tx,
	    "UPDATE superseded SET due = ? WHERE cert = ? AND due IS NULL",
	    "ii", now, cert);
}

int
superseded_next(
    struct store_tx *tx, int64_t now, int64_t after, int64_t *cert)
{
	return sql_number(tx, cert,
	    "SELECT cert FROM superseded WHERE due <= ? AND cert > ?"
	    " ORDER BY cert LIMIT 1",
	    "ii", now, after);
}

int
superseded_remove(struct store_tx *tx, int64_t cert)
{
	return sql_run(tx, "DELETE FROM superseded WHERE cert = ?", "i", cert);
}
