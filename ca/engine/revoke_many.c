#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/error.h"
#include "profiles/build.h"
#include "ca/store/reasons.h"
#include "ca/store/records.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/issue.h"
#include "ca/engine/issuer.h"
#include "ca/engine/revoke.h"

/* More than one certificate, or one that the store does not know. */

#define STAGE 500 /* certificates of a key in one transaction */

/* All of a device. */

int
revoke_all_of(struct store_tx *tx, const struct revoke_request *r,
    const struct device_row *dev,
    int (*keep)(const struct revoke_request *r, const struct cert_row *row),
    revoke_cb *cb, void *arg, size_t *n)
{
	struct cert_row row;
	int64_t last = 0;
	int found;

	*n = 0;
	for (;;) {
		found = certs_next_of(tx, dev->fleet, dev->name, last, &row);
		if (found != 1)
			return found == 0;
		last = row.id;
		if (row.state == CERT_RESERVED) {
			if (!issue_abort(tx, &row, r->now))
				return 0;
			continue;
		}
		if (keep != NULL && keep(r, &row))
			continue;
		if (revoke_may(tx, r, &row) != 1 || !revoke_do(tx, r, &row) ||
		    !cb(&row, arg))
			return 0;
		++*n;
	}
}

struct device_revoking {
	const struct revoke_request *r;
	int64_t device;
	int disable;
	revoke_cb *cb;
	void *arg;
};

static int
log_device(struct store_tx *tx, const struct revoke_request *r,
    const struct device_row *dev)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "fleet", dev->fleet) &&
	    field_add_text(l, "device", dev->name) &&
	    field_add_text(l, "state", devices_state_name(DEVICE_DISABLED)) &&
	    field_add_text(l, "who", r->who) &&
	    field_add_text(l, "note", "revoked") &&
	    entries_append(tx, "device.state", r->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
device_tx(struct store_tx *tx, void *arg)
{
	struct device_revoking *d = arg;
	struct device_row dev;
	size_t n;

	if (devices_get_by_id(tx, d->device, &dev) != 1) {
		ca_raise(CA_E_NOTFOUND, "device: no such device");
		return 0;
	}
	if (!revoke_all_of(tx, d->r, &dev, NULL, d->cb, d->arg, &n))
		return 0;
	return !d->disable ||
	    (devices_set_state(tx, dev.id, DEVICE_DISABLED, "revoked") &&
		log_device(tx, d->r, &dev));
}

int
revoke_device(struct store *store, const struct revoke_request *r,
    int64_t device, int disable, revoke_cb *cb, void *arg)
{
	struct device_revoking d = {r, device, disable, cb, arg};

	return store_write(store, device_tx, &d, STORE_URGENT);
}

/* A key. */

struct key_revoking {
	const struct revoke_request *r;
	const unsigned char *md;
	revoke_cb *cb;
	void *arg;
	int64_t last;
	size_t n, left; /* done; CA certificates */
	int over;
};

static int
log_key(struct store_tx *tx, const struct key_revoking *k)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_bytes(l, "spki_sha256", k->md, 32) &&
	    field_add_text(l, "reason", reasons_name(k->r->reason)) &&
	    field_add_text(l, "who", k->r->who) &&
	    entries_append(tx, "key.block", k->r->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
block_tx(struct store_tx *tx, void *arg)
{
	const struct key_revoking *k = arg;
	int blocked = certs_key_blocked(tx, k->md);

	return blocked == 1 ||
	    (blocked == 0 &&
		certs_block_key(
		    tx, k->md, k->r->now, reasons_name(k->r->reason)) &&
		log_key(tx, k));
}

/* One on the key. What the rules refuse - revoked already, a CA - stays as it
   is. */
static int
end_one(struct store_tx *tx, struct key_revoking *k, struct cert_row *row)
{
	int may;

	if (row->state == CERT_RESERVED)
		return issue_abort(tx, row, k->r->now);
	ERR_set_mark();
	may = revoke_may(tx, k->r, row);
	if (may < 0) {
		ERR_clear_last_mark();
		return 0;
	}
	ERR_pop_to_mark();
	if (may == 1) {
		k->n++;
		return revoke_do(tx, k->r, row) && k->cb(row, k->arg);
	}
	k->left += row->state != CERT_REVOKED;
	return 1;
}

static int
key_tx(struct store_tx *tx, void *arg)
{
	struct key_revoking *k = arg;
	struct cert_row row;
	int found = 1, i;

	for (i = 0; i < STAGE; i++) {
		found = certs_next_on_key(tx, k->md, k->last, &row);
		if (found != 1)
			break;
		k->last = row.id;
		if (!end_one(tx, k, &row))
			return 0;
	}
	k->over = found == 0;
	return found >= 0;
}

int
revoke_key(struct store *store, const struct revoke_request *r,
    const unsigned char spki_sha256[32], revoke_cb *cb, void *arg, size_t *n,
    size_t *left)
{
	struct key_revoking k = {
	    .r = r, .md = spki_sha256, .cb = cb, .arg = arg};

	if (!store_write(store, block_tx, &k, STORE_URGENT))
		return 0;
	while (!k.over)
		if (!store_write(store, key_tx, &k, STORE_URGENT))
			return 0;
	*n = k.n;
	*left = k.left;
	return 1;
}

/* One that nobody knows. */

struct unknown {
	const struct revoke_request *r;
	struct cert_row row;
};

static int
unknown_tx(struct store_tx *tx, void *arg)
{
	struct unknown *u = arg;

	return certs_add_revoked(tx, &u->row) &&
	    revoke_log(tx, "revoke", u->r, &u->row, 1);
}

static int
refuse_unknown(const struct revoke_request *r, const struct issuer *issuer,
    const unsigned char *serial, size_t len)
{
	const char *why = NULL;

	if (len < 1 || len > CERT_SERIAL_MAX || serial[0] == 0 ||
	    (len == CERT_SERIAL_MAX && (serial[0] & 0x80)))
		why = "revoke.serial: no serial number of RFC 5280: 1 to 20 "
		      "octets, positive";
	else if (issuer->row.state == ISSUER_ROOT)
		why = "revoke.class: what a root issued is revoked in its "
		      "ceremony (inkan-ceremony), not here";
	else if (r->reason == CRL_REASON_CERTIFICATE_HOLD)
		why = "revoke.hold: a certificate that is not known cannot be "
		      "held";
	else
		why = revoke_date_wrong(r->invalidity, r->now);
	if (why != NULL)
		ca_raise(CA_E_DENIED, "%s", why);
	return why == NULL;
}

int
revoke_unknown(struct store *store, const struct revoke_request *r,
    const struct issuer *issuer, const unsigned char *serial, size_t len,
    struct cert_row *out)
{
	struct unknown u = {.r = r};
	struct cert_row *row = &u.row;

	if (!refuse_unknown(r, issuer, serial, len))
		return 0;
	row->shard = crl_shard_of(&issuer->row, serial, len);
	row->issuer = issuer->row.id;
	strcpy(row->issuer_ident, issuer->row.ident);
	memcpy(row->serial, serial, len);
	row->serial_len = len;
	row->reason = r->reason;
	row->revoked_at = r->now;
	row->invalidity = r->invalidity;
	row->not_after = BUILD_NO_END;
	row->reserved_at = r->now;
	strcpy(row->auth, "operator");
	snprintf(row->requester, sizeof(row->requester), "%s", r->who);
	if (!store_write(store, unknown_tx, &u, STORE_URGENT))
		return 0;
	*out = u.row;
	return 1;
}
