#include <string.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/provider.h>
#include "hsm/private.h"

/*
 * The seam: a provider in this process, whose keys are ordinary EVP_PKEYs that
 * sign in the token. Its algorithms bear the usual names, so that OpenSSL finds
 * the usual OIDs, and the property «provider=inkan-hsm».
 *
 * Without a query OpenSSL may take any implementation of a name, ours for
 * software keys too. The default property «?provider=default» settles that.
 * It matters doubly: a module in this process (SoftHSM) uses OpenSSL itself,
 * and must never land here.
 */

#define PROPERTY "provider=" HSM_PROVIDER

static const OSSL_ALGORITHM keymgmt[] = {
    {"EC", PROPERTY, hsm_prov_key_ec, "EC keys in a token"},
    {"RSA", PROPERTY, hsm_prov_key_rsa, "RSA keys in a token"},
    {"ED25519", PROPERTY, hsm_prov_key_ed25519, "Ed25519 keys in a token"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signature[] = {
    {"ECDSA", PROPERTY, hsm_prov_sig_ecdsa, "ECDSA by a token"},
    {"RSA", PROPERTY, hsm_prov_sig_rsa, "RSA by a token"},
    {"ED25519", PROPERTY, hsm_prov_sig_ed25519, "Ed25519 by a token"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *
query(void *provctx, int operation, int *no_cache)
{
	(void)provctx;
	*no_cache = 0;
	switch (operation) {
	case OSSL_OP_KEYMGMT:
		return keymgmt;
	case OSSL_OP_SIGNATURE:
		return signature;
	default:
		return NULL;
	}
}

static const OSSL_PARAM *
gettable(void *provctx)
{
	static const OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, NULL, 0),
	    OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, NULL), OSSL_PARAM_END};

	(void)provctx;
	return params;
}

static int
get_params(void *provctx, OSSL_PARAM params[])
{
	OSSL_PARAM *p;

	(void)provctx;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_NAME);
	if (p != NULL && !OSSL_PARAM_set_utf8_ptr(p, "Inkan token provider"))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
	return p == NULL || OSSL_PARAM_set_int(p, 1);
}

static const OSSL_DISPATCH provider[] = {
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
    {OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))gettable},
    {OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))get_params},
    {0, NULL},
};

static int
init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provctx)
{
	(void)in;
	*out = provider;
	*provctx = (void *)handle;
	return 1;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_PROVIDER *default_provider, *own_provider;
static int loaded;

/* At the end of the process; keys that are left keep their own references. */
static void
unload(void)
{
	OSSL_PROVIDER_unload(own_provider);
	OSSL_PROVIDER_unload(default_provider);
}

/*
 * «default» is loaded by name, since the first explicit provider switches the
 * implicit one off.
 */
static void
load(void)
{
	if (OSSL_PROVIDER_add_builtin(NULL, HSM_PROVIDER, init) != 1 ||
	    (default_provider = OSSL_PROVIDER_load(NULL, "default")) == NULL ||
	    EVP_set_default_properties(NULL, "?provider=default") != 1)
		return;
	own_provider = OSSL_PROVIDER_load(NULL, HSM_PROVIDER);
	loaded = own_provider != NULL && OPENSSL_atexit(unload) == 1;
}

int
hsm_provider_load(void)
{
	pthread_once(&once, load);
	if (!loaded)
		hsm_raise(HSM_E_CONFIG, "OpenSSL did not take the provider");
	return loaded;
}

static const char *
name_of(int type)
{
	switch (type) {
	case EVP_PKEY_EC:
		return "EC";
	case EVP_PKEY_RSA:
		return "RSA";
	case EVP_PKEY_ED25519:
		return "ED25519";
	default:
		return NULL;
	}
}

EVP_PKEY *
hsm_provider_pkey(struct hsm_key *key)
{
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM params[2];

	params[0] =
	    OSSL_PARAM_construct_octet_string(HSM_PARAM_KEY, &key, sizeof(key));
	params[1] = OSSL_PARAM_construct_end();
	if (name_of(key->type) != NULL)
		ctx = EVP_PKEY_CTX_new_from_name(
		    NULL, name_of(key->type), PROPERTY);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1) {
		hsm_raise(HSM_E_UNSUPPORTED, "key %s: OpenSSL did not take it",
		    key->label);
		pkey = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	hsm_key_free(key);
	return pkey;
}

struct hsm_key *
hsm_provider_key(const EVP_PKEY *pkey)
{
	const OSSL_PROVIDER *prov = EVP_PKEY_get0_provider(pkey);
	struct hsm_key *key = NULL;
	size_t len = 0;

	if (prov != NULL &&
	    strcmp(OSSL_PROVIDER_get0_name(prov), HSM_PROVIDER) == 0 &&
	    EVP_PKEY_get_octet_string_param(pkey, HSM_PARAM_KEY,
		(unsigned char *)&key, sizeof(key), &len) == 1 &&
	    len == sizeof(key) && key != NULL && key->hsm != NULL)
		return key;
	hsm_raise(HSM_E_NOKEY, "the key is not in a token");
	return NULL;
}
