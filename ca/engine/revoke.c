#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/store/devices.h"
#include "ca/store/reasons.h"
#include "ca/store/records.h"
#include "ca/engine/issue.h"
#include "ca/engine/revoke.h"

struct revoking {
	const struct revoke_request *r;
	struct cert_row row;
	int64_t device;
	int (*cb)(const struct cert_row *row, void *arg);
	void *arg;
	int64_t last;
	int found;
};

static int
is_key_lost(int reason)
{
	return reason == CRL_REASON_KEY_COMPROMISE ||
	    reason == CRL_REASON_CA_COMPROMISE ||
	    reason == CRL_REASON_AA_COMPROMISE;
}

/* What the certificate itself says decides: its profile may have left the
   policy, or have become another. ${out} stays for one without DER, which went
   nowhere. */
static int
class_of_der(struct store_tx *tx, int64_t id, enum profile_class *out)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	X509 *cert = NULL;
	size_t len = 0;
	uint32_t use;
	int found = certs_der(tx, id, &der, &len);

	if (found <= 0)
		return found == 0;
	p = der;
	cert = d2i_X509(NULL, &p, (long)len);
	OPENSSL_free(der);
	if (cert == NULL) {
		ca_raise(CA_E_STORE, "revoke: certificate %lld cannot be read",
		    (long long)id);
		return 0;
	}
	use = X509_get_extended_key_usage(cert);
	*out = PROFILE_LDEVID;
	if (X509_check_ca(cert) != 0)
		*out = PROFILE_CA;
	else if (use != UINT32_MAX && (use & XKU_OCSP_SIGN))
		*out = PROFILE_OCSP;
	else if (use != UINT32_MAX && (use & XKU_CODE_SIGN))
		*out = PROFILE_CODE_SIGNING;
	X509_free(cert);
	return 1;
}

static int
refuse_class(struct store_tx *tx, const struct revoke_request *r,
    const struct cert_row *row)
{
	const struct profile *p = policy_profile(r->policy, row->profile);
	enum profile_class class = p == NULL ? PROFILE_LDEVID : p->class;
	int hold = r->reason == CRL_REASON_CERTIFICATE_HOLD;

	if (!class_of_der(tx, row->id, &class))
		return 0;
	if ((class == PROFILE_CA || class == PROFILE_CROSS) && !r->ceremony) {
		ca_raise(CA_E_DENIED, "revoke.class: a CA certificate is "
		    "revoked in a ceremony of its issuer, not here");
		return 0;
	}
	if (hold && r->ceremony) {
		ca_raise(CA_E_DENIED, "revoke.hold: a CA's certificate cannot "
		    "be held");
		return 0;
	}
	if (hold && (class == PROFILE_OCSP || class == PROFILE_CODE_SIGNING)) {
		ca_raise(CA_E_DENIED, "revoke.hold: certificates of class %s "
		    "cannot be held", profile_class_name(class));
		return 0;
	}
	return 1;
}

static int
refuse_move(const struct revoke_request *r, const struct cert_row *row)
{
	int hold = r->reason == CRL_REASON_CERTIFICATE_HOLD;

	if (row->state == CERT_RESERVED) {
		ca_raise(CA_E_DENIED, "revoke.state: the certificate is being "
		    "issued at this moment");
		return 0;
	}
	if (hold && row->state != CERT_VALID) {
		ca_raise(CA_E_DENIED, "revoke.hold: only a valid certificate "
		    "can be held, this one is %s", certs_state_name(row->state));
		return 0;
	}
	if (row->state == CERT_REVOKED &&
	    (r->reason != CRL_REASON_KEY_COMPROMISE ||
	    is_key_lost(row->reason))) {
		ca_raise(CA_E_DENIED, "revoke.reason: it is revoked already "
		    "(%s); only an upgrade to keyCompromise is possible",
		    reasons_name(row->reason) != NULL ?
		    reasons_name(row->reason) : "unspecified");
		return 0;
	}
	return 1;
}

static int
append(struct store_tx *tx, const char *kind, const struct revoking *rv)
{
	const struct cert_row *row = &rv->row;
	WIRE_FIELDS *l = field_list_new();
	char serial[2 * CERT_SERIAL_MAX + 1];
	const char *reason = reasons_name(rv->r->reason);
	size_t i;
	int ok;

	for (i = 0; i < row->serial_len; i++)
		snprintf(serial + 2 * i, 3, "%02x", row->serial[i]);
	ok = l != NULL && field_add_text(l, "issuer", row->issuer_ident) &&
	    field_add_text(l, "serial", serial) &&
	    field_add_text(l, "reason", strcmp(kind, "release") == 0 ? NULL :
	    reason) && field_add_text(l, "who", rv->r->who) &&
	    entries_append(tx, kind, rv->r->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
revoke_row(struct store_tx *tx, struct revoking *rv)
{
	const struct revoke_request *r = rv->r;
	int hold = r->reason == CRL_REASON_CERTIFICATE_HOLD;
	int64_t when = rv->row.state == CERT_REVOKED ||
	    rv->row.state == CERT_HELD ? rv->row.revoked_at : r->now;

	if (!refuse_class(tx, r, &rv->row) || !refuse_move(r, &rv->row) ||
	    !certs_set_state(tx, rv->row.id, hold ? CERT_HELD : CERT_REVOKED,
	    r->reason, when) || !append(tx, hold ? "hold" : "revoke", rv))
		return 0;
	return !is_key_lost(r->reason) || certs_block_key(tx,
	    rv->row.spki_sha256, r->now, reasons_name(r->reason));
}

static int
get_row(struct store_tx *tx, struct revoking *rv, int64_t id)
{
	int found = certs_by_id(tx, id, &rv->row);

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "serial: no such certificate");
	return found == 1;
}

static int
revoke_tx(struct store_tx *tx, void *arg)
{
	struct revoking *rv = arg;

	return get_row(tx, rv, rv->r->cert) && revoke_row(tx, rv) &&
	    get_row(tx, rv, rv->r->cert);
}

static int
release_tx(struct store_tx *tx, void *arg)
{
	struct revoking *rv = arg;

	if (!get_row(tx, rv, rv->r->cert))
		return 0;
	if (rv->row.state != CERT_HELD) {
		ca_raise(CA_E_DENIED, "release.state: only a held certificate "
		    "can be released, this one is %s",
		    certs_state_name(rv->row.state));
		return 0;
	}
	return certs_set_state(tx, rv->row.id, CERT_VALID, CERT_REASON_NONE,
	    0) && append(tx, "release", rv) && get_row(tx, rv, rv->r->cert);
}

int
revoke_cert(struct store *store, const struct revoke_request *r,
    struct cert_row *out)
{
	struct revoking rv = {.r = r};

	if (!store_write(store, revoke_tx, &rv, STORE_URGENT))
		return 0;
	*out = rv.row;
	return 1;
}

int
revoke_release(struct store *store, const struct revoke_request *r,
    struct cert_row *out)
{
	struct revoking rv = {.r = r};

	if (!store_write(store, release_tx, &rv, STORE_URGENT))
		return 0;
	*out = rv.row;
	return 1;
}

static int
take_live(const struct cert_row *row, void *arg)
{
	struct revoking *rv = arg;

	rv->last = row->id;
	if (row->state != CERT_VALID && row->state != CERT_HELD &&
	    row->state != CERT_RESERVED)
		return 1;
	rv->row = *row;
	rv->found = 1;
	return 0;
}

static int
end_row(struct store_tx *tx, struct revoking *rv)
{
	if (rv->row.state == CERT_RESERVED)
		return issue_abort(tx, &rv->row, rv->r->now);
	return revoke_row(tx, rv) && get_row(tx, rv, rv->row.id) &&
	    rv->cb(&rv->row, rv->arg);
}

/* One row at a time: a list must not change while it is being read. */
static int
revoke_all_of(struct store_tx *tx, struct revoking *rv,
    const struct device_row *dev)
{
	struct cert_filter f = {.fleet = dev->fleet, .device = dev->name,
	    .limit = 1000};

	for (;;) {
		f.after_id = rv->last;
		rv->found = 0;
		if (!certs_list(tx, &f, take_live, rv))
			return 0;
		if (!rv->found && rv->last == f.after_id)
			return 1;
		if (rv->found && !end_row(tx, rv))
			return 0;
	}
}

static int
log_device(struct store_tx *tx, const struct revoking *rv,
    const struct device_row *dev)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "fleet", dev->fleet) &&
	    field_add_text(l, "device", dev->name) &&
	    field_add_text(l, "state", devices_state_name(DEVICE_DISABLED)) &&
	    field_add_text(l, "who", rv->r->who) &&
	    field_add_text(l, "note", "revoked") &&
	    entries_append(tx, "device.state", rv->r->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
device_tx(struct store_tx *tx, void *arg)
{
	struct revoking *rv = arg;
	struct device_row dev;

	if (devices_get_by_id(tx, rv->device, &dev) != 1) {
		ca_raise(CA_E_NOTFOUND, "device: no such device");
		return 0;
	}
	return revoke_all_of(tx, rv, &dev) &&
	    devices_set_state(tx, dev.id, DEVICE_DISABLED, "revoked") &&
	    log_device(tx, rv, &dev);
}

int
revoke_device(struct store *store, const struct revoke_request *r,
    int64_t device, int (*cb)(const struct cert_row *row, void *arg),
    void *arg)
{
	struct revoking rv = {.r = r, .device = device, .cb = cb, .arg = arg};

	return store_write(store, device_tx, &rv, STORE_URGENT);
}
