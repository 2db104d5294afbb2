#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/fleet.h"
#include "ca/engine/stage.h"

/*
 * A station of a factory, with a TLS client certificate that says id-kp-cmcRA
 * (RFC 6402 2.10), asks for a device that has no certificate yet. Who the
 * device is, the registry says; the CSR's one attribute only tells which row.
 */

int
auth_is_station(const unsigned char *der, size_t len)
{
	EXTENDED_KEY_USAGE *eku = NULL;
	const unsigned char *p = der;
	X509 *cert;
	int i, found = 0;

	ERR_set_mark();
	cert = d2i_X509(NULL, &p, (long)len);
	if (cert != NULL)
		eku = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	ERR_pop_to_mark();
	for (i = 0; i < sk_ASN1_OBJECT_num(eku); i++)
		found |= OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, i)) == NID_cmcRA;
	EXTENDED_KEY_USAGE_free(eku);
	X509_free(cert);
	return found;
}

/* Its only CN, 1..48 octets. */
static int
station_name(struct admitting *t, const X509 *leaf, char out[49])
{
	const X509_NAME *subject = X509_get_subject_name(leaf);
	int i = X509_NAME_get_index_by_NID(subject, NID_commonName, -1), n;
	unsigned char *text = NULL;

	n = i < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, i) >= 0
	    ? -1
	    : ASN1_STRING_to_UTF8(&text,
		  X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
	if (n < 1 || n > 48 || strlen((char *)text) != (size_t)n) {
		OPENSSL_free(text);
		return stage_refuse(t, WIRE_DENIED, "station.name",
		    "tls.certificate.subject",
		    "a station is named by one CN of 1 to 48 octets");
	}
	memcpy(out, text, (size_t)n + 1);
	OPENSSL_free(text);
	return 1;
}

/* Known from here on; the fleet that it is bound to is this one. */
static int
find_station(struct admitting *t, const char *name)
{
	const struct policy *p = t->env->policy;
	size_t i;

	t->station = fleet_station(t->fleet, name);
	if (t->station != NULL)
		return 1;
	for (i = 0; i < p->n_fleets; i++)
		if (fleet_station(p->fleets[i], name) != NULL)
			return stage_refuse(t, WIRE_DENIED, "station.fleet",
			    "tls.certificate",
			    "the station is bound to another fleet than %s",
			    t->fleet->name);
	return stage_refuse(t, WIRE_DENIED, "station.unknown",
	    "tls.certificate",
	    "the certificate is a station's (id-kp-cmcRA), and fleet %s knows "
	    "no such station; it never authenticates a device",
	    t->fleet->name);
}

static int
own_is_good(struct admitting *t, const struct cert_row *row)
{
	if (t->station->anchors != NULL)
		return stage_refuse(t, WIRE_DENIED, "station.issuer",
		    "tls.certificate",
		    "the certificate of this station is to come from its "
		    "anchors, and is one of ours");
	if (row->state != CERT_VALID)
		return auth_refuse_state(t, row);
	if (t->env->now < row->not_before || t->env->now > row->not_after)
		return auth_refuse_time(t, row->not_before, row->not_after);
	return row->device[0] == '\0' ||
	    stage_refuse(t, WIRE_DENIED, "station.device", "tls.certificate",
		"the certificate was issued for a device");
}

static int
other_is_good(struct admitting *t, X509 *leaf, STACK_OF(X509) * rest)
{
	const struct fleet_station *s = t->station;
	struct auth_outsider x = {
	    "station", s->name, s->anchors, s->depth, &s->revocation};
	int err;

	if (s->anchors == NULL)
		return stage_refuse(t, WIRE_DENIED, "station.issuer",
		    "tls.certificate",
		    "the certificate of this station is to be one of ours");
	ERR_set_mark();
	err = auth_verify(t, s->anchors, s->depth, leaf, rest);
	ERR_pop_to_mark();
	if (err == X509_V_OK)
		return auth_not_revoked(t, &x, leaf, rest);
	if (err == X509_V_ERR_CERT_HAS_EXPIRED ||
	    err == X509_V_ERR_CERT_NOT_YET_VALID)
		return stage_refuse(t, WIRE_DENIED, "certificate.expired",
		    "tls.certificate",
		    "a certificate of the chain is expired or not valid yet");
	return stage_refuse(t, WIRE_DENIED, "station.issuer",
	    "tls.certificate", "no chain to the anchors of this station (%s)",
	    X509_verify_cert_error_string(err));
}

/* The kernel's word for the RA, and which certificate the station showed. */
static int
note_requester(struct admitting *t, const X509 *leaf)
{
	BIGNUM *bn =
	    ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf), NULL);
	char *hex = bn == NULL ? NULL : BN_bn2hex(bn), *p;
	struct admission *a = t->a;
	size_t n = strlen(a->requester);

	BN_free(bn);
	if (hex == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	for (p = hex; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'F')
			*p = (char)(*p - 'A' + 'a');
	snprintf(a->requester + n, sizeof(a->requester) - n, " station:%s", hex);
	OPENSSL_free(hex);
	snprintf(a->auth, sizeof(a->auth), "station:%s", t->station->name);
	a->station = t->station;
	return 1;
}

static int
accept(struct admitting *t, const struct cert_row *row, X509 *leaf,
    STACK_OF(X509) * rest)
{
	char name[49], who[64];

	if (!station_name(t, leaf, name) || !find_station(t, name) ||
	    !(row != NULL ? own_is_good(t, row) : other_is_good(t, leaf, rest)))
		return 0;
	snprintf(who, sizeof(who), "station:%s", name);
	stage_known(t, t->fleet->name, who);
	if (!auth_check_usage(t, leaf))
		return 0;
	if (t->req->renew)
		return stage_refuse(t, WIRE_DENIED, "station.renew",
		    "tls.certificate",
		    "a station asks for first certificates only");
	t->party = PARTY_STATION;
	stage_say(t, "certificate of station %s", name);
	return note_requester(t, leaf);
}

int
auth_station(struct admitting *t, const struct cert_row *row)
{
	STACK_OF(X509) *rest = sk_X509_new_null();
	X509 *leaf = NULL;
	int ok = 0;

	if (rest == NULL)
		ca_raise(CA_E_INTERNAL, "out of memory");
	else
		ok = auth_decode_chain(t, &leaf, rest) &&
		    accept(t, row, leaf, rest);
	sk_X509_pop_free(rest, X509_free);
	X509_free(leaf);
	return ok;
}

/* ---- the device ------------------------------------------------------- */

static int
name_of_csr(struct admitting *t, char *out, size_t size)
{
	int nid = t->station->name_nid, found;
	char field[64];

	ERR_set_mark();
	found = csr_subject_text(t->a->csr, nid, out, size);
	ERR_pop_to_mark();
	if (found == 1 && stage_name_ok(out))
		return 1;
	snprintf(field, sizeof(field), "csr.subject.%s", OBJ_nid2sn(nid));
	return stage_refuse(t, WIRE_BADREQUEST, "station.subject", field,
	    "the CSR must name the device in one %s of 1 to 64 printable "
	    "characters",
	    OBJ_nid2ln(nid));
}

int
auth_station_device(struct admitting *t, struct store_tx *tx)
{
	int by_serial = t->station->name_nid == NID_serialNumber, found;
	struct admission *a = t->a;
	char name[DEVICE_NAME_MAX + 1];

	if (!name_of_csr(t, name, sizeof(name)))
		return 0;
	found = by_serial
	    ? devices_get_by_serial(tx, t->fleet->name, name, &t->device)
	    : devices_get(tx, t->fleet->name, name, &t->device);
	if (found < 0)
		return 0;
	if (!found)
		return stage_refuse(t, WIRE_DENIED, "station.unregistered",
		    by_serial ? "csr.subject.serialNumber" : "csr.subject.CN",
		    "fleet %s has no device \"%.64s\" in the registry, and a "
		    "station registers none",
		    t->fleet->name, name);
	t->has_device = 1;
	a->device_id = t->device.id;
	a->known_anchor = t->device.anchor;
	snprintf(a->device, sizeof(a->device), "%s", t->device.name);
	snprintf(a->serial, sizeof(a->serial), "%s", t->device.serial);
	return stage_field(a, "identity.device", a->device) &&
	    stage_field(a, "identity.cn", a->device) &&
	    (a->serial[0] == '\0' ||
		stage_field(a, "identity.serial", a->serial));
}

struct last {
	struct cert_row row;
	int found;
};

static int
take_last(const struct cert_row *row, void *arg)
{
	struct last *l = arg;

	if (row->state != CERT_ABORTED) {
		l->row = *row;
		l->found++;
	}
	return 1;
}

/* An answer may get lost on the way to the line: the same station with the same
   key gets the certificate that it has been given. */
int
auth_station_unused(struct admitting *t, struct store_tx *tx)
{
	struct cert_filter f = {
	    .fleet = t->fleet->name, .device = t->a->device, .limit = 64};
	struct last l = {.found = 0};

	if (!certs_list(tx, &f, take_last, &l))
		return 0;
	if (l.found == 0)
		return 1;
	if (l.found == 1 && strcmp(l.row.auth, t->a->auth) == 0 &&
	    memcmp(l.row.spki_sha256, csr_spki_sha256(t->a->csr), 32) == 0) {
		if (l.row.state == CERT_RESERVED) {
			t->o->retry_after = 2;
			return stage_refuse(t, WIRE_UNAVAILABLE,
			    "station.busy", "",
			    "this certificate is being issued");
		}
		if (l.row.state == CERT_VALID) {
			t->a->existing = l.row.id;
			return 1;
		}
	}
	return stage_refuse(t, WIRE_DENIED, "station.used", "device",
	    "device %s has had its certificate already", t->a->device);
}
