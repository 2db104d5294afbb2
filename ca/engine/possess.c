#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ca/error.h"
#include "ca/engine/stage.h"

/*
 * Does the client hold the key? The CSR is signed by it; and where the fleet
 * asks for it the CSR was made in this TLS connection (RFC 7030 3.5): its
 * challengePassword is the base64 of tls-unique (TLS 1.2) or of the exporter
 * (TLS 1.3, RFC 9266). The bindings are the RA's word.
 */

#define BINDING_MAX 255 /* a challengePassword has at most 255 */
#define KEYGEN_RETRY 5	/* seconds */

int
possess_csr(struct admitting *t, const unsigned char *der, size_t len)
{
	t->a->csr = csr_parse(der, len);
	return t->a->csr != NULL && csr_verify(t->a->csr);
}

/* "ec-p256, ec-p384" */
static void
list_types(unsigned types, char *out, size_t size)
{
	unsigned bit;
	size_t n;

	out[0] = '\0';
	for (bit = 1; bit <= SPKI_ED25519; bit <<= 1) {
		if (!(types & bit))
			continue;
		n = strlen(out);
		snprintf(out + n, size - n, "%s%s", n > 0 ? ", " : "",
		    spki_type_name((enum spki_type)bit));
	}
}

int
possess_key_type(struct admitting *t)
{
	const struct profile *p = t->a->profile;
	enum spki_type type = csr_key_type(t->a->csr);
	char allowed[128];

	if (p->key_types & type)
		return 1;
	list_types(p->key_types, allowed, sizeof(allowed));
	return stage_refuse(t, WIRE_DENIED, "key.type", "csr.key",
	    "profile %s takes no %s keys, only %s", p->name,
	    spki_type_name(type), allowed);
}

/* Base64 with line breaks; octets in ${out}, -1 when it is none. */
static int
decode(const char *text, unsigned char out[BINDING_MAX + 1])
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	size_t len = strlen(text);
	int n = 0, last = 0, ok = 0;

	if (ctx != NULL && len <= BINDING_MAX) {
		EVP_DecodeInit(ctx);
		ok = EVP_DecodeUpdate(ctx, out, &n, (const unsigned char *)text,
			 (int)len) >= 0 &&
		    EVP_DecodeFinal(ctx, out + n, &last) == 1;
	}
	EVP_ENCODE_CTX_free(ctx);
	return ok ? n + last : -1;
}

static int
equals(
    const unsigned char *got, int n, const unsigned char *want, size_t want_len)
{
	return want_len > 0 && n >= 0 && (size_t)n == want_len &&
	    CRYPTO_memcmp(got, want, want_len) == 0;
}

static int
linked(const struct enrol_request *req, const char *challenge)
{
	unsigned char got[BINDING_MAX + 1];
	int n;

	ERR_set_mark();
	n = decode(challenge, got);
	ERR_pop_to_mark();
	return equals(got, n, req->tls_unique, req->tls_unique_len) ||
	    equals(got, n, req->tls_exporter, req->tls_exporter_len);
}

static int
check_link(struct admitting *t)
{
	const struct enrol_request *req = t->req;
	const char *challenge = csr_challenge(t->a->csr);
	enum fleet_pop_link mode = t->fleet->pop_link;
	int bound = req->tls_unique_len > 0 || req->tls_exporter_len > 0;

	/* The device was in no connection of ours: whoever says cmcRA vouches
	   that it has looked (RFC 7030 3.7). */
	if (t->party == PARTY_STATION)
		return 1;
	if (mode == FLEET_POP_OFF) {
		if (challenge != NULL)
			stage_note(t, "challengePassword ignored");
		return 1;
	}
	if (challenge == NULL)
		return mode == FLEET_POP_IF_PRESENT ||
		    stage_refuse(t, WIRE_DENIED, "pop.link",
			"csr.challengePassword",
			"fleet "
			"%s wants the CSR linked to the TLS connection (RFC "
			"7030 "
			"3.5)",
			t->fleet->name);
	if (t->env->explain && !bound) {
		stage_remark(t, "pop.link", "csr.challengePassword",
		    "cannot be judged without a TLS connection");
		return 1;
	}
	/* Whoever relays a CSR chooses his own connection, so that one without
	   a binding must not be a way around the check. */
	if (!bound)
		return stage_refuse(t, WIRE_DENIED, "pop.link",
		    "csr.challengePassword",
		    "this TLS connection has no channel binding to hold the "
		    "CSR against (RFC 7627)");
	return linked(req, challenge) ||
	    stage_refuse(t, WIRE_DENIED, "pop.link", "csr.challengePassword",
		"the challengePassword is "
		"not the channel binding of this TLS connection");
}

/* An RSA key takes seconds of a processor. */
static int
make_key(struct admitting *t, const struct keygen_request *r)
{
	if (!auth_limits_enter(t->env->limits, LIMITS_KEYGEN)) {
		stage_refuse(t, WIRE_UNAVAILABLE, "keygen.busy", "",
		    "too many keys are being made");
		t->o->retry_after = KEYGEN_RETRY;
		return 0;
	}
	t->a->keygen = keygen_make(r);
	auth_limits_leave(t->env->limits, LIMITS_KEYGEN);
	return t->a->keygen != NULL;
}

/* The device wants a key: it is made, and the CSR that is judged is ours. What
   stands in the record tells that somebody else than the device had the key. */
static int
possess_new_key(struct admitting *t)
{
	const struct enrol_request *req = t->req;
	struct keygen_request r = {t->fleet, req->csr, req->csr_len, NULL, 0};
	const unsigned char *der;
	size_t len;

	if (!t->fleet->keygen)
		return stage_refuse(t, WIRE_DENIED, "keygen.off", "label",
		    "fleet %s makes no keys for devices", t->fleet->name);
	if (req->n_chain > 0) {
		r.client = req->chain[0];
		r.client_len = req->chain_len[0];
	}
	if (!authorize_early(t) || !make_key(t, &r))
		return 0;
	stage_note(t, "key made by the CA, answered %s",
	    keygen_encrypts(t->a->keygen) ? "encrypted" : "inside TLS");
	if (keygen_other(t->a->keygen) != NULL)
		stage_note(t, "not of the type %s that was asked for",
		    keygen_other(t->a->keygen));
	der = keygen_csr(t->a->keygen, &len);
	return possess_csr(t, der, len);
}

int
stage_possess(struct admitting *t)
{
	if (!(t->req->keygen
		    ? possess_new_key(t)
		    : possess_csr(t, t->req->csr, t->req->csr_len)) ||
	    !possess_key_type(t) || !check_link(t))
		return 0;
	stage_say(t, "CSR signed by %s %s key",
	    t->req->keygen ? "a new" : "its own",
	    spki_type_name(csr_key_type(t->a->csr)));
	return 1;
}
