#include <string.h>
#include "ca/store/private.h"

#define YEAR (365 * INT64_C(86400))
#define NO_END INT64_C(253402300799) /* 99991231235959Z */

static int
live(struct store_tx *tx, int64_t issuer, int64_t now, struct cert_figures *out)
{
	int64_t ending, total = 0;
	struct sql *s;
	int found = -1;

	s = sql_open(tx,
	    "SELECT count(*),"
	    " coalesce(sum(CASE WHEN not_after >= ? THEN 1 ELSE 0 END), 0),"
	    " coalesce(sum(CASE WHEN not_after >= ? THEN 0"
	    " ELSE not_after - not_before END), 0)"
	    " FROM certs WHERE issuer = ? AND state = 2 AND not_after >= ?",
	    "iiii", NO_END, NO_END, issuer, now);
	if (s != NULL && (found = sql_step(s)) == 1) {
		out->live = sql_int(s, 0);
		out->endless = sql_int(s, 1);
		total = sql_int(s, 2);
	}
	sql_close(s);
	ending = out->live - out->endless;
	out->validity = ending > 0 ? total / ending : 0;
	return found == 1;
}

int
certs_figures(struct store_tx *tx, int64_t issuer, int64_t now,
    struct cert_figures *out)
{
	memset(out, 0, sizeof(*out));
	return live(tx, issuer, now, out) &&
	    sql_number(tx, &out->revoked_in_year,
		"SELECT count(*) FROM certs WHERE issuer = ?"
		" AND state IN (3, 4) AND revoked_at > ?",
		"ii", issuer, now - YEAR) == 1;
}
