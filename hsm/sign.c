#include <stdio.h>
#include <string.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include "hsm/private.h"

struct call {
	struct hsm_key *key;	/* a reference of its own */
	CK_MECHANISM mech;
	CK_RSA_PKCS_PSS_PARAMS pss;
	const unsigned char *in;
	size_t in_len;
	unsigned char short_in[EVP_MAX_MD_SIZE], *long_in;
	unsigned char buf[HSM_SIG_MAX]; /* padded input */
	unsigned char raw[HSM_SIG_MAX]; /* as the token gives it */
	CK_ULONG raw_len;
};

static CK_RV
sign_op(struct hsm_session *s, void *arg)
{
	struct call *call = arg;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv;

	rv = hsm_key_handle(call->key, s, &o);
	if (rv == CKR_OK)
		rv = s->fn->C_SignInit(s->h, &call->mech, o);
	call->raw_len = sizeof(call->raw);
	if (rv == CKR_OK)
		rv = s->fn->C_Sign(s->h, (unsigned char *)call->in,
		    call->in_len, call->raw, &call->raw_len);
	if (rv == CKR_OK && call->raw_len > sizeof(call->raw))
		rv = CKR_GENERAL_ERROR;
	return rv;
}

static int
lacks(const char *what)
{
	hsm_raise(HSM_E_UNSUPPORTED, "token lacks the mechanism %s", what);
	return 0;
}

static int
prepare_ec(struct call *call, unsigned caps)
{
	if (!(caps & HSM_CAP_ECDSA))
		return lacks("CKM_ECDSA");
	call->mech.mechanism = CKM_ECDSA;
	/* A longer hash is cut to the order's length (FIPS 186-5, 6.4.1). */
	if (call->in_len > call->key->size &&
	    EVP_PKEY_get_bits(call->key->pub) % 8 == 0)
		call->in_len = call->key->size;
	return 1;
}

static int
prepare_pkcs1(struct call *call, const struct hsm_sign_how *how, unsigned caps)
{
	if (!(caps & HSM_CAP_RSA_PKCS))
		return lacks("CKM_RSA_PKCS");
	call->mech.mechanism = CKM_RSA_PKCS;
	if (how->md == NULL)
		return 1;
	if (!hsm_encode_digest_info(how->md, call->in, call->in_len, call->buf,
		sizeof(call->buf), &call->in_len)) {
		hsm_raise(HSM_E_UNSUPPORTED, "RSA: input is not a digest of %s",
		    EVP_MD_get0_name(how->md));
		return 0;
	}
	call->in = call->buf;
	return 1;
}

/* PKCS#11's names of ${md}, when it has any. */
static int
pss_names(const EVP_MD *md, CK_MECHANISM_TYPE *hash, CK_ULONG *mgf)
{
	switch (EVP_MD_get_type(md)) {
	case NID_sha1:
		*hash = CKM_SHA_1;
		*mgf = CKG_MGF1_SHA1;
		return 1;
	case NID_sha224:
		*hash = CKM_SHA224;
		*mgf = CKG_MGF1_SHA224;
		return 1;
	case NID_sha256:
		*hash = CKM_SHA256;
		*mgf = CKG_MGF1_SHA256;
		return 1;
	case NID_sha384:
		*hash = CKM_SHA384;
		*mgf = CKG_MGF1_SHA384;
		return 1;
	case NID_sha512:
		*hash = CKM_SHA512;
		*mgf = CKG_MGF1_SHA512;
		return 1;
	default:
		return 0;
	}
}

static int
prepare_pss_token(struct call *call, const struct hsm_sign_how *how)
{
	CK_MECHANISM_TYPE hash = 0;
	CK_ULONG mgf = 0;

	/* Tokens take one hash for both; two are padded in software. */
	if ((how->mgf1 != NULL &&
		EVP_MD_get_type(how->mgf1) != EVP_MD_get_type(how->md)) ||
	    !pss_names(how->md, &hash, &mgf))
		return 0;
	call->pss.hashAlg = hash;
	call->pss.mgf = mgf;
	call->pss.sLen = (CK_ULONG)how->salt_len;
	call->mech.mechanism = CKM_RSA_PKCS_PSS;
	call->mech.pParameter = &call->pss;
	call->mech.ulParameterLen = sizeof(call->pss);
	return 1;
}

static int
prepare_pss(struct call *call, const struct hsm_sign_how *how, unsigned caps)
{
	size_t bits = (size_t)EVP_PKEY_get_bits(call->key->pub);
	int hash = how->md == NULL ? 0 : EVP_MD_get_size(how->md);

	if (hash <= 0 || call->in_len != (size_t)hash || how->salt_len < 0 ||
	    (size_t)(hash + how->salt_len) + 2 > (bits + 6) / 8 ||
	    call->key->size > sizeof(call->buf)) {
		hsm_raise(HSM_E_UNSUPPORTED,
		    "RSA-PSS: digest or salt do not fit the key");
		return 0;
	}
	if ((caps & HSM_CAP_RSA_PSS) && prepare_pss_token(call, how))
		return 1;
	if (!(caps & HSM_CAP_RSA_RAW))
		return lacks("CKM_RSA_PKCS_PSS");
	if (!hsm_encode_pss(how, call->in, call->in_len, bits, call->buf))
		return 0;
	call->in = call->buf;
	call->in_len = call->key->size;
	call->mech.mechanism = CKM_RSA_X_509;
	return 1;
}

static int
prepare(struct call *call, const struct hsm_sign_how *how, unsigned caps)
{
	switch (call->key->type) {
	case EVP_PKEY_EC:
		return prepare_ec(call, caps);
	case EVP_PKEY_ED25519:
		call->mech.mechanism = CKM_EDDSA;
		return caps & HSM_CAP_EDDSA ? 1 : lacks("CKM_EDDSA");
	case EVP_PKEY_RSA:
		return how->padding == RSA_PKCS1_PSS_PADDING
		    ? prepare_pss(call, how, caps)
		    : prepare_pkcs1(call, how, caps);
	default:
		hsm_raise(HSM_E_UNSUPPORTED, "key type cannot sign");
		return 0;
	}
}

size_t
hsm_sign_size(const struct hsm_key *key)
{
	int size = EVP_PKEY_get_size(key->pub);

	return size < 0 ? 0 : (size_t)size;
}

static void
call_free(void *arg)
{
	struct call *call = arg;

	if (call == NULL)
		return;
	hsm_key_free(call->key);
	OPENSSL_free(call->long_in);
	OPENSSL_free(call);
}

/* Not all of it is cleared: the buffers are filled before they are read. */
static struct call *
call_new(struct hsm_key *key, const unsigned char *in, size_t in_len)
{
	struct call *call = OPENSSL_malloc(sizeof(*call));

	if (call == NULL)
		return NULL;
	memset(&call->mech, 0, sizeof(call->mech));
	call->key = hsm_key_ref(key);
	call->long_in = NULL;
	/* A copy: the token may read it when the caller has long gone on. */
	call->in = call->short_in;
	call->in_len = in_len;
	if (in_len > sizeof(call->short_in) &&
	    (call->in = call->long_in = OPENSSL_malloc(in_len)) == NULL) {
		call_free(call);
		return NULL;
	}
	memcpy((unsigned char *)call->in, in, in_len);
	return call;
}

/* Octets that a signature has as the token gives it. */
static size_t
raw_size(const struct hsm_key *key)
{
	switch (key->type) {
	case EVP_PKEY_EC:
		return 2 * key->size;
	case EVP_PKEY_ED25519:
		return 64;
	default:
		return key->size;
	}
}

static int
give(const struct call *call, unsigned char *sig, size_t size, size_t *out_len)
{
	int rc = 1;

	if (call->key->type == EVP_PKEY_EC)
		rc = hsm_encode_ecdsa(
		    call->raw, call->raw_len, sig, size, out_len);
	else if ((rc = call->raw_len <= size)) {
		memcpy(sig, call->raw, call->raw_len);
		*out_len = call->raw_len;
	}
	if (!rc)
		hsm_raise(HSM_E_TOKEN, "signature of %lu octets does not fit",
		    call->raw_len);
	return rc;
}

/* The token that this thread's last signature came from. */
static _Thread_local const struct hsm *last_signer;

static int
wrong(struct hsm_key *key, const char *what)
{
	char why[256], label[33];

	hsm_text_copy(
	    label, key->hsm->token.label, sizeof(key->hsm->token.label));
	snprintf(why, sizeof(why), "key %s: %s", key->label, what);
	hsm_health_stop(key->hsm, why);
	hsm_raise(HSM_E_WRONG, "token.stopped: token %s: %s", label, why);
	return 0;
}

/* 1 when ${sig} may be given away; else the token is stopped. */
static int
check(const struct call *call, const struct hsm_sign_how *how,
    const unsigned char *in, size_t in_len, const unsigned char *sig,
    size_t len)
{
	struct hsm_key *key = call->key;

	if (key->caller_verifies ||
	    hsm_verify(key->pub, how, in, in_len, sig, len))
		return 1;
	return wrong(key, "a signature that does not verify");
}

static int
sign_by(struct hsm_key *key, const struct hsm_sign_how *how,
    const unsigned char *in, size_t in_len, unsigned char *sig, size_t size,
    size_t *out_len)
{
	struct call *call = NULL;
	int rc = 0;

	if (!hsm_health_may_sign(key->hsm) ||
	    (call = call_new(key, in, in_len)) == NULL)
		return 0;
	if (prepare(call, how, key->hsm->caps))
		rc = hsm_session_sign(key->hsm, sign_op, call, call_free);
	if (rc < 0) /* the call is not ours any longer */
		return 0;
	if (rc && call->raw_len != raw_size(key))
		rc = wrong(key, "a signature of a wrong length");
	rc = rc && give(call, sig, size, out_len) &&
	    check(call, how, in, in_len, sig, *out_len);
	call_free(call);
	if (rc)
		last_signer = key->hsm;
	return rc;
}

/* May another token help, which holds the same key? */
static int
is_tokens_fault(void)
{
	switch (ERR_GET_REASON(ERR_peek_last_error())) {
	case HSM_E_UNSUPPORTED:
	case HSM_E_CONFIG:
		return 0;
	default:
		return 1;
	}
}

int
hsm_sign(struct hsm_key *key, const struct hsm_sign_how *how,
    const unsigned char *in, size_t in_len, unsigned char *sig, size_t size,
    size_t *out_len)
{
	int rc;

	if (key->hsm == NULL) {
		hsm_raise(HSM_E_NOKEY, "a public key cannot sign");
		return 0;
	}
	ERR_set_mark();
	rc = sign_by(key, how, in, in_len, sig, size, out_len);
	if (!rc && key->spare != NULL && is_tokens_fault())
		rc = sign_by(key->spare, how, in, in_len, sig, size, out_len);
	if (rc)
		ERR_pop_to_mark();
	else
		ERR_clear_last_mark();
	return rc;
}

void
hsm_key_caller_verifies(EVP_PKEY *pkey)
{
	struct hsm_key *key;

	ERR_set_mark();
	if ((key = hsm_provider_key(pkey)) != NULL)
		key->caller_verifies = 1;
	ERR_pop_to_mark();
}

void
hsm_key_wrong(EVP_PKEY *pkey, const char *why)
{
	struct hsm_key *key;

	ERR_set_mark();
	key = hsm_provider_key(pkey);
	if (key != NULL && key->spare != NULL && last_signer == key->spare->hsm)
		key = key->spare;
	if (key != NULL)
		wrong(key, why);
	ERR_pop_to_mark();
}
