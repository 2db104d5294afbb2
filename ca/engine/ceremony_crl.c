#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/* Kind crl: what a root has to say from time to time, before it runs out. */

static int
work(struct ceremony *r)
{
	int ok;

	if (ceremony_find_signer(r) == NULL)
		return 0;
	if (r->signer->row.state != ISSUER_ROOT) {
		ca_raise(CA_E_DENIED, "signer.root: CA %s is not a root; "
		    "inkan-ca issues its CRLs (inkan crl issue --issuer %s)",
		    r->signer->row.ident, r->signer->row.ident);
		return 0;
	}
	if (r->f->crl_lifetime > 0)
		r->signer->row.crl_lifetime = r->f->crl_lifetime;
	ok = ceremony_open_signer(r) && ceremony_root_news(r, r->signer);
	ceremony_close_signer(r);
	return ok;
}

static int
use(struct store_tx *tx, struct ceremony *r)
{
	return issuers_set_lifetime(tx, r->signer->row.id,
	    r->signer->row.crl_lifetime);
}

const struct ceremony_act ceremony_crl_act = {work, use};
