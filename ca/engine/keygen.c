#include <string.h>

#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/csrattrs.h"
#include "ca/engine/keygen.h"
#include "ca/engine/keygen_part.h"

/* From a template to a key and a CSR that it signs. */

#define OID_DECRYPT_KEY "1.2.840.113549.1.9.16.2.37"  /* RFC 4108 2.2.5 */
#define OID_ASYMMETRIC "1.2.840.113549.1.9.16.2.54" /* RFC 7030 4.4.1.2 */
#define ATTRIBUTES_MAX 64

static int
refuse(const char *text)
{
	ca_raise(CA_E_DENIED, "%s", text);
	return 0;
}

static X509_REQ *
read_template(const struct keygen_request *r)
{
	const unsigned char *p = r->csr;
	X509_REQ *t = NULL;

	/* What OpenSSL thinks of the key is of no interest. */
	ERR_set_mark();
	if (r->csr_len > 0 && r->csr_len <= CSR_MAX)
		t = d2i_X509_REQ(NULL, &p, (long)r->csr_len);
	ERR_pop_to_mark();
	if (t != NULL && p == r->csr + r->csr_len &&
	    X509_REQ_get_attr_count(t) <= ATTRIBUTES_MAX)
		return t;
	X509_REQ_free(t);
	ca_raise(CA_E_BADREQUEST,
	    "csr.der: the template is no CertificationRequest");
	return NULL;
}

/* The one value of an attribute. 1 there, 0 not, -1 raised. */
static int
attribute(const X509_REQ *t, const char *oid, int tag, const ASN1_STRING **out)
{
	ASN1_OBJECT *type = OBJ_txt2obj(oid, 1);
	X509_ATTRIBUTE *a;
	int at = type == NULL ? -1 : X509_REQ_get_attr_by_OBJ(t, type, -1);

	ASN1_OBJECT_free(type);
	if (at < 0)
		return 0;
	a = X509_REQ_get_attr(t, at);
	*out = X509_ATTRIBUTE_count(a) == 1
	    ? X509_ATTRIBUTE_get0_data(a, 0, tag, NULL)
	    : NULL;
	if (*out != NULL)
		return 1;
	ca_raise(CA_E_BADREQUEST,
	    "keygen.attribute: %s must have one value, of its own type", oid);
	return -1;
}

static int
lists(const X509_ALGORS *caps, int nid)
{
	const ASN1_OBJECT *oid;
	int i;

	for (i = 0; i < sk_X509_ALGOR_num(caps); i++) {
		X509_ALGOR_get0(&oid, NULL, NULL, sk_X509_ALGOR_value(caps, i));
		if (OBJ_obj2nid(oid) == nid)
			return 1;
	}
	return 0;
}

/* What the client can decrypt, by its SMIMECapabilities (RFC 8551 2.5.2). */
static int
choose_cipher(struct keygen *k, const X509_REQ *t)
{
	const ASN1_STRING *value = NULL;
	const unsigned char *p;
	X509_ALGORS *caps;
	int there;

	there = attribute(t, "1.2.840.113549.1.9.15", V_ASN1_SEQUENCE, &value);
	k->cipher = EVP_aes_256_cbc();
	if (there <= 0)
		return there == 0;
	p = ASN1_STRING_get0_data(value);
	caps = d2i_X509_ALGORS(NULL, &p, ASN1_STRING_length(value));
	if (!lists(caps, NID_aes_256_cbc))
		k->cipher =
		    lists(caps, NID_aes_128_cbc) ? EVP_aes_128_cbc() : NULL;
	sk_X509_ALGOR_pop_free(caps, X509_ALGOR_free);
	return k->cipher != NULL ||
	    refuse("keygen.cipher: the client's SMIMECapabilities list neither "
		   "AES-256-CBC nor AES-128-CBC");
}

/* A key to encrypt to, of a certificate that says so (RFC 5280 4.2.1.3). */
static int
can_encrypt(X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	uint32_t usage = X509_get_key_usage(cert);

	if (key == NULL)
		return 0;
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return EVP_PKEY_get_bits(key) >= 2048 &&
		    (usage & KU_KEY_ENCIPHERMENT) != 0;
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
	    (usage & KU_KEY_AGREEMENT) != 0;
}

static int
find_recipient(struct keygen *k, const struct keygen_request *r,
    const ASN1_STRING *id)
{
	const unsigned char *p = r->client;
	const ASN1_OCTET_STRING *ski;

	if (p != NULL)
		k->recipient = d2i_X509(NULL, &p, (long)r->client_len);
	ski = k->recipient == NULL
	    ? NULL
	    : X509_get0_subject_key_id(k->recipient);
	if (ski == NULL || ASN1_STRING_cmp(ski, id) != 0)
		return refuse("keygen.recipient: the key that is named is not "
			      "that of the client's TLS certificate");
	if (!can_encrypt(k->recipient))
		return refuse("keygen.recipient: the client's TLS certificate "
			      "is not for encryption: RSA with "
			      "keyEncipherment, EC with keyAgreement");
	return 1;
}

static int
choose_form(struct keygen *k, const struct keygen_request *r, const X509_REQ *t)
{
	const ASN1_STRING *id = NULL;
	int there;

	there = attribute(t, OID_DECRYPT_KEY, V_ASN1_OCTET_STRING, &id);
	if (there < 0)
		return 0;
	if (there)
		return refuse("keygen.decrypt-key: no symmetric key of a device "
			      "is kept here, only hashes of secrets");
	there = attribute(t, OID_ASYMMETRIC, V_ASN1_OCTET_STRING, &id);
	if (there < 0)
		return 0;
	if (there)
		return find_recipient(k, r, id) && choose_cipher(k, t);
	return r->fleet->keygen_plain ||
	    refuse("keygen.plain: this fleet answers no key that is not "
		   "encrypted; name one with AsymmetricDecryptKeyIdentifier");
}

/* Of the template's key only the type counts, if it has one that is made. */
static enum spki_type
type_asked(const X509_REQ *t)
{
	unsigned char *der = NULL;
	enum spki_type type = SPKI_UNKNOWN;
	int n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY((X509_REQ *)t), &der);

	ERR_set_mark();
	if (n > 0)
		type = spki_inspect(der, (size_t)n);
	ERR_pop_to_mark();
	OPENSSL_free(der);
	return type;
}

static EVP_PKEY *
generate(enum spki_type type)
{
	switch (type) {
	case SPKI_EC_P256:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	case SPKI_EC_P384:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	case SPKI_RSA_2048:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	case SPKI_RSA_3072:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);
	case SPKI_RSA_4096:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)4096);
	case SPKI_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case SPKI_UNKNOWN:
		break;
	}
	return NULL;
}

static int
make_key(struct keygen *k, const struct fleet *f, const X509_REQ *t)
{
	unsigned types = f->compiled->key_types & f->keygen_types;
	enum spki_type asked = type_asked(t);
	const struct csrattrs_key *best;

	/* OpenSSL 3.0 signs no CMS with Ed25519. */
	if (k->recipient != NULL)
		types &= ~(unsigned)SPKI_ED25519;
	best = csrattrs_key_of(types);
	if (best == NULL)
		return refuse("keygen.type: no type of key that the fleet "
			      "allows can be answered like that");
	if (asked != SPKI_UNKNOWN && (types & asked) == 0)
		k->other = spki_type_name(asked);
	k->type = (types & asked) != 0 ? asked : best->type;
	k->key = generate(k->type);
	if (k->key == NULL)
		ca_raise(CA_E_INTERNAL, "no key could be made");
	return k->key != NULL;
}

static int
copy_attributes(X509_REQ *req, const X509_REQ *t)
{
	int i, n = X509_REQ_get_attr_count(t);

	for (i = 0; i < n; i++)
		if (X509_REQ_add1_attr(req, X509_REQ_get_attr(t, i)) != 1)
			return 0;
	return 1;
}

static int
make_csr(struct keygen *k, const X509_REQ *t)
{
	X509_REQ *req = X509_REQ_new();
	const EVP_MD *md = EVP_sha256();
	int n = 0;

	if (k->type == SPKI_ED25519)
		md = NULL;
	if (k->type == SPKI_EC_P384)
		md = EVP_sha384();
	if (req != NULL && X509_REQ_set_version(req, 0) == 1 &&
	    X509_REQ_set_subject_name(req, X509_REQ_get_subject_name(t)) == 1 &&
	    X509_REQ_set_pubkey(req, k->key) == 1 && copy_attributes(req, t) &&
	    X509_REQ_sign(req, k->key, md) > 0)
		n = i2d_X509_REQ(req, &k->csr);
	X509_REQ_free(req);
	if (n <= 0)
		ca_raise(CA_E_INTERNAL, "no CSR could be made");
	else
		k->csr_len = (size_t)n;
	return n > 0;
}

struct keygen *
keygen_make(const struct keygen_request *r)
{
	struct keygen *k = OPENSSL_zalloc(sizeof(*k));
	X509_REQ *t = k == NULL ? NULL : read_template(r);

	if (t == NULL || !choose_form(k, r, t) || !make_key(k, r->fleet, t) ||
	    !make_csr(k, t)) {
		keygen_free(k);
		k = NULL;
	}
	X509_REQ_free(t);
	return k;
}

void
keygen_free(struct keygen *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key); /* OpenSSL wipes private parts */
	X509_free(k->recipient);
	OPENSSL_free(k->csr);
	OPENSSL_free(k);
}

const unsigned char *
keygen_csr(const struct keygen *k, size_t *len)
{
	*len = k->csr_len;
	return k->csr;
}

const char *
keygen_other(const struct keygen *k)
{
	return k->other;
}

int
keygen_encrypts(const struct keygen *k)
{
	return k->recipient != NULL;
}
