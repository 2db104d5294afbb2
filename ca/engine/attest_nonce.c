#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/attest_nonce.h"
#include "ca/engine/verifier.h"

#define TOKEN_LEN 32
#define SECRET_LEN 32
#define SEAL "inkan-nonce-seal-v1"
#define TIE "inkan-nonce-tie-v1"
#define ACTIVATION "inkan-tpm-act-v1"
#define GRACE 86400	/* seconds that a row stays after its end, so that it is
			   known why it is refused */
#define GRACE_UNUSED 600
#define PURGE_ROWS 32

static int
failed(void)
{
	ca_raise(CA_E_INTERNAL, "attest: no random octets or no hash");
	return 0;
}

/* --- what is kept --- */

/* One token, one row: the mask is used once. */
static int
mask(const unsigned char token[TOKEN_LEN], const unsigned char *in, size_t len,
    unsigned char *out)
{
	unsigned char pad[SHA512_DIGEST_LENGTH];
	unsigned int n = sizeof(pad);
	size_t i;

	if (HMAC(EVP_sha512(), token, TOKEN_LEN, (const unsigned char *)SEAL,
		sizeof(SEAL) - 1, pad, &n) == NULL ||
	    len > n)
		return failed();
	for (i = 0; i < len; i++)
		out[i] = in[i] ^ pad[i];
	OPENSSL_cleanse(pad, sizeof(pad));
	return 1;
}

static int
tie_of(const unsigned char token[TOKEN_LEN], unsigned char tie[32])
{
	unsigned int n = 32;

	return HMAC(EVP_sha256(), token, TOKEN_LEN, (const unsigned char *)TIE,
		   sizeof(TIE) - 1, tie, &n) != NULL ||
	    failed();
}

static int
seal(const unsigned char token[TOKEN_LEN], const unsigned char *expected,
    size_t len, struct nonce_row *row)
{
	row->sealed_len = len;
	return SHA256(expected, len, row->hash) != NULL &&
	    mask(token, expected, len, row->sealed) &&
	    tie_of(token, row->tie);
}

/* --- activation --- */

/* What the TPM makes of the secret, if it is the right one. */
static int
activation(const struct nonce_given *g, const unsigned char secret[SECRET_LEN],
    unsigned char out[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, ACTIVATION, sizeof(ACTIVATION)) == 1 &&
	    EVP_DigestUpdate(ctx, g->nonce, g->nonce_len) == 1 &&
	    EVP_DigestUpdate(ctx, secret, SECRET_LEN) == 1 &&
	    EVP_DigestUpdate(ctx, g->ak_name, g->ak_name_len) == 1 &&
	    EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok || failed();
}

static int
copy(const WIRE_FIELDS *l, const char *name, unsigned char *out, size_t size,
    size_t *len)
{
	const unsigned char *p = field_bytes(l, name, len);

	if (p == NULL || *len == 0 || *len > size) {
		ca_raise(CA_E_BUSY, "verifier: %s is missing or too long",
		    name);
		return 0;
	}
	memcpy(out, p, *len);
	return 1;
}

/* The facts of the endorsement key: rows of the answer as a list of fields. */
static int
keep_facts(const WIRE_ANSWER *a, struct nonce_row *row)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && verifier_add_facts(l, a) &&
	    field_list_encode(l, &row->facts, &row->facts_len);
	field_list_free(l);
	return ok;
}

static int
take_challenge(const WIRE_ANSWER *a, struct nonce_given *out,
    struct nonce_row *row)
{
	const WIRE_FIELDS *v = a->values;
	size_t len;

	if (!copy(v, "id_object", out->id_object, sizeof(out->id_object),
		&out->id_object_len) ||
	    !copy(v, "enc_secret", out->enc_secret, sizeof(out->enc_secret),
		&out->enc_secret_len) ||
	    !copy(v, "ak_name", out->ak_name, sizeof(out->ak_name),
		&out->ak_name_len) ||
	    !copy(v, "ek_sha256", row->ek_sha256, sizeof(row->ek_sha256), &len))
		return 0;
	row->has_ek = 1;
	row->mode = NONCE_ACTIVATION;
	memcpy(row->ak_name, out->ak_name, out->ak_name_len);
	row->ak_name_len = out->ak_name_len;
	return keep_facts(a, row);
}

static WIRE_FIELDS *
challenge_args(const struct admit_env *env, const struct nonce_ask *ask,
    const struct nonce_given *g, const unsigned char secret[SECRET_LEN])
{
	WIRE_FIELDS *l = field_list_new();
	size_t i;
	int ok;

	ok = l != NULL &&
	    verifier_add_policy(
		l, env->verifier, ask->fleet->evidence, env->now) &&
	    field_add_bytes(l, "ak_public", ask->ak_public.p,
		ask->ak_public.len) &&
	    (ask->ek_public.p == NULL ||
		field_add_bytes(l, "ek_public", ask->ek_public.p,
		    ask->ek_public.len)) &&
	    field_add_bytes(l, "nonce", g->nonce, g->nonce_len) &&
	    field_add_bytes(l, "secret", secret, SECRET_LEN);
	for (i = 0; ok && i < ask->n_ek; i++)
		ok = field_add_bytes(l, "ek_cert", ask->ek[i].p, ask->ek[i].len);
	if (!ok)
		field_list_free(l);
	return ok ? l : NULL;
}

/* The verifier judges the endorsement key and wraps the secret for it; a verifier
   that lies could as well call any key an endorsement key. */
static int
challenge(const struct admit_env *env, const struct nonce_ask *ask,
    struct nonce_given *out, struct nonce_row *row, unsigned char expected[32],
    struct outcome *o)
{
	unsigned char secret[SECRET_LEN];
	WIRE_FIELDS *args = NULL;
	WIRE_ANSWER *a = NULL;
	int ok = 0;

	if (RAND_bytes(secret, sizeof(secret)) != 1 ||
	    (args = challenge_args(env, ask, out, secret)) == NULL) {
		failed();
		goto out;
	}
	a = verifier_ask(env->verifier, "challenge", args);
	if (!verifier_judged(a)) {
		verifier_say_away(ask->fleet->name, a);
		outcome_refuse(o, WIRE_UNAVAILABLE, "attest",
		    "attest.unavailable", "",
		    "endorsement keys cannot be judged now");
		goto out;
	}
	if (message_answer_status(a) != WIRE_OK) {
		outcome_refuse(o, message_answer_status(a), "attest",
		    message_refusal(a, "rule"), message_refusal(a, "field"),
		    "%s", message_refusal(a, "text"));
		goto out;
	}
	ok = take_challenge(a, out, row) && activation(out, secret, expected);
	if (ok) {
		memcpy(row->ak_public, ask->ak_public.p, ask->ak_public.len);
		row->ak_public_len = ask->ak_public.len;
		snprintf(out->type, sizeof(out->type), "%s.2",
		    env->verifier->arc);
	}
out:
	if (args != NULL)
		field_wipe(args, "secret");
	OPENSSL_cleanse(secret, sizeof(secret));
	field_list_free(args);
	WIRE_ANSWER_free(a);
	return ok;
}

/* --- giving --- */

static int
may_activate(const struct admit_env *env, const struct nonce_ask *ask,
    struct outcome *o)
{
	char type[72];

	if (ask->type == NULL)
		return 1;
	snprintf(type, sizeof(type), "%s.1",
	    env->verifier == NULL ? "" : env->verifier->arc);
	if (type[0] == '.' || strcmp(ask->type, type) != 0)
		return outcome_refuse(o, WIRE_BADREQUEST, "attest",
		    "attest.request-type", "reqTypeInfo.type",
		    "\"%.64s\" is no type that this server knows", ask->type);
	if (!ask->fleet->evidence->activation)
		return outcome_refuse(o, WIRE_DENIED, "attest",
		    "attest.activation", "reqTypeInfo",
		    "the fleet takes no endorsement keys");
	if (ask->ak_public.p == NULL || ask->ak_public.len > NONCE_PUBLIC_MAX)
		return outcome_refuse(o, WIRE_BADREQUEST, "attest",
		    "attest.request-type", "reqInfo.akPub",
		    "the public area of the attestation key is missing or too "
		    "long");
	return 1;
}

struct giving {
	const struct fleet_evidence *policy;
	const struct nonce_row *row;
	time_t now;
};

/* Anybody may ask, and need not use what he gets: it is the oldest that makes room,
   not the newcomer that is turned away. Nor can who knows a device's endorsement
   key make room of its nonces: they are counted with the attestation key. */
static int
give_tx(struct store_tx *tx, void *arg)
{
	const struct giving *g = arg;
	const struct nonce_row *row = g->row;

	return nonces_purge(tx, g->now - GRACE, PURGE_ROWS) &&
	    nonces_purge_unused(
		tx, row->fleet, g->now - GRACE_UNUSED, PURGE_ROWS) &&
	    nonces_keep_fleet(
		tx, row->fleet, g->now, g->policy->max_outstanding - 1) &&
	    (!row->has_ek ||
		nonces_keep_keys(
		    tx, row, g->now, g->policy->max_per_key - 1)) &&
	    nonces_add(tx, row);
}

static int
to_hex(const unsigned char *p, size_t len, char *out, size_t size)
{
	return OPENSSL_buf2hexstr_ex(out, size, NULL, p, len, '\0') == 1;
}

static size_t
length_of(int64_t wanted)
{
	if (wanted <= 0)
		return ATTEST_NONCE_DEFAULT;
	if (wanted < ATTEST_NONCE_LEAST)
		return ATTEST_NONCE_LEAST;
	return wanted > NONCE_LEN_MAX ? NONCE_LEN_MAX : (size_t)wanted;
}

static void
fill(const struct admit_env *env, const struct nonce_ask *ask,
    struct nonce_given *out, struct nonce_row *row)
{
	out->lifetime = ask->fleet->evidence->nonce_lifetime;
	row->mode = NONCE_PLAIN;
	snprintf(row->fleet, sizeof(row->fleet), "%s", ask->fleet->name);
	if (ask->client != NULL) {
		memcpy(row->client, ask->client, sizeof(row->client));
		row->has_client = 1;
	}
	row->issued = env->now;
	row->expires = env->now + out->lifetime;
}

int
attest_nonce_give(const struct admit_env *env, const struct nonce_ask *ask,
    struct nonce_given *out, struct outcome *o)
{
	unsigned char token[TOKEN_LEN], expected[NONCE_LEN_MAX];
	struct nonce_row row;
	struct giving g = {ask->fleet->evidence, &row, env->now};
	size_t len;
	int ok = 0;

	memset(out, 0, sizeof(*out));
	memset(&row, 0, sizeof(row));
	if (!may_activate(env, ask, o))
		return 0;
	fill(env, ask, out, &row);
	len = out->nonce_len = length_of(ask->len);
	if (RAND_bytes(out->nonce, (int)len) != 1 ||
	    RAND_bytes(token, sizeof(token)) != 1 ||
	    !to_hex(token, sizeof(token), out->token, sizeof(out->token))) {
		failed();
		goto out;
	}
	memcpy(expected, out->nonce, len);
	if (ask->type != NULL) {
		if (!challenge(env, ask, out, &row, expected, o))
			goto out;
		len = 32;
	}
	ok = seal(token, expected, len, &row) &&
	    store_write(env->store, give_tx, &g, 0);
out:
	OPENSSL_cleanse(token, sizeof(token));
	OPENSSL_cleanse(expected, sizeof(expected));
	nonce_row_clear(&row);
	if (!ok && o->status == WIRE_OK)
		outcome_from_errors(o, "attest");
	return ok;
}

/* --- taking --- */

struct taking {
	const struct fleet *fleet;
	const unsigned char *client, *request;
	unsigned char tie[32];
	time_t now;
	struct nonce_row *row;
	const char *refused;	/* the reason; NULL: taken */
};

/* Burnt for whoever asks; which reason it was is told after the commit. */
static int
take_tx(struct store_tx *tx, void *arg)
{
	struct taking *t = arg;
	struct nonce_row *r = t->row;
	int found = nonces_by_tie(tx, t->tie, r), mine;

	if (found < 0)
		return 0;
	t->refused = "attest.nonce-unknown: no nonce was given to this session";
	if (!found)
		return 1;
	if (strcmp(r->fleet, t->fleet->name) != 0) {
		t->refused = "attest.nonce-fleet: the nonce was given for "
			     "another fleet";
		return 1;
	}
	t->refused = "attest.nonce-client: the nonce was given to another "
		     "client";
	if (r->has_client &&
	    (t->client == NULL || memcmp(r->client, t->client, 32) != 0))
		return 1;
	if (r->used != 0) {
		mine = memcmp(r->used_by, t->request, 32) == 0;
		t->refused = mine ? NULL
				  : "attest.nonce-used: the nonce has been used "
				    "by another request";
		return 1;
	}
	t->refused = r->expires > t->now ? NULL
	    : "attest.nonce-expired: the nonce was used too late";
	return nonces_use(tx, r->id, t->request, t->now) >= 0;
}

static int
from_hex(const char *text, unsigned char out[TOKEN_LEN])
{
	size_t n = 0;
	int ok;

	if (text == NULL || strlen(text) != ATTEST_TOKEN_TEXT)
		return 0;
	ERR_set_mark();
	ok = OPENSSL_hexstr2buf_ex(out, TOKEN_LEN, &n, text, '\0') == 1 &&
	    n == TOKEN_LEN;
	ERR_pop_to_mark();
	return ok;
}

static int
unseal(const unsigned char token[TOKEN_LEN], const struct nonce_row *row,
    unsigned char expected[NONCE_LEN_MAX], size_t *len)
{
	unsigned char md[32];

	*len = row->sealed_len;
	if (!mask(token, row->sealed, row->sealed_len, expected) ||
	    SHA256(expected, *len, md) == NULL)
		return 0;
	if (CRYPTO_memcmp(md, row->hash, sizeof(md)) == 0)
		return 1;
	ca_raise(CA_E_STORE, "store: a nonce is broken");
	return 0;
}

int
attest_nonce_take(const struct admit_env *env, const struct fleet *fleet,
    const char *text, const unsigned char *client,
    const unsigned char request[32], struct nonce_row *row,
    unsigned char expected[NONCE_LEN_MAX], size_t *len)
{
	struct taking t = {fleet, client, request, {0}, env->now, row, NULL};
	unsigned char token[TOKEN_LEN];
	int ok = 0;

	memset(row, 0, sizeof(*row));
	if (!from_hex(text, token)) {
		ca_raise(CA_E_DENIED,
		    "attest.session: the session that the nonce was given to "
		    "is not told");
		return 0;
	}
	if (!tie_of(token, t.tie) || !store_write(env->store, take_tx, &t, 0))
		goto out;
	if (t.refused != NULL)
		ca_raise(CA_E_DENIED, "%s", t.refused);
	else
		ok = unseal(token, row, expected, len);
out:
	OPENSSL_cleanse(token, sizeof(token));
	if (!ok)
		nonce_row_clear(row);
	return ok;
}
