#include <string.h>
#include "ca/store/devices.h"
#include "ca/store/private.h"

/* The first row of ${s}, which is closed. */
static int
first_row(struct sql *s, struct cert_row *out)
{
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1)
		certs_load(s, out);
	sql_close(s);
	return found;
}

int
certs_by_serial(struct store_tx *tx, int64_t issuer,
    const unsigned char *serial, size_t len, struct cert_row *out)
{
	return first_row(
	    sql_open(tx, CERTS_SELECT "WHERE c.issuer = ? AND c.serial = ?",
		"ib", issuer, serial, len),
	    out);
}

int
certs_by_id(struct store_tx *tx, int64_t id, struct cert_row *out)
{
	return first_row(
	    sql_open(tx, CERTS_SELECT "WHERE c.id = ?", "i", id), out);
}

int
certs_by_sha256(
    struct store_tx *tx, const unsigned char md[32], struct cert_row *out)
{
	return first_row(sql_open(tx, CERTS_SELECT "WHERE c.cert_sha256 = ?",
			     "b", md, (size_t)32),
	    out);
}

int
certs_all_by_serial(struct store_tx *tx, const unsigned char *serial,
    size_t len, int (*cb)(const struct cert_row *row, void *arg), void *arg)
{
	struct cert_row row;
	struct sql *s;
	int n = 0, found = -1;

	/* IN: so that the index over (issuer, serial) serves. */
	s = sql_open(tx,
	    CERTS_SELECT "WHERE c.issuer IN (SELECT id FROM"
			 " issuers) AND c.serial = ? ORDER BY c.id",
	    "b", serial, len);
	while (s != NULL && (found = sql_step(s)) == 1) {
		certs_load(s, &row);
		n++;
		if (!cb(&row, arg)) {
			found = 0;
			break;
		}
	}
	sql_close(s);
	return found < 0 ? -1 : n;
}

/* Is the certificate's device an earlier life, in another fleet, of this one?
   1, 0, -1 raised. */
static int
is_earlier_life(struct store_tx *tx, const struct cert_row *row,
    const char *fleet, const char *device)
{
	if (strcmp(row->device, device) != 0 || device[0] == '\0')
		return 0;
	return devices_leads_to(tx, row->fleet, device, fleet);
}

int
certs_by_foreign_key(struct store_tx *tx, const unsigned char md[32],
    const char *fleet, const char *device, struct cert_row *out)
{
	struct cert_row row;
	struct sql *s;
	int found = -1, same = 1;

	s = sql_open(tx,
	    CERTS_SELECT "WHERE c.spki_sha256 = ? AND c.state <> 5"
			 " AND (c.fleet <> ? OR c.device <> ?) ORDER BY c.id",
	    "btt", md, (size_t)32, fleet, device);
	while (s != NULL && same == 1 && (found = sql_step(s)) == 1) {
		certs_load(s, &row);
		same = is_earlier_life(tx, &row, fleet, device);
	}
	sql_close(s);
	if (same < 0)
		return -1;
	if (found == 1)
		*out = row;
	return found;
}

int
certs_next_of(struct store_tx *tx, const char *fleet, const char *device,
    int64_t after, struct cert_row *out)
{
	return first_row(
	    sql_open(tx,
		CERTS_SELECT
		"WHERE c.fleet = ? AND c.device = ? AND c.state IN (1, 2, 3)"
		" AND c.id > ? ORDER BY c.id LIMIT 1",
		"tti", fleet, device, after),
	    out);
}

int
certs_next_on_key(struct store_tx *tx, const unsigned char md[32],
    int64_t after, struct cert_row *out)
{
	return first_row(
	    sql_open(tx,
		CERTS_SELECT "WHERE c.spki_sha256 = ? AND c.state <> 5"
			     " AND c.id > ? ORDER BY c.id LIMIT 1",
		"bi", md, (size_t)32, after),
	    out);
}

int
certs_live_of(struct store_tx *tx, const char *fleet, const char *device,
    int64_t now, struct cert_row *out)
{
	return first_row(
	    sql_open(tx,
		CERTS_SELECT
		"WHERE c.fleet = ? AND c.device = ? AND c.state IN (1, 2, 3)"
		" AND c.not_after >= ? ORDER BY c.id DESC LIMIT 1",
		"tti", fleet, device, now),
	    out);
}

int
certs_der(struct store_tx *tx, int64_t id, unsigned char **der, size_t *len)
{
	struct sql *s;
	int found;

	s = sql_open(tx, "SELECT der FROM cert_der WHERE cert = ?", "i", id);
	found = s == NULL ? -1 : sql_step(s);
	if (found == 1 && !sql_copy(s, 0, der, len))
		found = -1;
	sql_close(s);
	return found;
}

int
certs_block_key(struct store_tx *tx, const unsigned char md[32], int64_t now,
    const char *why)
{
	return sql_run(tx,
	    "INSERT INTO blocked_keys (spki_sha256, at, why)"
	    " VALUES (?, ?, ?) ON CONFLICT (spki_sha256) DO NOTHING",
	    "bit", md, (size_t)32, now, why == NULL ? "" : why);
}

int
certs_key_blocked(struct store_tx *tx, const unsigned char md[32])
{
	int64_t at;

	return sql_number(tx, &at,
	    "SELECT at FROM blocked_keys"
	    " WHERE spki_sha256 = ?",
	    "b", md, (size_t)32);
}

int
certs_last_id(struct store_tx *tx, int64_t *out)
{
	*out = 0;
	return sql_number(tx, out, "SELECT max(id) FROM certs", "") >= 0;
}
