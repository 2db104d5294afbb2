#include <string.h>

#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/revoke.h"
#include "ca/store/reasons.h"
#include "ca/engine/ceremony_run.h"

/* Kind revoke: a certificate of a CA, by the CA that issued it. */

static int
find_tx(struct store_tx *tx, void *arg)
{
	struct ceremony *r = arg;
	const struct ceremony_revoked *v = &r->f->revoked;
	struct cert_row row;
	int found = certs_by_serial(tx, r->signer->row.id, v->serial,
	    v->serial_len, &row);

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "serial: CA %s issued no such "
		    "certificate", r->signer->row.ident);
	r->row = row.id;
	return found == 1;
}

/* Of which CA is it the certificate in use? NULL: of none. */
static struct issuer *
in_use(struct ceremony *r, const struct cert_row *row)
{
	size_t i;

	for (i = 0; i < r->issuers.n; i++)
		if (memcmp(r->issuers.item[i]->sha256, row->cert_sha256,
		    32) == 0)
			return r->issuers.item[i];
	return NULL;
}

static int
again_tx(struct store_tx *tx, void *arg)
{
	struct cert_row *row = arg;

	return certs_by_id(tx, row->id, row) == 1;
}

/* An earlier run came so far, and no further: the CA is in use still. */
static int
was_revoked(struct ceremony *r, struct cert_row *row)
{
	const struct issuer *is;

	row->id = r->row;
	if (!store_read(r->store, again_tx, row) ||
	    row->state != CERT_REVOKED ||
	    row->reason != r->f->revoked.reason)
		return 0;
	is = in_use(r, row);
	return r->resumed || (is != NULL && is->row.state == ISSUER_ACTIVE);
}

static int
revoke(struct ceremony *r, struct cert_row *row)
{
	struct revoke_request q = {.cert = r->row,
	    .reason = r->f->revoked.reason, .who = "ceremony",
	    .policy = r->policy, .now = r->now, .ceremony = 1};

	/* Where it was interrupted behind this, or failed, it stands. */
	if (!was_revoked(r, row) && !revoke_cert(r->store, &q, row))
		return 0;
	ceremony_record_revoked(r, row);
	ceremony_say(r, "revoked (%s): %s; this stands, whatever follows",
	    reasons_name(q.reason), row->subject);
	return 1;
}

static int
is_of_ca(struct store_tx *tx, int64_t id)
{
	X509 *cert = ceremony_read_cert(tx, id);
	int is_ca = cert != NULL && X509_check_ca(cert) != 0;

	X509_free(cert);
	if (!is_ca)
		ca_raise(CA_E_DENIED, "revoke.class: it is not a CA's "
		    "certificate; that is revoked by inkan revoke");
	return is_ca;
}

static int
may_be_tx(struct store_tx *tx, void *arg)
{
	struct ceremony *r = arg;
	struct cert_row row;

	if (certs_by_id(tx, r->row, &row) != 1 || !is_of_ca(tx, r->row))
		return 0;
	if (in_use(r, &row) != r->signer)
		return 1;
	ca_raise(CA_E_DENIED, "revoke.root: nobody revokes a root but who "
	    "takes it out of the trust stores");
	return 0;
}

/* The token first: a revocation without a CRL that tells of it helps nobody. */
static int
work(struct ceremony *r)
{
	struct issuer *gone = NULL;
	struct cert_row row;
	int ok;

	if (ceremony_find_signer(r) == NULL ||
	    !store_read(r->store, find_tx, r) ||
	    !store_read(r->store, may_be_tx, r))
		return 0;
	ok = ceremony_open_signer(r) && revoke(r, &row) &&
	    ceremony_signer_news(r);
	ceremony_close_signer(r);
	r->row = 0;
	if (ok && (gone = in_use(r, &row)) != NULL) {
		r->row = gone->row.id;
		ceremony_say(r, "CA %s is out of use", gone->row.ident);
	}
	return ok;
}

static int
use(struct store_tx *tx, struct ceremony *r)
{
	return r->row == 0 || issuers_set_state(tx, r->row, ISSUER_DISABLED);
}

const struct ceremony_act ceremony_revoke_act = {work, use};
