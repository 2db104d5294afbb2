#include <string.h>
#include "ca/store/parked_enrol.h"
#include "ca/store/private.h"

#define SELECT                                                                 \
	"SELECT e.request, e.fleet, e.device, e.stage, e.rule, e.ask,"         \
	" e.credential, e.secret, e.issuer, e.serial, e.told, p.state,"        \
	" p.created, p.expires, p.need, p.note"                                \
	" FROM parked_enrol e JOIN parked p ON p.id = e.request "

#define OPEN " AND p.state IN (1, 2)"
#define NEWEST " ORDER BY e.request DESC LIMIT 1"

static void
load(struct sql *s, struct parked_enrol *e)
{
	memset(e, 0, sizeof(*e));
	e->request = sql_int(s, 0);
	sql_text(s, 1, e->fleet, sizeof(e->fleet));
	sql_text(s, 2, e->device, sizeof(e->device));
	sql_text(s, 3, e->stage, sizeof(e->stage));
	sql_text(s, 4, e->rule, sizeof(e->rule));
	sql_bytes(s, 5, e->ask, sizeof(e->ask));
	sql_bytes(s, 6, e->credential, sizeof(e->credential));
	e->secret = sql_int(s, 7);
	e->issuer = sql_int(s, 8);
	e->serial_len = sql_bytes(s, 9, e->serial, sizeof(e->serial));
	e->told = (int)sql_int(s, 10);
	e->state = (enum parked_state)sql_int(s, 11);
	e->created = sql_int(s, 12);
	e->expires = sql_int(s, 13);
	e->need = sql_int(s, 14);
	sql_text(s, 15, e->note, sizeof(e->note));
}

static int
first(struct sql *s, struct parked_enrol *out)
{
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1)
		load(s, out);
	sql_close(s);
	return found;
}

int
parked_enrol_add(struct store_tx *tx, const struct parked_enrol *e)
{
	return sql_run(tx,
	    "INSERT INTO parked_enrol (request, fleet, device, stage, rule,"
	    " ask, credential, secret, issuer, serial, told)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, 0)",
	    "ittttbbi", e->request, e->fleet, e->device, e->stage, e->rule,
	    e->ask, sizeof(e->ask), e->credential, sizeof(e->credential),
	    e->secret);
}

int
parked_enrol_get(struct store_tx *tx, int64_t request,
    struct parked_enrol *out)
{
	return first(sql_open(tx, SELECT "WHERE e.request = ?", "i", request),
	    out);
}

int
parked_enrol_open(struct store_tx *tx, const char *fleet, const char *device,
    struct parked_enrol *out)
{
	return first(sql_open(tx, SELECT "WHERE e.fleet = ? AND e.device = ?"
	    OPEN NEWEST, "tt", fleet, device), out);
}

int
parked_enrol_last(struct store_tx *tx, const char *fleet, const char *device,
    const unsigned char ask[32], struct parked_enrol *out)
{
	return first(sql_open(tx, SELECT "WHERE e.fleet = ? AND e.device = ?"
	    " AND e.ask = ?" NEWEST, "ttb", fleet, device, ask, (size_t)32),
	    out);
}

int
parked_enrol_on_secret(struct store_tx *tx, int64_t secret, const char *fleet,
    const char *device, struct parked_enrol *out)
{
	return first(sql_open(tx, SELECT "WHERE e.secret = ? AND e.secret > 0"
	    " AND (e.fleet <> ? OR e.device <> ?)" OPEN NEWEST, "itt", secret,
	    fleet, device), out);
}

int
parked_enrol_by_serial(struct store_tx *tx, int64_t issuer,
    const unsigned char *serial, size_t len, struct parked_enrol *out)
{
	return first(sql_open(tx, SELECT "WHERE e.serial = ? AND"
	    " e.serial IS NOT NULL AND e.issuer = ?", "bi", serial, len,
	    issuer), out);
}

int
parked_enrol_set_serial(struct store_tx *tx, int64_t request, int64_t issuer,
    const unsigned char *serial, size_t len)
{
	return sql_run(tx,
	    "UPDATE parked_enrol SET issuer = ?, serial = ? WHERE request = ?",
	    "ibi", issuer, len > 0 ? serial : NULL, len, request);
}

int
parked_enrol_set_told(struct store_tx *tx, int64_t request)
{
	return sql_run(tx, "UPDATE parked_enrol SET told = 1"
	    " WHERE request = ?", "i", request);
}

/* From the few that are open, not from all that the fleet ever asked. */
int
parked_enrol_count(struct store_tx *tx, const char *fleet, int64_t *n)
{
	return sql_number(tx, n,
	    "SELECT count(*) FROM parked p WHERE p.state IN (1, 2, 3)"
	    " AND p.kind = '" PARKED_BY_DEVICE "' AND (SELECT e.fleet FROM"
	    " parked_enrol e WHERE e.request = p.id) = ?", "t", fleet) == 1;
}
