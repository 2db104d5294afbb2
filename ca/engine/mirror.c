#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/status/status.h"
#include "ca/store/certs.h"
#include "ca/store/records.h"
#include "ca/engine/mirror.h"

#define PAGE 5000 /* rows in one transaction while status.db is filled */

struct copying {
	struct status_writer *w;
	struct status_head head;
	int64_t change; /* copied up to here */
	int64_t time;	/* of the newest change that was copied */
	size_t n;
	int failed; /* a callback's 0 only ends the list */
};

static int
put_issuer(const struct issuer_row *row, void *arg)
{
	struct copying *c = arg;
	struct status_issuer i = {.id = row->id,
	    .is_root = row->state == ISSUER_ROOT,
	    .cert = row->cert,
	    .cert_len = row->cert_len};

	snprintf(i.ident, sizeof(i.ident), "%s", row->ident);
	c->failed = !status_put_issuer(c->w, &i);
	return !c->failed;
}

static enum status_state
status_of(enum cert_state state)
{
	return state == CERT_REVOKED ? STATUS_REVOKED
	    : state == CERT_HELD     ? STATUS_HELD
				     : STATUS_GOOD;
}

static int
put_cert(const struct cert_row *row, void *arg)
{
	struct copying *c = arg;
	struct status_cert s = {.issuer = row->issuer,
	    .serial_len = row->serial_len,
	    .state = status_of(row->state),
	    .reason = row->reason,
	    .revoked_at = row->revoked_at,
	    .not_after = row->not_after,
	    .change = row->change};

	memcpy(s.serial, row->serial, row->serial_len);
	c->failed = !status_put_cert(c->w, &s);
	if (c->failed)
		return 0;
	c->n++;
	c->change = row->change;
	if (row->recorded_at > c->time)
		c->time = row->recorded_at;
	if (row->revoked_at > c->time)
		c->time = row->revoked_at;
	return 1;
}

/* A revocation is durable there before it is acknowledged. New certificates need
   not be: what a power failure takes is there again when inkan-ca is. */
static int
begin(struct store_tx *tx, const struct copying *c)
{
	int revoked = 1;

	return certs_revoked_since(tx, c->head.change, &revoked) &&
	    (revoked ? status_begin(c->w) : status_begin_new(c->w));
}

/* At most ${limit} rows (0: all) in one transaction. ${follow}: the heartbeat
   goes with the changes. When rows are left over there is none. */
static int
copy(struct store_tx *tx, struct copying *c, size_t limit, int follow)
{
	int64_t beat = c->head.heartbeat, last = 0;

	c->change = c->head.change;
	c->time = 0;
	c->n = 0;
	if (!certs_last_change(tx, &last) || !begin(tx, c))
		return 0;
	if (!issuers_list(tx, put_issuer, c) || c->failed ||
	    !certs_changed(tx, c->change, limit, put_cert, c) || c->failed) {
		status_abort(c->w);
		return 0;
	}
	/* Changes that status.db does not show (aborted) are counted too. */
	if (limit == 0 || c->n < limit)
		c->change = last;
	else
		c->head.heartbeat = beat = 0;
	if (follow && beat != 0 && c->head.stopped[0] == '\0' && c->time > beat)
		beat = c->time;
	if (!status_commit(c->w, c->change, beat))
		return 0;
	c->head.change = c->change;
	return 1;
}

static int
follow_tx(struct store_tx *tx, void *arg)
{
	struct copying c = {.w = arg};

	return status_writer_head(c.w, &c.head) && copy(tx, &c, 0, 1);
}

/*
 * Is status.db of this store's past? Its last row must stand in the store with
 * the same change number or a later one. 1, 0 (nothing raised), -1 raised.
 */
static int
is_ours(struct store_tx *tx, struct copying *c, int64_t last)
{
	struct status_cert s;
	struct cert_row row;
	int found;

	if (c->head.change > last)
		return 0;
	found = status_writer_last(c->w, &s);
	if (found <= 0)
		return found < 0 ? -1 : 1;
	found = certs_by_serial(tx, s.issuer, s.serial, s.serial_len, &row);
	if (found <= 0)
		return found;
	return row.change > s.change ||
	    (row.change == s.change && status_of(row.state) == s.state);
}

struct comparing {
	struct copying *c;
	int ours;
	int64_t last;
};

static int
compare_tx(struct store_tx *tx, void *arg)
{
	struct comparing *k = arg;

	if (!certs_last_change(tx, &k->last))
		return 0;
	k->ours = is_ours(tx, k->c, k->last);
	return k->ours >= 0;
}

/* A page in a short read transaction of its own. */
static int
page_tx(struct store_tx *tx, void *arg)
{
	return copy(tx, arg, PAGE, 0);
}

static int
bring_up(struct store *store, struct status_writer *w)
{
	struct copying c = {.w = w};
	struct comparing k = {.c = &c};

	if (!status_writer_head(w, &c.head) ||
	    !store_read(store, compare_tx, &k))
		return 0;
	if (!k.ours && (!status_reset(w) || !status_writer_head(w, &c.head)))
		return 0;
	do {
		if (!store_read(store, page_tx, &c))
			return 0;
	} while (c.n == PAGE);
	return 1;
}

static int
nothing_tx(struct store_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	return 1;
}

int
mirror_catch_up(struct store *store)
{
	return store_write(
	    store, nothing_tx, NULL, STORE_URGENT | STORE_PUBLISH);
}

int
mirror_start(struct store *store, struct status_writer *w)
{
	if (!bring_up(store, w)) {
		ca_raise(CA_E_STORE,
		    "status.db: it could not be brought up to "
		    "the store");
		return 0;
	}
	store_set_hook(store, follow_tx, w);
	return 1;
}
