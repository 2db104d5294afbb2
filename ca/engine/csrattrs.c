#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/attest_evidence.h"
#include "ca/engine/csrattrs.h"

/*
 * CsrAttrs ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID (RFC 7030 4.5.2, RFC 8951
 * 3.2), in two forms beside each other (RFC 9908 3.4). For clients of old:
 * challengePassword where the fleet looks at the POP link, the attribute for
 * evidence where it demands some, and one attribute for
 * the key that we like best of those that the profile takes - several would
 * read as a demand for all of them. They are asked for no extension: that form
 * has no way of saying «with a value of yours», and the profile decides about
 * all others. For clients that know it the template, which says it all; they
 * ignore the rest (RFC 9908 4).
 */

static const struct csrattrs_key KEYS[] = {
    {SPKI_EC_P256, NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1, 0},
    {SPKI_EC_P384, NID_X9_62_id_ecPublicKey, NID_secp384r1, 0},
    {SPKI_ED25519, NID_ED25519, 0, 0},
    {SPKI_RSA_3072, NID_rsaEncryption, 0, 3072},
    {SPKI_RSA_2048, NID_rsaEncryption, 0, 2048},
    {SPKI_RSA_4096, NID_rsaEncryption, 0, 4096},
};

const struct csrattrs_key *
csrattrs_key_of(unsigned types)
{
	size_t k;

	for (k = 0; k < sizeof(KEYS) / sizeof(KEYS[0]); k++)
		if (types & KEYS[k].type)
			return &KEYS[k];
	return NULL;
}

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
	else if (tag == V_ASN1_OBJECT)
		ASN1_OBJECT_free(value);
	return 0;
}

static int
push_oid(STACK_OF(ASN1_TYPE) * list, int nid)
{
	return push(list, V_ASN1_OBJECT, OBJ_nid2obj(nid));
}

/* An attribute, given, as an opaque SEQUENCE. */
static int
push_attribute(STACK_OF(ASN1_TYPE) * list, X509_ATTRIBUTE *a)
{
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	unsigned char *der = NULL;
	int len = a == NULL ? 0 : i2d_X509_ATTRIBUTE(a, &der);

	if (len <= 0 || s == NULL || ASN1_STRING_set(s, der, len) != 1) {
		ASN1_STRING_free(s);
		s = NULL;
	}
	OPENSSL_free(der);
	X509_ATTRIBUTE_free(a);
	return push(list, V_ASN1_SEQUENCE, s);
}

static int
set_bits(X509_ATTRIBUTE *a, int bits)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	int ok;

	ok = n != NULL && ASN1_INTEGER_set(n, bits) == 1 &&
	    X509_ATTRIBUTE_set1_data(a, V_ASN1_INTEGER,
		ASN1_STRING_get0_data(n), ASN1_STRING_length(n)) == 1;
	ASN1_INTEGER_free(n);
	return ok;
}

/* Attribute { alg, SET { curve | bits } } */
static X509_ATTRIBUTE *
key_attribute(const struct csrattrs_key *k)
{
	X509_ATTRIBUTE *a = X509_ATTRIBUTE_new();

	if (a != NULL &&
	    X509_ATTRIBUTE_set1_object(a, OBJ_nid2obj(k->alg)) == 1 &&
	    (k->curve != 0
		    ? X509_ATTRIBUTE_set1_data(
			  a, V_ASN1_OBJECT, OBJ_nid2obj(k->curve), -1) == 1
		    : set_bits(a, k->bits)))
		return a;
	X509_ATTRIBUTE_free(a);
	return NULL;
}

static int
push_key(STACK_OF(ASN1_TYPE) * list, unsigned types)
{
	const struct csrattrs_key *k = csrattrs_key_of(types);

	if (k == NULL)
		return 1;
	if (k->curve == 0 && k->bits == 0)
		return push_oid(list, k->alg);
	return push_attribute(list, key_attribute(k));
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
	    (f->evidence == NULL ||
		push(list, V_ASN1_OBJECT, OBJ_txt2obj(EVIDENCE_OID, 1))) &&
	    push_key(list, f->compiled->key_types) &&
	    push_attribute(list, csrattrs_template(f)))
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
