#include <string.h>
#include <openssl/rand.h>
#include "hsm/private.h"

struct gen_call {
	enum hsm_key_type type;
	char label[HSM_LABEL_MAX];
	int wrappable;
	unsigned char id[16];
	struct hsm_key *key; /* made */
};

/* DER of named curves, as CKA_EC_PARAMS wants it. */
static const unsigned char p256[] = {
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const unsigned char p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
/* PKCS#11 3.0 knows two spellings, and few tokens know both. */
static const unsigned char ed_name[] = "\x13\x0c"
				       "edwards25519";
static const unsigned char ed_oid[] = {0x06, 0x03, 0x2b, 0x65, 0x70};

#define N(a) (sizeof(a) / sizeof(*(a)))

static const struct kind {
	enum hsm_key_type type;
	CK_MECHANISM_TYPE mech;
	enum hsm_cap cap;
	CK_ULONG bits;		     /* RSA */
	const unsigned char *params; /* EC */
	size_t params_len;
} kinds[] = {
    {HSM_KEY_EC_P256, CKM_EC_KEY_PAIR_GEN, HSM_CAP_EC_GEN, 0, p256,
	sizeof(p256)},
    {HSM_KEY_EC_P384, CKM_EC_KEY_PAIR_GEN, HSM_CAP_EC_GEN, 0, p384,
	sizeof(p384)},
    {HSM_KEY_RSA_2048, CKM_RSA_PKCS_KEY_PAIR_GEN, HSM_CAP_RSA_GEN, 2048, NULL,
	0},
    {HSM_KEY_RSA_3072, CKM_RSA_PKCS_KEY_PAIR_GEN, HSM_CAP_RSA_GEN, 3072, NULL,
	0},
    {HSM_KEY_RSA_4096, CKM_RSA_PKCS_KEY_PAIR_GEN, HSM_CAP_RSA_GEN, 4096, NULL,
	0},
    {HSM_KEY_ED25519, CKM_EC_EDWARDS_KEY_PAIR_GEN, HSM_CAP_ED_GEN, 0, ed_name,
	sizeof(ed_name) - 1},
    {HSM_KEY_ED25519, CKM_EC_EDWARDS_KEY_PAIR_GEN, HSM_CAP_ED_GEN, 0, ed_oid,
	sizeof(ed_oid)},
};

static CK_RV
generate(struct hsm_session *s, const struct kind *kind, struct gen_call *call,
    CK_OBJECT_HANDLE *pub, CK_OBJECT_HANDLE *priv)
{
	static unsigned char f4[] = {0x01, 0x00, 0x01};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG bits = kind->bits;
	CK_MECHANISM mech = {kind->mech, NULL, 0};
	CK_ULONG n_pub = 7, n_priv = 11;
	CK_ATTRIBUTE t_pub[9] = {{CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_PRIVATE, &no, sizeof(no)}, {CKA_VERIFY, &yes, sizeof(yes)},
	    {CKA_ENCRYPT, &no, sizeof(no)}, {CKA_WRAP, &no, sizeof(no)},
	    {CKA_LABEL, call->label, strlen(call->label)},
	    {CKA_ID, call->id, sizeof(call->id)}};
	CK_ATTRIBUTE t_priv[12] = {{CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_SENSITIVE, &yes, sizeof(yes)},
	    {CKA_EXTRACTABLE, call->wrappable ? &yes : &no, sizeof(no)},
	    {CKA_SIGN, &yes, sizeof(yes)},
	    {CKA_SIGN_RECOVER, &no, sizeof(no)}, {CKA_DECRYPT, &no, sizeof(no)},
	    {CKA_UNWRAP, &no, sizeof(no)}, {CKA_DERIVE, &no, sizeof(no)},
	    {CKA_LABEL, call->label, strlen(call->label)},
	    {CKA_ID, call->id, sizeof(call->id)}};

	if (call->wrappable)
		t_priv[n_priv++] = (CK_ATTRIBUTE){
		    CKA_WRAP_WITH_TRUSTED, &yes, sizeof(yes)};
	if (kind->bits != 0) {
		t_pub[n_pub++] =
		    (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof(bits)};
		t_pub[n_pub++] =
		    (CK_ATTRIBUTE){CKA_PUBLIC_EXPONENT, f4, sizeof(f4)};
	} else
		t_pub[n_pub++] = (CK_ATTRIBUTE){
		    CKA_EC_PARAMS, (void *)kind->params, kind->params_len};
	return s->fn->C_GenerateKeyPair(
	    s->h, &mech, t_pub, n_pub, t_priv, n_priv, pub, priv);
}

/* Load the pair, or destroy it when it is not what was asked for. */
static CK_RV
accept(struct hsm_session *s, struct gen_call *call, CK_OBJECT_HANDLE pub,
    CK_OBJECT_HANDLE priv)
{
	CK_RV rv;

	if ((rv = hsm_key_assert(s, priv, 1)) == CKR_OK)
		rv = hsm_key_load(s, priv, &call->key);
	if (rv == CKR_OK &&
	    strcmp(call->key->info.type, hsm_key_type_name(call->type)) != 0) {
		hsm_raise(HSM_E_UNSAFE,
		    "key %s: %s was asked for, the token "
		    "made %s",
		    call->label, hsm_key_type_name(call->type),
		    call->key->info.type);
		rv = HSM_RV_RAISED;
	}
	/* A key that comes too late would stand in the way of the next one. */
	if (rv == CKR_OK && hsm_session_is_late(s))
		rv = CKR_FUNCTION_CANCELED;
	if (rv != CKR_OK) {
		hsm_key_free(call->key);
		call->key = NULL;
	}
	if (rv != CKR_OK) {
		s->fn->C_DestroyObject(s->h, priv);
		s->fn->C_DestroyObject(s->h, pub);
	}
	return rv;
}

static CK_RV
generate_op(struct hsm_session *s, void *arg)
{
	struct gen_call *call = arg;
	CK_OBJECT_HANDLE pub = 0, priv = 0;
	CK_RV rv = CKR_MECHANISM_INVALID;
	size_t i;

	for (i = 0; i < N(kinds); i++) {
		if (kinds[i].type != call->type)
			continue;
		if (!(s->hsm->caps & kinds[i].cap))
			return CKR_MECHANISM_INVALID;
		rv = generate(s, &kinds[i], call, &pub, &priv);
		if (rv == CKR_OK)
			return accept(s, call, pub, priv);
	}
	/* The mechanism is there, but not for this curve or size. */
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID ||
	    rv == CKR_TEMPLATE_INCONSISTENT)
		rv = CKR_CURVE_NOT_SUPPORTED;
	return rv;
}

static CK_RV
count_op(struct hsm_session *s, void *arg)
{
	struct gen_call *call = arg;
	CK_OBJECT_HANDLE o;
	size_t n = 0;
	CK_RV rv;

	rv = hsm_object_find(
	    s, CKO_PRIVATE_KEY, call->label, NULL, 0, &o, 1, &n);
	if (rv == CKR_OK && n == 0)
		rv = hsm_object_find(
		    s, CKO_PUBLIC_KEY, call->label, NULL, 0, &o, 1, &n);
	if (rv != CKR_OK || n == 0)
		return rv;
	hsm_raise(
	    HSM_E_CONFIG, "token has a key named %s already", call->label);
	return HSM_RV_RAISED;
}

static int
check_label(const char *label)
{
	size_t len = label == NULL ? 0 : strlen(label);

	if (len > 0 && len < HSM_LABEL_MAX)
		return 1;
	hsm_raise(HSM_E_CONFIG, "key label: 1 to %d octets, not %zu",
	    HSM_LABEL_MAX - 1, len);
	return 0;
}

static void
gen_free(void *arg)
{
	struct gen_call *call = arg;

	hsm_key_free(call->key);
	OPENSSL_free(call);
}

static struct gen_call *
gen_new(enum hsm_key_type type, const char *label, int wrappable)
{
	struct gen_call *call = OPENSSL_zalloc(sizeof(*call));

	if (call == NULL)
		return NULL;
	call->type = type;
	strcpy(call->label, label);
	call->wrappable = wrappable;
	if (RAND_bytes(call->id, sizeof(call->id)) == 1)
		return call;
	gen_free(call);
	return NULL;
}

/* What is late finds out that nobody wants it. */
static EVP_PKEY *
make(struct hsm *hsm, enum hsm_key_type type, const char *label, int wrappable)
{
	struct gen_call *call;
	struct hsm_key *key = NULL;
	int rc;

	if (hsm_key_type_name(type) == NULL) {
		hsm_raise(HSM_E_CONFIG, "key type %d is not known", (int)type);
		return NULL;
	}
	if (!check_label(label) ||
	    (call = gen_new(type, label, wrappable)) == NULL)
		return NULL;
	rc = hsm_session_ask(
	    hsm, "search for a key", count_op, call, gen_free);
	if (rc == 1)
		rc = hsm_session_make(hsm, "generation of a key",
		    HSM_MAKE_TIMES, generate_op, call, gen_free);
	if (rc == 1) {
		key = call->key;
		call->key = NULL;
	}
	if (rc >= 0)
		gen_free(call);
	return key == NULL ? NULL : hsm_provider_pkey(key);
}

EVP_PKEY *
hsm_key_generate(struct hsm *hsm, enum hsm_key_type type, const char *label)
{
	return make(hsm, type, label, 0);
}

EVP_PKEY *
hsm_key_generate_wrappable(
    struct hsm *hsm, enum hsm_key_type type, const char *label)
{
	return make(hsm, type, label, 1);
}

/* One that is late must not meet a key that was made under that label since. */
static CK_RV
destroy_class(struct hsm_session *s, CK_OBJECT_CLASS class, const char *label)
{
	CK_OBJECT_HANDLE o[16];
	size_t i, n = 0;
	CK_RV rv;

	do {
		rv = hsm_object_find(s, class, label, NULL, 0, o, 16, &n);
		for (i = 0; rv == CKR_OK && i < n; i++) {
			if (hsm_session_is_late(s))
				return CKR_FUNCTION_CANCELED;
			rv = s->fn->C_DestroyObject(s->h, o[i]);
		}
	} while (rv == CKR_OK && n == 16);
	return rv;
}

static CK_RV
destroy_op(struct hsm_session *s, void *arg)
{
	CK_RV rv = destroy_class(s, CKO_PRIVATE_KEY, arg);

	return rv == CKR_OK ? destroy_class(s, CKO_PUBLIC_KEY, arg) : rv;
}

static void
label_free(void *arg)
{
	OPENSSL_free(arg);
}

int
hsm_key_destroy(struct hsm *hsm, const char *label)
{
	char *own;
	int rc;

	if (!check_label(label) || (own = OPENSSL_strdup(label)) == NULL)
		return 0;
	rc = hsm_session_make(hsm, "destruction of a key", HSM_MAKE_TIMES,
	    destroy_op, own, label_free);
	if (rc >= 0)
		label_free(own);
	return rc == 1;
}
