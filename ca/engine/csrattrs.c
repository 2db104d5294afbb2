#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "profiles/spki.h"
#include "ca/engine/policy.h"

/*
 * CsrAttrs ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID (RFC 7030 4.5.2, RFC 8951
 * 3.2). In the form of RFC 9908 that old clients read too: challengePassword
 * where the fleet looks at the POP link, and one attribute for the key that we
 * like best of those that the profile takes - several would read as a demand
 * for all of them. No extension is asked for: the profile decides.
 */

static const struct {
	enum spki_type type;
	int alg, curve; /* curve 0: none */
	long bits;	/* 0: none */
} KEYS[] = {
    {SPKI_EC_P256, NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1, 0},
    {SPKI_EC_P384, NID_X9_62_id_ecPublicKey, NID_secp384r1, 0},
    {SPKI_ED25519, NID_ED25519, 0, 0},
    {SPKI_RSA_3072, NID_rsaEncryption, 0, 3072},
    {SPKI_RSA_2048, NID_rsaEncryption, 0, 2048},
    {SPKI_RSA_4096, NID_rsaEncryption, 0, 4096},
};

static int
push(STACK_OF(ASN1_TYPE) * list, int tag, void *value)
{
	ASN1_TYPE *t = ASN1_TYPE_new();

	if (t == NULL || value == NULL)
		goto fail;
	ASN1_TYPE_set(t, tag, value);
	value = NULL;
	if (sk_ASN1_TYPE_push(list, t) > 0)
		return 1;
fail:
	ASN1_TYPE_free(t);
	if (value != NULL && tag == V_ASN1_SEQUENCE)
		ASN1_STRING_free(value);
	return 0;
}

static int
push_oid(STACK_OF(ASN1_TYPE) * list, int nid)
{
	return push(list, V_ASN1_OBJECT, OBJ_nid2obj(nid));
}

/* Attribute { alg, SET { curve | bits } } as an opaque SEQUENCE. */
static ASN1_STRING *
key_attribute(size_t k)
{
	ASN1_INTEGER *bits = NULL;
	X509_ATTRIBUTE *a = NULL;
	ASN1_STRING *out = NULL;
	unsigned char *der = NULL;
	int len;

	a = X509_ATTRIBUTE_new();
	if (a == NULL ||
	    X509_ATTRIBUTE_set1_object(a, OBJ_nid2obj(KEYS[k].alg)) != 1)
		goto out;
	if (KEYS[k].curve != 0) {
		if (X509_ATTRIBUTE_set1_data(
			a, V_ASN1_OBJECT, OBJ_nid2obj(KEYS[k].curve), -1) != 1)
			goto out;
	} else {
		bits = ASN1_INTEGER_new();
		if (bits == NULL || ASN1_INTEGER_set(bits, KEYS[k].bits) != 1 ||
		    X509_ATTRIBUTE_set1_data(a, V_ASN1_INTEGER,
			ASN1_STRING_get0_data(bits),
			ASN1_STRING_length(bits)) != 1)
			goto out;
	}
	len = i2d_X509_ATTRIBUTE(a, &der);
	out = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	if (len <= 0 || out == NULL || ASN1_STRING_set(out, der, len) != 1) {
		ASN1_STRING_free(out);
		out = NULL;
	}
out:
	ASN1_INTEGER_free(bits);
	X509_ATTRIBUTE_free(a);
	OPENSSL_free(der);
	return out;
}

static int
push_key(STACK_OF(ASN1_TYPE) * list, unsigned types)
{
	size_t k;

	for (k = 0; k < sizeof(KEYS) / sizeof(KEYS[0]); k++) {
		if (!(types & KEYS[k].type))
			continue;
		if (KEYS[k].curve == 0 && KEYS[k].bits == 0)
			return push_oid(list, KEYS[k].alg);
		return push(list, V_ASN1_SEQUENCE, key_attribute(k));
	}
	return 1;
}

int
policy_csrattrs(const struct fleet *f, unsigned char **out, size_t *len)
{
	STACK_OF(ASN1_TYPE) *list = sk_ASN1_TYPE_new_null();
	unsigned char *der = NULL;
	int n = -1;

	if (list != NULL &&
	    (f->pop_link == FLEET_POP_OFF ||
		push_oid(list, NID_pkcs9_challengePassword)) &&
	    push_key(list, f->compiled->key_types))
		n = i2d_ASN1_SEQUENCE_ANY(list, &der);
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
	if (n <= 0) {
		ca_raise(CA_E_INTERNAL, "csrattrs: out of memory");
		return 0;
	}
	*out = der;
	*len = (size_t)n;
	return 1;
}
