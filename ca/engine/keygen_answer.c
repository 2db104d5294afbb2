#include <openssl/asn1t.h>
#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/keygen.h"
#include "ca/engine/keygen_part.h"

/*
 * A private key as its device gets it. Every buffer that has held it in the
 * clear is wiped here; CMS_final() would leave it behind in BIOs of its own,
 * so that CMS_dataInit() and CMS_dataFinal() are called instead.
 */

#define OID_KEY_PACKAGE "2.16.840.1.101.2.1.2.78.5" /* RFC 5958 2 */

DEFINE_STACK_OF(PKCS8_PRIV_KEY_INFO)
typedef STACK_OF(PKCS8_PRIV_KEY_INFO) KEY_PACKAGE;

/* clang-format off */
ASN1_ITEM_TEMPLATE(KEY_PACKAGE) =
	ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SEQUENCE_OF, 0, keys,
	    PKCS8_PRIV_KEY_INFO)
static_ASN1_ITEM_TEMPLATE_END(KEY_PACKAGE)
/* clang-format on */

struct secret {			/* octets to be wiped */
	unsigned char *p;
	int len;
};

static void
secret_clear(struct secret *s)
{
	OPENSSL_clear_free(s->p, s->len > 0 ? (size_t)s->len : 0);
	s->p = NULL;
	s->len = 0;
}

static int
failed(const char *what)
{
	ca_raise(CA_E_INTERNAL, "key for a device: %s failed", what);
	return 0;
}

/* PrivateKeyInfo, or an AsymmetricKeyPackage of one. */
static int
encode_key(const struct keygen *k, int package, struct secret *out)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(k->key);
	KEY_PACKAGE *list = sk_PKCS8_PRIV_KEY_INFO_new_null();

	if (info != NULL && list != NULL) {
		if (!package)
			out->len = i2d_PKCS8_PRIV_KEY_INFO(info, &out->p);
		else if (sk_PKCS8_PRIV_KEY_INFO_push(list, info) > 0)
			out->len = ASN1_item_i2d((ASN1_VALUE *)list, &out->p,
			    ASN1_ITEM_rptr(KEY_PACKAGE));
	}
	sk_PKCS8_PRIV_KEY_INFO_free(list);
	PKCS8_PRIV_KEY_INFO_free(info); /* OpenSSL wipes it */
	return out->len > 0 || failed("encoding");
}

/* Through ${cms}, whose content is set by it. */
static int
put_content(CMS_ContentInfo *cms, const unsigned char *p, int len)
{
	BIO *chain = CMS_dataInit(cms, NULL);
	int ok;

	ok = chain != NULL && BIO_write(chain, p, len) == len &&
	    BIO_flush(chain) == 1 && CMS_dataFinal(cms, chain) == 1;
	BIO_free_all(chain);
	return ok;
}

static void
wipe_content(CMS_ContentInfo *cms)
{
	ASN1_OCTET_STRING **content = CMS_get0_content(cms);

	if (content != NULL && *content != NULL)
		OPENSSL_cleanse((void *)ASN1_STRING_get0_data(*content),
		    (size_t)ASN1_STRING_length(*content));
}

/* SignedData, in a ContentInfo, by the new key. */
static int
sign(const struct keygen *k, X509 *cert, const struct secret *package,
    struct secret *out)
{
	unsigned flags = CMS_BINARY | CMS_NOSMIMECAP;
	CMS_ContentInfo *cms =
	    CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_PARTIAL);
	ASN1_OBJECT *type = OBJ_txt2obj(OID_KEY_PACKAGE, 1);

	if (cms != NULL && type != NULL && CMS_set1_eContentType(cms, type) &&
	    CMS_add1_signer(cms, cert, k->key, NULL, flags) != NULL &&
	    put_content(cms, package->p, package->len))
		out->len = i2d_CMS_ContentInfo(cms, &out->p);
	if (cms != NULL)
		wipe_content(cms);
	ASN1_OBJECT_free(type);
	CMS_ContentInfo_free(cms);
	return out->len > 0 || failed("signing");
}

/* RSAES-OAEP and ECDH with SHA-256, both with their parameters (RFC 3560, RFC
   5753); the content's cipher gives the key wrap. */
static int
add_recipient(const struct keygen *k, CMS_ContentInfo *cms)
{
	CMS_RecipientInfo *ri = CMS_add1_recipient_cert(
	    cms, k->recipient, CMS_USE_KEYID | CMS_KEY_PARAM);
	EVP_PKEY_CTX *ctx =
	    ri == NULL ? NULL : CMS_RecipientInfo_get0_pkey_ctx(ri);

	if (ctx == NULL)
		return 0;
	if (CMS_RecipientInfo_type(ri) == CMS_RECIPINFO_TRANS)
		return EVP_PKEY_CTX_set_rsa_padding(
			   ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
		    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0 &&
		    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) > 0;
	return EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0;
}

/* The content is SignedData itself (RFC 5652 6.1), without its ContentInfo. */
static int
inner(const struct secret *info, const unsigned char **p, long *len)
{
	const unsigned char *q = info->p;
	int tag, class;

	if ((ASN1_get_object(&q, len, &tag, &class, info->len) & 0x80) != 0 ||
	    (ASN1_get_object(&q, len, &tag, &class, info->len) & 0x80) != 0 ||
	    tag != V_ASN1_OBJECT)
		return 0;
	q += *len;
	if ((ASN1_get_object(&q, len, &tag, &class,
		 info->p + info->len - q) & 0x80) != 0 || tag != 0)
		return 0;
	*p = q;
	return 1;
}

static int
encrypt(const struct keygen *k, const struct secret *info,
    unsigned char **out, size_t *out_len)
{
	CMS_ContentInfo *cms = CMS_EnvelopedData_create(k->cipher);
	const unsigned char *p;
	long len = 0;
	int n = 0;

	if (cms != NULL && inner(info, &p, &len) &&
	    CMS_set1_eContentType(cms, OBJ_nid2obj(NID_pkcs7_signed)) &&
	    CMS_set_detached(cms, 0) == 1 && add_recipient(k, cms) && put_content(cms, p, (int)len))
		n = i2d_CMS_ContentInfo(cms, out);
	CMS_ContentInfo_free(cms);
	if (n <= 0)
		return failed("encryption");
	*out_len = (size_t)n;
	return 1;
}

static int
answer_encrypted(const struct keygen *k, const unsigned char *der, size_t len,
    unsigned char **out, size_t *out_len)
{
	struct secret package = {NULL, 0}, info = {NULL, 0};
	X509 *cert = d2i_X509(NULL, &der, (long)len);
	int ok;

	ok = cert != NULL && encode_key(k, 1, &package) &&
	    sign(k, cert, &package, &info) && encrypt(k, &info, out, out_len);
	secret_clear(&package);
	secret_clear(&info);
	X509_free(cert);
	return ok;
}

int
keygen_answer(const struct keygen *k, const unsigned char *cert,
    size_t cert_len, unsigned char **out, size_t *len)
{
	struct secret key = {NULL, 0};

	*out = NULL;
	if (k->recipient != NULL)
		return answer_encrypted(k, cert, cert_len, out, len);
	if (!encode_key(k, 0, &key))
		return 0;
	*out = key.p;
	*len = (size_t)key.len;
	return 1;
}
