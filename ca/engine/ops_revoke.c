#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/reasons.h"
#include "ca/engine/revoke.h"
#include "ca/engine/ops.h"

/* Revocation, as operators ask for it: one certificate, a device's, a key's. */

int
ops_take_revocation(struct ops_call *c, int dflt, struct policy *policy,
    struct revoke_request *r)
{
	const char *reason = ops_text(c, "reason");

	memset(r, 0, sizeof(*r));
	r->reason = reason == NULL ? dflt : reasons_code(reason);
	r->invalidity = field_time(c->args, "invalidity_date", 0);
	r->who = c->who;
	r->policy = policy;
	r->now = c->now;
	if (r->reason >= 0)
		return 1;
	return ops_bad(c, "reason",
	    "\"%s\" is not a revocation reason of RFC "
	    "5280 5.3.1 that a full CRL can carry",
	    reason);
}

int
ops_refuse_hold(struct ops_call *c, const struct revoke_request *r)
{
	return r->reason != CRL_REASON_CERTIFICATE_HOLD ||
	    ops_bad(c, "reason",
		"certificateHold is no reason here: it is for one certificate "
		"(--serial)");
}

/* It may stand in the store although status.db could not be told: then the CRL
   must tell. */
int
ops_revoked(struct ops_call *c, int ok)
{
	if (ok || report_last_reason() == CA_E_STORE)
		atomic_store(&c->ca->crl_wanted, 1);
	return ok;
}

int
ops_revoked_row(const struct cert_row *row, void *arg)
{
	struct ops_call *c = arg;

	/* An answer that is full must not keep a certificate alive. */
	if (message_n_rows(c->answer) >= WIRE_ROWS_MAX || c->page_full)
		return 1;
	if (!ops_add_cert(message_add_row(c->answer), row))
		return 0;
	(void)ops_room(c);
	return 1;
}

static void
tell(const struct ops_call *c, const char *event, const struct cert_row *row)
{
	char serial[2 * CERT_SERIAL_MAX + 1];

	ops_hex(row->serial, row->serial_len, serial);
	report_event(REPORT_INFO, event, "req", c->req, "who", c->who, "issuer",
	    row->issuer_ident, "serial", serial, "reason",
	    reasons_name(row->reason), "device", row->device, NULL);
}

/* Not known, and the operator says that it was issued nevertheless. */
static int
revoke_foreign(struct ops_call *c, const struct revoke_request *r,
    const struct issuer *is, struct cert_row *row)
{
	const char *hex = ops_text(c, "serial");
	unsigned char serial[64];
	size_t len = 0, skip = 0;

	if (!ops_unhex(hex, serial, sizeof(serial), &len))
		return ops_bad(c, "serial", "not hexadecimal");
	while (skip + 1 < len && serial[skip] == 0)
		skip++;
	if (!ops_revoked(c,
		revoke_unknown(
		    c->ca->store, r, is, serial + skip, len - skip, row)))
		return 0;
	ops_hex(row->serial, row->serial_len, (char *)serial);
	report_event(REPORT_WARN, "cert.unknown", "req", c->req, "who", c->who,
	    "issuer", row->issuer_ident, "serial", (char *)serial, "reason",
	    reasons_name(row->reason), NULL);
	return ops_add_cert(c->answer->values, row) &&
	    field_add_text(c->answer->values, "warning",
		"the store does not "
		"know this certificate: it is recorded as revoked without end; "
		"its "
		"key is not known and not blocked");
}

const struct issuer *
ops_unknown_serial(struct ops_call *c)
{
	const char *issuer = ops_text(c, "issuer");

	if (c->o.status != WIRE_NOTFOUND || strcmp(c->o.rule, "serial") != 0)
		return NULL;
	if (!field_flag(c->args, "unknown", 0)) {
		outcome_refuse(&c->o, WIRE_NOTFOUND, "", "serial", "serial",
		    "the store does not know this serial; if the CA issued it "
		    "(the store was restored?), revoke it with --unknown and "
		    "--issuer");
		return NULL;
	}
	if (issuer != NULL)
		return ops_find_issuer(c, "issuer", issuer);
	(void)ops_bad(c, "issuer",
	    "which CA issued it must be said with "
	    "--unknown");
	return NULL;
}

int
ops_revoke(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	const struct issuer *is;
	struct revoke_request r;
	struct cert_row row;
	int ok = 0;

	c->o.authenticated = 1;
	if (!ops_take_revocation(c, CRL_REASON_UNSPECIFIED, policy, &r))
		goto out;
	if (!ops_find_cert(c, &row)) {
		is = ops_unknown_serial(c);
		if (is != NULL) {
			outcome_init(&c->o);
			c->o.authenticated = 1;
			ok = revoke_foreign(c, &r, is, &row);
		}
		goto out;
	}
	r.cert = row.id;
	ok = ops_revoked(c, revoke_cert(c->ca->store, &r, &row));
	if (ok) {
		tell(c, row.state == CERT_HELD ? "cert.held" : "cert.revoked",
		    &row);
		ok = ops_add_cert(c->answer->values, &row);
	}
out:
	policy_put(policy);
	return ok;
}

int
ops_release(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct revoke_request r = {
	    .who = c->who, .policy = policy, .now = c->now};
	struct cert_row row;
	int ok = 0;

	c->o.authenticated = 1;
	if (ops_find_cert(c, &row)) {
		r.cert = row.id;
		ok = ops_revoked(c, revoke_release(c->ca->store, &r, &row));
	}
	if (ok) {
		tell(c, "cert.released", &row);
		ok = ops_add_cert(c->answer->values, &row);
	}
	policy_put(policy);
	return ok;
}

static int
revoke_all(struct ops_call *c, int disable)
{
	struct policy *policy = ca_policy(c->ca);
	WIRE_FIELDS *v = c->answer->values;
	struct device_row row;
	struct revoke_request r;
	int ok;

	c->o.authenticated = 1;
	ok = ops_take_revocation(c, CRL_REASON_UNSPECIFIED, policy, &r) &&
	    ops_refuse_hold(c, &r) && ops_find_device(c, &row) &&
	    ops_revoked(c,
		revoke_device(
		    c->ca->store, &r, row.id, disable, ops_revoked_row, c));
	if (ok) {
		if (disable)
			row.state = DEVICE_DISABLED;
		report_event(REPORT_INFO, "device.revoked", "req", c->req,
		    "who", c->who, "fleet", row.fleet, "device", row.name,
		    "state", devices_state_name(row.state), NULL);
		ok = field_add_text(v, "fleet", row.fleet) &&
		    field_add_text(v, "device", row.name) &&
		    field_add_text(
			v, "device_state", devices_state_name(row.state));
	}
	policy_put(policy);
	return ok;
}

int
ops_device_revoke(struct ops_call *c)
{
	return revoke_all(c, 1);
}

int
ops_revoke_device(struct ops_call *c)
{
	return revoke_all(c, 0);
}

int
ops_take_key(struct ops_call *c, unsigned char md[32])
{
	const char *hex = ops_text(c, "spki");
	const unsigned char *key;
	size_t len = 0, n = 0;

	key = field_bytes(c->args, "key", &len);
	if ((key == NULL) == (hex == NULL))
		return ops_bad(c, "spki",
		    "the hash of a key or a key, one of "
		    "them");
	if (key != NULL)
		return spki_sha256(key, len, md);
	return (ops_unhex(hex, md, 32, &n) && n == 32) ||
	    ops_bad(c, "spki", "not a SHA-256 in hexadecimal (64 digits)");
}

int
ops_revoke_key(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	WIRE_FIELDS *v = c->answer->values;
	struct revoke_request r;
	unsigned char md[32];
	char hex[65] = "";
	size_t n = 0, left = 0;
	int ok;

	c->o.authenticated = 1;
	ok = ops_take_revocation(c, CRL_REASON_KEY_COMPROMISE, policy, &r) &&
	    ops_refuse_hold(c, &r) && ops_take_key(c, md) &&
	    ops_revoked(c,
		revoke_key(
		    c->ca->store, &r, md, ops_revoked_row, c, &n, &left));
	if (ok) {
		ops_hex(md, 32, hex);
		report_event(REPORT_WARN, "key.blocked", "req", c->req, "who",
		    c->who, "spki", hex, NULL);
		ok = field_add_text(v, "spki_sha256", hex) &&
		    field_add_flag(v, "blocked", 1) &&
		    field_add_int(v, "revoked", (int64_t)n) &&
		    field_add_int(v, "ca_certificates", (int64_t)left) &&
		    (left == 0 ||
			field_add_text(v, "warning",
			    "CA "
			    "certificates on this key are revoked in a "
			    "ceremony of "
			    "their issuer"));
	}
	policy_put(policy);
	return ok;
}
