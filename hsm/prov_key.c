#include <string.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include "hsm/private.h"

/*
 * Key management. A key is the token's private half and a plain public key of
 * the default provider; all that is asked of the public half is asked there.
 */

#define PRIVATE OSSL_KEYMGMT_SELECT_PRIVATE_KEY
#define PUBLIC OSSL_KEYMGMT_SELECT_PUBLIC_KEY

static void *
key_new(void *provctx)
{
	(void)provctx;
	return hsm_key_new(NULL, NULL);
}

static void
key_free(void *vkey)
{
	hsm_key_free(vkey);
}

static int
key_has(const void *vkey, int selection)
{
	const struct hsm_key *key = vkey;

	if (key == NULL || key->pub == NULL)
		return 0;
	return !(selection & PRIVATE) || key->hsm != NULL;
}

static int
key_match(const void *va, const void *vb, int selection)
{
	const struct hsm_key *a = va, *b = vb;

	if (a->pub == NULL || b->pub == NULL)
		return 0;
	/* Private halves cannot be compared otherwise than by the public. */
	if (selection & (PUBLIC | PRIVATE))
		return EVP_PKEY_eq(a->pub, b->pub) == 1;
	return EVP_PKEY_parameters_eq(a->pub, b->pub) == 1;
}

/*
 * Whoever wants the private half gets nothing, not even the public one: OpenSSL
 * would take it for the key and sign with the default provider.
 */
static int
key_export(void *vkey, int selection, OSSL_CALLBACK *cb, void *arg)
{
	struct hsm_key *key = vkey;

	if (key->pub == NULL || (selection & PRIVATE))
		return 0;
	return EVP_PKEY_export(key->pub, selection, cb, arg);
}

/* A token's key, made by hsm_provider_pkey(): move it into the empty one. */
static int
take_token_key(struct hsm_key *key, const OSSL_PARAM *p)
{
	struct hsm_key *from = NULL;
	void *to = &from;
	size_t len = 0;

	if (!OSSL_PARAM_get_octet_string(p, &to, sizeof(from), &len) ||
	    len != sizeof(from) || from == NULL)
		return 0;
	key->hsm = hsm_ref(from->hsm);
	key->pub = from->pub;
	from->pub = NULL;
	key->type = from->type;
	key->size = from->size;
	memcpy(key->label, from->label, sizeof(key->label));
	memcpy(key->id, from->id, sizeof(key->id));
	key->id_len = from->id_len;
	key->info = from->info;
	key->handle = from->handle;
	key->gen = from->gen;
	return 1;
}

/* The public half of somebody else's key, to be compared with ours. */
static int
take_public(struct hsm_key *key, const char *name, const OSSL_PARAM params[])
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pub = NULL;
	int rc;

	ctx = EVP_PKEY_CTX_new_from_name(NULL, name, "provider=default");
	rc = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(
		ctx, &pub, EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *)params) == 1;
	EVP_PKEY_CTX_free(ctx);
	if (!rc)
		return 0;
	key->pub = pub;
	key->type = EVP_PKEY_get_base_id(pub);
	key->size = ((size_t)EVP_PKEY_get_bits(pub) + 7) / 8;
	return 1;
}

static int
import(struct hsm_key *key, const char *name, int selection,
    const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, HSM_PARAM_KEY);

	if (key->pub != NULL)
		return 0;
	if (p != NULL)
		return take_token_key(key, p);
	return (selection & PUBLIC) != 0 && take_public(key, name, params);
}

static int
import_ec(void *key, int selection, const OSSL_PARAM params[])
{
	return import(key, "EC", selection, params);
}

static int
import_rsa(void *key, int selection, const OSSL_PARAM params[])
{
	return import(key, "RSA", selection, params);
}

static int
import_ed25519(void *key, int selection, const OSSL_PARAM params[])
{
	return import(key, "ED25519", selection, params);
}

static const OSSL_PARAM *
import_types(int selection)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_octet_string(HSM_PARAM_KEY, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0), OSSL_PARAM_END};

	(void)selection;
	return types;
}

static const OSSL_PARAM *
export_types(int selection)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0), OSSL_PARAM_END};

	return selection & PRIVATE ? NULL : types;
}

static const OSSL_PARAM *
key_gettable(void *provctx)
{
	static const OSSL_PARAM params[] = {
	    OSSL_PARAM_octet_string(HSM_PARAM_KEY, NULL, 0),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
	    OSSL_PARAM_octet_string(
		OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0), OSSL_PARAM_END};

	(void)provctx;
	return params;
}

/* The hash that X509_sign(…, NULL) takes: as strong as the curve. */
static const char *
default_digest(const struct hsm_key *key)
{
	if (key->type != EVP_PKEY_EC || key->size <= 32)
		return "SHA256";
	return key->size <= 48 ? "SHA384" : "SHA512";
}

static int
key_get_params(void *vkey, OSSL_PARAM params[])
{
	struct hsm_key *key = vkey;
	OSSL_PARAM *p;

	if (key->pub == NULL || EVP_PKEY_get_params(key->pub, params) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, HSM_PARAM_KEY);
	if (p != NULL && !OSSL_PARAM_set_octet_string(p, &key, sizeof(key)))
		return 0;
	if (key->type == EVP_PKEY_ED25519)
		return 1;
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_DEFAULT_DIGEST);
	return p == NULL || OSSL_PARAM_set_utf8_string(p, default_digest(key));
}

/* Same key, one reference more: there is nothing in it that changes. */
static void *
key_dup(const void *vkey, int selection)
{
	(void)selection;
	return hsm_key_ref((struct hsm_key *)vkey);
}

static const char *
operation_ec(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

static const char *
operation_rsa(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "RSA" : NULL;
}

static const char *
operation_ed25519(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ED25519" : NULL;
}

#define F(f) (void (*)(void)) f
#define COMMON                                                                 \
	{OSSL_FUNC_KEYMGMT_NEW, F(key_new)},                                   \
	    {OSSL_FUNC_KEYMGMT_FREE, F(key_free)},                             \
	    {OSSL_FUNC_KEYMGMT_HAS, F(key_has)},                               \
	    {OSSL_FUNC_KEYMGMT_MATCH, F(key_match)},                           \
	    {OSSL_FUNC_KEYMGMT_DUP, F(key_dup)},                               \
	    {OSSL_FUNC_KEYMGMT_EXPORT, F(key_export)},                         \
	    {OSSL_FUNC_KEYMGMT_EXPORT_TYPES, F(export_types)},                 \
	    {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, F(import_types)},                 \
	    {OSSL_FUNC_KEYMGMT_GET_PARAMS, F(key_get_params)},                 \
	{                                                                      \
		OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, F(key_gettable)             \
	}

const OSSL_DISPATCH hsm_prov_key_ec[] = {COMMON,
    {OSSL_FUNC_KEYMGMT_IMPORT, F(import_ec)},
    {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, F(operation_ec)}, {0, NULL}};

const OSSL_DISPATCH hsm_prov_key_rsa[] = {COMMON,
    {OSSL_FUNC_KEYMGMT_IMPORT, F(import_rsa)},
    {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, F(operation_rsa)}, {0, NULL}};

const OSSL_DISPATCH hsm_prov_key_ed25519[] = {COMMON,
    {OSSL_FUNC_KEYMGMT_IMPORT, F(import_ed25519)},
    {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, F(operation_ed25519)}, {0, NULL}};
