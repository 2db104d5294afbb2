#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "hsm/error.h"
#include "ca/engine/subca.h"

/* The keys of pending CAs in their tokens. */

#define CLAIM "ca.request.key:"

struct claim {
	char meta[128];		/* one of each token */
	char label[HSM_LABEL_MAX];	/* "" none */
};

static int
claim_tx(struct store_tx *tx, void *arg)
{
	const struct claim *c = arg;

	return store_meta_set(tx, c->meta, c->label);
}

static int
claimed_tx(struct store_tx *tx, void *arg)
{
	struct claim *c = arg;

	return store_meta_get(tx, c->meta, c->label, sizeof(c->label)) >= 0;
}

struct looking {
	const char *label;
	int found;
};

static int
look(const struct hsm_key_info *info, void *arg)
{
	struct looking *l = arg;

	l->found |= strcmp(info->label, l->label) == 0;
	return !l->found;
}

static int
get_claim(struct ca *ca, struct ca_token *t, struct claim *c)
{
	memset(c, 0, sizeof(*c));
	snprintf(c->meta, sizeof(c->meta), CLAIM "%s", t->conf->name);
	return store_read(ca->store, claimed_tx, c);
}

/* A key of that label that nobody claimed is somebody else's: it stays. Then
   the store knows, durably, that what bears it from now on was made by a
   request that did not end. */
static int
claim(struct ca *ca, struct ca_token *t, const char *label)
{
	struct looking l = {label, 0};
	struct claim c;

	if (!get_claim(ca, t, &c) ||
	    (c.label[0] != '\0' && !hsm_key_destroy(t->hsm, c.label)) ||
	    !hsm_key_list(t->hsm, look, &l))
		return 0;
	if (l.found) {
		ca_raise(CA_E_DENIED, "token.key: the token has a key %s "
		    "already", label);
		return 0;
	}
	snprintf(c.label, sizeof(c.label), "%s", label);
	return store_write(ca->store, claim_tx, &c, 0);
}

int
subca_key_unclaim(struct store_tx *tx, const char *token)
{
	struct claim c = {.label = ""};

	snprintf(c.meta, sizeof(c.meta), CLAIM "%s", token);
	return claim_tx(tx, &c);
}

/* What the token says of a key is the operator's business, with a rule. */
static void
name_rule(const char *key)
{
	int reason = report_last_reason();
	char text[400];

	if (reason != HSM_E_UNSAFE && reason != HSM_E_UNSUPPORTED &&
	    reason != HSM_E_NOKEY)
		return;
	report_last_text(text, sizeof(text));
	ca_raise(CA_E_DENIED, "token.key: %s: %s", key, text);
}

EVP_PKEY *
subca_key_make(struct ca *ca, struct ca_token *t, enum hsm_key_type type,
    const char *label)
{
	EVP_PKEY *key;

	if (!claim(ca, t, label))
		return NULL;
	key = hsm_key_generate(t->hsm, type, label);
	if (key == NULL)
		name_rule(label);
	return key;
}

EVP_PKEY *
subca_key_find(struct ca_token *t, const char *uri)
{
	EVP_PKEY *key = hsm_key_find(t->hsm, uri);

	if (key == NULL)
		name_rule(uri);
	return key;
}
