#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"

/*
 * Kind destroy: the key of a CA that is needed no more. It is the one thing that
 * no rollback brings back, so it comes last, when the transcript is durable; a
 * run that is interrupted behind it can only be resumed. Copies of the key
 * elsewhere are not in our hands.
 */

#define OBJECT "pkcs11:object="

struct counting {
	const struct ceremony *r;
	struct cert_figures figures;
};

static int
figures_tx(struct store_tx *tx, void *arg)
{
	struct counting *c = arg;

	return certs_figures(tx, c->r->signer->row.id, c->r->now,
	    &c->figures);
}

/* Who trusts something that it signed needs its CRLs, and those need the key. */
static int
is_retired(struct ceremony *r)
{
	const struct issuer *is = r->signer;
	struct counting c = {.r = r};
	long long valid;

	if (is->row.state == ISSUER_ACTIVE) {
		ca_raise(CA_E_DENIED, "destroy.active: CA %s issues; put it "
		    "out of use first (inkan ca disable)", is->row.ident);
		return 0;
	}
	if (!store_read(r->store, figures_tx, &c))
		return 0;
	valid = (long long)c.figures.live;
	/* A root's own certificate is none that it has to answer for. */
	if (is->row.state == ISSUER_ROOT && valid > 0 && is->row.not_after >=
	    (int64_t)r->now)
		valid--;
	if (valid == 0)
		return 1;
	if (r->f->reason[0] == '\0') {
		ca_raise(CA_E_DENIED, "destroy.valid: %lld certificates of CA "
		    "%s are valid, and no CRL can follow; say «reason» if the "
		    "key must go", valid, is->row.ident);
		return 0;
	}
	ceremony_say(r, "%lld certificates of CA %s are valid; its key goes "
	    "because: %s", valid, is->row.ident, r->f->reason);
	return 1;
}

static int
destroy(struct ceremony *r, const char *label)
{
	ceremony_drop_key(r->signer);
	ceremony_say(r, "the key of CA %s is destroyed next; there is no way "
	    "back", r->signer->row.ident);
	if (!ceremony_keep_transcript(r))
		return 0;
	/* From here on there is nothing to be rolled back to. */
	r->resumed = 1;
	if (!hsm_key_destroy(r->hsm, label))
		return 0;
	ceremony_record(r, "destroyed", "of", r->signer->row.ident, "label",
	    label, NULL);
	ceremony_tell(r, "the key of CA %s is destroyed",
	    r->signer->row.ident);
	return 1;
}

static int
look(const struct hsm_key_info *info, void *arg)
{
	const char **label = arg;

	if (*label != NULL && strcmp(info->label, *label) == 0)
		*label = NULL;
	return *label != NULL;
}

/* Was it destroyed by the run that was interrupted? */
static int
is_gone(struct ceremony *r, const char *label)
{
	if (!r->resumed || !hsm_key_list(r->hsm, look, &label) ||
	    label == NULL)
		return 0;
	ceremony_record(r, "destroyed", "of", r->signer->row.ident, "label",
	    label, NULL);
	ceremony_tell(r, "the key of CA %s was destroyed before",
	    r->signer->row.ident);
	return 1;
}

static int
work(struct ceremony *r)
{
	const struct settings_token *t;
	const char *label;
	int ok;

	if (ceremony_find_signer(r) == NULL || !is_retired(r))
		return 0;
	label = r->signer->row.key_uri;
	if (strcmp(r->signer->row.ident, r->f->signer.ca) != 0 ||
	    strncmp(label, OBJECT, strlen(OBJECT)) != 0) {
		ca_raise(CA_E_DENIED, "destroy.ca: name and generation must "
		    "be given (%s), and the key be one that has a label",
		    r->signer->row.ident);
		return 0;
	}
	label += strlen(OBJECT);
	t = ceremony_signer_token(r);
	if (t == NULL || !ceremony_open_hsm(r, t))
		return 0;
	ok = is_gone(r, label);
	if (!ok && issuer_take_key(r->signer, r->hsm)) {
		ceremony_describe_key(r, r->signer->row.ident,
		    r->signer->key);
		ok = destroy(r, label);
	}
	ceremony_close_signer(r);
	return ok;
}

static int
use(struct store_tx *tx, struct ceremony *r)
{
	return issuers_set_state(tx, r->signer->row.id, ISSUER_DISABLED);
}

const struct ceremony_act ceremony_destroy_act = {work, use};
