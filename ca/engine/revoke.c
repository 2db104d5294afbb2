#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/store/reasons.h"
#include "ca/store/records.h"
#include "ca/engine/revoke.h"

struct revoking {
	const struct revoke_request *r;
	struct cert_row row;
};

int
revoke_is_key_lost(int reason)
{
	return reason == CRL_REASON_KEY_COMPROMISE ||
	    reason == CRL_REASON_CA_COMPROMISE ||
	    reason == CRL_REASON_AA_COMPROMISE;
}

int
revoke_class_of_der(struct store_tx *tx, int64_t id, enum profile_class *out)
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

	/* What the certificate itself says decides: its profile may have left
	   the policy, or have become another. */
	if (!revoke_class_of_der(tx, row->id, &class))
		return -1;
	if ((class == PROFILE_CA || class == PROFILE_CROSS) && !r->ceremony) {
		ca_raise(CA_E_DENIED, "revoke.class: a CA certificate is "
		    "revoked in a ceremony of its issuer "
		    "(inkan-ceremony), not here");
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

/* What may follow on a revocation: the reason is raised, or it is learned that
   the certificate was invalid earlier. */
static int
is_better(const struct revoke_request *r, const struct cert_row *row)
{
	if (r->reason == CRL_REASON_KEY_COMPROMISE &&
	    !revoke_is_key_lost(row->reason))
		return 1;
	return r->invalidity != 0 && r->reason == row->reason &&
	    (row->invalidity == 0 || r->invalidity < row->invalidity);
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
	if (row->state == CERT_REVOKED && !is_better(r, row)) {
		ca_raise(CA_E_DENIED, "revoke.reason: it is revoked already "
		    "(%s); only an upgrade to keyCompromise is possible",
		    reasons_name(row->reason) != NULL ?
		    reasons_name(row->reason) : "unspecified");
		return 0;
	}
	return 1;
}

/* Since when it is revoked, or will be. */
static int64_t
revoked_at(const struct revoke_request *r, const struct cert_row *row)
{
	return row->state == CERT_REVOKED || row->state == CERT_HELD ?
	    row->revoked_at : r->now;
}

const char *
revoke_date_wrong(int64_t invalidity, int64_t revoked)
{
	if (invalidity < 0)
		return "revoke.invalidity: the invalidity date is before 1970";
	if (invalidity > revoked)
		return "revoke.invalidity: it is later than the revocation";
	return NULL;
}

static int
refuse_invalidity(const struct revoke_request *r, const struct cert_row *row)
{
	const char *why = revoke_date_wrong(r->invalidity, revoked_at(r, row));

	if (r->invalidity == 0)
		return 1;
	if (r->reason == CRL_REASON_CERTIFICATE_HOLD)
		why = "revoke.invalidity: a hold says nothing of when it "
		    "became invalid";
	else if (why == NULL && row->invalidity != 0 &&
	    r->invalidity > row->invalidity)
		why = "revoke.invalidity: it has an earlier one already";
	if (why != NULL)
		ca_raise(CA_E_DENIED, "%s", why);
	return why == NULL;
}

int
revoke_may(struct store_tx *tx, const struct revoke_request *r,
    const struct cert_row *row)
{
	int ok = refuse_class(tx, r, row);

	return ok != 1 ? ok : refuse_move(r, row) && refuse_invalidity(r, row);
}

int
revoke_log(struct store_tx *tx, const char *kind,
    const struct revoke_request *r, const struct cert_row *row, int unknown)
{
	WIRE_FIELDS *l = field_list_new();
	char serial[2 * CERT_SERIAL_MAX + 1];
	const char *reason = reasons_name(r->reason);
	size_t i;
	int ok;

	for (i = 0; i < row->serial_len; i++)
		snprintf(serial + 2 * i, 3, "%02x", row->serial[i]);
	ok = l != NULL && field_add_text(l, "issuer", row->issuer_ident) &&
	    field_add_text(l, "serial", serial) &&
	    field_add_text(l, "reason", strcmp(kind, "release") == 0 ? NULL :
	    reason) && field_add_text(l, "who", r->who) &&
	    (r->invalidity == 0 ||
	    field_add_time(l, "invalidity_date", r->invalidity)) &&
	    (r->campaign == 0 || field_add_int(l, "campaign", r->campaign)) &&
	    (!unknown || field_add_text(l, "note", REASONS_NOT_IN_STORE)) &&
	    entries_append(tx, kind, r->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
get_row(struct store_tx *tx, int64_t id, struct cert_row *row)
{
	int found = certs_by_id(tx, id, row);

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "serial: no such certificate");
	return found == 1;
}

int
revoke_do(struct store_tx *tx, const struct revoke_request *r,
    struct cert_row *row)
{
	int hold = r->reason == CRL_REASON_CERTIFICATE_HOLD;

	if (!certs_set_state(tx, row->id, hold ? CERT_HELD : CERT_REVOKED,
	    r->reason, revoked_at(r, row)) || (r->invalidity != 0 &&
	    !certs_set_invalidity(tx, row->id, r->invalidity)) ||
	    !revoke_log(tx, hold ? "hold" : "revoke", r, row, 0))
		return 0;
	if (revoke_is_key_lost(r->reason) && !certs_block_key(tx,
	    row->spki_sha256, r->now, reasons_name(r->reason)))
		return 0;
	return get_row(tx, row->id, row);
}

static int
revoke_tx(struct store_tx *tx, void *arg)
{
	struct revoking *rv = arg;

	return get_row(tx, rv->r->cert, &rv->row) &&
	    revoke_may(tx, rv->r, &rv->row) == 1 &&
	    revoke_do(tx, rv->r, &rv->row);
}

static int
release_tx(struct store_tx *tx, void *arg)
{
	struct revoking *rv = arg;

	if (!get_row(tx, rv->r->cert, &rv->row))
		return 0;
	if (rv->row.state != CERT_HELD) {
		ca_raise(CA_E_DENIED, "release.state: only a held certificate "
		    "can be released, this one is %s",
		    certs_state_name(rv->row.state));
		return 0;
	}
	return certs_set_state(tx, rv->row.id, CERT_VALID, CERT_REASON_NONE,
	    0) && revoke_log(tx, "release", rv->r, &rv->row, 0) &&
	    get_row(tx, rv->r->cert, &rv->row);
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
