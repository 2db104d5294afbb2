#include <stdio.h>
#include <string.h>

#include "ca/engine/maker_crls.h"
#include "ca/engine/ops_status.h"
#include "ca/engine/policy.h"

/* Manufacturers, and stations of foreign CAs, whose CRLs are asked: is there
   one of each anchor? Those of CAs below an anchor are not known before
   somebody comes. */

struct newest {
	char issuer[256];
	int64_t next_update;	/* 0: none */
};

static int
take(const struct maker_crls_info *i, void *arg)
{
	struct newest *n = arg;

	if (strcmp(i->issuer, n->issuer) == 0 &&
	    i->next_update > n->next_update)
		n->next_update = i->next_update;
	return 1;
}

static void
check_anchor(struct checking *k, const char *name,
    const struct fleet_revocation *r, const X509 *ca)
{
	struct newest n = {.next_update = 0};
	char check[80];

	X509_NAME_oneline(
	    X509_get_subject_name(ca), n.issuer, sizeof(n.issuer));
	snprintf(check, sizeof(check), "maker:%.64s", name);
	(void)maker_crls_list(k->c->ca->maker_crls, k->c->now, take, &n);
	if (n.next_update == 0)
		ops_say(k, check, WARN, 0, "no CRL of %s: its devices are %s",
		    n.issuer,
		    r->missing == FLEET_MISSING_PASS ? "passed unseen"
						     : "refused");
	else if (n.next_update < k->c->now)
		ops_say(k, check, WARN, n.next_update,
		    "the newest CRL of %s is over", n.issuer);
	else
		ops_say(k, check, OK, n.next_update, "the CRL of %s is current",
		    n.issuer);
}

static void
check_anchors(struct checking *k, const char *name,
    const struct fleet_revocation *r, X509_STORE *anchors)
{
	const STACK_OF(X509_OBJECT) * all;
	X509 *ca;
	int i;

	if (!r->crls)
		return;
	all = X509_STORE_get0_objects(anchors);
	for (i = 0; i < sk_X509_OBJECT_num(all); i++) {
		ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		if (ca != NULL)
			check_anchor(k, name, r, ca);
	}
}

void
ops_status_makers(struct checking *k)
{
	struct policy *p = ca_policy(k->c->ca);
	const struct fleet *f;
	size_t i, m;

	for (i = 0; i < p->n_fleets; i++) {
		f = p->fleets[i];
		for (m = 0; m < f->n_makers; m++)
			check_anchors(k, f->makers[m].name,
			    &f->makers[m].revocation, f->makers[m].anchors);
		for (m = 0; m < f->n_stations; m++)
			check_anchors(k, f->stations[m].name,
			    &f->stations[m].revocation, f->stations[m].anchors);
	}
	policy_put(p);
}
