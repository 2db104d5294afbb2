#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/attest_nonce.h"
#include "ca/engine/ops.h"
#include "ca/engine/stage.h"

/* A nonce for evidence, as the RA asks for it. */

static int
take_octets(const WIRE_FIELDS *l, const char *name,
    struct attest_octets_in *out)
{
	out->p = field_bytes(l, name, &out->len);
	return out->p != NULL;
}

static int
take_ask(struct ops_call *c, struct nonce_ask *ask, unsigned char md[32])
{
	const WIRE_FIELD *leaf = field_find(c->args, "chain", 0);
	const unsigned char *der;
	size_t i, len;

	if (leaf != NULL) {
		der = field_get_bytes(leaf, &len);
		ask->client = SHA256(der, len, md);
	}
	ask->len = field_int(c->args, "len", 0);
	ask->type = ops_text(c, "type");
	ask->n_ek = field_count(c->args, "ek_cert");
	if (ask->n_ek > ATTEST_EK_CERTS_MAX)
		return ops_bad(c, "ek_cert", "more than %d certificates",
		    ATTEST_EK_CERTS_MAX);
	for (i = 0; i < ask->n_ek; i++)
		ask->ek[i].p = field_get_bytes(
		    field_find(c->args, "ek_cert", i), &ask->ek[i].len);
	(void)take_octets(c->args, "ek_public", &ask->ek_public);
	(void)take_octets(c->args, "ak_public", &ask->ak_public);
	return 1;
}

static int
within_rate(struct ops_call *c, const struct fleet *f)
{
	int64_t retry = 0;

	if (auth_limits_rate(c->ca->limits, f->name, ops_text(c, "address"),
		f->per_address_minute, c->now, &retry))
		return 1;
	outcome_refuse(&c->o, WIRE_LIMITED, "attest",
	    "limits.per_address_minute", "address",
	    "too many requests from this address");
	c->o.retry_after = retry;
	return 0;
}

static int
answer(struct ops_call *c, const struct nonce_given *g)
{
	WIRE_FIELDS *v = c->answer->values;

	return field_add_bytes(v, "nonce", g->nonce, g->nonce_len) &&
	    field_add_text(v, "session", g->token) &&
	    field_add_int(v, "expiry", g->lifetime) &&
	    (g->type[0] == '\0' ||
		(field_add_text(v, "type", g->type) &&
		    field_add_bytes(v, "id_object", g->id_object,
			g->id_object_len) &&
		    field_add_bytes(v, "enc_secret", g->enc_secret,
			g->enc_secret_len) &&
		    field_add_bytes(v, "ak_name", g->ak_name,
			g->ak_name_len) &&
		    field_add_text(v, "binding", ATTEST_BINDING)));
}

int
ops_attest_nonce(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	const struct fleet *f = policy_label(policy, ops_text(c, "label"));
	struct nonce_ask ask = {.fleet = f};
	struct nonce_given given;
	unsigned char client[32];
	struct admit_env env;
	int ok = 0;

	if (f == NULL) {
		outcome_refuse(&c->o, WIRE_NOTFOUND, "attest", "label",
		    "label", "there is no such label");
		goto out;
	}
	/* No evidence is asked for: the nonce is empty, and that is an answer. */
	if (f->evidence == NULL) {
		ok = field_add_bytes(c->answer->values, "nonce", "", 0);
		goto out;
	}
	ops_admit_env(c, policy, &env);
	ok = within_rate(c, f) && take_ask(c, &ask, client) &&
	    attest_nonce_give(&env, &ask, &given, &c->o) && answer(c, &given);
	OPENSSL_cleanse(&given, sizeof(given));
out:
	policy_put(policy);
	return ok;
}
