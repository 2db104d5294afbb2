#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/* Kind ocsp-delegate: for a CA whose key is offline. The others are certified
   from day to day, by inkan-ca, with its approvals and its log. */

static int
work(struct ceremony *r)
{
	int ok;

	if (!ceremony_signer_certifies(r))
		return 0;
	if (!r->f->signer.has_token) {
		ca_raise(CA_E_DENIED, "signer.daily: CA %s has its key in a "
		    "token of inkan-ca's; inkan ca delegate %s --csr FILE "
		    "asks for this", r->signer->row.ident,
		    r->signer->row.ident);
		return 0;
	}
	ok = ceremony_open_signer(r) && ceremony_certify_service(r,
	    &r->f->services[0], r->signer);
	ceremony_close_signer(r);
	return ok;
}

const struct ceremony_act ceremony_delegate_act = {work, NULL};
