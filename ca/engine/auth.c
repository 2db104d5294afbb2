#include <string.h>

#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/stage.h"

/*
 * Who asks? A client certificate decides when there is one; HTTP Basic only
 * without. A certificate of our own is recognised by its exact octets, never
 * by a chain to our root. One that says id-kp-cmcRA is a station's, and never
 * authenticates a device.
 */

#define CERT_MAX (16 * 1024)

struct finding {
	unsigned char md[32];
	struct cert_row row;
	int found;
};

static int
find_tx(struct store_tx *tx, void *arg)
{
	struct finding *f = arg;

	f->found = certs_by_sha256(tx, f->md, &f->row);
	return f->found >= 0;
}

static int
by_certificate(struct admitting *t)
{
	const struct enrol_request *req = t->req;
	struct finding f;
	size_t i;

	if (req->n_chain > ADMIT_CHAIN_MAX)
		return stage_refuse(t, WIRE_BADREQUEST, "certificate.chain",
		    "chain", "more than %d certificates", ADMIT_CHAIN_MAX);
	for (i = 0; i < req->n_chain; i++)
		if (req->chain_len[i] == 0 || req->chain_len[i] > CERT_MAX)
			return stage_refuse(t, WIRE_BADREQUEST,
			    "certificate.chain", "chain",
			    "a certificate is "
			    "empty or larger than %d octets",
			    CERT_MAX);
	memset(&f, 0, sizeof(f));
	SHA256(req->chain[0], req->chain_len[0], f.md);
	if (!stage_read(t, find_tx, &f))
		return 0;
	if (auth_is_station(req->chain[0], req->chain_len[0]))
		return auth_station(t, f.found ? &f.row : NULL);
	if (f.found)
		return auth_own(t, &f.row);
	if (req->renew)
		return stage_refuse(t, WIRE_DENIED, "renew.certificate",
		    "tls.certificate",
		    "only a certificate that this CA issued "
		    "can be renewed, and the client presented another");
	return auth_maker(t);
}

/* The operator asks what would happen, and names no party. */
static int
assume(struct admitting *t)
{
	t->party = PARTY_ASSUMED;
	stage_say(t,
	    "no certificate and no user named: going on as if HTTP "
	    "Basic had been accepted for the CN of the CSR");
	return 1;
}

int
stage_authenticate(struct admitting *t)
{
	const struct enrol_request *req = t->req;
	int basic =
	    req->user != NULL && (req->secret != NULL || t->env->explain);

	if (req->n_chain > 0)
		return by_certificate(t);
	if (req->renew && basic)
		return stage_refuse(t, WIRE_DENIED, "renew.certificate",
		    "tls.certificate",
		    "a renewal is authenticated by the "
		    "certificate that is renewed, not by HTTP Basic");
	if (basic)
		return auth_basic(t);
	if (t->env->explain && !req->renew && t->fleet->basic)
		return assume(t);
	return stage_refuse(t, WIRE_UNAUTHENTICATED, "credentials", "",
	    "no client certificate%s",
	    req->renew || !t->fleet->basic ? ""
					   : " and no HTTP Basic credentials");
}
