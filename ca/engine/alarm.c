#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/store/records.h"
#include "ca/engine/admit.h"

/*
 * Two keys ask to succeed one certificate: one of them has a copy of the old
 * key. Nobody can tell which, so the device waits for a person.
 */

#define RULE "renew.successor"

struct parking {
	unsigned char md[32];
	time_t now;
	const char *address;
	int done;
};

static int
entry(struct store_tx *tx, const struct parking *p, const struct cert_row *row)
{
	char serial[2 * CERT_SERIAL_MAX + 1] = "";
	WIRE_FIELDS *l = field_list_new();
	size_t i;
	int ok;

	for (i = 0; i < row->serial_len; i++)
		snprintf(serial + 2 * i, 3, "%02x", row->serial[i]);
	ok = l != NULL && field_add_text(l, "fleet", row->fleet) &&
	    field_add_text(l, "device", row->device) &&
	    field_add_text(l, "issuer", row->issuer_ident) &&
	    field_add_text(l, "serial", serial) &&
	    field_add_text(l, "address", p->address) &&
	    entries_append(tx, "alarm.clone", p->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
park_tx(struct store_tx *tx, void *arg)
{
	struct parking *p = arg;
	struct device_row d;
	struct cert_row row;
	int found = certs_by_sha256(tx, p->md, &row);

	if (found != 1)
		return found == 0;
	found = devices_get(tx, row.fleet, row.device, &d);
	if (found != 1)
		return found == 0;
	if (d.state != DEVICE_ENABLED)
		return 1;
	if (!devices_set_state(tx, d.id, DEVICE_PARKED,
		"possible clone: a "
		"second renewal of one certificate with another key") ||
	    !entry(tx, p, &row))
		return 0;
	p->done = 1;
	return 1;
}

int
admit_clone_alarm(struct store *store, const struct enrol_request *req,
    const struct outcome *o, time_t now)
{
	struct parking p = {.now = now, .address = req->address};

	if (o->status != WIRE_DENIED || strcmp(o->rule, RULE) != 0 ||
	    req->n_chain == 0)
		return 0;
	SHA256(req->chain[0], req->chain_len[0], p.md);
	return store_write(store, park_tx, &p, STORE_URGENT) && p.done;
}
