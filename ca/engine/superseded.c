#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/superseded.h"
#include "ca/engine/revoke.h"
#include "ca/engine/superseded.h"

struct contact {
	int64_t cert;
	time_t now;
	int waits;
};

static int
look_tx(struct store_tx *tx, void *arg)
{
	struct contact *k = arg;

	k->waits = superseded_waits(tx, k->cert);
	return k->waits >= 0;
}

static int
used_tx(struct store_tx *tx, void *arg)
{
	const struct contact *k = arg;

	return superseded_used(tx, k->cert, k->now);
}

void
superseded_contact(struct store *store, int64_t cert, time_t now)
{
	struct contact k = {cert, now, 0};

	if (cert == 0)
		return;
	ERR_set_mark();
	if (store_read(store, look_tx, &k) == 1 && k.waits == 1 &&
	    !store_write(store, used_tx, &k, 0))
		report_errors(REPORT_ERROR, "superseded.failed", NULL);
	ERR_pop_to_mark();
}

struct round {
	struct revoke_request r;
	size_t n;
	struct cert_row done[SUPERSEDED_AT_ONCE];
	size_t n_done;
};

/* Is its successor there? 1 yes, 0 being made, -1 it came to nothing, -2
   raised. */
static int
successor_is_there(struct store_tx *tx, const struct cert_row *row)
{
	struct cert_row next;
	int found = certs_by_id(tx, row->successor, &next);

	if (found < 0)
		return -2;
	if (found == 0 || next.state == CERT_ABORTED)
		return -1;
	return next.state != CERT_RESERVED;
}

/* 1, or 0 raised. */
static int
revoke_one(struct store_tx *tx, struct round *o, struct cert_row *row)
{
	int there, may;

	if (row->state != CERT_VALID && row->state != CERT_HELD)
		return superseded_remove(tx, row->id);
	there = successor_is_there(tx, row);
	if (there <= 0)
		return there == 0 ||
		    (there == -1 && superseded_remove(tx, row->id));
	o->r.cert = row->id;
	may = revoke_may(tx, &o->r, row);
	if (may < 0)
		return 0;
	if (may && !revoke_do(tx, &o->r, row))
		return 0;
	if (may)
		o->done[o->n_done++] = *row;
	else
		ERR_clear_error();
	return superseded_remove(tx, row->id);
}

static int
round_tx(struct store_tx *tx, void *arg)
{
	struct round *o = arg;
	struct cert_row row;
	int64_t id = 0;
	int found = 1;

	for (o->n = o->n_done = 0; o->n < SUPERSEDED_AT_ONCE; o->n++) {
		found = superseded_next(tx, o->r.now, id, &id);
		if (found != 1)
			break;
		found = certs_by_id(tx, id, &row);
		if (found < 0 || (found && !revoke_one(tx, o, &row)))
			return 0;
	}
	return found >= 0;
}

struct due {
	time_t now;
	int found;
};

static int
due_tx(struct store_tx *tx, void *arg)
{
	struct due *d = arg;
	int64_t id;

	d->found = superseded_next(tx, d->now, 0, &id);
	return d->found >= 0;
}

static void
tell(const struct round *o)
{
	char serial[2 * CERT_SERIAL_MAX + 1];
	const struct cert_row *row;
	size_t i, k;

	for (i = 0; i < o->n_done; i++) {
		row = &o->done[i];
		for (k = 0; k < row->serial_len; k++)
			snprintf(serial + 2 * k, 3, "%02x", row->serial[k]);
		report_event(REPORT_INFO, "cert.superseded", "issuer",
		    row->issuer_ident, "serial", serial, "fleet", row->fleet,
		    "device", row->device, NULL);
	}
}

int
superseded_round(struct store *store, const struct policy *policy, time_t now,
    size_t *n)
{
	struct due d = {now, 0};
	struct round *o;
	int ok;

	*n = 0;
	if (store_read(store, due_tx, &d) != 1)
		return 0;
	if (!d.found)
		return 1;
	o = OPENSSL_zalloc(sizeof(*o));
	if (o == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	o->r.reason = CRL_REASON_SUPERSEDED;
	o->r.who = "schedule";
	o->r.policy = policy;
	o->r.now = now;
	ok = store_write(store, round_tx, o, STORE_URGENT);
	if (ok) {
		*n = o->n_done;
		tell(o);
	}
	OPENSSL_free(o);
	return ok;
}
