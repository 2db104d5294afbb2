#include <string.h>
#include "ca/store/campaigns.h"
#include "ca/store/private.h"

static const char *const state_names[] = {
    NULL, "choosing", "running", "done", "stopped"};

#define N_STATES (sizeof(state_names) / sizeof(state_names[0]))

#define SELECT                                                                 \
	"SELECT id, author, query, note, reason, invalidity, state, created,"  \
	" ended, total, done, skipped, stage, pause, upto, position"           \
	" FROM campaigns "

const char *
campaigns_state_name(enum campaign_state s)
{
	return (size_t)s > 0 && (size_t)s < N_STATES ? state_names[s]
						     : "unknown";
}

static void
load(struct sql *s, struct campaign_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = sql_int(s, 0);
	sql_text(s, 1, r->author, sizeof(r->author));
	sql_text(s, 2, r->query, sizeof(r->query));
	sql_text(s, 3, r->note, sizeof(r->note));
	r->reason = (int)sql_int(s, 4);
	r->invalidity = sql_int(s, 5);
	r->state = (enum campaign_state)sql_int(s, 6);
	r->created = sql_int(s, 7);
	r->ended = sql_int(s, 8);
	r->total = sql_int(s, 9);
	r->done = sql_int(s, 10);
	r->skipped = sql_int(s, 11);
	r->stage = sql_int(s, 12);
	r->pause = sql_int(s, 13);
	r->upto = sql_int(s, 14);
	r->position = sql_int(s, 15);
}

int
campaigns_add(struct store_tx *tx, struct campaign_row *r)
{
	if (!sql_run(tx,
		"INSERT INTO campaigns (author, query, note, reason,"
		" invalidity, state, created, ended, total, done, skipped,"
		" stage, pause, upto, position)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"tttdidiiiiiiiii", r->author, r->query, r->note, r->reason,
		r->invalidity, (int)r->state, r->created, r->ended, r->total,
		r->done, r->skipped, r->stage, r->pause, r->upto, r->position))
		return 0;
	r->id = sqlite3_last_insert_rowid(tx->conn->db);
	return 1;
}

static int
first_row(struct sql *s, struct campaign_row *out)
{
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1)
		load(s, out);
	sql_close(s);
	return found;
}

int
campaigns_get(struct store_tx *tx, int64_t id, struct campaign_row *out)
{
	return first_row(sql_open(tx, SELECT "WHERE id = ?", "i", id), out);
}

int
campaigns_open(struct store_tx *tx, enum campaign_state state, int64_t after,
    struct campaign_row *out)
{
	return first_row(sql_open(tx,
			     SELECT "WHERE state = ? AND id > ?"
				    " ORDER BY id LIMIT 1",
			     "di", (int)state, after),
	    out);
}

int
campaigns_update(struct store_tx *tx, const struct campaign_row *r)
{
	if (!sql_run(tx,
		"UPDATE campaigns SET state = ?, ended = ?, total = ?,"
		" done = ?, skipped = ?, upto = ?, position = ? WHERE id = ?",
		"diiiiiii", (int)r->state, r->ended, r->total, r->done,
		r->skipped, r->upto, r->position, r->id))
		return 0;
	if (sqlite3_changes(tx->conn->db) == 1)
		return 1;
	ca_raise(CA_E_NOTFOUND, "store: campaign %lld is not there",
	    (long long)r->id);
	return 0;
}

int
campaigns_list(struct store_tx *tx, int64_t before, size_t limit,
    int (*cb)(const struct campaign_row *row, void *arg), void *arg)
{
	struct campaign_row row;
	struct sql *s;
	int found = -1;

	s = sql_open(tx, SELECT "WHERE id < ? ORDER BY id DESC LIMIT ?", "ii",
	    before > 0 ? before : INT64_MAX, (int64_t)limit);
	while (s != NULL && (found = sql_step(s)) == 1) {
		load(s, &row);
		if (!cb(&row, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
campaigns_choose(struct store_tx *tx, int64_t id, int64_t cert)
{
	return sql_run(tx,
	    "INSERT INTO campaign_certs (campaign, cert) VALUES (?, ?)"
	    " ON CONFLICT (campaign, cert) DO NOTHING",
	    "ii", id, cert);
}

int
campaigns_chosen(struct store_tx *tx, int64_t id, int64_t position,
    size_t limit, int (*cb)(int64_t cert, void *arg), void *arg)
{
	struct sql *s;
	int found = -1;

	s = sql_open(tx,
	    "SELECT cert FROM campaign_certs WHERE campaign = ?"
	    " AND cert > ? ORDER BY cert LIMIT ?",
	    "iii", id, position, (int64_t)limit);
	while (s != NULL && (found = sql_step(s)) == 1)
		if (!cb(sql_int(s, 0), arg))
			break;
	sql_close(s);
	return found >= 0;
}
